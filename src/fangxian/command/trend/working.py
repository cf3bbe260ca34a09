"""From counts of cases by day of onset and of report to what they say of the trend. Pure: the science is `fangxian.analytics`.

Whatever needs the newest days works on the completed curve: what is reported, plus what the nowcast expects still to come, up to
the last day of which at least half should be reported. Days after that are a matter of the forecast.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics import forecasting, nowcasting, reproduction
from fangxian.analytics.chains import Offspring
from fangxian.analytics.errors import AnalysisError
from fangxian.command.trend import schemas
from fangxian.text import Text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

#: Days that the delay of reports is learned from, and the longest delay that is thought of.
LEARNED, LONGEST = 60, 30
#: A day counts as known when so much of it should be reported; below the second share an estimate from it is weak.
KNOWN, FIRM = 0.5, 0.9
#: With fewer cases in a window the standard deviation of R exceeds 30 % (Cori and others 2013).
FEW = 11
#: How often the curve is completed at random.
DRAWS = 100
GROWN, AHEAD, SCORED, WEEKS = 14, 14, 7, 4
#: Fewer cases than these say nothing of how long reports take, and of a trend.
LEAST = 10


class Unknown(Exception):
    """Something cannot be told, for this reason."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.why = Text(zh, en)


@dataclass(frozen=True, eq=False)
class Reports:
    """Counts of cases: day of onset, day of report (both as days since 1970), how many, and how many of them imported. Equal lengths."""

    onset: Ints
    report: Ints
    number: Ints
    imported: Ints

    @classmethod
    def of(cls, rows: Sequence[tuple[date, date, int, bool]]) -> "Reports":
        """From (onset, report, number, whether imported)."""
        number = np.array([n for _o, _r, n, _i in rows], np.int64)
        imported = np.array([n if i else 0 for _o, _r, n, i in rows], np.int64)
        return cls(_days([o for o, *_ in rows]), _days([r for _o, r, *_ in rows]), number, imported)

    def known(self, day: int) -> "Reports":
        """What had been reported by the end of a day."""
        keep = self.report <= day
        return Reports(self.onset[keep], self.report[keep], self.number[keep], self.imported[keep])


@dataclass(frozen=True, eq=False)
class Curve:
    """Cases by onset from `first` on (days since 1970): reported, imported of them, the share that should be reported by now, and
    what is expected in the end with its interval; NaN where nothing can be said. All of shape (days,)."""

    first: int
    reported: Ints
    imported: Ints
    share: Floats
    expected: Floats
    low: Floats
    high: Floats

    @property
    def firm(self) -> int:
        """How many of its days are known well enough to go on from."""
        short = ~(self.share >= KNOWN)
        return int(np.argmax(short)) if short.any() else len(self.share)

    def completed(self, column: str = "expected") -> Ints:
        """Whole cases of the days that are known well enough."""
        whole: Floats = getattr(self, column)[: self.firm]
        return np.maximum(np.rint(whole), self.reported[: self.firm]).astype(np.int64)


def curve(reports: Reports, day: int) -> tuple[Curve, Unknown | None]:
    """The curve up to a day with its nowcast; where no nowcast can be made, with what is reported only, and why."""
    told = reports.known(day)
    if not told.number.sum():
        raise Unknown("还没有已知发病日期的病例。", "There is no case yet whose day of onset is known.")
    first = int(told.onset.min())
    length = day - first + 1
    place = told.onset - first
    reported = np.bincount(place, told.number, length).astype(np.int64)
    imported = np.bincount(place, told.imported, length).astype(np.int64)
    share, expected = np.ones(length), reported.astype(np.float64)
    low, high = expected.copy(), expected.copy()
    try:
        found = _nowcast(told, first, day)
    except Unknown as why:
        return Curve(first, reported, imported, np.full(length, np.nan), expected, low, high), why
    tail = len(found.share)
    share[-tail:] = found.share
    for whole, part in ((expected, found.expected), (low, found.lower), (high, found.upper)):
        whole[-tail:] = np.where(share[-tail:] < 1, part, whole[-tail:])
    return Curve(first, reported, imported, share, expected, low, high), None


