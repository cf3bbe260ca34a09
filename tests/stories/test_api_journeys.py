"""A railway's system sends its passenger lists by API: whole, once, fault by fault, and a search finds who sat near the case."""

from collections.abc import Iterator
from typing import Any

import pytest

from fangxian.analytics.copresence.tickets import read_ticket
from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.registry.models import LakeKey, Person
from fangxian.tracing import lakes
from tests.support.exchange import NOW, Exchange, Line, on_duty
from tests.support.world import CITY

PATH = "/journeys?source=rail&batch={}"
BOARDED, ALIGHTED = "2026-03-04T08:10:00+08:00", "2026-03-04T09:40:00+08:00"


def journey(**told: Any) -> dict[str, Any]:
    return {"trip": "G1234", "start": BOARDED, "end": ALIGHTED, "carriage": "3", **told}


JOURNEYS = [
    journey(phone="13900000001", seat="07F"), journey(number="A-1", seat="06A"),
    journey(id_number="11010519491231002X", phone="13900000003", seat="12B", trip="g1234"),
]  # fmt: skip


@pytest.fixture(scope="module")
def duty_room(django_db_setup: None, django_db_blocker: object) -> Iterator[Exchange]:
    with on_duty(django_db_blocker) as exchange:
        yield exchange


@pytest.fixture
def rail(duty_room: Exchange, db: None) -> Iterator[Line]:
    with clock.at(NOW):
        account = accounts.create_account(SYSTEM, "rail", "汐州铁路", grants=[Grant("stay_source", CITY)])
        duty_room.city.staff["rail"] = account
        duty_room.lines.pop("rail", None)
        yield duty_room.line("rail")


def seats() -> set[str]:
    return set(lakes.lake().places().values.to_pylist())


def test_a_passenger_list_is_taken_once_and_each_seat_is_a_place(rail: Line) -> None:
    first = rail.post(PATH.format("G1234-0304"), JOURNEYS)
    assert first.status_code == 200, first.content
    told = first.json()
    assert (told["rows"], told["taken"], told["faulty"], told["repeated"]) == (3, 3, 0, False)
    assert told["days"] == {"2026-03-04": 3} and told["refused"] == told["doubtful"] == []
    assert seats() == {"G1234/3车07F", "G1234/3车06A", "G1234/3车12B"}
    assert all(read_ticket(seat) is not None for seat in seats())
    people = Person.objects.count()
    assert rail.post(PATH.format("G1234-0304"), JOURNEYS).json() == told | {"repeated": True}
    other = rail.post(PATH.format("G1234-0304"), JOURNEYS[:2])
    assert (other.status_code, other.json()["code"]) == (409, "batch_reused")
    again = rail.post(
        PATH.format("next day"),
        [{**one, "start": "2026-03-04T10:00:00+08:00", "end": "2026-03-04T11:00:00+08:00"} for one in JOURNEYS],
    )
    assert again.json()["taken"] == 3, again.content
    assert Person.objects.count() == people and LakeKey.objects.count() == 3, "known by the same numbers"


def test_journeys_at_fault_are_told_by_their_place_and_the_others_are_taken(rail: Line) -> None:
    rows: list[Any] = [
        journey(phone="13900000001", seat="07F"), journey(seat="06A"), journey(phone="13900000002", trip="8"),
        journey(phone="13900000003", start="this morning"), journey(phone="not a number"),
        journey(phone="13900000004", start=ALIGHTED, end=BOARDED), journey(phone="13900000005", seat="靠窗"), "no journey",
    ]  # fmt: skip
    answer = rail.post(PATH.format("1"), rows)
    told = answer.json()
    assert (answer.status_code, told["rows"], told["taken"], told["faulty"]) == (200, 8, 2, 6), answer.content
    assert [(one["index"], one["problem"].get("field")) for one in told["refused"][:5]] == [
        (1, "number"), (2, "trip"), (3, "start"), (4, "phone"), (5, "end"),
    ]  # fmt: skip
    assert told["refused"][5]["index"] == 7 and all(one["problem"]["remedy"] for one in told["refused"][:5])
    assert [(one["index"], one["problem"]["field"]) for one in told["doubtful"]] == [(6, "seat")]
    nobody = rail.post(PATH.format("2"), [journey()])
    assert (nobody.status_code, nobody.json()["taken"], nobody.json()["faulty"]) == (200, 0, 1), nobody.content


def test_whoever_may_send_no_stays_sends_no_journeys(rail: Line, duty_room: Exchange) -> None:
    for post in ("grid", "leader"):
        assert duty_room.line(post).post(PATH.format("1"), JOURNEYS).status_code == 403
    bodies: tuple[Any, ...] = ([], {}, [journey(phone="13900000001")] * 5001)
    for body in bodies:
        assert rail.post(PATH.format("1"), body).status_code == 422
    assert lakes.lake().days() == [] and LakeKey.objects.count() == 0
