"""Tracing in SQL, on DuckDB: no index in memory, spills to disk, and the second opinion on the kernels.

The same contacts as `copresence.trace`, by joins that any SQL database with `ASOF JOIN` understands.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from fangxian.analytics.copresence import Index, Lines, Traced
from fangxian.analytics.copresence.stays import Piece
from fangxian.analytics.copresence.tracing import Progress
from fangxian.lake.outward import Earliest, earliest, outward

#: Overlapping or touching stays of one person at one place are one stay; those that are too short for a contact are of no use.
_MERGED = """
CREATE TABLE stays AS
SELECT person, place, min(a) AS a, max(b) AS b
FROM (
    SELECT *, count(*) FILTER (WHERE apart) OVER spell AS spell
    FROM (
        SELECT *, a > max(b) OVER (
            PARTITION BY person, place ORDER BY a, b ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS apart
        FROM raw
    )
    WINDOW spell AS (PARTITION BY person, place ORDER BY a, b)
)
GROUP BY person, place, spell
HAVING max(b) - min(a) >= $tau
"""
_AT = """
CREATE OR REPLACE TEMP TABLE around AS
SELECT s.person, s.place, greatest(s.a, f.since) AS a, least(s.b, f.until) AS b
FROM frontier f JOIN stays s USING (person)
WHERE least(s.b, f.until) - greatest(s.a, f.since) >= $tau
"""
_LINES = """
SELECT s.person, v.person AS via, s.place, greatest(s.a, v.a) AS t_in, least(s.b, v.b) AS t_out
FROM around v JOIN stays s ON s.place = v.place AND s.a <= v.b - $tau AND s.b >= v.a + $tau
WHERE least(s.b, v.b) - greatest(s.a, v.a) >= $tau AND NOT EXISTS (FROM settled o WHERE o.person = s.person)
ORDER BY via, v.a, s.place, t_in, s.person
"""
#: The earliest a among the frontier's stays that end at b or later is a staircase; one look-up a stay finds its first contact.
_REACH = """
WITH steps AS (
    SELECT place, b, min(a) OVER (PARTITION BY place ORDER BY b DESC) AS a
    FROM (SELECT place, b, min(a) AS a FROM around GROUP BY place, b)
)
SELECT s.person, min(greatest(s.a, g.a)) AS at
FROM (SELECT *, a + $tau AS needed FROM stays WHERE b - a >= $tau) s ASOF JOIN steps g ON s.place = g.place AND g.b >= s.needed
WHERE g.a <= s.b - $tau AND NOT EXISTS (FROM settled o WHERE o.person = s.person)
GROUP BY s.person ORDER BY s.person
"""


class Database:
    """Stays in a DuckDB file that is deleted with it."""

    def __init__(self, pieces: Iterable[Piece], *, tau: int, threads: int = 2) -> None:
        self.tau = tau
        self._folder = tempfile.TemporaryDirectory(prefix="fangxian-trace-")
        self.sql = duckdb.connect(Path(self._folder.name) / "stays.duckdb")
        self.sql.execute(f"SET threads = {threads}; SET preserve_insertion_order = false")
        self.sql.execute("CREATE TABLE raw (person UINTEGER, place UINTEGER, a INTEGER, b INTEGER)")
        for piece in pieces:
            self._take("raw", pa.table(dict(zip(("person", "place", "a", "b"), piece, strict=True))))
        self.sql.execute(_MERGED, {"tau": tau})
        self.sql.execute("DROP TABLE raw")

    def _take(self, name: str, table: pa.Table) -> None:
        self.sql.register("given", table)
        self.sql.execute(f"INSERT INTO {name} SELECT * FROM given")
        self.sql.unregister("given")

    def close(self) -> None:
        self.sql.close()
        self._folder.cleanup()

    def trace(
        self, index: Index, *, rings: int, lines: bool = True, on_ring: Progress = lambda _ring, _reached: None
    ) -> Traced:
        """As `copresence.trace`, with the shortest contact that the stays were loaded for."""
        return outward(index, rings, partial(self._ring, lines), on_ring)

    def _ring(self, lines: bool, frontier: Index, settled: np.ndarray) -> tuple[Earliest, Lines | None]:
        self.sql.register("settled", pa.table({"person": settled}))
        self.sql.register(
            "frontier", pa.table({"person": frontier.person, "since": frontier.since, "until": frontier.until})
        )
        self.sql.execute(_AT, {"tau": self.tau})
        if not lines:
            reached = self.sql.execute(_REACH, {"tau": self.tau}).to_arrow_table()
            return (_column(reached, "person", np.uint32), _column(reached, "at", np.int32)), None
        found = self.sql.execute(_LINES, {"tau": self.tau}).to_arrow_table()
        person, via, place = (_column(found, name, np.uint32) for name in ("person", "via", "place"))
        t_in, t_out = (_column(found, name, np.int32) for name in ("t_in", "t_out"))
        met = Lines(person, np.zeros(len(person), np.uint8), via, place, t_in, t_out)
        return earliest(person, t_in), met


def _column(table: pa.Table, name: str, kind: type) -> np.ndarray:
    column: np.ndarray = table[name].to_numpy().astype(kind)
    return column
