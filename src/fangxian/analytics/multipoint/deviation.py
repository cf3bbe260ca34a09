"""How far today's report is from what this source at this place usually says on such a day (校准偏差).

Everything is recursive: a day's reports change a fixed number of sums, so that history is never read again. Sums forget exponentially,
and learn a day only `GUARD` days later, so that a beginning outbreak does not become its own baseline.

Counts are held against a negative binomial with variance φμ; their mid-p value becomes a normal deviate, which keeps rare positives
(one in a hundred days) from counting as much as they would by standard deviations. Levels are compared on the logarithm. What is
left of a drifting baseline, a running mean of the deviates, is taken off, and they are scaled to a standard deviation of 1.
Sources: Farrington, Andrews, Beale, Catchpole, J R Stat Soc A 159 (1996) 547-563, for quasi-Poisson bounds; Burkom, Murphy, Shmueli,
Stat Med 26 (2007) 4202-4218, for smoothing with a guard band and weekdays.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammaln, ndtri, pdtr

from fangxian.analytics.multipoint.calendar import KINDS, kinds
from fangxian.analytics.multipoint.panel import Floats, Source

#: Days between a report and its say in the baseline.
GUARD = 7
#: Days of memory: of the level and of the drift, of dispersion and scale, of the pattern of the week, of who reports when.
LEVEL, SCALE, WEEK, PUNCTUALITY = 28, 90, 120, 365
#: Days since its first report, and reports, before a source can be judged.
NEEDED, REPORTS = 35, 8
#: A deviate says no more than this.
LARGEST = 5.0
#: Counts below this a day are rare; what has never been seen is expected as if this part of one had been.
_RARE, _NEVER = 5.0, 0.05
#: So many expected counts weigh as much as what other places say of a kind of day.
_SHARED = 40.0
#: So many days weigh as much as what other places say of dispersion and scale.
_DAYS_SHARED = 30.0
#: What is not known of a holiday that was never seen, and of any: standard deviation of its factor.
_UNSEEN, _EVER = 0.3, 0.15


@dataclass(frozen=True, eq=False)
class Deviation:
    """One day of n places × m sources: expected count, deviate (NaN: cannot tell), and the probability of so long a silence."""

    expected: Floats
    z: Floats
    silence: Floats


@dataclass(frozen=True, eq=False)
class _Waiting:
    """A day that was judged and has yet to be learnt: its deviates as they were, and without drift."""

    weekday: int
    kind: int
    reports: Floats
    behind: Floats
    raw: Floats
    level: Floats
    expected: Floats
    factor: Floats


class Baselines:
    """What is usual, learnt day by day. `judge` a day's reports, which also learns them."""

    waiting: list[_Waiting]

    def __init__(self, places: int, sources: tuple[Source, ...]) -> None:
        n, m = places, len(sources)
        self.sources = sources
        self.is_level = np.array([one.kind == "level" for one in sources])
        self.latest = max(len(one.reported) for one in sources) - 1  # days after which every report is in
        self.counted, self.behind = np.zeros((n, m)), np.zeros((n, m))  # the level is their ratio
        self.by_kind = np.zeros((2, KINDS, n, m))  # counted, and expected without the kind of day
        self.of_kind = np.zeros((KINDS, m))  # days seen, for what is not yet known
        self.spread = np.zeros((2, n, m))  # sum of squared Pearson residuals, days
        self.drift = np.zeros((2, n, m))  # sum of deviates, days
        self.scale = np.zeros((2, n, m))  # sum of squares of deviates without drift, days
        self.seen, self.days = np.zeros((n, m)), np.zeros((n, m))  # reports learnt, and days since the first
        self.punctual = np.zeros((2, 7, n, m))  # reports, days
        self.silent = np.zeros((n, m))  # log probability of the silence so far
        self.waiting = []

    def judge(self, day: np.datetime64, reports: Floats, behind: Floats, age: int = 10**6) -> Deviation:
        """Hold one day's reports (places, sources) against what is usual. `behind` is their exposure; `age`, days since that day."""
        here = ~np.isnan(reports)
        share = (
            1.0
            if age >= self.latest
            else np.array([one.reported[min(age, len(one.reported) - 1)] for one in self.sources])
        )
        weekday, kind = int(kinds([day], holidays=False)[0]), int(kinds([day])[0])
        factor, unknown = self._factor(weekday)
        if kind != weekday:
            more, unknown = self._factor(kind)
            factor = factor * more
        with np.errstate(divide="ignore", invalid="ignore"):
            level = (self.counted + np.where(self.is_level, 0, _NEVER)) / self.behind
            expected = np.where(
                self.is_level, np.exp(np.where(self.is_level, level, 0)), level * factor * behind * share
            )
            raw = np.where(self.is_level, self._of_levels(reports), self._of_counts(reports, expected, unknown))
            drift = np.where(self.drift[1] > 0, self.drift[0] / self.drift[1], 0.0)
            scale = np.sqrt(_shrunk(self.scale))
            scale = np.where(expected < _RARE, np.maximum(scale, 1), scale)  # they vary less, and say no more for it
            z = np.clip((raw - drift) / scale, -LARGEST, LARGEST)
        ready = (self.days >= NEEDED) & (self.seen >= REPORTS) & np.isfinite(expected)
        silence = self._silence(weekday, here)
        self.waiting.append(_Waiting(weekday, kind, reports, behind * share, raw, raw - drift, expected, factor))
        if len(self.waiting) > GUARD:
            self._learn(self.waiting.pop(0))
        return Deviation(np.where(ready, expected, np.nan), np.where(ready & here, z, np.nan), silence)

    def _factor(self, kind: int) -> tuple[Floats, Floats]:
        """How many times the usual such a day has, by place, and the variance of what is not known of it."""
        counted, base = self.by_kind
        pooled = (counted[kind].sum(0) + _SHARED) / (base[kind].sum(0) + _SHARED)
        factor = (counted[kind] + _SHARED * pooled) / (base[kind] + _SHARED)
        unknown = np.zeros_like(pooled) if kind < 7 else np.maximum(_UNSEEN**2 / (1 + self.of_kind[kind]), _EVER**2)
        return factor, unknown

    def _of_counts(self, y: Floats, mean: Floats, unknown: Floats) -> Floats:
        spread = np.maximum(_shrunk(self.spread), 1.0) + mean * unknown
        return np.asarray(ndtri(np.clip(_mid_p(y, mean, spread), 1e-9, 1 - 1e-9)))

    def _of_levels(self, y: Floats) -> Floats:
        """Levels on the logarithm, against their own mean and the spread around it."""
        mean = self.counted / self.behind
        return np.clip((np.log(y) - mean) / np.sqrt(_shrunk(self.spread)), -LARGEST, LARGEST)

    def _learn(self, day: _Waiting) -> None:
        """Let a day have its say. One that stood out has no more than three standard deviations of it."""
        here = ~np.isnan(day.reports)
        known = here & np.isfinite(day.expected)
        dispersion = np.where(self.is_level, _shrunk(self.spread), np.maximum(_shrunk(self.spread), 1.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.log(day.reports)
            limit = day.expected + 3 * np.sqrt(day.expected * dispersion)
            held = np.where(self.is_level, log, np.where(known, np.minimum(day.reports, limit), day.reports))
            counts = (day.reports - day.expected) ** 2 / day.expected
            squares = np.where(self.is_level, (log - np.log(day.expected)) ** 2, counts)
            usual = day.expected / self._factor(day.kind)[0]
        ones = np.ones_like(day.reports)
        _forget(self.counted, here, held, LEVEL)
        _forget(self.behind, here, np.where(self.is_level, 1.0, day.behind * day.factor), LEVEL)
        told = known & ~self.is_level
        memory = WEEK / 7 if day.kind < 7 else math.inf
        _forget(self.by_kind[0, day.kind], told, held, memory)
        _forget(self.by_kind[1, day.kind], told, usual, memory)
        self.of_kind[day.kind] += told.mean(axis=0)
        judged = known & (self.days >= NEEDED / 2) & np.isfinite(day.raw)
        for sums, value, days in (
            (self.spread, np.minimum(squares, 25 * dispersion), SCALE),
            (self.drift, np.clip(day.raw, -3, 3), LEVEL),
            (self.scale, np.clip(day.level, -3, 3) ** 2, SCALE),
        ):
            _forget(sums[0], judged, value, days)
            _forget(sums[1], judged, ones, days)
        self.seen += here
        self.days += self.seen > 0

    def _silence(self, weekday: int, here: NDArray[np.bool_]) -> Floats:
        """The probability that a source as punctual as this one is silent for so long; 1 where it reported."""
        reports, days = self.punctual[:, weekday]
        late = (days - reports + 0.5) / (days + 1)
        late[self.seen == 0] = 1.0  # it has yet to begin
        self.silent = np.where(here, 0.0, self.silent + np.log(late))
        _forget(reports, np.ones_like(here), here.astype(np.float64), PUNCTUALITY / 7)
        _forget(days, np.ones_like(here), np.ones_like(reports), PUNCTUALITY / 7)
        return np.exp(self.silent)


def _forget(sums: Floats, where: NDArray[np.bool_], value: Floats, days: float) -> None:
    """Let the sums forget a day's share, and add what is new, where there is something new."""
    np.copyto(sums, sums * (1 - 1 / days) + value, where=where)


def _shrunk(sums: Floats) -> Floats:
    """Means of each place and source, drawn towards that of the source everywhere; 1 before anything is known."""
    total, days = sums
    pooled = (total.sum(0) + 1) / (days.sum(0) + 1)
    return np.asarray((total + _DAYS_SHARED * pooled) / (days + _DAYS_SHARED))


def _mid_p(y: Floats, mean: Floats, spread: Floats) -> Floats:
    """P(Y < y) + P(Y = y) / 2 of a negative binomial with this mean and variance spread·mean; Poisson where spread is 1."""
    poisson = spread < 1.001
    size = mean / np.where(poisson, 1.0, spread - 1)
    share = 1 / np.where(poisson, 2.0, spread)
    upto = np.where(poisson, pdtr(y, mean), betainc(size, y + 1, share))
    at = np.where(
        poisson,
        y * np.log(mean) - mean - gammaln(y + 1),
        gammaln(y + size) - gammaln(size) - gammaln(y + 1) + size * np.log(share) + y * np.log1p(-share),
    )
    return np.asarray(upto - np.exp(at) / 2)
