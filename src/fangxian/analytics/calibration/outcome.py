"""What would be seen of an epidemic: a part of what happens each day, told some days later."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from fangxian.analytics.calibration.errors import CalibrationError

Floats = NDArray[np.float64]
#: Days below which a mean is none, or a spread.
_INSTANT = 0.01


@dataclass(frozen=True, slots=True)
class Told:
    """From event to report: gamma distributed days of this mean and standard deviation (0: the same day), and the share ever told."""

    mean: float = 0.0
    sd: float = 0.0
    share: float = 1.0

    def __post_init__(self) -> None:
        if not (self.mean >= 0 and self.sd >= 0 and 0 < self.share <= 1):
            raise CalibrationError(
                "报告延迟的均值、标准差不应为负，报告比例应大于 0、不超过 1。",
                "The mean and sd of a delay are at least 0, and the share that is told above 0 and at most 1.",
            )

    def steps(self, days: int) -> Floats:
        """(days + 1,): the chances of being told so many days after the event, and last of not being told within them."""
        told = np.zeros(days)
        if min(self.mean, self.sd) < _INSTANT:
            if round(self.mean) < days:
                told[round(self.mean)] = self.share
        else:
            shape, scale = (self.mean / self.sd) ** 2, self.sd**2 / self.mean
            told = self.share * np.diff(gamma.cdf(np.arange(days + 1), shape, scale=scale))
        steps = np.append(told, max(0.0, 1 - told.sum()))
        return np.asarray(steps / steps.sum())

    def drawn(self, events: NDArray[np.int64], random: np.random.Generator) -> Floats:
        """Reports by day (days,) of events by day (days,), each told or not by its own chance."""
        days = len(events)
        each = random.multinomial(events, self.steps(days))[:, :days]
        told = np.zeros(days, np.int64)
        for day in np.flatnonzero(events):
            told[day:] += each[day, : days - day]
        return told.astype(np.float64)


def apart(seen: Floats, drawn: Floats) -> float:
    """How far two series are apart: the root mean square of the differences of their square roots, so that a day weighs the same whether
    many or few were told (Freeman and Tukey 1950, Ann Math Stat 21:607)."""
    return float(np.sqrt(np.mean((np.sqrt(seen) - np.sqrt(drawn)) ** 2)))
