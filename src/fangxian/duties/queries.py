"""What others may read of duties: mine, a subject's, who is late, what is missing."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, F, Max, OuterRef, Prefetch, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.utils.translation import get_language

from fangxian.core import accounts, clock
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.duties import packs, subjects
from fangxian.duties.models import CoverageCell, Duty, Step
from fangxian.duties.planning import evidence_wanted, title
from fangxian.protocols import DutyRule

__all__ = [
    "Answer", "Covered", "answering", "count_outstanding", "coverage", "coverage_by_hour", "diary", "due_of_role",
    "due_of_subjects", "evidence_wanted", "gaps", "holds", "ids_of_subjects", "last_settled", "last_told",
    "late_subjects", "may_see", "missing", "my_counts", "my_steps", "of_role", "of_subject", "open_step", "open_steps",
    "open_steps_of", "outstanding", "rule", "step", "summary", "title",
]  # fmt: skip


#: Where a list of steps goes on: due time and id of the last one shown.
After = tuple[datetime | None, int]
#: So many of a person's own steps are counted; whoever has more knows enough.
MOST = 10_000
#: So many late steps are looked at when somebody asks for the subjects with any; the latest are among them.
MOST_LATE = 100_000


def my_steps(by: Actor, *, until: datetime | None = None, limit: int = 100, after: After | None = None) -> list[Step]:
    """Open steps that the actor answers for, latest first: held by name, by organisation, or escalated to a post of the actor's.

    Steps whose time is not known yet come last, and not at all where only those due by `until` are asked for. `after` is the
    (due_at, id) of the last one shown, for the next page.
    """
    return _in_time(_held(by), until, after, limit)


def _in_time(steps: QuerySet[Step], until: datetime | None, after: After | None, limit: int) -> list[Step]:
    """The first due first, from the one after `after`; each part of the list by a range of one index."""
    steps = steps.select_related("duty", "organisation", "account")
    due, pk = after or (None, 0)
    timed: list[Step] = []
    if after is None or due is not None:
        known = steps.filter(due_at__isnull=False) if due is None else steps.filter(
            Q(due_at__gt=due) | Q(pk__gt=pk), due_at__gte=due
        )  # fmt: skip
        known = known.filter(due_at__lte=until) if until is not None else known
        timed, pk = list(known.order_by("due_at", "pk")[:limit]), 0
    if len(timed) < limit and until is None:
        timed += list(steps.filter(due_at__isnull=True, pk__gt=pk).order_by("pk")[: limit - len(timed)])
    return timed


def my_counts(by: Actor) -> dict[str, int]:
    """How many of them are late, due within a day, and open in all, among the first `MOST` + 1 of them."""
    now = clock.now()
    first = _held(by).order_by(F("due_at").asc(nulls_last=True))[: MOST + 1]
    return first.aggregate(
        late=Count("pk", filter=Q(due_at__lte=now)),
        today=Count("pk", filter=Q(due_at__gt=now, due_at__lte=now + clock.DAY)),
        all=Count("pk"),
    )


def _held(by: Actor) -> QuerySet[Step]:
    """The open steps that are the actor's to do now: an earlier step still open hides those that come after it.

    Of an organisation's, those are left to colleagues that are their role's and not the actor's.
    """
    mine = Q(pk__in=())
    if by.account_id is not None:
        mine |= Q(account_id=by.account_id)
    roles: dict[int, set[str]] = defaultdict(set)
    for grant in by.grants:
        if grant.organisation_id and grant.allows("duties.do"):
            roles[grant.organisation_id].add(grant.role)
    for organisation, own in roles.items():
        # A driver has no business with the reports of the clinic next door; what nobody in the house is there for, all see.
        colleagues = accounts.roles_at(organisation).exclude(role__in=own).values("role")
        mine |= Q(account__isnull=True, organisation_id=organisation) & ~Q(role__in=colleagues)
    for grant in by.grants:
        if grant.allows("duties.escalated"):
            mine |= Q(escalated_to=grant.area) & ~Q(escalated_to="")
    return Step.objects.filter(mine, state=Step.OPEN)


def step(by: Actor, step_id: int) -> Step:
    """One step, if the actor may see it."""
    found = Step.objects.select_related("duty", "organisation", "account", "done_by").filter(pk=step_id).first()
    if found is None or not may_see(by, found):
        raise NotFound("step")
    return found


def may_see(by: Actor, step: Step) -> bool:
    """Whether the page of a step is open to the actor."""
    own = step.account_id == by.account_id is not None
    return own or by.may("duties.view", step.area, step.organisation_id)


def of_subject(kind: str, subject_id: int) -> list[Duty]:
    """All duties about a subject with their steps, oldest first. Who may see the subject may see what is owed to it."""
    return of_subjects(kind, [subject_id])


def of_subjects(kind: str, subject_ids: Iterable[int]) -> list[Duty]:
    """The same of many subjects. Two queries."""
    duties = Duty.objects.filter(subject_kind=kind, subject_id__in=list(subject_ids)).order_by("opened_at", "pk")
    steps = Step.objects.select_related("organisation", "account", "done_by").order_by("number", "attempt")
    return list(duties.prefetch_related(Prefetch("steps", steps)))


def holds(by: Actor, kind: str, subject_id: int) -> bool:
    """Whether the actor answers for an open step about the subject: who is to visit somebody must be able to look them up."""
    return _held(by).filter(duty__subject_kind=kind, duty__subject_id=subject_id).exists()


def last_settled(kind: str, ids: Iterable[int]) -> dict[int, datetime]:
    """When something owed to each of these subjects was last done; those for whom nothing was are left out. One query."""
    done = Step.objects.filter(duty__subject_kind=kind, duty__subject_id__in=list(ids), state=Step.DONE)
    return dict(done.order_by().values_list("duty__subject_id").annotate(Max("done_at")))


def late_subjects(by: Actor, subject_kind: str, area: str = "", *, kinds: Sequence[str] = ()) -> QuerySet[Any, Any]:
    """The ids of subjects with open steps past their time (of these kinds of duty): a condition for the query of another stage."""
    found = _late(by, subject_kind).filter(within(area))
    if kinds:
        found = found.filter(kind__in=kinds)
    # Being first in time makes the database read late steps alone. It cannot know how few of the open ones are late, and would
    # otherwise look every subject up among all of them.
    return found.order_by("due_at", "pk").values("duty__subject_id")[:MOST_LATE]


def _late(by: Actor, subject_kind: str) -> QuerySet[Step]:
    return Step.objects.filter(_late_to(by), state=Step.OPEN, duty__subject_kind=subject_kind)


def _late_to(by: Actor) -> Q:
    """Past its time, as far as the actor may see."""
    return by.scope("duties.view", organisation="organisation_id") & Q(due_at__lte=clock.now())


@dataclass(frozen=True, slots=True)
class Answer:
    """Who answers for what is due next about a subject: the account, else the organisation, by name; and by when.

    `late` is how many open steps about it are past their time, of those that the reader may see.
    """

    holder: str
    organisation: str
    due_at: datetime | None
    late: int


def answering(by: Actor, kind: str, subject_ids: Iterable[int]) -> dict[int, Answer]:
    """Who answers for the open step that is due first about each of these subjects; those owed nothing are left out. One query."""
    chinese = (get_language() or "zh").startswith("zh")
    first = Window(
        RowNumber(), partition_by="duty__subject_id", order_by=[F("due_at").asc(nulls_last=True), F("pk").asc()]
    )
    late = Window(Count("pk", filter=_late_to(by)), partition_by="duty__subject_id")
    rows = (
        Step.objects.filter(duty__subject_kind=kind, duty__subject_id__in=list(subject_ids), state=Step.OPEN)
        .annotate(place=first, late=late)
        .filter(place=1)
        .values_list(
            "duty__subject_id", "account__name", "organisation__name_zh", "organisation__name_en", "due_at", "late"
        )
    )
    found = {}
    for subject, account, zh, en, due_at, behind in rows:
        body = zh if chinese else en or zh
        found[subject] = Answer(account or body, body, due_at, behind)
    return found


def of_role(kind: str, subject_ids: Iterable[int], role: str) -> dict[int, tuple[str, datetime | None]]:
    """What became of the last step that a party has about each of these subjects: its state, and when it was done or is due. One query."""
    rows = Step.objects.filter(duty__subject_kind=kind, duty__subject_id__in=list(subject_ids), role=role)
    told = rows.order_by("pk").values_list("duty__subject_id", "state", "done_at", "due_at")
    return {subject: (state, done_at or due_at) for subject, state, done_at, due_at in told}


def due_of_role(kind: str, subject_ids: Iterable[int], role: str, until: datetime) -> set[int]:
    """Those of these subjects with an open step of a role that is due by an instant. One query."""
    rows = Step.objects.filter(
        duty__subject_kind=kind, duty__subject_id__in=list(subject_ids), role=role, state=Step.OPEN, due_at__lte=until
    )
    return set(rows.values_list("duty__subject_id", flat=True))


def diary(kind: str, subject_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Every step about these subjects, however far it came, in order of its time: subject, kind, pack, key, state, due_at, done_at.

    One query, also for hundreds of subjects.
    """
    rows = Step.objects.filter(duty__subject_kind=kind, duty__subject_id__in=list(subject_ids)).exclude(state=Step.VOID)
    told: Iterable[Any] = rows.order_by(F("due_at").asc(nulls_last=True), "pk").values(
        "state", "key", "due_at", "done_at", "kind", subject=F("duty__subject_id"), pack=F("duty__pack")
    )
    return list(told)


