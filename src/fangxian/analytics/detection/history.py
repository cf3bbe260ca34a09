"""Limits straight from past counts: Bayes, RKI, and the moving percentile of China's CIDARS (移动百分位数法).

The past counts are windows: the last `half_window` times, and ± half_window times around this time in earlier years.

Sources: Riebler, Empirischer Vergleich von statistischen Methoden zur Ausbruchserkennung bei Surveillance Daten (LMU München, 2004) for
Bayes and RKI, as `bayes` and `rki` of the R package surveillance 1.20.3; Crow and Gardner, Biometrika 46 (1959) 441-453, for the limits of
a Poisson mean; Yang and others, Western Pac Surveill Response J 2(1) (2011) 10-15, and Wang and others, BMC Public Health 17 (2017)
570, for CIDARS; Hyndman and Fan, Am Stat 50 (1996) 361-365, for the types of quantile.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.detection.results import Alarm, Detection, Floats, Reason
from fangxian.analytics.detection.series import Series, require, series

#: Upper 95 % limits of a Poisson mean when 0 to 20 were counted (Crow and Gardner 1959, table 1).
CROW_GARDNER = np.array([
    3.285, 5.323, 6.686, 8.102, 9.598, 11.177, 12.817, 13.765, 14.921, 16.768, 17.633, 19.050, 20.335, 21.364, 22.945, 23.762, 25.400,
    26.306, 27.735, 28.966, 30.017,
])  # fmt: skip

#: Hyndman and Fan's types of sample quantile by the names NumPy has for them.
QUANTILE_TYPES = {
    1: "inverted_cdf", 2: "averaged_inverted_cdf", 3: "closest_observation", 4: "interpolated_inverted_cdf", 5: "hazen", 6: "weibull",
    7: "linear", 8: "median_unbiased", 9: "normal_unbiased",
}  # fmt: skip


def bayes(
    counts: ArrayLike,
    *,
    freq: int = 52,
    years: int = 0,
    half_window: int = 6,
    this_year: bool = True,
    alpha: float = 0.05,
) -> Detection:
    """Alarm when the count exceeds the 1 - alpha quantile of the posterior predictive, a negative binomial.

    Counts are Poisson with Jeffreys' prior on the mean. Missing past counts are left out. Bayes 1, 2, 3 of surveillance are
    (years, half_window, this_year) = (0, 6, True), (1, 6, True), (2, 4, False).
    """
    require(0 < alpha < 1, "alpha 应在 0 与 1 之间。", "alpha lies between 0 and 1.")
    given = series(counts)
    total, _, number, first = _windows(given, freq, years, half_window, this_year)
    expected, upperbound, alarm, reason = given.blank()
    able = number > 0
    upper = np.full(total.shape, np.nan)
    # The quantile depends on two whole numbers only, of which there are few different pairs.
    for reports in np.unique(number[able]).tolist():
        here = number == reports
        sums = total[here]
        seen = np.flatnonzero(np.bincount(sums)) if sums.max() < 1 << 24 else np.unique(sums)
        upper[here] = scipy.stats.nbinom.ppf(1 - alpha, seen + 0.5, reports / (reports + 1))[
            np.searchsorted(seen, sums)
        ]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(able, (total + 0.5) / number, np.nan)
    expected[:, first:], upperbound[:, first:] = mean, upper
    return _compared("bayes", given, first, expected, upperbound, alarm, reason)


def rki(
    counts: ArrayLike, *, freq: int = 52, years: int = 2, half_window: int = 4, this_year: bool = False
) -> Detection:  # fmt: skip
    """The method once used at the Robert Koch Institute: mean + 2·sd where the mean is above 20, else a Poisson limit of its whole part.

    RKI 1, 2, 3 are (years, half_window, this_year) = (0, 6, True), (1, 6, True), (2, 4, False).
    """
    given = series(counts)
    total, squares, number, first = _windows(given, freq, years, half_window, this_year)
    full = years * (2 * half_window + 1) + this_year * half_window
    expected, upperbound, alarm, reason = given.blank()
    mean = np.where(number == full, total / full, np.nan)
    with np.errstate(invalid="ignore"):
        variance = (full * squares - total.astype(np.float64) ** 2) / (full * (full - 1))
        table = CROW_GARDNER[np.clip(np.nan_to_num(mean), 0, 20).astype(np.int64)]
        upper = np.where(mean > 20, mean + 2 * np.sqrt(variance), np.where(np.isnan(mean), np.nan, table))
    expected[:, first:], upperbound[:, first:] = mean, upper
    return _compared("rki", given, first, expected, upperbound, alarm, reason)


def moving_percentile(
    counts: ArrayLike, *, freq: int = 52, years: int = 5, periods: int = 5, length: int = 1, percentile: float = 80.0,
    quantile_type: int = 7,
) -> Detection:  # fmt: skip
    """CIDARS: alarm when the current period exceeds a percentile of the same and the neighbouring periods of earlier years.

    A period is `length` times long (1 for weekly series, 7 for daily ones, as a sliding sum that ends now); `periods` of them, an
    odd number, are taken in each of `years` years. CIDARS ran at P80 to P90 with 5 periods of 3, later 5 years; the sources do not
    say how the percentile is interpolated, so its Hyndman and Fan type (1 to 9; 7 is that of R, NumPy and spreadsheets) is a
    parameter. `details["current"]` is the sum that is compared, `expected` the median of the past ones.
    """
    require(0 < percentile < 100, "百分位数应在 0 与 100 之间。", "The percentile lies between 0 and 100.")
    require(periods % 2 == 1, "周期数应为奇数。", "The number of periods is odd.")
    require(quantile_type in QUANTILE_TYPES, "分位数类型为 1 至 9。", "The type of quantile is 1 to 9.")
    require(
        years >= 1 and length >= 1,
        "年数与周期长度至少为 1。",
        "There is at least one year, and a period has at least one time.",
    )
    given = series(counts)
    gaps = np.cumsum(given.counts < 0, axis=1, dtype=np.int64)
    sums = np.cumsum(np.maximum(given.counts, 0), axis=1, dtype=np.int64)
    sums[:, length:] -= sums[:, :-length].copy()
    gaps[:, length:] -= gaps[:, :-length].copy()
    current = np.where(gaps > 0, np.nan, sums)
    current[:, : length - 1] = np.nan
    side = periods // 2
    back = np.array([freq * year + length * j for year in range(1, years + 1) for j in range(-side, side + 1)])
    expected, upperbound, alarm, reason = given.blank()
    first = int(back.max()) + length - 1
    for t in range(first, given.shape[1]):
        past = current[:, t - back]
        limits = np.quantile(past, [0.5, percentile / 100], axis=1, method=QUANTILE_TYPES[quantile_type])  # type: ignore[call-overload]
        expected[:, t], upperbound[:, t] = limits
    return _compared("moving-percentile", given, first, expected, upperbound, alarm, reason, current=current)


def _windows(
    given: Series, freq: int, years: int, half_window: int, this_year: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]:
    """Sum, sum of squares and number of the past counts at every time from the first (the fourth) that has them all."""
    require(
        years >= 0 and half_window >= 0 and freq >= 1,
        "年数与窗口半宽不能为负。",
        "Years and half window cannot be negative.",
    )
    require(years > 0 or (this_year and half_window > 0), "没有可比较的历史。", "There is no past to compare with.")
    first = freq * years + half_window
    spans = [(half_window, 0)] if this_year else []
    spans += [(freq * year + half_window, freq * year - half_window - 1) for year in range(1, years + 1)]
    y = np.maximum(given.counts, 0).astype(np.int64)
    found = []
    for values in (y, y * y, (given.counts >= 0).astype(np.int64)):
        before = np.concatenate((np.zeros((len(values), 1), np.int64), np.cumsum(values, axis=1)), axis=1)
        t = np.arange(first, values.shape[1])
        found.append(
            sum((before[:, t - nearest] - before[:, t - farthest] for farthest, nearest in spans), np.zeros(()))
        )
    return found[0].astype(np.int64), found[1].astype(np.int64), found[2].astype(np.int64), first


def _compared(
    method: str, given: Series, first: int, expected: Floats, upperbound: Floats, alarm: NDArray[np.int8], reason: NDArray[np.int8],
    current: Floats | None = None,
) -> Detection:  # fmt: skip
    """Alarm where the count (or `current`, where another number is compared) exceeds its bound."""
    observed = given.counts if current is None else current
    known = ~np.isnan(upperbound) & (observed >= 0)
    alarm[known] = (observed > upperbound)[known]
    reason[known] = Reason.JUDGED
    unknown = ~known
    unknown[:, :first] = False
    reason[unknown] = Reason.MISSING
    alarm[unknown] = Alarm.CANNOT_TELL
    details = {} if current is None else {"current": current}
    return given.judged(method, expected, upperbound, alarm, reason, **details)
