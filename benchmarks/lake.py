"""A day of stays comes into the lake, beside DuckDB: `.venv/bin/python -m benchmarks.lake [people, 1000000 unless told]`.

About ten stays a person; a Parquet file in no order, as a source sends it. Ours: read and judged row by row, persons and places numbered,
sorted by place and arrival, written with its projection and digests, forced to the disk. DuckDB's: `COPY … ORDER BY place, t_in` of
the same file, without any of that besides the order. Then the day is read back as an index for tracing, and the rows are compared.
"""

import resource
import sys
import tempfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks.stays import City
from fangxian.lake import Lake

START = 1_641_139_200  # 2022-01-03 00:00 in Beijing
DAYS = 2


def timed(work: Callable[[], Any]) -> tuple[float, float, Any]:
    """Seconds on the wall, seconds of the processors (what a busy machine does not stretch), and the result."""
    started, used = perf_counter(), process_time()
    found = work()
    return perf_counter() - started, process_time() - used, found


def sent(city: City, keys: np.ndarray, day: int, path: Path) -> int:
    """A day's file as a source sends it: lake keys, codes of places, Unix seconds."""
    person, place, arrival, departure = city.day(day)
    codes = pa.array([f"P{one:07}" for one in range(city.places)]).take(pa.array(place))
    columns = [
        pa.array(keys[person]),
        codes,
        pa.array(arrival.astype(np.int64) + START),
        pa.array(departure.astype(np.int64) + START),
    ]
    pq.write_table(pa.table(columns, names=["person", "place", "t_in", "t_out"]), path)
    return len(person)


def main(people: int = 1_000_000) -> None:
    console = Console()
    with tempfile.TemporaryDirectory(prefix="fangxian-bench-") as folder:
        home = Path(folder)
        city = City(people)
        keys = np.random.default_rng(7).choice(2**32 - 1, people, replace=False).astype(np.uint32) + np.uint32(1)
        lake = Lake(home / "lake")
        table = Table(
            "day",
            "rows",
            "ours s",
            "rows/s",
            "DuckDB's sort s",
            "ratio",
            "ours CPU s",
            "DuckDB's CPU s",
            "ours MB",
            "DuckDB's MB",
        )
        warm = home / "warm.parquet"
        sent(City(100), keys[:100], 0, warm)
        Lake(home / "warm").ingest(warm, source="warm")  # the kernels are compiled once, not every day
        for day in range(DAYS):
            path, other = home / f"{day}.parquet", home / f"sorted{day}.parquet"
            rows = sent(city, keys, day, path)
            ours, our_work, receipt = timed(lambda path=path: lake.ingest(path, source="gates"))
            assert receipt.taken == rows
            theirs, their_work, _ = timed(
                lambda path=path, other=other: duckdb.sql(
                    f"SET threads = 2; COPY (FROM '{path}' ORDER BY place, t_in) TO '{other}' (FORMAT parquet)"
                )
            )
            size = sum(one.size for one in lake.days()) / 1e6
            table.add_row(
                str(day + 1), f"{rows:,}", f"{ours:.2f}", f"{rows / ours:,.0f}", f"{theirs:.2f}", f"{theirs / ours:.2f}",
                f"{our_work:.2f}", f"{their_work:.2f}",
                f"{size:.0f}", f"{sum(one.stat().st_size for one in home.glob('sorted*')) / 1e6:.0f}",
            )  # fmt: skip
        console.print(table)
        first, last = date(2022, 1, 3), date(2022, 1, 2 + DAYS)
        for at_least in (0, 15 * 60):
            took, _, window = timed(lambda at_least=at_least: lake.stays(first, last, at_least=at_least))
            console.print(f"{len(window.stays):,} stays of at least {at_least} s indexed from the lake in {took:.2f} s")
    console.print(f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
