"""The nowcast as a posterior: delays of a Dirichlet prior, cut off where reports are still to come, and counts negative binomial.

Read backwards, the share of delay x among delays of at most x is beta for Dirichlet delays, and its posterior is beta as well, each
independent of the others, however the triangle is cut off. Given the share that should be reported by now, what is to come is
Poisson with a gamma rate: negative binomial. So everything is drawn directly, one after the other; there is no chain to converge.

Source: Höhle and an der Heiden, Biometrics 70 (2014) 993-1002, whose model with constant delays (`bayes.trunc` of the R package
surveillance) it is; Perks, J Inst Actuaries 73 (1947) 285-334, for a prior that weighs as much as one case.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.nowcasting.chain_ladder import Nowcast, backwards
from fangxian.analytics.nowcasting.triangle import Floats, NowcastError, checked

#: Shape of the gamma prior of a day's rate, whose mean is that of all days: a spread of 1.4 times the mean says little of a day.
_SHAPE = 0.5


def bayesian(triangle: ArrayLike, *, level: float = 0.95, draws: int = 4000, seed: int = 1) -> Nowcast:
    """Complete a reporting triangle (days, D + 1): posterior median, and the interval of probability `level`.

    `share` and `delay` are posterior means. A day of which nothing is reported yet has an answer too. Raises NowcastError for a
    triangle without any case, and for a level that is no probability.
    """
    if not 0 < level < 1:
        raise NowcastError("区间水平应在 0 与 1 之间。", "The level lies between 0 and 1.")
    final, share, cumulative, reported = drawn(triangle, draws=draws, seed=seed)
    lower, middle, upper = np.quantile(final, ((1 - level) / 2, 0.5, (1 + level) / 2), axis=0, method="inverted_cdf")
    return Nowcast(reported, share, middle, lower, upper, cumulative)


def drawn(triangle: ArrayLike, *, draws: int = 4000, seed: int = 1) -> tuple[Floats, Floats, Floats, Floats]:
    """Final numbers (draws, days); mean share reported (days,), mean cumulative delay (D + 1,), numbers reported (days,)."""
    table = checked(triangle)
    days, width = table.shape
    reported = np.nansum(table, axis=1)
    if not reported.sum():
        raise NowcastError("报告三角中没有病例。", "There is no case in the reporting triangle.")
    random = np.random.default_rng(seed)
    at, risk, _cumulative = backwards(table)
    prior = 1 / width
    hazard = np.ones((draws, width))
    for x in range(1, width):
        hazard[:, x] = random.beta(prior + at[x], prior * x + risk[x] - at[x], draws)
    survived = np.concatenate((np.cumprod((1 - hazard)[:, :0:-1], axis=1)[:, ::-1], np.ones((draws, 1))), axis=1)
    share = survived[:, np.minimum(days - 1 - np.arange(days), width - 1)]
    usual = reported.sum() / share.sum(axis=1, keepdims=True)  # of all days, by these delays
    rate = random.gamma(_SHAPE + reported, 1.0, (draws, days)) / (_SHAPE / usual + share)
    final = reported + random.poisson(rate * (1 - share))
    return final.astype(np.float64), share.mean(axis=0), survived.mean(axis=0), reported
