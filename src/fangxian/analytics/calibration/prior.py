"""What is held possible of a parameter before looking (先验): a range, even on its own scale or on that of its logarithm."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

from fangxian.analytics.calibration.errors import CalibrationError


@dataclass(frozen=True, slots=True)
class Prior:
    """One parameter from `low` to `high`; `log`: even on its logarithm; `whole`: whole numbers only."""

    name: str
    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise CalibrationError(
                f"{self.name}：下限 {self.low:g} 应小于上限 {self.high:g}。",
                f"{self.name}: the range is to begin below its end, not {self.low:g} to {self.high:g}.",
            )
        if self.log and self.low <= 0:
            raise CalibrationError(
                f"{self.name}：按对数均匀时下限应大于 0。", f"{self.name}: a range on the logarithm begins above 0."
            )

    def at(self, share: float) -> float:
        """The value at so much of the range (0 to 1)."""
        if self.log:
            value = exp(log(self.low) + share * (log(self.high) - log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return float(round(value)) if self.whole else value
