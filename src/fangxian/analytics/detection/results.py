"""What a detection method gives back: expected count, upper bound and alarm for every series and time, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.errors import AnalysisError
from fangxian.text import Text

if TYPE_CHECKING:
    from fangxian.analytics.detection.charts import Charts

Floats = NDArray[np.float64]
Codes = NDArray[np.int8]


class DetectionError(AnalysisError):
    """Series or parameters that a detection method cannot work with."""


class Alarm(IntEnum):
    """What a method says of one series at one time."""

    NO = 0
    YES = 1
    CANNOT_TELL = -1


class Reason(IntEnum):
    """Why a method cannot tell (or, for TOO_FEW and QUIET, why it says no without comparing with a bound)."""

    JUDGED = 0
    HISTORY = 1
    MISSING = 2
    FIT = 3
    VARIANCE = 4
    OVERFLOW = 5
    TOO_FEW = 6
    DEFINITION = 7

    @property
    def text(self) -> Text:
        """The reason as a sentence in both languages."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.JUDGED: Text("已判断", "judged"),
    Reason.HISTORY: Text("历史数据不够长", "the history is too short"),
    Reason.MISSING: Text("当期或基线缺报", "a count is missing, now or in the baseline"),
    Reason.FIT: Text("模型无法拟合", "the model cannot be fitted"),
    Reason.VARIANCE: Text("基线没有波动", "the baseline does not vary"),
    Reason.OVERFLOW: Text("统计量超出数值范围", "the statistic is too large for a number"),
    Reason.DEFINITION: Text(
        "病例定义改变，改变后的历史还不够长", "the case definition changed, and the history since is too short"
    ),
    Reason.TOO_FEW: Text("近期病例太少，不预警", "too few recent cases to raise an alarm"),
}


@dataclass(frozen=True, eq=False)
class Detection:
    """The judgement of one method on n series of T times; every array has the shape of the counts, (n, T) or (T,).

    `expected` and `upperbound` are counts (NaN: none); an alarm is raised when the observed count exceeds the upper bound,
    except where the method's own definition says otherwise. `alarm` holds `Alarm` codes and `reason` `Reason` codes, so that
    "cannot tell" always comes with its why. `details` are what the method can say besides: its statistic, dispersion, trend.
    """

    method: str
    observed: NDArray[Any]
    expected: Floats
    upperbound: Floats
    alarm: Codes
    reason: Codes
    details: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    #: How control charts stand after the newest count, to go on with the next.
    charts: Charts | None = None

    @property
    def alarms(self) -> NDArray[np.bool_]:
        """True where an alarm was raised."""
        return np.equal(self.alarm, Alarm.YES)

    @property
    def judged(self) -> NDArray[np.bool_]:
        """True where the method could tell."""
        return np.not_equal(self.alarm, Alarm.CANNOT_TELL)
