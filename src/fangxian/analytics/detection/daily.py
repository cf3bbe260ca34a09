"""Series from day to day: a state of each, to which a day's counts are put, and that day judged (逐日续判).

What a method must remember differs. Most look back at so many of the last counts, their `reach`: the state is a packed batch of those. A
control chart (`cusum`, `lr-…`, `glr-…`) remembers instead its fitted mean and what has added up, however long it has run, and what it
was given at the beginning stays: the times its mean was learnt from, and its limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fangxian.analytics.detection.charts import Charts
from fangxian.analytics.detection.methods import Method, method
from fangxian.analytics.detection.results import DetectionError
from fangxian.analytics.detection.series import MISSING, Series
from fangxian.analytics.detection.streaming import (
    AT_ONCE,
    FOUND,
    Grid,
    Period,
    as_given,
    judge,
    long,
    number,
    pack,
    packed,
    step,
    suited,
    together,
    told,
)

#: The state of charts: the last day, how many times were seen and learnt from, and the rest as `Charts` has it.
CHARTED = pa.schema(
    {
        "series": pa.string(), "date": pa.date32(), "seen": pa.int32(), "since": pa.int32(), "coefficients": pa.list_(pa.float64()),
        "limit": pa.float64(), "total": pa.float64(), "cases": pa.list_(pa.float64()), "expected": pa.list_(pa.float64()),
    }
)  # fmt: skip
#: An average that forgets 40 % a day knows nothing of what is longer ago than this, to the last digit.
_FORGOTTEN = 80


def reach(by: str | Method, parameters: Mapping[str, Any] | None = None, *, period: Period = "day") -> int | None:
    """How many times, this one included, a method must see to judge the newest; None: all there ever were."""
    chosen = method(by) if isinstance(by, str) else by
    defaults = {name: one.default for name, one in chosen.signature.items()}
    known = defaults | dict(chosen.preset) | suited(chosen, 0, 1, period) | dict(parameters or {})
    name = chosen.function.__name__
    if name.startswith("ears"):
        return int(known["baseline"]) + {"ears_c1": 1, "ears_c2": 3, "ears_c3": 5}[name]
    if name in ("ewma", "switch"):
        return int(known["baseline"] + known["gap"]) + _FORGOTTEN
    if name == "regression":
        return int(known["baseline"] + known["gap"]) + 1
    if name in ("bayes", "rki", "farrington", "farrington_flexible"):
        year = known["freq"] + (1 if known["freq"] == 365 else 0)  # leap days
        return int(known["years"] * year + known["half_window"] + 8)
    if name == "moving_percentile":
        return int(known["years"] * known["freq"] + known["periods"] * known["length"] + known["length"])
    return None


def begin(batch: pa.RecordBatch, by: str | Method, *, period: Period = "day", **parameters: Any) -> pa.RecordBatch:
    """The state of series after the counts of a batch, long or packed: what `update` goes on from.

    Raises DetectionError for a chart whose mean is given for each time: it has none for the times to come.
    """
    chosen = method(by) if isinstance(by, str) else by
    grid = packed(batch, period) if "counts" in batch.schema.names else long(batch, period)
    if not chosen.goes_on:
        far = min(reach(by, parameters, period=period) or grid.times, grid.times)
        return pack(grid.names, grid.start + step(period) * (grid.times - far), grid.counts[:, grid.times - far :])
    if isinstance(parameters.get("mean"), list | tuple | np.ndarray):
        raise DetectionError(
            "逐期给出均值的控制图不能逐日续算；请给出一个数或拟合均值。",
            "A chart whose mean is given time by time cannot go on. Give one number, or have the mean fitted.",
        )
    settings = suited(chosen, grid.start, grid.times, period) | parameters
    last = grid.start + step(period) * (grid.times - 1)
    parts = []
    for at in range(0, len(grid.names), AT_ONCE):
        charts = chosen(as_given(grid.counts[at : at + AT_ONCE]), **settings).charts
        assert charts is not None, "a method that goes on says from where"
        parts.append(_charted(grid.names[at : at + AT_ONCE], last, charts))
    return together(parts, CHARTED)


def update(
    state: pa.RecordBatch, today: np.datetime64, counts: Mapping[str, int | None] | pa.RecordBatch, by: str | Method, *,
    keep: int | None = None, period: Period = "day", **parameters: Any,
) -> tuple[pa.RecordBatch, pa.RecordBatch]:  # fmt: skip
    """Put a day's counts to the state of series and judge that day: the new state, and what was found.

    `counts` are series and count, as a mapping or a batch `series,count`; who is not in it did not report. `keep` is how many counts
    a packed state holds, by default the `reach` of the method, or all it has. Times between the state's last and `today` are
    missing reports. Method, period and parameters are those that the state was begun with. Raises DetectionError for a day that the
    state knows already.
    """
    if state.schema.names == CHARTED.names:
        return _charts_updated(state, today, counts, by, period, parameters)
    grid = packed(state, period)
    ahead = _ahead(today, grid.start + step(period) * (grid.times - 1), period)
    new = _of_today(grid.names, counts)
    held = keep or reach(by, parameters, period=period) or grid.times + ahead
    before = grid.counts[:, max(0, grid.times + ahead - held) :]
    kept = np.full((len(grid.names), held), MISSING, np.int32)
    kept[:, held - ahead - before.shape[1] : held - ahead] = before[:, : held - ahead]
    kept[:, -1] = new
    start = grid.start + step(period) * (grid.times - 1 + ahead - (held - 1))
    state = pack(grid.names, start, kept)
    return state, judge(state, by, newest=1, period=period, **parameters)


def _ahead(today: np.datetime64, last: int, period: Period) -> int:
    """How many times after the state's last the day is."""
    ahead = (number(today) - last) // step(period)
    if ahead < 1:
        raise DetectionError(
            f"{today} 已在状态之中；请给出更晚的日期。", f"{today} is in the state already. Give a later day."
        )
    return ahead


