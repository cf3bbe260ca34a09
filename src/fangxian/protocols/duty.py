"""Duties as a guideline orders them: what opens one, its steps and stages with their clocks, and what ends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from fangxian.text import Text

from .citation import DAILY, Cited
from .conditions import ALWAYS, Condition
from .vocabulary import terms

if TYPE_CHECKING:
    from .planning import Timetable


@dataclass(frozen=True, slots=True)
class Term:
    """Schema: a word from this section of the vocabulary."""

    section: str


@dataclass(frozen=True, slots=True, init=False)
class Measures:
    """Schema: a cited value that measures one of these: a duration, a count, "days", "yes/no", or certain words."""

    what: tuple[str, ...]
    words: tuple[str, ...] = ()

    def __init__(self, *what: str, words: tuple[str, ...] = ()) -> None:
        object.__setattr__(self, "what", what)
        object.__setattr__(self, "words", words)


@dataclass(frozen=True, slots=True)
class Named:
    """Schema: written as a mapping whose keys become the ``key`` of the items; their order is kept."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Schema: a clock anchor; ``relative`` also allows ``step:KEY``, ``stage:KEY`` and ``stage:KEY.start``."""

    relative: bool = False


@dataclass(frozen=True)
class Due:
    """A point in time relative to an anchor: ``2 h after diagnosed_at``, ``2 d before onset_at``, or the anchor itself.

    Minutes and hours are exact. Days and weeks are local calendar days.
    """

    anchor: str
    offset: Cited  # a duration; without a value for the anchor itself
    before: bool = False

    @property
    def delta(self) -> timedelta:
        """The signed distance from the anchor."""
        if self.offset.value is None:
            return timedelta(0)
        return -self.offset.delta if self.before else self.offset.delta

    @property
    def in_days(self) -> bool:
        """Counted in calendar days rather than exactly."""
        return self.offset.unit not in (None, "min", "h")

    @property
    def text(self) -> Text:
        """As people say it: 诊断后 2 小时内, within 2 h after diagnosis."""
        return self.said(terms("anchors").get(self.anchor) or Text(self.anchor, self.anchor))

    def said(self, name: Text) -> Text:
        """The clock in words, given the name of its anchor."""
        if self.offset.value is None:
            return name
        amount = self.offset.text
        if self.before:
            return Text(f"{name.zh}前 {amount.zh}", f"{amount.en} before {name.en}")
        return Text(f"{name.zh}后 {amount.zh}", f"{amount.en} after {name.en}")

    def __str__(self) -> str:
        lead = (
            f"{self.offset.value} {self.offset.unit} {'before' if self.before else 'after'} "
            if self.offset.value is not None
            else ""
        )
        return lead + self.anchor


@dataclass(frozen=True)
class OpenRule:
    """What opens a duty: a moment (or several), and a condition on the facts of the subject."""

    shorthand: ClassVar[str] = "on"
    on: Annotated[str, Term("moments")]
    also: tuple[Annotated[str, Term("moments")], ...] = ()
    where: Condition = ALWAYS
    cite: Cited | None = None

    @property
    def moments(self) -> tuple[str, ...]:
        """Every moment that can open the duty."""
        return (self.on, *self.also)

    def matches(self, moment: str, facts: Mapping[str, Any]) -> bool:
        """Whether the duty opens now. A condition that is not known yet does not open it."""
        return moment in self.moments and self.where.judge(facts) is True


@dataclass(frozen=True)
class Stage:
    """A stretch of whole local days, such as central isolation, which numbers its days from 1.

    ``from_`` says when it begins and ``day_one`` whether that day or the next is day 1. It lasts ``length`` days, or
    until ``to``. It ends at the end of its last day.
    """

    key: str
    name: Text
    from_: Due
    day_one: Annotated[Cited, Measures(words=("same_day", "next_day"))]
    length: Annotated[Cited, Measures("duration")] | None = None
    to: Due | None = None


