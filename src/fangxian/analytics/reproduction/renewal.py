"""The instantaneous reproduction number (实时再生数 Rt): how many a case of today infects, if things stay as they are.

Incidence is a renewal process: local cases of day t are Poisson with mean R·Λ(t), where Λ(t), the overall infectivity, is the sum of
past incidence weighted by the serial interval. With a gamma prior the posterior of R over a window is gamma too.

Sources: Cori, Ferguson, Fraser, Cauchemez, Am J Epidemiol 178 (2013) 1505-1512; Thompson and others, Epidemics 29 (2019) 100356, for
imported cases. Agrees with `estimate_R` of the R package EpiEstim 2.2.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammainc, gammaincinv

from fangxian.analytics.kernel import kernel
from fangxian.analytics.reproduction.results import QUANTILES, Reproduction
from fangxian.analytics.reproduction.serial_interval import Floats, ReproductionError, checked_si, discr_si

Ints = NDArray[np.int64]
#: Series whose arrays are worked on at a time: they stay in the cache, and their memory is used again.
_AT_ONCE = 256
#: Windows with fewer cases than these are looked up in a table that is kept.
_TABLE = 4096
#: Up to this number of cases a table of all numbers is smaller than what sorting takes.
_COUNTABLE = 1 << 22


def overall_infectivity(incidence: ArrayLike, si: ArrayLike) -> Floats:
    """Λ(t) = Σ si[k]·incidence[t-k] of incidence (T,) or (n, T), in the same shape; NaN on the first day, which has no past."""
    cases, _, one = _incidence(incidence, None)
    return _one(_infectivity(cases, checked_si(si)), one)


def estimate_r(
    incidence: ArrayLike, si: ArrayLike, *, window: int = 7, imported: ArrayLike | None = None,
    windows: tuple[Sequence[int], Sequence[int]] | None = None, mean_prior: float = 5.0, sd_prior: float = 5.0,
    quantiles: tuple[float, ...] = QUANTILES,
) -> Reproduction:  # fmt: skip
    """R in sliding windows of `window` days (or in `windows`: first days, last days, from 0), given a serial interval.

    incidence: daily cases (T,) or (n, T), whole and not negative; NaN counts as 0. si[k]: probability of k days (see `discr_si`).
    imported: those of the cases that were infected elsewhere, in the same shape; they infect others but are nobody's infectees
    here. All cases of the first day count as imported. A window that ends before the mean serial interval has passed is NaN.
    Raises ReproductionError for incidence, distribution or windows that make no sense.
    """
    return _estimated(incidence, imported, checked_si(si), window, windows, mean_prior, sd_prior, quantiles)


def estimate_r_parametric(
    incidence: ArrayLike, *, mean_si: float, sd_si: float, window: int = 7, imported: ArrayLike | None = None,
    windows: tuple[Sequence[int], Sequence[int]] | None = None, mean_prior: float = 5.0, sd_prior: float = 5.0,
    quantiles: tuple[float, ...] = QUANTILES,
) -> Reproduction:  # fmt: skip
    """R given mean (above 1) and standard deviation of the serial interval in days, cut off at the length of the series.

    For the rest as `estimate_r`.
    """
    weights = discr_si(np.arange(np.shape(incidence)[-1]), mean_si, sd_si)
    return _estimated(incidence, imported, weights, window, windows, mean_prior, sd_prior, quantiles)


def _estimated(
    incidence: ArrayLike, imported: ArrayLike | None, weights: Floats, window: int, windows: tuple[Sequence[int], Sequence[int]] | None,
    mean_prior: float, sd_prior: float, quantiles: tuple[float, ...],
) -> Reproduction:  # fmt: skip
    cases, local, one = _incidence(incidence, imported)
    start, end = _windows(cases.shape[1], window, windows)
    shape, scale = _prior(mean_prior, sd_prior)
    early = end + 1 <= (weights * np.arange(len(weights))).sum()
    infected = _counted(local, start, end)
    # The posterior's shape is a whole number plus the prior's: a table of unit quantiles serves all windows of all series.
    if infected.max(initial=0) < _TABLE:
        seen, place, table = np.arange(_TABLE), infected, _of_few(shape, tuple(quantiles))
    else:
        seen, place = _different(infected)
        table = gammaincinv(shape + seen[:, None], np.asarray(quantiles))
    mean, sd = np.empty(infected.shape), np.empty(infected.shape)
    found = np.empty((*infected.shape, len(quantiles)))
    for at in range(0, len(cases), _AT_ONCE):
        rows = slice(at, at + _AT_ONCE)
        rate = _rate(cases[rows], weights, start, end, 1 / scale)
        rate[:, early] = np.nan
        _told(shape + seen, np.sqrt(shape + seen), table, place[rows], rate, mean[rows], sd[rows], found[rows])
    return Reproduction(start, end, _one(mean, one), _one(sd, one), _one(found, one), quantiles)


def estimate_r_uncertain(
    incidence: ArrayLike, *, mean_si: float, sd_mean_si: float, min_mean_si: float, max_mean_si: float, sd_si: float, sd_sd_si: float,
    min_sd_si: float, max_sd_si: float, draws: int = 500, seed: int = 1, window: int = 7, imported: ArrayLike | None = None,
    windows: tuple[Sequence[int], Sequence[int]] | None = None, mean_prior: float = 5.0, sd_prior: float = 5.0,
    quantiles: tuple[float, ...] = QUANTILES,
) -> Reproduction:  # fmt: skip
    """R when the serial interval itself is uncertain: its mean and standard deviation are drawn from truncated normals.

    The posterior is the mixture of the gamma posteriors of the draws; its moments and quantiles are worked out, not sampled, so that
    only the draws are random. A draw has no say in windows that end before its mean has passed. For the rest as `estimate_r`.
    """
    cases, local, one = _incidence(incidence, imported)
    start, end = _windows(cases.shape[1], window, windows)
    shape, scale = _prior(mean_prior, sd_prior)
    random = np.random.default_rng(seed)
    means = _truncated(random, mean_si, sd_mean_si, max(min_mean_si, 1 + 1e-9), max_mean_si, draws)
    sds = _truncated(random, sd_si, sd_sd_si, min_sd_si, max_sd_si, draws)
    scales = np.full((draws, *_posterior_shape(cases, start)), np.nan)
    infected = np.zeros(_posterior_shape(cases, start), np.int64)
    for draw, (mean, sd) in enumerate(zip(means, sds, strict=True)):
        weights = discr_si(np.arange(cases.shape[1]), float(mean), float(sd))
        infected, rate = _posterior(cases, local, weights, start, end, 1 / scale)
        scales[draw] = np.where(end + 1 > mean, 1 / rate, np.nan)
    a = shape + infected
    counted = (~np.isnan(scales)).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = np.nansum(scales, axis=0) / counted
        second = np.nansum(scales**2, axis=0) / counted
    mean_r = a * first
    sd_r = np.sqrt(np.maximum(a * (a + 1) * second - mean_r**2, 0))
    found = np.stack([_mixed_quantile(a, scales, counted, mean_r, p) for p in quantiles], axis=-1)
    return Reproduction(start, end, _one(mean_r, one), _one(sd_r, one), _one(found, one), quantiles)


def _mixed_quantile(a: NDArray[np.floating], scales: Floats, counted: Ints, mean: Floats, probability: float) -> Floats:
    """Quantile of an even mixture of gammas of shape a and scales[draw], by halving."""
    with np.errstate(invalid="ignore"):
        low, high = (
            np.zeros_like(mean),
            np.nanmax(np.where(counted > 0, scales, 0), axis=0) * gammaincinv(a, probability) + 1e-12,
        )
    for _ in range(60):
        middle = (low + high) / 2
        below = np.nansum(gammainc(a, middle / scales), axis=0) < probability * counted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.where(counted > 0, (low + high) / 2, np.nan)


def _truncated(random: np.random.Generator, mean: float, sd: float, low: float, high: float, n: int) -> Floats:
    """n draws from a normal between two bounds, the others thrown away."""
    if sd <= 0 or not low <= mean <= high:
        raise ReproductionError(
            "代间隔参数的均值应在其上下限之间，标准差应大于 0。",
            "The mean of a serial interval's parameter lies within its bounds, and its standard deviation is above 0.",
        )
    found = np.zeros(0)
    while len(found) < n:
        drawn = random.normal(mean, sd, 2 * n)
        found = np.concatenate((found, drawn[(drawn >= low) & (drawn <= high)]))
    return found[:n]


def _prior(mean: float, sd: float) -> tuple[float, float]:
    """Shape and scale of the gamma prior."""
    if not (mean > 0 and sd > 0):
        raise ReproductionError("先验的均值与标准差应大于 0。", "Mean and standard deviation of the prior are above 0.")
    return (mean / sd) ** 2, sd**2 / mean


def _windows(times: int, window: int, windows: tuple[Sequence[int], Sequence[int]] | None) -> tuple[Ints, Ints]:
    if windows is None:
        if window < 1:
            raise ReproductionError("窗口至少 1 天。", "A window has at least one day.")
        start = np.arange(1, max(times - window, 0) + 1)
        return start, start + window - 1
    first, last = (np.asarray(days, np.int64) for days in windows)
    if first.shape != last.shape or (first < 1).any() or (last < first).any() or (last >= times).any():
        raise ReproductionError(
            f"窗口应从第 1 天（自 0 起数）或以后开始，止于第 {times - 1} 天或以前。",
            f"Windows start on day 1 (from 0) or later, and end on day {times - 1} or before.",
        )
    return first, last


def _incidence(incidence: ArrayLike, imported: ArrayLike | None) -> tuple[Ints, Ints, bool]:
    """All cases and local ones (n, T), none of the first day being local; and whether there is one series only."""
    cases, one = _whole(incidence)
    if imported is None:
        local = cases.copy()
        local[:, :1] = 0
        return cases, local, one
    elsewhere = _whole(imported)[0]
    if elsewhere.shape != cases.shape or (elsewhere > cases).any():
        raise ReproductionError(
            "输入病例应与病例数同样排列，且不多于病例数。",
            "Imported cases have the shape of the cases, and are no more than they.",
        )
    local = cases - elsewhere
    local[:, :1] = 0
    return cases, local, one


def _whole(incidence: ArrayLike) -> tuple[Ints, bool]:
    given = np.asarray(incidence)
    if given.ndim not in (1, 2) or given.dtype.kind not in "iufb":
        raise ReproductionError("发病数应是“序列 × 日”的数值数组。", "Incidence is a numeric array of series × day.")
    table = np.atleast_2d(np.nan_to_num(given) if given.dtype.kind == "f" else given)
    whole = table.dtype.kind != "f"
    if table.size and (table.min() < 0 or table.max() > 1e15 or not (whole or (table == np.floor(table)).all())):
        wrong = (table < 0) | (table != np.floor(table)) | (table > 1e15)
        row, day = (int(i) for i in np.argwhere(wrong)[0])
        raise ReproductionError(
            f"第 {row} 条序列第 {day} 天的发病数 {table[row, day]} 不是非负整数。",
            f"The incidence {table[row, day]} of series {row} on day {day} is not a whole number of at least 0.",
        )
    return np.ascontiguousarray(table, np.int64), given.ndim == 1


def _one(array: Floats, one: bool) -> Floats:
    return array[0] if one else array


def _posterior_shape(cases: Ints, start: Ints) -> tuple[int, int]:
    return len(cases), len(start)


def _posterior(cases: Ints, local: Ints, si: Floats, start: Ints, end: Ints, prior_rate: float) -> tuple[Ints, Floats]:
    """Local cases in each window, and the posterior rate."""
    return _counted(local, start, end), _rate(cases, si, start, end, prior_rate)


def _counted(local: Ints, start: Ints, end: Ints) -> Ints:
    """Local cases in each window."""
    counted = np.zeros((len(local), local.shape[1] + 1), np.int64)
    np.cumsum(local, axis=1, out=counted[:, 1:])
    found: Ints = counted[:, end + 1]
    found -= counted[:, start]
    return found


def _rate(cases: Ints, si: Floats, start: Ints, end: Ints, prior_rate: float) -> Floats:
    """The posterior rate of each window: that of the prior plus the infectivity in it."""
    infectivity = _infectivity(cases, si)
    infectivity[:, :1] = 0
    rate = np.empty((len(cases), len(start)))
    _summed(infectivity, start, end, prior_rate, rate)
    return rate


@lru_cache(maxsize=8)
def _of_few(shape: float, quantiles: tuple[float, ...]) -> Floats:
    """The table of unit quantiles for every number of cases below _TABLE: kept, as outbreaks come in batches."""
    table: Floats = gammaincinv(shape + np.arange(_TABLE)[:, None], np.asarray(quantiles))
    return table


def _different(numbers: Ints) -> tuple[Ints, Ints]:
    """The different numbers in order, and the place of each among them; without sorting unless they are huge."""
    most = int(numbers.max(initial=0))
    if most > _COUNTABLE:
        seen, place = np.unique(numbers, return_inverse=True)
        return seen, place.reshape(numbers.shape)
    there = np.zeros(most + 1, np.bool_)
    there[numbers] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[numbers]


@kernel
def _told(
    shapes: Floats, roots: Floats, table: Floats, place: Ints, rate: Floats, mean: Floats, sd: Floats, found: Floats
) -> None:
    """Mean, standard deviation and quantiles of the gammas of these rates, written in one pass; `place` is each one's row of the table."""
    for s in range(rate.shape[0]):
        for m in range(rate.shape[1]):
            row, scale = place[s, m], 1 / rate[s, m]
            mean[s, m] = shapes[row] * scale
            sd[s, m] = roots[row] * scale
            for q in range(table.shape[1]):
                found[s, m, q] = table[row, q] * scale


@kernel
def _summed(values: Floats, start: Ints, end: Ints, plus: float, total: Floats) -> None:
    """Sums over windows, each added up anew: a rolling sum would carry the rounding of a large outbreak into the quiet after it."""
    for s in range(values.shape[0]):
        for m in range(len(start)):
            t = plus
            for i in range(start[m], end[m] + 1):
                t += values[s, i]
            total[s, m] = t


def _infectivity(cases: Ints, si: Floats) -> Floats:
    # Past the last day that has a weight above 1e-17 nothing reaches the sum with the prior's rate.
    kept = si[: int(np.flatnonzero(si > 1e-17).max(initial=0)) + 1]
    found = np.full(cases.shape, np.nan)
    _convolved(cases, kept, found)
    return found


@kernel
def _convolved(cases: Ints, si: Floats, found: Floats) -> None:
    """Day by day within weight by weight, so that several days are done at once; a day's sum has the order of the weights all the same."""
    times = cases.shape[1]
    past = np.empty(times)
    for s in range(cases.shape[0]):
        past[:] = cases[s]
        total = found[s]
        total[1:] = 0.0
        for k in range(1, min(times, len(si))):
            weight, later = si[k], total[k:]
            for i in range(len(later)):
                later[i] += weight * past[i]
