"""The serial interval (代间隔) as a distribution over whole days.

Source: Cori, Ferguson, Fraser, Cauchemez, Am J Epidemiol 178 (2013) 1505-1512, web appendix 11, as `discr_si` of the R package EpiEstim.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc

from fangxian.analytics.errors import AnalysisError

Floats = NDArray[np.float64]


class ReproductionError(AnalysisError):
    """Incidence, serial interval or windows that no reproduction number can be estimated from."""


def discr_si(days: ArrayLike, mean: float, sd: float) -> Floats:
    """Probability that infector and infectee fall ill k days apart, for each k ≥ 0 in `days`.

    The interval is 1 day plus a gamma distribution of mean `mean` - 1 and standard deviation `sd` days, both onsets being spread
    evenly over their day. Raises ReproductionError unless mean > 1, sd > 0 and every k ≥ 0.
    """
    if not mean > 1 or not sd > 0:
        raise ReproductionError(
            f"代间隔的均值应大于 1 天、标准差应大于 0，得到 {mean} 与 {sd}。",
            f"A serial interval has a mean above 1 day and a standard deviation above 0, not {mean} and {sd}.",
        )
    k = np.asarray(days, np.float64)
    if (k < 0).any():
        raise ReproductionError("天数不能为负。", "Days cannot be negative.")
    shape, scale = ((mean - 1) / sd) ** 2, sd**2 / (mean - 1)

    def cumulative(x: Floats, more: int = 0) -> Floats:
        return np.asarray(gammainc(shape + more, np.maximum(x, 0) / scale))

    moment = 2 * cumulative(k - 1, 1) - cumulative(k - 2, 1) - cumulative(k, 1)
    mass = k * cumulative(k) + (k - 2) * cumulative(k - 2) - 2 * (k - 1) * cumulative(k - 1)
    return np.maximum(mass + shape * scale * moment, 0)


def checked_si(si: ArrayLike) -> Floats:
    """A serial interval distribution over days 0, 1, 2 …: none on day 0, nothing negative, 1 in all (to 1 %). Else ReproductionError."""
    weights = np.asarray(si, np.float64)
    if weights.ndim != 1 or len(weights) < 2 or not np.isfinite(weights).all() or (weights < 0).any():
        raise ReproductionError(
            "代间隔分布应是从第 0 天起的一列非负概率。",
            "A serial interval is a list of probabilities from day 0 on, none negative.",
        )
    if weights[0] != 0:
        raise ReproductionError("代间隔第 0 天的概率应为 0。", "A serial interval of 0 days has probability 0.")
    if abs(weights.sum() - 1) > 0.01:
        raise ReproductionError(
            f"代间隔的概率之和应为 1，得到 {weights.sum():.4g}。",
            f"The probabilities of a serial interval add up to 1, not {weights.sum():.4g}.",
        )
    return weights
