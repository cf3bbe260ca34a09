"""Searches for contacts as they are read: what one would do, how far it is, whom it proposes and why, and that nobody is missed."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.duties import packs
from fangxian.protocols import Text
from fangxian.protocols.vocabulary import facts as vocabulary
from fangxian.registry import queries as registry
from fangxian.tracing import gathering, judging, searching, sources, staying, weighing
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
    Value,
)  # fmt: skip
from fangxian.tracing.judging import CASE
from fangxian.tracing.meeting import ABOARD, CELL, HOME
from fangxian.tracing.models import Candidate, Search
from fangxian.tracing.telling import stays_of


def plan(by: Actor, form: SearchForm) -> Plan:
    """What a search would do, before it is begun. Raises Refusal as `actions.find_contacts` does."""
    facts = searching.cases_of(by, form.cases, most=MOST_CASES)
    wanted = numbers(form, facts[0].pack, facts[0].area)
    usual = weighing.values(packs.pack(facts[0].pack, facts[0].area))
    told = stays_of([case.id for case in facts])
    window_of = {source.id: window for source, window in gathering.windows([case.id for case in facts])}
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
    company = weighing.company(packs.pack(facts[0].pack, facts[0].area))
    values += company.values if company else ()
    return Plan(
        cases.outbreak_codes([facts[0].outbreak_id])[facts[0].outbreak_id], tuple(windows), values, staying.days()
    )


def search(by: Actor, code: str) -> SearchView:
    """One search. Raises NotFound for whoever neither investigates its cases nor has anybody in it to decide about."""
    return _view(by, searching.search(by, code))


def searches(by: Actor, *, case: str = "", after: int | None = None, limit: int = 50) -> list[SearchView]:
    """Searches that the actor sees, the newest first, those around a case on request; `after` is the id of the last one read.

    Those that are only ready, around members of positive pools, are read by `ready`.
    """
    by.must("tracing.view")
    rows = _visible(by).exclude(member__isnull=False, proposed_at__isnull=True)
    if case:
        rows = rows.filter(cases=sources.case_id(by, case))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    return [_view(by, row) for row in rows.select_related(*searching.NAMED).order_by("-pk")[:limit]]


def sums(by: Actor, view: SearchView) -> Sums:
    """Where everybody is whom the search returned: counted over what the reader sees, and over the rest in one number."""
    counted = _mine(by, view.id).values_list("state", "ring", "category").annotate(n=Count("pk"))
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
    return Sums(returned, states, returned - known, rings, categories)


def found(
    by: Actor, view: SearchView, wanted: CandidateFilter | None = None, *, after: int = 0, limit: int = 50
) -> list[CandidateRow]:
    """Candidates whom the reader may decide about or see, those to be called first first; `after` is the last one's rank.

    Five queries, however many.
    """
    rows = filtered(by, view.id, wanted or CandidateFilter()).filter(rank__gt=after).order_by("rank")[:limit]
    return _lines(by, view, list(rows.select_related("contact", "case", "person")))


def filtered(by: Actor, search_id: int, wanted: CandidateFilter) -> QuerySet[Candidate]:
    """The candidates of a search that a filter wants."""
    rows = _mine(by, search_id)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.ring:
        rows = rows.filter(ring=wanted.ring)
    if wanted.category:
        rows = rows.filter(category="" if wanted.category == "none" else wanted.category)
    return rows


def candidate(by: Actor, view: SearchView, candidate_id: int) -> CandidateRow:
    """One candidate. Raises NotFound."""
    rows = list(_mine(by, view.id).filter(pk=candidate_id).select_related("contact", "case", "person"))
    if not rows:
        raise NotFound(_("There is no such candidate in this search."), remedy=_("Reload the list."))
    return _lines(by, view, rows)[0]


def proposed_to(by: Actor) -> int:
    """How many wait for a decision of the actor, counted up to a thousand."""
    return Candidate.objects.filter(by.scope(RIGHT), state=Candidate.PROPOSED)[:1000].count()


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _mine(by: Actor, search_id: int) -> QuerySet[Candidate]:
    """The candidates of a search that the reader may decide about or see."""
    return Candidate.objects.filter(by.scope(RIGHT) | by.scope("tracing.view"), search_id=search_id)


def _visible(by: Actor) -> QuerySet[Search]:
    own = searching.proposed(by).filter(search=OuterRef("pk"))
    return Search.objects.filter(by.scope("tracing.view") | Q(Exists(own)))


def _view(by: Actor, row: Search) -> SearchView:
    whole = searching.sees_whole(by, row)
    codes = sorted(row.cases.values_list("code", flat=True)) if whole else []
    name = (
        Text(row.outbreak.name_zh, row.outbreak.name_en or row.outbreak.name_zh) if row.outbreak else sources.NO_WORDS
    )
    return SearchView(
        row.pk, row.code, whole, row.outbreak.code if row.outbreak else "", name,
        row.area, tuple(codes), row.tau, row.onward, row.rings, row.within, row.crowd,
        row.why if whole else "", row.owner.name if whole and row.owner else "", row.created_at, row.finished_at,
        row.job if whole else None, row.counts if whole else {}, _crowds(row.notices) if whole else (),
        searching.is_ready(row), row.member.pool.code if whole and row.member else "", searching.stands(row),
    )  # fmt: skip


def _crowds(notices: Sequence[Mapping[str, Any]]) -> tuple[Crowd, ...]:
    spots = registry.spots_by_code({one["place"] for one in notices}) if notices else {}
    return tuple(
        Crowd(
            one["place"] if one["place"] in spots else "", spots[one["place"]].name if one["place"] in spots else one["place"],
            datetime.fromisoformat(one["from"]), datetime.fromisoformat(one["to"]), (one["visitors"][0], one["visitors"][1]),
        )
        for one in notices
    )  # fmt: skip


def _decisive(meetings: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """Open yes-or-no questions to which a yes alone would make a contact, or a stricter one; asked of the longest time together."""
    one = max(meetings, key=lambda meeting: meeting["minutes"])
    ref, ring = one["basis"].partition(" ")[0], 1 if one["kind"] == CASE else 2
    known = one["facts"]

    def rank(told: Mapping[str, Any]) -> int:
        verdict = judging.verdict_of(ref, ring, tuple(sorted(told.items())))
        return judging.rank(ref, verdict.category.key) if verdict.category else judging.NO_RANK

    now = rank(known)
    asked = (
        [name for name in one["missing"] if vocabulary()[name].kind == "yes/no"] if known.get("in_window", True) else []
    )
    return tuple(name for name in asked if rank({**known, name: True}) < now)


@dataclass(frozen=True, slots=True)
class _Around:
    """What is looked up once for lines: places, cases, names, codes of contacts; only what the reader may know of."""

    spots: Mapping[int, Any]
    cases: Mapping[int, Any]
    names: Mapping[int, str]
    contacts: Mapping[int, str]
    members: Collection[int]


def _lines(by: Actor, view: SearchView, rows: Sequence[Candidate]) -> list[CandidateRow]:
    told = [one for row in rows for one in row.meetings]
    of_case = cases.facts_of({one["case"] for one in told if one["case"]})
    known = {pk: case for pk, case in of_case.items() if by.may("cases.view", case.area)}
    vias = {one["via"] for one in told if one["kind"] != CASE and one["via"]}
    through = _mine(by, view.id).filter(person_id__in=vias).values_list("person_id", "contact__code", "contact__area")
    seen = {pk: code if code and by.may("contacts.view", area) else "" for pk, code, area in through} if vias else {}
    mine = {row.person_id for row in rows if row.person_id is not None}
    # of a member of a pool who is no case yet only whoever sees the whole is told
    members = {one["via"] for one in told if one["kind"] == CASE and not one["case"]} if view.whole else set()
    around = _Around(
        registry.spots({one["place"] for one in told if one["place"]}), known,
        registry.names({*mine, *seen, *members, *(case.person_id for case in known.values())}), seen, members,
    )  # fmt: skip
    return [_line(by, row, around) for row in rows]


def _line(by: Actor, row: Candidate, around: _Around) -> CandidateRow:
    case = row.case if row.case and by.may("cases.view", row.case.area) else None
    contact = row.contact if row.contact and by.may("contacts.view", row.contact.area) else None
    known, person = contact or case, row.person_id or 0
    meetings = tuple(_meeting(one, around) for one in sorted(row.meetings, key=lambda one: one["spans"][0]))
    return CandidateRow(
        row.pk, row.rank, around.names.get(person, ""), row.area, row.ring, row.state, row.category, row.basis, row.minutes,
        row.first_at, row.last_at, row.risk, tuple(Text(zh, en) for zh, en in row.grounds), _decisive(row.meetings),
        tuple(dict.fromkeys(one.place_name for one in meetings)), known.code if known else "",
        "contact" if contact else "case" if case else "", row.reason, row.person.code if row.person else "", row.person_id, meetings,
    )  # fmt: skip


def _meeting(one: Mapping[str, Any], around: _Around) -> Meeting:
    spot, case = around.spots.get(one["place"] or 0), around.cases.get(one["case"] or 0)
    lon, lat = (spot.lon, spot.lat) if spot else searching.point(one)
    via = one["via"] or 0
    if one["kind"] == CASE and via not in around.members:
        via = case.person_id if case else 0
    code = (case.code if case else "") if one["kind"] == CASE else around.contacts.get(via, "")
    clause, why = _judged(one, 1 if one["kind"] == CASE else 2)
    return Meeting(
        code, one["kind"], around.names.get(via, ""), spot.code if spot else "", spot.name if spot else _ground(one),
        lon, lat, one["minutes"], one["category"], one["basis"], why, clause,
        tuple(Span(*searching.instants(span)) for span in one["spans"]),
    )  # fmt: skip


def _ground(one: Mapping[str, Any]) -> str:
    """What a place that is not on record is called."""
    kinds = {ABOARD: _("aboard %(label)s"), CELL: _("the cell around %(label)s"), HOME: _("one household")}
    words = kinds.get(one.get("how", ""), "%(label)s")
    return str(words % {"label": one["label"]})


def _judged(one: Mapping[str, Any], ring: int) -> tuple[Text, Text]:
    """The clause and the reasons of a judgement, asked again of the very edition that made it."""
    verdict = judging.verdict_of(one["basis"].partition(" ")[0], ring, tuple(sorted(one["facts"].items())))
    cited = verdict.cited[0] if verdict.cited and one["category"] else None
    clause = Text(cited.explain("zh"), cited.explain("en")) if cited else sources.NO_WORDS
    return clause, verdict.why


def _changed(one: Value, number: float) -> Value:
    return replace(one, number=number, source=Text("为本次查找另设", "set for this search"))
