"""Whoever had left a site and must be isolated again is on the list of those who wait, like anybody else."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.forms import CheckForm, PlacementForm
from fangxian.containment.isolation.models import Placement
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from fangxian.duties.rebuild import differences
from fangxian.duties.sweep import sweep
from fangxian.laboratory import actions as laboratory
from fangxian.laboratory.schemas import ResultForm, TubeForm
from fangxian.registry import queries as people
from fangxian.tracing import actions as tracing
from fangxian.tracing import queries as contacts
from tests.support.county import START, with_pack
from tests.support.tracers import books_agree, hand_on
from tests.support.wards import Wards

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=2)
TUBE = "AGAIN00001"


@pytest.fixture
def wards() -> Iterator[Wards]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Wards.ready(NOW)


def midnight(wards: Wards, code: str, day: int) -> datetime:
    """Midnight so many days after the last exposure."""
    exposed = contacts.contact(SYSTEM, Placement.objects.get(code=code).subject_code).row.last_exposure_at
    return clock.local_midnight(exposed.astimezone(clock.zone()).date() + timedelta(days=day))


def sampled(code: str, prefix: str) -> None:
    row = Placement.objects.get(code=code)
    for duty in duties.of_subject("contact", row.subject_id):
        for step in duty.steps.all():
            if step.key.startswith(prefix) and step.state == "open":
                duty_actions.complete(SYSTEM, step.pk, {"result": "negative"})


def at_home(wards: Wards) -> str:
    """Somebody who was on the site for their time and is at home for the rest."""
    code = wards.brought(wards.told(), "A-301")
    with clock.at(midnight(wards, code, 8) + timedelta(hours=8)):
        sampled(code, "test.central")
        hand_on()
        actions.let_go(wards.actor("nurse"), code)
        actions.send(wards.actor("nurse"), code)
        actions.receive(wards.actor("grid"), code)
        hand_on()
    assert queries.placement(SYSTEM, code).row.link == "home"
    return code


def expose_again(wards: Wards, code: str) -> str:
    person = Placement.objects.get(code=code).person_id
    found = tracing.expose(wards.actor("investigator"), wards.met(person=people.codes_of([person])[person])).contact
    hand_on()
    return found


def waiting() -> list[str]:
    return [one.contact for one in queries.waiting(SYSTEM)]


def test_exposed_again_at_home_means_to_be_brought_in_again(wards: Wards) -> None:
    code = at_home(wards)
    contact = queries.placement(SYSTEM, code).subject
    with clock.at(midnight(wards, code, 9) + timedelta(hours=10)):
        assert contact not in waiting()
        assert expose_again(wards, code) == contact, "still the same watch"
        row = queries.placement(SYSTEM, code).row
        assert (row.link, row.outcome) == ("closed", "again")
        (one,) = [one for one in queries.waiting(SYSTEM) if one.contact == contact]
        assert one.due_at == clock.now() + timedelta(hours=12), "the clock starts now, not when it first did"
        books_agree()
        assert list(differences()) == []
        second = actions.tell(wards.actor("grid"), PlacementForm(contact=contact)).code
        assert contact not in waiting() and queries.placement(SYSTEM, second).row.deadline == one.due_at
        wards.brought(second, "A-302")
        assert [step.attempt for step in _transfers(second) if step.state == "done"] == [1, 2]
        books_agree()


def test_whoever_was_let_go_early_by_a_decision_is_not_fetched_back_for_a_clock_that_moved(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    with clock.at(NOW + timedelta(days=3)):
        actions.release_early(wards.actor("chief"), code, "cares for a newborn")
        actions.let_go(wards.actor("nurse"), code)
        actions.send(wards.actor("nurse"), code)
        actions.receive(wards.actor("grid"), code)
        hand_on()
        assert queries.placement(SYSTEM, code).row.link == "home" and waiting() == []
    with clock.at(NOW + timedelta(days=5)):
        contact = expose_again(wards, code)
        assert contact in waiting(), "an exposure after the decision is another matter"


def test_a_release_that_did_not_hold_puts_them_on_the_list_and_one_that_holds_takes_them_off(wards: Wards) -> None:
    code = at_home(wards)
    contact, person = queries.placement(SYSTEM, code).subject, Placement.objects.get(code=code).person_id
    with clock.at(midnight(wards, code, 10) + timedelta(hours=10)):
        alone = TubeForm(
            code=TUBE, kind="single", people=[people.codes_of([person])[person]], reason="contact", organisation=wards.team
        )  # fmt: skip
        laboratory.collect(SYSTEM, alone)
        laboratory.report_result(SYSTEM, ResultForm(code=TUBE, value="negative"), laboratory=wards.cdc)
        hand_on()
        for day in (8, 9, 10):
            with clock.at(midnight(wards, code, day) + timedelta(hours=18)):
                actions.check(wards.actor("grid"), code, CheckForm(temperature=36.5, symptoms="none"))
    with clock.at(midnight(wards, code, 11) + timedelta(minutes=1)):
        sweep()
        hand_on()
        assert contacts.contact(SYSTEM, contact).row.state == "released" and waiting() == []
    with clock.at(midnight(wards, code, 12)):
        laboratory.correct_result(SYSTEM, TUBE, "indeterminate", "the plate was contaminated")
        hand_on()
        assert contacts.contact(SYSTEM, contact).row.state == "watched"
        assert waiting() == [contact], "they have left, so somebody must tell them"
        assert list(differences()) == []
        laboratory.correct_result(SYSTEM, TUBE, "negative", "the second run is clear")
        hand_on()
        sweep()
        hand_on()
        assert contacts.contact(SYSTEM, contact).row.state == "released" and waiting() == []
        books_agree()
        assert list(differences()) == []


def test_released_for_good_and_exposed_again_is_a_new_watch_that_waits(wards: Wards) -> None:
    code = at_home(wards)
    old = queries.placement(SYSTEM, code).subject
    with clock.at(midnight(wards, code, 11) + timedelta(minutes=1)):
        sampled(code, "test.home")
        sweep()
        hand_on()
        assert queries.placement(SYSTEM, code).row.outcome == "released"
    with clock.at(midnight(wards, code, 14)):
        fresh = expose_again(wards, code)
        assert fresh != old and waiting() == [fresh]


def test_isolated_at_home_from_the_first_is_owed_no_way_to_a_site(wards: Wards) -> None:
    code = wards.told()
    actions.keep_at_home(wards.actor("grid"), code)
    actions.send(wards.actor("grid"), code)
    actions.receive(wards.actor("grid"), code)
    (transfer,) = _transfers(code)
    assert transfer.state == "waived" and transfer.reason == "Isolated at home."


def _transfers(code: str) -> list[Any]:
    row = Placement.objects.get(code=code)
    owed = duties.of_subject("contact", row.subject_id)
    return [step for duty in owed for step in duty.steps.all() if step.key == "transfer"]
