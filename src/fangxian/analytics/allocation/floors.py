"""Which class each floor is for; and what no plan of all can cost less than, with the worth of every room."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Need, Prices, Stock, flow, grouped, house
from fangxian.analytics.allocation.problem import Party
from fangxian.analytics.allocation.programme import Floats, Programme
from fangxian.analytics.allocation.state import Floor, State

_GROUPS = 500
#: Floors of a site that have the same rooms: which of them is settled for a class makes no difference.
Alike = tuple[str, tuple[tuple[Need, int], ...]]


@dataclass(frozen=True, slots=True)
class Outline:
    """`bound` of the whole problem, the prices of rooms that go with it, and floors settled."""

    bound: float
    prices: Prices
    floors: dict[Floor, str]


def outlined(state: State, rates: Rates, rows: list[int]) -> Outline:
    """Trips and floors may be split in thought: floors that a class wants whole are settled, the others left to the zones."""
    kinds = sorted({state.parties[row].kind for row in rows})
    groups = grouped(state, rows, _GROUPS, kindly=True)
    alike = floors_alike(state)
    programme, counts, limits = _outline(state, rates, groups, alike, kinds)
    values, bound, prices = programme.relaxed()
    worth = {stock: float(prices[row]) for stock, row in limits.items()}
    return Outline(bound, worth, floors_chosen(np.floor(values + 1e-6), alike, counts))


def floors_alike(state: State) -> dict[Alike, list[Floor]]:
    """Floors that nobody has yet, by what they have."""
    found: dict[Alike, list[Floor]] = defaultdict(list)
    for where, rooms in state.rooms.items():
        if rooms and not state.floors.get(where) and state.sites[where[0]].open:
            has = Counter((room.beds, room.features) for room in rooms)
            found[where[0], tuple(sorted(has.items(), key=lambda item: (item[0][0], sorted(item[0][1]))))].append(where)
    return found


def _outline(
    state: State, rates: Rates, groups: list[list[Party]], alike: dict[Alike, list[Floor]], kinds: list[str]
) -> tuple[Programme, dict[tuple[Alike, str], int], dict[Stock, int]]:
    programme = Programme()
    flows = flow(programme, state, rates, groups)
    for option in flows.options.values():
        programme.whole[option] = 0
    counts, supply = floors_free(programme, alike, kinds, 0.0)
    return programme, counts, house(programme, state, flows.come, {}, supply=supply)


def floors_free(
    programme: Programme, alike: dict[Alike, list[Floor]], kinds: list[str], cost: float
) -> tuple[dict[tuple[Alike, str], int], dict[Stock, list[tuple[int, float]]]]:
    """Variables for how many of these floors each class gets, at a cost each, and the rooms that they give."""
    counts: dict[tuple[Alike, str], int] = {}
    supply: dict[Stock, list[tuple[int, float]]] = defaultdict(list)
    for one, floors in alike.items():
        for kind in kinds:
            counts[one, kind] = programme.variable(cost, float(len(floors)), whole=True)
            for need, rooms in one[1]:
                supply[one[0], kind, need].append((counts[one, kind], float(rooms)))
        programme.limit([(counts[one, kind], 1.0) for kind in kinds], float(len(floors)))
    return counts, supply


def floors_chosen(
    values: Floats, alike: dict[Alike, list[Floor]], counts: dict[tuple[Alike, str], int]
) -> dict[Floor, str]:
    """So many floors of each kind for each class; those that no class wants stay unsettled."""
    floors: dict[Floor, str] = {}
    for one, where in alike.items():
        left = iter(where)
        for (like, kind), variable in counts.items():
            if like == one:
                floors |= {next(left): kind for _ in range(round(float(values[variable])))}
    return floors
