"""Series in batches: the same result whatever the cut, and a day put to the state is judged as if all days were there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from fangxian.analytics import detection
from fangxian.analytics.detection import METHODS, DetectionError
from fangxian.analytics.detection.daily import begin, reach, update
from fangxian.analytics.detection.streaming import FOUND, PACKED, detect_stream, judge, pack

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


CHARTS: list[tuple[str, dict[str, Any]]] = [
    ("cusum", {}), ("cusum", {"mean": "seasonal", "transformation": "anscombe"}), ("cusum", {"mean": 4, "arl": 50}),
    ("lr-poisson", {"harmonics": 2, "trend": True}), ("lr-poisson", {"mean": 6.0, "arl": 100.0}), ("lr-nb", {"alpha": 0.2}),
    ("glr-poisson", {}), ("glr-poisson", {"window": 10}), ("glr-poisson", {"mean": 5.0}), ("glr-nb", {"alpha": 0.3, "window": 9}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "parameters"), CHARTS)
def test_a_chart_goes_on_as_if_it_had_never_stopped(name: str, parameters: dict[str, Any]) -> None:
    table = counts(200)
    table[0, 150:170] *= 3
    table[1, 120:] += 4
    table[2, 180:190] = np.nan
    settings = {"since": 100} | parameters
    whole = judge(pack(NAMES, START, table), name, **settings).to_pylist()
    state = begin(pack(NAMES, START, table[:, :130]), name, **settings)
    alarms = 0
    for day in (*range(130, 181), *range(189, 200)):  # for eight days nobody reported anything
        if day == 189:
            table[:, 181:189] = np.nan
            whole = judge(pack(NAMES, START, table), name, **settings).to_pylist()
        told = {one: None if np.isnan(n) else int(n) for one, n in zip(NAMES, table[:, day], strict=True)}
        state, found = update(state, START + day, told, name, **settings)
        for i, row in enumerate(found.to_pylist()):
            assert row["date"] == (START + day).item()
            as_whole = whole[200 * i + day]
            assert row["alarm"] == as_whole["alarm"], (day, i)
            for key in ("expected", "upperbound"):
                ours, theirs = (np.nan if one[key] is None else one[key] for one in (row, as_whole))
                assert ours == pytest.approx(theirs, rel=1e-11, abs=1e-11, nan_ok=True), (key, day, i)
            alarms += row["alarm"] or 0
    assert alarms > 0
    with pytest.raises(DetectionError, match="is in the state already"):
        update(state, START + 199, {}, name, **settings)


def test_the_state_of_a_chart_does_not_grow_and_a_mean_day_by_day_cannot_go_on() -> None:
    table = counts(900)
    state = begin(pack(NAMES, START, table), "glr-poisson")
    assert max(len(steps) for steps in state.column("cases").to_pylist()) < 20
    assert (
        begin(pack(NAMES, START, table), "ears-c2").column("counts")[0].as_py() == table[0, -10:].astype(int).tolist()
    )
    with pytest.raises(DetectionError, match="cannot go on"):
        begin(pack(NAMES, START, table), "lr-poisson", mean=[3.0] * 900)


def test_a_pruned_ratio_is_the_best_of_all_change_points() -> None:
    """A window as long as the series looks at every change point; without one only those that can be the best are kept."""
    table = counts(400, seed=9)
    table[3, 200:] *= 2
    pruned, every = (detection.glr(table, since=100, threshold=8.0, window=window) for window in (None, 400))
    assert np.array_equal(pruned.alarm, every.alarm) and pruned.alarms.sum() > 1
    assert np.allclose(pruned.details["statistic"], every.details["statistic"], rtol=1e-11, atol=1e-11, equal_nan=True)
    assert np.allclose(pruned.upperbound, every.upperbound, rtol=1e-11, atol=1e-11, equal_nan=True)


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
