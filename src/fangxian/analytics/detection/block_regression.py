"""Log-linear regression with a level per block of the year and a trend, compiled: one weighted fit.

    log E(y) = level[block] + slope · time (+ log population)

A regression of this shape needs no matrix: given the slope, each level is a weighted mean, and the slope is a ratio of two weighted
sums. Fitted values of consecutive times differ by the factor exp(slope), so an iteration takes one multiplication a time instead of
an exponential. The iterations are those of iteratively reweighted least squares as R's `glm.fit` does them (start at y + 0.1, stop
when the deviance changes by less than 1e-8 of itself, at most 25), so that results agree to rounding even where they stop early.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.detection.results import Floats
from fangxian.analytics.detection.series import Counts
from fangxian.analytics.kernel import kernel

Ints = NDArray[np.int64]

#: Where things are in the short vector that the functions share.
SLOPE, SLOPE_BEFORE, SPREAD, CONVERGED, ROUNDS, DISPERSION, SCALE, MISPLACED, FREEDOM = range(9)
#: Rows of `block`: level and level before; weight and weight × time at the iterate before; their sums as the iterations go on.
LEVEL, LEVEL_BEFORE, W_BEFORE, WT_BEFORE, W, WT, WTT, Y, WZ, EXPOSURE = range(10)


@kernel(error_model="numpy")
def irls(
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


@kernel(error_model="numpy")
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
