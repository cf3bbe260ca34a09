"""Delays as distributions: incubation, onset to report, serial interval, from cases of whom the slow ones are still to come.

Source: Charniga and others, PLoS Comput Biol 20 (2024) e1012520; Seaman, Presanis, Jackson, Stat Methods Med Res 31 (2022) 1641-1655,
for right truncation. A delay in whole days lies anywhere up to a day on both sides, both events being spread evenly over their day.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike

from fangxian.analytics.nowcasting.triangle import Floats, NowcastError

Family = Literal["gamma", "lognormal", "weibull"]


@dataclass(frozen=True)
class Delay:
    """A fitted delay: its family with shape and scale (lognormal: sd of the logarithm and exp of its mean), mean and sd in days.

    The intervals are 95 %, by the curvature of the likelihood on the logarithms of the parameters and the delta method.
    """

    family: Family
    shape: float
    scale: float
    mean: float
    sd: float
    mean_interval: tuple[float, float]
    log_likelihood: float
    n: int

    def cumulative(self, days: ArrayLike) -> Floats:
        """Probability of a delay of at most so many days."""
        return np.asarray(_frozen(self.family, self.shape, self.scale).cdf(np.asarray(days, np.float64)))

    def quantile(self, probability: ArrayLike) -> Floats:
        """Days within which this share of delays lies."""
        return np.asarray(_frozen(self.family, self.shape, self.scale).ppf(np.asarray(probability, np.float64)))


def fit_delay(delays: ArrayLike, horizon: ArrayLike | None = None, *, family: Family = "gamma") -> Delay:
    """Fit a distribution to n delays in whole days by maximum likelihood.

    horizon: for each case, the days from its first event to the day until which second events are known (the date of the data);
    a longer delay could not have been seen. None: the outbreak is over. Raises NowcastError for negative delays, delays beyond
    their horizon, or fewer than 5 cases.
    """
    days = np.asarray(delays, np.float64)
    until = (
        np.full(days.shape, np.inf) if horizon is None else np.broadcast_to(np.asarray(horizon, np.float64), days.shape)
    )
    if days.ndim != 1 or len(days) < 5:
        raise NowcastError("至少需要 5 例。", "At least 5 cases are needed.")
    if not np.isfinite(days).all() or (days < 0).any() or (days != np.floor(days)).any():
        raise NowcastError("延迟应为非负整数天。", "Delays are whole numbers of days of at least 0.")
    if (days > until).any():
        row = int(np.flatnonzero(days > until)[0])
        raise NowcastError(
            f"第 {row} 例的延迟 {days[row]:.0f} 天超过了可观察的 {until[row]:.0f} 天；请核对日期。",
            f"Case {row} has a delay of {days[row]:.0f} days, and only {until[row]:.0f} could be seen. Check its dates.",
        )
    cells, counts = np.unique(np.stack((days, until)), axis=1, return_counts=True)

    def loss(parameters: Floats) -> float:
        return -float((counts * _log_mass(family, np.exp(parameters), cells[0], cells[1])).sum())

    start = np.log([1.5, days.mean() + 0.5]) if family != "lognormal" else np.log([0.6, days.mean() + 0.5])
    best = scipy.optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9, "maxiter": 4000}
    )
    shape, scale = (float(value) for value in np.exp(best.x))
    frozen = _frozen(family, shape, scale)
    mean = float(frozen.mean())
    spread = _spread(loss, best.x, lambda x: np.log(float(_frozen(family, *np.exp(x)).mean())))
    around = (mean * float(np.exp(-1.959964 * spread)), mean * float(np.exp(1.959964 * spread)))
    return Delay(family, shape, scale, mean, float(frozen.std()), around, -float(best.fun), len(days))


def _frozen(family: Family, shape: float, scale: float) -> Any:
    match family:
        case "gamma":
            return scipy.stats.gamma(shape, scale=scale)
        case "lognormal":
            return scipy.stats.lognorm(shape, scale=scale)
        case "weibull":
            return scipy.stats.weibull_min(shape, scale=scale)
    raise NowcastError("分布应为 gamma、lognormal 或 weibull。", "The family is gamma, lognormal or weibull.")


def _log_mass(family: Family, parameters: Floats, days: Floats, until: Floats) -> Floats:
    """Log probability of a delay of k whole days, given that it is at most `until`.

    Both events being spread evenly over their day, k counts the delays from k - 1 to k + 1 with a triangle's weight: a second
    difference of the integral of the cumulative distribution.
    """
    longest = int(days.max() if np.isinf(until).all() else max(days.max(), until[np.isfinite(until)].max())) + 2
    grid = np.linspace(0, longest, 32 * longest + 1)
    whole = scipy.integrate.cumulative_simpson(_frozen(family, *parameters.tolist()).cdf(grid), x=grid, initial=0)[::32]
    rising = np.concatenate(([0.0], whole))  # the integral up to day k - 1 is at k
    mass = rising[2:] - 2 * rising[1:-1] + rising[:-2]
    total = np.cumsum(mass)
    seen = np.where(
        np.isinf(until), 1.0, total[np.minimum(np.where(np.isinf(until), 0, until), len(total) - 1).astype(int)]
    )
    return np.asarray(np.log(np.maximum(mass[days.astype(int)], 1e-300)) - np.log(np.maximum(seen, 1e-300)))


def _spread(loss: Any, at: Floats, of: Any) -> float:
    """Standard error of a function of the parameters, from the second differences of the loss."""
    step = 1e-3
    n = len(at)
    information, slope = np.empty((n, n)), np.empty(n)
    units = np.eye(n) * step
    for i in range(n):
        slope[i] = (of(at + units[i]) - of(at - units[i])) / (2 * step)
        for j in range(n):
            information[i, j] = (
                loss(at + units[i] + units[j])
                - loss(at + units[i] - units[j])
                - loss(at - units[i] + units[j])
                + loss(at - units[i] - units[j])
            ) / (4 * step**2)
    return float(np.sqrt(max(float(slope @ np.linalg.pinv(information) @ slope), 0.0)))