def open_step(kind: str, subject: tuple[str, int], key: str) -> Step | None:
    """The open step of that key in the subject's duty of that kind, if there is one."""
    return Step.objects.filter(
        duty__subject_kind=subject[0], duty__subject_id=subject[1], kind=kind, key=key, state=Step.OPEN
    ).first()


def open_steps_of(kind: str, subject_kind: str, ids: Iterable[int], key: str) -> dict[int, int]:
    """The same step of one kind of duty of many subjects, where it is to be done: subject id → step id. One query."""
    steps = Step.objects.filter(
        kind=kind, key=key, state=Step.OPEN, duty__subject_kind=subject_kind, duty__subject_id__in=list(ids)
    )
    return dict(steps.values_list("duty__subject_id", "pk"))


def due_of_subjects(kind: str, subject_kind: str, ids: Iterable[int]) -> dict[int, datetime]:
    """By when the last step of one kind of duty is, or was, to be done for each of these subjects. One query."""
    steps = Step.objects.filter(
        kind=kind, due_at__isnull=False, duty__subject_kind=subject_kind, duty__subject_id__in=list(ids)
    )
    return dict(steps.order_by().values_list("duty__subject_id").annotate(Max("due_at")))


def last_told(kind: str, subject_ids: Iterable[int], name: str) -> dict[int, tuple[Any, datetime]]:
    """The latest answer that a settled step of each subject's duties brought to a fact (evidence), and when; one query."""
    rows = Step.objects.filter(
        duty__subject_kind=kind, duty__subject_id__in=list(subject_ids), state=Step.DONE, evidence__isnull=False
    )
    found: dict[int, tuple[Any, datetime]] = {}
    for subject_id, evidence, at in rows.order_by("done_at", "pk").values_list(
        "duty__subject_id", "evidence", "done_at"
    ):
        if evidence and name in evidence and at is not None:
            found[subject_id] = evidence[name], at
    return found


