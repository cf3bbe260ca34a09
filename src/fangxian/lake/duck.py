"""Tracing in SQL, on DuckDB: no index in memory, spills to disk, and the second opinion on the kernels.

The same contacts as `copresence.trace`, by joins that any SQL database with `ASOF JOIN` understands.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from fangxian.analytics.copresence import Index, Lines, People, Traced
from fangxian.analytics.copresence.stays import Piece
from fangxian.analytics.copresence.tracing import Progress

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
        self.sql.execute("CREATE OR REPLACE TEMP TABLE settled (person UINTEGER)")
        self._take("settled", pa.table({"person": np.unique(index.person)}))
        frontier = pa.table({"person": index.person, "since": index.since, "until": index.until})
        people: list[pa.Table] = []
        found: list[pa.Table] = []
        for ring in range(1, rings + 1):
            reached, met = self._ring(frontier, lines)
            if met is not None:
                found.append(met.append_column("ring", pa.array(np.full(len(met), ring, np.uint8))))
            on_ring(ring, len(reached))
            if not len(reached):
                break
            people.append(reached.append_column("ring", pa.array(np.full(len(reached), ring, np.uint8))))
            self._take("settled", reached.select(["person"]))
            ends = pa.array(np.full(len(reached), 2**31 - 1, np.int32))
            frontier = pa.table({"person": reached["person"], "since": reached["at"], "until": ends})
        return Traced(_people(people), _lines(found) if lines else None)

    def _ring(self, frontier: pa.Table, lines: bool) -> tuple[pa.Table, pa.Table | None]:
        self.sql.register("frontier", frontier)
        self.sql.execute(_AT, {"tau": self.tau})
        if not lines:
            return self.sql.execute(_REACH, {"tau": self.tau}).to_arrow_table(), None
        met = self.sql.execute(_LINES, {"tau": self.tau}).to_arrow_table()
        self.sql.register("met", met)
        return self.sql.execute(
            "SELECT person, min(t_in) AS at FROM met GROUP BY person ORDER BY person"
        ).to_arrow_table(), met


def _column(parts: list[pa.Table], name: str, kind: type) -> np.ndarray:
    return np.concatenate([np.empty(0, kind), *(part[name].to_numpy() for part in parts)]).astype(kind)


def _lines(parts: list[pa.Table]) -> Lines:
    kinds = {
        "person": np.uint32,
        "ring": np.uint8,
        "via": np.uint32,
        "place": np.uint32,
        "t_in": np.int32,
        "t_out": np.int32,
    }
    return Lines(*(_column(parts, name, kind) for name, kind in kinds.items()))


def _people(parts: list[pa.Table]) -> People:
    person, ring, at = (
        _column(parts, "person", np.uint32),
        _column(parts, "ring", np.uint8),
        _column(parts, "at", np.int32),
    )
    order = np.argsort(person, kind="stable")
    return People(person[order], ring[order], at[order])
