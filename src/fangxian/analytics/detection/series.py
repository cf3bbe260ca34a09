"""Counts as they come in, checked once, and work shared among the processors."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.detection.results import Alarm, Codes, Detection, DetectionError, Floats, Reason

Counts = NDArray[np.int32]
Ints = NDArray[np.int64]

#: How a count that was not reported is written in `Counts`.
MISSING = -1
#: More than any count of cases or sales of one day; squares of it add up without loss.
LARGEST = 100_000_000


@dataclass(frozen=True, eq=False)
class Series:
    """n series of T counts: `given` as the caller has them, `counts` as int32 with -1 for what is missing, not to be written to."""

    given: NDArray[Any]
    counts: Counts

    def __post_init__(self) -> None:
        # Kernels are compiled for arrays that cannot be written to, whoever's counts they are, and once.
        counts = np.ascontiguousarray(self.counts, np.int32).view()
        counts.flags.writeable = False
        object.__setattr__(self, "counts", counts)

    @property
    def shape(self) -> tuple[int, int]:
        n, times = self.counts.shape
        return n, times

    def blank(self, reason: Reason = Reason.HISTORY) -> tuple[Floats, Floats, Codes, Codes]:
        """Expected, upper bound, alarm and reason of nothing judged yet."""
        return (
            np.full(self.shape, np.nan),
            np.full(self.shape, np.nan),
            np.full(self.shape, Alarm.CANNOT_TELL, np.int8),
            np.full(self.shape, reason, np.int8),
        )

    def unwritten(self) -> tuple[Floats, Floats, Codes, Codes]:
        """Room for expected, upper bound, alarm and reason, for a kernel that writes all of it."""
        return np.empty(self.shape), np.empty(self.shape), np.empty(self.shape, np.int8), np.empty(self.shape, np.int8)

    def judged(
        self, method: str, expected: Floats, upperbound: Floats, alarm: Codes, reason: Codes, **details: NDArray[Any]
    ) -> Detection:
        """The result in the shape in which the counts were given. Arrays of the last times only: the others have too short a history."""

        def shaped(array: NDArray[Any], blank: float = np.nan) -> NDArray[Any]:
            if array.ndim != 2 or len(array) != len(self.counts):
                return array
            if array.shape != self.shape:
                whole = np.full(self.shape, blank, array.dtype)
                whole[:, self.shape[1] - array.shape[1] :] = array
                array = whole
            return array.reshape(self.given.shape)

        return Detection(
            method, self.given, shaped(expected), shaped(upperbound), shaped(alarm, Alarm.CANNOT_TELL),
            shaped(reason, Reason.HISTORY), {name: shaped(array) for name, array in details.items()},
        )  # fmt: skip


def series(counts: ArrayLike | Series) -> Series:
    """Check counts of shape (series, time) or (time,): non-negative whole numbers, NaN (or a masked value) where none was reported.

    Raises DetectionError naming the first series and time (from 0) that is negative, fractional, infinite or beyond a hundred million.
    """
    if isinstance(counts, Series):
        return counts
    given = (
        np.ma.filled(counts.astype(np.float64), np.nan) if isinstance(counts, np.ma.MaskedArray) else np.asarray(counts)
    )
    if given.ndim not in (1, 2) or given.dtype.kind not in "iufb":
        raise DetectionError(
            f"计数应是“序列 × 时间”的数值数组，得到的是 {given.ndim} 维的 {given.dtype}；请整理成二维数组。",
            f"Counts are a numeric array of series × time, not {given.dtype} of {given.ndim} dimensions; shape them so.",
        )
    table = np.atleast_2d(given)
    if table.dtype.kind == "f":
        missing = np.isnan(table)
        whole = np.where(missing, 0, table)
        _refuse(
            whole != np.floor(whole),
            table,
            "不是整数",
            "is not a whole number",
            "请给出例数而不是率",
            "Give counts, not rates",
        )
    else:
        missing, whole = None, table
    if whole.size and whole.min() < 0:
        _refuse(whole < 0, table, "是负数", "is negative", "请改为 0 或留空", "Make it 0, or leave it out")
    if whole.size and whole.max() > LARGEST:
        _refuse(whole > LARGEST, table, "过大", "is too large", "请核对", "Check it")
    checked = whole.astype(np.int32, copy=False)
    if missing is not None:
        checked[missing] = MISSING
    return Series(given, checked)


def _refuse(wrong: NDArray[np.bool_], table: NDArray[Any], zh: str, en: str, zh_remedy: str, en_remedy: str) -> None:
    if wrong.any():
        row, time = (int(i) for i in np.argwhere(wrong)[0])
        raise DetectionError(
            f"第 {row} 条序列时刻 {time} 的计数 {table[row, time]} {zh}；{zh_remedy}。",
            f"The count {table[row, time]} of series {row} at time {time} {en}. {en_remedy}.",
        )


def spread(name: str, values: ArrayLike, shape: tuple[int, int]) -> Floats:
    """Numbers laid out over all series and times: one number, one a time, or one a count. Else DetectionError."""
    try:
        found = np.broadcast_to(np.asarray(values, np.float64), shape)
    except (TypeError, ValueError):
        n, times = shape
        raise DetectionError(
            f"{name} 应是一个数、每期一个数（{times} 个）或 {n} × {times} 的数组。",
            f"{name} is one number, one a time ({times}), or an array of {n} × {times}.",
        ) from None
    return np.ascontiguousarray(found)


def require(condition: bool, zh: str, en: str) -> None:
    """Refuse parameters that make no sense, in both languages."""
    if not condition:
        raise DetectionError(zh, en)


def shared(n: int, work: Callable[[int, int], None], least: int = 64) -> None:
    """Do `work(start, end)` for parts of 0…n on all processors; compiled kernels let go of the interpreter's lock."""
    parts = min(os.cpu_count() or 1, max(1, n // least))
    if parts == 1:
        work(0, n)
        return
    # More parts than processors: series differ in how long their fits take.
    edges = np.linspace(0, n, 4 * parts + 1).astype(int).tolist()
    with ThreadPoolExecutor(parts) as pool:
        for done in [pool.submit(work, a, b) for a, b in pairwise(edges) if a < b]:
            done.result()
