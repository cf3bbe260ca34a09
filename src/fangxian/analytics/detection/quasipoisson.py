"""Farrington's fit and prediction, compiled: quasi-Poisson, reweighted for old outbreaks, with a trend where it is called for.

As in R's `glm.fit`, residual weights and leverages belong to the last but one iterate of the regression.
"""

from __future__ import annotations

import math

import numpy as np

from fangxian.analytics.detection.block_regression import (
    COMMON,
    CONVERGED,
    DISPERSION,
    EXPOSURE,
    FREEDOM,
    LEVEL,
    LEVEL_BEFORE,
    MISPLACED,
    ROUNDS,
    SCALE,
    SLOPE,
    SLOPE_BEFORE,
    SPREAD,
    SUMS,
    W_BEFORE,
    WT_BEFORE,
    Ints,
    irls,
)
from fangxian.analytics.detection.results import Codes, Floats, Reason
from fangxian.analytics.detection.series import Counts
from fangxian.analytics.kernel import kernel

_JUDGED, _MISSING, _FIT = int(Reason.JUDGED), int(Reason.MISSING), int(Reason.FIT)
#: A leverage above this is one.
_WHOLE = 1.0 - 2.220446049250313e-15
#: Counts below this, which most are, have their logarithms in a table.
_SMALL = 256


@kernel(error_model="numpy")
def _unfold(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, plain: bool, size: Floats, powers: Floats, block: Floats,
    fit: Floats, values: Floats,
) -> None:  # fmt: skip
    """Rows of `values`: fitted mean, and working weight before prior weights (of the last but one iterate)."""
    slope, slope_before = fit[SLOPE], fit[SLOPE_BEFORE]
    if plain:
        growth, growth_before = math.exp(slope), math.exp(slope_before)
        powers[:2, 0] = 1.0
        for j in range(1, lengths.max()):
            powers[0, j] = powers[0, j - 1] * growth
            powers[1, j] = powers[1, j - 1] * growth_before
    for r in range(len(starts)):
        level, level_before = block[LEVEL, blocks[r]], block[LEVEL_BEFORE, blocks[r]]
        start = starts[r]
        if plain:
            fitted = math.exp(level + slope * time[start])
            before = math.exp(level_before + slope_before * time[start])
            for j in range(lengths[r]):
                values[0, start + j] = fitted * powers[0, j]
                values[1, start + j] = before * powers[1, j]
        else:
            for i in range(start, start + lengths[r]):
                values[0, i] = size[i] * math.exp(level + slope * time[i])
                values[1, i] = size[i] * math.exp(level_before + slope_before * time[i])
        if fit[ROUNDS] == 1.0:
            for i in range(start, start + lengths[r]):
                values[1, i] = y[i] + 0.1


@kernel(error_model="numpy", fastmath=SUMS)
def _residuals(
    starts: Ints, lengths: Ints, y: Counts, weight: Floats, values: Floats, block: Floats, fit: Floats
) -> None:
    """Dispersion from the working residuals; and the one that results when prior weights are taken for working weights."""
    pearson = 0.0
    misplaced = 0.0
    n = 0
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            w = weight[i]
            residual = (y[i] - values[0, i]) / values[0, i] if w != 0.0 else 0.0
            squared = w * residual * residual
            pearson += values[1, i] * squared if w != 0.0 else 0.0
            misplaced += squared
            n += 1 if w != 0.0 else 0
    used = 0
    for g in range(block.shape[1]):
        if block[EXPOSURE, g] > 0.0:
            used += 1
    fit[FREEDOM] = n - used - (1 if fit[SPREAD] > 0.0 else 0)
    fit[DISPERSION] = pearson / fit[FREEDOM]
    fit[SCALE] = max(fit[DISPERSION], 1.0)
    fit[MISPLACED] = misplaced / fit[FREEDOM]


