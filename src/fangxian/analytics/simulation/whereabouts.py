"""Where the people of a synthetic city are (停留记录): the stays that the lake stores, so that tracing and drills run on such a city."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import SCHOOL, WORK, Population

Ints = NDArray[Any]
_MINUTE, _HOUR = 60, 3600
#: A visit to the market on a day, for somebody who is at home by day and for somebody who is not: an assumption.
VISITS = 0.3
_FIELDS = pa.schema(
    [("person", pa.uint32()), ("place", pa.string()), ("t_in", pa.timestamp("s")), ("t_out", pa.timestamp("s"))]
)  # fmt: skip


def stays(population: Population, first: date, days: int, *, seed: int = 1) -> Iterator[tuple[date, pa.Table]]:
    """Day by day: person (number in the city + 1), place, t_in, t_out in local time.

    The night at home or in the care home, on weekdays the class or team, for the others the day at home, and visits to the market. A stay
    belongs to the day on which it begins. Raises SimulationError for a city that has no places.
    """
    if "household" not in population.places or not 1 <= days <= 366:
        raise SimulationError(
            "停留记录需要有场所的人口（fangxian population build），天数为 1 至 366。",
            "Stays need a city that has places (fangxian population build), and from 1 to 366 days.",
        )
    for ahead in range(days):
        day = first + timedelta(days=ahead)
        yield day, _day(population, day, np.random.default_rng((seed, day.toordinal())))


def write(population: Population, folder: Path, first: date, days: int, *, seed: int = 1) -> Iterator[Path]:
    """A Parquet file a day, as `fangxian lake ingest` takes them."""
    folder.mkdir(parents=True, exist_ok=True)
    for day, table in stays(population, first, days, seed=seed):
        file = folder / f"stays-{day.isoformat()}.parquet"
        pq.write_table(table, file.with_suffix(".part"))
        file.with_suffix(".part").replace(file)
        yield file


def _day(city: Population, day: date, random: np.random.Generator) -> pa.Table:
    everybody = np.arange(len(city))
    care = city.places["care_home"] >= 0
    resident = care & (city.degree[SCHOOL] == 0) & (city.age >= 65)
    home = pc.if_else(pa.array(resident), _named("care-", city.begin[WORK]), _named("home-", city.places["household"]))
    midnight = int((datetime.combine(day, time()) - datetime(1970, 1, 1)).total_seconds())
    weekday = day.weekday() < 5
    pupil = (city.degree[SCHOOL] > 0) & weekday
    worker = (city.degree[WORK] > 0) & ~resident & ~pupil & weekday
    away = pupil | worker
    parts = [_part(everybody, home, 19 * _HOUR, 60, 31 * _HOUR, 40, midnight, random)]
    for who, name, number in ((pupil, "class-", city.begin[SCHOOL]), (worker, "team-", city.begin[WORK])):
        there = np.flatnonzero(who)
        parts.append(_part(there, _named(name, number[there]), 8 * _HOUR, 40, 17 * _HOUR, 30, midnight, random))
    at_home = np.flatnonzero(~away)
    parts.append(
        _part(at_home, home.take(pa.array(at_home)), 11 * _HOUR + 1800, 30, 18 * _HOUR + 1800, 20, midnight, random)
    )
    for shopping, opens in ((away, 17 * _HOUR + 2400), (~away & ~resident, 9 * _HOUR)):
        who = np.flatnonzero(shopping & (random.random(len(city)) < VISITS))
        market = _named("market-", city.places["market"][who])
        parts.append(_part(who, market, opens, 15, opens + 25 * _MINUTE, 25, midnight, random))
    return pa.concat_tables(parts).combine_chunks()


def _named(kind: str, number: Ints) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(kind), pa.array(number).cast(pa.string()), "")


def _part(
    who: Ints, place: pa.Array, comes: int, spread: int, leaves: int, lasts: int, midnight: int, random: np.random.Generator
) -> pa.Table:  # fmt: skip
    """Stays that begin within `spread` minutes and end within `lasts` minutes of a time of the day, in seconds."""
    came = midnight + comes + random.integers(0, spread * _MINUTE, len(who))
    left = midnight + leaves + random.integers(0, lasts * _MINUTE, len(who))
    columns = [
        pa.array((who + 1).astype(np.uint32)),
        place,
        pa.array(came.astype("datetime64[s]")),
        pa.array(left.astype("datetime64[s]")),
    ]
    return pa.table(columns, schema=_FIELDS)
