"""What else goes on in `benchmarks.million`: positive pools, isolation sites with people, employers whose staff is tested every day."""

from datetime import timedelta
from typing import Any

from benchmarks.million import DAYS, EMPLOYERS, FLOORS, PACK, PEOPLE, ROOMS, SITES, STAFF, grids

_CHUNK = 5000


def positives(city: Any, people: int) -> None:
    """One pool in a thousand is positive, with its members held; as many single tubes are, and as many results belong to nobody yet."""
    from fangxian.laboratory import actions
    from fangxian.laboratory.models import Tube
    from fangxian.laboratory.schemas import ResultForm, TubeForm
    from fangxian.registry.models import Person

    lab, count = city.actor("lab"), max(3, people // 10_000)
    pools = Tube.objects.filter(state="received").order_by("pk").values_list("code", flat=True)[:count]
    actions.report_results(lab, [ResultForm(code=code, cts={"orf1ab": 31.0, "n": 30.0}) for code in pools])
    folk = Person.objects.filter(area__startswith="9901011").order_by("-pk").values_list("code", flat=True)[:count]
    forms = [
        TubeForm(code=f"S{place:08}", kind="single", people=[code], outbreak=city.outbreak)
        for place, code in enumerate(folk)
    ]
    done = actions.collect_many(city.actor("sampler"), forms)
    assert not done.refused, done.refused[0]
    actions.report_results(lab, [ResultForm(code=code, cts={"orf1ab": 25.0, "n": 24.0}) for code in done.taken])
    actions.report_results(
        lab, [ResultForm(value="negative", name=f"无名氏{place}", birth_year=1960) for place in range(count)]
    )


def isolation(city: Any, people: int) -> None:
    """Forty sites of 500 rooms; of 15,000 people most are in a room, some told, on the way or at home; as many have left; 600 trips."""
    from fangxian.containment.isolation import actions, subject
    from fangxian.containment.isolation.forms import FloorForm, SiteForm
    from fangxian.containment.isolation.models import Check, HandOver, Placement, Room, Trip, Vehicle
    from fangxian.core import bulk, clock, ids
    from fangxian.core.access import SYSTEM
    from fangxian.duties import actions as duties
    from fangxian.registry.models import Person
    from tests.support.world import WANGCHAO

    now, body = clock.now(), city.bodies["site"]
    sites, share = [], people / PEOPLE
    for number in range(max(2, int(SITES * share))):
        site = actions.open_site(SYSTEM, SiteForm(organisation=body, name_zh=f"隔离点{number + 1}", area=WANGCHAO))
        for level in range(FLOORS):
            floor = actions.add_floor(
                SYSTEM, site.code, FloorForm(building="A", level=level + 1, passage=f"通道{level}", rooms=ROOMS)
            )
            actions.designate(SYSTEM, site.code, floor.pk, PACK, "arrival")
        sites.append(site.pk)
    rooms = [list(Room.objects.filter(floor__site=pk).order_by("pk").values_list("pk", flat=True)) for pk in sites]
    vans = Vehicle.objects.bulk_create(
        Vehicle(code=code, plate=f"澜A{number:05}", organisation_id=body, area=WANGCHAO, seats=7)
        for number, code in enumerate(ids.new_codes(max(5, int(100 * share))))
    )
    trips = Trip.objects.bulk_create(
        Trip(
            code=code, vehicle=vans[number % len(vans)], driver_name="武师傅", site_id=sites[number % len(sites)], area=WANGCHAO,
            cls="arrival",
            pack=PACK, state="under_way" if number < len(vans) else "done", leaves_at=now, started_at=now,
            ended_at=None if number < len(vans) else now, cleaned_at=None if number < len(vans) else now,
        )
        for number, code in enumerate(ids.new_codes(6 * len(vans)))
    )  # fmt: skip
    count = int(30_000 * share)
    folk = list(Person.objects.filter(area__startswith="9901011").order_by("pk").values_list("pk", "area")[:count])

    def link(place: int) -> str:
        turn = place % 20
        return (
            "closed"
            if turn < 10
            else "housed"
            if turn < 16
            else "home"
            if turn < 18
            else "told"
            if turn < 19
            else "aboard"
        )

    rows, riders = [], [one.pk for one in trips if one.state == "under_way"]
    for place, ((person, area), code) in enumerate(zip(folk, ids.new_codes(count), strict=True)):
        at, home = link(place), place % len(sites)
        days = timedelta(days=place % 7 + 1)
        rows.append(
            Placement(
                code=code, subject_kind=subject.TRAVELLER, subject_id=-place - 1, subject_code=code, person_id=person, pack=PACK, area=area,
                cls="arrival", link=at, since=now - days, begun_at=now - days, arrived_at=now - days,
                site_id=None if at == "told" else sites[home],
                room_id=rooms[home][place // len(sites) % len(rooms[home])] if at == "housed" else None,
                trip_id=riders[place % len(riders)] if at == "aboard" else None, deadline=now + timedelta(hours=4),
                passing_since=now - timedelta(hours=1) if at == "aboard" else None,
                passing_until=now + timedelta(minutes=place % 200 - 20) if at == "aboard" else None,
                leave_at=now + timedelta(hours=place % 160 - 2) if at in ("housed", "home") else None,
                outcome="released" if at == "closed" else "", closed_at=now - timedelta(hours=1) if at == "closed" else None,
            )
        )  # fmt: skip
    Placement.objects.bulk_create(rows, 2000)
    for one in rows:
        one.subject_id = one.pk
    bulk.update(Placement, ("subject_id",), [(one.pk, one.pk) for one in rows])
    for start in range(0, count, _CHUNK):
        duties.open_due(
            SYSTEM, subject.ARRIVED, [subject.of(one) for one in rows[start : start + _CHUNK] if one.link != "closed"]
        )
    bulk.insert(
        HandOver, "placement_id from_link to_link arranged_at sender_id sender_name receiver_id receiver_name sent_at sent_by_name "
        "received_at received_by_name ended_at called_off".split(),
        (
            (one.pk, before, after, one.since, body, "网格", body, "隔离点", one.since, "甲", one.since, "乙", one.since, "")
            for one in rows if one.link not in ("told", "aboard") for before, after in (("told", "arrived"), ("arrived", "housed"))
        ),
    )  # fmt: skip
    housed = [one.pk for one in rows if one.link == "housed"]
    bulk.insert(
        Check, "placement_id at temperature symptoms mood medicine note by_name".split(),
        ((pk, now - timedelta(hours=12 * turn), 36.6, "none", "", "", "", "护士") for turn in range(6) for pk in housed),
    )  # fmt: skip


def posts(city: Any, people: int) -> None:
    """Employers of every kind with ten people each, tested every day for two weeks; one in twenty was late once, one in ten is due."""
    from fangxian.core import bulk, clock, ids
    from fangxian.core.access import SYSTEM
    from fangxian.laboratory.screening import finding
    from fangxian.laboratory.screening.actions.owing import owe_for
    from fangxian.laboratory.screening.models import Roster, Turn, Worker
    from fangxian.laboratory.screening.periods import current
    from fangxian.registry.models import Organisation, Person

    now, today, share = clock.now(), clock.today(), people / PEOPLE
    areas = grids(people)
    number = int(EMPLOYERS * share)
    bodies = Organisation.objects.bulk_create(
        [
            Organisation(code=code, kind="cold_store", name_zh=f"冷库{place}", area=areas[place % len(areas)][:9])
            for place, code in enumerate(ids.new_codes(number))
        ], 1000,
    )  # fmt: skip
    pack, known = finding.posts("990101")
    daily = next(one for one in known if one.every.delta == clock.DAY)
    rosters = Roster.objects.bulk_create(
        [
            Roster(organisation=one, post=daily.key, pack=pack, area=one.area, opened_at=now, owed_until=today)
            for one in bodies
        ],
        1000,
    )
    folk = list(
        Person.objects.filter(area__startswith="9901011").order_by("-pk").values_list("pk", flat=True)[: number * STAFF]
    )
    workers = Worker.objects.bulk_create(
        [
            Worker(code=code, roster=rosters[place % number], person_id=person, number=f"{place}", since=today - 60 * clock.DAY)
            for place, (person, code) in enumerate(zip(folk, ids.new_codes(len(folk)), strict=True))
        ], 2000,
    )  # fmt: skip
    bulk.insert(
        Turn, "worker_id roster_id first last due_at state done_at".split(),
        (
            (one.pk, one.roster_id, day, day, clock.local_midnight(day + clock.DAY), "done" if place % 20 or back > 1 else "due",
             clock.local_noon(day) if place % 20 or back > 1 else None)
            for back in range(1, DAYS) for day in [today - back * clock.DAY] for place, one in enumerate(workers)
        ),
    )  # fmt: skip
    of: dict[int, list[Worker]] = {}
    for one in workers:
        of.setdefault(one.roster_id, []).append(one)
    for roster in rosters:
        owe_for(SYSTEM, roster, of[roster.pk], [current(daily, today)])