def _charts_updated(
    state: pa.RecordBatch, today: np.datetime64, counts: Mapping[str, int | None] | pa.RecordBatch, by: str | Method, period: Period,
    parameters: Mapping[str, Any],
) -> tuple[pa.RecordBatch, pa.RecordBatch]:  # fmt: skip
    chosen = method(by) if isinstance(by, str) else by
    names, last = state.column("series"), int(state.column("date").cast(pa.int32())[0].as_py())
    ahead = _ahead(today, last, period)
    new = np.full((len(names), ahead), MISSING, np.int32)
    new[:, -1] = _of_today(names, counts)
    settings = suited(chosen, last + step(period), ahead, period) | dict(parameters)
    day, everywhere = number(today), np.zeros(len(names), np.int64)
    grid = Grid(names, last + step(period), new, everywhere, everywhere + ahead - 1)
    states, found = [], []
    for at in range(0, len(names), AT_ONCE):
        rows = slice(at, min(at + AT_ONCE, len(names)))
        judged = chosen(Series(new[rows], new[rows]), after=_charts(state.slice(at, AT_ONCE)), **settings)
        assert judged.charts is not None, "a method that goes on says from where"
        states.append(_charted(names[rows], day, judged.charts))
        found.append(told(grid, rows, judged, new[rows], 1, period))
    return together(states, CHARTED), together(found, FOUND)


def _charted(names: pa.Array, last: int, charts: Charts) -> pa.RecordBatch:
    n = len(names)
    width = np.full(n, charts.coefficients.shape[1])
    held = np.arange(charts.cases.shape[1]) < charts.held[:, None]
    return pa.RecordBatch.from_arrays(
        [
            names, pa.array(np.full(n, last, np.int32)).cast(pa.date32()), pa.array(np.full(n, charts.seen, np.int32)),
            pa.array(np.full(n, charts.since, np.int32)), _lists(width, charts.coefficients.ravel()), pa.array(charts.limit),
            pa.array(charts.total), _lists(charts.held, charts.cases[held]), _lists(charts.held, charts.expected[held]),
        ],
        schema=CHARTED,
    )  # fmt: skip


def _lists(lengths: NDArray[np.int64], values: NDArray[np.float64]) -> pa.ListArray:
    offsets = np.concatenate(([0], np.cumsum(lengths))).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


def _charts(state: pa.RecordBatch) -> Charts:
    n = state.num_rows
    held = np.asarray(state.column("cases").value_lengths().to_numpy(zero_copy_only=False), np.int64)
    here = np.arange(int(held.max(initial=0))) < held[:, None]
    cases, expected = (np.zeros(here.shape) for _ in range(2))
    cases[here] = state.column("cases").flatten().to_numpy(zero_copy_only=False)
    expected[here] = state.column("expected").flatten().to_numpy(zero_copy_only=False)
    coefficients = state.column("coefficients").flatten().to_numpy(zero_copy_only=False).reshape(n, -1)
    limit, total = (state.column(name).to_numpy(zero_copy_only=False) for name in ("limit", "total"))
    seen, since = (int(state.column(name)[0].as_py()) for name in ("seen", "since"))
    return Charts(seen, since, coefficients, limit, total, held, cases, expected)


def _of_today(names: pa.Array, counts: Mapping[str, int | None] | pa.RecordBatch) -> NDArray[np.int32]:
    """A count for each of the names, -1 where there is none."""
    if isinstance(counts, Mapping):
        told, column = pa.array(list(counts), pa.string()), pa.array(list(counts.values()), pa.float64())
    else:
        told, column = counts.column("series").cast(pa.string()), counts.column("count").cast(pa.float64())
    values = column.fill_null(0).to_numpy(zero_copy_only=False)
    known = pc.is_in(told, names).to_numpy(zero_copy_only=False)
    for wrong, zh, en in (
        (~known, "不在状态之中", "is not in the state"),
        (
            ~((values >= 0) & (values == np.floor(values)) & (values < 2**31)),
            "的计数应是不小于 0 的整数",
            "has no whole number of at least 0",
        ),
    ):
        if wrong.any():
            name = told[int(np.flatnonzero(wrong)[0])]
            raise DetectionError(f"序列 {name} {zh}。", f"Series {name} {en}.")
    found = column.take(pc.index_in(names, told)).fill_null(MISSING)
    return np.asarray(found.to_numpy(zero_copy_only=False), np.int32)
