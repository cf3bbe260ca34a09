"""Who was with whom, against DuckDB: `make bench ONLY=copresence ARGS=1000000` (people; a million unless told).

About ten stays a person and day over 14 days (1.4 × 10⁸ of a million people, 200,000 places with Zipf sizes, the largest with some
50,000 visits a day), τ = 15 minutes; 100, 1,000 and 10,000 index persons; two threads for everybody. DuckDB works on a table sorted
by place and arrival (its best form here, built beforehand as our index is), on the same without the stays that are too short, and
for the first ring also on the unsorted Parquet. Every pair of figures is of the same rows, checked by counts and checksums.

The bound is what memory allows: the rows of the places where the frontier stayed (12 bytes each), at the rate at which two threads add up
arrays here.
"""

import resource
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from numba import njit

from benchmarks import Figure, console, show
from benchmarks.stays import DAY, DAYS, City, write
from fangxian.analytics import copresence
from fangxian.analytics.copresence import Stays, kernels
from fangxian.analytics.copresence.projection import Projection
from fangxian.analytics.copresence.tables import StayFile
from fangxian.lake import duck

TAU = 15 * 60
THREADS = 2
ROW = 12
#: By how much we are to be faster than DuckDB: lines on the sorted table and on the unsorted Parquet, and two rings on the table.
WANTED = {100: (40, 300, 30), 1000: (20, 100, 15), 10_000: (10, 50, 15)}
_LINES = """
SELECT count(*), sum(t_out - t_in), sum(t_in) FROM (
    SELECT greatest(s.a, v.a) AS t_in, least(s.b, v.b) AS t_out
    FROM (
        SELECT i.person, s.place, greatest(s.a, i.since) AS a, least(s.b, i.until) AS b
        FROM cases i JOIN {stays} s USING (person) WHERE least(s.b, i.until) - greatest(s.a, i.since) >= {tau}
    ) v JOIN {stays} s ON s.place = v.place AND s.a <= v.b - {tau} AND s.b >= v.a + {tau}
    WHERE least(s.b, v.b) - greatest(s.a, v.a) >= {tau} AND s.person NOT IN (SELECT person FROM cases)
)
"""


def timed(work: Callable[[], Any], times: int = 1) -> tuple[float, Any]:
    """The least of several times, and what the work gives."""
    best, found = float("inf"), None
    for _ in range(times):
        started = perf_counter()
        found = work()
        best = min(best, perf_counter() - started)
    return best, found


@njit(nogil=True)
def _total(array):  # type: ignore[no-untyped-def]
    total = np.int64(0)
    for i in range(len(array)):
        total += array[i]
    return total


def bandwidth(stays: Stays) -> float:
    """Bytes a second that the threads read together."""
    arrays = (stays.person.view(np.int32), stays.arrival, stays.departure)
    parts = [part for array in arrays for part in np.array_split(array, 4 * THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_total, parts[:1]))
        took, _ = timed(lambda: list(pool.map(_total, parts)), 5)
    return ROW * len(stays) / took


def rows_around(stays: Stays, around: copresence.Index) -> int:
    """How many stays the places have where these persons stayed long enough within their windows."""
    own, own_rows = stays.by_person
    flags = np.zeros(stays.places, np.uint8)
    kernels.touched(
        around.person, around.since, around.until, own, own_rows,
        stays.place_rows, stays.arrival, stays.departure, stays.blocks, np.int32(TAU), flags,
    )  # fmt: skip
    return int(np.diff(stays.place_rows)[flags > 0].sum())