def rule(duty: Duty) -> DutyRule:
    """The rule of a duty, in the edition it was opened under."""
    return packs.by_reference(duty.pack).duty(duty.kind)


@dataclass(frozen=True, slots=True)
class Covered:
    """Coverage of one kind in one place: what was due by now, and what became of it."""

    area: str
    kind: str
    due: int
    in_time: int
    late: int
    waived: int

    @property
    def missing(self) -> int:
        return max(0, self.due - self.in_time - self.late - self.waived)

    @property
    def share(self) -> float | None:
        """Settled of due, between 0 and 1; None where nothing was due."""
        return (self.in_time + self.late + self.waived) / self.due if self.due else None


def coverage(
    by: Actor, area: str = "", *, since: datetime | None = None, until: datetime | None = None
) -> list[Covered]:
    """Due minus done by county and kind, for steps due in full hours before `until` (now), and from `since` on."""
    until = clock.hour(until or clock.now())
    scope = Q()
    if not by.is_system:
        allowed = Q(pk__in=())
        for prefix in by.areas("coverage.view"):
            allowed |= within(prefix[:6], "county")
        scope = allowed
    rows: Iterable[Mapping[str, Any]] = (
        CoverageCell.objects.filter(scope, within(area[:6], "county"), hour__lt=until)
        .filter(Q(hour__gte=since) if since else Q())
        .order_by()
        .values("county", "kind")
        .annotate(a=Sum("due"), b=Sum("in_time"), c=Sum("late"), d=Sum("waived"))
    )
    return sorted(
        (Covered(row["county"], row["kind"], row["a"], row["b"], row["c"], row["d"]) for row in rows if row["a"]),
        key=lambda one: (-one.missing, one.area, one.kind),
    )


def coverage_by_hour(by: Actor, kind: str, area: str = "") -> list[tuple[datetime, Covered]]:
    """The same for one kind, hour by hour."""
    by.must("coverage.view", area)
    rows: Iterable[Mapping[str, Any]] = (
        CoverageCell.objects.filter(within(area[:6], "county"), kind=kind, hour__lt=clock.now())
        .order_by("hour")
        .values("hour")
        .annotate(a=Sum("due"), b=Sum("in_time"), c=Sum("late"), d=Sum("waived"))
    )
    return [(row["hour"], Covered(area, kind, row["a"], row["b"], row["c"], row["d"])) for row in rows if row["a"]]


