"""Contacts made ready around members of positive pools: begun, proposed, bound to the case, or deleted, as it turns out with each."""

from collections.abc import Collection, Iterable, Sequence

from django.utils.translation import gettext as _

from fangxian.cases.schemas import CaseFacts
from fangxian.core import clock, ids, jobs
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Refusal
from fangxian.laboratory.schemas import PoolMember
from fangxian.tracing import finding, judging, readying, sources
from fangxian.tracing.actions.finding import numbers
from fangxian.tracing.finds import SearchForm
from fangxian.tracing.judging import CASE, TIMING
from fangxian.tracing.models import Candidate, Search
from fangxian.tracing.searching import instants

HELD, POSITIVE = "held", "positive"
_JUDGED = ("category", "basis", "missing", "meetings")


@action
def follow_members(by: Actor, members: Sequence[PoolMember]) -> None:
    """Bring what is ready around these members to how it stands with them. Repeating it changes nothing.

    Held: whom they met is found, told to nobody. Positive by a tube of their own: those are proposed. Else they are deleted.
    """
    rows = Search.objects.select_for_update(of=("self",)).filter(member__in=[one.id for one in members])
    of_member = {row.member_id: row for row in rows.order_by("pk")}
    ill = _ill([one for one in members if one.id not in of_member])
    fresh: list[Search] = []
    for one in members:
        row = of_member.get(one.id)
        if one.state not in (HELD, POSITIVE):
            if row is not None:
                _forget(by, row, one)
            continue
        if row is None:
            if one.id in ill or (row := _begun(by, one)) is None:
                continue
            fresh.append(row)
        if one.state == POSITIVE and row.proposed_at is None:
            readying.propose(by, row)
        elif one.state == HELD and row.proposed_at is not None and not row.cases.exists():
            readying.wait_again(row)
    if fresh:
        job = jobs.Job.objects.filter(kind=readying.KIND, state=jobs.Job.WAITING).order_by("pk").first()
        job = job or jobs.start(by, readying.KIND, {})
        Search.objects.filter(pk__in=[row.pk for row in fresh]).update(job=job)


@action
def bind_to_cases(by: Actor, case_ids: Iterable[int]) -> None:
    """Members of positive pools are cases now: whoever was made ready around them is judged by the case, and proposed."""
    for case in sources.facts_of(case_ids):
        human = sources.humans([case.person_id]).values()
        around = Search.objects.select_for_update(of=("self",)).filter(
            member__person__in=list(sources.records(human)), cases__isnull=True
        )
        for row in around.order_by("pk"):
            if row.outbreak_id in (None, case.outbreak_id):
                _bind(by, row, case)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _ill(members: Sequence[PoolMember]) -> set[int]:
    """Those of the members who are cases of their outbreak: whom a case met is found around the case."""
    human_of = sources.humans([one.person_id for one in members])
    record_of = sources.records(human_of.values())
    ill: dict[int, Collection[int]] = {
        outbreak: sources.cases_of(outbreak, record_of) for outbreak in {one.outbreak_id or 0 for one in members} - {0}
    }
    return {one.id for one in members if human_of[one.person_id] in ill.get(one.outbreak_id or 0, ())}


def _begun(by: Actor, one: PoolMember) -> Search | None:
    """A search around a member, to be done by the job; None where the pack has no numbers for it."""
    try:
        wanted = numbers(SearchForm(cases=(), why="", rings=1), one.pack, one.area)
    except Refusal:
        return None
    return Search.objects.create(
        code=ids.new_code(), outbreak_id=one.outbreak_id, member_id=one.id, area=one.area, pack=one.pack,
        why=_("Pool %(code)s is positive; ready in case this member is the one.") % {"code": one.pool},
        owner_id=by.account_id, created_at=clock.now(), tau=wanted["tau"], onward=wanted["onward"],
        rings=int(wanted["rings"]), within=wanted["within"] or None, crowd=int(wanted["crowd"]),
    )  # fmt: skip


def _forget(by: Actor, row: Search, one: PoolMember) -> None:
    """Nobody's contacts are kept for nothing. Whom a person has confirmed since stays with the record of that decision."""
    kept = Candidate.objects.filter(search=row, state=Candidate.CONFIRMED)
    going = Candidate.objects.filter(search=row).exclude(state=Candidate.CONFIRMED)
    number = going.count()
    told = {"pool": one.pool, "member": one.id, "people": number, "why": one.state}
    if kept.exists():
        if not number and not row.notices:
            return
        going.delete()
        row.notices = []
        row.save(update_fields=["notices"])
        record(by, "contacts.forgotten", (finding.SUBJECT, row.pk), area=row.area, data=told)
        return
    record(by, "contacts.forgotten", (finding.SUBJECT, row.pk), area=row.area, data=told)
    row.delete()


def _bind(by: Actor, row: Search, case: CaseFacts) -> None:
    """From the moment of the pool to that of the case the window may have moved: every time together is judged again."""
    row.outbreak_id, row.pack, row.area = case.outbreak_id, case.pack, case.area
    row.save(update_fields=["outbreak", "pack", "area"])
    row.cases.set([case.id])
    source = sources.of_case(case)
    candidates = readying.undecided(row)
    for one in candidates:
        for met in one.meetings:
            begin, end = instants([met["spans"][0][0], met["spans"][-1][1]])
            facts = {name: value for name, value in met["facts"].items() if name not in TIMING}
            judged = judging.judge(source, facts, begin, end)
            met |= {
                "kind": CASE, "case": case.id, "facts": dict(judged.facts), "category": judged.category,
                "basis": judged.basis, "rank": judged.rank, "missing": list(judged.missing),
            }  # fmt: skip
        one.meetings.sort(key=lambda met: int(met["rank"]))
        one.category, one.basis = one.meetings[0]["category"], one.meetings[0]["basis"]
        one.missing = list(dict.fromkeys(name for met in one.meetings for name in met["missing"]))
        one.state, one.case_id, one.contact_id, one.reason = Candidate.READY, None, None, ""
    Candidate.objects.bulk_update(candidates, (*_JUDGED, "state", "case", "contact", "reason"), batch_size=500)
    readying.propose(by, row)
