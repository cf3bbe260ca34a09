"""What is done against it (防控措施). Each measure is a small object that writes into a plan; those here are what guidelines name.

A measure of one's own is any object with `enter(plan)`:

    @dataclass(frozen=True)
    class AlternateWeeks:
        \"\"\"Every other week the school is at home.\"\"\"
        since: int = 0
        multiplied = True

        def enter(self, plan):
            away = np.arange(plan.days) // 7 % 2 == 1
            away[: self.since] = False
            plan.open[away, SCHOOL] *= 0.0
            plan.closed[away, SCHOOL] = 1.0

`multiplied` says that several of its kind may hold on the same day.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.simulation import plan as plans
from fangxian.analytics.simulation import values
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.plan import Measure, Plan
from fangxian.analytics.simulation.population import LAYERS
from fangxian.analytics.simulation.values import FOREVER

__all__ = [
    "Arrivals", "Capacity", "Closure", "Fatigue", "Isolation", "Masks", "Measure", "Rounds", "Testing", "Tracing", "Vaccination", "Zones",
]  # fmt: skip
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Testing:
    """Chances of a test a day with symptoms and without, and on the day after quarantine begins; the result comes after `delay` days.

    Of those with symptoms the share `seeking` ever seeks care; in quarantine everybody is looked at.
    """

    symptomatic: float = values.share(0.0)
    routine: float = values.share(0.0)
    symptomatic_quarantined: float = values.share(0.0)
    quarantined: float = values.share(0.0)
    sensitivity: float = values.share(1.0)
    delay: int = values.days(1)
    since: int = values.days(0)
    until: int = values.days(FOREVER)
    seeking: float = values.share(1.0)

    def enter(self, plan: Plan) -> None:
        """Its chances on its days."""
        held = plan.window(self.since, self.until)
        plan.chances[held] = (
            self.symptomatic, self.routine, self.symptomatic_quarantined, self.quarantined, self.sensitivity,
        )  # fmt: skip
        plan.result_after[held] = self.delay
        plan.seeking[held] = self.seeking


@dataclass(frozen=True, slots=True)
class Tracing:
    """Contacts of somebody found positive (密接): the share named by layer, after how many days, and quarantined until when from the
    result on; `review` days pass between result and tracing. `second` are contacts of contacts (次密接), reached `second_after` days after
    the contact, for `second_days`."""

    share: tuple[float, ...] = values.layer_shares()
    after: tuple[int, ...] = values.layer_days((0, 0, 0, 0))
    days: int = values.days(14)
    since: int = values.days(0)
    until: int = values.days(FOREVER)
    review: int = values.days(0)
    second: tuple[float, ...] = values.layer_shares((0.0, 0.0, 0.0, 0.0))
    second_after: int = values.days(1)
    second_days: int = values.days(7)

    def enter(self, plan: Plan) -> None:
        """Its shares on its days."""
        if max(self.after) > self.days or self.second_after > self.second_days:
            raise SimulationError(
                "天数不应为负，追踪应早于隔离期满。",
                "Days are at least 0, and contacts are reached before their quarantine ends.",
            )
        held = plan.window(self.since, self.until)
        plan.traced[held], plan.reached[held] = self.share, self.after
        plan.confined[held], plan.review[held] = self.days, self.review
        plan.next_traced[held], plan.next_after[held] = self.second, self.second_after
        plan.next_confined[held] = self.second_days


@dataclass(frozen=True, slots=True)
class Isolation:
    """What is left of transmission by layer from somebody found positive, from or to somebody in quarantine, and from somebody found
    who waits at home for a bed."""

    found: tuple[float, ...] = values.layer_shares((0.3, 0.1, 0.1, 0.1))
    quarantined: tuple[float, ...] = values.layer_shares((0.6, 0.2, 0.2, 0.2))
    waiting: tuple[float, ...] = values.layer_shares((0.6, 0.2, 0.2, 0.2))

    def enter(self, plan: Plan) -> None:
        """For all days."""
        plan.less[:] = self.found, self.quarantined, self.waiting


@dataclass(frozen=True, slots=True)
class Closure:
    """From a day until before another, so much of a layer's transmission is left: a closed school, distance at work.

    With `above`: only while so many of 100,000 people were found in the last seven days, until there are fewer than `below`.
    """

    layer: str = values.choice(*LAYERS)
    left: float = values.share()
    since: int = values.days()
    until: int = values.days(FOREVER)
    above: float = values.amount(0.0)
    below: float = values.amount(0.0)
    multiplied: ClassVar[bool] = True

    def enter(self, plan: Plan) -> None:
        """Multiply what is left of the layer."""
        at, held = LAYERS.index(self.layer), plan.window(self.since, self.until)
        if self.above > 0:
            plan.triggers.append((at, self.left, self.above, min(self.below, self.above), self.since, self.until))
            return
        plan.open[held, at] *= self.left
        plan.closed[held, at] = 1 - (1 - plan.closed[held, at]) * self.left


@dataclass(frozen=True, slots=True)
class Masks:
    """So many wear masks; a mask keeps back the share `outward` of what its wearer breathes out and `inward` of what comes in."""

    worn: float = values.share()
    outward: float = values.share(0.5)
    inward: float = values.share(0.3)
    layers: tuple[float, ...] = values.layer_shares((0.0, 1.0, 1.0, 1.0))
    since: int = values.days(0)
    until: int = values.days(FOREVER)
    multiplied: ClassVar[bool] = True

    def enter(self, plan: Plan) -> None:
        """Multiply what is left of each layer, by how much of its time masks are worn there."""
        worn = self.worn * np.asarray(self.layers)
        plan.open[plan.window(self.since, self.until)] *= (1 - worn * self.outward) * (1 - worn * self.inward)


@dataclass(frozen=True, slots=True)
class Capacity:
    """How much can be done: tests and tracings (investigated cases) a day, beds. What exceeds it waits in a queue, first come first served.

    With a bounded laboratory a result comes on the day after the sample at the earliest. Whoever turns severe without a hospital bed and
    is critical dies `unbedded` times as probably.
    """

    laboratory: float = values.amount(inf)
    investigators: float = values.amount(inf)
    isolation_beds: float = values.amount(inf)
    hospital_beds: float = values.amount(inf)
    unbedded: float = values.amount(2.0)

    def enter(self, plan: Plan) -> None:
        """For all days."""
        if min(self.laboratory, self.investigators) <= 0:
            raise SimulationError(
                "实验室与流调的每日能力应大于 0；没有时请去掉相应措施。",
                "Laboratory and investigators do more than 0 a day; where there are none, leave testing or tracing out.",
            )
        plan.capacity[:] = self.laboratory, self.investigators, self.isolation_beds, self.hospital_beds
        plan.unbedded = self.unbedded


@dataclass(frozen=True, slots=True)
class Rounds:
    """Mass testing in rounds (区域核酸检测): everybody, or who lives in closed zones, every so many days. `capacity` samples a day make a
    round last as long as it takes; `pool` people share a tube, and a positive tube is resolved. `sensitivity` by day since infection,
    the last for all later days."""

    every: int = values.count()
    since: int = values.days(0)
    until: int = values.days(FOREVER)
    attending: float = values.share(1.0)
    capacity: float = values.amount(inf)
    pool: int = values.count(10)
    delay: int = values.days(1)
    sensitivity: tuple[float, ...] = values.shares(
        plans.SINCE_INFECTION, (0.0, 0.05, 0.3, 0.7, 0.9, 0.95, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
    )
    scope: str = values.choice("all", "zones", default="all")
    multiplied: ClassVar[bool] = True

    def enter(self, plan: Plan) -> None:
        """A row of the plan's rounds."""
        if self.capacity <= 0:
            raise SimulationError("每日采样能力应大于 0。", "More than 0 samples are taken a day.")
        zoned = self.scope == "zones"
        plan.rounds.append(
            (self.since, self.until, self.every, self.attending, self.capacity, self.pool, self.delay, zoned)
        )
        later = np.full(plans.SINCE_INFECTION, self.sensitivity[-1])
        later[: len(self.sensitivity)] = self.sensitivity
        plan.detects.append(later)


