"""People as flows: groups of like parties onto trips to sites, and from there into rooms that fit, on floors of their class.

Parties of one zone, class, size and needs whose deadlines lie close together are one group, with the latest of their deadlines: no plan of
the parties themselves costs less than the best of the groups, so what bounds these bounds those.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil, floor

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.problem import Party
from fangxian.analytics.allocation.programme import Programme
from fangxian.analytics.allocation.state import State

Need = tuple[int, frozenset[str]]
"""Beds and features that a party wants, or that a room has."""
Stock = tuple[str, str, Need]
"""Rooms that have the same to offer to a class at a site."""
Come = dict[Stock, list[int]]
"""Variables of the parties that come to a site, by class and by what they want."""
Prices = Mapping[Stock, float]
"""What a room is worth to others."""

#: Deadlines are rounded by the first of these (hours) that leaves few enough groups.
_STEPS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Flow:
    """`options`: variables that settle a trip for a class and a site; `come`: who comes where."""

    options: dict[tuple[int, str, str], int]
    come: Come


def grouped(state: State, rows: Iterable[int], most: int, *, kindly: bool) -> list[list[Party]]:
    """Parties in at most about so many groups. The first of each stands for it.

    `kindly`, for bounds: with the latest deadline and the earliest readiness of all. Otherwise, for plans, the other way round: what takes
    the first takes everybody.
    """
    parties = [state.parties[row] for row in rows]
    groups: dict[tuple[object, ...], list[Party]] = {}
    for step in _STEPS:
        groups = defaultdict(list)
        for one in parties:
            due = ceil(one.deadline / step) if step else one.deadline
            since = floor(one.ready / step) if step else one.ready
            groups[one.zone, one.kind, one.size, one.needs, one.ride, one.weight, one.priority, due, since].append(one)
        if len(groups) <= most:
            break
    ready, deadline = (min, max) if kindly else (max, min)
    return [
        [
            replace(like[0], ready=ready(one.ready for one in like), deadline=deadline(one.deadline for one in like)),
            *like[1:],
        ]
        for like in groups.values()
    ]


def flow(programme: Programme, state: State, rates: Rates, groups: list[list[Party]]) -> Flow:
    """Every group onto the trips that could take it, each trip for one class and one site."""
    options: dict[tuple[int, str, str], int] = {}
    loads: dict[tuple[int, str, str], list[tuple[int, float]]] = defaultdict(list)
    come: Come = defaultdict(list)
    for like in groups:
        party = like[0]
        placed = [(programme.variable(rates.unplaced(party)), 1.0)]
        for trip in rates.trips_of(party, state):
            for site in rates.sites_of(trip, state):
                variable = programme.variable(rates.cost(party, trip, site), len(like))
                placed.append((variable, 1.0))
                loads[trip, party.kind, site].append((variable, float(party.size)))
                come[site, party.kind, (party.size, party.needs)].append(variable)
        programme.equal(placed, float(len(like)))
    either: dict[int, list[tuple[int, float]]] = defaultdict(list)
    riding: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (trip, kind, site), load in loads.items():
        options[trip, kind, site] = programme.variable(0.0, 1.0, whole=True)
        either[trip].append((options[trip, kind, site], 1.0))
        riding[trip].extend(load)
        programme.limit([*load, (options[trip, kind, site], -float(state.seats[trip]))], 0.0)
    for trip, one in either.items():
        programme.limit(one, 1.0)
        programme.limit(
            riding[trip], float(state.seats[trip])
        )  # implied by the others if options are whole; tighter if not
    return Flow(options, come)


def stocks(state: State) -> dict[Stock, int]:
    """Free rooms on floors that are settled for a class."""
    free: Counter[Stock] = Counter()
    for where, rooms in state.rooms.items():
        if kind := state.floors.get(where):
            for room in rooms:
                free[where[0], kind, (room.beds, room.features)] += 1
    return dict(free)


def house(
    programme: Programme, state: State, come: Come, prices: Prices, *, whole: bool = False,
    supply: Mapping[Stock, list[tuple[int, float]]] | None = None,
) -> dict[Stock, int]:  # fmt: skip
    """Whoever comes has a room that fits; gives the row that limits each stock.

    To use a room costs its price. `supply`: variables that add rooms to a stock, with how many each adds.
    """
    supply = supply or {}
    fixed = stocks(state)
    at: dict[tuple[str, str], set[Need]] = defaultdict(set)
    for site, kind, has in (*fixed, *supply):
        at[site, kind].add(has)
    inside: dict[Stock, list[tuple[int, float]]] = defaultdict(list)
    for (site, kind, want), variables in come.items():
        uses = []
        for has in sorted(at[site, kind], key=lambda need: (need[0], sorted(need[1]))):
            if has[0] >= want[0] and want[1] <= has[1]:
                used = programme.variable(prices.get((site, kind, has), 0.0), whole=whole)
                uses.append((used, -1.0))
                inside[site, kind, has].append((used, 1.0))
        programme.equal([*((variable, 1.0) for variable in variables), *uses], 0.0)
    return {
        stock: programme.limit(
            [*terms, *((variable, -count) for variable, count in supply.get(stock, ()))], float(fixed.get(stock, 0))
        )
        for stock, terms in inside.items()
    }
