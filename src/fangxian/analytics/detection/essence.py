"""The detectors of ESSENCE for daily counts: EWMA, regression on the day of the week, and the switch between them.

Sources: Burkom, Elbert, Magruder, Najmi, Peter, Thompson, in Proceedings of the National Syndromic Surveillance Conference (2004), and
the formulas of `alert_ewma`, `alert_regression` and `alert_switch` in CDC's R package Rnssp. Its yellow warning is alpha 0.05, its red
alert alpha 0.01.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.detection.essence_kernels import average, regress
from fangxian.analytics.detection.results import Alarm, Detection, Floats, Reason
from fangxian.analytics.detection.series import require, series, shared

_LEAST_EWMA, _LEAST_REGRESSION = 7, 11
#: From this adjusted R² on, the switch believes the regression.
GOOD_FIT = 0.60


def ewma(
    counts: ArrayLike,
    *,
    baseline: int = 28,
    gap: int = 2,
    weights: tuple[float, float] = (0.4, 0.9),
    alpha: float = 0.01,
) -> Detection:
    """Two exponentially weighted averages, a slow and a fast one, against the mean of the `baseline` times before the last `gap`.

    The baseline grows from 7 times to its full length; its Student quantiles are rounded to five digits, as in the source. An average
    that passes its 0.01 limit is pulled back to it, so that an outbreak does not echo. Alarm when the smaller p-value is below
    alpha. A missing count, now or in the baseline, is "cannot tell", and the averages stay as they are.
    """
    require(baseline >= _LEAST_EWMA, "基线至少 7 期。", "A baseline has at least 7 times.")
    require(gap >= 0, "间隔不能为负。", "The gap cannot be negative.")
    require(
        len(weights) == 2 and all(0 < weight < 1 for weight in weights),
        "权重应为 0 与 1 之间的两个数。",
        "Weights are two numbers between 0 and 1.",
    )
    require(0 < alpha < 1, "alpha 应在 0 与 1 之间。", "alpha lies between 0 and 1.")
    given = series(counts)
    expected, upperbound, alarm, reason = given.blank()
    statistic = np.full(given.shape, np.nan)
    limits = np.array([_limits(n, gap, (weights[0], weights[1]), alpha) for n in range(_LEAST_EWMA, baseline + 1)])

    def work(a: int, b: int) -> None:
        out = expected[a:b], upperbound[a:b], statistic[a:b], alarm[a:b], reason[a:b]
        average(given.counts[a:b], _LEAST_EWMA, baseline, gap, np.array(weights), limits, *out)

    shared(len(given.counts), work)
    alarm[reason != Reason.JUDGED] = Alarm.CANNOT_TELL
    return given.judged("ewma", expected, upperbound, alarm, reason, statistic=statistic)


# The same few baselines are asked of every series that is judged by itself.
@lru_cache(maxsize=256)
def _limits(n: int, gap: int, weights: tuple[float, float], alpha: float) -> list[float]:
    """For a baseline of n: Student's quantiles (alpha; 0.01 rounded); for each weight factor, constant and floor of the deviation."""
    red, yellow = (round(float(scipy.stats.t.ppf(1 - level, n - 1)), 5) for level in (0.01, 0.05))
    found = [float(scipy.stats.t.ppf(1 - alpha, n - 1)), red]
    for weight in weights:
        rest = 1 - weight
        factor = np.sqrt(weight / (2 - weight) + 1 / n - 2 * rest ** (gap + 1) * (1 - rest**n) / n)
        constant = (0.1289 - (0.2414 - 0.1826 * rest**4) * np.log(10 * 0.05)) * weight / yellow
        found += [float(factor), float(constant), weight / yellow * (0.01 + 0.05 * rest**2)]
    return found


