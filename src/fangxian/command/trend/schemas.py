"""What the judgement of a trend (研判) gives out. What cannot be told is absent, and `unknown` says why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from fangxian.text import Text


@dataclass(frozen=True, slots=True)
class Estimate:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Assumed:
    """The serial interval (代间隔) that was reckoned with, in days, and where it comes from: the pack's value, or the reader's own."""

    mean: float
    sd: float
    source: Text
    grade: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class OnsetDay:
    """Cases who fell ill on a day: reported so far, imported of them, the share that should be reported by now, and the nowcast.

    `expected` and what follows are None where nothing can be said of the day yet.
    """

    day: date
    reported: int
    imported: int
    share: float | None
    expected: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class ReproductionDay:
    """R over the window of days that ends with `day`. `is_weak`: few cases, or days of which much is not reported yet."""

    since: date
    day: date
    r: Estimate
    is_weak: bool


@dataclass(frozen=True, slots=True)
class Growth:
    """Growth a day as a rate, and the time in which cases double (negative: halve); None where it may be either."""

    rate: Estimate
    doubling: Estimate | None
    days: int


@dataclass(frozen=True, slots=True)
class ForecastDay:
    """Onsets expected of a day if growth goes on: median, the middle half, 95 %; and what “as before” would expect."""

    day: date
    median: float
    half: tuple[float, float]
    wide: tuple[float, float]
    as_before: float


@dataclass(frozen=True, slots=True)
class Skill:
    """How good such forecasts lately were, each made with what was known on its day: `origins` of them, seven days each.

    `score` is the mean weighted interval score, `as_before` that of the naive forecast; `covered` the share of days within the 95 %
    interval.
    """

    origins: tuple[date, ...]
    score: float
    as_before: float
    covered: float


@dataclass(frozen=True, slots=True)
class Delay:
    """A delay in days over `n` cases: a gamma distribution fitted with right truncation allowed for; `shares` by whole days 0, 1, 2 …"""

    key: str
    n: int
    mean: Estimate
    sd: float
    median: float
    p95: float
    counts: tuple[int, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    """How unevenly cases infect: of `n` cases old enough for their infectees to be known; k None: no more unevenly than chance."""

    n: int
    mean: Estimate
    k: Estimate | None
    share_behind_80: float | None
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class GoingCluster:
    """A circle of places and a stretch of days with more cases than expected; p by permutation."""

    places: tuple[str, ...]
    names: tuple[Text, ...]
    since: date
    until: date
    observed: int
    expected: float
    p: float


@dataclass(frozen=True, slots=True)
class Trend:
    """How an outbreak is going in a jurisdiction, as told by the cases reported by the end of `day`."""

    outbreak: str
    outbreak_name: Text
    pack: str
    area: str
    area_name: Text
    day: date
    known: datetime
    window: int
    cases: int
    without_onset: int
    before_onset: int
    assumed: Assumed | None
    days: tuple[OnsetDay, ...]
    reproduction: tuple[ReproductionDay, ...]
    growth: Growth | None
    forecast: tuple[ForecastDay, ...]
    skill: Skill | None
    delays: tuple[Delay, ...]
    spread: Spread | None
    clusters: tuple[GoingCluster, ...]
    #: Figure → why it cannot be told.
    unknown: Mapping[str, Text]

    @property
    def r(self) -> ReproductionDay | None:
        """The newest R that rests on enough, else the newest."""
        firm = [one for one in self.reproduction if not one.is_weak] or self.reproduction
        return firm[-1] if firm else None

    @property
    def unreported(self) -> float | None:
        """Onsets that have happened and are not reported yet, where that can be told."""
        missing = [one.expected - one.reported for one in self.days if one.expected is not None]
        return sum(missing) if missing else None
