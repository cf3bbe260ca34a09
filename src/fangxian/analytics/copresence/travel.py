"""Who travelled together (同乘): the same train, flight, ship or vehicle at the same time, and how near to each other.

A trip is a place that moves: who was aboard at the same time shared it, from where the later of the two got on to where the
first got off. The seats then say whether it was the same carriage, compartment or bay, and how many rows lay between.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.copresence.seats import Beside, Seat, beside, read_seat
from fangxian.analytics.copresence.sheets import Sheet
from fangxian.analytics.copresence.tables import ordered
from fangxian.analytics.copresence.tracing import Lines
from fangxian.text import Text

Array = NDArray[Any]
TRIPS = ("person", "trip", "t_in", "t_out")
#: How a trip is made, in the words of protocol packs and of lists, and whether its seats are counted by carriage.
TRANSPORTS = {
    "aircraft": ("flight", "plane", "飞机", "航班"), "sealed_train": ("train", "emu", "火车", "高铁", "动车", "列车"),
    "train": ("unsealed_train", "普通列车", "绿皮车"), "sealed_coach": ("空调客车",),
    "coach": ("bus_coach", "客车", "大巴", "长途客车"), "ship": ("ferry", "轮船", "船"),
    "car": ("taxi", "出租车", "网约车", "小汽车"), "metro": ("bus", "subway", "地铁", "公交", "公交车"),
}  # fmt: skip
#: Numbers of Chinese trains that are sealed and air-conditioned, and of flights (an airline's two characters first).
_TRAIN, _FLIGHT = re.compile(r"[GDCZTK]\d{1,4}"), re.compile(r"(?=\w?[A-Z])[A-Z0-9]{2}\d{3,4}[A-Z]?")
WITH_CARRIAGES = {"sealed_train", "train", "metro", ""}
#: Every word for a means of transport.
WORDS = tuple(word for key, words in TRANSPORTS.items() for word in (key, *words))
_MEANT = {word: key for key, words in TRANSPORTS.items() for word in (key, *words)}
_NO_SEAT = Text("请写成如“3号车厢”“12A”“15号中铺”“31-34排”“无座”", "Write as 3号车厢, 12A, 15号中铺, 31-34排 or 无座")
_NO_TRANSPORT = (
    Text("不是已知的交通工具；按未填写处理", "is no known means of transport; taken as not given"),
    Text("请写 " + "、".join(TRANSPORTS), "Write one of " + ", ".join(TRANSPORTS)),
)


class TripFile:
    """A file of trips: `person, trip, t_in, t_out` (boarded, alighted), and if there are `carriage, seat, transport`.

    `trip` is the number of the train, flight or vehicle; numbers that one row gives together (`G1234/G1235`) are one trip. A
    seat that cannot be read is named by row, and its passenger counts as aboard, the seat unknown. Where no row says how it was
    made, the number of a Chinese train or of a flight tells. `file`: the stays aboard.
    """

    def __init__(self, path: Path) -> None:
        sheet = Sheet(path, TRIPS, ("carriage", "seat", "transport"))
        instants, (t_in, t_out), _ = sheet.instants("t_in", "t_out")
        persons, _trips = sheet.labels("person"), sheet.labels("trip")
        seats = self._seats(sheet)
        transports = self._transports(sheet)
        trips = together(sheet.words("trip"))
        good = np.nonzero(sheet.good)[0]
        self.file = sheet.file(
            persons.combine_chunks().take(pa.array(good)), pa.array([trips[row] for row in good.tolist()], pa.string()),
            instants, t_in[good], t_out[good],
        )  # fmt: skip
        base = self.file.instants.base
        who, known = self.file.persons.find(persons.combine_chunks().take(pa.array(good)))
        self._aboard: dict[tuple[int, str], list[tuple[int, int, Seat]]] = defaultdict(list)
        self._by: dict[str, str] = {}
        for at, row in enumerate(good.tolist()):
            if known[at]:
                boarded, left = int(t_in[row]) - base, int(t_out[row]) - base
                self._aboard[int(who[at]), trips[row]].append((boarded, left, seats[row]))
            self._by[trips[row]] = self._by.get(trips[row]) or transports[row]
        self._by = {trip: how or by_number(trip) for trip, how in self._by.items()}

    def _seats(self, sheet: Sheet) -> list[Seat]:
        read = [read_seat(*both) for both in zip(sheet.words("carriage"), sheet.words("seat"), strict=True)]
        for row, (_seat, unread) in enumerate(read):
            if unread:
                said = Text(
                    f"“{unread}”不是座位；按在车上、座位不明计",
                    f'"{unread}" is no seat; counted as aboard, seat unknown',
                )
                sheet.remark("seat" if sheet.has("seat") else "carriage", [row], said, _NO_SEAT)
        return [seat for seat, _unread in read]

    def _transports(self, sheet: Sheet) -> list[str]:
        words = [word.lower() for word in sheet.words("transport")]
        odd = [row for row, word in enumerate(words) if word and word not in _MEANT]
        sheet.remark("transport", odd, *_NO_TRANSPORT)
        return [_MEANT.get(word, "") for word in words]

    def transport(self, lines: Lines) -> list[str]:
        """How each line travelled, a key of `TRANSPORTS`; "" where the file does not say."""
        return [self._by[trip] for trip in self.file.places.of(lines.place).to_pylist()]

    def beside(self, lines: Lines) -> list[Beside]:
        """How near the two of each line sat."""
        trips = self.file.places.of(lines.place).to_pylist()
        found = []
        for at, trip in enumerate(trips):
            begin, end = int(lines.t_in[at]), int(lines.t_out[at])
            one, other = (self._seat(int(who), trip, begin, end) for who in (lines.person[at], lines.via[at]))
            found.append(beside(one, other, carriages=self._by[trip] in WITH_CARRIAGES))
        return found

    def _seat(self, person: int, trip: str, begin: int, end: int) -> Seat:
        """Where somebody sat in that time: all of it, where the rows of one person name several seats."""
        return all_of([seat for since, until, seat in self._aboard[person, trip] if since <= end and until >= begin])

    def lines(self, lines: Lines) -> pa.Table:
        """As `StayFile.lines`, with transport, same_carriage, rows_apart, same_compartment, neighbouring_bay, crew_serving."""
        lines = ordered(lines)
        table = self.file.lines(lines).append_column("transport", pa.array(self.transport(lines), pa.string()))
        near = self.beside(lines)
        for name in Beside.__slots__:
            kind = pa.int32() if name == "rows_apart" else pa.bool_()
            table = table.append_column(name, pa.array([getattr(one, name) for one in near], kind))
        return table


def together(words: Sequence[str]) -> list[str]:
    """Each row's trip, the same word for numbers that some row gives together (`G7/G8`)."""
    first: dict[str, str] = {}

    def root(number: str) -> str:
        while first.setdefault(number, number) != number:
            number = first[number]
        return number

    rows = [[part.strip() for part in word.upper().split("/") if part.strip()] or [word] for word in words]
    for numbers in rows:
        for other in numbers[1:]:
            first[root(other)] = root(numbers[0])
    return [root(numbers[0]) for numbers in rows]