@dataclass(frozen=True)
class StepRule:
    """One thing to do: by whom, at which level (None: the subject's own area), by when, with which proof.

    Either due once (``due``; without it, any time) or on ``days`` of a ``stage``, at the end of that local day or at
    the hour ``by``.
    """

    key: str
    name: Text
    role: Annotated[str, Term("roles")]
    level: Annotated[str, Term("levels")] | None = None
    after: str | None = None
    due: Due | None = None
    stage: str | None = None
    on_days: Annotated[Cited, Measures("days")] | None = field(default=None, metadata={"yaml": "days"})
    by: time | None = None
    evidence: tuple[Annotated[str, Term("facts")], ...] = ()
    cite: Cited | None = None

    @property
    def days(self) -> tuple[int, ...]:
        """Numbers of the stage's days; empty when due once, or daily in a stage of no fixed length."""
        return self.on_days.value if self.on_days and isinstance(self.on_days.value, tuple) else ()  # type: ignore[return-value]

    @property
    def daily(self) -> bool:
        """Due on every day of its stage."""
        return self.on_days is not None and self.on_days.value == DAILY

    @property
    def citation(self) -> Cited:
        """The pedigree of the deadline; of the step itself when it has none."""
        cited = self.on_days or (self.due and self.due.offset) or self.cite
        assert cited is not None, "the reader requires one of them"
        return cited


@dataclass(frozen=True)
class Need:
    """A condition of release on steps: every step called ``steps`` (or ``steps.*``) is done, and its evidence fits.

    ``first`` or ``last`` limits it to so many of them; ``of`` looks at the steps of a related subject instead, such as
    the close contact through whom a contact of contact was exposed.
    """

    key: str
    name: Text
    steps: str
    where: Condition = ALWAYS
    of: Annotated[str, Term("subjects")] | None = None
    first: Annotated[Cited, Measures("count")] | None = None
    last: Annotated[Cited, Measures("count")] | None = None
    cite: Cited | None = None


@dataclass(frozen=True)
class ReleaseRule:
    """What ends a duty by itself: not before ``after``, every need met, and ``where`` true of the latest evidence."""

    after: Due | None = None
    needs: Annotated[tuple[Need, ...], Named()] = ()
    where: Condition = ALWAYS
    otherwise: Annotated[str, Term("outcomes")] | None = None
    cite: Cited | None = None


@dataclass(frozen=True)
class DutyRule:
    """A duty that a guideline orders for a kind of subject.

    ``outcomes``: the first is the normal one. ``escalate``: how long a late step stays at one level before the next
    level up hears of it. ``since``: days that ended before this anchor, such as the day a contact was found, are
    planned but marked as lapsed.
    """

    kind: str = field(metadata={"key": True})
    name: Text
    subject: Annotated[str, Term("subjects")]
    opens: OpenRule
    steps: Annotated[tuple[StepRule, ...], Named()]
    outcomes: tuple[Annotated[str, Term("outcomes")], ...]
    escalate: Annotated[Cited, Measures("duration")]
    stages: Annotated[tuple[Stage, ...], Named()] = ()
    release: ReleaseRule | None = None
    family: Literal["legal", "practice"] = "practice"
    since: Annotated[str, Anchor()] | None = None

    def say(self, due: Due) -> Text:
        """A clock of this rule in words, with the names of its stages and steps."""
        kind, _, key = due.anchor.partition(":")
        if kind == "stage":
            start = key.endswith(".start")
            stage = next(stage for stage in self.stages if stage.key == key.removesuffix(".start")).name
            name = Text(f"{stage.zh}{'开始' if start else '结束'}", f"{'start' if start else 'end'} of {stage.en}")
        elif kind == "step":
            step = self.step(key).name
            name = Text(f"{step.zh}完成", f"completion of {step.en}")
        else:
            name = terms("anchors")[due.anchor]
        return due.said(name)

    def step(self, key: str) -> StepRule:
        """The rule of a planned step: ``visit.d3`` belongs to ``visit``. Raises KeyError."""
        for name in (key, key.rpartition(".d")[0]):
            if name in self._steps:
                return self._steps[name]
        raise KeyError(key)

    def planned_keys(self, step: StepRule) -> tuple[str, ...]:
        """The keys that a step has in a plan: its own, or one for each of its days (``daily`` stands for d1)."""
        if step.on_days is None:
            return (step.key,)
        return tuple(f"{step.key}.d{day}" for day in step.days or (1,))

    @property
    def step_keys(self) -> set[str]:
        """Everything that ``step:KEY`` may mean: a step (its last day), or one of its days."""
        return {key for step in self.steps for key in (step.key, *self.planned_keys(step))}

    @cached_property
    def _steps(self) -> dict[str, StepRule]:
        return {step.key: step for step in self.steps}

    @cached_property
    def timetable(self) -> Timetable:
        """The rule compiled for planning, once for each rule."""
        from .planning import Timetable

        return Timetable(self)
