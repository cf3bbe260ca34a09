"""Which numbers of a series are too many, by the methods that its kind of source names and the parameters of the pack in force.

A day that was not told is never judged. In the baseline a gap is closed for methods that look at times only, and filled by the
median of the same weekday for those that look at the week, so that one missed report does not blind a source for a month.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import scipy
from numpy.typing import NDArray

from fangxian.analytics import detection
from fangxian.analytics.detection import Alarm, Reason
from fangxian.surveillance import rules
from fangxian.surveillance.kinds import FIRST, Measure
from fangxian.surveillance.schemas import Judgement, Series
from fangxian.text import Text

Values = NDArray[np.float64]
#: Shares are judged in hundredths of a percent, amounts by their logarithm in thousandths of a decade.
_SHARE, _DECADE, _LIFT = 1e4, 1e3, 1e4


def judge(series: Series, measure: Measure, area: str, broken_on: date | None = None) -> Judgement:
    """The series judged by the first of its methods that can tell of the last day told; else what the last one says.

    What lies before `broken_on` is no baseline (口径变更).
    """
    values = series.values.copy()
    if broken_on is not None:
        values[series.days < np.datetime64(broken_on)] = np.nan
    scale = _Scale(measure, values)
    told = np.flatnonzero(~np.isnan(values))
    found: Judgement | None = None
    for name in measure.watch:
        parameters = rules.method_values(area, name)
        expected, upperbound, alarm, reason = _METHODS[name](scale.written(values), series, parameters, measure)
        alarm = np.where(np.isnan(values), np.int8(Alarm.CANNOT_TELL), alarm).astype(np.int8)
        last = told[-1] if len(told) else None
        why_not = Reason(int(reason[last])).text if last is not None and alarm[last] == Alarm.CANNOT_TELL else None
        found = Judgement(
            series, name, rules.said(area, name), scale.read(expected), scale.read(upperbound), alarm, why_not
        )
        if last is not None and why_not is None:
            break
    assert found is not None, "only what is watched is judged"
    return found


def score(judged: Judgement, at: int, area: str, measure: Measure) -> float:
    """How many standard deviations a number lies above what was expected, on the scale on which it was judged.

    A count varies at least as chance does (Poisson), however even its baseline was.
    """
    scale = _Scale(measure, judged.series.values)
    observed, expected, upper = (
        float(scale.written(np.array([one]))[0])
        for one in (judged.series.values[at], judged.expected[at], judged.upperbound[at])
    )
    parameters = rules.method_values(area, judged.method)
    limit = parameters.get("z") or float(scipy.stats.norm.isf(parameters.get("alpha", 0.01)))
    spread = max((upper - expected) / limit, np.sqrt(max(expected, 0.25)) if measure.unit == "count" else 1.0)
    found = (observed - expected) / spread
    return float(np.clip(found if np.isfinite(found) else limit, 0, 20))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

_Judged = tuple[Values, Values, NDArray[np.int8], NDArray[np.int8]]


class _Scale:
    """Between what is told and the whole numbers that methods of detection count in."""

    def __init__(self, measure: Measure, values: Values) -> None:
        self.unit = measure.unit
        positive = values[values > 0]
        #: Nothing found is half of the least that ever was.
        self.least = float(np.min(positive)) / 2 if len(positive) else 1.0

    def written(self, values: Values) -> Values:
        if self.unit == "share":
            return np.round(values * _SHARE)
        if self.unit == "amount":
            return np.round(_LIFT + _DECADE * np.log10(np.maximum(values, self.least)))
        return values

    def read(self, values: Values) -> Values:
        if self.unit == "share":
            return values / _SHARE
        if self.unit == "amount":
            return np.asarray(10.0 ** ((values - _LIFT) / _DECADE))
        return values


def _ears(values: Values, series: Series, given: Mapping[str, float], measure: Measure) -> _Judged:
    """On the times that were told, one after the other."""
    told = ~np.isnan(values)
    least = given["min_sigma"] * (1 if measure.unit == "count" else 100)
    found = detection.ears_c2(values[told], baseline=int(given["baseline"]), z=given["z"], min_sigma=least)
    return _spread(found, told)


def _switch(values: Values, series: Series, given: Mapping[str, float], measure: Measure) -> _Judged:
    first = int((series.days[0].astype("int64") + 3) % 7)  # 1970-01-01 was a Thursday
    found = detection.switch(_filled(values), weekday=first, baseline=int(given["baseline"]), alpha=given["alpha"])
    return found.expected, found.upperbound, found.alarm, found.reason


def _farrington(values: Values, series: Series, given: Mapping[str, float], measure: Measure) -> _Judged:
    found = detection.farrington_flexible(
        values, freq=52, years=int(given["years"]), half_window=int(given["half_window"]), alpha=given["alpha"]
    )
    return found.expected, found.upperbound, found.alarm, found.reason


def _percentile(values: Values, series: Series, given: Mapping[str, float], measure: Measure) -> _Judged:
    week = series.period == "week"
    found = detection.moving_percentile(
        values, freq=52 if week else 365, years=int(given["years"]), periods=int(given["periods"]),
        length=1 if week else 7, percentile=given["percentile"],
    )  # fmt: skip
    return found.expected, found.upperbound, found.alarm, found.reason


def _first(values: Values, series: Series, given: Mapping[str, float], measure: Measure) -> _Judged:
    """Anything, after a time of the pack without any."""
    times = max(1, round(given["quiet"] / (7 if series.period == "week" else 1)))
    known, positive = ~np.isnan(values), np.nan_to_num(values) > 0
    before = np.array([known[max(0, at - times) : at].any() for at in range(len(values))])
    quiet = np.array([at >= times and not positive[at - times : at].any() for at in range(len(values))])
    enough = before & (np.arange(len(values)) >= times)
    nothing = np.zeros(len(values))
    alarm = np.where(enough & known, (positive & quiet).astype(np.int8), np.int8(Alarm.CANNOT_TELL)).astype(np.int8)
    reason = np.where(enough, np.int8(Reason.JUDGED), np.int8(Reason.HISTORY)).astype(np.int8)
    return nothing, nothing, alarm, reason


_METHODS: Mapping[str, Callable[[Values, Series, Mapping[str, float], Measure], _Judged]] = {
    "ears-c2": _ears, "switch": _switch, "farrington-flexible": _farrington, "moving-percentile": _percentile, FIRST: _first,
}  # fmt: skip


def _spread(found: detection.Detection, told: NDArray[np.bool_]) -> _Judged:
    """Back on all times, those not told among them."""
    n = len(told)
    expected, upperbound = np.full(n, np.nan), np.full(n, np.nan)
    alarm, reason = np.full(n, Alarm.CANNOT_TELL, np.int8), np.full(n, Reason.MISSING, np.int8)
    expected[told], upperbound[told], alarm[told], reason[told] = (
        found.expected, found.upperbound, found.alarm, found.reason,
    )  # fmt: skip
    return expected, upperbound, alarm, reason


def _filled(values: Values) -> Values:
    """Days that were not told, by the median of the same weekday in the four weeks before."""
    filled = values.copy()
    for at in np.flatnonzero(np.isnan(values)):
        same = [filled[at - back] for back in (7, 14, 21, 28) if at >= back and not np.isnan(filled[at - back])]
        if same:
            filled[at] = np.floor(np.median(same))
    return filled


def name_of_method(key: str) -> Text:
    """The method in words."""
    if key == FIRST:
        return Text("平静之后的首例", "the first after a time without any")
    return detection.method(key).title


def clusters(counts: Mapping[date, float], need: float, within: int, days: Sequence[date]) -> list[tuple[date, int]]:
    """The days among these on which a threshold is reached anew: `need` cases in `within` days, both ends counted; with their number.

    A day belongs to the cluster of an earlier one where their windows overlap.
    """
    found: list[tuple[date, int]] = []
    for day in sorted(days):
        total = sum(number for at, number in counts.items() if 0 <= (day - at).days < within)
        if total >= need and counts.get(day, 0) > 0 and not (found and (day - found[-1][0]).days < within):
            found.append((day, int(total)))
    return found