@kernel(error_model="numpy")
def _reweight(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, weight: Floats, values: Floats, threshold: float, odd: Ints,
    block: Floats, fit: Floats,
) -> int:  # fmt: skip
    """Lower the weight of what was far above its fit (standardised Anscombe residuals above the threshold).

    Returns how many weights are not as the others, whose times are in `odd`; -1: impossible.
    """
    total = 0.0
    n = 0
    odds = 0
    # 3/2 (y^⅔ - μ^⅔) μ^-⅙ is at most (y - μ) / √μ: what is not above the threshold by that needs no roots.
    surely = threshold * threshold * fit[SCALE] if threshold > 0.0 else -1.0
    for r in range(len(starts)):
        g = blocks[r]
        middle = block[WT_BEFORE, g] / block[W_BEFORE, g]
        level = 1.0 / block[W_BEFORE, g]
        slope = 1.0 / fit[SPREAD] if fit[SPREAD] > 0.0 else 0.0
        for i in range(starts[r], starts[r] + lengths[r]):
            if weight[i] == 0.0:
                odd[odds] = i
                odds += 1
                continue
            n += 1
            leverage = values[1, i] * (level + (time[i] - middle) * (time[i] - middle) * slope)
            mean = values[0, i]
            above = y[i] - mean
            if leverage < _WHOLE and (above <= 0.0 <= surely or above * above < surely * (1.0 - leverage) * mean):
                weight[i] = 1.0
                total += 1.0
                continue
            if leverage > _WHOLE:
                leverage = 1.0
            anscombe = (
                1.5
                * (y[i] ** (2.0 / 3.0) * mean ** (-1.0 / 6.0) - math.sqrt(mean))
                / math.sqrt(fit[SCALE] * (1.0 - leverage))
            )
            if math.isnan(anscombe):
                return -1
            weight[i] = 1.0
            if anscombe > threshold:
                weight[i] = 1.0 / (anscombe * anscombe)
                odd[odds] = i
                odds += 1
            total += weight[i]
    fit[COMMON] = n / total
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            weight[i] *= n / total
    return odds


@kernel(error_model="numpy")
def _fitted(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, plain: bool, even: bool, size: Floats, weight: Floats,
    odd: Ints, logs: Floats, trend: bool, reweight: bool, threshold: float, powers: Floats, values: Floats, block: Floats, fit: Floats,
) -> bool:  # fmt: skip
    """The whole fit: without the trend where it does not converge with it, then once more reweighted. False: no fit."""
    odds = 0
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            weight[i] = 1.0
            if y[i] < 0 or not size[i] > 0.0:
                weight[i] = 0.0
                odd[odds] = i
                odds += 1
    fit[:] = 0.0
    fit[COMMON] = 1.0
    irls(starts, lengths, blocks, y, time, plain, even, size, weight, odd, odds, logs, trend, powers, block, fit)
    if fit[CONVERGED] == 0.0:
        if not trend:
            return False
        fit[:] = 0.0
        irls(starts, lengths, blocks, y, time, plain, even, size, weight, odd, odds, logs, False, powers, block, fit)
        if fit[CONVERGED] == 0.0:
            return False
    _unfold(starts, lengths, blocks, y, time, plain, size, powers, block, fit, values)
    _residuals(starts, lengths, y, weight, values, block, fit)
    if not reweight:
        return bool(fit[FREEDOM] > 0.0)
    if fit[FREEDOM] <= 0.0:
        return False
    odds = _reweight(starts, lengths, blocks, y, time, weight, values, threshold, odd, block, fit)
    if odds < 0:
        return False
    trended = fit[SPREAD] > 0.0
    common = fit[COMMON]
    fit[:] = 0.0
    fit[COMMON] = common
    irls(starts, lengths, blocks, y, time, plain, even, size, weight, odd, odds, logs, trended, powers, block, fit)
    _unfold(starts, lengths, blocks, y, time, plain, size, powers, block, fit, values)
    _residuals(starts, lengths, y, weight, values, block, fit)
    return True


