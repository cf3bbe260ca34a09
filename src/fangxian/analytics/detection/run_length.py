"""Limits of control charts by how often a false alarm is wanted: the average run length (平均运行长度, ARL) without any change.

Of a chart of sums, S = max(0, S + step of the count), the run length is that of a Markov chain whose states are narrow classes of S.
Counts are whole, so that the run length leaps as the limit grows: what is found is the least limit that is enough. Of a generalised
likelihood ratio there is no such chain, and its run length is simulated.

Sources: Page, Biometrika 41 (1954) 100-115; Brook and Evans, Biometrika 59 (1972) 539-549.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import scipy
from numpy.typing import NDArray

from fangxian.analytics.detection.results import Floats
from fangxian.analytics.detection.series import Counts, require

#: Classes of S; of more different means than these, those that differ by less than this share have one limit; the largest limit sought.
_POINTS, _FEW, _ALIKE, _LARGEST = 129, 64, 0.05, 1e4
#: What is left out at either end of the counts' distribution.
_TAIL = 1e-12
#: Series and times of a simulation.
_DRAWN, _LONG = 600, 1000


def chances(mean: float, alpha: float = 0.0) -> tuple[Floats, Floats]:
    """Counts and their probabilities: Poisson, or negative binomial with variance μ + α·μ². What is beyond the last is left out."""
    found = scipy.stats.poisson(mean) if alpha == 0 else scipy.stats.nbinom(1 / alpha, 1 / (1 + alpha * mean))
    counts = np.arange(int(found.ppf(_TAIL)), int(found.isf(_TAIL)) + 1)
    return counts.astype(np.float64), np.asarray(found.pmf(counts))


def run_length(steps: Floats, probabilities: Floats, limit: float, *, reaching: bool) -> float:
    """Times on average until the chart of these steps alarms, from 0: when it reaches the limit, or only when it exceeds it."""
    apart = 2 * limit / (2 * _POINTS - 1)
    after = np.maximum(np.arange(_POINTS)[:, None] * apart + steps, 0.0)
    stays = after < limit * (1 - 1e-9 if reaching else 1 + 1e-9)
    to = np.minimum(np.rint(after / apart).astype(np.int64), _POINTS - 1)
    cell = np.arange(_POINTS)[:, None] * _POINTS + to
    moves = np.bincount(cell.ravel(), np.where(stays, probabilities, 0.0).ravel(), _POINTS * _POINTS)
    try:
        found = float(np.linalg.solve(np.eye(_POINTS) - moves.reshape(_POINTS, _POINTS), np.ones(_POINTS))[0])
    except np.linalg.LinAlgError:
        return math.inf
    return found if 1 <= found < 1e12 else math.inf  # beyond that the equation is singular to rounding


def limit_for(steps: Floats, probabilities: Floats, arl: float, *, reaching: bool) -> float:
    """The least limit with which false alarms are on average at least `arl` times apart."""

    def enough(limit: float) -> bool:
        return run_length(steps, probabilities, limit, reaching=reaching) >= arl

    high = 1.0
    while not enough(high) and high < _LARGEST:
        high *= 2
    low = 0.0 if high == 1.0 else high / 2
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high * (1 + 1e-6)


def limits(means: Floats, arl: float, find: Callable[[float], float]) -> Floats:
    """A limit for each series by `find` of its mean; of many, those whose means are alike share one. NaN without a mean above 0."""
    require(arl > 1, "平均运行长度应大于 1 期。", "An average run length is more than 1 time.")
    found = np.full(len(means), np.nan)
    able = np.flatnonzero(means > 0)  # NaN is not
    different, which = np.unique(means[able], return_inverse=True)
    if len(different) > _FEW:
        alike, which = np.unique(np.rint(np.log(means[able]) / _ALIKE), return_inverse=True)
        different = np.exp(alike * _ALIKE)
    if len(able):
        found[able] = np.array([find(one) for one in different.tolist()])[which]
    return found


def simulated_limit(statistic: Callable[[Counts, Floats], Floats], mean: float, arl: float) -> float:
    """The limit of a chart whose statistic, never set back, is worked out of Poisson counts and their mean (series, times).

    How long a series was seen before its first alarm, over how many had one, is the run length; its error is about five in a hundred.
    """
    times = int(min(max(4 * arl, 50), _LONG))
    counts: NDArray[np.int32] = np.random.default_rng(1).poisson(mean, (_DRAWN, times)).astype(np.int32)
    largest = np.maximum.accumulate(statistic(counts, np.full(counts.shape, mean)), axis=1)
    low, high = 0.0, float(largest.max())
    for _ in range(24):
        middle = (low + high) / 2
        first = np.where(largest[:, -1] >= middle, (largest < middle).sum(axis=1) + 1, times)
        alarms = int((largest[:, -1] >= middle).sum())
        low, high = (low, middle) if alarms == 0 or first.sum() / alarms >= arl else (middle, high)
    return high