@dataclass(frozen=True, slots=True)
class Zones:
    """Closed zones (封控): a building, compound or township with so many found positive closes `after` days later, until `days` after the
    last one found in it. `left` of transmission from and to those who live there goes on: essential needs, and who breaks the rule."""

    level: str = values.choice("building", "compound", "township", default="compound")
    cases: int = values.count(1)
    after: int = values.days(1)
    days: int = values.days(14)
    left: tuple[float, ...] = values.layer_shares((1.0, 0.0, 0.0, 0.1))
    since: int = values.days(0)
    until: int = values.days(FOREVER)

    def enter(self, plan: Plan) -> None:
        """The plan has one rule of zones."""
        if plan.zones is not None:
            raise SimulationError("封控规则只能给出一次。", "Zones can be given once.")
        if self.days < 1 or self.after >= self.days:
            raise SimulationError("封控应先于解封。", "A zone closes before it is opened again.")
        plan.zones = self


@dataclass(frozen=True, slots=True)
class Arrivals:
    """People who come back from elsewhere (来返人员): so many a day, a share of them infected up to `ago` days before. At arrival a test
    finds the share `screening` of those already infectious, then `quarantine` days follow; `leak` escape both."""

    travellers: float = values.amount()
    infected: float = values.share()
    ago: int = values.days(7)
    screening: float = values.share(0.0)
    quarantine: int = values.days(0)
    leak: float = values.share(0.0)
    since: int = values.days(0)
    until: int = values.days(FOREVER)

    def enter(self, plan: Plan) -> None:
        """A row of the plan's arrivals."""
        if self.travellers == inf:
            raise SimulationError("每日来返人数应为有限的数。", "So many people arrive a day: a finite number.")
        entry = (self.travellers, self.infected, self.ago, self.screening, self.quarantine, self.leak)
        plan.arrivals.append((*entry, self.since, self.until))


