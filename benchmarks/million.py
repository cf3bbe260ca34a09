"""A county of a million people in the middle of it all, for measuring the pages of rounds, samples, isolation and high-risk posts.

Under way are a round of everybody, 90,000 tubes in 800 boxes, forty isolation sites with 15,000 people, and 2,000 employers with
50,000 people in high-risk posts who are tested every day. What the product does by the batch (the roll, the counting of swabs,
duties) it does here too, and its time is told; what thousands of people do one by one is written as they would have left it.
Built once in a folder and used again: `python -m benchmarks.million FOLDER [people]`.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import computed, console, load
from benchmarks.province import SERVER

PEOPLE, GRID, GRIDS_OF_A_STREET, HOME = 1_000_000, 1000, 20, 4
TUBE, BOX = 10, 100
SITES, FLOORS, ROOMS = 40, 10, 50
EMPLOYERS, STAFF, DAYS = 2000, 25, 14
PACK = "covid-19-cn-9"
_CHUNK = 5000


@dataclass(frozen=True, slots=True)
class County:
    """The world as it is found: the instant at which it is looked at, how many people, logins by role, the code of the round."""

    now: datetime
    people: int
    logins: dict[str, str]
    round: str


@contextmanager
def county(folder: Path, people: int = PEOPLE) -> Iterator[County]:
    """The world in a folder, built if it is not there, or not wholly."""
    from tests.support import postgres

    with postgres.server(durable=True, kept=folder / f"{people}", settings=SERVER) as url:
        import psycopg

        with psycopg.connect(url.removesuffix("fangxian") + "postgres", autocommit=True) as session:
            if not session.execute("SELECT 1 FROM pg_database WHERE datname = 'fangxian'").fetchone():
                session.execute("CREATE DATABASE fangxian")
        home = folder / f"{people}" / "home"
        home.mkdir(exist_ok=True)
        settings = {"FANGXIAN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "fangxian.site.settings"}
        os.environ |= {"DATABASE_URL": url} | settings
        import django

        django.setup()
        from fangxian.site.installing import install

        install()
        yield _found() or _built(people)


def _found() -> County | None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('world_told') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return None
        cursor.execute("SELECT now, people, logins, round FROM world_told")
        now, people, logins, round_ = cursor.fetchone()
    return County(now, people, logins if isinstance(logins, dict) else json.loads(logins), round_)


def _built(people: int) -> County:
    from django.db import connection
    from django.test.utils import override_settings

    from benchmarks import million_wards as wards
    from fangxian.core import clock
    from tests.support import world as xizhou

    morning = clock.local_midnight(clock.today() - clock.DAY) + timedelta(hours=8)
    now = morning + timedelta(hours=9)
    with override_settings(INLINE=False):
        city = xizhou.build(morning - timedelta(hours=1))
        with clock.at(morning - timedelta(minutes=50)):
            points = _timed("streets, grids, points", lambda: _places(city, people))
            _timed(f"{people:,} people", lambda: _people(people))
        with clock.at(morning):
            code = _timed(f"the roll and the appointments of {people:,}", lambda: _round(city, points))
        with clock.at(now - timedelta(hours=2)):
            _timed("tubes, boxes, results", lambda: _tubes(city, code, morning))
        with clock.at(now - timedelta(hours=1)):
            _timed("positives", lambda: wards.positives(city, people))
            _timed("isolation", lambda: wards.isolation(city, people))
            _timed("high-risk posts", lambda: wards.posts(city, people))
    logins = {role: role for role in ("duty", "leader", "auditor", "sampler", "lab", "nurse", "grid", "investigator")}
    with connection.cursor() as cursor:
        _timed("VACUUM ANALYZE", lambda: cursor.execute("VACUUM ANALYZE"))
        cursor.execute(
            "CREATE TABLE world_told AS SELECT %s::timestamptz AS now, %s AS people, %s::jsonb AS logins, %s AS round",
            [now, people, json.dumps(logins), code],
        )
    return County(now, people, logins, code)


def _timed(what: str, act: Callable[[], Any]) -> Any:
    begun, before = time.perf_counter(), computed()
    done = act()
    took, own = time.perf_counter() - begun, computed() - before
    console.print(f"{took:7.1f} s, {own:.1f} computed  {what}; {load()}", style="dim", highlight=False)
    return done


# ── who is where ───────────────────────────────────────────────────────────────────────────────────────────────────────


def grids(people: int) -> list[str]:
    """The codes of grids, a thousand people each, twenty of them a street."""
    from tests.support.world import WANGCHAO

    return [
        f"{WANGCHAO}{100 + place // GRIDS_OF_A_STREET:03}001{place % GRIDS_OF_A_STREET + 1:03}"
        for place in range(people // GRID)
    ]


def _places(city: Any, people: int) -> list[str]:
    """Streets down to grids, each grid with its worker; two swab points a street."""
    from fangxian.core import clock
    from fangxian.core.access import SYSTEM
    from fangxian.core.models import Account
    from fangxian.laboratory import actions
    from fangxian.laboratory.schemas import PointForm
    from fangxian.registry import actions as registry
    from fangxian.registry.models import Appointment, Organisation
    from fangxian.registry.schemas import Division
    from tests.support import swabbing

    swabbing.staffed(city)
    codes = grids(people)
    names = {code[:length] for code in codes for length in (9, 12)}
    registry.import_divisions(SYSTEM, [Division(code=code, name=f"第{code[6:]}区") for code in sorted(names) + codes])
    bodies = {
        one.kind: one.pk
        for one in Organisation.objects.filter(kind__in=("clinic", "laboratory", "community")).order_by("pk")
    }
    workers = Account.objects.bulk_create(
        [
            Account(login=f"grid-{code}", name=f"网格员{code[6:]}", password="!", created_at=clock.now())
            for code in codes
        ],
        1000,
    )
    Appointment.objects.bulk_create(
        [
            Appointment(account=one, name=one.name, role="grid_worker", organisation_id=bodies["community"], area=code, begins_at=clock.now())
            for one, code in zip(workers, codes, strict=True)
        ], 1000,
    )  # fmt: skip
    duty = city.actor("duty")
    return [
        actions.open_point(
            duty, PointForm(name_zh=f"采样点{street[6:]}-{turn}", area=street, organisation=bodies["clinic"], laboratory=bodies["laboratory"])
        ).code
        for street in sorted({code[:9] for code in codes}) for turn in (1, 2)
    ]  # fmt: skip


def _people(people: int) -> None:
    """Four behind every door, a thousand in a grid."""
    from django.db import connection

    from fangxian.core import bulk, clock, ids
    from fangxian.registry.models import Household, Person

    areas, now = grids(people), clock.now()
    homes = bulk.reserve_ids(Household, people // HOME)
    bulk.insert(
        Household, ("id", "code", "area", "address"),
        (
            (pk, code, areas[place * HOME // GRID], f"{place % 50 + 1} 号楼 {place}")
            for place, (pk, code) in enumerate(zip(homes, ids.new_codes(len(homes)), strict=True))
        ),
    )  # fmt: skip
    columns = "code name name_latin pinyin sex birth_year nationality area address occupation household_id created_at version".split()
    bulk.insert(
        Person, columns,
        (
            (code, "王某人", "", "wangmouren", "female", 1940 + place % 80, "CHN", areas[place // GRID], "", "", homes[place // HOME], now, 1)
            for place, code in enumerate(ids.new_codes(people))
        ),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


# ── the round and its tubes ────────────────────────────────────────────────────────────────────────────────────────────


def _round(city: Any, points: Sequence[str]) -> str:
    from fangxian.core import jobs
    from fangxian.laboratory.rounds import actions
    from fangxian.laboratory.rounds.schemas import PointPlan, RoundForm
    from tests.support.world import WANGCHAO

    duty = city.actor("duty")
    plans = [PointPlan(point=code, per_hour=900) for code in points]
    form = RoundForm(name_zh="全员核酸", areas=[WANGCHAO], outbreak=city.outbreak, points=plans)
    code = actions.start_round(duty, actions.plan_round(duty, form).code).code
    while jobs.run_waiting():
        pass
    return str(code)


def _tubes(city: Any, code: str, since: datetime) -> None:
    """Nine in ten have come, household by household; of ten tubes seven have a result, two are in the laboratory, one is on its way."""
    from django.db import connection

    from fangxian.core import bulk, clock, ids
    from fangxian.core.access import SYSTEM
    from fangxian.laboratory.models import Box, HandOver, Point, Result, Swab, Tube
    from fangxian.laboratory.rounds import actions
    from fangxian.laboratory.rounds.counting import CHUNK
    from fangxian.laboratory.rounds.models import Listed
    from tests.support.world import PACK

    points = list(Point.objects.order_by("pk"))
    lab, now = points[0].laboratory_id, clock.now()
    listed = Listed.objects.filter(round__code=code, exempt="").order_by("pk").values_list("person", flat=True)
    people = [pk for place, pk in enumerate(listed) if place % 10]
    count = len(people) // TUBE
    keys, boxes = list(bulk.reserve_ids(Tube, count)), list(bulk.reserve_ids(Box, -(-count // BOX)))
    pace = (now - since) / count

    def state(place: int) -> str:
        """Whole boxes are at one step."""
        turn = place // BOX % 10
        return "resulted" if turn < 7 else "received" if turn < 9 else "sealed"

    bulk.insert(
        Box, "id code seal organisation_id laboratory_id area pack state tubes waiting missing surplus first_sampled_at sealed_at received_at".split(),
        (
            (
                pk, one, "", points[0].organisation_id, lab, "990101", PACK, "under_way" if state(place * BOX) == "sealed" else "received",
                min(BOX, count - place * BOX), 0 if state(place * BOX) == "resulted" else BOX, [], [], since + place * BOX * pace, now,
                None if state(place * BOX) == "sealed" else now,
            )
            for place, (pk, one) in enumerate(zip(boxes, ids.new_codes(len(boxes)), strict=True))
        ),
    )  # fmt: skip
    bulk.insert(
        HandOver, "box_id at sender receiver note by_name".split(),
        ((pk, now, "采样队", "检测所", "", "") for pk in boxes for _turn in range(2)),
    )  # fmt: skip
    columns = (
        "id code former kind capacity people reason pack outbreak_id area organisation_id point_id laboratory_id sampled_at due_at box_id state "
        "value resulted_at why what batch note created_at by_name"
    ).split()
    outbreak = Listed.objects.filter(round__code=code).values_list("round__outbreak", flat=True)[0]

    def tube(place: int, pk: int) -> tuple[Any, ...]:
        point, told, at = points[place * len(points) // count], state(place) == "resulted", since + place * pace
        return (
            pk, f"M{pk:09}", "", "pool", TUBE, TUBE, "round", PACK, outbreak, point.area, point.organisation_id, point.pk, lab, at,
            at + timedelta(hours=12), boxes[place // BOX], state(place), "negative" if told else "", now if told else None, "", "", "", "", at, "",
        )  # fmt: skip

    bulk.insert(Tube, columns, (tube(place, pk) for place, pk in enumerate(keys)))
    bulk.insert(
        Swab, ("tube_id", "person_id"),
        ((pk, person) for place, pk in enumerate(keys) for person in people[place * TUBE : (place + 1) * TUBE]),
    )  # fmt: skip
    told = "tube_id number status value cts reference source reason at by_name".split()
    bulk.insert(
        Result, told,
        ((pk, 1, "final", "negative", {}, "", "file", "", now, "") for place, pk in enumerate(keys) if state(place) == "resulted"),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for start in range(0, count, CHUNK):
        actions.tubes_touched(SYSTEM, keys[start : start + CHUNK])


if __name__ == "__main__":
    where = Path(sys.argv[1]) if sys.argv[1:] else Path(tempfile.gettempdir()) / "fangxian-million"
    with county(where, *map(int, sys.argv[2:3])) as found:
        console.print(found)
