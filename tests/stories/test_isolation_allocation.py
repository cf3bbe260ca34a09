"""Rooms and trips proposed for all who wait, and booked by the same actions as by hand: classes apart, what is short named with its remedy."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.allocations import AllocationForm
from fangxian.containment.isolation.schemas import FloorForm, SiteForm
from fangxian.core import clock, jobs
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Job
from tests.support.county import COUNTY, OTHER_COUNTY, START, with_pack
from tests.support.wards import Wards

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=2)


@pytest.fixture
def wards() -> Iterator[Wards]:
    with with_pack(), clock.at(NOW):
        yield Wards.ready(NOW)


def planned(by: Actor, **form: Any) -> str:
    job = actions.allocate(by, AllocationForm(area=COUNTY, **form))
    done = jobs.run(job.pk)
    assert done.state == Job.DONE, done.error
    return done.code


def booked(by: Actor, plan: str, *people: str) -> Job:
    return jobs.run(actions.accept(by, plan, people).pk)


def test_everybody_who_waits_is_proposed_a_room_and_a_trip_and_accepted(wards: Wards) -> None:
    chief = wards.actor("chief")
    contacts, arrival = [wards.told() for _one in range(3)], wards.traveller(cls="arrival")
    plan = planned(chief)
    view = queries.allocation(chief, plan)
    assert (view.people, view.placed, view.unplaced, view.shortages) == (4, 4, 0, ())
    assert len(view.trips) == 2, "the van takes one class, is cleaned, and takes the other"
    assert view.trips[1].leaves_at - view.trips[0].leaves_at >= timedelta(hours=1)
    assert not any(queries.trips(chief)), "a plan books nothing"
    places = queries.proposed(chief, plan)
    assert {one.code for one in places} == {*contacts, arrival}
    assert all(one.state == "open" and "江A-0001" in one.why.zh and "东县隔离点" in one.why.zh for one in places)
    assert all("⟦" not in one.why.zh + one.why.en and "Dong site" in one.why.en for one in places)
    floors = {one.code: one.room.split("-")[0] + one.room[2] for one in places}
    assert floors[arrival] not in {floors[one] for one in contacts}

    done = booked(chief, plan)
    assert done.result == {"booked": 4}
    rows = {one.code: one for one in queries.people(chief, link="told")}
    assert all(rows[one.code].room == one.room for one in places)
    trips = queries.trips(chief)
    assert sorted((trip.cls, len(trip.stops)) for trip in trips) == [("arrival", 1), ("contact", 3)]
    assert {one.state for one in queries.proposed(chief, plan)} == {"done"}
    assert queries.allocation(chief, plan).accepted == 4


def test_some_are_accepted_and_the_next_plan_leaves_them_what_they_have(wards: Wards) -> None:
    """Three waves: who was promised a room and a seat keeps them, and the others are found theirs around them."""
    chief = wards.actor("chief")
    kept: dict[str, tuple[str, str]] = {}
    for _wave in range(3):
        new = [wards.told() for _one in range(2)]
        plan = planned(chief)
        waiting = {one.code for one in queries.proposed(chief, plan)}
        assert waiting >= set(new) and not waiting & set(kept)
        booked(chief, plan, new[0])
        views = {one: queries.placement(chief, one) for one in (*kept, new[0])}
        assert all((views[one].row.room, views[one].trip) == given for one, given in kept.items())
        kept[new[0]] = (views[new[0]].row.room, views[new[0]].trip)
    assert len(set(kept.values())) == 3 and all(all(given) for given in kept.values())


def test_what_is_short_is_named_with_the_site_that_would_end_it(wards: Wards) -> None:
    chief = wards.actor("chief")
    for room in wards.rooms().values():
        if room.state == "ready":
            actions.mark_room(chief, wards.ward, room.id, "out", why="漏水")
    form = SiteForm(organisation=wards.site, name_zh="西山备用隔离点", name_en="Xishan reserve", area=COUNTY, ready_in=24)
    reserve = actions.open_site(chief, form).code
    actions.add_floor(chief, reserve, FloorForm(building="C", level=2, passage="东通道", rooms=4))
    person = wards.told()
    view = queries.allocation(chief, plan := planned(chief))
    (short,) = view.shortages
    assert (view.placed, view.unplaced, short.what, short.missing, short.opens) == (0, 1, "rooms", 1, (reserve,))
    assert "Xishan reserve" in short.text.en and "西山备用隔离点" in short.text.zh
    (place,) = queries.proposed(chief, plan)
    assert place.code == person and place.leaves_at is None and place.why == short.text
    with pytest.raises(Invalid):
        actions.accept(chief, plan)


def test_what_has_become_impossible_is_refused_by_name_and_the_rest_is_booked(wards: Wards) -> None:
    """Between plan and acceptance the room of one of them went to somebody of another class: nobody meets."""
    chief = wards.actor("chief")
    one, two = wards.told(), wards.told(needs=("dialysis",)) if False else wards.told()
    plan = planned(chief)
    place = next(each for each in queries.proposed(chief, plan) if each.code == one)
    other = wards.traveller(cls="arrival")
    for room in wards.rooms().values():
        if f"-{room.number}" in place.room:
            actions.keep_room(chief, other, room.id)
            break
    done = booked(chief, plan, one)
    assert done.result["refused"][0][0] == one and "booked" not in done.result
    assert queries.placement(chief, one).trip == "" and two


def test_a_plan_is_for_whoever_may_send_and_drive_and_seen_by_whoever_asked(wards: Wards) -> None:
    chief = wards.actor("chief")
    wards.told()
    plan = planned(chief)
    with pytest.raises(NotAllowed):
        actions.allocate(wards.actor("nurse"), AllocationForm(area=COUNTY))
    with pytest.raises(NotAllowed):
        actions.allocate(wards.actor("chief"), AllocationForm(area=OTHER_COUNTY))
    for asking in (queries.allocation, queries.proposed, actions.accept):
        with pytest.raises(NotFound):
            asking(wards.actor("stranger"), plan)  # type: ignore[operator]
    with pytest.raises(Invalid):
        actions.allocate(chief, AllocationForm(area=COUNTY, hours=0))
    with pytest.raises(Invalid):
        actions.allocate(chief, AllocationForm(area=COUNTY, leaves_from=NOW - timedelta(hours=1)))
    waiting = actions.allocate(chief, AllocationForm(area=COUNTY))
    with pytest.raises(Conflict):
        actions.accept(chief, waiting.code)
    assert [one.code for one in queries.allocations(chief)] == [waiting.code, plan]
    assert queries.allocations(SYSTEM) == []
