"""The parts of a pack that judge: case definitions, infectious windows, exposure categories, zones, codes, thresholds.

Field types double as the schema of the YAML file (see ``reader``): `Annotated` says which words or units are allowed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, ClassVar

from fangxian.text import Text

from .citation import Cited
from .conditions import ALWAYS, Condition
from .duty import Anchor, Due, Measures, Named


@dataclass(frozen=True)
class ReportRule:
    """How soon a diagnosed case must be in the reporting system (网络直报时限)."""

    within: Annotated[Cited, Measures("duration")]


@dataclass(frozen=True)
class CaseClass:
    """A case definition (病例定义): suspected, probable, confirmed, asymptomatic …"""

    key: str
    name: Text
    when: Condition
    cite: Cited


@dataclass(frozen=True)
class InfectiousWindow:
    """The days in which a case may have infected others. The first window whose ``when`` holds applies."""

    key: str
    from_: Due
    to: Due | None = None
    when: Condition = ALWAYS
    cite: Cited | None = None


@dataclass(frozen=True)
class Criterion:
    """One way to fall into a category, with the name under which it is shown as the reason."""

    key: str
    name: Text
    when: Condition
    cite: Cited | None = None


@dataclass(frozen=True)
class Category:
    """A class of exposed people: 密接, 次密接, 一般接触者 … Ring 1 met the case, ring 2 met a ring-1 contact.

    Applies when ``requires`` holds and any criterion does. ``enabled`` makes an optional local rule: off until an
    overlay turns it on.
    """

    key: str
    name: Text
    cite: Cited
    criteria: Annotated[tuple[Criterion, ...], Named()]
    ring: int = 1
    requires: Condition = ALWAYS
    enabled: Annotated[Cited, Measures("yes/no")] | None = None

    @property
    def is_on(self) -> bool:
        """Whether the category is in use."""
        return self.enabled is None or bool(self.enabled.value)


@dataclass(frozen=True)
class Exposure:
    """Exposure categories in order of precedence, and what an unknown fact counts as (the cautious answer)."""

    categories: Annotated[tuple[Category, ...], Named()]
    assume: dict[str, Annotated[Cited, Measures("yes/no")]] = field(default_factory=dict)


#: What a zone may be drawn by, from the smallest to the largest.
ZONE_UNITS = ("building", "compound", "street", "cell", "grid", "village", "township", "county")


@dataclass(frozen=True)
class ZoneMeasure:
    """One measure in a zone of a level (足不出户, 上门服务 …)."""

    key: str
    name: Text
    cite: Cited | None = None


@dataclass(frozen=True)
class ZoneLevel:
    """A level of area control (高风险区, 管控区 …): when a place belongs to it, what is done there, what it is drawn by.

    ``unit``: the piece of land that counts as one; without it the building where that is known, else the compound, else the
    village or community. ``enabled`` makes a level that an overlay turns on or off.
    """

    key: str
    name: Text
    when: Condition
    measures: Annotated[tuple[ZoneMeasure, ...], Named()]
    cite: Cited
    unit: Annotated[Cited, Measures(words=ZONE_UNITS)] | None = None
    enabled: Annotated[Cited, Measures("yes/no")] | None = None

    @property
    def is_on(self) -> bool:
        """Whether the level is in use."""
        return self.enabled is None or bool(self.enabled.value)


@dataclass(frozen=True)
class LiftRule:
    """When a zone may pass from one level to a lower one (None: no level any more)."""

    key: str
    name: Text
    from_: str
    when: Condition
    cite: Cited
    to: str | None = None
    enabled: Annotated[Cited, Measures("yes/no")] | None = None

    @property
    def is_on(self) -> bool:
        """Whether the way down is in use."""
        return self.enabled is None or bool(self.enabled.value)


@dataclass(frozen=True)
class Counting:
    """When a case counts as having been active, or as having stayed, at a place: ``key`` is the fact that then holds."""

    key: str
    name: Text
    when: Condition
    cite: Cited | None = None


@dataclass(frozen=True)
class Zones:
    """Levels, highest first, the ways down, and how a case's stays at a place are counted."""

    levels: Annotated[tuple[ZoneLevel, ...], Named()]
    lift: Annotated[tuple[LiftRule, ...], Named()]
    counting: Annotated[tuple[Counting, ...], Named()] = ()

    def level(self, key: str) -> ZoneLevel:
        """A level by its key. Raises KeyError."""
        return self.levels[self.rank(key)]

    def rank(self, key: str) -> int:
        """Where a level stands, 0 being the strictest. Raises KeyError."""
        for place, level in enumerate(self.levels):
            if level.key == key:
                return place
        raise KeyError(key)


@dataclass(frozen=True)
class CodeRule:
    """A health-code colour as a published function of evidence: nobody sets one, the first rule that holds gives it."""

    key: str
    name: Text
    when: Condition
    cite: Cited
    lasts: Annotated[Cited, Measures("duration")] | None = None


@dataclass(frozen=True)
class Threshold:
    """A number of cases that calls for action: ``count`` in any ``within`` consecutive days, in one ``scope``."""

    key: str
    name: Text
    count: Annotated[Cited, Measures("count", "rate")]
    scope: Text
    within: Annotated[Cited, Measures("duration")] | None = None
    where: Condition = ALWAYS

    def reached(self, days: Iterable[date]) -> date | None:
        """The day on which a series of case dates, one for each case, first reached the threshold; None if never.

        A window of 7 days is 7 calendar days with both ends counted. Raises TypeError for a rate, which needs a
        population.
        """
        if self.count.unit and self.count.unit.startswith("per_"):
            raise TypeError(f"{self.key} is a rate: divide by the population first")
        ordered, need = sorted(days), int(self.count.number)
        span = self.within.delta.days if self.within else 10**6
        for first, last in zip(ordered, ordered[need - 1 :], strict=False):
            if (last - first).days < span:
                return last
        return None


@dataclass(frozen=True)
class Parameter:
    """A named value that is not a rule: a pool size, an incubation time, people for each sampling site."""

    shorthand: ClassVar[str] = "value"
    key: str
    name: Text
    value: Annotated[Cited, Measures("any")]


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters on one subject."""

    key: str
    name: Text
    values: Annotated[tuple[Parameter, ...], Named()]

    def __getitem__(self, key: str) -> Cited:
        for parameter in self.values:
            if parameter.key == key:
                return parameter.value
        raise KeyError(key)


@dataclass(frozen=True)
class Post:
    """How often people in a kind of post are tested (高风险岗位核酸检测频次)."""

    key: str
    name: Text
    tests: Annotated[Cited, Measures("count")]
    every: Annotated[Cited, Measures("duration")]


@dataclass(frozen=True)
class Retention:
    """How long a kind of record is kept: "at most" is deleted after it, "at least" may not be deleted before it."""

    key: str
    name: Text
    cite: Cited
    at_most: Annotated[Cited, Measures("duration")] | None = None
    at_least: Annotated[Cited, Measures("duration")] | None = None


@dataclass(frozen=True)
class Target:
    """A timeliness target between two moments, such as the three of 7-1-7."""

    key: str
    name: Text
    from_: Annotated[str, Anchor()]
    to: Annotated[str, Anchor()]
    within: Annotated[Cited, Measures("duration")]
