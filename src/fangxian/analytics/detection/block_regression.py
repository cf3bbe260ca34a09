"""Log-linear regression with a level per block of the year and a trend, compiled: one weighted fit.

    log E(y) = level[block] + slope · time (+ log population)

A regression of this shape needs no matrix: given the slope, each level is a weighted mean, and the slope is a ratio of two weighted
sums. Fitted values of consecutive times differ by the factor exp(slope): those of a run of times in one block are one number times
powers that all runs share, so that an iteration costs a few operations a run, and a few for each count whose weight is not that of
the others. The iterations are those of iteratively reweighted least squares as R's `glm.fit` does them (start at y + 0.1, stop
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
SLOPE, SLOPE_BEFORE, SPREAD, CONVERGED, ROUNDS, DISPERSION, SCALE, MISPLACED, FREEDOM, COMMON = range(10)
#: Rows of `block`: level and level before; weight and weight × time at the iterate before; their sums as the iterations go on.
LEVEL, LEVEL_BEFORE, W_BEFORE, WT_BEFORE, W, WT, WTT, Y, WZ, EXPOSURE = range(10)


#: What the compiler may do to sums: take them in another order, several at a time, which changes rounding only.
SUMS = {"reassoc", "nsz", "contract"}


@kernel(error_model="numpy", fastmath=SUMS)
def _begun(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, size: Floats, weight: Floats, logs: Floats, block: Floats
) -> tuple[float, float, float, float]:  # fmt: skip
    """Sums of the first iterate into `block`; weighted y · time and z · time, the deviance of y alone and of the first iterate."""
    block[LEVEL : EXPOSURE + 1] = 0.0
    yt = 0.0
    wzt = 0.0
    saturated = 0.0
    deviance = 0.0
    for r in range(len(starts)):
        cases = 0.0
        w0 = 0.0
        w1 = 0.0
        w2 = 0.0
        wz = 0.0
        exposure = 0.0
        for i in range(starts[r], starts[r] + lengths[r]):
            w = weight[i]
            t = time[i]
            # A count that is missing is below 0, and of weight 0.
            wy = w * y[i]
            working = w * (y[i] + 0.1)
            z = working * (logs[1, i] - logs[2, i]) - 0.1 * w
            own = w * logs[0, i]
            saturated += own - wy * logs[2, i]
            deviance += own + 0.1 * w - wy * logs[1, i]
            yt += wy * t
            wzt += z * t
            cases += wy
            wz += z
            w0 += working
            w1 += working * t
            w2 += working * t * t
            exposure += w * size[i]
        g = blocks[r]
        block[Y, g] += cases
        block[WZ, g] += wz
        block[W, g] += w0
        block[WT, g] += w1
        block[WTT, g] += w2
        block[EXPOSURE, g] += exposure
    return yt, wzt, saturated, 2.0 * deviance


@kernel(error_model="numpy")
def irls(
    starts: Ints, lengths: Ints, blocks: Ints, y: Counts, time: Floats, plain: bool, even: bool, size: Floats, weight: Floats,
    odd: Ints, odds: int, logs: Floats, trend: bool, powers: Floats, block: Floats, fit: Floats,
) -> None:  # fmt: skip
    """Fit levels and slope by the prior weights; fills `block` and `fit`. `logs` holds y log y, log(y + 0.1) and log(size).

    `odd` are the first `odds` times, in order, whose weight is not fit[COMMON]. `plain`: times are one apart, and sizes 1.
    """
    groups = block.shape[1]
    yt, wzt, saturated, deviance = _begun(starts, lengths, blocks, y, time, size, weight, logs, block)
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
        if trend and plain:
            _moments_of_runs(starts, lengths, blocks, time, weight, odd, odds, fit[COMMON], slope, powers, block)
        elif trend:
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
def _moments_of_runs(
    starts: Ints, lengths: Ints, blocks: Ints, time: Floats, weight: Floats, odd: Ints, odds: int, common: float, slope: float,
    powers: Floats, block: Floats,
) -> None:  # fmt: skip
    """What `_moments` gives, where times are one apart and sizes 1: sums of powers, and corrections for odd weights."""
    block[W] = 0.0
    block[WT] = 0.0
    block[WTT] = 0.0
    growth = math.exp(slope)
    fitted = 1.0
    powers[1:, 0] = 0.0
    for j in range(lengths.max()):
        powers[0, j] = fitted
        powers[1, j + 1] = powers[1, j] + fitted
        powers[2, j + 1] = powers[2, j] + fitted * j
        powers[3, j + 1] = powers[3, j] + fitted * j * j
        fitted *= growth
    at = 0
    for r in range(len(starts)):
        g = blocks[r]
        length = lengths[r]
        t = time[starts[r]]
        fitted = math.exp(block[LEVEL, g] + slope * t)
        w0 = common * powers[1, length]
        w1 = common * powers[2, length]
        w2 = common * powers[3, length]
        while at < odds and odd[at] < starts[r] + length:
            j = odd[at] - starts[r]
            more = (weight[odd[at]] - common) * powers[0, j]
            w0 += more
            w1 += more * j
            w2 += more * j * j
            at += 1
        block[W, g] += fitted * w0
        block[WT, g] += fitted * (t * w0 + w1)
        block[WTT, g] += fitted * (t * t * w0 + 2.0 * t * w1 + w2)


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
