"""The whole problem in outline: what rooms are worth, what no plan can cost less than, and what rooms each zone should have.

Zones have only rooms in common. At given prices of rooms each zone is a small programme of its own, which is solved in whole numbers: what
all zones cost at these prices, less what all rooms are worth, is a bound of the whole (Lagrangian relaxation of the rooms; Geoffrion 1974).
It knows that a trip is for one class and that a family shares a seat row; it does not know that floors are settled whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Group, Sites, flow, grouped
from fangxian.analytics.allocation.problem import Party
from fangxian.analytics.allocation.programme import Programme
from fangxian.analytics.allocation.rooms import Need, Prices, Rooms, Stock
from fangxian.analytics.allocation.state import Floor, State

#: Groups that the outline makes of all parties, at most.
_GROUPS = 1200
#: Sites that are looked at for a class of a zone, the cheapest at the prices.
_SITES = 5
#: How exactly a zone is solved, and how exactly the floors are.
_ZONE_GAP, _FLOORS_GAP = 0.002, 0.004


@dataclass(frozen=True)
class Outline:
    """`bound` no plan is below, at these `prices` of rooms. `floors` settled; by zone, rooms to be `kept` for it, and what it `costs`."""

    bound: float
    prices: Prices
    floors: dict[Floor, str] = field(default_factory=dict)
    kept: dict[str, dict[Stock, float]] = field(default_factory=dict)
    costs: dict[str, float] = field(default_factory=dict)


def outlined(state: State, rates: Rates, zones: dict[str, list[int]], seconds: float) -> Outline:
    """Prices of rooms, then the class of each trip zone by zone at these prices, then the floors and who should go where."""
    rows = [row for each in zones.values() for row in each]
    rooms = Rooms.of(state, {state.parties[row].kind for row in rows})
    prices = _priced(state, rates, rooms, rows)
    bound = -rooms.worth(prices)
    kind_of: dict[int, str] = {}
    near: dict[tuple[str, str], list[str]] = {}
    for zone, of_zone in zones.items():
        part = seconds / 2 * len(of_zone) / len(rows)
        groups = grouped(state, of_zone)
        undercut = {
            kind: _undercut(rates, rooms, prices, zone, kind, {_want(one) for one in groups if one.party.kind == kind})
            for kind in rooms.kinds
        }
        near |= {(zone, kind): sites for kind, (_, sites) in undercut.items()}
        programme = Programme()
        best = _among(state, rates, {kind: best for kind, (best, _) in undercut.items()})
        flows = flow(programme, state, rates, rooms, groups, best, prices=prices)
        programme.split(flows.rides.values())
        found = programme.solve(part, _ZONE_GAP)
        bound += max(found.bound, 0.0)
        if found.values is not None:
            kind_of |= {trip: kind for (trip, kind, _), one in flows.options.items() if found.values[one] > 0.5}
    return _settled(state, rates, rooms, rows, kind_of, near, bound, prices, seconds / 2)


def _priced(state: State, rates: Rates, rooms: Rooms, rows: list[int]) -> Prices:
    """What a room more would save, were trips and floors to be split."""
    programme = Programme()
    flows = flow(
        programme, state, rates, rooms, grouped(state, rows, _GROUPS), lambda _, trip: rates.sites_of(trip, state)
    )
    housing = rooms.house(programme, flows.come)
    return housing.prices(programme.relaxed()[2])


def _want(group: Group) -> Need:
    return group.party.size, group.party.needs


def _among(state: State, rates: Rates, sites: Mapping[str, list[str]]) -> Sites:
    """Each class to sites of its own."""
    return lambda party, trip: rates.sites_of(trip, state, sites[party.kind])


def _undercut(
    rates: Rates, rooms: Rooms, prices: Prices, zone: str, kind: str, wants: set[Need]
) -> tuple[list[str], list[str]]:
    """Sites of which none that is nearer is cheaper for everybody, so that no other is ever better; and the cheapest few."""
    kept: list[tuple[str, dict[Need, float]]] = []
    total: dict[str, float] = {}
    for site in sorted(rates.open, key=lambda name: rates.way(zone, name)):
        costs = {want: want[0] * rates.way(zone, site) + rooms.price(site, kind, want, prices) for want in wants}
        total[site] = sum(min(cost, rates.hour) for cost in costs.values())
        if all(any(costs[want] < other[want] for want in wants) for _, other in kept):
            kept.append((site, costs))
    return [site for site, _ in kept], sorted(total, key=lambda name: total[name])[:_SITES]


def _settled(
    state: State, rates: Rates, rooms: Rooms, rows: list[int], kind_of: dict[int, str], near: dict[tuple[str, str], list[str]],
    bound: float, prices: Prices, seconds: float,
) -> Outline:  # fmt: skip
    """Floors in whole numbers for trips whose classes are known; who goes where may still be split.

    What each zone uses of a stock is in proportion to who comes from it.
    """
    programme = Programme()
    groups = grouped(state, rows, _GROUPS, kindly=False)

    def sites(party: Party, trip: int) -> list[str]:
        return rates.sites_of(trip, state, near[party.zone, party.kind]) if kind_of.get(trip) == party.kind else []

    flows = flow(programme, state, rates, rooms, groups, sites)
    programme.split((*flows.options.values(), *flows.rides.values()))
    housing = rooms.house(programme, flows.come)
    found = programme.solve(seconds, _FLOORS_GAP)
    if found.values is None:
        return Outline(bound, prices)
    costs: dict[str, float] = defaultdict(float)
    from_zone: dict[Stock, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for (number, trip, site), variable in flows.rides.items():
        if (count := float(found.values[variable])) > 1e-6:
            party = groups[number].party
            costs[party.zone] += count * rates.cost(party, trip, site)
            from_zone[site, party.kind, _want(groups[number])][party.zone] += count
    kept: dict[str, dict[Stock, float]] = defaultdict(lambda: defaultdict(float))
    for want, shares in from_zone.items():
        for (stock, used), (zone, part) in product(housing.uses[want], shares.items()):
            kept[zone][stock] += float(found.values[used]) * part / sum(shares.values())
    return Outline(
        bound, prices, housing.floors(found.values), {zone: dict(stocks) for zone, stocks in kept.items()}, dict(costs)
    )