@kernel(error_model="numpy")
def predict(
    counts: Counts, population: Floats, position: Floats, even: bool, when: Ints, first: int, first_run: Ints, starts: Ints,
    lengths: Ints, blocks: Ints, groups: int, critical: Floats, trend: bool, reweight: bool, threshold: float, quirk: bool, mean: Floats,
    error: Floats, scale: Floats, slope: Floats, reason: Codes,
) -> None:  # fmt: skip
    """Predict each series at the times `when` from its baseline: mean, its standard error on the log scale, overdispersion, slope.

    The runs of judgement e are first_run[e] up to first_run[e + 1]. `critical[f]` is the |t| above which a slope with f degrees of
    freedom counts, infinite where trends are not wanted. `quirk` repeats what R's farringtonFlexible does with its weights.
    `slope` is NaN where the prediction has no trend. The last five arrays have the times from `first` on.
    """
    times = counts.shape[1]
    logs = np.zeros((3, times))
    weight = np.empty(times)
    time = np.empty(times)
    odd = np.empty(times, np.int64)
    values = np.empty((2, times))
    powers = np.empty((4, times + 1))
    block = np.empty((10, groups))
    fit = np.empty(10)
    table = np.empty((2, _SMALL))
    for i in range(_SMALL):
        table[0, i] = i * math.log(i) if i > 0 else 0.0
        table[1, i] = math.log(i + 0.1)
    for s in range(counts.shape[0]):
        y = counts[s]
        size = population[s if population.shape[0] > 1 else 0]
        plain = even
        for i in range(times):
            if size[i] != 1.0:
                plain = False
            if y[i] < _SMALL:
                logs[0, i] = table[0, max(y[i], 0)]
                logs[1, i] = table[1, max(y[i], 0)]
            else:
                logs[0, i] = y[i] * math.log(y[i])
                logs[1, i] = math.log(y[i] + 0.1)
        if not plain:
            for i in range(times):
                logs[2, i] = math.log(size[i]) if size[i] > 0.0 else 0.0
        for e in range(len(when)):
            runs = slice(first_run[e], first_run[e + 1])
            start, length, group = starts[runs], lengths[runs], blocks[runs]
            k = when[e]
            at = k - first
            if len(start) == 0:
                continue
            # Centred, so that the sums of squares of time stay small beside what they are compared with.
            middle = position[(start[0] + start[-1]) // 2]
            most = -1
            for r in range(len(start)):
                for i in range(start[r], start[r] + length[r]):
                    time[i] = position[i] - middle
                    most = max(most, y[i])
            now = position[k] - middle
            if most < 0 or not size[k] > 0.0:
                reason[s, at] = _MISSING
                continue
            sound = _fitted(
                start, length, group, y, time, plain, even, size, weight, odd, logs, trend, reweight, threshold, powers, values,
                block, fit,
            )  # fmt: skip
            last = groups - 1
            if sound and fit[SPREAD] > 0.0:
                dispersion = fit[MISPLACED] if quirk and reweight else fit[DISPERSION]
                mu = size[k] * math.exp(block[LEVEL, last] + fit[SLOPE] * now)
                t = abs(fit[SLOPE]) / math.sqrt(dispersion / fit[SPREAD])
                if not (t > critical[int(fit[FREEDOM])] and mu <= most):
                    sound = _fitted(
                        start, length, group, y, time, plain, even, size, weight, odd, logs, False, reweight, threshold, powers,
                        values, block, fit,
                    )  # fmt: skip
            if not sound or not block[W_BEFORE, last] > 0.0:
                reason[s, at] = _FIT
                continue
            variance = 1.0 / block[W_BEFORE, last]
            if fit[SPREAD] > 0.0:
                variance += (now - block[WT_BEFORE, last] / block[W_BEFORE, last]) ** 2 / fit[SPREAD]
            spread = fit[SCALE]
            if quirk:
                spread = fit[MISPLACED] if reweight else fit[DISPERSION]
            mean[s, at] = size[k] * math.exp(block[LEVEL, last] + fit[SLOPE] * now)
            error[s, at] = math.sqrt(variance * spread)
            scale[s, at] = fit[SCALE]
            slope[s, at] = fit[SLOPE] if fit[SPREAD] > 0.0 else np.nan
            reason[s, at] = _JUDGED if y[k] >= 0 else _MISSING
