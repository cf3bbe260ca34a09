"""Many steps done by one fact: a box of tubes does the tests of everybody in it. As `complete` for each, in a dozen statements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fangxian.core import bulk
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.duties import planning, subjects
from fangxian.duties.actions.ending import release
from fangxian.duties.actions.writing import checked_time, evidence_kept, retime_all, rule_of, steps_of, write_end
from fangxian.duties.coverage import Tally
from fangxian.duties.models import Duty, Step
from fangxian.protocols import DutyRule


@dataclass(frozen=True, slots=True)
class Done:
    """What did a step, and when."""

    step: int
    evidence: Mapping[str, Any]
    at: datetime


@action
def complete_many(by: Actor, done: Iterable[Done], *, through: str) -> int:
    """Mark steps as done, each with its evidence; how many were. One that is settled already, or has to wait for another, is left.

    For the stage (`through`) that has checked the right to the fact itself. At most one step of a duty. Raises Invalid where
    evidence that a rule asks for is missing.
    """
    told = {one.step: one for one in done}
    wanted = dict(Step.objects.filter(pk__in=list(told), state=Step.OPEN).values_list("duty_id", "pk"))
    duties = list(Duty.objects.select_for_update().filter(pk__in=list(wanted)).order_by("id"))
    steps, tally = steps_of(duties), Tally()
    ready: list[tuple[Duty, DutyRule, Step]] = []
    for duty in duties:
        step, rule = next(one for one in steps[duty.pk] if one.pk == wanted[duty.pk]), rule_of(duty)
        assert subjects.reserved_for(step.kind) in (None, through), "another stage keeps these to itself"
        before = planning.latest(steps[duty.pk]).get(planning.predecessor(rule, step.key) or "")
        if step.state != Step.OPEN or (before is not None and before.state not in Step.SETTLED):
            continue
        at = checked_time(told[step.pk].at)
        step.state, step.done_at, step.evidence = Step.DONE, at, evidence_kept(rule, step, told[step.pk].evidence)
        tally.settled(step.area, step.kind, step.due_at, at)
        ready.append((duty, rule, step))
    rows = [(Step.DONE, step.done_at, by.account_id, step.evidence, None, step.pk) for _duty, _rule, step in ready]
    bulk.update(Step, ("state", "done_at", "done_by_id", "evidence", "alarm_at"), rows)
    tally.write()
    owners = retime_all([(duty, rule) for duty, rule, _step in ready], steps)
    for duty, rule, step in ready:
        record(
            by, "duty.step_done", ("duty", duty.pk), area=step.area, basis=planning.basis(duty.pack, rule, step.key),
            data={
                "step": step.key, "attempt": step.attempt, "at": step.done_at.isoformat() if step.done_at else "",
                "owners": owners[duty.pk], "evidence": step.evidence,
            },
        )  # fmt: skip
    settled = [duty for duty, _rule, _step in ready]
    release(by, settled)
    left = set(Step.objects.filter(duty__in=settled, state=Step.OPEN).values_list("duty_id", flat=True))
    over = [
        (duty, rule.outcomes[0], "") for duty, rule, _step in ready if duty.state == Duty.OPEN and duty.pk not in left
    ]
    write_end(by, over)
    return len(ready)
