"""Space-time cluster detection, event by event (时空聚集): is there a place around which cases have been too many lately?

Source: Assunção and Correa, Comput Stat Data Anal 53 (2009) 2817-2830. Agrees with `stcd` of the R package surveillance 1.20.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.detection.results import DetectionError, Floats
from fangxian.analytics.detection.series import require


@dataclass(frozen=True, eq=False)
class SpaceTimeDetection:
    """`statistic` after each event; the event (from 0) of the first alarm and that at the centre of its cluster; None: no alarm."""

    statistic: Floats
    alarm: int | None
    centre: int | None


def stcd(
    x: ArrayLike, y: ArrayLike, t: ArrayLike, *, radius: float, epsilon: float = 0.5, threshold: float = 1000.0
) -> SpaceTimeDetection:
    """Shiryaev-Roberts statistic of point events: x, y in the unit of `radius`, t ascending.

    After event n it sums, over events k ≤ n, the ratio (1 + ε)^N(k,n) · exp(-ε·μ(k,n)), where N(k,n) is how many of the events k…n
    lie less than `radius` from event k, and μ(k,n) how many were expected: (n - k + 1)/n of all so far within that circle. Alarm when
    the sum exceeds `threshold`, which is also about the number of events between false alarms. Raises DetectionError for
    coordinates of different length, missing values or events out of order.
    """
    east, north, time = (np.asarray(values, np.float64) for values in (x, y, t))
    if not (east.shape == north.shape == time.shape and east.ndim == 1):
        raise DetectionError("x、y、t 的长度应相同。", "x, y and t have the same length.")
    if not (np.isfinite(east).all() and np.isfinite(north).all() and np.isfinite(time).all()):
        raise DetectionError(
            "坐标或时间缺失；请删去或补全这些事件。",
            "A coordinate or time is missing; leave those events out or complete them.",
        )
    if np.any(np.diff(time) < 0):
        raise DetectionError("事件应按时间先后排列。", "Events are in the order of time; sort them first.")
    require(
        radius > 0 and epsilon > 0 and threshold > 0,
        "半径、epsilon 与阈值应大于 0。",
        "Radius, epsilon and threshold are above 0.",
    )
    n = len(time)
    statistic = np.zeros(n)
    alarm = centre = None
    inside = np.zeros(n)  # of the events since k, those in the circle around k
    ever = np.zeros(n)  # of all events, those in the circle around k
    for i in range(n):
        near = np.hypot(east[: i + 1] - east[i], north[: i + 1] - north[i]) < radius
        inside[: i + 1] += near
        ever[:i] += near[:i]
        ever[i] = near.sum()
        expected = (i + 1 - np.arange(i + 1)) * ever[: i + 1] / (i + 1)
        with np.errstate(over="ignore"):
            ratios = np.exp(inside[: i + 1] * np.log1p(epsilon) - epsilon * expected)
        statistic[i] = ratios.sum()
        if alarm is None and statistic[i] > threshold:
            alarm, centre = i, int(ratios.argmax())
    return SpaceTimeDetection(statistic, alarm, centre)
