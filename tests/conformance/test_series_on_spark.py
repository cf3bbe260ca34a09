"""Early warning on Spark is early warning: the same rows as on one machine, whatever the method, and the same faults in words."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from fangxian.analytics.detection.streaming import detect_stream
from fangxian.analytics.errors import AnalysisError
from tests.support.console import Console
from tests.support.engines import needs_spark

if TYPE_CHECKING:
    from pyspark import SparkContext

pytestmark = pytest.mark.spark


def counts(series: int, times: int, step: int = 1) -> pa.Table:
    """Rows of all series, mixed up; some reports are missing, one series begins late."""
    random = np.random.default_rng(7)
    rows = [
        (f"县{number:02}", date(2021, 1, 4) + timedelta(days=step * time), int(random.poisson(4 + number % 5)))
        for number in range(series)
        for time in range(times)
        if random.random() > 0.02 and (number or time > times // 3)
    ]
    random.shuffle(rows)
    return pa.table(
        dict(zip(("series", "date", "count"), (list(column) for column in zip(*rows, strict=True)), strict=True))
    )


def rows_of(table: pa.Table) -> list[tuple]:
    columns = ("series", "date", "observed", "expected", "upperbound", "alarm")
    return sorted((tuple(row[name] for name in columns) for row in table.to_pylist()), key=lambda row: row[:2])


@pytest.mark.parametrize(
    ("method", "step", "more"),
    [("ears-c3", 1, {}), ("farrington-flexible", 7, {"years": 2, "compat": "paper"})],
)
def test_the_same_rows(spark: "SparkContext", tmp_path: Path, method: str, step: int, more: dict) -> None:
    from fangxian.lake.series_spark import detect

    table = counts(30, 160, step)
    (tmp_path / "days").mkdir()
    for part in range(3):
        pq.write_table(table.slice(part * 1700, 1700), tmp_path / "days" / f"{part}.parquet")
    tally = detect(spark, tmp_path / "days", method, tmp_path / "found.parquet", **more)
    period = "week" if step == 7 else "day"
    ordered = table.sort_by([("series", "ascending"), ("date", "ascending")])
    whole = pa.Table.from_batches(detect_stream(ordered.to_batches(), method, period=period, **more))  # type: ignore[arg-type]
    found = pq.read_table(tmp_path / "found.parquet")
    assert rows_of(found) == rows_of(whole)
    assert tally["series"] == 30 and tally["times"] == 160 and tally["judged"] > 1000
    assert tally["alarms"] == sum(row["alarm"] or False for row in whole.to_pylist()) > 0
    assert sorted(file.name for file in tmp_path.iterdir()) == ["days", "found.parquet"], "nothing is left lying about"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a,2021-13-01,4", "“2021-13-01” of series a is no date"),
        ("a,2021-01-09,many", "“many” of series a on 2021-01-09 is no number"),
        (",2021-01-09,4", "1 rows have no series"),
        ("a,2021-01-09,-4", "is negative"),
    ],
)
def test_what_cannot_be_meant_is_named_and_nothing_written(
    spark: "SparkContext", tmp_path: Path, row: str, words: str
) -> None:
    from fangxian.lake.series_spark import detect

    lines = ["series,date,count", *(f"a,2021-01-{day:02},3" for day in range(1, 9)), row]
    (tmp_path / "series.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(AnalysisError, match=words) as refused:
        detect(spark, tmp_path / "series.csv", "ears-c1", tmp_path / "found.csv")
    assert refused.value.zh != refused.value.en and "Spark" not in refused.value.en
    assert [file.name for file in tmp_path.iterdir()] == ["series.csv"]


def test_a_csv_by_the_command_line(tmp_path: Path) -> None:
    needs_spark()
    lines = ["series,date,count", *(f'"a, b",2021-01-{day:02},{3 if day < 20 else 30}' for day in range(1, 29))]
    (tmp_path / "series.csv").write_text("\n".join(lines), encoding="utf-8")
    console, tables = Console(tmp_path / "home"), {}
    for engine in ("native", "spark"):
        out = tmp_path / f"{engine}.csv"
        done = console.run(
            "detect", tmp_path / "series.csv", "--method", "ears-c1", "--engine", engine, "--out", out, "--json"
        )
        told = json.loads(done.stdout)
        assert (told["series"], told["times"], told["judged"]) == (1, 28, 21)
        tables[engine] = rows_of(pa_csv.read_csv(out))
    assert tables["spark"] == tables["native"]
    assert next(row[1].day for row in tables["spark"] if row[-1]) == 20
