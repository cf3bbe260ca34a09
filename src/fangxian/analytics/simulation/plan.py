"""All measures of a scenario together, day by day: what each measure writes into and the kernel reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.simulation import values
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import LAYERS

Array = NDArray[Any]
#: Columns of `Plan.chances`.
SICK, WELL, SICK_CONFINED, WELL_CONFINED, SENSITIVITY = range(5)
#: Rows of `Plan.less`: in isolation, in quarantine, found and waiting for a bed.
ISOLATED, CONFINED, WAITS = range(3)
#: Places in `Plan.capacity`; the last is how many times as many die for want of a hospital bed.
LABORATORY, INVESTIGATORS, ISOLATION_BEDS, HOSPITAL_BEDS, UNBEDDED = range(5)
#: Places in the rule of zones; what is left by layer follows.
ZONE_DAYS, ZONE_AFTER, ZONE_CASES, ZONE_SINCE, ZONE_UNTIL, ZONE_LEFT = range(6)
#: So many days since infection are told apart by a round's sensitivity.
SINCE_INFECTION = 40


@runtime_checkable
class Measure(Protocol):
    """A measure (防控措施) writes what it does into the plan. Anything with this method is one."""

    def enter(self, plan: Plan) -> None:
        """Write into the plan's arrays."""


#: Columns of `Orders.by_day`; the first five are those of `Plan.chances`.
RESULT_AFTER, SEEKING, KEPT, REVIEW, CONFINED_FOR, NEXT_AFTER, NEXT_CONFINED_FOR = range(5, 12)
#: Rows of `Orders.by_layer` for each day; the first three are those of `Plan.less`.
OPEN, CLOSED, TRACED, REACHED, NEXT_TRACED = range(3, 8)


class Orders(NamedTuple):
    """The plan as the kernel reads it: `by_day` (days, 12), `by_layer` (days, 8, layers), and the tables of single measures."""

    by_day: Array
    by_layer: Array
    triggers: Array
    capacity: Array
    rounds: Array
    detects: Array
    zone: Array
    arrivals: Array
    vaccine: Array
    watched: bool


