"""How duties end: closed by a person, released by their rule, or ended by what became of their subject; and how clocks move."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.core import bulk, clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import planning, subjects
from fangxian.duties.actions.writing import checked_reason, open_duties, retime, rule_of, steps_of, write_end
from fangxian.duties.coverage import Tally
from fangxian.duties.events import DutiesRetimed
from fangxian.duties.models import Duty, Step
from fangxian.protocols import DutyRule, StepFact


@action
def set_anchors(by: Actor, kind: str, anchors: Mapping[int, Mapping[str, datetime]]) -> None:
    """Tell the duties of subjects (by their ids) that clock anchors are known or have changed; open deadlines are computed anew.

    The caller has checked the right to change the facts that the anchors come from.
    """
    moved: dict[int, None] = {}
    for duty in open_duties(kind, anchors):
        changed = {
            name: value
            for name, value in planning.anchors_out(anchors[duty.subject_id]).items()
            if duty.anchors.get(name) != value
        }
        if not changed:
            continue
        duty.anchors = {**duty.anchors, **changed}
        duty.save(update_fields=["anchors"])
        rule = rule_of(duty)
        owners = retime(duty, rule)
        record(
            by, "duty.retimed", ("duty", duty.pk), area=duty.area, basis=planning.basis(duty.pack),
            data={"anchors": changed, "owners": owners},
        )  # fmt: skip
        release(SYSTEM, [duty])
        moved[duty.subject_id] = None
    if moved:
        emit(DutiesRetimed(kind, tuple(moved)))


@action
def close(by: Actor, duty_id: int, outcome: str, reason: str = "") -> Duty:
    """End a duty with an outcome of its rule. Steps past their time stay as missed; those not yet due fall away."""
    duty = Duty.objects.select_for_update().filter(pk=duty_id).first()
    if duty is None:
        raise NotFound(_("There is no such duty."))
    by.must("duties.close", duty.area)
    rule = rule_of(duty)
    if outcome not in rule.outcomes:
        raise Invalid(
            _("“%(outcome)s” is not an outcome of this duty.") % {"outcome": outcome},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(rule.outcomes)},
            field="outcome",
        )
    if duty.state == Duty.CLOSED:
        raise Conflict(_("This duty was already closed: %(outcome)s.") % {"outcome": duty.outcome})
    if outcome != rule.outcomes[0]:
        checked_reason(reason)
    write_end(by, [(duty, outcome, reason)])
    return duty


@action
def end_all(by: Actor, kind: str, ends: Mapping[int, tuple[str, str]], *, only_known: bool = False) -> None:
    """Close whatever is open about subjects, because of what became of them: id → outcome and reason.

    (A contact became a case, a case was ruled out.) The outcome is the one named where the rule knows it, else the rule's last
    (its exceptional one); with `only_known` the duty then stays open instead.
    """
    closing = []
    for duty in open_duties(kind, ends):
        outcome, reason = ends[duty.subject_id]
        outcomes = rule_of(duty).outcomes
        if outcome in outcomes or not only_known:
            closing.append((duty, outcome if outcome in outcomes else outcomes[-1], reason))
    write_end(by, closing)


@action
def withdraw(by: Actor, kind: str, subject_ids: Collection[int], reason: str) -> int:
    """Take the duties of subjects away, as if they had never been owed: the subjects were entered by mistake. How many went.

    Only for subjects that are withdrawn themselves, and on whose duties nobody has worked: the caller has made sure of both.
    """
    duties = list(
        Duty.objects.select_for_update().filter(subject_kind=kind, subject_id__in=list(subject_ids)).order_by("id")
    )
    tally = Tally()
    for steps in steps_of(duties).values():
        for step in steps:
            tally.gone(step)
    tally.write()
    for duty in duties:
        record(
            by, "duty.withdrawn", ("duty", duty.pk), area=duty.area,
            data={"kind": duty.kind, "subject": [kind, duty.subject_id], "reason": reason},
        )  # fmt: skip
    Duty.objects.filter(pk__in=[duty.pk for duty in duties]).delete()
    return len(duties)


@action
def release(by: Actor, duties: Sequence[Duty]) -> int:
    """Do the release step of each of these duties whose rule for it is met now, which closes the duty; how many were.

    The caller holds the duties locked.
    """
    found = steps_of(duties)
    released: list[tuple[Duty, Step, datetime]] = []
    for duty in duties:
        steps, rule = found[duty.pk], rule_of(duty)
        gate = planning.latest(steps).get(planning.RELEASE)
        if duty.state == Duty.CLOSED or gate is None or gate.state != Step.OPEN:
            continue
        verdict = planning.verdict(rule, duty, steps, _related(duty, rule))
        if verdict is not None and verdict.met:
            # The rule released the subject at the moment it was met, not when the sweep came round.
            settled = [step.done_at for step in steps if step.state in Step.SETTLED and step.done_at]
            released.append((duty, gate, min(clock.now(), max([gate.due_at or duty.opened_at, *settled]))))
    tally = Tally()
    bulk.update(
        Step, ("state", "done_at", "done_by_id", "evidence", "alarm_at"),
        [(Step.DONE, at, by.account_id, {"rule_met": True}, None, gate.pk) for _duty, gate, at in released],
    )  # fmt: skip
    for duty, gate, at in released:
        tally.settled(gate.area, gate.kind, gate.due_at, at)
        record(
            by, "duty.released", ("duty", duty.pk), area=duty.area, basis=planning.basis(duty.pack),
            data={"step": gate.key, "attempt": gate.attempt, "at": at.isoformat()},
        )  # fmt: skip
    tally.write()
    write_end(by, [(duty, rule_of(duty).outcomes[0], "") for duty, _gate, _at in released])
    return len(released)


def _related(duty: Duty, rule: DutyRule) -> dict[str, list[StepFact]]:
    """The steps of those on whose tests the release depends; nobody is asked for where the rule depends on nobody."""
    if rule.release is None or all(need.of is None for need in rule.release.needs):
        return {}
    return {
        name: planning.facts(
            list(
                Step.objects.filter(duty__subject_kind=kind, duty__subject_id=pk).order_by(
                    "duty_id", "number", "attempt"
                )
            )
        )
        for name, (kind, pk) in subjects.related(duty.subject_kind, duty.subject_id).items()
    }
