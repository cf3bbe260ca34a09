"""Cases by day of onset and by delay until they were reported: the reporting triangle (报告三角)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.errors import AnalysisError

Floats = NDArray[np.float64]


class NowcastError(AnalysisError):
    """Dates, delays or a triangle that no nowcast can be made from."""


def reporting_triangle(events: ArrayLike, reports: ArrayLike, *, now: object, days: int, longest: int) -> Floats:
    """Count cases by day of event (the last `days` up to and with `now`) and delay 0…longest; NaN for what cannot be known yet.

    events, reports: dates of n cases. Reports after `now` have not come yet and are not counted; longer delays are left out.
    Shape (days, longest + 1). Raises NowcastError for a missing date or a report before its event.
    """
    event, report = (np.asarray(dates, "datetime64[D]") for dates in (events, reports))
    today = np.datetime64(now, "D")  # type: ignore[call-overload]
    if event.shape != report.shape or np.isnat(event).any() or np.isnat(report).any():
        raise NowcastError(
            "每例都应有发病日期与报告日期；请补全或删去。",
            "Every case has both dates; complete those that lack one, or drop them.",
        )
    delay = (report - event).astype(np.int64)
    if (delay < 0).any():
        row = int(np.flatnonzero(delay < 0)[0])
        raise NowcastError(
            f"第 {row} 例报告日期 {report[row]} 早于发病日期 {event[row]}；请核对。",
            f"Case {row} was reported on {report[row]}, before its onset on {event[row]}. Check the dates.",
        )
    day = days - 1 - (today - event).astype(np.int64)
    kept = (day >= 0) & (day < days) & (delay <= longest) & (report <= today)
    triangle = np.zeros((days, longest + 1))
    np.add.at(triangle, (day[kept], delay[kept]), 1)
    triangle[unknown(days, longest)] = np.nan
    return triangle


def unknown(days: int, longest: int) -> NDArray[np.bool_]:
    """Where a triangle cannot be known yet: day + delay lie after the last day."""
    return np.asarray(np.arange(days)[:, None] + np.arange(longest + 1) > days - 1)


def checked(triangle: ArrayLike) -> Floats:
    """A triangle of whole numbers of at least 0, NaN exactly below its diagonal. Else NowcastError."""
    table = np.asarray(triangle, np.float64)
    if table.ndim != 2 or table.shape[0] < table.shape[1]:
        raise NowcastError(
            "报告三角应为“日 × 延迟”的数组，日数不少于延迟数。",
            "A reporting triangle is days × delays, with no fewer days than delays.",
        )
    hidden = unknown(len(table), table.shape[1] - 1)
    known = table[~hidden]
    if not np.isfinite(known).all() or (known < 0).any() or (known != np.floor(known)).any():
        raise NowcastError(
            "报告三角中已知的格应为非负整数。",
            "The known cells of a reporting triangle are whole numbers of at least 0.",
        )
    return np.where(hidden, np.nan, table)
