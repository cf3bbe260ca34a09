"""A panel from a file in long form, a line per place, source and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from fangxian.analytics.columns import read_column, read_names, read_table, require_columns
from fangxian.analytics.long_series import read_count, read_date
from fangxian.analytics.multipoint.panel import MultipointError, Panel, Source, panel

#: More cells than this are no panel: a date is far off.
_MOST = 200_000_000


def read_panel(path: Path, levels: Sequence[str] = ()) -> Panel:
    """Read `place,source,date,count` (CSV or Parquet); an empty count, or a line that is not there, is a missing report.

    `levels` are the sources that report a concentration instead of a count. Raises AnalysisError naming file, row and column.
    """
    table = read_table(path)
    require_columns(path, table, "place", "source", "date", "count")
    if not table.num_rows:
        raise MultipointError(f"{path}：没有数据行；请检查文件。", f"{path}: there are no rows. Check the file.")
    places, place = read_names(path, table, "place")
    names, source = read_names(path, table, "source")
    for name in levels:
        if name not in names:
            raise MultipointError(
                f"{path}：没有来源 {name}（现有 {'、'.join(names)}）。",
                f"{path}: there is no source {name} (found: {', '.join(names)}).",
            )
    days, dated = read_column(path, table, "date", _read_day)
    is_level = np.array([name in levels for name in names])
    values, valued = read_column(path, table, "count", _read_number)
    counted = np.array(values)[valued]
    wrong = ~is_level[source] & (counted != np.floor(counted)) & ~np.isnan(counted)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        name = names[source[row]]
        raise MultipointError(
            f"{path} 第 {row + 2} 行 count：{counted[row]:g} 不是整数；浓度类来源请声明为 level（{name}）。",
            f"{path}, row {row + 2}, count: {counted[row]:g} is not a whole number; declare {name} a level if it is a concentration.",
        )
    number = np.array(days, "datetime64[D]").astype(np.int64)
    start, stop = int(number.min()), int(number.max()) + 1
    shape = (len(places), len(names), stop - start)
    if shape[0] * shape[1] * shape[2] > _MOST:
        raise MultipointError(
            f"{path}：从 {min(days)} 到 {max(days)} 过长；请核对日期。",
            f"{path}: from {min(days)} to {max(days)} is too long. Check the dates.",
        )
    at = np.ravel_multi_index((place, source, (number - start)[dated]), shape)
    seen, first, again = np.unique(at, return_index=True, return_inverse=True)
    if len(seen) < len(at):
        row = int(np.flatnonzero(first[again.ravel()] != np.arange(len(at)))[0])
        before = int(first[again.ravel()[row]]) + 2
        raise MultipointError(
            f"{path} 第 {row + 2} 行 date：{places[place[row]]} {names[source[row]]} 的 {days[dated[row]]} 已见于第 {before} 行；请合并。",
            f"{path}, row {row + 2}, date: {days[dated[row]]} of {names[source[row]]} at {places[place[row]]} is in row {before} already. "
            "Add them up or drop one.",
        )
    grid = np.full(shape, np.nan)
    grid.ravel()[at] = counted
    return panel(
        places, [Source(name, "level" if name in levels else "count") for name in names],
        np.arange(start, stop).astype("datetime64[D]"), grid,
    )  # fmt: skip


def _read_day(word: str) -> date:
    found = read_date(word)
    if isinstance(found, int):
        raise MultipointError(f"“{word}”不是日期；请写成 2024-01-05。", f"“{word}” is no date; write 2024-01-05.")
    return found


def _read_number(word: str) -> float:
    """A count, or a number with decimals; NaN for nothing."""
    try:
        return read_count(word)
    except MultipointError:
        raise
    except ValueError:
        try:
            number = float(word)
        except ValueError:
            number = -1.0
        if number >= 0 and np.isfinite(number):
            return number
        raise
