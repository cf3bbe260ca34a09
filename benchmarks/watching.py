"""Five hundred sources with three years of daily numbers: every page of early warning and of sources, and a county judged anew.

Targets (PostgreSQL): each page under 150 ms (median) and at most twelve queries; the sources of
a county with 68 series read and fused in half a second. `python -m benchmarks.watching 100 400` has 100 sources with 400 days.
"""

import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from benchmarks import Figure, computed, console, database, show

PAGE, JUDGED, BUDGET, REPEATS = 0.150, 0.5, 12, 9
#: What each kind tells on an ordinary day.
USUAL: dict[str, dict[str, float]] = {
    "fever_clinic": {"visits": 120, "fever": 20, "ili": 8, "tested": 20},
    "pharmacy": {"antipyretic": 40, "cough": 30, "antiviral": 6, "antibiotic": 12},
    "hotline": {"calls": 12},
    "emergency": {"visits": 200, "respiratory": 30, "severe": 1},
    "laboratory": {"tested": 100, "positive": 3},
    "transport": {"checked": 900, "fever": 1.4},
    "port": {"arrivals": 420, "symptomatic": 3.2, "positive": 0.2},
}
#: Sources of the county that is judged: with those of the 40 there are 68 series that are fused.
BUSY, EACH = 40, 10


def run(number: int = 500, days: int = 3 * 365) -> list[Figure]:
    """Enter the sources and their numbers past the clock; then ask every page, and judge a county."""
    with database() as connection:
        if connection.vendor != "postgresql":
            raise SystemExit("This is measured on PostgreSQL: make bench ONLY=watching")
        from django.conf import settings
        from django.db import transaction
        from django.test import Client

        from fangxian.core import clock
        from fangxian.core.access import SYSTEM
        from fangxian.registry.levels import at_level
        from fangxian.surveillance import actions, fusing
        from fangxian.surveillance.models import Source
        from tests.support import world as xizhou

        settings.ALLOWED_HOSTS = ["testserver"]
        settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
        begun = time.perf_counter()
        city = xizhou.build(clock.now())
        everybody = _staff(city)
        sources = _sources(city, number, days)
        told = _numbers(sources, days)
        busy = [one.pk for one in sources if at_level(one.area, "county") == xizhou.WANGCHAO]
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        console.print(
            f"{len(sources)} sources, {told:,} numbers, entered in {time.perf_counter() - begun:.0f} s", style="dim"
        )
        figures = [_judged(lambda: fusing.fused(xizhou.WANGCHAO), "a county read and fused", JUDGED)]
        with transaction.atomic():
            figures.append(
                _judged(lambda: actions.detect(SYSTEM, busy), f"its {len(busy)} sources judged, alerts weighed")
            )
            transaction.set_rollback(True)
        actions.detect(SYSTEM, [one.pk for one in Source.objects.order_by("pk")[:200]])
        actions.notice_silence(SYSTEM)
        for role, account in everybody.items():
            client = Client()
            client.force_login(account)
            asked = (_asked(client, role, address) for address in _addresses(sources))
            figures.extend(figure for figure in asked if figure)
    return figures


def _judged(act: Any, what: str, target: float | None = None) -> Figure:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    act()
    with CaptureQueriesContext(connection) as captured:
        act()
    times = []
    for _turn in range(5):
        begun = time.perf_counter()
        act()
        times.append(time.perf_counter() - begun)
    return Figure(what, statistics.median(times), target, note=f"{len(captured)} queries")


