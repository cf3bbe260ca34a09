"""Parties onto trips and into rooms, in whole numbers: the programme of some parties, solved and carried out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from time import perf_counter

import numpy as np
from scipy.optimize import linear_sum_assignment

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Group, Sites, flow, grouped
from fangxian.analytics.allocation.problem import Room
from fangxian.analytics.allocation.programme import Programme
from fangxian.analytics.allocation.rooms import Rooms
from fangxian.analytics.allocation.state import State

#: How exactly people are put on trips that are settled.
_WHOLE_GAP = 1e-3


def placed(
    state: State, rates: Rates, rows: Iterable[int], sites: Sites, *, seconds: float, gap: float = 1e-3,
    caps: Mapping[int, float] | None = None,
) -> State | None:  # fmt: skip
    """The state with these parties on trips and in rooms at little cost; None where nothing is found in time.

    Trips are settled first, as if parties could be split; then parties go onto them in whole numbers. `sites`: where a trip may take a
    party. `caps`: see `flow`.
    """
    rows = list(rows)
    start = perf_counter()
    groups = grouped(state, rows)
    rooms = Rooms.of(state, {state.parties[row].kind for row in rows})
    programme = Programme()
    flows = flow(programme, state, rates, rooms, groups, sites, caps=caps)
    if not flows.rides:
        return state.copy()
    programme.split(flows.rides.values())
    housing = rooms.house(programme, flows.come)
    found = programme.solve(seconds, gap)
    if found.values is None:
        return None
    done = state.copy()
    done.floors |= housing.floors(found.values)
    # A trip that nobody rides stays free to be settled for others.
    loads: dict[int, float] = defaultdict(float)
    for (_, trip, _), variable in flows.rides.items():
        loads[trip] += float(found.values[variable])
    for (trip, kind, site), option in flows.options.items():
        if found.values[option] > 0.5 and loads[trip] > 1e-6:
            done.trips[trip] = (kind, site)
    return _ridden(done, rates, groups, max(seconds - perf_counter() + start, 0.5), caps)


def _ridden(
    state: State, rates: Rates, groups: list[Group], seconds: float, caps: Mapping[int, float] | None
) -> State | None:  # fmt: skip
    """In whole numbers onto the trips as they are settled."""
    programme = Programme()
    rooms = Rooms.of(state, {group.party.kind for group in groups})
    flows = flow(programme, state, rates, rooms, groups, settled(state), caps=caps)
    if not flows.rides:
        return state
    programme.split(flows.options.values())
    housing = rooms.house(programme, flows.come)
    found = programme.solve(seconds, _WHOLE_GAP)
    if found.values is None:
        return None
    state.floors |= housing.floors(found.values)
    rides: dict[int, tuple[int, str]] = {}
    left = [iter(group.rows) for group in groups]
    for (number, trip, site), variable in flows.rides.items():
        for _ in range(round(float(found.values[variable]))):
            rides[next(left[number])] = (trip, site)
    return _housed(state, rides)


def settled(state: State) -> Sites:
    """Trips go where they go already; the others stay."""
    return lambda party, trip: [site] if (site := state.trips[trip][1]) else []


def _housed(done: State, rides: Mapping[int, tuple[int, str]]) -> State:
    """Rooms for those who ride: who comes together lives on one floor as far as it goes; the tightest rooms for the most needy."""
    by_place: dict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (_, site) in rides.items():
        by_place[site, done.parties[row].kind].append(row)
    for (site, kind), rows in sorted(by_place.items()):
        rooms = [
            room
            for floor, free in done.rooms.items()
            if floor[0] == site and done.floors.get(floor) == kind
            for room in free
        ]
        order = sorted(rows, key=lambda row: (rides[row][0], row))
        for row, room in zip(order, _matched(done, order, rooms), strict=True):
            done.take(row, rides[row][0], room)
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
