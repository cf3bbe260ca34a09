"""A county of a million people in the middle of it all, for measuring the pages of rounds, samples, isolation and high-risk posts.

Under way are a round of everybody, 90,000 tubes in 800 boxes, forty isolation sites with 15,000 people, and 2,000 employers with
20,000 people in high-risk posts who are tested every day. What the product does by the batch (the roll, the counting of swabs,
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
EMPLOYERS, STAFF, DAYS = 2000, 10, 14
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
            keys = _timed("tubes and boxes", lambda: _tubes(city, code, morning))
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
            told = [pk for place, pk in enumerate(keys) if place // BOX % 10 < 7]
            _timed(f"a file of {len(told):,} results applied to {len(told) * TUBE:,} people", lambda: _told(city, told))
            rest = [pk for place, pk in enumerate(keys) if place // BOX % 10 >= 7]
            _timed(f"{len(rest):,} tubes without a result counted in the round", lambda: _counted(rest))
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
    now = clock.now()
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
            Appointment(account=one, name=one.name, role="grid_worker", organisation_id=bodies["community"], area=code, begins_at=now)
            for one, code in zip(workers, codes, strict=True)
        ], 1000,
    )  # fmt: skip
    duty = city.actor("duty")
    return [
        actions.open_point(
            duty, PointForm(
                name_zh=f"采样点{street[6:]}-{turn}", area=street, organisation=bodies["clinic"], laboratory=bodies["laboratory"]
            )
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
            (code, "王某人", "", "wangmouren", "female", 1940 + place % 80, "CHN", areas[place // GRID], "", "",
             homes[place // HOME], now, 1)
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


def _tubes(city: Any, code: str, since: datetime) -> list[int]:
    """Nine in ten have come, household by household: their tubes and boxes, of ten nine in the laboratory; the tubes by id."""
    from fangxian.core import bulk, clock, ids
    from fangxian.laboratory.models import Box, HandOver, Point, Swab, Tube
    from fangxian.laboratory.rounds.models import Listed, Round
    from tests.support.world import PACK

    points = list(Point.objects.order_by("pk"))
    lab, now, outbreak = points[0].laboratory_id, clock.now(), Round.objects.get(code=code).outbreak_id
    listed = Listed.objects.filter(round__code=code, exempt="").order_by("pk").values_list("person", flat=True)
    people = [pk for place, pk in enumerate(listed) if place % 10]
    count = len(people) // TUBE
    keys, boxes = list(bulk.reserve_ids(Tube, count)), list(bulk.reserve_ids(Box, -(-count // BOX)))
    pace = (now - since) / count

    def there(box: int) -> bool:
        return box % 10 != 9

    columns = (
        "id code seal organisation_id laboratory_id area pack state tubes waiting missing surplus first_sampled_at sealed_at "
        "received_at"
    )
    bulk.insert(
        Box, columns.split(),
        (
            (
                pk, one, "", points[0].organisation_id, lab, "990101", PACK, "received" if there(place) else "under_way",
                min(BOX, count - place * BOX), min(BOX, count - place * BOX), [], [], since + place * BOX * pace, now,
                now if there(place) else None,
            )
            for place, (pk, one) in enumerate(zip(boxes, ids.new_codes(len(boxes)), strict=True))
        ),
    )  # fmt: skip
    bulk.insert(
        HandOver, "box_id at sender receiver note by_name".split(),
        ((pk, now, "采样队", "检测所", "", "") for pk in boxes for _turn in range(2)),
    )  # fmt: skip

    def tube(place: int, pk: int) -> tuple[Any, ...]:
        point, at, box = points[place * len(points) // count], since + place * pace, place // BOX
        return (
            pk, f"M{pk:09}", "", "pool", TUBE, TUBE, "round", PACK, outbreak, point.area, point.organisation_id, point.pk, lab,
            at, at + timedelta(hours=12), boxes[box], "received" if there(box) else "sealed", "", "", "", "", "", at, "",
        )  # fmt: skip

    columns = (
        "id code former kind capacity people reason pack outbreak_id area organisation_id point_id laboratory_id sampled_at "
        "due_at box_id state value why what batch note created_at by_name"
    )
    bulk.insert(Tube, columns.split(), (tube(place, pk) for place, pk in enumerate(keys)))
    bulk.insert(
        Swab, ("tube_id", "person_id"),
        ((pk, person) for place, pk in enumerate(keys) for person in people[place * TUBE : (place + 1) * TUBE]),
    )  # fmt: skip
    return keys


def _told(city: Any, keys: Sequence[int]) -> None:
    """A file of results is taken and handed on; the round counts."""
    from benchmarks.laboratory import CHUNK, chunks
    from fangxian.core import outbox
    from fangxian.laboratory import actions, intake

    by = city.actor("lab")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "results.csv"
        path.write_text("\n".join(["条码,检测结果", *(f"M{pk:09},阴性" for pk in keys)]), encoding="utf-8")
        for forms in chunks((line.form for line in intake.read(path, path.name).lines), CHUNK):
            done = actions.report_results(by, forms)
            assert not done.refused, done.refused[:3]
    while outbox.deliver(limit=20):
        pass


def _counted(keys: Sequence[int]) -> None:
    """Swabs without a result yet are counted in the round, as the house hears of them."""
    from fangxian.core.access import SYSTEM
    from fangxian.laboratory.rounds import actions
    from fangxian.laboratory.rounds.counting import CHUNK

    for start in range(0, len(keys), CHUNK):
        actions.tubes_touched(SYSTEM, keys[start : start + CHUNK])


if __name__ == "__main__":
    where = Path(sys.argv[1]) if sys.argv[1:] else Path(tempfile.gettempdir()) / "fangxian-million"
    with county(where, *map(int, sys.argv[2:3])) as found:
        console.print(found)
