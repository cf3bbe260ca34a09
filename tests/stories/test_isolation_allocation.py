"""Rooms and trips proposed for all who wait, and booked by the same actions as by hand; what is short is named with its remedy."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fangxian.analytics.allocation import Plan, Problem, plan
from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.actions import allocating
from fangxian.containment.isolation.allocations import AllocationForm
from fangxian.containment.isolation.forms import FloorForm, SiteForm
from fangxian.core import clock, jobs
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Job
from tests.support.county import COUNTY, OTHER_COUNTY, START, with_pack
from tests.support.wards import Wards

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=2)
#: Queries of a page, at most.
BUDGET = 12


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
    form = SiteForm(
        organisation=wards.site, name_zh="西山备用隔离点", name_en="Xishan reserve", area=COUNTY, ready_in=24
    )
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
    one = wards.told()
    wards.told()
    plan = planned(chief)
    place = next(each for each in queries.proposed(chief, plan) if each.code == one)
    other = wards.traveller(cls="arrival")
    for room in wards.rooms().values():
        if f"-{room.number}" in place.room:
            actions.keep_room(chief, other, room.id)
            break
    done = booked(chief, plan, one)
    assert done.result["refused"][0][0] == one and "booked" not in done.result
    assert queries.placement(chief, one).trip == ""


def test_a_plan_that_is_stopped_is_the_best_so_far(wards: Wards, monkeypatch: pytest.MonkeyPatch) -> None:
    chief = wards.actor("chief")
    contacts = [wards.told() for _one in range(3)]
    job = actions.allocate(chief, AllocationForm(area=COUNTY))

    def stopped(
        problem: Problem, *, on_progress: Callable[[float], None], stop: Callable[[], bool], **rest: Any
    ) -> Plan:
        jobs.stop(chief, job.code)
        on_progress(0.1)
        assert stop()
        return plan(problem, on_progress=on_progress, stop=stop, **rest)

    monkeypatch.setattr(allocating, "plan", stopped)
    assert jobs.run(job.pk).state == Job.DONE
    view = queries.allocation(chief, job.code)
    assert view.placed + view.unplaced == len(contacts) and 0 <= view.gap <= 1
    assert {one.code for one in queries.proposed(chief, job.code)} <= set(contacts)
    booked(chief, job.code)


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
            asking(wards.actor("stranger"), plan)
    with pytest.raises(Invalid):
        actions.allocate(chief, AllocationForm(area=COUNTY, hours=0))
    with pytest.raises(Invalid):
        actions.allocate(chief, AllocationForm(area=COUNTY, leaves_from=NOW - timedelta(hours=1)))
    waiting = actions.allocate(chief, AllocationForm(area=COUNTY))
    with pytest.raises(Conflict):
        actions.accept(chief, waiting.code)
    assert [one.code for one in queries.allocations(chief)] == [waiting.code, plan]
    assert queries.allocations(SYSTEM) == []


def page_of(wards: Wards, post: str, language: str = "en") -> Client:
    account = wards.staff.accounts[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    return client


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_plan_is_asked_for_read_and_accepted_on_pages(wards: Wards, language: str) -> None:
    people = [wards.told() for _one in range(3)]
    chief = page_of(wards, "chief", language)
    assert "/isolation/allocations/" in chief.get("/isolation/").content.decode()
    assert chief.post("/isolation/allocations/", {"area": COUNTY, "hours": "0"}).status_code == 422
    here = chief.post("/isolation/allocations/", {"area": COUNTY, "hours": "12", "leaves_from": ""})["Location"]
    assert "hx-trigger" in chief.get(here).content.decode(), "it is looked after while it is computed"
    assert "HX-Refresh" not in chief.get(here + "?part=progress", HTTP_HX_REQUEST="true").headers
    jobs.run_waiting(50)
    assert "HX-Refresh" in chief.get(here + "?part=progress", HTTP_HX_REQUEST="true").headers
    shown = chief.get(here).content.decode()
    assert all(code in shown for code in people) and ("东县隔离点" if language == "zh" else "Dong site") in shown
    assert chief.post(here + "accept/", {}).status_code == 422
    assert chief.post(here + "accept/", {"person": people[:1]}).status_code == 302
    assert chief.post(here + "accept/", {"all": "1"}).status_code == 409, "one set of bookings at a time"
    jobs.run_waiting(50)
    assert queries.placement(SYSTEM, people[0]).trip and not queries.placement(SYSTEM, people[1]).trip
    assert chief.post(here + "accept/", {"all": "1"}).status_code == 302
    jobs.run_waiting(50)
    shown = chief.get(here).content.decode()
    assert all(queries.placement(SYSTEM, one).trip for one in people)
    assert ("未能预订" if language == "zh" else "refused") in shown, "the first has a seat already"
    for post in ("stranger", "deputy"):
        assert page_of(wards, post).get(here).status_code == 404
    assert page_of(wards, "nurse").get("/isolation/allocations/").status_code == 403
    assert chief.get("/isolation/allocations/?after=x").status_code == 422


def test_a_plan_costs_no_query_more_for_more_people(wards: Wards) -> None:
    def cost(plan: str) -> int:
        with CaptureQueriesContext(connection) as done:
            assert chief.get(f"/isolation/allocations/{plan}/").status_code == 200
        return len(done)

    chief = page_of(wards, "chief")
    wards.told()
    few = cost(planned(wards.actor("chief")))
    for _one in range(4):
        wards.told()
    many = cost(planned(wards.actor("chief")))
    assert few == many <= BUDGET
    with CaptureQueriesContext(connection) as done:
        chief.get("/isolation/allocations/")
    assert len(done) <= BUDGET
