"""Seats as people write them, and how near two of them are."""

import pyarrow as pa
import pytest

from fangxian.analytics.copresence.seats import Beside, Seat, beside, read_seat
from fangxian.analytics.copresence.tickets import read_ticket, tickets_of
from fangxian.analytics.copresence.travel import by_number


@pytest.mark.parametrize(
    ("carriage", "seat", "expected"),
    [
        ("", "12A", Seat((), ((12, 12),))), ("03车07F号", "", Seat(("3",), ((7, 7),))), ("", "02车15A", Seat(("2",), ((15, 15),))),
        ("3号车厢", "无座", Seat(("3",))), ("11", "", Seat(("11",))), ("", "95号", Seat()), ("加1号车厢", "", Seat(("加1",))),
        ("13、14号车厢", "", Seat(("13", "14"))), ("5-8号车厢保洁员", "", Seat(("5", "6", "7", "8"), crew=True)),
        ("", "31-34排", Seat((), ((31, 34),))), ("1排，31-34排", "", Seat((), ((1, 1), (31, 34)))), ("", "031C号", Seat((), ((31, 31),))),
        ("4号、5号硬卧车厢", "15号中铺", Seat(("4", "5"), bay=8)), ("12车", "33号下铺软卧", Seat(("12",), compartment=9)),
        ("10车5号转14车9号", "", Seat(("10", "14"))), ("未知", "不详", Seat()), ("", "10排(夫妻2人)", Seat((), ((10, 10),))),
    ],
)  # fmt: skip
def test_a_seat_is_read(carriage: str, seat: str, expected: Seat) -> None:
    assert read_seat(carriage, seat) == (expected, "")


def test_what_is_no_seat_is_named_and_the_rest_is_kept() -> None:
    assert read_seat("6号车厢", "近餐车座位") == (Seat(("6",)), "近餐车")
    assert read_seat("武夷山2路公交车", "")[1] == "武夷山路公交车"
    assert read_seat("黑色尼桑轿车", "")[0] == Seat()


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("3车", "12F"), ("3车", "10A"), Beside(True, 2, None, None, False)),
        (("3车", "12F"), ("8车", "12F"), Beside(False, None, False, False, False)),
        (("", "12F"), ("3车", "12F"), Beside(None, None, None, None, False)),
        (("3-5车", "列车员"), ("4车", "1A"), Beside(True, None, None, None, True)),
        (("3-5车", "列车员"), ("9车", "1A"), Beside(False, None, False, False, False)),
        (("7车", "5号上铺"), ("7车", "8号中铺"), Beside(True, None, None, True, False)),
        (("7车", "5号上铺"), ("7车", "11号中铺"), Beside(True, None, None, False, False)),
        (("9车", "33号软卧下铺"), ("9车", "36号软卧上铺"), Beside(True, None, True, None, False)),
        (("9车", "33号软卧下铺"), ("9车", "32号软卧上铺"), Beside(True, None, False, None, False)),
    ],
)
def test_how_near_two_seats_are(one: tuple[str, str], other: tuple[str, str], expected: Beside) -> None:
    assert beside(read_seat(*one)[0], read_seat(*other)[0]) == expected
    assert beside(read_seat(*other)[0], read_seat(*one)[0]) == expected


def test_the_number_of_a_trip_tells_how_it_was_made() -> None:
    trips = {
        "G1234": "sealed_train",
        "K984": "sealed_train",
        "CA1646": "aircraft",
        "8L9564": "aircraft",
        "3U8633": "aircraft",
    }
    trips |= {"G52665": "aircraft", "6063": "", "鲁F3879": "", "12345": ""}
    assert {trip: by_number(trip) for trip in trips} == trips


def test_an_aircraft_has_no_carriages() -> None:
    published, passenger = read_seat("", "31-34排")[0], read_seat("经济舱", "28H")[0]
    assert beside(published, passenger, carriages=False) == Beside(None, 3, None, None, False)


def test_a_place_is_a_ticket_only_where_something_says_so():
    read = [one.transport if (one := read_ticket(label)) else "" for label in LABELS]
    assert read == list(LABELS.values())


#: Labels of places and the means of transport whose tickets they are.
LABELS = {
    "G1234/03车07F": "sealed_train", "CA1646/31A": "aircraft", "大巴 川A12345/5排": "coach", "K12/3车12号": "sealed_train",
    "CA1646": "aircraft", "D12/3": "", "MALL/zone-3": "", "河口小馆": "", "": "", "/": "",
}  # fmt: skip


def test_a_number_alone_is_a_trip_only_where_others_name_its_seats():
    labels = pa.array(["P12345", "CA1646", "CA1646/31A", "G7/2车1A", None, "P12345 "])
    assert tickets_of(labels, [0]) == {}, "a house that reads like a flight"
    assert set(tickets_of(labels, [1])) == {1, 2}
    assert tickets_of(labels.slice(0, 0), []) == {}
