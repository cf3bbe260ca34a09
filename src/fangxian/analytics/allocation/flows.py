"""People as flows: groups of like parties onto trips to sites.

Parties of one zone, class, size and needs whose deadlines lie close together are one group, with the latest of their deadlines: no plan of
the parties themselves costs less than the best of the groups, so what bounds these bounds those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from math import ceil, floor, inf

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.problem import Party
from fangxian.analytics.allocation.programme import Programme
from fangxian.analytics.allocation.rooms import Come, Prices, Rooms
from fangxian.analytics.allocation.state import State

#: Deadlines are rounded by the first of these (hours) that leaves few enough groups.
_STEPS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
#: An hour late more than allowed weighs so many times more.
BEYOND = 10.0
Sites = Callable[[Party, int], Iterable[str]]
"""Where a trip may take a party."""


@dataclass(frozen=True, slots=True)
class Group:
    """Parties that are treated alike: `party` stands for each, `rows` are theirs."""

    party: Party
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """`options`: variables that settle a trip for a class and a site; `rides`: how many of a group ride there; `come`: who comes where.

    `caps`: the row that limits the hours late of a priority.
    """

    options: dict[tuple[int, str, str], int]
    rides: dict[tuple[int, int, str], int]
    come: Come
    caps: dict[int, int]


def grouped(state: State, rows: Iterable[int], most: float = inf, *, kindly: bool = True) -> list[Group]:
    """Parties in at most about so many groups.

    `kindly`, for bounds: with the latest deadline and the earliest readiness of all. Otherwise, for plans, the other way round: what takes
    the one that stands for them takes everybody.
    """
    rows = list(rows)
    groups: dict[tuple[object, ...], list[int]] = {}
    for step in _STEPS:
        groups = defaultdict(list)
        for row in rows:
            one = state.parties[row]
            due = ceil(one.deadline / step) if step else one.deadline
            since = floor(one.ready / step) if step else one.ready
            groups[one.zone, one.kind, one.size, one.needs, one.ride, one.weight, one.priority, due, since].append(row)
        if len(groups) <= most:
            break
    ready, deadline = (min, max) if kindly else (max, min)
    return [
        Group(
            replace(
                state.parties[like[0]], ready=ready(state.parties[row].ready for row in like),
                deadline=deadline(state.parties[row].deadline for row in like),
            ), tuple(like),
        )
        for like in groups.values()
    ]  # fmt: skip


def flow(
    programme: Programme, state: State, rates: Rates, rooms: Rooms, groups: list[Group], sites: Sites, *,
    prices: Prices | None = None, dear: Mapping[int, float] | None = None, whole: bool = True, caps: Mapping[int, float] | None = None,
) -> Flow:  # fmt: skip
    """Every group onto the trips that could take it, each trip for one class and one site; a room costs its price besides.

    `dear`: what an hour late of a priority costs besides.

    `whole`: trips are settled and people are counted in whole numbers. `caps`: for each priority, weighted hours late (those unplaced
    included) beyond which an hour counts `BEYOND` times more.
    """
    options: dict[tuple[int, str, str], int] = {}
    rides: dict[tuple[int, int, str], int] = {}
    loads: dict[tuple[int, str, str], list[tuple[int, float]]] = defaultdict(list)
    come: Come = defaultdict(list)
    late: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for number, group in enumerate(groups):
        party, count = group.party, float(len(group.rows))
        want = (party.size, party.needs)
        extra = dear.get(party.priority, 0.0) if dear else 0.0
        never = rates.unplaced(party)
        placed = [(programme.variable(never * (1 + extra / rates.hour), count), 1.0)]
        late[party.priority].append((placed[0][0], never / rates.hour))
        for trip in rates.trips_of(party, state):
            for site in sites(party, trip):
                if not rooms.fitting(site, party.kind, want):
                    continue
                price = rooms.price(site, party.kind, want, prices) if prices else 0.0
                hours = party.weight * rates.late(party, trip, site)
                variable = programme.variable(rates.cost(party, trip, site) + price + extra * hours, count, whole=whole)
                rides[number, trip, site] = variable
                placed.append((variable, 1.0))
                loads[trip, party.kind, site].append((variable, float(party.size)))
                come[site, party.kind, want].append(variable)
                if hours:
                    late[party.priority].append((variable, hours))
        programme.equal(placed, count)
    either: dict[int, list[tuple[int, float]]] = defaultdict(list)
    riding: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for (trip, kind, site), load in loads.items():
        options[trip, kind, site] = programme.variable(0.0, 1.0, whole=whole)
        either[trip].append((options[trip, kind, site], 1.0))
        riding[trip].extend(load)
        programme.limit([*load, (options[trip, kind, site], -float(state.seats[trip]))], 0.0)
    for trip, one in either.items():
        programme.limit(one, 1.0)
        programme.limit(riding[trip], float(state.seats[trip]))  # implied where options are whole; tighter where not
    limits: dict[int, int] = {}
    for priority, terms in late.items():
        if caps and priority in caps:
            beyond = programme.variable(BEYOND * rates.hour)
            limits[priority] = programme.limit([*terms, (beyond, -1.0)], caps[priority])
    return Flow(options, rides, come, limits)
