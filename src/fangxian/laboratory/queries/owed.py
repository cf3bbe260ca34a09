"""Which test that somebody owes a sample does: a matter of days, the same for whoever owes tests. No names."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from fangxian.core import clock
from fangxian.duties import planning
from fangxian.duties import queries as duty_queries

#: A step that asks for a result, in its newest attempt, and whether it belongs to one day.
Owed = tuple[Any, bool]


def tests_owed(kind: str, subject_id: int) -> list[Owed]:
    """The newest attempt of every step about a subject that asks for a result and no more, in order of time."""
    return tests_owed_by(kind, [subject_id])[subject_id]


def tests_owed_by(kind: str, subject_ids: Iterable[int]) -> dict[int, list[Owed]]:
    """The same of many subjects, by subject. Two queries."""
    found: dict[int, list[Owed]] = {pk: [] for pk in subject_ids}
    for duty in duty_queries.of_subjects(kind, found):
        rule = duty_queries.rule(duty)
        for key, step in planning.latest(list(duty.steps.all())).items():
            if planning.evidence_wanted(rule, key) == ("result",) and step.due_at is not None:
                found[duty.subject_id].append((step, rule.step(key).on_days is not None))
    for owed in found.values():
        owed.sort(key=lambda one: (one[0].due_at, one[0].pk))
    return found


def told_by(steps: Sequence[Owed], tube: str) -> Any:
    """The step that this tube did before, if it did any."""
    return next((step for step, _dated in steps if (step.evidence or {}).get("tube") == tube), None)


def test_done_by(steps: Iterable[Owed], sampled_at: datetime) -> Any:
    """The open test that a sample does: that of its own day; else the last that was missed before it; never one of a day to come."""
    zone = clock.zone()
    day = sampled_at.astimezone(zone).date()
    open_now = [(step, dated) for step, dated in steps if step.state == step.OPEN]
    same = [step for step, dated in open_now if not dated or step.due_at.astimezone(zone).date() == day]
    if same:
        return same[0]
    missed = [step for step, _dated in open_now if step.due_at.astimezone(zone).date() < day]
    return missed[-1] if missed else None
