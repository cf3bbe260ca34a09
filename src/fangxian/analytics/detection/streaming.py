"""Series by the million: Arrow record batches in, record batches out, one at a time, so that memory does not grow with the file.

A batch holds whole series in one of two forms: long, a row per series and date (`series,date,count`; the rows of a series stand
together), or packed, a row per series (`series,start,counts`: the first day and a list of counts). Rows come out as
`series,date,observed,expected,upperbound,alarm`. `judge` is a pure function of one batch: what runs here runs under Spark's
`mapInArrow` as it is.

From day to day `daily` keeps a state of the series.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fangxian.analytics.detection.methods import Method, method
from fangxian.analytics.detection.results import Alarm, Detection, DetectionError
from fangxian.analytics.detection.series import LARGEST, MISSING, Series

Period = Literal["day", "week"]

#: What comes out, in the order of its columns.
FOUND = pa.schema(
    {
        "series": pa.string(), "date": pa.date32(), "observed": pa.int64(), "expected": pa.float64(), "upperbound": pa.float64(),
        "alarm": pa.bool_(),
    }
)  # fmt: skip
#: Whole series, a row each.
PACKED = pa.schema({"series": pa.string(), "start": pa.date32(), "counts": pa.list_(pa.int32())})
#: Series whose arrays are worked on at a time: they stay in the cache, and their memory is used again.
AT_ONCE = 512
#: Rows of long batches gathered before they are judged.
_ROWS = 1 << 20


@dataclass(frozen=True, eq=False)
class Grid:
    """Series of one batch on one line of times: `counts` (series, times), NaN or -1 outside first[i]…last[i] and where missing."""

    names: pa.Array
    start: int
    counts: NDArray[Any]
    first: NDArray[np.int64]
    last: NDArray[np.int64]

    @property
    def times(self) -> int:
        """How many times the line has."""
        return int(self.counts.shape[1])


def detect_stream(
    batches: Iterable[pa.RecordBatch],
    by: str | Method,
    *,
    newest: int | None = None,
    period: Period = "day",
    **parameters: Any,
) -> Iterator[pa.RecordBatch]:
    """Judge series as they come, in long or packed form; give the last `newest` times of each, by default all.

    Raises DetectionError for a series that comes again after another one, and for what `judge` refuses.
    """
    ended: set[str] = set()
    for batch in _whole(batches):
        for name in _names(batch):
            if name in ended:
                raise DetectionError(
                    f"序列 {name} 在其他序列之后再次出现；请先按 series 排序。",
                    f"Series {name} comes again after others. Sort by series first.",
                )
            ended.add(name)
        yield judge(batch, by, newest=newest, period=period, **parameters)


def judge(
    batch: pa.RecordBatch, by: str | Method, *, newest: int | None = None, period: Period = "day", **parameters: Any
) -> pa.RecordBatch:
    """Judge the series of one batch, each whole in it. Raises DetectionError naming series and date of a count that cannot be."""
    chosen = method(by) if isinstance(by, str) else by
    grid = packed(batch, period) if "counts" in batch.schema.names else long(batch, period)
    times = grid.counts.shape[1]
    settings = suited(chosen, grid.start, times, period) | parameters
    if newest is not None and "since" in chosen.parameters and chosen.name.startswith("farrington"):
        settings.setdefault("since", max(times - newest, 0))
    parts = []
    for at in range(0, len(grid.names), AT_ONCE):
        rows = slice(at, at + AT_ONCE)
        counts = grid.counts[rows]
        parts.append(told(grid, rows, chosen(as_given(counts), **settings), counts, newest, period))
    return together(parts, FOUND)


def pack(names: Any, start: int | np.datetime64, counts: NDArray[Any]) -> pa.RecordBatch:
    """Series that begin on one day (or its number since 1970) as a packed batch; counts (series, times), NaN or negative: missing."""
    n, times = counts.shape
    flat = counts.ravel()
    missing = np.isnan(flat) if flat.dtype.kind == "f" else flat < 0
    gaps = bool(missing.any())
    values = pa.array(
        np.where(missing, 0, flat).astype(np.int32) if gaps else flat.astype(np.int32, copy=False),
        mask=missing if gaps else None,
    )
    lists = pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32) * times), values)
    day = start if isinstance(start, int) else number(start)
    return pa.RecordBatch.from_arrays(
        [pa.array(names, pa.string()), pa.array(np.full(n, day, np.int32)).cast(pa.date32()), lists], schema=PACKED
    )


# ── batches ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _whole(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that do not cut a series in two."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        if "counts" in batch.schema.names:
            yield batch
            continue
        if not batch.num_rows:
            continue
        waiting.append(batch)
        if sum(one.num_rows for one in waiting) < _ROWS:
            continue
        rows = _together(waiting)
        cut = int(_starts(rows.column("series"))[-1])
        if cut:
            yield rows.slice(0, cut)
        waiting = [rows.slice(cut)]
    if waiting:
        yield _together(waiting)


def _together(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    table = pa.Table.from_batches(batches)
    if pa.types.is_dictionary(table.schema.field("series").type):
        table = table.unify_dictionaries()
    return table.combine_chunks().to_batches()[0]


def _names(batch: pa.RecordBatch) -> list[str]:
    column = batch.column("series")
    if "counts" in batch.schema.names:
        return [str(name) for name in column.to_pylist()]
    return [str(name) for name in column.take(pa.array(_starts(column))).to_pylist()]


def _starts(column: pa.Array) -> NDArray[np.int64]:
    """Rows at which another series begins."""
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return np.concatenate(([0], np.flatnonzero(codes[1:] != codes[:-1]) + 1))


def number(day: np.datetime64) -> int:
    """Days since 1970."""
    return int(np.asarray(day, "datetime64[D]").astype(np.int64))


def step(period: Period) -> int:
    return 7 if period == "week" else 1


def long(batch: pa.RecordBatch, period: Period) -> Grid:
    """Rows of series and date on a grid."""
    for wanted in ("series", "date", "count"):
        if wanted not in batch.schema.names:
            raise DetectionError(f"缺少列 {wanted}。", f"There is no column {wanted}.")
    begin = _starts(batch.column("series"))
    names = batch.column("series").take(pa.array(begin)).cast(pa.string())
    which = np.repeat(np.arange(len(begin)), np.diff(np.append(begin, batch.num_rows)))
    days = _whole_numbers(batch.column("date").cast(pa.date32()).cast(pa.int32()), names, which, "date") // step(period)
    at = (days - days.min()).astype(np.int64)
    column = batch.column("count").cast(pa.float64())
    values = column.fill_null(np.nan).to_numpy(zero_copy_only=False)
    grid = np.full((len(begin), int(at.max()) + 1), np.nan)
    seen = np.zeros(grid.shape, np.bool_)
    seen[which, at] = True
    if int(seen.sum()) < len(at):
        order = np.lexsort((at, which))
        twice = int(order[1:][(np.diff(which[order]) == 0) & (np.diff(at[order]) == 0)][0])
        raise DetectionError(
            f"序列 {names[int(which[twice])]} 的 {batch.column('date')[twice]} 出现两次；请合并。",
            f"{batch.column('date')[twice]} of series {names[int(which[twice])]} is there twice. Merge them.",
        )
    grid[which, at] = values
    first, last = np.full(len(begin), grid.shape[1]), np.full(len(begin), -1)
    np.minimum.at(first, which, at)
    np.maximum.at(last, which, at)
    return Grid(names, int(days.min()) * step(period) + _offset(batch, period), grid, first, last)


def _offset(batch: pa.RecordBatch, period: Period) -> int:
    """The weekday on which weeks are dated, counted as days since 1970 are."""
    return 0 if period == "day" else int(batch.column("date").cast(pa.date32()).cast(pa.int32())[0].as_py()) % 7


def _whole_numbers(column: pa.Array, names: pa.Array, which: NDArray[np.int64], what: str) -> NDArray[np.int64]:
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise DetectionError(
            f"序列 {names[int(which[row])]} 有一行缺少 {what}。",
            f"A row of series {names[int(which[row])]} has no {what}.",
        )
    return np.asarray(column.to_numpy(zero_copy_only=False), np.int64)


def packed(batch: pa.RecordBatch, period: Period) -> Grid:
    """Lists of counts on a grid; those of the same length and start, which is how a state is, are taken as they are."""
    starts = np.asarray(batch.column("start").cast(pa.int32()).to_numpy(zero_copy_only=False), np.int64)
    lists = batch.column("counts")
    length = lists.value_lengths().to_numpy(zero_copy_only=False)
    flat = lists.flatten()
    if len(flat) and (pc.min(flat).as_py() or 0) < 0:
        row = int(np.searchsorted(np.cumsum(length), int(pc.index(flat, pc.min(flat)).as_py()), side="right"))
        raise DetectionError(
            f"序列 {batch.column('series')[row]} 有负数；请改为 0 或留空。",
            f"Series {batch.column('series')[row]} has a negative count. Make it 0, or leave it out.",
        )
    values = flat.fill_null(MISSING).to_numpy(zero_copy_only=False)
    apart = step(period)
    first = (starts - starts.min()) // apart if len(starts) else np.zeros(0, np.int64)
    last = first + length - 1
    if len(starts) and (starts == starts[0]).all() and (length == length[0]).all():
        grid = values.reshape(len(starts), -1)
    else:
        grid = np.full((len(starts), int(last.max(initial=-1)) + 1), MISSING, values.dtype)
        times = np.arange(grid.shape[1])
        grid[(times >= first[:, None]) & (times <= last[:, None])] = values
    return Grid(batch.column("series").cast(pa.string()), int(starts.min(initial=2**31)), grid, first, last)


def suited(chosen: Method, start: int, times: int, period: Period) -> dict[str, Any]:
    """What the dates say of the series, as far as the method wants to know it."""
    days = (start + step(period) * np.arange(times)).astype("datetime64[D]")
    known: dict[str, Any] = {"freq": 52 if period == "week" else 365, "dates": days}
    if period == "day":
        known |= {"weekday": (start + 3) % 7, "length": 7}  # 1970-01-01 was a Thursday
    return {name: value for name, value in known.items() if name in chosen.parameters}


def told(
    grid: Grid, rows: slice, found: Detection, counts: NDArray[Any], newest: int | None, period: Period
) -> pa.RecordBatch:
    """What was found of the last times of some rows of the grid, of which `counts` and `found` may have the last only."""
    late = slice(0 if newest is None else max(counts.shape[1] - newest, 0), None)
    times = np.arange(grid.times - counts.shape[1], grid.times)[late]
    shown = (times >= grid.first[rows, None]) & (times <= grid.last[rows, None])
    row, time = np.nonzero(shown)
    observed, alarm = counts[:, late][shown], found.alarm[:, late][shown]
    missing = np.isnan(observed) if observed.dtype.kind == "f" else observed == MISSING
    days = (grid.start + step(period) * times[time]).astype(np.int32)
    return pa.RecordBatch.from_arrays(
        [
            grid.names.take(pa.array(row + rows.start)), pa.array(days).cast(pa.date32()),
            pa.array(np.where(missing, 0, observed).astype(np.int64), mask=missing), _finite(found.expected[:, late][shown]),
            _finite(found.upperbound[:, late][shown]), pa.array(alarm == Alarm.YES, mask=alarm == Alarm.CANNOT_TELL),
        ],
        schema=FOUND,
    )  # fmt: skip


def as_given(counts: NDArray[Any]) -> Any:
    """Counts as methods take them; whole numbers of a state are what methods make of counts themselves."""
    if counts.dtype == np.int32 and counts.size and counts.max() <= LARGEST:
        return Series(counts, counts)
    return counts if counts.dtype.kind == "f" else np.where(counts == MISSING, np.nan, counts)


def _finite(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(values, mask=~np.isfinite(values))


def together(parts: list[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    """The rows of all parts as one batch."""
    if len(parts) == 1:
        return parts[0]
    whole = pa.Table.from_batches(parts, schema).combine_chunks().to_batches()
    return whole[0] if whole else pa.RecordBatch.from_pylist([], schema=schema)