def missing(by: Actor, kind: str, area: str = "", *, after: After | None = None, limit: int = 200) -> list[Step]:
    """The very steps that coverage says are missing, oldest first, for whoever may see them by name."""
    found = Step.objects.filter(
        by.scope("duties.view", organisation="organisation_id"), within(area),
        kind=kind, state__in=[Step.OPEN, Step.MISSED],
    )  # fmt: skip
    return _in_time(found, clock.now(), after, limit)


def open_steps(
    by: Actor, area: str = "", *, kinds: Sequence[str] = (), until: datetime | None = None,
    after: After | None = None, limit: int = 1000,
) -> list[Step]:  # fmt: skip
    """Steps still to be done in an area, the first due first; only of these kinds, only those due by `until`."""
    found = _open(by, area)
    if kinds:
        found = found.filter(kind__in=kinds)
    return _in_time(found, until, after, limit)


def outstanding(
    by: Actor, area: str, kind: str, key: str, *, but: QuerySet[Any, Any], after: After | None = None, limit: int = 50
) -> list[Step]:
    """One step of one kind of duty wherever it is still to be done, the first due first, but for the subjects of a query.

    To drop them afterwards would end a page, and with it the list, before everybody was on it.
    """
    return _in_time(_open(by, area).filter(kind=kind, key=key).exclude(duty__subject_id__in=but), None, after, limit)


def count_outstanding(by: Actor, area: str, kind: str, key: str, *, but: QuerySet[Any, Any], most: int = MOST) -> int:
    """How many such steps are `outstanding`, counted up to so many."""
    return _open(by, area).filter(kind=kind, key=key).exclude(duty__subject_id__in=but)[:most].count()


def _open(by: Actor, area: str) -> QuerySet[Step]:
    return Step.objects.filter(by.scope("duties.view", organisation="organisation_id"), within(area), state=Step.OPEN)


def ids_of_subjects(kind: str, subject_ids: Iterable[int]) -> dict[int, int]:
    """The duties about these subjects, open or not: duty id → subject id."""
    rows = Duty.objects.filter(subject_kind=kind, subject_id__in=list(subject_ids))
    return dict(rows.values_list("pk", "subject_id"))


def gaps(area: str = "", subject: str = "") -> list[tuple[str, subjects.Subject]]:
    """Subjects for whom a pack names a duty that does not exist: (duty kind, subject). It must be empty; this is how one knows.

    Of every kind of subject, or of one.
    """
    owed: list[tuple[str, subjects.Subject]] = []
    chunk: list[tuple[str, subjects.Subject]] = []
    for moment, one in subjects.everything(area, subject):
        rules = packs.pack(one.pack, one.area).opened_by(moment, one.facts)
        chunk += [(rule.kind, one) for rule in rules if rule.subject == one.kind]
        if len(chunk) > 5000:
            owed += _lacking(chunk)
            chunk = []
    return owed + _lacking(chunk)


def _lacking(chunk: Sequence[tuple[str, subjects.Subject]]) -> list[tuple[str, subjects.Subject]]:
    ids: dict[str, set[int]] = {}
    for _kind, subject in chunk:
        ids.setdefault(subject.kind, set()).add(subject.id)
    known = {
        row
        for kind, members in ids.items()
        for row in Duty.objects.filter(subject_kind=kind, subject_id__in=members).values_list(
            "subject_kind", "subject_id", "kind"
        )
    }
    return [(kind, one) for kind, one in chunk if (one.kind, one.id, kind) not in known]


def summary() -> dict[str, dict[str, int]]:
    """Per kind: duties opened, done (closed), late (open with a step past its time), open. The whole installation."""
    now = clock.now()
    behind = Exists(Step.objects.filter(duty=OuterRef("pk"), state=Step.OPEN, due_at__lte=now))
    rows: Iterable[Any] = (
        Duty.objects.order_by()
        .values("kind")
        .annotate(
            opened=Count("pk"),
            done=Count("pk", filter=Q(state=Duty.CLOSED)),
            open=Count("pk", filter=Q(state=Duty.OPEN)),
            late=Count("pk", filter=Q(behind)),
        )
    )
    return {row["kind"]: {name: row[name] for name in ("opened", "done", "late", "open")} for row in rows}
