"""Where the people of the fictional city went, as its venues recorded it (场所码): stays for the lake, the same every time."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pyarrow as pa

from fangxian.command.city import City
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from fangxian.tracing.lakes import lake

SOURCE = "venue-code"
#: Days before the last of which stays are kept.
DAYS = 6
#: Venue → share of the people of its county who go there on a day, hours at which they come, minutes that they stay.
VISITS = {
    "满仓超市": (0.40, (9, 20), (8, 45)), "老码头农贸市场": (0.35, (7, 11), (10, 40)), "百川书店": (0.10, (10, 19), (20, 110)),
    "3 路公交": (0.40, (7, 19), (12, 45)), "文化活动室": (0.15, (9, 17), (40, 150)), "海味小馆": (0.20, (11, 14), (35, 90)),
    "星光影城": (0.08, (14, 20), (95, 140)),
}  # fmt: skip


def record(city: City, outbreak: str, last: date, seed: int = 7) -> int:
    """Take the stays of `DAYS` days up to the last, as far as they have passed, into the lake; how many there are.

    The batch is named by the outbreak: a city that is built anew beside an old lake has keys of its own.
    """
    codes = [code for homes in city.households.values() for home in homes for code in home]
    ids = {code: one.id for code, one in people.by_codes(codes).items()}
    keys = registry.lake_keys(SYSTEM, ids.values())
    rows = list(_stays(city, last, random.Random(seed)))
    instants = pa.timestamp("s", "UTC")
    table = pa.table(
        {
            "person": pa.array([keys[ids[code]] for code, *_rest in rows], pa.uint32()),
            "place": pa.array([place for _code, place, *_rest in rows], pa.string()),
            "t_in": pa.array([came for *_rest, came, _left in rows], instants),
            "t_out": pa.array([left for *_rest, left in rows], instants),
        }
    )
    lake().ingest(table, source=SOURCE, batch=f"{outbreak} {last.isoformat()}")
    return len(rows)


def _stays(city: City, last: date, rng: random.Random) -> Iterator[tuple[str, str, datetime, datetime]]:
    """Person, place, came, left; households of a county in the venues of their county, now and then in another."""
    counties = sorted({grid[:6] for grid in city.households})
    now = clock.now()
    for back in range(DAYS, -1, -1):
        day = last - timedelta(days=back)
        for grid in sorted(city.households):
            for home in city.households[grid]:
                for code in home:
                    for venue, (share, hours, minutes) in VISITS.items():
                        if rng.random() > share:
                            continue
                        county = grid[:6] if rng.random() < 0.9 else rng.choice(counties)
                        came = clock.local_midnight(day) + timedelta(minutes=rng.randint(hours[0] * 60, hours[1] * 60))
                        left = came + timedelta(minutes=rng.randint(*minutes))
                        if left < now:
                            yield code, city.land.venues[county, venue], came, left
