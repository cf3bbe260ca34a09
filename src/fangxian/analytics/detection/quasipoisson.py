"""Farrington's regression, compiled: quasi-Poisson counts with a level per block of the year and a trend, reweighted for old outbreaks.

    log E(y) = level[block] + slope · time (+ log population)

A regression of this shape needs no matrix: given the slope, each level is a weighted mean, and the slope is a ratio of two weighted
sums. Fitted values of consecutive times differ by the factor exp(slope), so an iteration takes one multiplication a time instead of
an exponential. The iterations are those of iteratively reweighted least squares as R's `glm.fit` does them (start at y + 0.1, stop
when the deviance changes by less than 1e-8 of itself, at most 25), so that results agree to rounding even where they stop early.
As there, residual weights and leverages belong to the last but one iterate.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from fangxian.analytics.detection.results import Codes, Floats, Reason
from fangxian.analytics.detection.series import Counts

Ints = NDArray[np.int64]

_JUDGED, _MISSING, _FIT = int(Reason.JUDGED), int(Reason.MISSING), int(Reason.FIT)

#: Where things are in the short vectors that the functions share.
SLOPE, SLOPE_BEFORE, SPREAD, CONVERGED, ROUNDS, DISPERSION, SCALE, MISPLACED, FREEDOM = range(9)
#: Rows of `block`: level, level before, weight, weight × time at the iterate before, and their sums as the iterations go on.
LEVEL, LEVEL_BEFORE, W_BEFORE, WT_BEFORE, W, WT, WTT, Y, WZ, EXPOSURE = range(10)


@njit(cache=True, nogil=True, error_model="numpy")
def _irls(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, even: bool, size: Floats, weight: Floats,
    logs: Floats, trend: bool, block: Floats, fit: Floats,
) -> None:  # fmt: skip
    """Fit levels and slope by the prior weights; fills `block` and `fit`. `logs` holds y log y, log(y + 0.1) and log(size)."""
    groups = block.shape[1]
    block[LEVEL:EXPOSURE] = 0.0
    block[EXPOSURE] = 0.0
    yt = 0.0  # sum of weight × y × time
    wzt = 0.0  # sum of working weight × working response × time
    saturated = 0.0  # what the deviance has of y alone
    deviance = 0.0
    for r in range(len(starts)):
        g = blocks[r]
        for i in range(starts[r], starts[r] + lengths[r]):
            w = weight[i]
            if w == 0.0:
                continue
            t = time[i]
            wy = w * y[i]
            working = w * (y[i] + 0.1)
            saturated += w * (logs[0, i] - y[i] * logs[2, i])
            deviance += 0.1 * w - wy * logs[1, i]
            z = working * (logs[1, i] - logs[2, i]) - 0.1 * w
            yt += wy * t
            wzt += z * t
            block[Y, g] += wy
            block[WZ, g] += z
            block[W, g] += working
            block[WT, g] += working * t
            block[WTT, g] += working * t * t
            block[EXPOSURE, g] += w * size[i]
            deviance += w * logs[0, i]
    deviance *= 2.0
    cases = block[Y].sum()
    slope = 0.0
    fit[CONVERGED] = 0.0
    for iteration in range(25):
        spread = 0.0
        if trend:
            shared = wzt
            for g in range(groups):
                if block[W, g] > 0.0:
                    spread += block[WTT, g] - block[WT, g] * block[WT, g] / block[W, g]
                    shared -= block[WT, g] * block[WZ, g] / block[W, g]
            fit[SLOPE_BEFORE] = slope
            slope = shared / spread
        for g in range(groups):
            block[LEVEL_BEFORE, g] = block[LEVEL, g]
            block[LEVEL, g] = (block[WZ, g] - slope * block[WT, g]) / block[W, g] if block[W, g] > 0.0 else 0.0
            block[W_BEFORE, g] = block[W, g]
            block[WT_BEFORE, g] = block[WT, g]
        if trend:
            _moments(starts, lengths, blocks, time, even, size, weight, slope, block)
        else:
            for g in range(groups):
                block[W, g] = block[EXPOSURE, g] * math.exp(block[LEVEL, g])
        before = deviance
        deviance = saturated - slope * yt - cases
        for g in range(groups):
            deviance += block[W, g] - block[LEVEL, g] * block[Y, g]
        deviance *= 2.0
        fit[SLOPE] = slope
        fit[SPREAD] = spread
        fit[ROUNDS] = iteration + 1
        if abs(deviance - before) / (abs(deviance) + 0.1) < 1e-8:
            fit[CONVERGED] = 1.0
            return
        wzt = yt
        for g in range(groups):
            block[WZ, g] = (block[LEVEL, g] - 1.0) * block[W, g] + block[Y, g]
            if trend:
                block[WZ, g] += slope * block[WT, g]
                wzt += (block[LEVEL, g] - 1.0) * block[WT, g] + slope * block[WTT, g]


@njit(cache=True, nogil=True, error_model="numpy")
def _moments(
    starts: Ints, lengths: Ints, blocks: Ints, time: Floats, even: bool, size: Floats, weight: Floats, slope: float, block: Floats
) -> None:  # fmt: skip
    """Sums of the working weights, and of them times time and time squared, by block."""
    block[W] = 0.0
    block[WT] = 0.0
    block[WTT] = 0.0
    growth = math.exp(slope)
    for r in range(len(starts)):
        g = blocks[r]
        level = block[LEVEL, g]
        fitted = math.exp(level + slope * time[starts[r]])
        w0 = 0.0
        w1 = 0.0
        w2 = 0.0
        for i in range(starts[r], starts[r] + lengths[r]):
            t = time[i]
            if not even:
                fitted = math.exp(level + slope * t)
            working = weight[i] * size[i] * fitted
            w0 += working
            w1 += working * t
            w2 += working * t * t
            fitted *= growth
        block[W, g] += w0
        block[WT, g] += w1
        block[WTT, g] += w2


@njit(cache=True, nogil=True, error_model="numpy")
def _residuals(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, size: Floats, weight: Floats, block: Floats, fit: Floats
) -> None:  # fmt: skip
    """Dispersion from the working residuals; and the one that results when prior weights are taken for working weights."""
    pearson = 0.0
    misplaced = 0.0
    n = 0
    for r in range(len(starts)):
        g = blocks[r]
        for i in range(starts[r], starts[r] + lengths[r]):
            if weight[i] == 0.0:
                continue
            n += 1
            mu = size[i] * math.exp(block[LEVEL, g] + fit[SLOPE] * time[i])
            working = (
                size[i] * math.exp(block[LEVEL_BEFORE, g] + fit[SLOPE_BEFORE] * time[i])
                if fit[ROUNDS] > 1
                else y[i] + 0.1
            )
            residual = (y[i] - mu) / mu
            pearson += weight[i] * working * residual * residual
            misplaced += weight[i] * residual * residual
    used = 0
    for g in range(block.shape[1]):
        if block[EXPOSURE, g] > 0.0:
            used += 1
    fit[FREEDOM] = n - used - (1 if fit[SPREAD] > 0.0 else 0)
    fit[DISPERSION] = pearson / fit[FREEDOM]
    fit[SCALE] = max(fit[DISPERSION], 1.0)
    fit[MISPLACED] = misplaced / fit[FREEDOM]


@njit(cache=True, nogil=True, error_model="numpy")
def _reweight(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, size: Floats, weight: Floats, thirds: Floats,
    threshold: float, block: Floats, fit: Floats,
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
            mu = size[i] * math.exp(block[LEVEL, g] + fit[SLOPE] * time[i])
            working = (
                size[i] * math.exp(block[LEVEL_BEFORE, g] + fit[SLOPE_BEFORE] * time[i])
                if fit[ROUNDS] > 1
                else y[i] + 0.1
            )
            leverage = working / block[W_BEFORE, g]
            if fit[SPREAD] > 0.0:
                leverage += working * (time[i] - middle) ** 2 / fit[SPREAD]
            if leverage > 1.0 - 2.220446049250313e-15:
                leverage = 1.0
            anscombe = 1.5 * (thirds[i] * mu ** (-1.0 / 6.0) - math.sqrt(mu)) / math.sqrt(fit[SCALE] * (1.0 - leverage))
            if math.isnan(anscombe):
                return False
            weight[i] = 1.0 / (anscombe * anscombe) if anscombe > threshold else 1.0
            total += weight[i]
            n += 1
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            weight[i] *= n / total
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _fitted(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, even: bool, size: Floats, weight: Floats, logs: Floats,
    trend: bool, reweight: bool, threshold: float, block: Floats, fit: Floats,
) -> bool:  # fmt: skip
    """The whole fit: without the trend where it does not converge with it, then once more reweighted. False: no fit."""
    for r in range(len(starts)):
        for i in range(starts[r], starts[r] + lengths[r]):
            weight[i] = 1.0 if y[i] >= 0 and size[i] > 0.0 else 0.0
    fit[:] = 0.0
    _irls(starts, lengths, blocks, y, time, even, size, weight, logs, trend, block, fit)
    if fit[CONVERGED] == 0.0:
        if not trend:
            return False
        fit[:] = 0.0
        _irls(starts, lengths, blocks, y, time, even, size, weight, logs, False, block, fit)
        if fit[CONVERGED] == 0.0:
            return False
    _residuals(starts, lengths, blocks, y, time, size, weight, block, fit)
    if not reweight:
        return bool(fit[FREEDOM] > 0.0)
    if fit[FREEDOM] <= 0.0 or not _reweight(
        starts, lengths, blocks, y, time, size, weight, logs[3], threshold, block, fit
    ):
        return False
    trended = fit[SPREAD] > 0.0
    fit[:] = 0.0
    _irls(starts, lengths, blocks, y, time, even, size, weight, logs, trended, block, fit)
    _residuals(starts, lengths, blocks, y, time, size, weight, block, fit)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
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
                start, length, group, y, time, even, size, weight, logs, trend, reweight, threshold, block, fit
            )
            last = groups - 1
            if sound and fit[SPREAD] > 0.0:
                dispersion = fit[MISPLACED] if quirk and reweight else fit[DISPERSION]
                mu = size[k] * math.exp(block[LEVEL, last] + fit[SLOPE] * now)
                t = abs(fit[SLOPE]) / math.sqrt(dispersion / fit[SPREAD])
                if not (t > critical[int(fit[FREEDOM])] and mu <= most):
                    sound = _fitted(
                        start, length, group, y, time, even, size, weight, logs, False, reweight, threshold, block, fit
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
