"""Proper scores (预测评分): a forecaster does best by saying what they believe. All are losses: the smaller the better.

Sources: Bracher, Ray, Gneiting, Reich, PLoS Comput Biol 17 (2021) e1008618, for the weighted interval score; Gneiting and Raftery, J Am
Stat Assoc 102 (2007) 359-378; Czado, Gneiting, Held, Biometrics 65 (2009) 1254-1261, for counts. The scores of counts agree with
`scores` of the R package surveillance 1.20.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.errors import AnalysisError

Floats = NDArray[np.float64]


class ForecastError(AnalysisError):
    """Forecasts or observations that cannot be scored, or a history that nothing can be forecast from."""


@dataclass(frozen=True, eq=False)
class IntervalScore:
    """The weighted interval score and the three parts that it is the sum of, in the shape of the observations."""

    score: Floats
    dispersion: Floats
    underprediction: Floats
    overprediction: Floats


def wis(quantiles: ArrayLike, probabilities: ArrayLike, observed: ArrayLike) -> IntervalScore:
    """Weighted interval score of quantile forecasts (…, K) at K probabilities, symmetric about a median, for observations (…).

    It is twice the pinball loss, averaged over the quantiles, and approximates the CRPS. Raises ForecastError for quantiles that
    decrease, or probabilities that are not symmetric.
    """
    q, p, y = _forecast(quantiles, probabilities, observed)
    if not np.allclose(p + p[::-1], 1) or len(p) % 2 == 0:
        raise ForecastError(
            "概率应围绕中位数 0.5 对称。",
            "The probabilities are symmetric about the median, 0.5, which is one of them.",
        )
    middle = len(p) // 2
    low, high, tail = q[..., :middle], q[..., :middle:-1], p[:middle]
    share = 1 / (middle + 0.5)
    dispersion = share * (tail * (high - low)).sum(axis=-1)
    under = share * (np.maximum(y[..., None] - high, 0).sum(axis=-1) + np.maximum(y - q[..., middle], 0) / 2)
    over = share * (np.maximum(low - y[..., None], 0).sum(axis=-1) + np.maximum(q[..., middle] - y, 0) / 2)
    return IntervalScore(dispersion + under + over, dispersion, under, over)


def coverage(quantiles: ArrayLike, probabilities: ArrayLike, observed: ArrayLike, level: float) -> float:
    """Share of the observations within the central interval of probability `level`, ends included; NaN where there are none."""
    q, p, y = _forecast(quantiles, probabilities, observed)
    ends = [np.flatnonzero(np.isclose(p, end)) for end in ((1 - level) / 2, (1 + level) / 2)]
    if any(len(end) == 0 for end in ends):
        raise ForecastError(
            f"预测中没有 {level:.0%} 区间的两端。", f"The forecast has no quantiles for an interval of {level:.0%}."
        )
    inside = (y >= q[..., ends[0][0]]) & (y <= q[..., ends[1][0]])
    return float(inside.mean()) if inside.size else float("nan")


def crps(samples: ArrayLike, observed: ArrayLike) -> Floats:
    """Continuous ranked probability score of m samples (…, m) for observations (…): E|X - y| - E|X - X'|/2 of their distribution."""
    x, y = np.sort(np.asarray(samples, np.float64), axis=-1), np.asarray(observed, np.float64)
    m = x.shape[-1]
    if m == 0 or x.shape[:-1] != y.shape:
        raise ForecastError(
            "每个观察值应有同样多的样本。", "There are equally many samples for each observation, at least one."
        )
    spread = (x * (2 * np.arange(1, m + 1) - m - 1)).sum(axis=-1) / m**2
    return np.asarray(np.abs(x - y[..., None]).mean(axis=-1) - spread)


@dataclass(frozen=True, eq=False)
class CountScores:
    """Scores of Poisson or negative binomial forecasts: logarithmic, ranked probability, Dawid-Sebastiani, squared error."""

    logarithmic: Floats
    ranked: Floats
    dawid_sebastiani: Floats
    squared: Floats


def count_scores(observed: ArrayLike, mean: ArrayLike, size: ArrayLike | None = None) -> CountScores:
    """Score forecasts of counts: Poisson of this mean, or negative binomial with variance mean + mean²/size."""
    x, mu = np.broadcast_arrays(np.asarray(observed, np.float64), np.asarray(mean, np.float64))
    if size is None:
        variance, law = mu, scipy.stats.poisson(mu)
    else:
        r = np.broadcast_to(np.asarray(size, np.float64), mu.shape)
        variance, law = mu * (1 + mu / r), scipy.stats.nbinom(r, r / (r + mu))
    last = int(np.max(np.maximum(x, np.ceil(mu + 40 * np.sqrt(variance))), initial=0))
    ranked = np.zeros(x.shape)
    for k in range(last + 1):
        ranked += (law.cdf(k) - (x <= k)) ** 2
    return CountScores(np.asarray(-law.logpmf(x)), ranked, (x - mu) ** 2 / variance + np.log(variance), (x - mu) ** 2)


def _forecast(quantiles: ArrayLike, probabilities: ArrayLike, observed: ArrayLike) -> tuple[Floats, Floats, Floats]:
    q, p, y = (np.asarray(array, np.float64) for array in (quantiles, probabilities, observed))
    if p.ndim != 1 or q.shape != (*y.shape, len(p)) or not len(p):
        raise ForecastError(
            "每个观察值应有与概率同样多的分位数。", "For each observation there are as many quantiles as probabilities."
        )
    if (np.diff(p) <= 0).any() or (p <= 0).any() or (p >= 1).any():
        raise ForecastError("概率应在 0 与 1 之间递增。", "Probabilities increase between 0 and 1.")
    if (np.diff(q, axis=-1) < 0).any():
        raise ForecastError("分位数不应递减。", "Quantiles do not decrease.")
    return q, p, y
