"""Columns of ids, links and dates from whatever a notebook holds: lists, NumPy, Arrow, polars, pandas."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from fangxian.analytics.chains.results import ChainsError, Days, Id

_UNIX_EPOCH = date(1970, 1, 1).toordinal()


def refuse(listed: Sequence[Id]) -> None:
    seen: set[Id] = set()
    for row, i in enumerate(listed, 1):
        if i is None:
            raise ChainsError(
                f"病例名单第 {row} 行没有编号；请补全。", f"Row {row} of the cases has no id; give every case one."
            )
        if i in seen:
            raise ChainsError(
                f"病例编号 {i} 重复（第 {row} 行）；请先合并或改号。",
                f"Case id {i} is listed twice (row {row}); merge the rows or give one a new id.",
            )
        seen.add(i)


def column(values: Any) -> Sequence[Any]:
    """A plain list of any column: Arrow, polars, pandas, NumPy or a sequence already."""
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            listed: Sequence[Any] = getattr(values, method)()
            return listed
    return values if isinstance(values, Sequence) else list(values)


def pairs(edges: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    if hasattr(edges, "to_arrow"):
        edges = edges.to_arrow()
    if hasattr(edges, "num_columns") and edges.num_columns == 2:
        return column(edges.column(0)), column(edges.column(1))
    rows = column(edges)
    if not len(rows):
        return [], []
    if not (set(map(type, rows)) <= {tuple, list} and set(map(len, rows)) == {2}):
        for row, pair in enumerate(rows, 1):
            if isinstance(pair, str) or not hasattr(pair, "__len__") or len(pair) != 2:
                raise ChainsError(
                    f"第 {row} 条传播关系不是“感染者、被感染者”一对编号：{pair!r}。",
                    f"Link {row} is not a pair of infector and infectee: {pair!r}.",
                )
    return [pair[0] for pair in rows], [pair[1] for pair in rows]


def days(onset: Any, ids: tuple[Id, ...], listed: int) -> Days:
    """Onset as day numbers (proleptic Gregorian ordinals), NaN where unknown."""
    if isinstance(onset, Mapping):
        dates: Any = list(map(onset.get, ids))
    else:
        dates = onset if isinstance(onset, np.ndarray) else column(onset)
        if len(dates) != listed:
            raise ChainsError(
                f"发病日期有 {len(dates)} 个，病例有 {listed} 例；请一一对应。",
                f"There are {len(dates)} onset dates for {listed} cases; give one per case.",
            )
    days = np.full(len(ids), np.nan)
    if isinstance(dates, np.ndarray) and dates.dtype.kind == "M":
        known = ~np.isnat(dates)
        days[: len(dates)][known] = dates[known].astype("datetime64[D]").astype(np.int64) + _UNIX_EPOCH
    else:
        days[: len(dates)] = [_day(value) for value in dates]
    return days


def _day(value: Any) -> float:
    if value is None or value != value:  # NaN and every kind of NaT differ from themselves
        return math.nan
    if isinstance(value, date):
        return value.toordinal()
    if isinstance(value, np.datetime64):
        return int(value.astype("datetime64[D]").astype(np.int64)) + _UNIX_EPOCH
    raise ChainsError(
        f"发病日期 {value!r} 不是日期；请给日期或留空。", f"Onset {value!r} is not a date; give a date or None."
    )
