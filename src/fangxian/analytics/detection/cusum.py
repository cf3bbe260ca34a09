"""CUSUM charts of transformed counts (累积和控制图): small excesses add up until they pass the decision interval.

Sources: Page, Biometrika 41 (1954) 100-115; Rossi, Lampugnani, Marchi, Stat Med 18 (1999) 2111-2122; Höhle, Computational Statistics
22 (2007) 571-582. Agrees with `cusum` of the R package surveillance 1.20.3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.detection import run_length
from fangxian.analytics.detection.charts import Charts
from fangxian.analytics.detection.loglinear import season, seasonal_fit, seasonal_mean
from fangxian.analytics.detection.results import Alarm, Detection, Floats, Reason
from fangxian.analytics.detection.series import MISSING, Counts, require, series, spread
from fangxian.analytics.kernel import kernel

Transformation = Literal["standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "none"]
TRANSFORMATIONS = ("standard", "rossi", "anscombe", "anscombe2nd", "pearsonNegBin", "none")


def cusum(
    counts: ArrayLike, *, freq: int = 52, since: int | None = None, k: float = 1.04, h: float = 2.26,
    transformation: Transformation = "rossi", mean: ArrayLike | Literal["seasonal"] | None = None, alpha: float = 0.1,
    compat: Literal["R", "paper"] = "R", arl: float | None = None, after: Charts | None = None,
) -> Detection:  # fmt: skip
    """One-sided CUSUM C(t) = max(0, C(t-1) + x(t) - k) of the transformed count x; alarm when C ≥ h. It is not reset by an alarm.

    The in-control mean is that of the times before `since` (by default two years, at most half of the series); or "seasonal", fitted
    to them with one harmonic; or given, a number or an array that fits the counts. `alpha` is the negative binomial's dispersion
    (variance μ + α·μ²) for pearsonNegBin. A missing count leaves C as it is. `details["statistic"]` is C.

    With `arl` each series has the h that Poisson counts (negative binomial for pearsonNegBin) of a constant mean such as its own
    first reach after so many times on average. With `after`, charts that came of earlier counts, the counts are those that follow:
    mean and h are as the charts have them.

    The upper bound is the count at which C reaches h, 0 where no count is too small. compat="R" keeps what surveillance 1.20.3 has
    for bounds: "standard" rounded up, "rossi" squared where the root is negative, "anscombe2nd" with m^(1/3) where the transformation
    has m^(-1/3), and "none" as h - C(t). Alarms do not depend on it.
    """
    given = series(counts)
    n, times = given.shape
    start = 0 if after else min(2 * freq, times // 2) if since is None else since
    require(0 <= start <= times, "since 应在序列之内。", "since lies within the series.")
    require(h > 0, "h 应大于 0。", "h is above 0.")
    require(transformation in TRANSFORMATIONS, "变换方法应为：" + "、".join(TRANSFORMATIONS) + "。",
            "The transformation is one of: " + ", ".join(TRANSFORMATIONS) + ".")  # fmt: skip
    y = given.counts[:, start:].astype(np.float64)
    given_mean = None if mean is None or isinstance(mean, str) else spread("mean", mean, given.shape)[:, start:]
    charts = after or _started(given.counts, start, freq, mean, np.full(n, float(h)))
    terms = season(charts.seen, charts.seen + times - start, charts.since, freq, charts.coefficients.shape[1] // 2)
    m = given_mean if given_mean is not None else seasonal_mean(charts.coefficients, terms)
    if after is None and arl is not None and start < times:
        charts = replace(charts, limit=_limits(m.mean(axis=1), arl, k, transformation, alpha))
    limit = charts.limit[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        x = _standardised(y, m, transformation, alpha)
        x[given.counts[:, start:] == MISSING] = np.nan
        c = np.empty_like(x)
        _add_up(x, k, charts.total, c)
        before = np.concatenate((charts.total[:, None], c), axis=1)[:, :-1]
        bound = _bound(before, c, m, transformation, alpha, k, limit, compat == "R")
    expected, upperbound, alarm, reason = given.blank()
    unfit = ~np.isfinite(m) | ((m <= 0) & (transformation != "none"))
    expected[:, start:] = m
    upperbound[:, start:] = np.where(np.isnan(bound) | (bound < 0), 0, bound)
    alarm[:, start:] = c >= limit
    reason[:, start:] = Reason.JUDGED
    for where, why in ((given.counts[:, start:] == MISSING, Reason.MISSING), (unfit, Reason.FIT)):
        reason[:, start:][where] = why
        alarm[:, start:][where] = Alarm.CANNOT_TELL
        upperbound[:, start:][where] = np.nan
    statistic = np.full(given.shape, np.nan)
    statistic[:, start:] = c
    charts = replace(charts, total=c[:, -1].copy() if c.shape[1] else charts.total).after(times - start)
    found = given.judged("cusum", expected, upperbound, alarm, reason, statistic=statistic)
    return replace(found, charts=charts)


def _limits(mean: Floats, arl: float, k: float, transformation: str, alpha: float) -> Floats:
    """The decision interval of each series (n,) for a first false alarm after `arl` times."""

    def of(one: float) -> float:
        counts, probabilities = run_length.chances(one, alpha if transformation == "pearsonNegBin" else 0.0)
        steps = _standardised(counts, np.full(len(counts), one), transformation, alpha) - k
        return run_length.limit_for(steps, probabilities, arl, reaching=True)

    return run_length.limits(mean, arl, of)


def _started(counts: Counts, start: int, freq: int, mean: ArrayLike | str | None, limit: Floats) -> Charts:
    """Charts that learnt their mean (a level: the coefficient of one term) from the times before `start`."""
    if isinstance(mean, str):
        require(mean == "seasonal", "mean 应为数、数组或 seasonal。", "mean is a number, an array or “seasonal”.")
        return Charts.new(start, seasonal_fit(counts, start, freq, 1), limit)
    if mean is not None:
        return Charts.new(start, np.empty((len(counts), 0)), limit)
    training = counts[:, :start]
    with np.errstate(invalid="ignore", divide="ignore"):
        level = np.maximum(training, 0).sum(axis=1) / (training >= 0).sum(axis=1)
        return Charts.new(start, np.log(level)[:, None], limit)


def _standardised(y: Floats, m: Floats, transformation: str, alpha: float) -> Floats:
    match transformation:
        case "rossi":
            return np.asarray((y - 3 * m + 2 * np.sqrt(y * m)) / (2 * np.sqrt(m)))
        case "standard":
            return np.asarray((y - m) / np.sqrt(m))
        case "anscombe":
            return np.asarray(1.5 * (np.cbrt(y) ** 2 - m ** (2 / 3)) / m ** (1 / 6))
        case "anscombe2nd":
            return np.asarray((np.cbrt(y) ** 2 - (m ** (2 / 3) - m ** (-1 / 3) / 9)) / (2 / 3 * m ** (1 / 6)))
        case "pearsonNegBin":
            return np.asarray((y - m) / np.sqrt(m + alpha * m**2))
    return y.copy()


def _bound(
    before: Floats, c: Floats, m: Floats, transformation: str, alpha: float, k: float, h: Floats, as_r: bool
) -> Floats:
    """The count at which the statistic reaches h, from what it was before."""
    room = h + k - before  # what the transformed count must reach
    match transformation:
        case "rossi":
            # The larger root of count + 2√(m·count) = 3m + 2√m·room.
            root = -np.sqrt(m) + np.sqrt(4 * m + 2 * np.sqrt(m) * room)
            return np.asarray(root**2 if as_r else root * np.abs(root))
        case "standard":
            bound = np.sqrt(m) * room + m
            return np.asarray(np.ceil(bound) if as_r else bound)
        case "anscombe" | "anscombe2nd":
            centre = m ** (2 / 3)
            if transformation == "anscombe2nd":
                centre = centre - m ** (1 / 3 if as_r else -1 / 3) / 9
            return np.asarray(np.maximum(2 / 3 * m ** (1 / 6) * room + centre, 0) ** 1.5)
        case "pearsonNegBin":
            return np.asarray(np.sqrt(m + alpha * m**2) * room + m)
    return np.asarray(h - c if as_r else room)


@kernel
def _add_up(x: Floats, k: float, before: Floats, c: Floats) -> None:
    for s in range(x.shape[0]):
        total = before[s]
        for t in range(x.shape[1]):
            if not np.isnan(x[s, t]):
                total = max(0.0, total + (x[s, t] - k))
            c[s, t] = total
