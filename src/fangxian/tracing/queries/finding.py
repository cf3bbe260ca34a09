"""Searches for contacts as they are read: what one would do, how far it is, whom it proposes and why, and that nobody is missed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.duties import packs
from fangxian.protocols import Text
from fangxian.registry import queries as registry
from fangxian.tracing import finding, judging, searching, sources, staying, weighing
from fangxian.tracing.actions.finding import MOST_CASES, numbers
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.finds import (
    CandidateFilter,
    CandidateRow,
    CaseWindow,
    Crowd,
    Meeting,
    Plan,
    SearchForm,
    SearchView,
    Span,
    Sums,
)  # fmt: skip
from fangxian.tracing.judging import CASE
from fangxian.tracing.models import Candidate, Contact, Search
from fangxian.tracing.queries.stays import stays_of


def plan(by: Actor, form: SearchForm) -> Plan:
    """What a search would do, before it is begun. Raises Refusal as `actions.find_contacts` does."""
    facts = searching.cases_of(by, form.cases, most=MOST_CASES)
    wanted = numbers(form, facts[0].pack, facts[0].area)
    usual = weighing.values(packs.pack(facts[0].pack, facts[0].area))
    told = stays_of([case.id for case in facts])
    window_of = {source.id: window for source, window in finding.windows([case.id for case in facts])}
    windows = []
    for case in facts:
        stays, window = told.get(case.id, ()), window_of.get(case.id)
        loose = sum(one.place_id is None or one.to_at == one.from_at for one in stays)
        windows.append(
            CaseWindow(case.code, window.start if window else None, window.end if window else None, len(stays), loose)
        )
    named = {"together": "tau", "onward": "onward", "cap": "crowd"}
    values = tuple(
        one if one.number == wanted[named[key]] else _changed(one, wanted[named[key]])
        for key, one in usual.items()
        if key in named
    )
    return Plan(
        cases.outbreak_codes([facts[0].outbreak_id])[facts[0].outbreak_id], tuple(windows), values, staying.days()
    )


def search(by: Actor, code: str) -> SearchView:
    """One search. Raises NotFound for whoever neither investigates its cases nor has anybody in it to decide about."""
    return _view(by, searching.search(by, code))


def searches(by: Actor, *, case: str = "", after: int | None = None, limit: int = 50) -> list[SearchView]:
    """Searches that the actor sees, the newest first, those around a case on request; `after` is the id of the last one read."""
    by.must("tracing.view")
    rows = _visible(by)
    if case:
        rows = rows.filter(cases=sources.case_id(by, case))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return [_view(by, row) for row in rows.select_related("outbreak", "owner", "job").order_by("-pk")[:limit]]


def sums(by: Actor, view: SearchView) -> Sums:
    """Where everybody is whom the search returned: counted over what the reader sees, and over the rest in one number."""
    mine = Candidate.objects.filter(by.scope(RIGHT) | by.scope("tracing.view"), search_id=view.id)
    counted = mine.values_list("state", "ring", "category").annotate(n=Count("pk"))
    states: dict[str, int] = {}
    rings: dict[int, int] = {}
    categories: dict[str, int] = {}
    for state, ring, category, number in counted:
        states[state] = states.get(state, 0) + number
        rings[ring] = rings.get(ring, 0) + number
        if state == Candidate.PROPOSED:
            categories[category] = categories.get(category, 0) + number
    known = sum(states.values())
    returned = int(view.counts.get("returned", known)) if view.whole else known
    return Sums(returned, states, returned - known, rings, categories, _open(mine))


def found(
    by: Actor, code: str, wanted: CandidateFilter | None = None, *, after: int = 0, limit: int = 50
) -> list[CandidateRow]:
    """Candidates whom the reader may decide about or see, those to be called first first; `after` is the last one's rank."""
    row = searching.search(by, code)
    rows = filtered(by, row, wanted or CandidateFilter()).filter(rank__gt=after).order_by("rank")[:limit]
    return _lines(by, list(rows.select_related("contact", "case")))


def filtered(by: Actor, row: Search, wanted: CandidateFilter) -> QuerySet[Candidate]:
    """The candidates of a search that a filter wants."""
    rows = Candidate.objects.filter(by.scope(RIGHT) | by.scope("tracing.view"), search=row)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.ring:
        rows = rows.filter(ring=wanted.ring)
    if wanted.category:
        rows = rows.filter(category="" if wanted.category == "none" else wanted.category)
    return rows


def candidate(by: Actor, code: str, candidate_id: int) -> tuple[CandidateRow, tuple[Meeting, ...]]:
    """One candidate with every time together. Raises NotFound."""
    row = searching.search(by, code)
    rows = Candidate.objects.filter(by.scope(RIGHT) | by.scope("tracing.view"), search=row, pk=candidate_id)
    one = rows.select_related("contact", "case").first()
    if one is None:
        raise NotFound(_("There is no such candidate in this search."), remedy=_("Reload the list."))
    return _lines(by, [one])[0], _meetings(by, row, [one])[one.pk]


def meetings(by: Actor, code: str, lines: Iterable[CandidateRow]) -> Mapping[int, tuple[Meeting, ...]]:
    """The times together of candidates that `found` gave, by their ids; six queries, however many."""
    row = searching.search(by, code)
    wanted = [one.id for one in lines]
    rows = Candidate.objects.filter(by.scope(RIGHT) | by.scope("tracing.view"), search=row, pk__in=wanted)
    return _meetings(by, row, list(rows))


