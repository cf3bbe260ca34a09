"""Columns of whole numbers from arrays and Arrow tables, refused rather than wrapped round where they do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.errors import AnalysisError

Ints = NDArray[Any]


def whole(values: Any, kind: type[np.integer[Any]], name: str) -> Ints:
    """An array of this integer type. Raises AnalysisError for fractions, or for the first number that does not fit.

    The last second of int32 is kept for "never".
    """
    given = np.asarray(values)
    bounds = np.iinfo(kind)
    most = int(bounds.max) - (kind is np.int32)
    if given.dtype == kind and kind is not np.int32:
        return given
    if not len(given):
        return given.astype(kind)
    if given.dtype.kind not in "iu":
        as_whole = given.astype(np.int64) if given.dtype.kind == "f" and np.isfinite(given).all() else None
        if as_whole is None or (as_whole != given).any():
            raise AnalysisError(f"{name} 须为整数", f"{name} must be whole numbers")
        given = as_whole
    wrong = (given < bounds.min) | (given > most) if given.dtype != kind else given > most
    if wrong.any():
        at = int(np.argmax(wrong))
        raise AnalysisError(
            f"{name} 第 {at + 1} 个值 {given[at]} 超出范围（{bounds.min} 至 {most}）；时间请以秒为单位，从较近的时刻算起",
            f"{name}: value {at + 1}, {given[at]}, is out of range ({bounds.min} to {most}); give instants in seconds, "
            "counted from a nearer one",
        )
    return given.astype(kind, copy=False)


def whole_columns(table: Any, names: Sequence[str]) -> list[Ints]:
    """Columns of a table (Arrow, Polars, or whatever exports Arrow streams), each of whole numbers without gaps.

    Raises AnalysisError for a column that is missing, of another type, or empty in a row.
    """
    arrow = pa.table(table)
    missing = [name for name in names if name not in arrow.column_names]
    if missing:
        raise AnalysisError(f"缺少列 {'、'.join(missing)}", f"the table lacks the column {', '.join(missing)}")
    columns = []
    for name in names:
        column = arrow[name]
        if not pa.types.is_integer(column.type):
            raise AnalysisError(
                f"{name} 须为整数列，现为 {column.type}；标签或时间请用 copresence.tables.StayFile 读取",
                f"{name} must be a column of whole numbers, not {column.type}; copresence.tables.StayFile reads labels and timestamps",
            )
        if column.null_count:
            row = int(np.argmax(column.is_null().to_numpy())) + 1
            raise AnalysisError(
                f"{name} 第 {row} 行为空，请补上或去掉", f"{name} is empty in row {row}; fill it in or leave it out"
            )
        columns.append(column.to_numpy())
    return columns
