"""From a rule and a subject to the rows of a duty: which steps, due when, held by whom. Pure but for who answers (registry)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fangxian import protocols
from fangxian.core import clock
from fangxian.duties.models import Duty, Step
from fangxian.protocols import DutyRule, PlannedStep, StepFact, Text, Verdict
from fangxian.registry.queries import Post, Responsibility

#: The step that stands for the release itself: done by the engine on the day the rule is met, late if it is not.
RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Owned:
    """A planned step with the post that answers for it."""

    plan: PlannedStep
    post: Post


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


def owned(
    steps: Sequence[PlannedStep], area: str, holders: Mapping[str, int], responsibility: Responsibility
) -> list[Owned]:
    """Give every step to the post that answers for it: the subject's own organisation for its role, else by appointment."""
    result = []
    for step in steps:
        if (organisation := holders.get(step.role)) is not None:
            post = Post(area, organisation, None)
        else:
            post = responsibility.of(step.role, area, step.level)
        result.append(Owned(step, post))
    return result


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
    """The steps as a release rule sees them."""
    return [StepFact(step.key, step.state, step.done_at, step.evidence or {}) for step in steps]


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


def step_row(
    pk: int,
    duty_id: int,
    kind: str,
    area: str,
    one: Owned,
    every: int,
    *,
    attempt: int = 1,
    done: datetime | None = None,
) -> tuple[Any, ...]:
    """A new step as a row for `bulk.insert`, in the order of `STEP_COLUMNS`."""
    step, post = one.plan, one.post
    state, alarm = (Step.OPEN, step.due_at) if done is None else (Step.DONE, None)
    return (
        (pk, duty_id, kind, area, step.key, attempt, step.number, step.role, post.area, post.organisation_id)
        + (post.account_id, state, step.due_at, alarm, every, "", "", done)
    )  # fmt: skip


STEP_COLUMNS = (
    "id duty_id kind area key attempt number role post_area organisation_id "
    "account_id state due_at alarm_at alarm_every escalated_to reason done_at"
).split()