def proposed_to(by: Actor) -> int:
    """How many wait for a decision of the actor, counted up to a thousand."""
    return Candidate.objects.filter(by.scope(RIGHT), state=Candidate.PROPOSED)[:1000].count()


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _visible(by: Actor) -> QuerySet[Search]:
    own = Candidate.objects.filter(by.scope(RIGHT), search=OuterRef("pk"))
    return Search.objects.filter(by.scope("tracing.view") | Q(Exists(own)))


def _view(by: Actor, row: Search) -> SearchView:
    whole = searching.sees_whole(by, row)
    codes = cases.facts_of(row.cases.values_list("pk", flat=True)) if whole else {}
    return SearchView(
        row.pk, row.code, whole, row.outbreak.code, Text(row.outbreak.name_zh, row.outbreak.name_en or row.outbreak.name_zh),
        row.area, tuple(sorted(one.code for one in codes.values())), row.tau, row.onward, row.rings, row.within, row.crowd,
        row.why if whole else "", row.owner.name if whole and row.owner else "", row.created_at, row.finished_at,
        row.job if whole else None, row.counts if whole else {}, _crowds(row.notices) if whole else (),
    )  # fmt: skip


def _crowds(notices: Sequence[Mapping[str, Any]]) -> tuple[Crowd, ...]:
    spots = registry.spots_by_code({one["place"] for one in notices}) if notices else {}
    return tuple(
        Crowd(
            one["place"] if one["place"] in spots else "", spots[one["place"]].name_zh if one["place"] in spots else one["place"],
            datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"]), (one["visitors"][0], one["visitors"][1]),
        )
        for one in notices
    )  # fmt: skip


def _open(rows: QuerySet[Candidate], most: int = 2000) -> dict[str, int]:
    """The questions still open, by how many proposed people they concern; counted over the first to be called."""
    told: dict[str, int] = {}
    for names in rows.filter(state=Candidate.PROPOSED).order_by("rank").values_list("missing", flat=True)[:most]:
        for name in names:
            told[name] = told.get(name, 0) + 1
    return dict(sorted(told.items(), key=lambda one: -one[1]))


def _lines(by: Actor, rows: Sequence[Candidate]) -> list[CandidateRow]:
    cards = registry.names({row.person_id for row in rows if row.person_id is not None})
    codes = registry.codes_of(cards)
    spots = registry.spots({one["place"] for row in rows for one in row.meetings if one["place"]})
    return [_line(by, row, cards, codes, spots) for row in rows]


def _line(
    by: Actor, row: Candidate, names: Mapping[int, str], codes: Mapping[int, str], spots: Mapping[int, Any]
) -> CandidateRow:
    case = row.case if row.case and by.may("cases.view", row.case.area) else None
    contact = row.contact if row.contact and by.may("contacts.view", row.contact.area) else None
    known = contact or case
    places = dict.fromkeys(
        spots[one["place"]].name_zh if one["place"] in spots else one["label"] for one in row.meetings
    )
    return CandidateRow(
        row.pk, row.rank, names.get(row.person_id or 0, ""), row.area, row.ring, row.state, row.category, row.basis, row.minutes,
        row.first_at, row.last_at, row.risk, tuple(Text(zh, en) for zh, en in row.grounds), tuple(row.missing), tuple(places),
        known.code if known else "", "contact" if contact else "case" if case else "", row.reason, codes.get(row.person_id or 0, ""),
        row.person_id,
    )  # fmt: skip


def _meetings(by: Actor, search: Search, rows: Sequence[Candidate]) -> dict[int, tuple[Meeting, ...]]:
    told = [one for row in rows for one in row.meetings]
    spots = registry.spots({one["place"] for one in told if one["place"]})
    of_case = cases.facts_of({one["case"] for one in told if one["case"]})
    vias = {one["via"] for one in told if one["kind"] != CASE and one["via"]}
    mine = Candidate.objects.filter(by.scope(RIGHT) | by.scope("tracing.view"), search=search, person_id__in=vias)
    seen = set(mine.values_list("person_id", flat=True))
    names = registry.names({*seen, *(case.person_id for case in of_case.values() if by.may("cases.view", case.area))})
    watched = Contact.objects.filter(by.scope("contacts.view"), outbreak_id=search.outbreak_id, person_id__in=seen)
    contacts = dict(watched.values_list("person_id", "code"))

    def meeting(one: Mapping[str, Any]) -> Meeting:
        spot, case = spots.get(one["place"] or 0), of_case.get(one["case"] or 0)
        known = case is not None and by.may("cases.view", case.area)
        code = (case.code if case and known else "") if one["kind"] == CASE else contacts.get(one["via"] or 0, "")
        clause, why = _judged(one, 1 if one["kind"] == CASE else 2)
        return Meeting(
            code, one["kind"], names.get(one["via"] or 0, ""), spot.code if spot else "", spot.name_zh if spot else one["label"],
            spot.lon if spot else None, spot.lat if spot else None, one["minutes"], one["category"], one["basis"], why, clause,
            tuple(Span(*searching.instants(span)) for span in one["spans"]),
        )  # fmt: skip

    return {row.pk: tuple(meeting(one) for one in row.meetings) for row in rows}


def _judged(one: Mapping[str, Any], ring: int) -> tuple[Text, Text]:
    """The clause and the reasons of a judgement, asked again of the very edition that made it."""
    verdict = judging.verdict_of(one["basis"].partition(" ")[0], ring, tuple(sorted(one["facts"].items())))
    cited = verdict.cited[0] if verdict.cited and one["category"] else None
    clause = Text(cited.explain("zh"), cited.explain("en")) if cited else sources.NO_WORDS
    return clause, verdict.why


def _changed(one: Any, number: float) -> Any:
    from dataclasses import replace

    return replace(one, number=number, source=Text("为本次查找另设", "set for this search"))