class Bench:
    """The same stays as our index, as our projection, and as DuckDB's tables."""

    def __init__(self, people: int, folder: Path) -> None:
        self.figures: list[Figure] = []
        self.city = City(people)
        parquet = folder / "stays"
        self.note("stays written as Parquet", lambda: write(self.city, parquet))
        file = self.note("files surveyed", lambda: StayFile(parquet))
        self.base = file.instants.base
        self.stays: Stays = self.note("stays sorted by place", lambda: file.stays(at_least=TAU))
        self.note("stays by person", lambda: (self.stays.by_person, self.stays.blocks))
        whole = sum(one.seconds for one in self.figures[1:])
        self.figures.append(
            Figure("index built in all", whole, 30, note=f"{file.rows:,} stays, {len(self.stays):,} ≥ {TAU} s")
        )
        self.join()
        self.projection: Projection = self.note(
            "projection written", lambda: Projection.write(self.stays, folder / "projection", at_least=TAU)
        )
        self.database = duck.Database([], tau=TAU, threads=THREADS)
        self.database.sql.execute(f"SET memory_limit = '5GB'; SET temp_directory = '{folder}/spill'; DROP TABLE stays")
        raw = f"SELECT person, place, t_in AS a, t_out AS b FROM '{parquet}/*.parquet'"
        self.sql(f"CREATE VIEW unsorted AS {raw}")
        self.note("DuckDB's table sorted", lambda: self.sql(f"CREATE TABLE every AS {raw} ORDER BY place, a"))
        self.sql(f"CREATE TABLE eligible AS SELECT * FROM every WHERE b - a >= {TAU}")
        self.rate = bandwidth(self.stays)
        held = (self.stays.person, self.stays.arrival, self.stays.departure, *self.stays.by_person, *self.stays.blocks)
        size = sum(array.nbytes for array in held) / 1e9
        console.print(
            f"index in memory: {size:.2f} GB (target: < 2 GB, {'reached' if size < 2 else 'missed'}), prebuilt like DuckDB's table; "
            f"{THREADS} threads read {self.rate / 1e9:.1f} GB/s"
        )

    def note(self, what: str, work: Callable[[], Any], target: float | None = None, note: str = "") -> Any:
        took, found = timed(work)
        self.figures.append(Figure(what, took, target, note=note))
        return found

    def sql(self, query: str) -> tuple[Any, ...]:
        found: tuple[Any, ...] = self.database.sql.execute(query).fetchone() or ()
        return found

    def join(self) -> None:
        """The last day joined once more: the work of a new one, and what comes out must be what was there."""
        self.city.rng = np.random.default_rng(1)
        person, place, arrival, departure = self.city.day(DAYS - 1)
        piece = person, place, arrival - np.int32(self.base), departure - np.int32(self.base)
        joined = self.note(
            "a day joins the index", lambda: self.stays.joined(piece, at_least=TAU), 10, f"{len(person):,} stays"
        )
        assert len(joined) > len(self.stays)
        again = joined.joined(piece, at_least=TAU)
        assert len(again) == len(joined) and int(again.person.sum()) == int(joined.person.sum())

    def run(self, number: int) -> list[Figure]:
        person, since, until = self.city.cases(min(number, self.city.people // 10))
        index = copresence.Index.of(person, since - self.base, until - self.base)
        self.database.sql.register("cases", pa.table({"person": person, "since": since, "until": until}))
        return [
            *self.lines(index, WANTED[number]),
            *self.rings(index, copresence.Index.of(person, since, until), WANTED[number][2]),
            *self.others(index),
        ]

    def lines(self, index: copresence.Index, wanted: tuple[int, int, int]) -> list[Figure]:
        ours, found = timed(lambda: copresence.trace(self.stays, index, tau=TAU, threads=THREADS).lines, 7)
        start = found.t_in.astype(np.int64)
        rows = len(found), int((found.t_out - start).sum()), int(start.sum()) + len(found) * self.base
        figures = []
        for name, what, ratio in (
            ("every", "lines, sorted table", wanted[0]),
            ("eligible", "lines, sorted table without short stays", None),
            ("unsorted", "lines, unsorted Parquet", wanted[1]),
        ):
            theirs, same = timed(partial(self.sql, _LINES.format(stays=name, tau=TAU)), 2)
            assert same == rows, (same, rows)
            note = f"{_wanted(theirs / ours, ratio)}{rows[0]:,} lines"
            figures.append(Figure(what, ours, theirs / ratio if ratio else None, theirs, note))
        return figures

    def rings(self, index: copresence.Index, raw: copresence.Index, ratio: int) -> list[Figure]:
        first, ring = timed(lambda: self.ours(index, rings=1), 7)
        both, mine = timed(lambda: self.ours(index, rings=2), 5)
        around = copresence.Index(ring.person, ring.exposed_at, np.full(len(ring), kernels.NEVER))
        bounds = [ROW * rows_around(self.stays, one) / self.rate for one in (index, around)]
        reached = len(mine) / self.city.people
        figures = [Figure("first ring, people", first, 3 * bounds[0], note=_bound(first, bounds[0], 3))]
        second = both - first
        most = 10 if reached > 0.9 else 5
        figures.append(Figure("second ring, people", second, most * bounds[1], note=_bound(second, bounds[1], most)))
        for name, what, wanted in (
            ("every", "two rings, sorted table", ratio),
            ("eligible", "two rings, sorted table without short stays", None),
        ):
            self.sql(f"CREATE OR REPLACE VIEW stays AS FROM {name}")
            theirs, other = timed(lambda: self.database.trace(raw, rings=2, lines=False).people)
            self.same(mine, other, self.base)
            note = f"{_wanted(theirs / both, wanted)}{len(mine):,} people, {reached:.0%} of all"
            figures.append(Figure(what, both, theirs / wanted if wanted else None, theirs, note))
        parquet, other = timed(
            lambda: self.projection.trace(index, tau=TAU, rings=2, lines=False, threads=THREADS).people, 3
        )
        self.same(mine, other, 0)
        return [*figures, Figure("two rings from Parquet, no index", parquet, 2)]

    def others(self, index: copresence.Index) -> list[Figure]:
        """With isolation after three days, and with overlaps that add up over 24 hours (ring 1)."""
        until = np.full(self.city.people, 3 * DAY, np.int32) + self.city.rng.integers(0, 9 * DAY, self.city.people)
        isolated, _ = timed(lambda: self.ours(index, rings=2, until=until.astype(np.int32)), 3)
        cumulative, _ = timed(lambda: self.ours(index, rings=1, within=DAY))
        return [
            Figure("two rings, people isolated in time", isolated),
            Figure("first ring, overlaps adding up in 24 h", cumulative, note="of the stays that are long enough"),
        ]

    def ours(self, index: copresence.Index, **options: Any) -> copresence.People:
        return copresence.trace(self.stays, index, tau=TAU, lines=False, threads=THREADS, **options).people

    @staticmethod
    def same(mine: copresence.People, other: copresence.People, base: int) -> None:
        assert (mine.person == other.person).all() and (mine.ring == other.ring).all()
        assert (mine.exposed_at + base == other.exposed_at).all()


def _wanted(ratio: float, least: int | None) -> str:
    return f"≥ {least}×: {'reached' if ratio >= least else 'missed'}; " if least else ""


def _bound(seconds: float, bound: float, most: int) -> str:
    factor = seconds / bound
    return f"{factor:.1f}× the bound of memory ({bound * 1000:.1f} ms); ≤ {most}×: {'reached' if factor <= most else 'missed'}"


def main(people: int = 1_000_000) -> None:
    with tempfile.TemporaryDirectory(prefix="fangxian-bench-") as folder:
        bench = Bench(people, Path(folder))
        show(f"Made ready, {people:,} people", bench.figures)
        for number in WANTED:
            show(f"{min(number, people // 10):,} index persons", bench.run(number))
        bench.database.close()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    console.print(f"most memory of this process: {most:.2f} GB, DuckDB included")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
