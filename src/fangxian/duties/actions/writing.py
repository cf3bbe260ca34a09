"""What the actions on duties have in common: finding a step that is one's own, settling it, bringing deadlines to the plan, ending."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import bulk, clock
from fangxian.core.access import Actor
from fangxian.core.actions import emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import packs, planning, subjects
from fangxian.duties.coverage import Tally
from fangxian.duties.events import DutiesClosed
from fangxian.duties.models import Duty, Step
from fangxian.protocols import DutyRule
from fangxian.registry.queries import Post, Responsibility


def rule_of(duty: Duty) -> DutyRule:
    """The rule that a duty was opened under, in the edition of that day."""
    return packs.by_reference(duty.pack).duty(duty.kind)


def open_duties(kind: str, subjects_of: Collection[int]) -> list[Duty]:
    """The open duties about these subjects, locked until the transaction ends."""
    found = Duty.objects.select_for_update().filter(
        subject_kind=kind, subject_id__in=list(subjects_of), state=Duty.OPEN
    )
    return list(found.order_by("id"))


def steps_of(duties: Collection[Duty]) -> dict[int, list[Step]]:
    """All steps of these duties, by duty."""
    found: dict[int, list[Step]] = {duty.pk: [] for duty in duties}
    for step in Step.objects.filter(duty_id__in=list(found)).order_by("number", "attempt"):
        found[step.duty_id].append(step)
    return found


def mine(by: Actor, right: str, step_id: int, through: str | None = None) -> tuple[Step, DutyRule]:
    """The step, if the actor holds it or may do so in its area; its duty is locked until the transaction ends.

    `through` is given where the step is to be settled: by which stage, if that keeps such steps to itself.
    """
    step = Step.objects.filter(pk=step_id).first()
    visible = step is not None and (
        by.may("duties.view", step.area, step.organisation_id)
        or (by.account_id is not None and by.account_id == step.account_id)
    )
    if step is None or not visible:
        raise NotFound(_("There is no such step among your duties."))
    if by.account_id is None or by.account_id != step.account_id or right != "duties.do":
        by.must(right, step.area, step.organisation_id)
    if through is not None and (subjects.reserved_for(step.kind) or through) != through:
        raise Conflict(
            _("This is decided where it belongs, not by ticking it off."),
            remedy=_("Open what it is about and decide there."),
            code="decided_elsewhere",
        )
    step.duty = Duty.objects.select_for_update().get(pk=step.duty_id)
    return step, rule_of(step.duty)


def predecessor_settled(step: Step, rule: DutyRule) -> None:
    """No step may be skipped: the one it comes after must be settled."""
    if (after := planning.predecessor(rule, step.key)) is None:
        return
    newest = planning.latest(list(Step.objects.filter(duty=step.duty, key=after)))
    if after in newest and newest[after].state not in Step.SETTLED:
        raise Conflict(
            _("“%(step)s” comes first and is still open.") % {"step": planning.title(rule, after).in_(get_language())},
            remedy=_("It is held by another post; remind it, or have it handed over."),
            code="out_of_order",
        )


def settle(by: Actor, step: Step, state: str, at: datetime, *, evidence: Any = None, reason: str = "") -> None:
    """Move a step from open to settled, once: the database decides who was first."""
    changed = Step.objects.filter(pk=step.pk, state=Step.OPEN).update(
        state=state, done_at=at, done_by_id=by.account_id, evidence=evidence, reason=reason, alarm_at=None
    )
    if not changed:
        raise already(step.pk)
    step.state, step.done_at, step.evidence, step.reason = state, at, evidence, reason
    tally = Tally()
    tally.settled(step.area, step.kind, step.due_at, at, waived=state == Step.WAIVED)
    tally.write()


def already(step_id: int) -> Conflict:
    """What to say to whoever came second: who was first, and when."""
    step = Step.objects.select_related("done_by").get(pk=step_id)
    who = step.done_by.name if step.done_by else _("the system")
    when = step.done_at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M") if step.done_at else ""
    return Conflict(
        _("Already settled by %(who)s at %(when)s.") % {"who": who, "when": when},
        remedy=_("Nothing of yours was lost; reload to see what was entered."),
        code="already_settled",
    )


def retime(duty: Duty, rule: DutyRule) -> dict[str, tuple[Any, ...]]:
    """Bring the open steps of a duty to the plan as it now is; the owners of steps that were added."""
    return retime_all([(duty, rule)], steps_of([duty]))[duty.pk]


def retime_all(
    duties: Sequence[tuple[Duty, DutyRule]], steps: Mapping[int, Sequence[Step]]
) -> dict[int, dict[str, tuple[Any, ...]]]:
    """The same for many duties whose steps are at hand; the owners of the steps that were added to each."""
    tally, now = Tally(), clock.now()
    who: Responsibility | None = None
    void: list[int] = []
    moved: list[tuple[Any, ...]] = []
    fresh: list[tuple[Any, ...]] = []
    owners: dict[int, dict[str, tuple[Any, ...]]] = {}
    for duty, rule in duties:
        newest = planning.latest(steps[duty.pk])
        planned = planning.replan(rule, planning.anchors_in(duty), steps[duty.pk])
        for key, row in newest.items():
            if row.state != Step.OPEN:
                continue
            if key not in planned:
                tally.due(row.area, row.kind, row.due_at, -1)
                void.append(row.pk)
            elif row.due_at != (due_at := planned[key].due_at):
                tally.due(row.area, row.kind, row.due_at, -1)
                tally.due(row.area, row.kind, due_at)
                moved.append((due_at, due_at, "", row.pk))
        added = [step for key, step in planned.items() if key not in newest]
        if added:
            who = who or Responsibility()
        posts = {
            holder: post_out(planning.answering(holder, duty.area, {}, who))
            for holder in map(planning.holder, added)
            if who
        }
        head = (duty.pk, duty.kind, duty.area)
        for one in added:
            fresh.append((*head, *planning.what(one), *posts[planning.holder(one)], *planning.when(rule, one)))
            tally.due(duty.area, duty.kind, one.due_at)
        owners[duty.pk] = {planning.holder_out(holder): post for holder, post in posts.items()}
    if void:
        Step.objects.filter(pk__in=void).update(state=Step.VOID, alarm_at=None, done_at=now)
    bulk.update(Step, ("due_at", "alarm_at", "escalated_to"), moved)
    bulk.insert(Step, planning.STEP_COLUMNS, fresh)
    tally.write()
    return owners


def evidence_kept(rule: DutyRule, step: Step, evidence: Mapping[str, Any] | None) -> dict[str, Any]:
    """What is kept of what was told. Raises Invalid, naming the first field, where the rule asks for more."""
    kept = {name: value for name, value in (evidence or {}).items() if value not in (None, "")}
    missing = [name for name in planning.evidence_wanted(rule, step.key) if name not in kept]
    if missing:
        raise Invalid(
            _("Not complete yet: %(fields)s is missing.") % {"fields": ", ".join(missing)},
            remedy=_("Fill it in, or say why it cannot be known."), field=missing[0],
        )  # fmt: skip
    return kept


def write_end(by: Actor, closing: Sequence[tuple[Duty, str, str]]) -> None:
    """Write the end of duties, each with its outcome and reason: late steps stay as missed for ever, those not yet due are void."""
    if not closing:
        return
    now, tally = clock.now(), Tally()
    still = Step.objects.filter(duty_id__in=[duty.pk for duty, _outcome, _reason in closing], state=Step.OPEN)
    ahead = still.filter(Q(due_at__isnull=True) | Q(due_at__gt=now))
    for area, kind, due_at in ahead.values_list("area", "kind", "due_at"):
        tally.due(area, kind, due_at, -1)
    tally.write()
    ahead.update(state=Step.VOID, alarm_at=None, done_at=now)
    still.update(state=Step.MISSED, alarm_at=None, done_at=None)
    for duty, outcome, reason in closing:
        duty.state, duty.outcome, duty.reason, duty.closed_at = Duty.CLOSED, outcome, reason[:300], now
        record(
            by, "duty.closed", ("duty", duty.pk), area=duty.area, basis=planning.basis(duty.pack),
            data={"outcome": outcome, "reason": reason, "at": now.isoformat()},
        )  # fmt: skip
    ended = [(duty.state, duty.outcome, duty.reason, now, duty.pk) for duty, _outcome, _reason in closing]
    bulk.update(Duty, ("state", "outcome", "reason", "closed_at"), ended)
    for kind in dict.fromkeys(duty.subject_kind for duty, _outcome, _reason in closing):
        closed = [duty for duty, _outcome, _reason in closing if duty.subject_kind == kind]
        emit(DutiesClosed(kind, tuple(duty.pk for duty in closed), tuple(duty.subject_id for duty in closed)))


def checked_reason(text: str) -> str:
    text = (text or "").strip()
    if len(text) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    return text[:300]


def checked_time(at: datetime | None) -> datetime:
    now = clock.now()
    if at is None:
        return now
    if at > now + timedelta(minutes=1):
        raise Invalid(_("This lies in the future."), remedy=_("Give the time at which it was done."), field="at")
    return at


def post_out(post: Post) -> tuple[str, int, int | None]:
    """A post as a step's columns and the journal have it."""
    return post.area, post.organisation_id, post.account_id
