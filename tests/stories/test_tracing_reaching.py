"""Somebody who cannot be reached: tried again when the pack says, and after so many times the county is told before it is late."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.core import clock
from fangxian.duties import queries as duties
from fangxian.tracing import actions, queries
from fangxian.tracing.models import Contact
from tests.support.county import START, with_pack
from tests.support.tracers import Tracers, books_agree

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=10)
AGAIN = timedelta(hours=2)


@pytest.fixture
def town() -> Iterator[Tracers]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Tracers.at(NOW)


def _met(town: Tracers) -> str:
    return str(actions.expose(town.actor("investigator"), town.met()).contact)


def _due_soon(code: str) -> list[Any]:
    contact = Contact.objects.get(code=code)
    steps = [step for duty in duties.of_subject("contact", contact.pk) for step in duty.steps.all()]
    return [one for one in steps if one.state == "open" and one.due_at and one.due_at <= clock.now() + clock.DAY]


def test_who_was_never_tried_in_vain_has_nothing_to_say(town: Tracers) -> None:
    assert queries.reaching(town.actor("grid"), _met(town)) == []


def test_each_attempt_says_when_to_try_again_and_the_third_tells_the_county(town: Tracers) -> None:
    code, grid = _met(town), town.actor("grid")
    for number in (1, 2, 3):
        with clock.at(NOW + number * AGAIN):
            actions.not_reached(grid, code, "nobody opened")
            (told,) = queries.reaching(grid, code)
            assert (told.tried, told.again_at, told.most) == (number, clock.now() + AGAIN, 3)
            assert told.helped is (number == 3)
            before = {step.escalated_to for step in _due_soon(code)}
            assert (before == {_county(code)}) is (number == 3), "nobody is bothered before it is time"
    books_agree()


def _county(code: str) -> str:
    return str(Contact.objects.get(code=code).area[:6])


def test_the_duty_officer_has_it_among_their_duties_and_the_holder_keeps_it(town: Tracers) -> None:
    code, grid = _met(town), town.actor("grid")
    held = {step.pk: (step.account_id, step.organisation_id) for step in _due_soon(code)}
    for number in (1, 2, 3, 4):
        with clock.at(NOW + number * AGAIN):
            actions.not_reached(grid, code, "phone off")
    mine = {step.pk for step in duties.my_steps(town.actor("officer"), limit=1000)}
    now = {step.pk: (step.account_id, step.organisation_id) for step in _due_soon(code)}
    assert now and set(now) <= mine and {pk: held[pk] for pk in now} == now
    books_agree()


def test_who_was_reached_begins_anew(town: Tracers) -> None:
    code, grid = _met(town), town.actor("grid")
    for hours in (2, 4):
        with clock.at(NOW + timedelta(hours=hours)):
            actions.not_reached(grid, code, "nobody opened")
    with clock.at(NOW + timedelta(hours=5)):
        actions.visit(town.actor("investigator"), code, {"phone_reached": True})
        assert queries.reaching(grid, code) == []
    with clock.at(NOW + timedelta(hours=6)):
        actions.not_reached(grid, code, "nobody opened")
        assert [one.tried for one in queries.reaching(grid, code)] == [1]
