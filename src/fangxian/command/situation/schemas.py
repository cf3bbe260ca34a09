"""What the situation gives out. A number never goes alone: its name, its meaning, its question and its list go with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a day. `was` is the same number of the day before, where it can be told.

    `query` names the function that it was asked of and `arguments` what was asked; `list` is the address of what it counts
    (empty where there is no such list). A `state` is how things stood at the end, any other what happened on the day.
    """

    key: str
    name: Text
    means: Text
    value: int
    was: int | None
    query: str
    arguments: Mapping[str, str]
    list: str
    is_state: bool
    is_public: bool


@dataclass(frozen=True, slots=True)
class PartFigures:
    """The additive figures of one part of the jurisdiction, by key; the jurisdiction's own code: not told more exactly."""

    code: str
    name: Text
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CurveDay:
    """Cases of a local day by class."""

    day: date
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class KindFigures:
    """A kind of duty over the jurisdiction: due by the cut-off, missing of it, and the counties where it is missing."""

    kind: str
    name: Text
    due: int
    in_time: int
    late: int
    waived: int
    missing: int
    places: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Clock:
    """One interval of 7-1-7: its dates, length and target in days; `met` is None while it cannot be told."""

    key: str
    name: Text
    from_on: date | None
    to_on: date | None
    days: int | None
    target_days: int
    met: bool | None


@dataclass(frozen=True, slots=True)
class Change:
    """How a state came from what it was the day before: `because` are the movements that make up the difference.

    What they do not explain (a correction of an earlier entry) is the last of them, so that the sum always holds.
    """

    key: str
    name: Text
    was: int
    now: int
    because: tuple[tuple[Text, int], ...]


@dataclass(frozen=True, slots=True)
class Situation:
    """How an outbreak stands in a jurisdiction: the one set of numbers that page, report and programs show.

    Counts from `since` to `until` as known by `known`; `per` of the curves is onset or report, and each ends with `day`.
    """

    outbreak: str
    outbreak_name: Text
    pack: str
    area: str
    area_name: Text
    day: date
    since: datetime
    until: datetime
    known: datetime
    zone: str
    classes: tuple[tuple[str, Text], ...]
    figures: tuple[Figure, ...]
    parts: tuple[PartFigures, ...]
    curves: Mapping[str, tuple[CurveDay, ...]]
    kinds: tuple[KindFigures, ...]
    clocks: tuple[Clock, ...]
    changes: tuple[Change, ...]

    def get(self, key: str) -> Figure | None:
        """The figure of a key, where there is one."""
        return next((one for one in self.figures if one.key == key), None)

    def value(self, key: str) -> int:
        """The value of a figure; 0 where this outbreak has no such figure."""
        found = self.get(key)
        return found.value if found else 0

    @property
    def double_zero(self) -> int:
        return self.value("double_zero.days")


@dataclass(frozen=True, slots=True)
class SitrepRow:
    """A version of a daily report in a list. `state` is draft, signed, or replaced by a later signed version."""

    code: str
    outbreak: str
    outbreak_name: Text
    area: str
    area_name: Text
    day: date
    version: int
    state: str
    reason: str
    is_public: bool
    drafted_at: datetime
    drafted_by: str
    signed_at: datetime | None
    signed_by: str
    digest: str
    edition: int


@dataclass(frozen=True, slots=True)
class SitrepView:
    """A daily report: its line, its frozen figures, the remarks, what its version changed, and what the reader may do."""

    row: SitrepRow
    situation: Situation
    remarks_zh: str
    remarks_en: str
    differs: tuple[tuple[Text, int, int], ...]
    may: frozenset[str]


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """A number that may be told to everybody. Few people are not told to the last one: then `value` is None, and there are some, but
    fewer than `fewer_than`."""

    key: str
    name: Text
    means: Text
    value: int | None
    fewer_than: int = 0


@dataclass(frozen=True, slots=True)
class Published:
    """The public figures of a signed report: nothing of a person, and only what a person has signed and released."""

    outbreak_name: Text
    area: str
    area_name: Text
    day: date
    version: int
    signed_at: datetime
    figures: tuple[PublishedFigure, ...]
    remarks: Text
