"""What is left to decide once promises are kept: free seats and rooms, and the classes that trips and floors are already for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from fangxian.analytics.allocation.problem import AllocationError, Party, Problem, Room, Site

Floor = tuple[str, str]


@dataclass(slots=True)
class State:
    """Seats left by trip, free rooms by floor, and what trips (class, site) and floors (class) are settled for; "" for not yet.

    `size` is how many rooms a floor has in all. `taken` maps a row of the problem's parties to the trip and room that they have.
    """

    problem: Problem
    parties: tuple[Party, ...]
    sites: dict[str, Site]
    seats: list[int]
    trips: list[tuple[str, str]]
    floors: dict[Floor, str]
    rooms: dict[Floor, list[Room]]
    size: dict[Floor, int]
    taken: dict[int, tuple[int, Room]] = field(default_factory=dict)

    def copy(self) -> State:
        """A state that can be changed without this one."""
        return State(
            self.problem, self.parties, self.sites, list(self.seats), list(self.trips), dict(self.floors),
            {floor: list(rooms) for floor, rooms in self.rooms.items()}, self.size, dict(self.taken),
        )  # fmt: skip

    def fits(self, party: Party, trip: int) -> bool:
        """Whether a trip could take them, but for seats: zone, time, class and what the vehicle has."""
        one = self.problem.trips[trip]
        kind = self.trips[trip][0]
        return (
            one.zone == party.zone
            and one.departs >= party.ready
            and kind in ("", party.kind)
            and party.ride <= one.features
        )

    def take(self, row: int, trip: int, room: Room) -> None:
        """Give a party a trip and a room, which settles both for their class. Raises AllocationError where that is not possible."""
        party, run = self.parties[row], self.problem.trips[trip]
        who = self.problem.people[party.people[0]].name
        floor = (room.site, room.floor)
        kind, site = self.trips[trip]
        fault = next(
            (words for wrong, words in (
                (self.seats[trip] < party.size, (f"车次 {run.name} 座位不够", f"trip {run.name} has too few seats")),
                (kind not in ("", party.kind), (f"车次 {run.name} 是{kind}类的", f"trip {run.name} is for {kind}")),
                (site not in ("", room.site), (f"车次 {run.name} 去 {site}", f"trip {run.name} goes to {site}")),
                (self.floors.get(floor, "") not in ("", party.kind),
                 (f"{room.site} {room.floor} 是{self.floors.get(floor)}类的", f"{room.site} {room.floor} is for {self.floors.get(floor)}")),
                (room not in self.rooms.get(floor, ()), (f"房间 {room.name} 已有人", f"room {room.name} is taken")),
                (room.beds < party.size, (f"房间 {room.name} 床位不够", f"room {room.name} has too few beds")),
            ) if wrong), None,
        )  # fmt: skip
        if fault:
            raise AllocationError(
                f"对 {who} 的承诺无法兑现：{fault[0]}；请与本人另行约定并撤销该承诺。",
                f"What {who} was promised cannot be kept: {fault[1]}. Agree anew with them and withdraw the promise.",
            )
        self.seats[trip] -= party.size
        self.trips[trip] = (party.kind, room.site)
        self.floors[floor] = party.kind
        self.rooms[floor].remove(room)
        self.taken[row] = (trip, room)

    def release(self, rows: Iterable[int]) -> None:
        """Take parties' trips and rooms from them again; a trip or a floor that nobody has any more can be settled anew."""
        for row in rows:
            trip, room = self.taken.pop(row)
            self.seats[trip] += self.parties[row].size
            self.rooms[room.site, room.floor].append(room)
            run = self.problem.trips[trip]
            if self.seats[trip] == run.seats:
                self.trips[trip] = (run.kind, run.site)
            floor = (room.site, room.floor)
            if len(self.rooms[floor]) == self.size[floor]:
                self.floors[floor] = self.problem.floors.get(floor, "")

    def leave_empty(self, kind: str) -> None:
        """Floors that a class has and nobody lives on can be settled anew."""
        for floor, free in self.rooms.items():
            if self.floors.get(floor) == kind and len(free) == self.size[floor]:
                self.floors[floor] = self.problem.floors.get(floor, "")


def kept(problem: Problem) -> State:
    """The state after all promises. Raises AllocationError for one that cannot be kept, naming person and reason."""
    rooms: dict[Floor, list[Room]] = defaultdict(list)
    for room in problem.rooms:
        rooms[room.site, room.floor].append(room)
    state = State(
        problem, problem.parties, {site.name: site for site in problem.sites}, [trip.seats for trip in problem.trips],
        [(trip.kind, trip.site) for trip in problem.trips], dict(problem.floors), dict(rooms),
        {floor: len(free) for floor, free in rooms.items()},
    )  # fmt: skip
    by_person = {one.person: one for one in problem.promises}
    trips = {trip.name: number for number, trip in enumerate(problem.trips)}
    named = {room.name: room for room in problem.rooms}
    for row, party in enumerate(state.parties):
        said = {(one.trip, one.room) for i in party.people if (one := by_person.get(problem.people[i].name))}
        if len(said) > 1:
            name = problem.people[party.people[0]].name
            raise AllocationError(
                f"对 {name} 一家的承诺互相矛盾；请只留一个。",
                f"The family of {name} was promised different things. Keep one of them.",
            )
        for promised_trip, promised_room in said:
            state.take(row, trips[promised_trip], named[promised_room])
    return state