@dataclass(frozen=True, slots=True)
class Vaccination:
    """Vaccination (疫苗接种): the share of each decade of age that takes it, oldest first, `a_day` people a day from day `since` on, which
    may lie before day 0. Efficacy after each dose against infection, against severe illness, and of passing it on; `lag` days after a
    dose, the second `interval` days after the first; half as much after `half_life` days (infinite: for good)."""

    coverage: tuple[float, ...] = values.decade_shares()
    a_day: float = values.amount(inf)
    since: int = values.day(0)
    infection: tuple[float, ...] = values.shares(2, (0.3, 0.6))
    severe: tuple[float, ...] = values.shares(2, (0.5, 0.9))
    onward: tuple[float, ...] = values.shares(2, (0.0, 0.0))
    lag: int = values.days(14)
    interval: int = values.days(28)
    half_life: float = values.amount(inf)

    def enter(self, plan: Plan) -> None:
        """The plan has one vaccination."""
        if self.a_day <= 0 or self.half_life <= 0:
            raise SimulationError(
                "每日接种人数与半衰期应大于 0。",
                "Vaccination reaches more than 0 people a day, and half_life is above 0.",
            )
        plan.vaccination = self

    def effects(self) -> Floats:
        """(3, 2): against infection, severe illness, onward transmission, after the first and the last dose."""
        return np.array([(one[0], one[-1]) for one in (self.infection, self.severe, self.onward)])

    @property
    def doses(self) -> int:
        """One dose, or two."""
        return max(len(one) for one in (self.infection, self.severe, self.onward))


@dataclass(frozen=True, slots=True)
class Fatigue:
    """Compliance falls with time (疲劳): after `half_life` days half of what people keep to of their own accord is left above `floor`.

    It weakens closures, masks and quarantine; isolation of those found is kept."""

    half_life: float = values.amount()
    floor: float = values.share(0.0)
    since: int = values.days(0)

    def enter(self, plan: Plan) -> None:
        """By day from `since` on."""
        if not 0 < self.half_life < inf:
            raise SimulationError("half_life 应大于 0 天。", "half_life is above 0 days.")
        later = np.maximum(np.arange(plan.days) - self.since, 0)
        plan.compliance[:] = self.floor + (1 - self.floor) * 0.5 ** (later / self.half_life)
