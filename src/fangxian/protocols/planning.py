"""From a duty's rule and its anchors to the steps with their due times.

Planning runs for every subject and again whenever an anchor changes, so a rule is compiled once (`Timetable`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from types import MappingProxyType
from typing import NamedTuple

from .citation import Cited
from .duty import Due, DutyRule, Stage, StepRule

END_OF_DAY = time(23, 59, 59)
_NOTHING: Mapping[str, datetime] = MappingProxyType({})


class PlannedStep(NamedTuple):
    """A step with its due time in local time; ``due_at`` is None while its anchor is unknown.

    ``day`` counts from 1 in ``stage``. ``lapsed``: the day was over before the subject was known, so that nobody can
    be late with it.
    """

    key: str
    number: int
    stage: str | None
    day: int | None
    due_at: datetime | None
    role: str
    level: str | None
    after: str | None
    evidence: tuple[str, ...]
    citation: Cited
    lapsed: bool = False


class Offset(NamedTuple):
    """The compiled clock of a step that is due once: the anchor, and exact seconds or calendar days from it."""

    step: StepRule
    after: str | None
    anchor: str | None
    seconds: float
    days: int | None


class StageDays(NamedTuple):
    """The compiled days of a step in a stage; ``days`` is None when the stage's length depends on its anchors."""

    step: StepRule
    after: str | None
    days: tuple[tuple[int, str], ...] | None


class Span(NamedTuple):
    """A stage of one subject: day 1, the last day, and the moments it begins and ends. None: not known yet."""

    first: date | None
    last: date | None
    starts: datetime | None
    ends: datetime | None


class Timetable:
    """A compiled rule: stages in an order in which each knows the ones before it, and the steps' offsets."""

    def __init__(self, rule: DutyRule) -> None:
        self.rule = rule
        self.stages = tuple(_in_order(rule.stages))
        lengths = {stage.key: int(stage.length.delta.days) for stage in rule.stages if stage.length}
        days = {step.key: self._days(step, lengths) for step in rule.steps if step.on_days}
        #: The planned key that "after this step" and "step:KEY" mean: the last of its days.
        self.planned = {step.key: days[step.key][-1][1] if days.get(step.key) else step.key for step in rule.steps}
        self.steps: list[Offset | StageDays] = []
        for step in rule.steps:
            after = self.planned[step.after] if step.after else None
            repeated = days.get(step.key)
            self.steps.append(_offset(step, after) if repeated is None else StageDays(step, after, repeated or None))

    @staticmethod
    def _days(step: StepRule, lengths: Mapping[str, int]) -> tuple[tuple[int, str], ...]:
        numbers = range(1, lengths.get(step.stage or "", 0) + 1) if step.daily else step.days
        return tuple((day, f"{step.key}.d{day}") for day in numbers)

    def spans(
        self, clock: Mapping[str, datetime | None], tz: tzinfo
    ) -> tuple[dict[str, Span], dict[str, datetime | None]]:
        """The stages of one subject, and the clock with ``stage:…`` anchors added."""
        spans: dict[str, Span] = {}
        known = dict(clock)
        for stage in self.stages:
            span = _span(stage, known, tz)
            spans[stage.key] = span
            known[f"stage:{stage.key}"] = span.ends
            known[f"stage:{stage.key}.start"] = span.starts
        return spans, known

    def clock(self, anchors: Mapping[str, datetime], done: Mapping[str, datetime]) -> dict[str, datetime | None]:
        """Anchors and completed steps as one mapping of anchor names. Raises ValueError for a time without a zone."""
        known: dict[str, datetime | None] = dict(anchors)
        for key, at in done.items():
            known["step:" + key] = at
        for key, last in self.planned.items():
            if key != last and last in done:
                known["step:" + key] = done[last]
        for key, moment in known.items():
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"the time of {key} has no time zone")
        return known


