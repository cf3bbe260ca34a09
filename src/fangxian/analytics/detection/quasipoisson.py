"""Farrington's fit and prediction, compiled: quasi-Poisson, reweighted for old outbreaks, with a trend where it is called for.

As in R's `glm.fit`, residual weights and leverages belong to the last but one iterate of the regression.
"""

from __future__ import annotations

import math

import numpy as np

from fangxian.analytics.detection.block_regression import (
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
    W_BEFORE,
    WT_BEFORE,
    Ints,
    irls,
)
from fangxian.analytics.detection.results import Codes, Floats, Reason
from fangxian.analytics.detection.series import Counts
from fangxian.analytics.kernel import kernel

_JUDGED, _MISSING, _FIT = int(Reason.JUDGED), int(Reason.MISSING), int(Reason.FIT)


@kernel(error_model="numpy")
def _unfold(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, even: bool, size: Floats, block: Floats, fit: Floats,
    values: Floats,
) -> None:  # fmt: skip
    """Rows of `values`: fitted mean, working weight before prior weights (of the last but one iterate), fitted mean^(-1/6)."""
    growth = math.exp(fit[SLOPE])
    growth_before = math.exp(fit[SLOPE_BEFORE])
    sixth = math.exp(-fit[SLOPE] / 6.0)
    for r in range(len(starts)):
        g = blocks[r]
        eta = block[LEVEL, g] + fit[SLOPE] * time[starts[r]]
        fitted = math.exp(eta)
        before = math.exp(block[LEVEL_BEFORE, g] + fit[SLOPE_BEFORE] * time[starts[r]])
        root = math.exp(-eta / 6.0)
        for i in range(starts[r], starts[r] + lengths[r]):
            if not even:
                eta = block[LEVEL, g] + fit[SLOPE] * time[i]
                fitted = math.exp(eta)
                before = math.exp(block[LEVEL_BEFORE, g] + fit[SLOPE_BEFORE] * time[i])
                root = math.exp(-eta / 6.0)
            values[0, i] = size[i] * fitted
            values[1, i] = size[i] * before if fit[ROUNDS] > 1 else y[i] + 0.1
            values[2, i] = root if size[i] == 1.0 else root * size[i] ** (-1.0 / 6.0)
            fitted *= growth
            before *= growth_before
            root *= sixth


@kernel(error_model="numpy")
def _residuals(
    starts: Ints, lengths: Ints, y: Counts, weight: Floats, values: Floats, block: Floats, fit: Floats
) -> None:
    """Dispersion from the working residuals; and the one that results when prior weights are taken for working weights."""
    pearson = 0.0
    misplaced = 0.0
    n = 0
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            if weight[i] == 0.0:
                continue
            n += 1
            residual = (y[i] - values[0, i]) / values[0, i]
            pearson += weight[i] * values[1, i] * residual * residual
            misplaced += weight[i] * residual * residual
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
    starts: Ints, lengths: Ints, blocks: Ints, time: Floats, weight: Floats, thirds: Floats, values: Floats, threshold: float,
    block: Floats, fit: Floats,
) -> bool:  # fmt: skip
    """Lower the weight of what was far above its fit (standardised Anscombe residuals above the threshold); False: impossible."""
    total = 0.0
    n = 0
    for r in range(len(starts)):
        g = blocks[r]
        middle = block[WT_BEFORE, g] / block[W_BEFORE, g]
        for i in range(starts[r], starts[r] + lengths[r]):
            if weight[i] == 0.0:
                continue
            leverage = values[1, i] / block[W_BEFORE, g]
            if fit[SPREAD] > 0.0:
                leverage += values[1, i] * (time[i] - middle) * (time[i] - middle) / fit[SPREAD]
            if leverage > 1.0 - 2.220446049250313e-15:
                leverage = 1.0
            anscombe = (
                1.5 * (thirds[i] * values[2, i] - math.sqrt(values[0, i])) / math.sqrt(fit[SCALE] * (1.0 - leverage))
            )
            if math.isnan(anscombe):
                return False
            weight[i] = 1.0 / (anscombe * anscombe) if anscombe > threshold else 1.0
            total += weight[i]
            n += 1
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            weight[i] *= n / total
    return True


