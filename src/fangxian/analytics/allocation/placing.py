"""Which party goes on which trip and into which room, once trips and floors are settled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from scipy.optimize import linear_sum_assignment

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Come, Prices, house
from fangxian.analytics.allocation.problem import Room
from fangxian.analytics.allocation.programme import Programme
from fangxian.analytics.allocation.state import State


def placed(
    state: State, rates: Rates, rows: Iterable[int], seconds: float, *,
    caps: Mapping[int, float] | None = None, prices: Prices | None = None,
) -> State | None:  # fmt: skip
    """Of these parties everybody whom the settled trips and floors can take, at the least cost; None where none is found in time.

    `caps`: for each priority, weighted hours late (those unplaced included) that must not be exceeded. `prices`: see `flows.house`.
    """
    programme = Programme()
    seats: dict[int, list[tuple[int, float]]] = defaultdict(list)
    come: Come = defaultdict(list)
    late: dict[int, list[tuple[int, float]]] = defaultdict(list)
    rides: dict[tuple[int, int], int] = {}
    for row in rows:
        party = state.parties[row]
        left = programme.variable(rates.unplaced(party), 1.0)
        late[party.priority].append((left, rates.unplaced(party) / rates.hour))
        either = [(left, 1.0)]
        for trip in rates.trips_of(party, state):
            kind, site = state.trips[trip]
            if kind != party.kind or not site:
                continue
            variable = programme.variable(rates.cost(party, trip, site), 1.0, whole=True)
            rides[row, trip] = variable
            either.append((variable, 1.0))
            seats[trip].append((variable, float(party.size)))
            come[site, kind, (party.size, party.needs)].append(variable)
            if hours := party.weight * rates.late(party, trip, site):
                late[party.priority].append((variable, hours))
        programme.equal(either, 1.0)
    for trip, load in seats.items():
        programme.limit(load, float(state.seats[trip]))
    house(programme, state, come, prices or {}, whole=True)
    for priority, terms in late.items():
        if caps and priority in caps:
            programme.limit(terms, caps[priority] + 1e-6)
    if not rides:
        return state.copy()
    found = programme.solve(seconds, 1e-4)
    if found.values is None:
        return None
    values = found.values
    return _housed(state, {row: trip for (row, trip), variable in rides.items() if values[variable] > 0.5})


def _housed(state: State, rides: Mapping[int, int]) -> State:
    """Rooms for those who ride: who comes together lives on one floor as far as it goes; the tightest rooms for the most needy."""
    done = state.copy()
    by_place: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, trip in rides.items():
        by_place[state.trips[trip][1], state.parties[row].kind].append(row)
    for (site, kind), rows in sorted(by_place.items()):
        rooms = [
            room
            for floor, free in done.rooms.items()
            if floor[0] == site and done.floors.get(floor) == kind
            for room in free
        ]
        order = sorted(rows, key=lambda row: (rides[row], row))
        for row, room in zip(order, _matched(done, order, rooms), strict=True):
            done.take(row, rides[row], room)
    return done


def _matched(state: State, rows: list[int], rooms: list[Room]) -> list[Room]:
    """A room for each party; there is one, for the programme counted them."""
    waste = np.full((len(rows), len(rooms)), 1e9)
    for i, row in enumerate(rows):
        party = state.parties[row]
        for j, room in enumerate(rooms):
            if room.beds >= party.size and party.needs <= room.features:
                waste[i, j] = 1000 * (room.beds - party.size + len(room.features - party.needs)) + abs(i - j)
    _, columns = linear_sum_assignment(waste)
    return [rooms[j] for j in columns.tolist()]
