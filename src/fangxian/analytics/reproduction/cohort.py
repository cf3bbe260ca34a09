"""The cohort reproduction number (队列再生数): how many the cases of a day went on to infect.

Source: Wallinga and Teunis, Am J Epidemiol 160 (2004) 509-516. The mean agrees with `wallinga_teunis` of the R package EpiEstim 2.2.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import ArrayLike

from fangxian.analytics.reproduction.renewal import Ints, _incidence, _windows
from fangxian.analytics.reproduction.results import Reproduction
from fangxian.analytics.reproduction.serial_interval import Floats, checked_si


def wallinga_teunis(
    incidence: ArrayLike, si: ArrayLike, *, window: int = 7, windows: tuple[Sequence[int], Sequence[int]] | None = None,
    quantiles: tuple[float, ...] = (0.025, 0.5, 0.975),
) -> Reproduction:  # fmt: skip
    """Mean number of infectees of the cases that fell ill in each window, from incidence (T,) or (n, T) and a serial interval.

    Each case was infected by one of the earlier ones, with the probability that the serial interval gives to the days between them. So
    the infectees of a window's cases are a sum of binomial numbers, whose standard deviation and quantiles are worked out exactly
    (EpiEstim draws them). Infectees yet to fall ill are not counted: the last windows, up to the longest serial interval, are too low.
    NaN where nobody fell ill, or nobody before.
    """
    cases, _, one = _incidence(incidence, None)
    weights = checked_si(si)
    start, end = _windows(cases.shape[1], window, windows)
    results = [_of_one(row, weights, start, end, quantiles) for row in cases]
    mean, sd, found = (np.stack([result[i] for result in results]) for i in range(3))
    if one:
        mean, sd, found = mean[0], sd[0], found[0]
    return Reproduction(start, end, mean, sd, found, quantiles)


def _of_one(
    cases: Ints, si: Floats, start: Ints, end: Ints, quantiles: tuple[float, ...]
) -> tuple[Floats, Floats, Floats]:
    times = len(cases)
    weights = np.concatenate((si[:times], np.zeros(max(times - len(si), 0))))
    lag = np.arange(times)[:, None] - np.arange(times)[None, :]
    pull = np.where(lag > 0, weights[np.maximum(lag, 0)], 0) * cases  # of each infectee's day by each infector's day
    total = pull.sum(axis=1, keepdims=True)
    shares = np.divide(pull, total, out=np.zeros_like(pull), where=total > 0)
    mean, sd = np.full(len(start), np.nan), np.full(len(start), np.nan)
    found = np.full((len(start), len(quantiles)), np.nan)
    for m, (first, last) in enumerate(zip(start.tolist(), end.tolist(), strict=True)):
        infectors = int(cases[first : last + 1].sum())
        if not infectors or not cases[:first].any():
            continue
        chance = np.minimum(shares[:, first : last + 1].sum(axis=1), 1)
        mean[m] = (cases * chance).sum() / infectors
        sd[m] = np.sqrt((cases * chance * (1 - chance)).sum()) / infectors
        found[m] = _summed_quantiles(cases, chance, quantiles) / infectors
    return mean, sd, found


def _summed_quantiles(numbers: Ints, chances: Floats, quantiles: tuple[float, ...]) -> Floats:
    """Quantiles of a sum of independent binomial numbers, by convolving the part of each that is not negligible."""
    mass, offset = np.ones(1), 0
    for n, p in zip(numbers.tolist(), chances.tolist(), strict=True):
        if n and p > 0:
            spread = 9 * np.sqrt(n * p * (1 - p)) + 9
            low, high = max(0, int(n * p - spread)), min(n, int(n * p + spread) + 1)
            mass = np.convolve(mass, scipy.stats.binom.pmf(np.arange(low, high + 1), n, p))
            offset += low
    cumulative = np.cumsum(mass)
    return np.asarray(offset + np.searchsorted(cumulative, np.asarray(quantiles) * cumulative[-1]), np.float64)
