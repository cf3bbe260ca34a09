"""EARS C1, C2 and C3 (早期异常报告系统): today against the mean and standard deviation of the last days.

Sources: Hutwagner, Thompson, Seeman, Treadwell, J Urban Health 80 (2003) i89-i96, for CDC's original; Fricker, Hegler, Dunfee,
Stat Med 27 (2008) 3407-3429, for its definition in formulas; `earsC` of the R package surveillance 1.20.3 for limits from a normal
quantile. CDC's original limits are `z=3` for C1 and C2 and `z=2` for C3.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike

from fangxian.analytics.detection.results import Alarm, Codes, Detection, Floats, Reason
from fangxian.analytics.detection.series import Counts, Ints, require, series, shared
from fangxian.analytics.kernel import kernel

#: CDC's original limits, in place of a normal quantile.
CDC = {"C1": 3.0, "C2": 3.0, "C3": 2.0}

# Constants to the compiler.
_JUDGED, _HISTORY, _MISSING, _VARIANCE = (
    int(reason) for reason in (Reason.JUDGED, Reason.HISTORY, Reason.MISSING, Reason.VARIANCE)
)
_CANNOT_TELL = int(Alarm.CANNOT_TELL)


def ears_c1(
    counts: ArrayLike, *, baseline: int = 7, alpha: float = 0.001, z: float | None = None, min_sigma: float = 0.0
) -> Detection:
    """EARS C1: alarm when the count exceeds mean + z·sd of the `baseline` times just before it.

    z is the normal quantile of 1 - alpha unless given. A baseline without variance has its mean as bound. The sample standard
    deviation (n - 1) is used, at least `min_sigma`. Cannot tell without a full baseline.
    """
    return _ears("ears-c1", counts, baseline, 0, False, alpha, z, min_sigma, "R")


def ears_c2(
    counts: ArrayLike, *, baseline: int = 7, alpha: float = 0.001, z: float | None = None, min_sigma: float = 0.0
) -> Detection:
    """EARS C2: as C1, with a gap of two times between baseline and count, so that an outbreak does not lift its own bound."""
    return _ears("ears-c2", counts, baseline, 2, False, alpha, z, min_sigma, "R")


def ears_c3(
    counts: ArrayLike, *, baseline: int = 7, alpha: float = 0.025, z: float | None = None, min_sigma: float = 0.0,
    compat: Literal["R", "paper"] = "R",
) -> Detection:  # fmt: skip
    """EARS C3: the C2 statistics of today and the last two times, each less 1 and at least 0, add up.

    compat="paper" is the definition: alarm when the sum of the three exceeds z. compat="R" is what surveillance 1.20.3 computes:
    its bound is the *observed* count + sd·(z - the two earlier terms), so that today's count has no say and an alarm means
    that the two days before were unusual; 0/0 in a baseline without variance gives "cannot tell".
    """
    return _ears("ears-c3", counts, baseline, 2, True, alpha, z, min_sigma, compat)


def _ears(
    method: str, counts: ArrayLike, baseline: int, gap: int, third: bool, alpha: float, z: float | None, min_sigma: float,
    compat: str,
) -> Detection:  # fmt: skip
    require(baseline >= 3, "基线至少 3 期。", "A baseline has at least 3 times.")
    require(0 < alpha < 1, "alpha 应在 0 与 1 之间。", "alpha lies between 0 and 1.")
    require(min_sigma >= 0, "最小标准差不能为负。", "min_sigma cannot be negative.")
    given = series(counts)
    most = int(given.counts.max(initial=0))
    require(
        (baseline * most) ** 2 < 2**63,
        f"基线过长，无法处理 {most} 这样大的计数。",
        f"The baseline is too long for counts of {most}.",
    )
    expected, upperbound, alarm, reason = given.unwritten()
    width = np.int32 if (baseline * most) ** 2 < 2**31 else np.int64
    limit = float(scipy.stats.norm.ppf(1 - alpha)) if z is None else float(z)

    def work(a: int, b: int) -> None:
        out = expected[a:b], upperbound[a:b], alarm[a:b], reason[a:b]
        room = np.empty((4, given.shape[1] + 1), width)
        _judge(given.counts[a:b], baseline, gap, third, limit, min_sigma, compat == "paper", room, *out)

    shared(len(given.counts), work)
    return given.judged(method, expected, upperbound, alarm, reason)


@kernel(error_model="numpy")
def _judge_complete(
    y: Counts, baseline: int, gap: int, third: bool, z: float, min_sigma: float, paper: bool, totals: Ints, squared: Ints,
    window: Ints, spread: Ints, over: Floats, expected: Floats, upperbound: Floats, alarm: Codes, reason: Codes,
) -> None:  # fmt: skip
    """A series without missing reports: one pass adds up, the others are free of branches, so that several times are done at once.

    Sums may pass the largest whole number; the differences of a window are right all the same. `totals` to `over` are room to work in.
    """
    first = baseline + gap
    times = len(y)
    expected[:first], upperbound[:first], alarm[:first], reason[:first] = np.nan, np.nan, _CANNOT_TELL, _HISTORY
    for t in range(times):
        totals[t + 1] = totals[t] + y[t]
        squared[t + 1] = squared[t] + y[t] * y[t]
    # Written down and read again as whole numbers of their own width, which processors turn into floats several at once.
    n = times - first
    later, later_squared = totals[baseline:], squared[baseline:]
    for i in range(n):
        window[i] = later[i] - totals[i]
    for i in range(n):
        spread[i] = baseline * (later_squared[i] - squared[i]) - window[i] * window[i]
    scale = 1.0 / math.sqrt(baseline * (baseline - 1.0))
    told, means, bounds, alarms, why = y[first:], expected[first:], upperbound[first:], alarm[first:], reason[first:]
    for i in range(n):
        mean = window[i] / np.float64(baseline)
        sigma = max(math.sqrt(spread[i]) * scale, min_sigma)
        bound = mean + z * sigma
        means[i] = mean
        bounds[i] = sigma if third else bound
        alarms[i] = told[i] > bound
        why[i] = _JUDGED
    if not third:
        return
    for i in range(n):
        excess = (told[i] - means[i]) / bounds[i] - 1.0
        if paper and bounds[i] == 0.0 and told[i] == means[i]:
            excess = -1.0
        over[i] = 0.0 if excess < 0.0 else excess
    means[:2], bounds[:2], alarms[:2], why[:2] = np.nan, np.nan, _CANNOT_TELL, _HISTORY
    before, now, told, means, bounds, alarms, why = (
        over[1:],
        over[2:],
        told[2:],
        means[2:],
        bounds[2:],
        alarms[2:],
        why[2:],
    )
    for i in range(n - 2):
        late, sigma = before[i] + over[i], bounds[i]
        if paper:
            bound = means[i] + sigma * (1.0 + z - late) if late < np.inf else 0.0
        else:
            bound = told[i] + sigma * (z - late)
        known = bound == bound
        bounds[i] = max(bound, 0.0) if known else np.nan
        means[i] = means[i] if known else np.nan
        high = late + now[i] > z if paper else told[i] > bounds[i]
        alarms[i] = np.int8(high) if known else np.int8(_CANNOT_TELL)
        why[i] = np.int8(_JUDGED) if known else np.int8(_VARIANCE)


@kernel(error_model="numpy")
def _judge(
    counts: Counts, baseline: int, gap: int, third: bool, z: float, min_sigma: float, paper: bool, room: Ints,
    expected: Floats, upperbound: Floats, alarm: Codes, reason: Codes,
) -> None:  # fmt: skip
    """Fill the last four arrays; sums over the window are whole numbers, so rolling them loses nothing. `room`: (4, times + 1)."""
    times = counts.shape[1]
    totals, squared, window, spread, over = room[0], room[1], room[2], room[3], np.empty(times)
    totals[0], squared[0] = 0, 0
    for s in range(counts.shape[0]):
        y = counts[s]
        least = 0
        for t in range(times):
            least = min(least, y[t])
        if times > baseline + gap and least >= 0:
            out = expected[s], upperbound[s], alarm[s], reason[s]
            _judge_complete(y, baseline, gap, third, z, min_sigma, paper, totals, squared, window, spread, over, *out)
            continue
        expected[s], upperbound[s], alarm[s], reason[s] = np.nan, np.nan, _CANNOT_TELL, _HISTORY
        total = 0
        squares = 0
        missing = 0
        first = baseline + gap
        late1 = np.nan  # what C2 exceeded 1 by, one time ago and two times ago
        late2 = np.nan
        absent = -3  # when it was last not possible to compare for want of a report
        for t in range(first, len(y)):
            for i in range(t - gap - baseline if t == first else t - gap - 1, t - gap):
                if y[i] < 0:
                    missing += 1
                else:
                    total += int(y[i])
                    squares += int(y[i]) * int(y[i])
            if t > first:
                gone = int(y[t - gap - baseline - 1])
                if gone < 0:
                    missing -= 1
                else:
                    total -= gone
                    squares -= gone * gone
            excess = np.nan
            if missing > 0 or y[t] < 0:
                reason[s, t] = _MISSING
                absent = t
            else:
                mean = total / baseline
                sigma = max(math.sqrt((baseline * squares - total * total) / (baseline * (baseline - 1.0))), min_sigma)
                excess = (y[t] - mean) / sigma - 1.0
                if paper and sigma == 0.0 and y[t] == mean:
                    excess = -1.0
                if excess < 0.0:
                    excess = 0.0
                if not third:
                    bound = mean + z * sigma
                elif t < first + 2:
                    bound = np.nan
                elif paper:
                    bound = mean + sigma * (1.0 + z - late1 - late2) if late1 + late2 < np.inf else 0.0
                    bound = max(bound, 0.0)
                else:
                    bound = y[t] + sigma * (z - (late2 + late1))
                    if bound < 0.0:
                        bound = 0.0
                if third and t < first + 2:
                    pass
                elif math.isnan(bound):
                    reason[s, t] = _MISSING if t - absent <= 2 else _VARIANCE
                else:
                    expected[s, t] = mean
                    upperbound[s, t] = bound
                    alarm[s, t] = late1 + late2 + excess > z if third and paper else y[t] > bound
                    reason[s, t] = _JUDGED
            late2 = late1
            late1 = excess