def all_of(seats: Sequence[Seat]) -> Seat:
    """Several seats of one traveller as one: somebody who moved was near to more."""
    if len(seats) == 1:
        return seats[0]
    return Seat(
        tuple(dict.fromkeys(label for seat in seats for label in seat.carriages)),
        tuple(dict.fromkeys(rows for seat in seats for rows in seat.rows)),
        next((seat.bay for seat in seats if seat.bay), None),
        next((seat.compartment for seat in seats if seat.compartment), None), any(seat.crew for seat in seats),
    )  # fmt: skip


def meant(word: str) -> str:
    """The means of transport that a word names, a key of `TRANSPORTS`; "" for any other word."""
    return _MEANT.get(word.lower(), "")


def by_number(trip: str) -> str:
    """How a trip is made by the look of its number, a key of `TRANSPORTS`; "" where it tells nothing."""
    if _TRAIN.fullmatch(trip):
        return "sealed_train"
    return "aircraft" if _FLIGHT.fullmatch(trip) else ""


def near(found: list[Beside], rows: int) -> Array:
    """Which pairs are within so many rows, in one compartment or neighbouring bays, or with the crew; bool (n).

    Where neither rows nor berths of both are known it goes by the carriage, and a pair of which nothing is known is kept:
    only who was certainly further away is left out.
    """
    return np.array([_near(one, rows) for one in found], bool)


def _near(one: Beside, rows: int) -> bool:
    if one.crew_serving:
        return True
    if one.same_carriage is False:
        return False
    known = [fact for fact in (one.same_compartment, one.neighbouring_bay) if fact is not None]
    if one.rows_apart is not None:
        known.append(one.rows_apart <= rows)
    return any(known) if known else True
