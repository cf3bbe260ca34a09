"""OutbreakP: has the season's epidemic begun? A rise of any shape against a constant level, without parameters.

Source: Frisén, Andersson, Schiöler, Stat Med 28 (2009) 2091-2102. Agrees with `outbreakP` of the R package surveillance
1.20.3 with ret="value".
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.detection.results import Alarm, Codes, Detection, Floats, Reason
from fangxian.analytics.detection.series import Counts, require, series, shared
from fangxian.analytics.kernel import kernel

_JUDGED, _MISSING, _OVERFLOW = int(Reason.JUDGED), int(Reason.MISSING), int(Reason.OVERFLOW)


def outbreak_p(counts: ArrayLike, *, k: float = 100.0, since: int = 0) -> Detection:
    """Alarm when the likelihood of the best non-decreasing mean exceeds that of a constant one by the factor k.

    All counts up to now take part; after one that is missing nothing can be told. `details["statistic"]` is the ratio, which may be
    infinite. There is no bound in counts; expected is the mean so far.
    """
    require(k > 0, "k 应大于 0。", "k is above 0.")
    given = series(counts)
    expected, upperbound, alarm, reason = given.blank()
    statistic = np.full(given.shape, np.nan)

    def work(a: int, b: int) -> None:
        _judge(given.counts[a:b], math.log(k), since, expected[a:b], statistic[a:b], alarm[a:b], reason[a:b])

    shared(len(given.counts), work)
    alarm[reason != Reason.JUDGED] = Alarm.CANNOT_TELL
    return given.judged("outbreak-p", expected, upperbound, alarm, reason, statistic=statistic)


@kernel(error_model="numpy")
def _judge(
    counts: Counts, log_k: float, since: int, expected: Floats, statistic: Floats, alarm: Codes, reason: Codes
) -> None:
    """The best non-decreasing mean is a staircase; a new count adds a step and merges those that it makes too high.

    With the steps on a stack, and the sum over steps of cases · log(mean) kept up to date, a time costs a constant on average.
    """
    cases = np.empty(counts.shape[1])
    times = np.empty(counts.shape[1])
    for s in range(counts.shape[0]):
        steps = 0
        total = 0.0
        entropy = 0.0
        for t in range(counts.shape[1]):
            if counts[s, t] < 0:
                reason[s, t:] = _MISSING
                break
            c = float(counts[s, t])
            w = 1.0
            total += c
            while steps > 0 and c / w <= cases[steps - 1] / times[steps - 1]:
                steps -= 1
                if cases[steps] > 0.0:
                    entropy -= cases[steps] * math.log(cases[steps] / times[steps])
                c += cases[steps]
                w += times[steps]
            cases[steps] = c
            times[steps] = w
            steps += 1
            if c > 0.0:
                entropy += c * math.log(c / w)
            if t >= since:
                mean = total / (t + 1.0)
                log_ratio = entropy - total * math.log(mean) if total > 0.0 else 0.0
                expected[s, t] = mean
                statistic[s, t] = math.exp(log_ratio)
                alarm[s, t] = log_ratio > log_k
                reason[s, t] = _JUDGED