def plan(
    rule: DutyRule, anchors: Mapping[str, datetime], *, done: Mapping[str, datetime] = _NOTHING, tz: tzinfo
) -> list[PlannedStep]:
    """All steps of a duty, in the order of the pack, with their due times in ``tz``.

    ``anchors``: what is known of the subject's clock, by anchor name, each with a time zone. ``done``: when steps were
    completed, by planned key. Daily steps of a stage whose length depends on an unknown anchor appear once it is known.
    """
    table = rule.timetable
    spans, clock = table.spans(table.clock(anchors, done), tz)
    since = clock.get(rule.since) if rule.since else None
    steps: list[PlannedStep] = []
    for entry in table.steps:
        if isinstance(entry, Offset):
            step = entry.step
            anchor = clock.get(entry.anchor) if entry.anchor else None
            at = None if anchor is None else _shifted(anchor, entry.seconds, entry.days, step.by, tz)
            steps.append(
                PlannedStep(
                    step.key,
                    len(steps),
                    None,
                    None,
                    at,
                    step.role,
                    step.level,
                    entry.after,
                    step.evidence,
                    step.citation,
                )
            )
            continue
        _plan_days(steps, entry, spans[entry.step.stage or ""], since, tz)
    return steps


def _plan_days(steps: list[PlannedStep], entry: StageDays, span: Span, since: datetime | None, tz: tzinfo) -> None:
    step, after, days = entry
    first = span.first
    if days is None:
        count = (span.last - first).days + 1 if first and span.last else 0
        days = tuple((day, f"{step.key}.d{day}") for day in range(1, count + 1))
    by = (step.by or END_OF_DAY).replace(tzinfo=tz)
    base = first.toordinal() - 1 if first else 0
    stage, role, level, evidence, citation = step.stage, step.role, step.level, step.evidence, step.citation
    for day, key in days:
        due = datetime.combine(date.fromordinal(base + day), by) if first else None
        lapsed = since is not None and due is not None and due < since
        steps.append(PlannedStep(key, len(steps), stage, day, due, role, level, after, evidence, citation, lapsed))


def resolve(due: Due, clock: Mapping[str, datetime | None], tz: tzinfo) -> datetime | None:
    """The moment a `Due` means, in local time; None while its anchor is unknown. Days end at 23:59:59."""
    anchor = clock.get(due.anchor)
    if anchor is None:
        return None
    if due.in_days:
        return _shifted(anchor, 0.0, due.delta.days, None, tz)
    return _shifted(anchor, due.delta.total_seconds(), None, None, tz)


def _shifted(anchor: datetime, seconds: float, days: int | None, by: time | None, tz: tzinfo) -> datetime:
    if days is None:
        return (anchor.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(tz)
    return datetime.combine(anchor.astimezone(tz).date() + timedelta(days=days), (by or END_OF_DAY).replace(tzinfo=tz))


def _offset(step: StepRule, after: str | None) -> Offset:
    due = step.due
    if due is None:
        return Offset(step, after, None, 0.0, None)
    days = due.delta.days if due.in_days else None
    return Offset(step, after, due.anchor, due.delta.total_seconds(), days)


def _span(stage: Stage, clock: Mapping[str, datetime | None], tz: tzinfo) -> Span:
    anchor = clock.get(stage.from_.anchor)
    if anchor is None:
        return Span(None, None, None, None)
    at = anchor.astimezone(UTC) + stage.from_.delta if not stage.from_.in_days else anchor
    first = at.astimezone(tz).date() + timedelta(days=stage.from_.delta.days if stage.from_.in_days else 0)
    if stage.day_one.value == "next_day":
        first += timedelta(days=1)
    starts = datetime.combine(first, time(0, tzinfo=tz))
    last: date | None = None
    if stage.length:
        last = first + timedelta(days=stage.length.delta.days - 1)
    elif stage.to:
        until = resolve(stage.to, clock, tz)
        last = until.date() if until else None
    ends = datetime.combine(last, END_OF_DAY.replace(tzinfo=tz)) if last else None
    return Span(first, last, starts, ends)


def _in_order(stages: Iterable[Stage]) -> Iterator[Stage]:
    """Stages so that each comes after those its own clock refers to. The reader has refused cycles."""
    waiting = {stage.key: stage for stage in stages}
    while waiting:
        for key, stage in list(waiting.items()):
            if not stage_references(stage) & waiting.keys() - {key}:
                yield waiting.pop(key)


def stage_references(stage: Stage) -> set[str]:
    """The keys of the stages whose end or start a stage's own clock refers to."""
    anchors = [due.anchor for due in (stage.from_, stage.to) if due]
    return {anchor.removeprefix("stage:").removesuffix(".start") for anchor in anchors if anchor.startswith("stage:")}
