"""The closed loop of isolation: told, picked up, arrived, in a room, looked at, tested, handed over to the grid, at home, released."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.forms import CheckForm, PlacementForm
from fangxian.containment.isolation.models import Placement
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from fangxian.duties.sweep import sweep
from fangxian.registry import queries as people
from fangxian.tracing import actions as tracing
from fangxian.tracing import queries as contacts
from tests.support.county import START, with_pack
from tests.support.tracers import books_agree, hand_on
from tests.support.wards import Wards

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=2)  # ten in the morning
WELL = CheckForm(temperature=36.5, symptoms="none", mood="calm", medicine="none")


@pytest.fixture
def wards() -> Iterator[Wards]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Wards.ready(NOW)


def steps(code: str) -> dict[str, Any]:
    row = Placement.objects.get(code=code)
    return {step.key: step for duty in duties.of_subject(row.subject_kind, row.subject_id) for step in duty.steps.all()}


def sampled(code: str, stage: str) -> None:
    """The samples of a stage come back negative, those that are due by now."""
    for key, step in steps(code).items():
        if key.startswith(f"test.{stage}") and step.state == "open" and step.due_at <= clock.now() + timedelta(days=1):
            duty_actions.complete(SYSTEM, step.pk, {"result": "negative"})


def test_from_the_telephone_to_the_end_nobody_is_lost_and_it_is_one_book(wards: Wards) -> None:
    """A contact goes the whole way; what is done on it settles the steps of the duties that every contact has."""
    grid, driver, nurse = wards.actor("grid"), wards.actor("driver"), wards.actor("nurse")
    code = wards.told()
    assert steps(code)["reach"].state == "done" and steps(code)["transfer"].state == "open"
    view = queries.placement(SYSTEM, code)
    assert view.row.link == "told" and view.row.deadline == steps(code)["transfer"].due_at
    trip = wards.trip(code)
    actions.start_trip(driver, trip)
    actions.send(grid, code)
    assert queries.placement(SYSTEM, code).row.link == "told", "the driver has not confirmed"
    assert [row.code for row in queries.between(SYSTEM)] == [code]
    actions.receive(driver, code)
    assert queries.placement(SYSTEM, code).row.link == "aboard"
    later = NOW + timedelta(minutes=40)
    with clock.at(later):
        actions.send(driver, code)
        actions.receive(nurse, code)
        actions.keep_room(nurse, code, wards.rooms()["A-301"].id)
        actions.settle_in(nurse, code)
        actions.end_trip(driver, trip)
        hand_on()
    view = queries.placement(SYSTEM, code)
    assert (view.row.link, view.row.room) == ("housed", "A-301") and queries.between(SYSTEM) == []
    assert steps(code)["transfer"].evidence == {"vehicle": "江A-0001", "site": "东县隔离点"}
    contact = contacts.contact(SYSTEM, view.subject)
    assert contact.row.held == "site" and contact.held_by_id == wards.site
    assert {one.organisation_id for key, one in steps(code).items() if key.startswith("visit.central")} == {wards.site}
    assert [one.link for one in view.way] == ["aboard", "arrived", "housed"]
    assert [(one.sender, one.receiver) for one in view.way] == [
        ("网格周", "司机武"),
        ("司机武", "护士郑"),
        ("护士郑", "护士郑"),
    ]

    exposed = contact.row.last_exposure_at.astimezone(clock.zone()).date()
    for day in range(1, 8):
        midnight = clock.local_midnight(exposed + timedelta(days=day))
        for hour in (9, 19):
            with clock.at(max(midnight + timedelta(hours=hour), later)):
                actions.check(nurse, code, WELL)
                sampled(code, "central")
    with clock.at(midnight + timedelta(hours=20)), pytest.raises(Conflict, match="not over"):
        actions.let_go(nurse, code)
    day_eight = midnight + timedelta(days=1, hours=8)
    with clock.at(day_eight):
        hand_on()
        (row,) = queries.releases(SYSTEM)
        assert row.code == code and row.leave_at is not None and row.leave_at < clock.now(), "overdue, by name"
        actions.let_go(nurse, code)
        actions.send(nurse, code)
        actions.receive(grid, code)
        hand_on()
        view = queries.placement(SYSTEM, code)
        assert (
            view.row.link == "home"
            and view.row.room == ""
            and contacts.contact(SYSTEM, view.subject).row.held == "home"
        )
        assert wards.rooms()["A-301"].state == "cleaning"
        for key, one in steps(code).items():
            assert not (key.startswith("visit.central") and one.state == "open"), "the nurses have nothing left to do"
        assert [key for key, one in steps(code).items() if key.startswith("visit.home")] == [
            f"visit.home.d{n}" for n in (1, 2, 3)
        ]
    for day in range(8, 11):
        with clock.at(clock.local_midnight(exposed + timedelta(days=day)) + timedelta(hours=18)):
            actions.check(grid, code, WELL)
            sampled(code, "home")
    with clock.at(clock.local_midnight(exposed + timedelta(days=11)) + timedelta(minutes=1)):
        sweep()
        hand_on()
        view = queries.placement(SYSTEM, code)
        assert (view.row.link, view.row.outcome) == ("closed", "released")
        assert contacts.contact(SYSTEM, view.subject).row.state == "released"
        books_agree()


def test_no_link_without_both_sides_and_each_side_is_its_own(wards: Wards) -> None:
    code = wards.told()
    trip = wards.trip(code)
    with pytest.raises(Conflict, match="not set out"):
        actions.send(wards.actor("grid"), code)
    actions.start_trip(wards.actor("driver"), trip)
    with pytest.raises(NotAllowed):
        actions.send(wards.actor("driver"), code)
    with pytest.raises(NotAllowed):
        actions.receive(wards.actor("grid"), code)
    actions.send(wards.actor("grid"), code)
    with pytest.raises(Conflict, match="Already confirmed by 网格周"):
        actions.send(wards.actor("grid"), code)
    with pytest.raises(Conflict, match="on the way"):
        actions.call_off(wards.actor("driver"), code, "走错了")
    with pytest.raises(Conflict, match="still between two links"):
        actions.end_trip(wards.actor("driver"), trip)
    with pytest.raises(NotFound):
        actions.receive(wards.actor("stranger"), code)
    assert queries.people(wards.actor("stranger")) == []


def test_whoever_is_between_two_links_for_too_long_is_shown_by_name(wards: Wards) -> None:
    code = wards.told()
    actions.start_trip(wards.actor("driver"), wards.trip(code))
    actions.send(wards.actor("grid"), code)
    assert queries.numbers(wards.actor("chief")).passing_late == 0
    with clock.at(NOW + timedelta(hours=2, minutes=1)):
        (row,) = queries.between(wards.actor("chief"))
        assert row.code == code and row.name and row.holder == "网格周 → 司机武"
        assert row.passing_until is not None and row.passing_until < clock.now()
        assert queries.numbers(wards.actor("chief")).passing_late == 1


def test_who_is_not_in_the_loop_is_asked_of_the_duties(wards: Wards) -> None:
    contact = tracing.expose(wards.actor("investigator"), wards.met()).contact
    (one,) = [one for one in queries.waiting(SYSTEM) if one.contact == contact]
    assert one.due_at is not None and one.name
    before = queries.numbers(SYSTEM).waiting
    actions.tell(wards.actor("grid"), PlacementForm(contact=contact))
    assert contact not in [one.contact for one in queries.waiting(SYSTEM)]
    assert queries.numbers(SYSTEM).waiting == before - 1 == len(queries.waiting(SYSTEM))
    with pytest.raises(Conflict, match="in isolation already"):
        actions.tell(wards.actor("grid"), PlacementForm(contact=contact))


def test_those_who_are_in_the_loop_hide_nobody_behind_them(wards: Wards) -> None:
    """However many of the first due are in the loop already, a page of those who are not is full while there are any."""
    contacts = [tracing.expose(wards.actor("investigator"), wards.met()).contact for _ in range(3)]
    everybody = [one.contact for one in queries.waiting(SYSTEM)]
    assert set(contacts) <= set(everybody)
    for contact in contacts[:2]:
        actions.tell(wards.actor("grid"), PlacementForm(contact=contact))
    found: list[str] = []
    after = None
    while page := queries.waiting(SYSTEM, after=after, limit=1):
        found += [one.contact for one in page]
        after = page[-1].due_at, page[-1].step
    assert found == [one for one in everybody if one not in contacts[:2]] and contacts[2] in found


def test_both_checks_of_a_day_make_its_step_and_symptoms_are_told_at_once(wards: Wards) -> None:
    nurse, code = wards.actor("nurse"), wards.brought(wards.told(), "A-301")
    (row,) = queries.rounds(nurse, wards.ward)
    assert (row.done, row.wanted, row.room) == (0, 2, "301")
    actions.check(nurse, code, WELL)
    assert steps(code)["visit.central.d1"].state == "open", "the evening is still to come"
    with clock.at(NOW + timedelta(hours=9)):
        actions.check(nurse, code, CheckForm(temperature=37.1, symptoms="none"))
        (row,) = queries.rounds(nurse, wards.ward)
        assert (row.done, row.wanted) == (2, 2) and row.last is not None and row.last.temperature == 37.1
    assert steps(code)["visit.central.d1"].evidence == {"temperature": 37.1, "symptoms": "none"}
    with clock.at(NOW + timedelta(days=1)):
        actions.check(nurse, code, CheckForm(temperature=38.6, symptoms="some"))
        assert contacts.contact(SYSTEM, queries.placement(SYSTEM, code).subject).row.suspected_at is not None
        assert steps(code)["visit.central.d2"].state == "done"
        actions.check(nurse, code, CheckForm(temperature=38.9, symptoms="some"))
    with pytest.raises(Invalid, match="no temperature"):
        actions.check(nurse, code, CheckForm(temperature=3.65, symptoms="none"))
    with pytest.raises(NotAllowed):
        actions.check(wards.actor("grid"), code, WELL)


def test_a_forgotten_test_keeps_nobody_in_silence(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    with clock.at(NOW + timedelta(days=8)):
        hand_on()
        with pytest.raises(Conflict, match=r"Still missing: .*Test in central isolation"):
            actions.let_go(wards.actor("nurse"), code)
        assert queries.numbers(SYSTEM).overdue == 1 and queries.placement(SYSTEM, code).missing


def test_a_new_exposure_puts_the_release_off(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    hand_on()
    before = queries.placement(SYSTEM, code).row.leave_at
    with clock.at(NOW + timedelta(days=2)):
        person = contacts.contact(SYSTEM, queries.placement(SYSTEM, code).subject).person_id
        tracing.expose(wards.actor("investigator"), wards.met(person=people.codes_of([person])[person]))
        hand_on()
    after = queries.placement(SYSTEM, code).row.leave_at
    assert before is not None and after is not None and after == before + timedelta(days=2)


def test_whoever_becomes_a_case_must_be_taken_to_hospital(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    subject = queries.placement(SYSTEM, code).subject
    tracing.become_case(SYSTEM, subject, wards.card(person=""))
    hand_on()
    row = queries.placement(SYSTEM, code).row
    assert row.outcome == "became_case" and row.leave_at is not None and row.leave_at <= clock.now()
    with clock.at(NOW + timedelta(hours=1)):
        actions.let_go(wards.actor("nurse"), code)
        passing = queries.placement(SYSTEM, code).passing
        assert passing is not None and passing.to == "closed"
        actions.send(wards.actor("nurse"), code)
        actions.receive(wards.actor("chief"), code)
    assert queries.placement(SYSTEM, code).row.link == "closed"


def test_a_traveller_has_the_duty_of_arrivals_and_no_time_at_the_grid_is_missing(wards: Wards) -> None:
    code = wards.traveller()
    books_agree()
    owed = duties.of_subject("traveller", Placement.objects.get(code=code).pk)
    assert [one.kind for one in owed] == ["arrival.isolation"]
    actions.bring(wards.actor("chief"), code, wards.ward)
    actions.send(wards.actor("chief"), code)
    actions.receive(wards.actor("nurse"), code)
    assert queries.placement(SYSTEM, code).row.leave_at is not None
