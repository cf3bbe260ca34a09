"""2,852 published journeys of cases, with the seats as authorities wrote them: what is read, what is not, who travelled together."""

import csv
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fangxian.analytics import copresence
from fangxian.analytics.copresence.seats import Seat, beside, read_seat
from fangxian.analytics.copresence.travel import TripFile
from tests.support.reference import ABSENT, DATA

TRIPS = DATA / "china_places_trips" / "covid_virus_trip.csv"


@pytest.fixture(scope="module")
def published() -> list[dict[str, str]]:
    if not TRIPS.exists():
        pytest.skip(ABSENT)
    with TRIPS.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_nearly_every_seat_is_read_and_the_others_are_none(published: list[dict[str, str]]) -> None:
    read = [(row, *read_seat(row["carriage"], row["seatNo"])) for row in published]
    told = [one for one in read if one[0]["carriage"] or one[0]["seatNo"]]
    unread = [one for one in told if one[2]]
    assert (len(published), len(told)) == (2852, 1245)
    assert len(unread) <= 62  # taxis, addresses, "近餐车": no seats
    by = Counter({"carriage": 0, "rows": 0, "berth": 0, "crew": 0})
    for _row, seat, _left in read:
        by.update(
            carriage=bool(seat.carriages),
            rows=bool(seat.rows),
            berth=bool(seat.bay or seat.compartment),
            crew=seat.crew,
        )
    assert by["carriage"] >= 1040 and by["rows"] >= 400 and by["berth"] >= 40 and by["crew"] >= 50
    for row, seat, _left in read:
        assert all(0 < first <= last < 100 for first, last in seat.rows), (row["carriage"], row["seatNo"])


def test_who_travelled_together_is_who_a_clerk_finds(published: list[dict[str, str]], tmp_path: Path) -> None:
    """Every pair of published journeys aboard the same train, flight or ship at the same time, and how near they sat."""
    rows = [row for row in published if row["tripType"] in ("train", "flight", "ship") and row["tripNo"].strip()]
    rows = [row for row in rows if row["tripArrtime"] > row["tripDeptime"] > ""]
    assert len(rows) > 1000
    table = pa.table(
        {
            "person": [row["id"] for row in rows], "trip": [row["tripNo"] for row in rows],
            "t_in": pa.array([row["tripDeptime"] for row in rows]).cast(pa.timestamp("s")),
            "t_out": pa.array([row["tripArrtime"] for row in rows]).cast(pa.timestamp("s")),
            "carriage": [row["carriage"] for row in rows], "seat": [row["seatNo"] for row in rows],
            "transport": [row["tripType"] for row in rows],
        }
    )  # fmt: skip
    pq.write_table(table, tmp_path / "trips.parquet")
    trips = TripFile(tmp_path / "trips.parquet")
    numbers = {row["id"]: {part.strip() for part in row["tripNo"].upper().split("/")} for row in rows}
    alone = [row for row in rows if len(numbers[row["id"]]) == 1]
    cases = [row["id"] for row in alone[::3]]
    found: set[tuple[str, str, int | None, bool | None]] = set()
    index = copresence.Index.of(trips.file.persons.find(pa.array(cases))[0], [0] * len(cases), [2**31 - 2] * len(cases))
    lines = copresence.trace(trips.file.stays(), index, tau=60).lines
    assert lines is not None
    for one, near in zip(_pairs(trips, lines), trips.beside(lines), strict=True):
        found.add((*one, near.rows_apart, near.same_carriage))
    seats: dict[str, Seat] = {row["id"]: read_seat(row["carriage"], row["seatNo"])[0] for row in rows}
    expected, known = set(), set(cases)
    of = {row["id"]: row for row in rows}
    for via in cases:
        for row in rows:
            if row["id"] in known or not numbers[via] & numbers[row["id"]]:
                continue
            if min(row["tripArrtime"], of[via]["tripArrtime"]) > max(row["tripDeptime"], of[via]["tripDeptime"]):
                near = beside(seats[row["id"]], seats[via], carriages=row["tripType"] == "train")
                expected.add((row["id"], via, near.rows_apart, near.same_carriage))
    assert {one[:2] for one in expected} <= {one[:2] for one in found}
    assert len(found) > 100 and any(one[2] is not None and one[2] <= 3 for one in found)
    alike = {one for one in found if numbers[one[0]] & numbers[one[1]]}
    assert alike == expected


def _pairs(trips: TripFile, lines: copresence.Lines) -> list[tuple[str, str]]:
    names = [trips.file.persons.of(codes).to_pylist() for codes in (lines.person, lines.via)]
    return list(zip(*names, strict=True))