def regression(
    counts: ArrayLike, *, weekday: int = 0, baseline: int = 28, gap: int = 2, alpha: float = 0.01
) -> Detection:
    """Linear regression of the last `baseline` days on time and day of the week, forecast over `gap` days.

    `weekday` is that of the first day (0 Monday to 6 Sunday). Student's t with baseline - 8 degrees of freedom. An alarm on a count
    below the mean of its last seven days is withdrawn, at weekends only if it is also below the mean of the last seven of its weekday.
    `details` have the adjusted R² and the statistic.
    """
    require(baseline >= _LEAST_REGRESSION and baseline % 7 == 0, "基线应为 7 的倍数且不少于 14 天。",
            "A baseline is a multiple of 7 and at least 14 days.")  # fmt: skip
    require(gap >= 0, "间隔不能为负。", "The gap cannot be negative.")
    require(0 <= weekday <= 6, "星期应为 0（周一）至 6（周日）。", "A weekday is 0 (Monday) to 6 (Sunday).")
    require(0 < alpha < 1, "alpha 应在 0 与 1 之间。", "alpha lies between 0 and 1.")
    given = series(counts)
    expected, upperbound, alarm, reason = given.blank()
    statistic, fit = np.full(given.shape, np.nan), np.full(given.shape, np.nan)
    # A baseline is told by its length and its first weekday: at first it grows from the first day, then it slides through the week.
    growing = [_basis(n, weekday, gap) for n in range(_LEAST_REGRESSION, baseline)]
    sliding = [_basis(baseline, day, gap) for day in range(7)]
    spans = np.zeros((len(growing) + 7, baseline, 7))
    weights = np.zeros((len(growing) + 7, baseline))
    for i, (span, weight) in enumerate(growing + sliding):
        spans[i, : len(span)], weights[i, : len(span)] = span, weight
    lengths = np.arange(_LEAST_REGRESSION, baseline + 1)
    critical = scipy.stats.t.ppf(1 - alpha, lengths - 8)
    floor = 0.01 / np.round(scipy.stats.t.ppf(0.95, lengths - 8), 5)

    def work(a: int, b: int) -> None:
        out = expected[a:b], upperbound[a:b], statistic[a:b], fit[a:b], alarm[a:b], reason[a:b]
        regress(given.counts[a:b], weekday, _LEAST_REGRESSION, baseline, gap, spans, weights, critical, floor, *out)

    shared(len(given.counts), work)
    alarm[reason != Reason.JUDGED] = Alarm.CANNOT_TELL
    return given.judged("regression", expected, upperbound, alarm, reason, statistic=statistic, adjusted_r2=fit)


@lru_cache(maxsize=256)
def _basis(n: int, weekday: int, gap: int) -> tuple[Floats, Floats]:
    """For a baseline of n days from this weekday: an orthonormal basis (n, 7) of what time and weekday explain beside the mean, and
    the weights (n,) with which the baseline forecasts the day after the gap."""
    day = np.arange(1, n + 1)
    design = _design(day, (weekday + day - 1) % 7)
    ahead = _design(np.array([n + gap + 1]), np.array([(weekday + n + gap) % 7]))
    centred = design[:, 1:] - design[:, 1:].mean(axis=0)
    return np.linalg.qr(centred)[0], (ahead @ np.linalg.pinv(design))[0]


def switch(
    counts: ArrayLike, *, weekday: int = 0, baseline: int = 28, gap: int = 2, weights: tuple[float, float] = (0.4, 0.9),
    alpha: float = 0.01,
) -> Detection:  # fmt: skip
    """The regression where its adjusted R² is at least 0.60, elsewhere EWMA; `details["regression"]` is True for the former."""
    given = series(counts)
    by_regression = regression(counts, weekday=weekday, baseline=baseline, gap=gap, alpha=alpha)
    by_average = ewma(counts, baseline=baseline, gap=gap, weights=weights, alpha=alpha)
    with np.errstate(invalid="ignore"):
        good = by_regression.details["adjusted_r2"] >= GOOD_FIT

    def chosen(name: str) -> NDArray[Any]:
        return np.asarray(np.where(good, getattr(by_regression, name), getattr(by_average, name)))

    return given.judged(
        "switch", chosen("expected"), chosen("upperbound"), chosen("alarm"), chosen("reason"), regression=good,
        statistic=np.where(good, by_regression.details["statistic"], by_average.details["statistic"]),
    )  # fmt: skip


def _design(day: NDArray[np.int64], weekday: NDArray[np.int64]) -> Floats:
    """Intercept, time, and Monday to Saturday."""
    return np.column_stack([np.ones(len(day)), day, *(weekday == d for d in range(6))]).astype(np.float64)