def _asked(client: Any, role: str, address: str) -> Figure | None:
    """The median of a page, with its queries; none where the role may not open it."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    if client.get(address).status_code != 200:
        return None
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    queries = sum("SAVEPOINT" not in one["sql"] for one in captured)
    times, own = [], []
    for _turn in range(REPEATS):
        begun, before = time.perf_counter(), computed()
        client.get(address)
        times.append(time.perf_counter() - begun)
        own.append(computed() - before)
    note = f"{queries} queries" + (", over the budget" if queries > BUDGET else "")
    return Figure(f"{address} ({role})", statistics.median(times), PAGE, note=note, own=statistics.median(own))


def _addresses(sources: Sequence[Any]) -> Iterator[str]:
    from fangxian.surveillance.models import Alert, Source

    clinic = next(one for one in sources if one.kind == "fever_clinic")
    deep = sources[len(sources) * 4 // 5].pk
    yield from (
        "/sources/",
        "/sources/new/",
        "/sources/file/",
        f"/sources/?after=rest:{deep}",
        f"/sources/{clinic.code}/",
    )
    day = (Source.objects.get(pk=clinic.pk).owed_from - timedelta(days=30)).isoformat()
    yield from (f"/sources/{clinic.code}/?day={day}", f"/sources/{clinic.code}/versions/?day={day}")
    yield from ("/surveillance/", "/surveillance/?area=990101", "/surveillance/late/", "/surveillance/alerts/")
    yield from ("/surveillance/series/", f"/surveillance/series/?after={deep}", "/surveillance/series/?signals=1")
    yield from (f"/surveillance/series/{clinic.code}/{key}/" for key in ("fever", "ili_share", "visits"))
    yield from (f"/surveillance/{code}/" for code in Alert.objects.order_by("-pk").values_list("code", flat=True)[:1])
    yield "/surveillance/heard/"


def _staff(city: Any) -> dict[str, Any]:
    from fangxian.core import accounts
    from fangxian.core.access import SYSTEM, Grant
    from tests.support.world import CITY

    grants = [Grant("duty_officer", CITY)]
    over = accounts.create_account(SYSTEM, "watcher", "段清", grants=grants, password="xizhou-2026-pages")
    return {"city's duty officer": over, "county's duty officer": city.staff["duty"], "commander": city.staff["leader"]}


def _sources(city: Any, number: int, days: int) -> list[Any]:
    from fangxian.core import clock
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions as registry
    from fangxian.registry.schemas import Division
    from fangxian.surveillance import actions
    from fangxian.surveillance.schemas import SourceForm

    more = [f"9901{place:02}" for place in range(1, 2 + -(-max(number - BUSY, 0) // EACH))]
    registry.import_divisions(SYSTEM, [Division(code=code, name=f"第{code}县") for code in more if code > "990103"])
    areas = [more[0]] * BUSY + [code for code in more[1:] for _each in range(EACH)]
    kinds, since = list(USUAL), clock.today() - timedelta(days=days)
    found = []
    for place, area in enumerate(areas[:number]):
        kind = kinds[place % len(kinds)]
        form = SourceForm(
            kind=kind, name_zh=f"第{place}号{kind}", organisation=city.bodies["city_cdc"], area=area, since=since, rhythm="daily",
            measures=tuple(USUAL[kind]), owed_from=clock.today(),
        )  # fmt: skip
        found.append(actions.register_source(SYSTEM, form))
    return found


def _numbers(sources: Sequence[Any], days: int) -> int:
    """Numbers about what is usual on such a weekday, and the report of each day; the last five sources have not told of a week."""
    from django.db import connection

    from fangxian.core import clock
    from fangxian.surveillance.models import Observation, Source

    today, now = clock.today(), clock.now()
    first, last, told_until = today - timedelta(days=days), today - timedelta(days=1), today - timedelta(days=7)
    kinds, keys, means = zip(
        *((kind, key, mean) for kind, of in USUAL.items() for key, mean in of.items()), strict=True
    )
    given: dict[str, Any] = {
        "first": first, "last": last, "now": now, "told_until": told_until, "late": [one.pk for one in sources[-5:]],
        "kinds": list(kinds), "keys": list(keys), "means": [float(one) for one in means],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_OBSERVATIONS, given)
        cursor.execute(_REPORTS, given)
    Source.objects.filter(pk__in=[one.pk for one in sources]).update(owed_from=first, owed_until=last)
    return int(Observation.objects.count())


#: A count varies as chance has it: the normal that is near to a Poisson.
_OBSERVATIONS = """
INSERT INTO surveillance_observation (source_id, measure, unit, day, value, version, known_at, channel, by_name, reason)
SELECT source.id, usual.key, '', day::date,
    greatest(0, round(mean + sqrt(mean) * sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))), 1, %(now)s, 'api', '', ''
FROM surveillance_source source
JOIN unnest(%(kinds)s::text[], %(keys)s::text[], %(means)s::float8[]) AS usual (kind, key, daily) ON usual.kind = source.kind
CROSS JOIN generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
CROSS JOIN LATERAL (
    SELECT daily * (ARRAY[1.1, 1.05, 1, 1, 1, 0.95, 0.9])[extract(isodow FROM day)::int] AS mean
) AS weekly
WHERE source.id != ALL(%(late)s) OR day < %(told_until)s
"""
_REPORTS = """
INSERT INTO surveillance_report (source_id, day, due_at, received_at, excused)
SELECT source.id, day::date, day + interval '33 hours',
    CASE WHEN source.id != ALL(%(late)s) OR day < %(told_until)s THEN day + interval '32 hours' END, ''
FROM surveillance_source source
CROSS JOIN generate_series(%(first)s::date, %(last)s::date, interval '1 day') AS day
"""


if __name__ == "__main__":
    console.width = max(console.width, 130)
    show("Five hundred sources", run(*map(int, sys.argv[1:3])))
