"""Series in batches: the same result whatever the cut, and a day put to the state is judged as if all days were there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fangxian.analytics import detection
from fangxian.analytics.detection import METHODS, DetectionError
from fangxian.analytics.detection.streaming import FOUND, PACKED, detect_stream, judge, pack, reach, update

START = np.datetime64("2023-01-02")
NAMES = ["一中", "二中", "C", "D"]


def counts(times: int, seed: int = 2) -> np.ndarray:
    random = np.random.default_rng(seed)
    return random.poisson(np.array([[3.0], [20.0], [0.4], [9.0]]) * np.ones(times)).astype(float)


def long(table: np.ndarray, names: list[str] | None = None) -> pa.RecordBatch:
    n, times = table.shape
    return pa.RecordBatch.from_pydict(
        {
            "series": np.repeat(names or NAMES[:n], times),
            "date": pa.array(np.tile(START + np.arange(times), n)),
            "count": pa.array(table.ravel(), from_pandas=True),
        }
    )


def cut(batch: pa.RecordBatch, size: int) -> Iterator[pa.RecordBatch]:
    return (batch.slice(at, size) for at in range(0, batch.num_rows, size))


def rows(batches: Any) -> list[dict[str, Any]]:
    return pa.Table.from_batches(batches, FOUND).to_pylist()


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_a_cut_changes_nothing(size: int) -> None:
    table = counts(60)
    table[1, 20] = np.nan
    found = rows(detect_stream(cut(long(table), size), "ears-c2"))
    whole = detection.ears_c2(table)
    assert [row["series"] for row in found] == np.repeat(NAMES, 60).tolist()
    assert [row["date"] for row in found[:60]] == (START + np.arange(60)).tolist()
    assert found[80]["observed"] is None
    bounds = np.array([np.nan if row["upperbound"] is None else row["upperbound"] for row in found]).reshape(4, 60)
    assert np.array_equal(bounds, whole.upperbound, equal_nan=True)
    assert [row["alarm"] for row in found] == [None if a < 0 else bool(a) for a in whole.alarm.ravel().tolist()]


@pytest.mark.parametrize("name", METHODS)
def test_long_and_packed_are_judged_alike_and_the_newest_are_the_last(name: str) -> None:
    table = counts(60)
    packed = judge(pack(NAMES, START, table), name)
    assert packed.schema == FOUND
    assert packed.equals(judge(long(table), name))
    last = judge(pack(NAMES, START, table), name, newest=2)
    if not name.startswith("farrington"):  # told to judge the last two, they do, with the history there is
        assert last.to_pylist() == [row for row in packed.to_pylist() if row["date"] >= (START + 58).item()]
    assert last.num_rows == 8


SHORT: dict[str, dict[str, Any]] = {
    "farrington": {"years": 2}, "farrington-flexible": {"years": 2, "compat": "paper"}, "moving-percentile": {"years": 2},
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in METHODS if reach(name) is not None])
def test_what_a_method_reaches_back_to_is_enough(name: str) -> None:
    """The state after many days says of the newest day what the whole history says."""
    table = counts(820)
    parameters = SHORT.get(name, {})
    far = reach(name, parameters)
    assert far is not None and far < 820
    whole = judge(pack(NAMES, START, table), name, newest=1, **parameters).to_pydict()
    state = pack(NAMES, START, table[:, :819])
    state, found = update(
        state, START + 819, dict(zip(NAMES, table[:, 819].astype(int).tolist(), strict=True)), name, **parameters
    )
    told = found.to_pydict()
    assert len(state.column("counts")[0].as_py()) == far
    assert state.schema == PACKED
    assert told["date"] == whole["date"]
    assert told["alarm"] == whole["alarm"]
    for column in ("expected", "upperbound"):
        assert [x is None for x in told[column]] == [x is None for x in whole[column]]
        assert np.allclose(np.array(told[column], float), np.array(whole[column], float), rtol=1e-8, equal_nan=True)


def test_who_did_not_report_is_missing_and_days_between_too() -> None:
    state = pack(NAMES, START, counts(30))
    state, found = update(state, START + 31, {"一中": 4, "C": None}, "ears-c1", keep=10)
    assert [row["observed"] for row in found.to_pylist()] == [4, None, None, None]
    assert state.column("start")[0].as_py() == (START + 22).item()
    assert state.column("counts")[0].as_py()[-2:] == [None, 4]
    for wrong, says in (
        ((START + 31, {}), "is in the state already"),
        ((START + 32, {"C": -1}), "Series C has no whole number"),
        ((START + 32, {"C": 2.5}), "Series C has no whole number"),
        ((START + 32, {"E": 1}), "Series E is not in the state"),
    ):
        with pytest.raises(DetectionError, match=says):
            update(state, *wrong, "ears-c1")  # type: ignore[arg-type, call-arg]


def test_series_that_begin_late_and_end_early_have_their_own_dates() -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "series": ["a", "b"],
            "start": pa.array(np.array([START, START + 5])),
            "counts": pa.array([[1, 2, 3], [4, None]], pa.list_(pa.int32())),
        }
    )
    found = judge(batch, "ears-c1").to_pylist()
    assert [(row["series"], row["observed"]) for row in found] == [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", None)]
    assert found[3]["date"] == (START + 5).item()


def test_weeks_are_weeks() -> None:
    table = counts(20)
    batch = long(table)
    weekly = batch.set_column(1, "date", pa.array(np.tile(START + 7 * np.arange(20), 4)))
    found = judge(weekly, "ears-c1", period="week").to_pylist()
    assert found[1]["date"] == (START + 7).item()
    assert found[19]["upperbound"] == detection.ears_c1(table[0]).upperbound[19]


@pytest.mark.parametrize(
    ("batches", "says"),
    [
        ([long(counts(3), ["a", "b", "a", "c"])], "Series a comes again"),
        ([long(counts(3)).drop_columns(["count"])], "There is no column count"),
        ([long(np.array([[1.0, -2.0, 3.0]]))], "is negative"),
        ([long(np.array([[1.0, 2.5, 3.0]]))], "is not a whole number"),
        (
            [
                pa.record_batch(
                    {"series": ["a", "b"], "start": pa.array(np.array([START, START])), "counts": [[1, 2], [3, -4]]}
                )
            ],
            "Series b has a negative count",
        ),
        (
            [long(np.ones((1, 2))).set_column(1, "date", pa.array(np.array([START, START])))],
            "of series 一中 is there twice",
        ),
    ],
)
def test_a_fault_is_named(batches: list[pa.RecordBatch], says: str) -> None:
    with pytest.raises(DetectionError, match=says):
        list(detect_stream(batches, "ears-c1"))
