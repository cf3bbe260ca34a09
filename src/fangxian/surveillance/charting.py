"""Control charts with as many false alarms as somebody chose (平均运行长度): what a chart learns of a series, and what it says of it.

Without any change a chart alarms by chance, once in so many reports on average: that number is chosen, and the limit follows from it
and from the series itself: its usual number of each weekday, and by how much more than chance (Poisson) it varies.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import scipy
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from fangxian.analytics import detection
from fangxian.analytics.detection import Alarm, Detection, Reason
from fangxian.core.errors import Invalid
from fangxian.surveillance.schemas import Judgement, Series

#: The charts there are; whether each has limits for counts that vary more than chance.
CHARTS: Mapping[str, bool] = {"cusum": True, "lr-nb": True, "glr-poisson": False}
#: False alarms may be chosen to come once in so many reports, at the least and at the most.
LEAST, MOST = 20, 3650
#: Reports that a chart must have seen to know what is usual; with so many it learns each weekday for itself. The newest are left out.
ENOUGH, WEEKLY, NEWEST = 28, 70, 14
#: Variance over mean from which on counts vary more than chance.
OVERDISPERSED = 1.5


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart as it is kept: `usual` are the means of Monday to Sunday, or one; `dispersion` is α in variance μ + α·μ²."""

    method: str
    run_length: int
    usual: Sequence[float]
    dispersion: float
    limit: float

    @property
    def said(self) -> str:
        """The method with its parameters, as it stands under a figure."""
        return f"{self.method} arl={self.run_length} limit={self.limit:.4g} alpha={self.dispersion:.3g}"


def learnt(series: Series, method: str, run_length: int, broken_on: date | None = None) -> tuple[Chart, date, date]:
    """The chart of a series for a false alarm once in `run_length` reports, and the first and last day that it learnt from.

    Raises Invalid for an unknown chart, too short a series, one without a case, and counts that vary more than the chart allows for.
    """
    if method not in CHARTS:
        raise Invalid(
            _("“%(value)s” is no control chart.") % {"value": method[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(CHARTS)}, field="method",
        )  # fmt: skip
    if not LEAST <= run_length <= MOST:
        raise Invalid(
            _("A false alarm comes once in %(least)s to %(most)s reports.") % {"least": LEAST, "most": MOST},
            field="run_length",
        )
    told = ~np.isnan(series.values)
    if broken_on is not None:
        told &= series.days >= np.datetime64(broken_on)
    told &= series.days <= series.days[-1] - NEWEST
    days, values = series.days[told], series.values[told]
    if len(values) < ENOUGH or not values.sum() > 0:
        raise Invalid(
            _("The series is too short to say what is usual: %(n)s reports, of %(least)s, or none that counts anything.")
            % {"n": len(values), "least": ENOUGH},
            remedy=_("Wait until there are enough, or send the history of the source."), field="measure",
        )  # fmt: skip
    usual = [float(values.mean())]
    if series.period == "day" and len(values) >= WEEKLY:
        by_day = [values[_weekday(days) == at] for at in range(7)]
        usual = [float(one.mean()) if len(one) and one.mean() > 0 else usual[0] for one in by_day]
    mean = _means(usual, days)
    variation = float(((values - mean) ** 2 / mean).sum() / (len(values) - len(usual)))
    dispersion = 0.0
    if variation > OVERDISPERSED:
        dispersion = max(0.0, float(((values - mean) ** 2 - mean).sum() / (mean**2).sum()))
        if not CHARTS[method]:
            raise Invalid(
                _("These numbers vary %(times)s times as much as chance alone; this chart would alarm more often than you chose.")
                % {"times": f"{variation:.1f}"},
                remedy=_("Choose CUSUM or the likelihood ratio, which allow for it."), field="method",
            )  # fmt: skip
    chart = Chart(method, run_length, usual, dispersion, 1.0)
    found = _run(chart, np.round(values), mean, arl=float(run_length))
    assert found.charts is not None, "a control chart says how it stands"
    return Chart(method, run_length, usual, dispersion, float(found.charts.limit[0])), days[0].item(), days[-1].item()


def judged(series: Series, chart: Chart, broken_on: date | None = None) -> Judgement:
    """What the chart says of each number; what lies before `broken_on` it does not see."""
    values = np.round(series.values)
    if broken_on is not None:
        values[series.days < np.datetime64(broken_on)] = np.nan
    found = _run(chart, values, _means(chart.usual, series.days))
    alarm = np.where(np.isnan(values), np.int8(Alarm.CANNOT_TELL), found.alarm).astype(np.int8)
    told = np.flatnonzero(~np.isnan(values))
    unsure = len(told) > 0 and alarm[told[-1]] == Alarm.CANNOT_TELL
    why_not = Reason(int(found.reason[told[-1]])).text if unsure else None
    return Judgement(series, chart.method, chart.said, found.expected, found.upperbound, alarm, why_not)


def score(chart: Chart, observed: float, expected: float) -> float:
    """Standard deviations that an alarm of the chart is worth: of this number alone, and at least as rare as a false alarm is."""
    spread = np.sqrt(expected + chart.dispersion * expected**2)
    return float(np.clip(max((observed - expected) / spread, scipy.stats.norm.isf(1 / chart.run_length)), 0, 20))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _run(chart: Chart, values: NDArray[np.float64], mean: NDArray[np.float64], arl: float | None = None) -> Detection:
    common: dict[str, Any] = {"since": 0, "mean": mean, "arl": arl}
    runs: Mapping[str, Callable[[], Detection]] = {
        "cusum": lambda: detection.cusum(
            values, h=chart.limit, transformation="pearsonNegBin" if chart.dispersion else "rossi",
            alpha=chart.dispersion, compat="paper", **common,
        ),
        "lr-nb": lambda: detection.lr(values, threshold=chart.limit, alpha=chart.dispersion, **common),
        "glr-poisson": lambda: detection.glr(values, threshold=chart.limit, **common),
    }  # fmt: skip
    return runs[chart.method]()


def _means(usual: Sequence[float], days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    return np.array(usual)[_weekday(days)] if len(usual) == 7 else np.full(len(days), usual[0])


def _weekday(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Monday is 0."""
    return np.asarray((days.astype("datetime64[D]").astype(np.int64) + 3) % 7)