@kernel(error_model="numpy")
def _fitted(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, even: bool, size: Floats, weight: Floats, logs: Floats,
    trend: bool, reweight: bool, threshold: float, values: Floats, block: Floats, fit: Floats,
) -> bool:  # fmt: skip
    """The whole fit: without the trend where it does not converge with it, then once more reweighted. False: no fit."""
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            weight[i] = 1.0 if y[i] >= 0 and size[i] > 0.0 else 0.0
    fit[:] = 0.0
    irls(starts, lengths, blocks, y, time, even, size, weight, logs, trend, block, fit)
    if fit[CONVERGED] == 0.0:
        if not trend:
            return False
        fit[:] = 0.0
        irls(starts, lengths, blocks, y, time, even, size, weight, logs, False, block, fit)
        if fit[CONVERGED] == 0.0:
            return False
    _unfold(starts, lengths, blocks, y, time, even, size, block, fit, values)
    _residuals(starts, lengths, y, weight, values, block, fit)
    if not reweight:
        return bool(fit[FREEDOM] > 0.0)
    if fit[FREEDOM] <= 0.0 or not _reweight(
        starts, lengths, blocks, time, weight, logs[3], values, threshold, block, fit
    ):
        return False
    trended = fit[SPREAD] > 0.0
    fit[:] = 0.0
    irls(starts, lengths, blocks, y, time, even, size, weight, logs, trended, block, fit)
    _unfold(starts, lengths, blocks, y, time, even, size, block, fit, values)
    _residuals(starts, lengths, y, weight, values, block, fit)
    return True


@kernel(error_model="numpy")
def predict(
    counts: Counts, population: Floats, position: Floats, even: bool, when: Ints, first_run: Ints, starts: Ints, lengths: Ints,
    blocks: Ints, groups: int, critical: Floats, trend: bool, reweight: bool, threshold: float, quirk: bool, mean: Floats,
    error: Floats, scale: Floats, slope: Floats, reason: Codes,
) -> None:  # fmt: skip
    """Predict each series at the times `when` from its baseline: mean, its standard error on the log scale, overdispersion, slope.

    The runs of judgement e are first_run[e] up to first_run[e + 1]. `critical[f]` is the |t| above which a slope with f degrees of
    freedom counts, infinite where trends are not wanted. `quirk` repeats what R's farringtonFlexible does with its weights.
    `slope` is NaN where the prediction has no trend. The last five arrays have the shape of the counts.
    """
    times = counts.shape[1]
    logs = np.empty((4, times))
    weight = np.empty(times)
    time = np.empty(times)
    values = np.empty((3, times))
    block = np.empty((10, groups))
    fit = np.empty(9)
    for s in range(counts.shape[0]):
        y = counts[s]
        size = population[s if population.shape[0] > 1 else 0]
        for i in range(times):
            logs[0, i] = y[i] * math.log(y[i]) if y[i] > 0 else 0.0
            logs[1, i] = math.log(y[i] + 0.1) if y[i] >= 0 else 0.0
            logs[2, i] = math.log(size[i]) if size[i] > 0.0 else 0.0
            logs[3, i] = y[i] ** (2.0 / 3.0) if y[i] > 0 else 0.0
        for e in range(len(when)):
            runs = slice(first_run[e], first_run[e + 1])
            start, length, group = starts[runs], lengths[runs], blocks[runs]
            k = when[e]
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
                reason[s, k] = _MISSING
                continue
            sound = _fitted(
                start, length, group, y, time, even, size, weight, logs, trend, reweight, threshold, values, block, fit
            )
            last = groups - 1
            if sound and fit[SPREAD] > 0.0:
                dispersion = fit[MISPLACED] if quirk and reweight else fit[DISPERSION]
                mu = size[k] * math.exp(block[LEVEL, last] + fit[SLOPE] * now)
                t = abs(fit[SLOPE]) / math.sqrt(dispersion / fit[SPREAD])
                if not (t > critical[int(fit[FREEDOM])] and mu <= most):
                    sound = _fitted(
                        start,
                        length,
                        group,
                        y,
                        time,
                        even,
                        size,
                        weight,
                        logs,
                        False,
                        reweight,
                        threshold,
                        values,
                        block,
                        fit,
                    )
            if not sound or not block[W_BEFORE, last] > 0.0:
                reason[s, k] = _FIT
                continue
            variance = 1.0 / block[W_BEFORE, last]
            if fit[SPREAD] > 0.0:
                variance += (now - block[WT_BEFORE, last] / block[W_BEFORE, last]) ** 2 / fit[SPREAD]
            spread = fit[SCALE]
            if quirk:
                spread = fit[MISPLACED] if reweight else fit[DISPERSION]
            mean[s, k] = size[k] * math.exp(block[LEVEL, last] + fit[SLOPE] * now)
            error[s, k] = math.sqrt(variance * spread)
            scale[s, k] = fit[SCALE]
            slope[s, k] = fit[SLOPE] if fit[SPREAD] > 0.0 else np.nan
            reason[s, k] = _JUDGED if y[k] >= 0 else _MISSING
