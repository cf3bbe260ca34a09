"""The detectors of ESSENCE for daily counts: EWMA, regression on the day of the week, and the switch between them.

Sources: Burkom, Elbert, Magruder, Najmi, Peter, Thompson, in Proceedings of the National Syndromic Surveillance Conference (2004), and
the formulas of `alert_ewma`, `alert_regression` and `alert_switch` in CDC's R package Rnssp. Its yellow warning is alpha 0.05, its red
alert alpha 0.01.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from fangxian.analytics.detection.results import Alarm, Codes, Detection, Floats, Reason
from fangxian.analytics.detection.series import require, series

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
    require(all(0 < weight < 1 for weight in weights), "权重应在 0 与 1 之间。", "Weights lie between 0 and 1.")
    require(0 < alpha < 1, "alpha 应在 0 与 1 之间。", "alpha lies between 0 and 1.")
    given = series(counts)
    y = np.where(given.counts < 0, np.nan, given.counts.astype(np.float64))
    expected, upperbound, alarm, reason = given.blank()
    p_value, statistic = np.full(given.shape, np.nan), np.full(given.shape, np.nan)
    averages = [y[:, 0].copy() for _ in weights] if given.shape[1] else []
    for t in range(1, given.shape[1]):
        n = min(t - gap, baseline)
        now = y[:, t]
        if n < _LEAST_EWMA:
            for average, weight in zip(averages, weights, strict=True):
                _smooth(average, now, weight)
            continue
        past = y[:, t - gap - n : t - gap]
        mean, sigma = past.mean(axis=1), past.std(axis=1, ddof=1)
        red, yellow = (round(float(stats.t.ppf(1 - level, n - 1)), 5) for level in (0.01, 0.05))
        own = float(stats.t.ppf(1 - alpha, n - 1))
        known = ~np.isnan(mean) & ~np.isnan(now)
        best, limit, test = np.full(len(y), np.inf), np.full(len(y), np.inf), np.zeros(len(y))
        for average, weight in zip(averages, weights, strict=True):
            deviation = _deviation(sigma, n, gap, weight, yellow)
            before = np.where(np.isnan(average), now, average)
            z = weight * now + (1 - weight) * before
            t_value = (z - mean) / deviation
            p = stats.t.sf(t_value, n - 1)
            test = np.where(p < best, t_value, test)
            best = np.minimum(best, p)
            limit = np.minimum(limit, (mean + own * deviation - (1 - weight) * before) / weight)
            pulled = np.where(np.abs(t_value) > red, mean + np.sign(t_value) * red * deviation, z)
            average[:] = np.where(known, pulled, average)
        _note(t, known, mean, np.maximum(limit, 0), best < alpha, expected, upperbound, alarm, reason)
        p_value[known, t], statistic[known, t] = best[known], test[known]
    return given.judged("ewma", expected, upperbound, alarm, reason, p_value=p_value, statistic=statistic)


def regression(
    counts: ArrayLike, *, weekday: int = 0, baseline: int = 28, gap: int = 2, alpha: float = 0.01
) -> Detection:
    """Linear regression of the last `baseline` days on time and day of the week, forecast over `gap` days.

    `weekday` is that of the first day (0 Monday to 6 Sunday). Student's t with baseline - 8 degrees of freedom. An alarm on a count
    below the mean of its last seven days is withdrawn, at weekends only if it is also below the mean of the last seven of its weekday.
    `details` have the adjusted R², the statistic and its p-value.
    """
    require(baseline >= _LEAST_REGRESSION and baseline % 7 == 0, "基线应为 7 的倍数且不少于 14 天。",
            "A baseline is a multiple of 7 and at least 14 days.")  # fmt: skip
    require(gap >= 0, "间隔不能为负。", "The gap cannot be negative.")
    require(0 <= weekday <= 6, "星期应为 0（周一）至 6（周日）。", "A weekday is 0 (Monday) to 6 (Sunday).")
    require(0 < alpha < 1, "alpha 应在 0 与 1 之间。", "alpha lies between 0 and 1.")
    given = series(counts)
    y = np.where(given.counts < 0, np.nan, given.counts.astype(np.float64))
    expected, upperbound, alarm, reason = given.blank()
    p_value, statistic, fit = (np.full(given.shape, np.nan) for _ in range(3))
    for t in range(_LEAST_REGRESSION + gap, given.shape[1]):
        n = min(t - gap, baseline)
        start = t - gap - n
        design = _design(np.arange(1, n + 1), (weekday + start + np.arange(n)) % 7)
        ahead = _design(np.array([n + gap + 1]), np.array([(weekday + t) % 7]))
        inverse = np.linalg.pinv(design)
        past, freedom = y[:, start : start + n], n - 8
        coefficients = past @ inverse.T
        fitted = coefficients @ design.T
        residual = ((past - fitted) ** 2).sum(axis=1)
        explained = ((fitted - fitted.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        yellow = round(float(stats.t.ppf(0.95, freedom)), 5)
        sigma = np.sqrt(residual / freedom) * np.sqrt((n + 7) * (n - 4) / (n * (n - 7)))
        sigma = np.maximum(sigma, 0.01 / yellow)
        mean = np.maximum((coefficients @ ahead.T)[:, 0], 0)
        test = (y[:, t] - mean) / sigma
        p = stats.t.sf(test, freedom)
        known = ~np.isnan(mean) & ~np.isnan(y[:, t])
        limit = mean + float(stats.t.ppf(1 - alpha, freedom)) * sigma
        _note(
            t,
            known,
            mean,
            limit,
            (p < alpha) & ~_below_its_own(y, t, (weekday + t) % 7),
            expected,
            upperbound,
            alarm,
            reason,
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            adjusted = 1 - (1 - explained / (residual + explained)) * (n - 1) / freedom
        p_value[known, t], statistic[known, t] = p[known], test[known]
        fit[known, t] = np.nan_to_num(adjusted[known])
    return given.judged(
        "regression", expected, upperbound, alarm, reason, p_value=p_value, statistic=statistic, adjusted_r2=fit
    )


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
        p_value=np.where(good, by_regression.details["p_value"], by_average.details["p_value"]),
    )  # fmt: skip


def _smooth(average: Floats, now: Floats, weight: float) -> None:
    """Move the average; it starts with the first count that is there, and stays where none is."""
    moved = np.where(np.isnan(average), now, weight * now + (1 - weight) * average)
    average[:] = np.where(np.isnan(now), average, moved)


def _deviation(sigma: Floats, n: int, gap: int, weight: float, yellow: float) -> Floats:
    """Standard deviation of a weighted average about a baseline mean of n, with the source's correction and floor."""
    rest = 1 - weight
    correction = np.sqrt(weight / (2 - weight) + 1 / n - 2 * rest ** (gap + 1) * (1 - rest**n) / n)
    least = weight / yellow * (0.01 + 0.05 * rest**2)
    constant = (0.1289 - (0.2414 - 0.1826 * rest**4) * np.log(10 * 0.05)) * weight / yellow
    return np.asarray(np.maximum(least, sigma * correction + constant))


