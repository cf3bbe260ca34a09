"""How unevenly cases infect: a negative binomial distribution of secondary cases (二代病例数分布), superspreading in its k.

Source of the model: Lloyd-Smith et al., Superspreading and the effect of individual variation on disease emergence, Nature 438,
355-359 (2005). The finite maximum-likelihood k exists exactly when the variance exceeds the mean (Levin and Reeds, 1977).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Half the 95 % quantile of chi-square with one degree of freedom: how far the log-likelihood may fall within the interval.
_DROP_95 = 3.841458820694124 / 2
_LOG_K_LOWEST, _LOG_K_HIGHEST = -12.0, 14.0


@dataclass(frozen=True, eq=False)
class Offspring:
    """Secondary cases per case and the negative binomial fitted to them.

    `cases[x]` is how many cases infected x others. `mean` is R among the recorded cases: in a complete list it stays below 1, since
    index cases are cases that nobody infected, and unfinished chains pull it lower still; read it beside a real estimate of R. `k` is the
    overdispersion, small when few infect many; infinite when the counts vary no more than chance. The intervals are 95 %
    profile-likelihood intervals. What cannot be estimated is None.
    """

    cases: NDArray[np.int64]
    mean: float | None
    mean_interval: tuple[float, float] | None
    k: float | None
    k_interval: tuple[float, float] | None

    def share_causing(self, share: float) -> float | None:
        """The smallest proportion of cases that together caused `share` (0 to 1) of all secondary cases; None if there are none."""
        x = np.arange(len(self.cases))
        total = int((x * self.cases).sum())
        if not total:
            return None
        caused = np.cumsum((x * self.cases)[::-1])
        at = int(np.searchsorted(caused, share * total - 1e-9))
        missing = share * total - (int(caused[at - 1]) if at else 0)
        most = len(x) - 1 - at
        before = int(self.cases[::-1][:at].sum())
        return (before + math.ceil(max(missing, 0) / most - 1e-9)) / int(self.cases.sum())


def offspring(counts: Sequence[int] | NDArray[np.int64]) -> Offspring:
    """Fit a negative binomial to the number of secondary cases of each case (non-negative integers, zeros included)."""
    cases = np.bincount(np.asarray(counts, np.int64)) if len(counts) else np.zeros(0, np.int64)
    n, x = int(cases.sum()), np.arange(len(cases))
    total = int((x * cases).sum())
    if not total:
        return Offspring(cases, 0.0 if n else None, None, None, None)
    mean = total / n
    at_least = n - np.cumsum(cases)[:-1]  # cases with more than j secondary cases, for j = 0, 1, …
    j = np.arange(len(at_least))

    def likelihood(log_k: float, r: float) -> float:
        """Log-likelihood without its constant; infinite log_k is Poisson."""
        if math.isinf(log_k):
            return total * math.log(r) - n * r
        k = math.exp(log_k)
        rise = float((at_least * np.log1p(j / k)).sum())
        return total * math.log(r) + rise - (n * k + total) * math.log1p(r / k)

    def best_log_k(r: float) -> float:
        log_k = _maximise(lambda value: likelihood(value, r), _LOG_K_LOWEST, _LOG_K_HIGHEST)
        return log_k if likelihood(log_k, r) > likelihood(math.inf, r) else math.inf

    overdispersed = float((x**2 * cases).sum()) / n - mean**2 > mean
    log_k = best_log_k(mean) if overdispersed else math.inf
    floor = likelihood(log_k, mean) - _DROP_95

    def above(value: float) -> bool:
        return likelihood(value, mean) >= floor

    mode = min(log_k, _LOG_K_HIGHEST)
    k_low = math.exp(_edge(above, mode, _LOG_K_LOWEST))
    k_high = math.inf if likelihood(math.inf, mean) >= floor else math.exp(_edge(above, mode, _LOG_K_HIGHEST))

    def supported(log_r: float) -> bool:
        r = math.exp(log_r)
        return likelihood(best_log_k(r), r) >= floor

    centre = math.log(mean)
    r_low, r_high = (math.exp(_edge(supported, centre, centre + side)) for side in (-20.0, 20.0))
    return Offspring(cases, mean, (r_low, r_high), math.exp(log_k), (k_low, k_high))


def _maximise(f: Callable[[float], float], low: float, high: float) -> float:
    """The maximum of a function with one peak, by a coarse grid and golden section."""
    grid = np.linspace(low, high, 27)
    top = int(np.argmax([f(float(v)) for v in grid]))
    a, b = float(grid[max(top - 1, 0)]), float(grid[min(top + 1, len(grid) - 1)])
    ratio = (math.sqrt(5) - 1) / 2
    c, d = b - ratio * (b - a), a + ratio * (b - a)
    fc, fd = f(c), f(d)
    while b - a > 1e-9:
        if fc > fd:
            b, d, fd = d, c, fc
            c = b - ratio * (b - a)
            fc = f(c)
        else:
            a, c, fc = c, d, fd
            d = a + ratio * (b - a)
            fd = f(d)
    return (a + b) / 2


def _edge(inside: Callable[[float], bool], within: float, beyond: float) -> float:
    """Where `inside` stops being true between a point within and one beyond, by bisection."""
    if inside(beyond):
        return beyond
    while abs(beyond - within) > 1e-9:
        middle = (within + beyond) / 2
        if inside(middle):
            within = middle
        else:
            beyond = middle
    return within
