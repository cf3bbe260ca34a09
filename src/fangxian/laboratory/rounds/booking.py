"""Appointments (分时预约): households in hours of points, neighbours together, points filled in proportion to what they can take.

Pure: households and points in, one place for each household out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import heapify, heapreplace
from itertools import groupby

from fangxian.registry.levels import LEVELS

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Door:
    """A household to be given an hour: where it lives (code, building id or 0), its own id, and how many people it has."""

    area: str
    building: int
    door: int
    people: int


@dataclass(frozen=True, slots=True)
class Desk:
    """A point: its id, where it is, people an hour, and the hours (instants) at which it works, in order."""

    id: int
    area: str
    per_hour: int
    hours: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """A household's place: the desk (id) and the hour."""

    door: Door
    desk: int
    at: datetime


def hours(start: datetime, until: datetime, opens: int, closes: int) -> tuple[datetime, ...]:
    """The full hours between two local instants at which a point works (from `opens` to before `closes` of each day)."""
    first = start.replace(minute=0, second=0, microsecond=0)
    first += HOUR if first < start else timedelta(0)
    count = max(0, int((until - first) / HOUR))
    return tuple(at for number in range(count) if opens <= (at := first + number * HOUR).hour < closes)


def spread(doors: Sequence[Door], desks: Sequence[Desk]) -> list[Seat]:
    """A place for every household. None is left out: what exceeds all that the points can take goes on evenly over them.

    Buildings go whole, in the order of the doors given: of the desks that share the longest piece of their code to the least
    full, if it has room in its hours, else to the least full of all. Within a desk the hours fill one after the other; what exceeds
    its last hour begins again at the first, so that queues grow everywhere alike.
    """
    lines = [_Line(desk) for desk in desks if desk.hours and desk.per_hour > 0]
    if not lines:
        return []
    everywhere, near, seats = _Pool(lines), dict[str, _Pool](), list[Seat]()
    for (area, _building), group in groupby(doors, key=lambda one: (one.area, one.building)):
        together = list(group)
        if area not in near:
            near[area] = _Pool(_nearest(area, lines))
        line = near[area].least_full()
        if line.room < sum(one.people for one in together):
            line = everywhere.least_full()
        seats += line.take(together)
    return seats


class _Line:
    """A desk while it fills."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.taken = desk, 0
        self.capacity = desk.per_hour * len(desk.hours)

    @property
    def room(self) -> int:
        return self.capacity - self.taken

    @property
    def filled(self) -> float:
        return self.taken / self.capacity

    def take(self, doors: Sequence[Door]) -> Iterator[Seat]:
        for one in doors:
            hour = self.taken // self.desk.per_hour % len(self.desk.hours)
            yield Seat(one, self.desk.id, self.desk.hours[hour])
            self.taken += one.people


class _Pool:
    """Desks among which the least full one is wanted, over and over; what stands in the heap may be out of date."""

    def __init__(self, lines: Sequence[_Line]) -> None:
        self.lines = lines
        self.heap = [(line.filled, number) for number, line in enumerate(lines)]
        heapify(self.heap)

    def least_full(self) -> _Line:
        while True:
            filled, number = self.heap[0]
            now = self.lines[number].filled
            if now == filled:
                return self.lines[number]
            heapreplace(self.heap, (now, number))


def _nearest(area: str, lines: Sequence[_Line]) -> list[_Line]:
    """The desks that share the longest piece of a code, of whole levels; all of them, where none shares any."""
    shared = [_shared(area, line.desk.area) for line in lines]
    longest = max(shared)
    return [line for line, length in zip(lines, shared, strict=True) if length == longest]


def _shared(one: str, other: str) -> int:
    return max((length for length in LEVELS if one[:length] == other[:length] and len(one) >= length), default=0)
