"""A testing round of a million people (PostgreSQL): its roll, and "who has not come" for a street of twenty thousand.

Target: the street under 200 ms. `python -m benchmarks.rounds 0.1` takes a tenth of the people; the street stays as it is. The people
are there before; nine in ten of them have been swabbed. The questions are those of the page: the first lines, further on, counted.
"""

import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from benchmarks import Figure, console, database, show

PEOPLE, GRID = 1_000_000, 1000
#: Grids of a street, and people of a tube.
STREET, EACH = 20, 10


def run(share: float = 1.0) -> list[Figure]:
    """Enter the people past the clock; then time the roll, a batch of swabs, and the questions."""
    with database():
        from django.test.utils import override_settings

        from fangxian.core import clock, jobs
        from fangxian.laboratory.rounds import actions
        from fangxian.laboratory.rounds.schemas import PointPlan, RoundForm
        from tests.support import swabbing
        from tests.support import world as xizhou

        grids = int(PEOPLE * share / GRID)
        city = xizhou.build(clock.now())
        point, _folk = swabbing.staffed(city)
        enter(grids)
        console.print(f"{grids * GRID:,} people in {grids:,} grids", style="dim")
        duty = city.actor("duty")
        plan = RoundForm(
            name_zh="一轮",
            areas=[xizhou.WANGCHAO],
            outbreak=city.outbreak,
            points=[PointPlan(point=point, per_hour=9000)],
        )
        with override_settings(INLINE=False):
            begun = time.perf_counter()
            round_ = actions.start_round(duty, actions.plan_round(duty, plan).code)
            jobs.run_waiting()
            figures = [Figure(f"the roll and the appointments of {grids * GRID:,}", time.perf_counter() - begun)]
            begun = time.perf_counter()
            swabbed = _swab(round_.pk)
            took = time.perf_counter() - begun
            figures.append(
                Figure(
                    f"{swabbed:,} swabs counted in batches of 2,000 tubes", took, note=f"{swabbed / took:,.0f} people/s"
                )
            )
        return figures + questions(duty, round_.code, f"{xizhou.WANGCHAO}100")


def questions(by: Any, code: str, street: str) -> list[Figure]:
    """What the page of who has not come asks of a street: the first lines, further on, counted; and the city by place."""
    from fangxian.laboratory.rounds import queries
    from fangxian.laboratory.rounds.models import Listed

    missing = Listed.objects.filter(round__code=code, area__startswith=street, tube__isnull=True).count()
    first = queries.missing(by, code, street, limit=60)
    asked: dict[str, Callable[[], Any]] = {
        "the first lines": lambda: queries.missing(by, code, street, limit=60),
        "further on": lambda: queries.missing(by, code, street, after=first[-1].after, limit=60),
        "behind how many doors": lambda: queries.households_missing(by, code, street),
        "the city by place": lambda: queries.split(by, code),
    }
    note = f"{missing:,} missing in the street"
    return [Figure(f"who has not come: {what}", _median(question), 0.2, note=note) for what, question in asked.items()]


def _median(question: Callable[[], Any]) -> float:
    times = []
    for _turn in range(9):
        begun = time.perf_counter()
        question()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def enter(grids: int) -> None:
    """Entered past the actions, which is not what is measured: grids of a thousand, twenty of them a street."""
    from django.db import connection

    from fangxian.core import bulk, clock, ids
    from fangxian.registry.models import Person
    from tests.support.world import WANGCHAO

    columns = "code name name_latin pinyin sex nationality area address occupation created_at version".split()
    now = clock.now()
    codes = ids.new_codes(grids * GRID)
    areas = [f"{WANGCHAO}{100 + grid // STREET:03}001{grid % STREET + 1:03}" for grid in range(grids)]
    rows = (
        (code, "某人", "", "mouren", "female", "CHN", areas[place // GRID], "", "", now, 1)
        for place, code in enumerate(codes)
    )
    bulk.insert(Person, columns, rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _swab(round_id: int) -> int:
    """Nine in ten come: their tubes are written as they would be, and told to the round in batches."""
    from django.db import connection

    from fangxian.core import bulk, clock
    from fangxian.core.access import SYSTEM
    from fangxian.laboratory.models import Point, Swab, Tube
    from fangxian.laboratory.rounds import actions
    from fangxian.laboratory.rounds.counting import CHUNK
    from fangxian.laboratory.rounds.models import Listed

    point = Point.objects.order_by("-pk")[0]
    at = clock.now() + timedelta(seconds=1)
    people = [
        pk for place, pk in enumerate(Listed.objects.filter(round=round_id).order_by("pk").values_list("person", flat=True))
        if place % 10
    ]  # fmt: skip
    count = len(people) // EACH
    keys = list(bulk.reserve_ids(Tube, count))
    columns = (
        "id code former kind capacity people reason pack area organisation_id sampled_at state value why what batch note "
        "created_at by_name"
    ).split()
    bulk.insert(
        Tube, columns,
        (
            (key, f"B{key:09}", "", "pool", EACH, EACH, "round", "covid-19-cn-9", point.area, point.organisation_id, at, "collected",
             "", "", "", "", "", at, "")
            for key in keys
        ),
    )  # fmt: skip
    bulk.insert(
        Swab, ("tube_id", "person_id"),
        ((key, person) for place, key in enumerate(keys) for person in people[place * EACH : (place + 1) * EACH]),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for start in range(0, count, CHUNK):
        actions.tubes_touched(SYSTEM, keys[start : start + CHUNK])
    return count * EACH


if __name__ == "__main__":
    part = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    show("A testing round", run(part))
