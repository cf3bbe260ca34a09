"""Both rings from 10⁷ to 10⁹ stays: `.venv/bin/python -m benchmarks.scaling [millions of stays …, 10 30 100 unless told]`.

The same city of 10⁷ stays, side by side as often as it takes, streamed from its Parquet files; a thousand index persons for each
10⁸ stays; τ = 15 minutes; who is reached, and when. Each engine is timed after its stays were brought into its own order, which is
timed apart: native (an index in memory), the same kernels over buckets on disk (nothing else in memory), those on Spark
(`local[2]`, started before), DuckDB. All must find the same persons at the same instants. What does not fit is left out:
`--memory` rows for the index, `--duckdb` rows for DuckDB. With `--plot FILE` the times are drawn as SVG.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce
from itertools import pairwise
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

from benchmarks import scaling_plot
from benchmarks.cities import Cities
from benchmarks.stays import City, write
from fangxian.analytics import copresence
from fangxian.analytics.copresence import Index, Traced
from fangxian.lake import buckets, duck, spark
from fangxian.lake.buckets import Bucket
from fangxian.lake.outward import Earliest, outward

TAU = 15 * 60
PEOPLE = 73_000  # about 10⁷ stays in 14 days


def timed(work: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    best, found = float("inf"), None
    for _ in range(times):
        started = perf_counter()
        found = work()
        best = min(best, perf_counter() - started)
    return best, found


def warm(context: Any, cities: Cities, cases: tuple[np.ndarray, ...]) -> None:
    """A day of one city, so that the processes of Spark have loaded what they need."""
    database = spark.Database(cities, context, tau=TAU)
    database.trace(cities.index(*cases), rings=2, lines=False)
    database.close()


def in_process(folder: Path, index: Index) -> Traced:
    """Bucket by bucket in two threads of this process: what Spark does, without Spark."""
    opened = [Bucket.open(file) for file in sorted((folder / "buckets").glob("[0-9]*"))]

    def ring(frontier: Index, settled: np.ndarray) -> tuple[Earliest, None]:
        known = buckets.known(frontier, settled)
        with ThreadPoolExecutor(2) as pool:
            found: Iterable[Earliest] = pool.map(lambda bucket: bucket.reached(known, TAU), opened)
            return reduce(buckets.earlier, found), None

    return outward(index, 2, ring, lambda *_: None)


def per_core(cities: Cities, index: Index, folder: Path) -> tuple[float, ...]:
    """Seconds of processor time for a million stays: to read and split, to sort and merge, to trace two rings."""
    between, number = folder / "split", 4
    at = [process_time()]
    rows = buckets.split(cities.every(), number, between)
    at.append(process_time())
    for bucket in range(number):
        buckets.gather([between], bucket, folder / "buckets", at_least=TAU, largest=spark.ROWS)
    at.append(process_time())
    in_process(folder, index)
    at.append(process_time())
    return tuple((done - begun) / rows * 1e6 for begun, done in pairwise(at))


def checksum(traced: Traced) -> tuple[int, int, int]:
    people = traced.people
    mixed = people.person.astype(np.uint64) * np.uint64(2654435761) ^ people.exposed_at.astype(np.uint64)
    return len(people), int(people.ring.sum()), int(np.bitwise_xor.reduce(mixed))


def main(millions: list[int], folder: Path, memory: int, duckdb: int, plot: Path | None) -> None:
    console = Console()
    city = City(PEOPLE)
    write(city, folder / "city")
    files = tuple(sorted((folder / "city").glob("*.parquet")))
    once = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
    cases = city.cases(100)
    console.print(f"a city of {once:,} stays")
    started, context = timed(lambda: spark.context("local[2]", driver_memory="2g"))
    warmed, _ = timed(lambda: warm(context, Cities(files[:1], 1, city.people, city.places, 1), city.cases(9)))
    console.print(f"Spark started in {started:.1f} s, its Python with the kernels in {warmed:.1f} s more")
    one = Cities(files, 1, city.people, city.places, once)
    for name in ("loading the kernels", "a core"):
        with tempfile.TemporaryDirectory(dir=folder) as work:
            figures = per_core(one, one.index(*cases), Path(work))
        console.print(f"{name}: " + ", ".join(
            f"{what} {seconds:.3f} s" for what, seconds in zip(("read and split", "sort and merge", "two rings"), figures, strict=True)
        ) + " for a million stays")  # fmt: skip
    table = Table("stays", "engine", "brought into order, s", "million stays/s", "both rings, s", "× native", "reached")
    drawn: dict[str, list[tuple[int, float]]] = {}
    for size in millions:
        cities = Cities(files, max(1, round(size * 1e6 / once)), city.people, city.places, once)
        index = cities.index(*cases)
        runs: dict[str, tuple[float, float, Any]] = {}
        if cities.rows <= memory:
            built, stays = timed(
                lambda cities=cities: copresence.Stays.build(
                    cities.every, cities.people * cities.number, cities.places * cities.number, at_least=TAU
                )
            )
            stays.by_person  # noqa: B018  the index by person, which is part of it
            took, found = timed(partial(copresence.trace, stays, index, tau=TAU, rings=2, lines=False), 3)
            runs["native, in memory"] = built, took, checksum(found)
            del stays
        with tempfile.TemporaryDirectory(dir=folder) as kept:
            built, database = timed(partial(spark.Database, cities, context, tau=TAU, folder=Path(kept)))
            took, found = timed(partial(in_process, Path(kept), index), 3)
            runs["the kernels over buckets"] = built, took, checksum(found)
            took, found = timed(lambda database=database, index=index: database.trace(index, rings=2, lines=False), 4)
            runs["Spark"] = built, took, checksum(found)
        if cities.rows <= duckdb:
            built, other = timed(lambda cities=cities: duck.Database(cities.every(), tau=TAU))
            took, found = timed(lambda other=other, index=index: other.trace(index, rings=2, lines=False))
            runs["DuckDB"] = built, took, checksum(found)
            other.close()
        assert len({sums for _built, _took, sums in runs.values()}) == 1, runs
        least = next(iter(runs.values()))[1]
        for engine, (built, took, sums) in runs.items():
            table.add_row(
                f"{cities.rows:,}", engine, f"{built:.1f}", f"{cities.rows / built / 1e6:.2f}", f"{took:.2f}",
                f"{took / least:.1f}", f"{sums[0]:,}",
            )  # fmt: skip
            drawn.setdefault(engine, []).append((cities.rows, took))
        over = runs["Spark"][1] - least
        console.print(
            f"{cities.rows:,}: Spark takes {over:.2f} s more than {next(iter(runs))} (target ≤ 3 s); checksums agree"
        )
    console.print(table)
    context.stop()
    if plot:
        plot.write_text(scaling_plot.drawn(drawn), encoding="utf-8")


if __name__ == "__main__":
    words = argparse.ArgumentParser()
    words.add_argument("millions", nargs="*", type=int, default=[10, 30, 100])
    words.add_argument("--folder", type=Path, help="where there is room; a temporary folder unless told")
    words.add_argument("--memory", type=float, default=2e8)
    words.add_argument("--duckdb", type=float, default=1.5e8)
    words.add_argument("--plot", type=Path)
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="fangxian-bench-", dir=given.folder) as room:
        main(given.millions, Path(room), int(given.memory), int(given.duckdb), given.plot)
