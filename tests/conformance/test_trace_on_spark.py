"""`fangxian trace --engine spark` as a user runs it: the same answers, faults and words as with the other engines."""

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.stories.test_trace_command import INDEX, STAYS, table
from tests.support.console import Console
from tests.support.engines import needs_spark

pytestmark = pytest.mark.spark


@pytest.fixture
def console(tmp_path: Path) -> Console:
    needs_spark()
    bad = "sun,market,2022-03-05 15:00:00,2022-03-05 14:00:00\n"
    (tmp_path / "stays.csv").write_text(STAYS + bad, encoding="utf-8")
    (tmp_path / "index.csv").write_text(INDEX, encoding="utf-8")
    return Console(tmp_path / "home")


def test_a_file_with_a_bad_row_by_native_and_by_spark(console: Console, tmp_path: Path) -> None:
    told = {}
    for engine in ("native", "spark"):
        done = console.run(
            "trace", tmp_path / "stays.csv", "--index", tmp_path / "index.csv", "--engine", engine, "--json",
            "--out", tmp_path / f"{engine}.parquet", "--people", tmp_path / f"{engine}.csv",
        )  # fmt: skip
        told[engine] = json.loads(done.stdout)
        assert "WARN" not in done.stderr and "Spark" not in done.stderr, "Spark does not chatter"
    assert told["spark"] == told["native"] and told["spark"]["lines"] == 2 and told["spark"]["left_out"] == 1
    for ending in ("parquet", "csv"):
        assert table(tmp_path / f"spark.{ending}") == table(tmp_path / f"native.{ending}")


def test_buckets_of_a_folder_of_days_are_kept_for_the_next_time(console: Console, tmp_path: Path) -> None:
    days = tmp_path / "days"
    days.mkdir()
    stays = pa.table({"person": [70, 9, 9], "place": [5, 5, 5], "t_in": [0, 600, 3000], "t_out": [4000, 1200, 3600]})
    for day in range(3):
        pq.write_table(stays.slice(day, 1), days / f"day{day}.parquet")
    (tmp_path / "index.csv").write_text("person,from,to\n70,700,\n", encoding="utf-8")
    command: list[str | Path] = [
        "trace", days, "--index", tmp_path / "index.csv", "--tau", "8", "--engine", "spark", "--keep", tmp_path / "kept",
        "--out", tmp_path / "lines.csv",
    ]  # fmt: skip
    expected = [
        {"person": 9, "ring": 1, "via": 70, "place": 5, "t_in": 700, "t_out": 1200, "minutes": 500 / 60},
        {"person": 9, "ring": 1, "via": 70, "place": 5, "t_in": 3000, "t_out": 3600, "minutes": 10.0},
    ]
    written: list[dict[Path, int]] = []
    for _time in range(2):
        console.run(*command)
        assert table(tmp_path / "lines.csv") == expected
        written.append({file: file.stat().st_mtime_ns for file in (tmp_path / "kept").rglob("*.npy")})
    assert written[0] and written[0] == written[1]


def test_where_spark_or_java_is_missing_it_is_said_what_to_do(console: Console, tmp_path: Path) -> None:
    command: list[str | Path] = [
        "trace",
        tmp_path / "stays.csv",
        "--index",
        tmp_path / "index.csv",
        "--engine",
        "spark",
    ]
    console.settings = {"JAVA_HOME": "/nowhere"}
    assert "It needs Java 17 (Debian: apt-get install openjdk-17-jre-headless)" in console.run(*command, code=1).stderr
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "pyspark.py").write_text("raise ImportError('not there')", encoding="utf-8")
    console.settings = {"PYTHONPATH": os.pathsep.join([str(tmp_path / "none"), os.environ.get("PYTHONPATH", "")])}
    assert "run `pip install 'fangxian[spark]'`" in console.run(*command, code=1).stderr
    console.language = "zh"
    assert "没有安装 pyspark" in console.run(*command, code=1).stderr
