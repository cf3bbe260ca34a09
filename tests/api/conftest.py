"""One city for each module of tests; what a test does there is undone after it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.exchange import Exchange


@pytest.fixture(scope="module")
def duty_room(django_db_setup: None, django_db_blocker: object) -> "Iterator[Exchange]":
    from tests.support.exchange import on_duty

    with on_duty(django_db_blocker) as exchange:
        yield exchange


@pytest.fixture
def exchange(duty_room: "Exchange", db: None) -> "Iterator[Exchange]":
    """The city behind the API, with a line for each of its people."""
    from fangxian.core import clock
    from tests.support.exchange import NOW

    with clock.at(NOW):
        yield duty_room
