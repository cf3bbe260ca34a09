"""Classes kept apart: it cannot be entered that people of two classes share a floor, a passage at one time, a room or a vehicle."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils.translation import override

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.forms import CheckForm, FloorForm, PlacementErrandForm, PlacementForm, TripForm
from fangxian.containment.isolation.models import Placement
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.registry import actions as registry
from fangxian.registry.schemas import Division
from tests.support.county import START, with_pack
from tests.support.tracers import COVID, hand_on
from tests.support.wards import Wards

NOW = START + timedelta(hours=2)


@pytest.fixture
def wards() -> Iterator[Wards]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Wards.ready(NOW)


def kept(wards: Wards, code: str, room: str) -> None:
    actions.keep_room(wards.actor("chief"), code, wards.rooms()[room].id)


@pytest.mark.django_db
def test_a_floor_is_for_one_class_and_says_so(wards: Wards) -> None:
    kept(wards, wards.told(), "A-301")
    with pytest.raises(Conflict, match="for “Close contacts”; “Arrivals from abroad” may not") as refused:
        kept(wards, wards.traveller(), "A-302")
    assert refused.value.code == "kept_apart"
    kept(wards, wards.told(), "A-302")
    with pytest.raises(Conflict, match="taken"):
        kept(wards, wards.told(), "A-302")
    (site,) = queries.sites(wards.actor("nurse"))
    assert {(one.cls, one.free, one.taken) for one in site.beds} == {("contact", 2, 2), ("", 8, 0)}


@pytest.mark.django_db
def test_a_passage_belongs_to_one_class_for_a_while(wards: Wards) -> None:
    nurse, contact, arrival = wards.actor("nurse"), wards.brought(wards.told()), wards.traveller()
    kept(wards, contact, "A-301")
    actions.settle_in(nurse, contact)
    kept(wards, arrival, "A-201")
    with clock.at(NOW + timedelta(minutes=10)):
        actions.bring(wards.actor("chief"), arrival, wards.ward)
        actions.send(wards.actor("chief"), arrival)
        actions.receive(nurse, arrival)
        with pytest.raises(Conflict, match="free for others from 10:30"):
            actions.settle_in(nurse, arrival)
    with clock.at(NOW + timedelta(minutes=31)):
        actions.settle_in(nurse, arrival)
    assert queries.placement(SYSTEM, arrival).row.room == "A-201"


@pytest.mark.django_db
def test_staff_and_isolated_never_have_one_passage(wards: Wards) -> None:
    with pytest.raises(Conflict, match="never have the same passage"):
        actions.add_floor(
            wards.actor("chief"), wards.ward, FloorForm(building="A", level=4, passage="员工通道", rooms=2)
        )
    with pytest.raises(Invalid, match="Only the observation zone"):
        actions.add_floor(
            wards.actor("chief"),
            wards.ward,
            FloorForm(building="A", level=4, zone="supplies", passage="员工通道", rooms=2),
        )
    with pytest.raises(NotAllowed):
        actions.add_floor(wards.actor("nurse"), wards.ward, FloorForm(building="C", level=1, passage="南通道", rooms=2))
    with pytest.raises(NotFound):
        queries.site(wards.actor("stranger"), wards.ward)


@pytest.mark.django_db
def test_a_floor_changes_its_class_only_when_empty_and_clean(wards: Wards) -> None:
    chief, code = wards.actor("chief"), wards.told()
    kept(wards, code, "A-301")
    floor = next(one for one in queries.site(SYSTEM, wards.ward).floors if (one.building, one.level) == ("A", 3))
    with pytest.raises(Conflict, match="1 people are on this floor"):
        actions.designate(chief, wards.ward, floor.id, COVID, "arrival")
    actions.take_out(wards.actor("grid"), code, "已在外地隔离")
    actions.designate(chief, wards.ward, floor.id, COVID, "arrival")
    kept(wards, wards.traveller(), "A-301")
    actions.mark_room(wards.actor("nurse"), wards.ward, wards.rooms()["A-302"].id, "out", "漏水")
    with pytest.raises(Conflict, match="not ready"):
        kept(wards, wards.traveller(), "A-302")


@pytest.mark.django_db
def test_two_stay_in_one_room_only_if_it_was_decided_and_never_of_two_classes(wards: Wards) -> None:
    chief, mother = wards.actor("chief"), wards.told()
    with pytest.raises(Invalid, match="not isolated alone"):
        wards.told(person=wards.person(birth_year=2018))
    child = wards.told(person=wards.person(birth_year=2018), guardian="母亲同住")
    assert queries.placement(SYSTEM, child).row.needs == ("minor",)
    kept(wards, mother, "A-301")
    with pytest.raises(Conflict, match="taken"):
        kept(wards, child, "A-301")
    actions.stay_together(chief, child, mother, True, "六岁，由母亲照护")
    kept(wards, child, "A-301")
    view = queries.placement(SYSTEM, child)
    assert view.together == (mother,) and view.decisions[0].kind == "together" and view.decisions[0].basis
    third = wards.told()
    actions.stay_together(chief, third, mother, True, "外祖母同住")
    with pytest.raises(Conflict, match="no free bed"):
        kept(wards, third, "A-301")
    with pytest.raises(Conflict, match="different classes"):
        actions.stay_together(chief, wards.traveller(), mother, True, "夫妻")
    refused = wards.traveller()
    actions.stay_together(chief, refused, mother, False, "类别不同，规程不允许")
    assert queries.placement(SYSTEM, refused).decisions[0].kind == "apart"


@pytest.mark.django_db
def test_a_vehicle_takes_one_class_no_more_than_its_seats_and_is_cleaned(wards: Wards) -> None:
    driver, people = wards.actor("driver"), [wards.told() for _ in range(4)]
    trip = wards.trip(*people[:3])
    with pytest.raises(Conflict, match="All 3 seats"):
        actions.board(wards.actor("chief"), trip, people[3])
    other = wards.trip(cls="arrival")
    with pytest.raises(Conflict, match="may not ride with them"):
        actions.board(wards.actor("chief"), other, people[3])
    actions.start_trip(driver, trip)
    with pytest.raises(Conflict, match="on another trip"):
        actions.start_trip(driver, other)
    actions.end_trip(driver, trip)
    assert [queries.placement(SYSTEM, one).trip for one in people] == [""] * 4, (
        "whoever was not met waits for another trip"
    )
    with pytest.raises(Conflict, match="not cleaned"):
        actions.start_trip(driver, other)
    with pytest.raises(Conflict, match="Cleaning takes until 10:30"):
        actions.cleaned(driver, trip)
    with clock.at(NOW + timedelta(minutes=30)):
        actions.cleaned(driver, trip)
        actions.start_trip(driver, other)
    assert [one.trip for one in queries.vehicles(driver)] == [other]


@pytest.mark.django_db
def test_who_is_picked_up_first(wards: Wards) -> None:
    """By the hour of the deadline, then whoever has symptoms, then whoever was told first."""
    calm, second = wards.told(), wards.told()
    Placement.objects.filter(code=second).update(risk=2)
    early = wards.told()
    Placement.objects.filter(code=early).update(deadline=NOW + timedelta(hours=1))
    trip = wards.trip(calm, second, early)
    assert [stop.code for stop in queries.trip(wards.actor("driver"), trip).stops] == [early, second, calm]


@pytest.mark.django_db
def test_longer_and_shorter_are_decisions_that_can_be_disputed(wards: Wards) -> None:
    chief, code = wards.actor("chief"), wards.brought(wards.told(), "A-301")
    hand_on()
    until = queries.placement(SYSTEM, code).row.leave_at
    assert until is not None
    with pytest.raises(Invalid, match="One decision may put a release off until"):
        actions.extend(chief, code, until + timedelta(days=2), "同楼层出现阳性")
    made = actions.extend(chief, code, until + timedelta(hours=12), "同楼层出现阳性")
    assert queries.placement(SYSTEM, code).row.leave_at == until + timedelta(hours=12)
    with pytest.raises(NotAllowed):
        actions.extend(wards.actor("nurse"), code, until + timedelta(hours=20), "同楼层出现阳性")
    actions.dispute(wards.actor("nurse"), made.pk, "本人与该楼层无接触")
    with pytest.raises(NotAllowed, match="Whoever decided"):
        actions.answer(chief, made.pk, True, "核实无接触")
    actions.answer(wards.actor("deputy"), made.pk, True, "核实无接触")
    view = queries.placement(SYSTEM, code)
    assert view.row.leave_at == until and view.decisions[0].upheld is True
    actions.release_early(chief, code, "需连续血液透析")
    with clock.at(NOW + timedelta(hours=1)):
        actions.let_go(wards.actor("nurse"), code)
        actions.send(wards.actor("nurse"), code)
        actions.receive(wards.actor("grid"), code)
    assert queries.placement(SYSTEM, code).row.link == "home"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_refused() -> None:
    """Two nurses keep rooms of one floor for people of two classes: exactly one of them can."""
    with with_pack(), override("en"), clock.at(NOW):
        wards = Wards(now=NOW)
        contact, arrival = wards.told(), wards.traveller()
        rooms, gate = wards.rooms(), threading.Barrier(2)
        told: dict[str, Any] = {}
        chief = wards.actor("chief")

    def keep(code: str, room: str) -> None:
        try:
            with with_pack(), override("en"), clock.at(NOW):
                gate.wait()
                actions.keep_room(chief, code, rooms[room].id)
                told[code] = "kept"
        except Conflict as conflict:
            told[code] = conflict.code
        finally:
            connection.close()

    both = [threading.Thread(target=keep, args=one) for one in ((contact, "A-301"), (arrival, "A-302"))]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sorted(told.values()) == ["kept", "kept_apart"]


@pytest.mark.django_db
def test_isolation_at_home_with_what_is_brought_and_a_way_to_the_doctor(wards: Wards) -> None:
    grid, investigator = wards.actor("grid"), wards.actor("investigator")
    code = wards.told(cls="contact2")
    actions.keep_at_home(investigator, code)
    actions.send(investigator, code)
    actions.receive(grid, code)
    assert queries.placement(SYSTEM, code).row.link == "home"
    actions.check(grid, code, CheckForm(temperature=36.4, symptoms="none"))
    due = NOW + timedelta(hours=5)
    asked = actions.ask_errand(grid, code, PlacementErrandForm(kind="medical", what="血液透析，周三上午", due_at=due))
    assert [one.what for one in queries.errands(grid)] == ["血液透析，周三上午"]
    actions.finish_errand(grid, asked.pk, "专车往返，已回家")
    assert queries.errands(grid) == [] and queries.placement(SYSTEM, code).errands[0].outcome == "专车往返，已回家"
    with pytest.raises(Conflict):
        actions.finish_errand(grid, asked.pk, "再次")


@pytest.mark.django_db
def test_the_reserve_is_measured_against_the_protocol(wards: Wards) -> None:
    registry.import_divisions(SYSTEM, [Division(code="990101", name="东县", name_en="Dong", population=30_000)])
    found = queries.reserve(wards.actor("chief"), "990101")
    assert found.wanted == 120 and found.asked == {24: 40, 48: 60, 72: 120} and found.ready[0] == 12


@pytest.mark.django_db
def test_an_unknown_person_or_class_is_refused_with_words(wards: Wards) -> None:
    with pytest.raises(Invalid, match="Say whom"):
        actions.tell(wards.actor("chief"), PlacementForm())
    with pytest.raises(Invalid, match="no such class"):
        wards.told(cls="nobility")
    with pytest.raises(Invalid, match="not known here"):
        wards.told(needs=("piano",))
    with pytest.raises(Invalid, match="Say who drives"):
        actions.plan_trip(
            wards.actor("driver"),
            TripForm(vehicle=wards.van, site=wards.ward, pack=COVID, cls="contact", leaves_at=NOW),
        )