@dataclass(eq=False)
class Plan:
    """What is done on each day. Arrays whose first axis is the day may be written in windows; measures multiply `open`.

    `chances` (days, 5) of a test with symptoms, without, both again on the day after quarantine begins, and its sensitivity;
    `result_after` (days,) days; `seeking` (days,) the share of those who fall ill that seek care; `traced`, `reached` (days, layers)
    share of contacts and after how many days; `confined` (days,) how long; `review` (days,) days before tracing begins; `next_…` the
    same for contacts of contacts; `less` (3, layers) what is left of transmission in isolation, in quarantine, waiting for a bed;
    `open` (days, layers) what is left of a layer; `closed` how much of that are lost days of school and work; `compliance` (days,).
    """

    days: int
    chances: Array = field(init=False)
    result_after: Array = field(init=False)
    seeking: Array = field(init=False)
    traced: Array = field(init=False)
    reached: Array = field(init=False)
    confined: Array = field(init=False)
    review: Array = field(init=False)
    next_traced: Array = field(init=False)
    next_after: Array = field(init=False)
    next_confined: Array = field(init=False)
    less: Array = field(init=False)
    open: Array = field(init=False)
    closed: Array = field(init=False)
    compliance: Array = field(init=False)
    capacity: Array = field(init=False)
    unbedded: float = 1.0
    #: Layer, what is left, found in seven days of 100,000 people from which on and below which no more, first day, day after the last.
    triggers: list[tuple[float, ...]] = field(default_factory=list)
    #: First day, day after the last, every so many days, share attending, samples a day, pool, days until the result, in zones only.
    rounds: list[tuple[float, ...]] = field(default_factory=list)
    detects: list[Array] = field(default_factory=list)
    #: Travellers a day, share infected, days since, share found at arrival, days of quarantine, share that leaks, first day, day after.
    arrivals: list[tuple[float, ...]] = field(default_factory=list)
    zones: Any = None
    vaccination: Any = None

    def __post_init__(self) -> None:
        days, layers = self.days, len(LAYERS)
        self.chances = np.zeros((days, 5))
        self.chances[:, SENSITIVITY] = 1
        for name in ("result_after", "confined", "review", "next_after", "next_confined"):
            setattr(self, name, np.zeros(days, np.int64))
        self.seeking, self.compliance = np.ones(days), np.ones(days)
        self.traced, self.next_traced, self.closed = (np.zeros((days, layers)) for _one in range(3))
        self.reached = np.zeros((days, layers), np.int64)
        self.open = np.ones((days, layers))
        self.less = np.array([(0.3, 0.1, 0.1, 0.1), *[(0.6, 0.2, 0.2, 0.2)] * 2])
        self.capacity = np.full(4, np.inf)

    @classmethod
    def of(cls, measures: Sequence[Measure], days: int, people: int | None = None) -> Plan:
        """Raises SimulationError for values that make no sense, and for two measures of a kind on the same day."""
        plan = cls(days)
        _apart(measures)
        for one in measures:
            values.check(one)
            one.enter(plan)
        plan.within()
        if people is not None:
            plan.bounded(people)
        return plan

    def window(self, since: int, until: int) -> slice:
        """The days from one until before another, as far as the plan goes."""
        return slice(min(max(since, 0), self.days), min(max(until, 0), self.days))

    def within(self) -> None:
        """Raises SimulationError where a measure wrote what is no share: a layer opened beyond what it is could not be drawn exactly."""
        for name in ("chances", "seeking", "traced", "next_traced", "less", "open", "closed", "compliance"):
            of = getattr(self, name)
            if not ((of >= 0) & (of <= 1)).all():
                raise SimulationError(
                    f"计划的 {name} 应在 0 与 1 之间；传播增强请提高疾病的 transmission。",
                    f"{name} of the plan lies between 0 and 1; where more is passed on, raise the disease's transmission.",
                )

    def bounded(self, people: int) -> None:
        """Raises SimulationError for more capacity than people: a capacity that is no bound is a slip."""
        words = (
            ("实验室", "tests"), ("流调人员", "tracings"), ("隔离床位", "isolation beds"), ("医院床位", "hospital beds"),
        )  # fmt: skip
        given = [(zh, en, most) for (zh, en), most in zip(words, self.capacity.tolist(), strict=True)]
        given += [("每日采样", "samples a day", float(one[4])) for one in self.rounds]
        given += [("每日来返", "travellers a day", float(one[0])) for one in self.arrivals]
        if self.vaccination is not None:
            given.append(("每日接种", "doses a day", float(self.vaccination.a_day)))
        for zh, en, most in given:
            if np.isfinite(most) and most > people:
                raise SimulationError(
                    f"{zh}能力 {most:g} 大于人口 {people}；不受限时请不要填写。",
                    f"There are {most:g} {en} for {people} people; leave the capacity out where it is no bound.",
                )

    def orders(self, season: Array) -> Orders:
        """As the kernel reads it; compliance weakens what people keep to of their own accord."""
        kept = self.compliance[:, None]
        less = np.repeat(self.less[None], self.days, axis=0)
        less[:, CONFINED:] = 1 - (1 - less[:, CONFINED:]) * kept[:, :, None]
        opened = (1 - (1 - self.open) * kept) * season[:, None]
        zones, vaccine = self.zones, self.vaccination
        effects = np.zeros((3, 2)) if vaccine is None else vaccine.effects()
        timing = (0, 0, 1) if vaccine is None else (vaccine.lag, vaccine.interval, vaccine.half_life)
        by_day = (
            self.result_after, self.seeking, self.compliance, self.review, self.confined, self.next_after, self.next_confined,
        )  # fmt: skip
        by_layer = (opened, self.closed * kept, self.traced, self.reached, self.next_traced)
        return Orders(
            np.column_stack((self.chances, *by_day)).astype(np.float64),
            np.ascontiguousarray(np.concatenate((less, np.stack(by_layer, axis=1)), axis=1), np.float64), _table(self.triggers, 6),
            np.array([*self.capacity, self.unbedded]), _table(self.rounds, 8),
            np.stack(self.detects) if self.detects else np.zeros((0, SINCE_INFECTION)),
            np.array([zones.days, zones.after, zones.cases, zones.since, zones.until, *zones.left] if zones else [0.0] * 9, np.float64),
            _table(self.arrivals, 8), np.array([*effects.ravel(), *timing], np.float64),
            bool(self.chances[:, :SENSITIVITY].any() or self.rounds or self.arrivals),
        )  # fmt: skip


def _table(rows: list[tuple[float, ...]], columns: int) -> Array:
    return np.array(rows, np.float64).reshape(len(rows), columns)


def _apart(measures: Sequence[Measure]) -> None:
    """Measures of a kind that would overwrite each other are to have days of their own."""
    seen: dict[type, list[tuple[int, int]]] = {}
    for one in measures:
        if getattr(one, "multiplied", False):
            continue
        since, until = getattr(one, "since", 0), getattr(one, "until", values.FOREVER)
        for begun, ended in seen.setdefault(type(one), []):
            if since < ended and begun < until:
                kind = type(one).__name__.lower()
                raise SimulationError(
                    f"两项 {kind} 的日期重叠；同类措施请分开日期（since、until）。",
                    f"Two measures “{kind}” hold on the same days; give each days of its own (since, until).",
                )
        seen[type(one)].append((since, until))
