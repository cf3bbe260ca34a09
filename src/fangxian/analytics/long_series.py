"""Series of counts from files in long form, a line per series and date, into arrays."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.columns import Rows, read_column, read_names, read_table, require_columns
from fangxian.analytics.errors import AnalysisError
from fangxian.text import Text

Ints = NDArray[np.int64]
Period = Literal["day", "week", "month", "number"]

#: How many series or dates a note names.
_NAMED = 3
#: More cells than this are no series file: a date is far off.
_MOST = 2_000_000_000


@dataclass(frozen=True, eq=False)
class LongSeries:
    """n series on one line of T times without gaps: `values` (n, T) with NaN where nothing was reported.

    `labels` are the dates as the file writes them, `days` the same as days (None where the file numbers its times). Series i has
    reports from first[i] to last[i]. `notes` say what a reader should know: gaps, series that begin late or end early.
    """

    names: tuple[str, ...]
    labels: tuple[str, ...]
    days: NDArray[np.datetime64] | None
    period: Period
    values: NDArray[np.float64]
    first: Ints
    last: Ints
    notes: tuple[Text, ...]

    @property
    def freq(self) -> int:
        """Times a year: 365, 52 or 12; 52 for numbered times."""
        return {"day": 365, "week": 52, "month": 12, "number": 52}[self.period]

    def after(self, time: int, steps: Ints) -> list[str]:
        """The labels of the times so many steps after one of the series."""
        if self.days is None:
            return [str(int(self.labels[time]) + step) for step in steps.tolist()]
        if self.period == "month":
            month = self.days[time].astype("datetime64[M]")
            later = (month + steps).astype("datetime64[D]") + (self.days[time] - month.astype("datetime64[D]"))
        else:
            later = self.days[time] + steps * (7 if self.period == "week" else 1)
        return [str(day) for day in later]


def read_series(path: Path, *values: str, name: str = "series", add_up: bool = False) -> LongSeries:
    """Read `series,date,<value>` (without `series`: one series) from CSV or Parquet; the value is the first of `values` that is there.

    Dates are days (2024-01-05, 2024/1/5, 20240105), ISO weeks (2024-W01) or whole numbers of times; dates a week or a month apart
    are recognised. An empty value is a missing report. Raises AnalysisError naming file, row and column for anything else, for
    negative or fractional counts, and for a series that has the same date twice (or adds those up). `name` is the column of names.
    """
    table = read_table(path)
    value = next((name for name in values if name in table.column_names), values[0])
    require_columns(path, table, "date", value)
    if not table.num_rows:
        raise AnalysisError(f"{path}：没有数据行；请检查文件。", f"{path}: there are no rows. Check the file.")
    names: tuple[str, ...] = ("",)
    which = np.zeros(table.num_rows, np.int32)
    if name in table.column_names:
        names, which = read_names(path, table, name)
    dates, dated = read_column(path, table, "date", read_date)
    counts, counted = read_column(path, table, value, read_count)
    number, period = _numbered(path, dates, dated)
    start, stop = int(number.min()), int(number.max()) + 1
    if len(names) * (stop - start) > _MOST:
        far = max(dates, key=lambda one: (isinstance(one, date), one))
        raise AnalysisError(
            f"{path}：从 {min(dates)} 到 {max(dates)} 有 {stop - start} 期，过长；请核对日期。",
            f"{path}: there are {stop - start} times from {min(dates)} to {far}, too many. Check the dates.",
        )
    at = (number - start).astype(np.int32)[dated]
    grid = np.full((len(names), stop - start), np.nan)
    if add_up:
        grid[which, at] = 0
        np.add.at(grid, (which, at), np.array(counts)[counted])
    else:
        _once(path, which, at, names, dates, dated)
        grid[which, at] = np.array(counts)[counted]
    first, last = np.full(len(names), stop - start), np.full(len(names), -1)
    np.minimum.at(first, which, at)
    np.maximum.at(last, which, at)
    days = _days(dates, start, stop, period)
    labels = _labels(days, start, stop, period)
    return LongSeries(names, labels, days, period, grid, first, last, tuple(_notes(names, labels, grid, first, last)))


def read_count(word: str) -> float:
    """A whole number of at least 0, NaN for nothing. Raises AnalysisError."""
    if word.lower() in ("", "na", "nan"):
        return float("nan")
    try:
        number = float(word)
    except ValueError:
        raise AnalysisError(
            f"“{word}”不是数；请填例数，缺报留空。",
            f"“{word}” is no number; give a count, or nothing where none was reported.",
        ) from None
    if number < 0:
        raise AnalysisError(f"{word} 是负数；请改为 0 或留空。", f"{word} is negative; make it 0, or leave it empty.")
    if number != np.floor(number) or number > 1e8:
        raise AnalysisError(
            f"{word} 不是一亿以内的整数；请填例数而不是率。",
            f"{word} is not a whole number of at most a hundred million; give counts, not rates.",
        )
    return number


_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?")
_WEEK = re.compile(r"(\d{4})-?W(\d{2})")


def read_date(word: str) -> date | int:
    """A day, or the number of a time. Raises AnalysisError."""
    try:
        if found := _DAY.fullmatch(word):
            return date(*(int(part) for part in found.groups()))
        if found := _WEEK.fullmatch(word):
            return date.fromisocalendar(int(found[1]), int(found[2]), 1)
        if re.fullmatch(r"\d{1,6}", word):
            return int(word)
        if re.fullmatch(r"\d{8}", word):
            return date.fromisoformat(word)
    except ValueError:
        pass
    raise AnalysisError(
        f"“{word}”不是日期；请写成 2024-01-05（不带时刻与时区）、2024-W01 或序号。",
        f"“{word}” is no date; write 2024-01-05 (no time of day, no time zone), 2024-W01 or a number.",
    )


# ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _numbered(path: Path, dates: Sequence[date | int], rows: Rows) -> tuple[Ints, Period]:
    """Each different date as the number of its period, and what a period is."""
    plain = np.array([isinstance(one, int) for one in dates])
    if plain.all():
        return np.array(dates, np.int64), "number"
    if plain.any():
        row = int(np.flatnonzero(plain[rows] != plain[rows[0]])[0]) + 2
        raise AnalysisError(
            f"{path} 第 {row} 行 date：日期与序号混用；请统一。",
            f"{path}, row {row}, date: dates and numbers are mixed; use one kind.",
        )
    days = np.array(dates, "datetime64[D]")
    number: Ints = days.astype(np.int64)
    steps = np.asarray(np.diff(np.unique(number)), np.int64)
    if len(steps) and (steps % 7 == 0).all():
        return number // 7, "week"
    if len(steps) and steps.min() >= 28 and len({one.day for one in dates if isinstance(one, date)}) == 1:
        return days.astype("datetime64[M]").astype(np.int64), "month"
    return number, "day"


def _days(dates: Sequence[date | int], start: int, stop: int, period: Period) -> NDArray[np.datetime64] | None:
    """The days from the first time to the last."""
    if period == "number":
        return None
    earliest = np.array(dates, "datetime64[D]").min()
    if period == "month":
        months = np.arange(start, stop).astype("datetime64[M]")
        return np.asarray(
            months.astype("datetime64[D]") + (earliest - earliest.astype("datetime64[M]").astype("datetime64[D]"))
        )
    return np.asarray(earliest + np.arange(stop - start) * (7 if period == "week" else 1))


def _labels(days: NDArray[np.datetime64] | None, start: int, stop: int, period: Period) -> tuple[str, ...]:
    return tuple(str(time) for time in range(start, stop)) if days is None else tuple(days.astype(str).tolist())


def _once(path: Path, which: Rows, at: Rows, names: tuple[str, ...], dates: Sequence[date | int], dated: Rows) -> None:
    """Refuse a series that has a date twice."""
    seen = np.zeros((len(names), int(at.max()) + 1), np.bool_)
    seen[which, at] = True
    if int(seen.sum()) == len(at):
        return
    order = np.lexsort((at, which))
    again = np.flatnonzero((np.diff(which[order]) == 0) & (np.diff(at[order]) == 0))
    if len(again):
        pairs = [sorted((int(order[i]), int(order[i + 1]))) for i in again.tolist()]
        first, second = min(pairs, key=lambda pair: pair[1])
        what, when = names[which[second]], dates[dated[second]]
        raise AnalysisError(
            f"{path} 第 {second + 2} 行 date：{what or '序列'} 的 {when} 已见于第 {first + 2} 行；请合并或删去一行。",
            f"{path}, row {second + 2}, date: {when} of {what or 'the series'} is in row {first + 2} already. Add them up or drop one.",
        )


def _notes(
    names: tuple[str, ...], labels: tuple[str, ...], grid: NDArray[np.float64], first: Ints, last: Ints
) -> Iterator[Text]:
    """Gaps, late beginnings and early ends, each with its first few."""
    times = np.arange(grid.shape[1])
    gaps = np.argwhere(np.isnan(grid) & (times >= first[:, None]) & (times <= last[:, None]))
    if len(gaps):
        shown = "; ".join(f"{names[s]} {labels[t]}".strip() for s, t in gaps[:_NAMED].tolist()) + (
            " …" if len(gaps) > _NAMED else ""
        )
        yield Text(
            f"缺报，不当作 0：{len(gaps)} 期（{shown}）", f"Missing reports, not taken for 0: {len(gaps)} ({shown})"
        )
    for wrong, zh, en, where in (
        (np.flatnonzero(first > 0), "晚于其他序列开始的序列", "Series that begin later than others", first),
        (np.flatnonzero(last < grid.shape[1] - 1), "早于其他序列结束的序列", "Series that end before others", last),
    ):
        if len(wrong):
            shown = "; ".join(f"{names[s]} {labels[where[s]]}" for s in wrong[:_NAMED].tolist()) + (
                " …" if len(wrong) > _NAMED else ""
            )
            yield Text(f"{zh}：{len(wrong)} 条（{shown}）", f"{en}: {len(wrong)} ({shown})")
