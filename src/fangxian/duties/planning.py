"""From a rule and a subject to the rows of a duty: which steps, due when, held by whom. Pure but for who answers (registry)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fangxian import protocols
from fangxian.core import clock
from fangxian.duties.models import Duty, Step
from fangxian.protocols import DutyRule, PlannedStep, StepFact, Text, Verdict
from fangxian.registry.queries import Post, Responsibility

#: Role and level of a post, as a protocol names it.
Holder = tuple[str, str | None]
#: The step that stands for the release itself: done by the engine on the day the rule is met, late if it is not.
RELEASE = "release"


def anchors_in(duty: Duty) -> dict[str, datetime]:
    """The clock anchors of a duty, as instants."""
    return {name: datetime.fromisoformat(value) for name, value in duty.anchors.items()}


def anchors_out(anchors: Mapping[str, datetime]) -> dict[str, str]:
    """Anchors as they are stored."""
    return {name: value.isoformat() for name, value in anchors.items() if value is not None}


def plan(rule: DutyRule, anchors: Mapping[str, datetime], done: Mapping[str, datetime]) -> list[PlannedStep]:
    """The steps of a duty as things stand, in the deployment's time zone, with the release as the last of them.

    Days that had ended before the subject was known are left out: nobody can be late with them.
    """
    zone = clock.zone()
    steps = [step for step in protocols.plan(rule, anchors, done=done, tz=zone) if not step.lapsed]
    if rule.release is not None and steps:
        at = protocols.release_time(rule, anchors, done=done, tz=zone)
        steps.append(steps[-1]._replace(key=RELEASE, number=1000, day=None, due_at=at, after=None, evidence=()))
    return steps


def predecessor(rule: DutyRule, key: str) -> str | None:
    """The planned key of the step that must be settled before this one, if the rule names any."""
    if key == RELEASE:
        return None
    return next((step.after for step in protocols.plan(rule, {}, tz=clock.zone()) if step.key == key), None)


def title(rule: DutyRule, key: str) -> Text:
    """What a step is called: “visit” with its day, or the release."""
    if key == RELEASE:
        return Text("解除", "release")
    name = rule.step(key).name
    _stem, _dot, day = key.rpartition(".d")
    return Text(f"{name.zh}（第{day}天）", f"{name.en} (day {day})") if day.isdecimal() and _dot else name


def evidence_wanted(rule: DutyRule, key: str) -> tuple[str, ...]:
    """The fields without which a step does not count as done."""
    return () if key == RELEASE else rule.step(key).evidence


def holder(step: PlannedStep) -> Holder:
    """The post that a step is for, as the protocol names it."""
    return step.role, step.level


def holder_out(holder: Holder) -> str:
    """The same as the journal names it: `reviewer@county`, `grid_worker@`."""
    return f"{holder[0]}@{holder[1] or ''}"


def answering(holder: Holder, area: str, holders: Mapping[str, int], responsibility: Responsibility) -> Post:
    """Who answers: the organisation that the subject itself names for the role, else whoever is appointed."""
    role, level = holder
    if (organisation := holders.get(role)) is not None:
        return Post(area, organisation, None)
    return responsibility.of(role, area, level)


def latest(steps: Sequence[Step]) -> dict[str, Step]:
    """The newest attempt of each step, in the order of the rule."""
    newest: dict[str, Step] = {}
    for step in sorted(steps, key=lambda step: (step.number, step.attempt)):
        newest[step.key] = step
    return newest


def done_map(steps: Sequence[Step]) -> dict[str, datetime]:
    """Step key → when it was last settled: what `step:KEY` anchors count from. A step open again takes its time away."""
    return {
        key: step.done_at
        for key, step in latest(steps).items()
        if step.state in Step.SETTLED and step.done_at is not None
    }


def replan(rule: DutyRule, anchors: Mapping[str, datetime], steps: Sequence[Step]) -> dict[str, PlannedStep]:
    """What the duty should look like now, by step key. A step that was sent back counts from the return, not from its old anchor."""
    done = done_map(steps)
    planned = {step.key: step for step in plan(rule, anchors, done)}
    for step_rule in rule.steps:
        if (again := anchors.get(f"again:{step_rule.key}")) and step_rule.due is not None:
            name = step_rule.due.anchor
            shifted = (
                plan(rule, anchors, {**done, name.removeprefix("step:"): again})
                if name.startswith("step:")
                else plan(rule, {**anchors, name: again}, done)
            )
            planned |= {step.key: step for step in shifted if step.key == step_rule.key}
    return planned


def facts(steps: Sequence[Step]) -> list[StepFact]:
    """The steps as a release rule sees them: of what was done again (a result was corrected) only the last attempt counts."""
    last: dict[tuple[int, str], int] = {}
    for step in steps:
        last[step.duty_id, step.key] = max(step.attempt, last.get((step.duty_id, step.key), 0))
    return [
        StepFact(step.key, step.state, step.done_at, step.evidence or {})
        for step in steps
        if step.attempt == last[step.duty_id, step.key]
    ]


def verdict(
    rule: DutyRule, duty: Duty, steps: Sequence[Step], related: Mapping[str, Sequence[StepFact]]
) -> Verdict | None:
    """Whether the subject may be released now, and what is missing; None where the rule knows no release."""
    if rule.release is None:
        return None
    own = [step for step in steps if step.key != RELEASE]
    return protocols.release_verdict(rule, anchors_in(duty), facts(own), related, clock.now(), clock.zone())


def basis(pack_ref: str, rule: DutyRule | None = None, key: str = "") -> str:
    """What the journal names as the ground: pack, version and clause."""
    cited = rule.step(key).citation if rule and key and key != RELEASE else None
    clause = (cited.clause or "") if cited else ""
    return f"{pack_ref} {clause}".strip()[:120]


#: The columns of a new step: whose (duty, kind, area), what, held by which post, when.
STEP_COLUMNS = (
    "duty_id kind area key attempt number role post_area organisation_id account_id "
    "state due_at alarm_at alarm_every escalated_to reason done_at"
).split()


def what(step: PlannedStep) -> tuple[Any, ...]:
    """Key, attempt, number and role of a new step."""
    return step.key, 1, step.number, step.role


def when(rule: DutyRule, step: PlannedStep, done: datetime | None = None) -> tuple[Any, ...]:
    """State and clocks of a new step, which may have been done already."""
    pace = int(rule.escalate.delta.total_seconds())
    if done is None:
        return Step.OPEN, step.due_at, step.due_at, pace, "", "", None
    return Step.DONE, step.due_at, None, pace, "", "", done
