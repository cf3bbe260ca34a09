"""Companions by positions, against DuckDB: `make bench ONLY=companions ARGS=200000` (telephones; 200,000 unless told).

Fifty positions a telephone and day over 14 days (1.4 × 10⁸ of 200,000 telephones, about 8 GB of memory), jitter of 250 m; squares of 800 m,
ten minutes together, and 30 hours there by either of the two; 100 index persons, true time spent. DuckDB once from the Parquet
as it came, once with the stays in cells and everybody's hours there made beforehand, sorted by cell, as ours are. The same rows.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks import Figure, console, show
from benchmarks.copresence import timed
from benchmarks.stays import DAY, DAYS, HOUR
from fangxian.analytics import copresence
from fangxian.analytics.copresence import grids

A_DAY, GAP, SIDE, MINUTES, HOURS = 50, HOUR, 800, 10, 30
_CELLS = f"""
SELECT person, t, row::BIGINT * 4294967296 + floor((lon::DOUBLE + 180) * width / {SIDE})::BIGINT AS cell
FROM (SELECT *, floor((lat::DOUBLE + 90) * {grids._DEGREE!r} / {SIDE})::BIGINT AS row FROM positions) JOIN widths USING (row)
"""
_STAYS = f"""
SELECT person, any_value(cell) AS place, min(t) AS a, max(t) AS b
FROM (
    SELECT *, sum(begins) OVER (PARTITION BY person ORDER BY t ROWS UNBOUNDED PRECEDING) AS spell
    FROM (
        SELECT *, (coalesce(cell <> lag(cell) OVER w OR t - lag(t) OVER w > {GAP}, true))::INTEGER AS begins
        FROM ({_CELLS}) WINDOW w AS (PARTITION BY person ORDER BY t)
    )
)
GROUP BY person, spell
"""
_DWELL = "SELECT person, place, sum(b - a) AS seconds FROM {stays} GROUP BY person, place"
_COMPANIONS = f"""
SELECT count(*), sum(t_out - t_in), sum(t_in) FROM (
    SELECT s.person, v.person AS via, s.place, greatest(s.a, v.a) AS t_in, least(s.b, v.b) AS t_out
    FROM (SELECT s.* FROM {{stays}} s JOIN cases USING (person) WHERE b - a >= {MINUTES * 60}) v
    JOIN {{stays}} s ON s.place = v.place AND s.a <= v.b - {MINUTES * 60} AND s.b >= v.a + {MINUTES * 60}
    WHERE least(s.b, v.b) - greatest(s.a, v.a) >= {MINUTES * 60} AND s.person NOT IN (SELECT person FROM cases)
) l
JOIN {{dwell}} x ON x.person = l.person AND x.place = l.place
JOIN {{dwell}} y ON y.person = l.via AND y.place = l.place
WHERE greatest(x.seconds, y.seconds) >= {HOURS * HOUR}
"""


class Town:
    """Telephones at home by night, at work by day, elsewhere for a fifth of the time."""

    def __init__(self, telephones: int, seed: int = 7) -> None:
        self.rng = np.random.default_rng(seed)
        self.telephones = telephones
        self.home, self.work = self._places(telephones, 11_000), self._places(telephones, 6_000)
        self.other = self._places(telephones * 4, 9_000).reshape(telephones, 4, 2)

    def _places(self, number: int, spread: float) -> np.ndarray:
        return np.clip(self.rng.normal(0, spread, (number, 2)), -29_000, 29_000).astype(np.float32)

    def day(self, day: int) -> pa.Table:
        rng, n = self.rng, self.telephones * A_DAY
        person = np.repeat(np.arange(self.telephones, dtype=np.uint32), A_DAY)
        step = DAY // A_DAY  # one position in each, so that nobody is told of twice in a second
        t = np.tile(np.arange(A_DAY), self.telephones) * step + rng.integers(0, step, n)
        hour = t / HOUR
        metres = self.home[person]
        at_work = (hour >= 9) & (hour < 17.5)
        metres[at_work] = self.work[person[at_work]]
        out = rng.random(n, np.float32) < np.where((hour >= 7) & (hour < 22), 0.2, 0.01)
        metres[out] = self.other[person[out], rng.integers(0, 4, int(out.sum()))]
        metres += rng.normal(0, 250, metres.shape).astype(np.float32)
        order = rng.permutation(n)
        lon = (104.0 + metres[:, 0] / 95_800).astype(np.float32)
        lat = (30.6 + metres[:, 1] / 110_574).astype(np.float32)
        columns = {"person": person, "t": (t + day * DAY).astype(np.int32), "lon": lon, "lat": lat}
        return pa.table({name: column[order] for name, column in columns.items()})


def write(town: Town, folder: Path) -> None:
    folder.mkdir()
    for day in range(DAYS):
        pq.write_table(town.day(day), folder / f"day{day:02}.parquet", use_dictionary=False)


def stays_in_cells(folder: Path, telephones: int) -> copresence.Stays:
    """Read day by day; cells get numbers as they are met."""
    known = np.empty(0, np.int64)

    def numbered() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        nonlocal known
        for file in sorted(folder.glob("*.parquet")):
            table = pq.read_table(file)
            cell = copresence.cells(table["lon"].to_numpy(), table["lat"].to_numpy(), SIDE)
            known = np.concatenate([known, np.setdiff1d(cell, known)])
            order = np.argsort(known)
            number = order[np.searchsorted(known, cell, sorter=order)].astype(np.int32)
            yield table["person"].to_numpy(), table["t"].to_numpy(), number

    person, at, number = (np.concatenate(column) for column in zip(*numbered(), strict=True))
    piece = copresence.cell_stays(person, at, number, GAP)
    del person, at, number
    return copresence.Stays.build(lambda: [piece], telephones, len(known))


def main(telephones: int = 200_000) -> None:
    with tempfile.TemporaryDirectory(prefix="fangxian-bench-") as name:
        folder = Path(name)
        town = Town(telephones)
        written, _ = timed(lambda: write(town, folder / "positions"))
        built, stays = timed(lambda: stays_in_cells(folder / "positions", telephones))
        timed(lambda: (stays.by_person, stays.blocks))
        person = town.rng.permutation(telephones)[: min(100, telephones // 20)].astype(np.uint32)
        index = copresence.Index.of(person, np.zeros(len(person), int), np.full(len(person), DAYS * DAY))
        ours, lines = timed(lambda: copresence.companions(stays, index, minutes=MINUTES, hours=HOURS), 5)
        start = lines.t_in.astype(np.int64)
        rows = len(lines), int((lines.t_out - start).sum()), int(start.sum())

        sql = duckdb.connect(folder / "companions.duckdb")
        sql.execute(f"SET threads = 2; SET memory_limit = '4GB'; SET temp_directory = '{folder}/spill'")
        sql.execute(f"CREATE VIEW positions AS FROM '{folder}/positions/*.parquet'")
        row = np.arange(round(120 * grids._DEGREE / SIDE), round(122 * grids._DEGREE / SIDE))
        sql.register("given", pa.table({"row": row, "width": grids._width(row, SIDE)}))
        sql.execute("CREATE TABLE widths AS FROM given")
        sql.register("cases", pa.table({"person": person}))
        made = f"WITH made AS MATERIALIZED ({_STAYS})"
        raw, found = timed(
            lambda: sql.execute(
                f"{made}, dwell AS MATERIALIZED ({_DWELL.format(stays='made')}) "
                + _COMPANIONS.format(stays="made", dwell="dwell")
            ).fetchone()
        )
        assert found == rows, (found, rows)
        sql.execute(f"CREATE TABLE stays AS SELECT * FROM ({_STAYS}) ORDER BY place, a")
        sql.execute(f"CREATE TABLE dwelt AS SELECT * FROM ({_DWELL.format(stays='stays')}) ORDER BY place, person")
        prebuilt, found = timed(lambda: sql.execute(_COMPANIONS.format(stays="stays", dwell="dwelt")).fetchone(), 3)
        assert found == rows, (found, rows)
        sql.close()
        console.print(f"{telephones * A_DAY * DAYS:,} positions, {len(stays):,} stays in {stays.places:,} cells")
        show(
            f"Companions of {len(person)} index persons",
            [
                Figure("positions written", written),
                Figure("stays in cells built", built),
                _figure("against the Parquet as it came", ours, raw, 300, rows[0]),
                _figure("against stays and hours made beforehand", ours, prebuilt, 10, rows[0]),
            ],
        )


def _figure(what: str, ours: float, theirs: float, least: int, rows: int) -> Figure:
    reached = "reached" if theirs / ours >= least else "missed"
    return Figure(what, ours, theirs / least, theirs, f"≥ {least}×: {reached}; {rows:,} lines")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
