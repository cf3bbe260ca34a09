"""A province's and a nation's daily series: `.venv/bin/python -m benchmarks.series [series] [nation in provinces] [method …]`.

Five years of daily counts lie in a Parquet file, a row per series. Every method reads it in record batches, judges, and gives out the
newest day; then the state it needs is kept, and one more day is put to that. The nation is the province read so many times over.
"""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.detection import season
from fangxian.analytics.detection import METHODS
from fangxian.analytics.detection.daily import begin, reach, update
from fangxian.analytics.detection.streaming import PACKED, detect_stream, judge, pack

DAYS, START = 5 * 365 + 2, np.datetime64("2019-01-01")
BATCH = 2048
WHOLE, DAILY, NATION = 60.0, 10.0, 300.0
#: What a nation is watched with.
NATIONWIDE = ("ears-c2", "moving-percentile", "farrington-flexible")


def write(path: Path, series: int) -> None:
    with pq.ParquetWriter(path, PACKED, compression="lz4", use_dictionary=False) as out:
        for start in range(0, series, BATCH):
            n = min(BATCH, series - start)
            names = [f"county {start + i}" for i in range(n)]
            out.write_batch(pack(names, START, season(n, DAYS, 365, seed=start + 1)))


def batches(path: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(BATCH)


def whole(path: Path, name: str) -> tuple[float, float]:
    """Seconds by the clock, and of processors, to judge the newest day of every series."""
    started, busy = perf_counter(), process_time()
    found = sum(batch.num_rows for batch in detect_stream(batches(path), name, newest=1))
    assert found == pq.read_metadata(path).num_rows
    return perf_counter() - started, process_time() - busy


def daily(path: Path, folder: Path, name: str) -> tuple[float, float]:
    """The same to read the state, put a day to it, and write it again."""
    held, renewed = folder / "state.parquet", folder / "new.parquet"
    schema = begin(next(batches(path)).slice(0, 1), name).schema
    with pq.ParquetWriter(held, schema, compression="lz4", use_dictionary=False) as out:
        for batch in batches(path):
            out.write_batch(begin(batch, name))
    started, busy = perf_counter(), process_time()
    with pq.ParquetWriter(renewed, schema, compression="lz4", use_dictionary=False) as out:
        for batch in batches(held):
            today = pa.record_batch({"series": batch.column("series"), "count": pa.array(np.full(batch.num_rows, 9))})
            state, _ = update(batch, START + DAYS, today, name)
            out.write_batch(state)
    return perf_counter() - started, process_time() - busy


def main(series: int = 60_000, provinces: int = 17, *names: str) -> None:
    with tempfile.TemporaryDirectory(prefix="fangxian-bench-") as temporary:
        path = Path(temporary) / "series.parquet"
        write(path, series)
        print(
            f"{series:,} daily series of {DAYS} days, {path.stat().st_size / 2**20:.0f} MB; seconds by the clock, and of processors"
        )
        print(f"{'':<22}{'five years':>12}{'busy':>8}{'at most':>9}{'a day':>9}{'busy':>8}{'at most':>9}   state")
        first = next(batches(path)).slice(0, 8)
        for name in names or METHODS:
            judge(first, name)  # compiled
            (took, busy), (day, day_busy) = whole(path, name), daily(path, Path(temporary), name)
            state = "its chart" if METHODS[name].goes_on else f"{reach(name) or 'all'} days"
            over = "  over" if took > WHOLE or day > DAILY else ""
            print(
                f"{name:<22}{took:>12.1f}{busy:>8.1f}{WHOLE:>9.0f}{day:>9.1f}{day_busy:>8.1f}{DAILY:>9.0f}   {state}{over}",
                flush=True,
            )
        print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB of memory (target 4)")
        for name in [one for one in NATIONWIDE if not names or one in names] if provinces else []:
            started = perf_counter()
            for _ in range(provinces):
                whole(path, name)
            print(
                f"{provinces * series:,} series, {name}: {perf_counter() - started:.0f} s (target {NATION:.0f})",
                flush=True,
            )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
