"""Searches for contacts (查找密接): begun around cases, and whom they propose confirmed, with all duties, or struck with the reason."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core import accounts, bulk, clock, ids, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import packs
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.tracing import finding, gathering, searching, sources, weighing
from fangxian.tracing.actions.exposing import expose_found
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.finds import Decided, SearchForm
from fangxian.tracing.judging import CASE, TIMING
from fangxian.tracing.meeting import HOME, RECORDED
from fangxian.tracing.models import Candidate, Contact, Exposure, Search
from fangxian.tracing.schemas import ExposureForm

#: Cases of one search, candidates of one decision; more are confirmed all together, as a job.
MOST_CASES, MOST = 2000, 1000
#: Candidates confirmed in one transaction when all are.
CHUNK = 1000
CONFIRM_ALL = "contacts.confirm"
#: What exposures say they are known from: stays on record, or the register of who lives with whom.
STAYS, REGISTER = "venue_code", "register"
#: Bounds of what somebody may set for one search.
_BOUNDS = {"tau": (1, 1440), "onward": (1, 1440), "rings": (1, 3), "within": (0, 336), "crowd": (1, 1_000_000)}
_DECIDED = "state contact_id reason decided_by_id decided_at".split()


@action
def find_contacts(by: Actor, form: SearchForm) -> Search:
    """Begin a search around confirmed cases of one outbreak; its job is in the queue, its result is read by `queries.search`.

    Raises NotFound for a case that the actor may not know of, NotAllowed outside the jurisdictions that investigate them,
    Invalid naming the field for a number out of its bounds, a missing reason, or cases whose infectious window is not known.
    """
    by.must(RIGHT)
    facts = searching.cases_of(by, form.cases, most=MOST_CASES)
    for area in {case.area for case in facts}:
        by.must(RIGHT, area)
        by.must("tracing.view", area)
    why = sources.reason(form.why)
    wanted = numbers(form, facts[0].pack, facts[0].area)
    if not gathering.windows([case.id for case in facts]):
        raise Invalid(
            _("The infectious window is not known yet: it needs an onset or a test."),
            remedy=_("Enter one of these dates on the case, then search."), field="cases",
        )  # fmt: skip
    search = Search.objects.create(
        code=ids.new_code(), outbreak_id=facts[0].outbreak_id, area=levels.common([case.area for case in facts]),
        pack=facts[0].pack, why=why, owner_id=by.account_id, created_at=clock.now(), tau=wanted["tau"],
        onward=wanted["onward"], rings=int(wanted["rings"]), within=wanted["within"] or None, crowd=int(wanted["crowd"]),
    )  # fmt: skip
    search.cases.set([case.id for case in facts])
    search.job = jobs.start(by, finding.KIND, {"search": search.pk})
    search.save(update_fields=["job"])
    record(
        by, "contacts.searched", (finding.SUBJECT, search.pk), area=search.area,
        data={"cases": [case.id for case in facts], "why": why, **wanted},
    )  # fmt: skip
    return search


def numbers(form: SearchForm, pack: str, area: str) -> dict[str, float]:
    """What a search goes by: what the form says, else the pack. Raises Invalid."""
    usual = weighing.values(packs.pack(pack, area))
    default = {
        "tau": usual["together"].number, "onward": usual["onward"].number, "rings": 2.0,
        "within": usual["within"].number / 60 if "within" in usual else 0.0, "crowd": usual["cap"].number,
    }  # fmt: skip
    found = {}
    for name, value in default.items():
        given = getattr(form, name)
        low, high = _BOUNDS[name]
        found[name] = float(value if given is None else given)
        if not low <= found[name] <= high:
            raise Invalid(
                _("This number is out of bounds."),
                remedy=_("Give a number from %(low)s to %(high)s.") % {"low": low, "high": high}, field=name,
            )  # fmt: skip
    return found


@action
def confirm(
    by: Actor, search: str, candidates: Sequence[int], *, facts: Mapping[str, Any] | None = None, reason: str = ""
) -> Decided:
    """Candidates are contacts: their exposures are recorded, they are put under watch, and every duty of the pack is opened.

    `facts` are answers to what the records cannot tell, the same for all (`{"close_range": True}`). Whoever was struck is
    confirmed only with a `reason`. Those that cannot be are told, and the others done. Raises NotFound for a search, or a
    candidate, that the actor may not know of.
    """
    row, chosen = _chosen(by, search, candidates)
    searching.must_stand(row)
    return _confirm(by, row, chosen, facts or {}, reason)


def confirm_all(
    by: Actor, search: str, *, on_progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Decided:
    """Confirm everybody whom the search proposes and the pack makes a contact, ring by ring, `CHUNK` in a transaction."""
    row = searching.search(by, search)
    searching.must_stand(row)
    open_ones = Candidate.objects.filter(by.scope(RIGHT), search=row, state=Candidate.PROPOSED).exclude(category="")
    wanted = list(open_ones.order_by("ring", "rank").values_list("pk", flat=True))
    found: list[Decided] = []
    for begin in range(0, len(wanted), CHUNK):
        found.append(_confirm_some(by, row, wanted[begin : begin + CHUNK]))
        on_progress(min(len(wanted), begin + CHUNK), len(wanted))
    return Decided(
        sum(one.done for one in found), tuple(code for one in found for code in one.contacts),
        tuple(pair for one in found for pair in one.refused),
    )  # fmt: skip


@action
def start_confirming(by: Actor, search: str) -> jobs.Job:
    """Put confirming everybody in the queue. Raises NotAllowed for whoever may confirm nobody."""
    by.must(RIGHT)
    row = searching.search(by, search)
    if row.finished_at is None:
        raise Conflict(_("This search has not come to its end."), remedy=_("Wait for it, or go on with it."))
    searching.must_stand(row)
    return jobs.start(by, CONFIRM_ALL, {"search": row.code})


@jobs.kind(CONFIRM_ALL)
def _confirming(job: jobs.Running) -> dict[str, Any]:
    """What is confirmed is proposed no more, so whatever ended the process, going on does nothing twice."""
    by = actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM

    def told(done: int, total: int) -> None:
        if not job.row.total:
            job.expect(total)
        job.advance(done)

    done = confirm_all(by, str(job.arguments["search"]), on_progress=told)
    return {"confirmed": done.done, "contacts": len(done.contacts), "refused": len(done.refused)}


@action
def strike(by: Actor, search: str, candidates: Sequence[int], reason: str) -> Decided:
    """Candidates are no contacts, for a reason that stays on record; they are not proposed again for the same facts."""
    row, chosen = _chosen(by, search, candidates)
    searching.must_stand(row)
    reason = sources.reason(reason)
    fit = [one for one in chosen if one.state in (Candidate.PROPOSED, Candidate.WATCHED)]
    refused = tuple((one.pk, str(_("It has been decided already."))) for one in chosen if one not in fit)
    _decide(by, fit, Candidate.STRUCK, {}, reason)
    record(
        by, "contacts.struck", (finding.SUBJECT, row.pk), area=row.area,
        data={"candidates": [one.pk for one in fit], "people": [one.person_id for one in fit], "reason": reason},
    )  # fmt: skip
    return Decided(len(fit), refused=refused)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _chosen(by: Actor, search: str, candidates: Sequence[int]) -> tuple[Search, list[Candidate]]:
    row = searching.search(by, search)
    wanted = list(dict.fromkeys(candidates))
    if not wanted or len(wanted) > MOST:
        raise Invalid(
            _("From 1 to %(n)s people are decided about at once.") % {"n": MOST},
            remedy=_("Tick the lines, or confirm everybody who is proposed."), field="candidates",
        )  # fmt: skip
    keys = [one for one in wanted if 0 < one < 2**63]
    found = list(Candidate.objects.select_for_update(of=("self",)).filter(by.scope(RIGHT), search=row, pk__in=keys))
    if len(found) != len(wanted):
        raise NotFound(_("There is no such candidate in this search."), remedy=_("Reload the list."))
    return row, found


@action
def _confirm_some(by: Actor, search: Search, wanted: Sequence[int]) -> Decided:
    rows = Candidate.objects.select_for_update(of=("self",)).filter(pk__in=wanted, state=Candidate.PROPOSED)
    return _confirm(by, search, list(rows), {}, "")


def _confirm(by: Actor, search: Search, chosen: Sequence[Candidate], facts: Mapping[str, Any], reason: str) -> Decided:
    reason = sources.reason(reason) if reason.strip() else ""
    contacts: list[str] = []
    refused: list[tuple[int, str]] = []
    done: dict[int, int | None] = {}
    for ring in sorted({one.ring for one in chosen}):
        forms: list[ExposureForm] = []
        mine = [one for one in chosen if one.ring == ring]
        desk = _Forms(search, mine, facts)
        for one in mine:
            try:
                if one.state == Candidate.STRUCK and not reason:
                    raise Invalid(
                        _("Somebody struck this line (%(why)s).") % {"why": one.reason},
                        remedy=_("To confirm it after all, give a reason."), field="reason",
                    )  # fmt: skip
                forms += desk.forms(one)
            except (Invalid, Conflict, NotFound) as refusal:
                refused.append((one.pk, str(refusal)))
        taken = expose_found(by, _outbreak(search), forms)
        left_out = {id(form): refusal for form, refusal in taken.refused}
        kept = [form for form in forms if id(form) not in left_out]
        refused += [(form.row, str(refusal)) for form, refusal in taken.refused]
        contact_of = {
            form.row: judged.contact for form, judged in zip(kept, taken.judged, strict=True) if judged.contact
        }
        for pk in {form.row for form in kept} - set(contact_of):
            refused.append((pk, str(_("By these facts the protocol makes nobody a contact."))))
        known = dict(Contact.objects.filter(code__in=set(contact_of.values())).values_list("code", "pk"))
        done |= {pk: known.get(code) for pk, code in contact_of.items()}
        done |= {pk: contact for pk, contact in desk.told_before.items() if pk not in done}
        contacts += taken.contacts
    fit = [one for one in chosen if one.pk in done]
    _decide(by, fit, Candidate.CONFIRMED, done, reason)
    if fit:
        record(
            by, "contacts.confirmed", (finding.SUBJECT, search.pk), area=search.area,
            data={"candidates": [one.pk for one in fit], "facts": dict(facts), "reason": reason},
        )  # fmt: skip
    unfit = {pk: why for pk, why in refused if pk not in done}
    return Decided(len(fit), tuple(contacts), tuple(unfit.items()))


def _decide(by: Actor, rows: Sequence[Candidate], state: str, contacts: Mapping[int, int | None], reason: str) -> None:
    now = clock.now()
    bulk.update(
        Candidate, _DECIDED,
        [(state, contacts.get(one.pk) or one.contact_id, reason or one.reason, by.account_id, now, one.pk) for one in rows],
    )  # fmt: skip


def _outbreak(search: Search) -> int:
    assert search.outbreak_id is not None, "it stands on a case"
    return search.outbreak_id


class _Forms:
    """Candidates of one ring as forms of exposures, with what is looked up once for all of them."""

    def __init__(self, search: Search, rows: Sequence[Candidate], facts: Mapping[str, Any]) -> None:
        self.facts = dict(facts)
        meetings = [one for row in rows for one in row.meetings]
        people = {row.person_id for row in rows if row.person_id is not None}
        vias = {one["via"] for one in meetings if one["kind"] != CASE and one["via"]}
        self.codes = registry.codes_of(people)
        self.places = {
            pk: spot.code for pk, spot in registry.spots({one["place"] for one in meetings if one["place"]}).items()
        }
        self.cases = {
            pk: one.code for pk, one in cases.facts_of({one["case"] for one in meetings if one["case"]}).items()
        }
        self.contacts = _contacts(_outbreak(search), vias)
        self.known = _recorded(_outbreak(search), people)
        #: Candidates of whom everything is on record already, with their contact.
        self.told_before: dict[int, int | None] = {}

    def forms(self, row: Candidate) -> list[ExposureForm]:
        """One form for each infector and place. Raises Refusal where nothing could come of it."""
        if row.state not in (Candidate.PROPOSED, Candidate.WATCHED, Candidate.STRUCK) or row.person_id is None:
            raise Conflict(_("It has been decided already."), remedy=_("Reload the list."))
        # what is on record as an exposure follows the case by itself
        counting = [one for one in row.meetings if (one["category"] or self.facts) and one["how"] != RECORDED]
        if not counting and not any(one["how"] == RECORDED for one in row.meetings):
            raise Invalid(
                _("By what is known, the protocol makes nobody a contact here."),
                remedy=_("Answer what is still open, for instance whether it was at close range."), field="facts",
            )  # fmt: skip
        found = []
        for one in counting:
            form = self._form(row, one)
            if (row.person_id, form.case or form.contact_of, form.from_at, form.to_at) not in self.known:
                found.append(form)
        if not found:
            self.told_before[row.pk] = row.contact_id
        return found

    def _form(self, row: Candidate, one: Mapping[str, Any]) -> ExposureForm:
        facts = {name: value for name, value in one["facts"].items() if name not in {*TIMING, "setting", "minutes"}}
        begin, end = searching.instants([one["spans"][0][0], one["spans"][-1][1]])
        contact_of = ""
        if one["kind"] != CASE:
            contact_of = self.contacts.get(one["via"], "")
            if not contact_of:
                raise Conflict(
                    _("The contact through whom this person was exposed is not confirmed."),
                    remedy=_("Decide about that contact first."), code="not_confirmed",
                )  # fmt: skip
        place = self.places.get(one["place"] or 0, "")
        return ExposureForm(
            person=self.codes[row.person_id or 0], case=self.cases.get(one["case"] or 0, ""), contact_of=contact_of,
            from_at=begin, to_at=end, minutes=one["minutes"] or None, setting=one["facts"].get("setting", ""),
            place=place, place_text="" if place else one["label"][:160], facts=facts | self.facts,
            source=REGISTER if one["how"] == HOME else STAYS, row=row.pk,
        )  # fmt: skip


def _contacts(outbreak_id: int, people: Iterable[int]) -> dict[int, str]:
    """The open contacts of these people, by every id under which they are known."""
    wanted = list(people)
    human_of = sources.humans(wanted)
    record_of = sources.records(human_of.values())
    rows = Contact.objects.filter(outbreak_id=outbreak_id, state=Contact.UNDER_WATCH, person_id__in=list(record_of))
    of_human = {record_of[person]: code for person, code in rows.values_list("person_id", "code")}
    return {pk: of_human[human] for pk, human in human_of.items() if human in of_human}


def _recorded(outbreak_id: int, people: Iterable[int]) -> set[tuple[Any, ...]]:
    """Exposures that a search has put on record before: who, to whom, from when to when."""
    rows = Exposure.objects.filter(
        Q(case__isnull=False) | Q(contact_of__isnull=False), outbreak_id=outbreak_id, person_id__in=list(people),
        source__in=(STAYS, REGISTER),
    )  # fmt: skip
    found = rows.values_list("person_id", "case__code", "contact_of__code", "from_at", "to_at")
    return {(person, case or contact, begin, end) for person, case, contact, begin, end in found}
