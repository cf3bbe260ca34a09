"""Where the review of a case stands, read from its duty: the engine decides what comes next, the pack how many levels there are."""

from dataclasses import dataclass

from fangxian.cases.models import Case
from fangxian.cases.subject import KIND, REVIEW
from fangxian.duties import queries as duties
from fangxian.protocols import DutyRule, StepRule


@dataclass(frozen=True, slots=True)
class Progress:
    """The review of a case. `key` and `step_id` are of the step whose turn it is; None when all is done or was ended."""

    rule: DutyRule
    key: str | None = None
    step_id: int | None = None

    @property
    def step(self) -> StepRule | None:
        """The rule of the step whose turn it is."""
        return self.rule.step(self.key) if self.key else None

    @property
    def with_reporter(self) -> bool:
        """The card is open again: returned for correction."""
        return self.step is not None and self.step.role == "clinic"

    @property
    def state(self) -> str:
        """How far it has come: returned, reported, or the level that was passed last."""
        if self.with_reporter:
            return Case.RETURNED
        keys = [step.key for step in self.rule.steps]
        passed = self.rule.steps[: keys.index(self.key)] if self.key else self.rule.steps
        return next((step.level for step in reversed(passed) if step.level), Case.REPORTED)


def progress(case: Case) -> Progress | None:
    """Where the review stands; None where the protocol opened none."""
    duty = next((duty for duty in duties.of_subject(KIND, case.pk) if duty.kind == REVIEW), None)
    if duty is None:
        return None
    open_steps = sorted((step for step in duty.steps.all() if step.state == step.OPEN), key=lambda step: step.number)
    rule = duties.rule(duty)
    return Progress(rule, open_steps[0].key, open_steps[0].pk) if open_steps else Progress(rule)
