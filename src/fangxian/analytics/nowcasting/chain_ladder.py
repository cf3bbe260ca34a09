"""The nowcast (现时预测) by chain ladder: how many have fallen ill, those included who are not reported yet.

Sources: Lawless, Can J Stat 22 (1994) 15-31; Mack, ASTIN Bulletin 23 (1993) 213-225, for the chain ladder that it is. The delay
distribution agrees with `nowcast(method = "lawless")` of the R package surveillance 1.20.3. The interval does not: there the first
of the two terms of (2.16), the uncertainty of the delays, is lost to a line break.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from fangxian.analytics.nowcasting.triangle import Floats, checked


@dataclass(frozen=True, eq=False)
class Nowcast:
    """By day: `reported` so far, the share that should be by now, the expected final number and its prediction interval, (days,).

    Where nothing is reported yet the chain ladder expects nothing; the interval is then that of a flat prior for the final number,
    and wide. `delay` is the cumulative distribution of the delay, (delays,). NaN where the share is 0: nothing can be said.
    """

    reported: Floats
    share: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    delay: Floats


def delay_distribution(triangle: ArrayLike) -> Floats:
    """Cumulative distribution of the delay 0…D from a triangle (days, D + 1), right truncation allowed for.

    Read backwards, a report at delay x is a death at age x among those whose delay is at most x; the product of what survives is the
    distribution, given that no delay is longer than D.
    """
    return backwards(checked(triangle))[2]


def chain_ladder(triangle: ArrayLike, *, level: float = 0.95) -> Nowcast:
    """Complete a reporting triangle (days, D + 1): reported / share reported by now, with a prediction interval of probability `level`.

    What is to come is taken for negative binomial (Poisson where it varies less) with the variance of Lawless' (2.16).
    """
    table = checked(triangle)
    days, width = table.shape
    at, risk, cumulative = backwards(table)
    hazard = np.divide(at, risk, out=np.zeros(width), where=risk > 0)
    hazard[0] = 1
    terms = np.divide(hazard, risk * (1 - hazard), out=np.zeros(width), where=(risk > 0) & (hazard < 1))
    age = np.minimum(days - 1 - np.arange(days), width - 1)
    share = cumulative[age]
    later = np.concatenate((np.cumsum(terms[::-1])[::-1][1:], [0.0]))  # over the delays yet to come
    reported = np.nansum(table, axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(share > 0, reported / share, np.nan)
        variance = reported * (reported + 1) / share**2 * later[age] + reported * (1 - share) / share**2
        missing = expected - reported
    lower, upper = (
        reported + np.where(reported > 0, _quantile(missing, variance, p), _of_none(share, p))
        for p in ((1 - level) / 2, (1 + level) / 2)
    )
    return Nowcast(reported, share, expected, lower, upper, cumulative)


def backwards(table: Floats) -> tuple[Floats, Floats, Floats]:
    """Cases reported at each delay, those reported at it or sooner among the same days, and the cumulative distribution."""
    days, width = table.shape
    at, risk = np.zeros(width), np.zeros(width)
    for x in range(width):
        rows = table[: days - x]
        at[x], risk[x] = rows[:, x].sum(), rows[:, : x + 1].sum()
    hazard = np.divide(at, risk, out=np.zeros(width), where=risk > 0)
    survived = np.concatenate((np.cumprod((1 - hazard)[::-1])[::-1][1:], [1.0]))
    return at, risk, survived


def _quantile(mean: Floats, variance: Floats, probability: float) -> Floats:
    """Quantile of a count of this mean and variance, 0 where the mean is."""
    found = np.where(np.isnan(mean), np.nan, 0.0)
    some = mean > 1e-12
    over = some & (variance > mean * (1 + 1e-9))
    size = mean[over] ** 2 / (variance[over] - mean[over])
    found[over] = scipy.stats.nbinom.ppf(probability, size, size / (size + mean[over]))
    found[some & ~over] = scipy.stats.poisson.ppf(probability, mean[some & ~over])
    return found


def _of_none(share: Floats, probability: float) -> Floats:
    """Quantile of what is to come when none is reported of this share: geometric."""
    return np.where(share > 0, scipy.stats.nbinom.ppf(probability, 1, np.where(share > 0, share, 1)), np.nan)
