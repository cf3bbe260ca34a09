"""How fast does it grow? Growth rate, doubling time (倍增时间), and a forecast that assumes it goes on so for a little while.

Source: quasi-Poisson regression of counts on time, as in Wallinga and Lipsitch, Proc R Soc B 274 (2007) 599-604, for growth rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike

from fangxian.analytics.forecasting.baselines import PROBABILITIES, _history
from fangxian.analytics.forecasting.scores import Floats, ForecastError


@dataclass(frozen=True)
class Growth:
    """Exponential growth over the last times of a series: counts are multiplied by exp(rate) each time.

    `interval` is that of the rate, 95 %. `dispersion` is the variance over the mean, at least 1. `doubling` is the time in which
    counts double, negative if they halve; its ends are infinite where the rate's interval includes 0.
    """

    rate: float
    interval: tuple[float, float]
    level: float
    dispersion: float
    times: int
    covariance: tuple[float, float, float]

    @property
    def doubling(self) -> float:
        return math.log(2) / self.rate if self.rate else math.inf

    @property
    def doubling_interval(self) -> tuple[float, float]:
        """From the fast end of the rate's interval to the slow one; (-inf, inf) where it may grow or shrink."""
        low, high = self.interval
        if low <= 0 <= high:
            return (-math.inf, math.inf)
        return (math.log(2) / high, math.log(2) / low)


def growth(counts: ArrayLike, *, times: int = 14) -> Growth:
    """Fit exponential growth to the last `times` counts of one series. Raises ForecastError for fewer than 3 times or no case."""
    y = _history(counts, 1, 3)[-times:]
    if len(y) < 3 or not y.any():
        raise ForecastError("估计增长至少需要 3 期且有病例。", "Growth needs at least 3 times, and a case among them.")
    t = np.arange(len(y)) - (len(y) - 1.0)  # the last count is at 0
    beta = np.array([math.log(y.mean()), 0.0])
    design = np.stack((np.ones(len(y)), t), axis=1)
    information = np.eye(2)
    for _ in range(100):
        mu = np.exp(np.clip(design @ beta, -50, 50))
        information = design.T @ (mu[:, None] * design)
        step = np.linalg.solve(information, design.T @ (y - mu))
        beta = beta + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-12:
            break
    mu = np.exp(design @ beta)
    freedom = len(y) - 2
    dispersion = max(float(((y - mu) ** 2 / mu).sum()) / freedom, 1.0)
    covariance = dispersion * np.linalg.inv(information)
    wide = float(scipy.stats.t.ppf(0.975, freedom)) * math.sqrt(covariance[1, 1])
    rate = float(beta[1])
    return Growth(
        rate,
        (rate - wide, rate + wide),
        float(beta[0]),
        dispersion,
        len(y),
        (covariance[0, 0], covariance[0, 1], covariance[1, 1]),
    )


def exponential(
    counts: ArrayLike,
    horizon: int,
    *,
    times: int = 14,
    probabilities: ArrayLike = PROBABILITIES,
    draws: int = 20_000,
    seed: int = 1,
) -> Floats:
    """Quantiles (horizon, K) of the next counts if the growth of the last `times` goes on; for days to two weeks, not for longer.

    Level and rate are drawn from their joint normal, counts from a negative binomial (Poisson) of the fitted dispersion.
    """
    y = _history(counts, horizon, 3)
    fitted = growth(y, times=times)
    random = np.random.default_rng(seed)
    a, b, c = fitted.covariance
    drawn = random.multivariate_normal([fitted.level, fitted.rate], [[a, b], [b, c]], draws)
    mean = np.exp(np.clip(drawn[:, :1] + drawn[:, 1:] * np.arange(1, horizon + 1), -30, 30))
    if fitted.dispersion > 1 + 1e-9:
        paths = random.negative_binomial(mean / (fitted.dispersion - 1), 1 / fitted.dispersion)
    else:
        paths = random.poisson(mean)
    return np.quantile(paths, np.asarray(probabilities, np.float64), axis=0).T
