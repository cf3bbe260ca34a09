"""Who was with whom, against DuckDB: `.venv/bin/python -m benchmarks.copresence [people, 1000000 unless told]`.

About ten stays a person and day over 14 days, τ = 15 minutes; 100, 1,000 and 10,000 index persons. DuckDB works on a table sorted
by place and arrival (its best form here), and for the first ring also on the unsorted Parquet; our index is prebuilt as its
table is. Every pair of figures is of the same rows, which is checked.
"""

import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table

from benchmarks.stays import City, write
from fangxian.analytics import copresence
from fangxian.analytics.copresence.tables import StayFile
from fangxian.lake import duck

TAU = 15 * 60
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


def timed(work: Callable[[], Any], times: int) -> tuple[float, Any]:
    best, found = float("inf"), None
    for _ in range(times):
        started = perf_counter()
        found = work()
        best = min(best, perf_counter() - started)
    return best, found


def bound(stays: copresence.Stays) -> float:
    """Seconds to read person, arrival and departure once: no trace over all stays can be faster."""
    return timed(
        lambda: [int(array.view(np.int32).sum()) for array in (stays.person, stays.arrival, stays.departure)], 3
    )[0]


def main(people: int = 1_000_000) -> None:
    console = Console()
    with tempfile.TemporaryDirectory(prefix="fangxian-bench-") as folder:
        parquet = Path(folder) / "stays"
        city = City(people)
        took, _ = timed(lambda: write(city, parquet), 1)
        console.print(f"the stays of {people:,} people written in {took:.1f} s")
        cases = {number: city.cases(min(number, people // 10)) for number in (100, 1000, 10_000)}

        took, file = timed(lambda: StayFile(parquet), 1)
        console.print(f"{file.rows:,} stays surveyed in {took:.1f} s")
        took, stays = timed(lambda: file.stays(at_least=TAU), 1)
        console.print(f"index of {len(stays):,} stays of at least {TAU // 60} minutes built in {took:.1f} s")
        took, _ = timed(lambda: stays.by_person, 1)
        size = sum(array.nbytes for array in (stays.person, stays.arrival, stays.departure, *stays.by_person)) / 1e9
        console.print(f"by person in {took:.1f} s; {size:.2f} GB in memory")

        database = duck.Database([], tau=TAU)
        database.sql.execute("DROP TABLE stays")
        took, _ = timed(
            lambda: database.sql.execute(
                f"CREATE TABLE stays AS SELECT person, place, t_in AS a, t_out AS b FROM '{parquet}/*.parquet' ORDER BY place, a"
            ),
            1,
        )
        console.print(f"DuckDB's table sorted in {took:.1f} s")
        database.sql.execute(
            f"CREATE VIEW unsorted AS SELECT person, place, t_in AS a, t_out AS b FROM '{parquet}/*.parquet'"
        )

        least = bound(stays)
        table = Table("cases", "what", "ours s", "DuckDB s", "ratio", "× the time to read memory once", "rows")
        for number, columns in cases.items():
            person, since, until = columns
            index = copresence.Index.of(person, since - file.instants.base, until - file.instants.base)
            database.sql.register("cases", pa.table({"person": person, "since": since, "until": until}))
            ours, found = timed(lambda index=index: copresence.trace(stays, index, tau=TAU).lines, 5)
            rows = (
                len(found),
                int((found.t_out.astype(np.int64) - found.t_in).sum()),
                int(found.t_in.astype(np.int64).sum()) + len(found) * file.instants.base,
            )
            for name in ("stays", "unsorted"):
                theirs, theirs_found = timed(
                    lambda name=name: database.sql.execute(_LINES.format(stays=name, tau=TAU)).fetchone(), 2
                )
                assert theirs_found == rows, (theirs_found, rows)
                what = "lines, " + ("sorted table" if name == "stays" else "unsorted Parquet")
                table.add_row(
                    f"{number:,}", what, f"{ours:.4f}", f"{theirs:.2f}", f"{theirs / ours:.0f}", "", f"{rows[0]:,}"
                )
            ours, mine = timed(
                lambda index=index: copresence.trace(stays, index, tau=TAU, rings=2, lines=False).people, 3
            )
            raw = copresence.Index.of(*columns)
            theirs, other = timed(lambda raw=raw: database.trace(raw, rings=2, lines=False).people, 1)
            assert (mine.person == other.person).all()
            assert (mine.exposed_at + file.instants.base == other.exposed_at).all()
            table.add_row(
                f"{number:,}", "two rings, people", f"{ours:.3f}", f"{theirs:.2f}", f"{theirs / ours:.0f}",
                f"{ours / least:.1f}", f"{len(mine):,}",
            )  # fmt: skip
        console.print(table)
        database.close()
    console.print(
        f"most memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB, DuckDB included"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