def _nowcast(told: Reports, first: int, day: int) -> nowcasting.Nowcast:
    """Of the last days only: those of which reports may still be missing, and as many as their delays are learned from."""
    delay = np.maximum(told.report - told.onset, 0)
    recent = told.onset > day - LEARNED
    if told.number[recent].sum() < LEAST:
        raise Unknown(
            f"近 {LEARNED} 天发病的病例不足 {LEAST} 例，无法估计报告延迟。",
            f"Fewer than {LEAST} cases fell ill in the last {LEARNED} days: how long reports take cannot be told.",
        )
    span = min(LEARNED, day - first + 1)
    slow = int(np.quantile(np.repeat(delay[recent], told.number[recent]), 0.99, method="higher"))
    longest = min(max(slow, 1), LONGEST, span - 1)
    if longest < 1:
        raise Unknown(
            "疫情才一天，无法估计报告延迟。", "The outbreak is a day old: how long reports take cannot be told."
        )
    events, reports = (
        np.repeat(days, told.number).astype("datetime64[D]") for days in (told.onset, told.onset + delay)
    )
    table = nowcasting.reporting_triangle(events, reports, now=_date(day), days=span, longest=longest)
    return nowcasting.bayesian(table, draws=2000)


def estimated(whole: Curve, mean: float, sd: float, window: int) -> list[schemas.ReproductionDay]:
    """R in sliding windows over the completed curve; where reports are still to come, the interval allows for how many.

    For that the curve is completed at random as often as `DRAWS`, and the intervals are those of all the estimates together.
    """
    y = whole.completed()
    length = len(y)
    if length <= window:
        raise Unknown(
            f"已知的日子不足 {window + 1} 天，少于一个窗口。",
            f"Fewer than {window + 1} days are known: less than a window.",
        )
    ways = np.concatenate((y[None, :], _completions(whole, y)))
    si = reproduction.discr_si(np.arange(max(length, _long(mean, sd))), mean, sd)
    imported = np.tile(whole.imported[:length], (len(ways), 1))
    found = reproduction.estimate_r(ways, si, window=window, imported=imported)
    counts = np.convolve(y, np.ones(window, np.int64), "valid")[1:]
    random = np.random.default_rng(1)
    rows = []
    for place, (start, end) in enumerate(zip(found.start.tolist(), found.end.tolist(), strict=True)):
        if np.isnan(found.mean[0, place]):
            continue
        middle, width = found.mean[1:, place], found.sd[1:, place]
        if np.ptp(middle) == 0:
            low, high = (float(found.quantile(p)[0, place]) for p in (0.025, 0.975))
        else:
            drawn = random.gamma((middle / width) ** 2, width**2 / middle, (DRAWS // 4, len(middle)))
            low, high = (float(value) for value in np.quantile(drawn, (0.025, 0.975)))
        r = schemas.Estimate(float(found.mean[0, place]), low, high)
        weak = bool(counts[place] < FEW or whole.share[end] < FIRM)
        rows.append(schemas.ReproductionDay(_date(whole.first + start), _date(whole.first + end), r, weak))
    if not rows:
        raise Unknown("观察的日子还短于一个代间隔。", "Less than a serial interval has been seen so far.")
    return rows


def growing(whole: Curve) -> schemas.Growth:
    """Growth over the last known days."""
    y = whole.completed()
    _enough(y)
    found = forecasting.growth(y, times=GROWN)
    fast, slow = found.doubling_interval
    doubling = None if np.isinf(fast) else schemas.Estimate(found.doubling, min(fast, slow), max(fast, slow))
    return schemas.Growth(schemas.Estimate(found.rate, *found.interval), doubling, found.times)


def forecast(whole: Curve) -> list[schemas.ForecastDay]:
    """The next days, the first of them the first that is not known yet."""
    y = whole.completed()
    _enough(y)
    grown = forecasting.exponential(y, AHEAD, times=GROWN)
    before = forecasting.persistence(y, AHEAD)
    at = {p: place for place, p in enumerate(forecasting.PROBABILITIES)}
    rows = []
    for ahead in range(AHEAD):
        q = grown[ahead]
        rows.append(
            schemas.ForecastDay(
                _date(whole.first + len(y) + ahead), float(q[at[0.5]]), (float(q[at[0.25]]), float(q[at[0.75]])),
                (float(q[at[0.025]]), float(q[at[0.975]])), float(before[ahead][at[0.5]]),
            )
        )  # fmt: skip
    return rows


def skill(reports: Reports, whole: Curve, day: int) -> schemas.Skill:
    """Forecasts made anew with what was known one, two … weeks ago, scored against what is known of those days now."""
    now = whole.completed()
    told: list[tuple[date, Any, Any, Floats]] = []
    for week in range(1, WEEKS + 1):
        origin = day - 7 * week
        try:
            then, fault = curve(reports, origin)
            y = then.completed()
            _enough(y)
            start = then.first + len(y) - whole.first
            seen = now[start : start + SCORED]
            if fault is not None or len(seen) < SCORED:
                continue
            made = (forecasting.exponential(y, SCORED, times=GROWN), forecasting.persistence(y, SCORED))
        except (Unknown, AnalysisError):
            continue
        told.append((_date(origin), *made, seen.astype(np.float64)))
    if not told:
        raise Unknown(
            "还没有满一周可供检验的预测。", "No forecast is old enough to be checked against a whole week yet."
        )
    grown, before, seen = (np.concatenate([one[place] for one in told]) for place in (1, 2, 3))
    p = forecasting.PROBABILITIES
    return schemas.Skill(
        tuple(one[0] for one in told), float(forecasting.wis(grown, p, seen).score.mean()),
        float(forecasting.wis(before, p, seen).score.mean()), forecasting.coverage(grown, p, seen, 0.95),
    )  # fmt: skip


def delay(key: str, days: Ints, horizon: Ints) -> schemas.Delay:
    """A delay of whole days from its cases and how long each could have been seen."""
    if len(days) < LEAST:
        raise Unknown(f"仅 {len(days)} 例，不足 {LEAST} 例。", f"Only {len(days)} cases, fewer than {LEAST}.")
    found = nowcasting.fit_delay(days, horizon)
    counts = np.bincount(days)
    shares = np.diff(found.cumulative(np.concatenate(([0.0], np.arange(len(counts)) + 0.5))))
    return schemas.Delay(
        key, len(days), schemas.Estimate(found.mean, *found.mean_interval), found.sd, float(found.quantile(0.5)),
        float(found.quantile(0.95)), tuple(counts.tolist()), tuple(shares.tolist()),
    )  # fmt: skip


def spread(found: Offspring) -> schemas.Spread:
    """How unevenly cases infect."""
    n = int(found.cases.sum())
    if n < LEAST or found.mean is None or found.mean_interval is None:
        raise Unknown(
            f"满足观察期的病例仅 {n} 例，或其中没有一条传播关系。",
            f"Only {n} cases are old enough for their infectees to be known, or none of them is known to have infected anybody.",
        )
    k = None
    if found.k is not None and found.k_interval is not None and np.isfinite(found.k):
        k = schemas.Estimate(found.k, *found.k_interval)
    mean = schemas.Estimate(found.mean, *found.mean_interval)
    return schemas.Spread(n, mean, k, found.share_causing(0.8), tuple(found.cases.tolist()))


def onset_days(whole: Curve, fault: Unknown | None) -> list[schemas.OnsetDay]:
    """The curve as it is told."""
    rows = []
    for place in range(len(whole.reported)):
        says = fault is None and not np.isnan(whole.expected[place])
        rows.append(
            schemas.OnsetDay(
                _date(whole.first + place), int(whole.reported[place]), int(whole.imported[place]),
                float(whole.share[place]) if fault is None else None,
                *((float(a[place]) for a in (whole.expected, whole.low, whole.high)) if says else (None, None, None)),
            )
        )  # fmt: skip
    return rows


def number_of(day: date) -> int:
    """A day as days since 1970."""
    return (day - date(1970, 1, 1)).days


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _completions(whole: Curve, y: Ints) -> Ints:
    """The curve completed at random (DRAWS, days): what is still to come is gamma with the nowcast's mean and spread."""
    length = len(y)
    reported = whole.reported[:length]
    missing = np.maximum(whole.expected[:length] - reported, 0)
    width = (whole.high[:length] - whole.low[:length]) / (2 * 1.959964)
    drawn = np.tile(y, (DRAWS, 1))
    some = (missing > 0) & (width > 0)
    if some.any():
        shape, scale = (missing[some] / width[some]) ** 2, width[some] ** 2 / missing[some]
        drawn[:, some] = reported[some] + np.rint(
            np.random.default_rng(2).gamma(shape, scale, (DRAWS, int(some.sum())))
        )
    return drawn


def _enough(y: Ints) -> None:
    if len(y) < 7 or y[-GROWN:].sum() < LEAST:
        raise Unknown(
            f"近 {GROWN} 天已知的病例不足 {LEAST} 例，或不足 7 天。",
            f"Fewer than {LEAST} cases in the last {GROWN} known days, or fewer than 7 days.",
        )


def _long(mean: float, sd: float) -> int:
    """Days within which practically every serial interval of this mean and sd lies."""
    return int(np.ceil(mean + 12 * sd)) + 2


def _days(days: Sequence[date]) -> Ints:
    return np.array([number_of(one) for one in days], np.int64)


def _date(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=int(number))


def whys(found: Mapping[str, Unknown | AnalysisError]) -> dict[str, Text]:
    """Why each figure that cannot be told cannot."""
    return {key: one.why if isinstance(one, Unknown) else Text(one.zh, one.en) for key, one in found.items()}
