"""EWMA and weekday regression, compiled. Windows move by one time, so that their sums, of whole numbers, roll without loss."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.detection.results import Codes, Floats, Reason
from fangxian.analytics.detection.series import Counts
from fangxian.analytics.kernel import kernel

Ints = NDArray[np.int64]

_JUDGED, _MISSING = int(Reason.JUDGED), int(Reason.MISSING)


@kernel(error_model="numpy")
def average(
    counts: Counts, least: int, baseline: int, gap: int, weights: Floats, limits: Floats, expected: Floats, upperbound: Floats,
    statistic: Floats, alarm: Codes, reason: Codes,
) -> None:  # fmt: skip
    """Two exponentially weighted averages of each series. Row n - least of `limits` is for a baseline of n (see essence._limits)."""
    z = np.empty(2)
    for s in range(counts.shape[0]):
        y = counts[s]
        total = 0
        squares = 0
        missing = 0
        z[:] = np.nan
        for t in range(len(y)):
            new = t - gap - 1  # enters the baseline
            if new >= 0:
                if y[new] < 0:
                    missing += 1
                else:
                    total += int(y[new])
                    squares += int(y[new]) * int(y[new])
                old = new - baseline
                if old >= 0:
                    if y[old] < 0:
                        missing -= 1
                    else:
                        total -= int(y[old])
                        squares -= int(y[old]) * int(y[old])
            n = min(t - gap, baseline)
            if n < least or missing > 0 or y[t] < 0:
                if y[t] >= 0 and n < least:
                    for i in range(2):
                        z[i] = y[t] if math.isnan(z[i]) else weights[i] * y[t] + (1.0 - weights[i]) * z[i]
                if n >= least:
                    reason[s, t] = _MISSING
                continue
            mean = total / n
            sigma = math.sqrt((n * squares - total * total) / (n * (n - 1.0)))
            row = limits[n - least]
            largest = -np.inf
            bound = np.inf
            for i in range(2):
                deviation = max(row[4 + 3 * i], sigma * row[2 + 3 * i] + row[3 + 3 * i])
                before = y[t] if math.isnan(z[i]) else z[i]
                moved = weights[i] * y[t] + (1.0 - weights[i]) * before
                value = (moved - mean) / deviation
                largest = max(largest, value)
                bound = min(bound, (mean + row[0] * deviation - (1.0 - weights[i]) * before) / weights[i])
                if abs(value) > row[1]:
                    moved = mean + math.copysign(row[1] * deviation, value)
                z[i] = moved
            expected[s, t] = mean
            upperbound[s, t] = max(bound, 0.0)
            statistic[s, t] = largest
            alarm[s, t] = largest > row[0]
            reason[s, t] = _JUDGED


@kernel(error_model="numpy")
def regress(
    counts: Counts, weekday: int, least: int, baseline: int, gap: int, spans: Floats, weights: Floats, critical: Floats, floor: Floats,
    expected: Floats, upperbound: Floats, statistic: Floats, fit: Floats, alarm: Codes, reason: Codes,
) -> None:  # fmt: skip
    """Forecast each day from its baseline. `spans` and `weights` are those of growing baselines, then those of the seven sliding ones."""
    along = np.empty(7)
    for s in range(counts.shape[0]):
        y = counts[s]
        for t in range(least + gap, len(y)):
            n = min(t - gap, baseline)
            start = t - gap - n
            which = n - least if n < baseline else baseline - least + (weekday + start) % 7
            total = 0
            missing = y[t] < 0
            for i in range(n):
                total += int(y[start + i])
                missing = missing or y[start + i] < 0
            if missing:
                reason[s, t] = _MISSING
                continue
            mean = total / n
            along[:] = 0.0
            around = 0.0
            forecast = mean
            for i in range(n):
                d = y[start + i] - mean
                around += d * d
                forecast += weights[which, i] * d
                for j in range(7):
                    along[j] += spans[which, i, j] * d
            explained = 0.0
            for j in range(7):
                explained += along[j] * along[j]
            residual = max(around - explained, 0.0)
            forecast = max(forecast, 0.0)
            freedom = n - 8.0
            sigma = math.sqrt(residual / freedom * (n + 7.0) * (n - 4.0) / (n * (n - 7.0)))
            sigma = max(sigma, floor[n - least])
            value = (y[t] - forecast) / sigma
            expected[s, t] = forecast
            upperbound[s, t] = forecast + critical[n - least] * sigma
            statistic[s, t] = value
            fit[s, t] = 1.0 - residual / around * (n - 1.0) / freedom if around > 0.0 else 0.0
            alarm[s, t] = value > critical[n - least] and not _no_excess(y, t, (weekday + t) % 7)
            reason[s, t] = _JUDGED


@kernel
def _no_excess(y: Counts, t: int, weekday: int) -> bool:
    """Whether a count is below the mean of its own last week (at weekends: also below that of its weekday's last seven)."""
    week = 0
    for i in range(t - 6, t + 1):
        if y[i] < 0:
            return False
        week += int(y[i])
    if 7 * int(y[t]) >= week:
        return False
    if weekday < 5:
        return True
    if t < 42:
        return False
    same = 0
    for i in range(t - 42, t + 1, 7):
        if y[i] < 0:
            return False
        same += int(y[i])
    return bool(7 * int(y[t]) < same)