def _design(day: NDArray[np.int64], weekday: NDArray[np.int64]) -> Floats:
    """Intercept, time, and Monday to Saturday."""
    return np.column_stack([np.ones(len(day)), day, *(weekday == d for d in range(6))]).astype(np.float64)


def _below_its_own(y: Floats, t: int, weekday: int) -> NDArray[np.bool_]:
    """Whether a count is no excess over its own last week (at weekends: nor over its own weekday)."""
    below = y[:, t] < y[:, t - 6 : t + 1].mean(axis=1)
    if weekday < 5:
        return np.asarray(below)
    if t < 42:
        return np.zeros(len(y), bool)
    return np.asarray(below & (y[:, t] < y[:, t - 42 : t + 1 : 7].mean(axis=1)))


def _note(
    t: int, known: NDArray[np.bool_], mean: Floats, limit: Floats, raised: NDArray[np.bool_], expected: Floats, upperbound: Floats,
    alarm: Codes, reason: Codes,
) -> None:  # fmt: skip
    expected[:, t], upperbound[:, t] = np.where(known, mean, np.nan), np.where(known, limit, np.nan)
    alarm[:, t] = np.where(known, raised, Alarm.CANNOT_TELL)
    reason[:, t] = np.where(known, Reason.JUDGED, Reason.MISSING)
