"""The whole problem in outline: what no plan can cost less than, what class each trip should be for, and each floor.

Zones have only rooms in common, and the hours late of each priority, which must not be more than first come, first served. At given
prices of both each zone is a small programme of its own, which is solved in whole numbers: what all zones cost at these prices, less what
all rooms and hours are worth, is a bound of the whole (Lagrangian relaxation; Geoffrion 1974). It knows that a trip is for one class and
that a family shares a seat row; it does not know that floors are settled whole. With the classes that trips have in it, floors are
settled for all zones together: what is then lost is little.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from math import inf

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Group, Sites, flow, grouped
from fangxian.analytics.allocation.programme import Programme
from fangxian.analytics.allocation.rooms import Need, Prices, Rooms
from fangxian.analytics.allocation.state import Floor, State
from fangxian.analytics.allocation.watching import FLOORS, ZONES, Watch

#: Groups that the outline makes of all parties, at most.
_GROUPS = 1200
#: A detour is looked at if it is, with the price of the room there, no longer than this share of the longest way there is.
_DETOUR = 0.15
#: How exactly a zone is solved, and how exactly the floors are.
_ZONE_GAP, _FLOORS_GAP = 0.002, 0.004
#: Zones get this share of the time that is left, and the floors this one of what they leave.
_ZONES, _FLOORS = 0.5, 0.6
#: So often the classes of trips are chosen where somebody would be later than by hand; hours get dearer by this share, then twice it.
_ROUNDS, _DEARER = 4, 0.1
#: Hours that are no lateness.
_EXACT = 1e-5


@dataclass(frozen=True)
class Outline:
    """`bound` no plan is below. `kinds` of trips and classes of `floors`, as settled.

    By zone and class: sites to look at (`near`) and `costs`; by class and priority: hours `late`, weighted.
    """

    bound: float
    kinds: dict[int, str]
    near: dict[tuple[str, str], list[str]]
    floors: dict[Floor, str] = field(default_factory=dict)
    costs: dict[tuple[str, str], float] = field(default_factory=dict)
    late: dict[tuple[str, int], float] = field(default_factory=dict)

    def sites(self, rates: Rates, state: State) -> Sites:
        """Where a trip may take a party: a trip that is settled for a class takes no other."""
        return lambda party, trip: (
            rates.sites_of(trip, state, self.near[party.zone, party.kind])
            if self.kinds.get(trip, party.kind) == party.kind
            else []
        )


def outlined(
    state: State, rates: Rates, zones: dict[str, list[int]], watch: Watch, most: Mapping[int, float]
) -> Outline:
    """Prices of rooms, then the class of each trip zone by zone at these prices, then the floors for everybody together.

    `most`: hours late by priority that no plan is to exceed.
    """
    rows = [row for each in zones.values() for row in each]
    promised = sum(rates.of(state, row) for row in state.taken)
    if not rows:
        return Outline(promised, {}, {})
    rooms = Rooms.of(state, {state.parties[row].kind for row in rows})
    kept = rates.hours(state, state.taken)
    caps = {priority: max(hours - kept.get(priority, 0.0), 0.0) for priority, hours in most.items()}
    prices, dear, split = _priced(state, rates, rooms, rows, caps)
    bound = split
    for again in range(_ROUNDS):
        least, kinds, near = _zoned(state, rates, rooms, zones, prices, dear, watch, quiet=bool(again))
        bound = max(bound, least - sum(dear[priority] * caps[priority] for priority in dear))
        outline = Outline(promised + bound, kinds, near)
        outline = _settled(state, rates, rooms, rows, outline, watch.left * _FLOORS, caps) if watch.left else outline
        hours: dict[int, float] = defaultdict(float)
        for (_, priority), late in outline.late.items():
            hours[priority] += late
        too_late = [priority for priority in dear if hours[priority] > caps[priority] + _EXACT]
        if not too_late or not watch.left:
            break
        dear = {one: cost + _DEARER * rates.hour * 2**again * (one in too_late) for one, cost in dear.items()}
    watch.tell(FLOORS, 1.0)
    return outline


def _zoned(
    state: State, rates: Rates, rooms: Rooms, zones: dict[str, list[int]], prices: Prices, dear: Mapping[int, float], watch: Watch,
    *, quiet: bool,
) -> tuple[float, dict[int, str], dict[tuple[str, str], list[str]]]:  # fmt: skip
    """What all zones cost at these prices at the least, less what the rooms are worth; classes of trips; sites to look at."""
    least = -rooms.worth(prices)
    kinds: dict[int, str] = {}
    near: dict[tuple[str, str], list[str]] = {}
    rest = everybody = sum(map(len, zones.values()))
    for zone, rows in zones.items():
        groups = grouped(state, rows)
        best: dict[str, list[str]] = {}
        for kind in rooms.kinds:
            wants = {_want(one) for one in groups if one.party.kind == kind}
            costs = _costs(rates, rooms, prices, zone, kind, wants)
            best[kind] = _undercut(rates, zone, costs)
            near[zone, kind] = _near(rates, costs)
        # What a zone leaves of its share of the time goes to those that follow.
        if left := watch.left:
            programme = Programme()
            flows = flow(programme, state, rates, rooms, groups, _among(state, rates, best), prices=prices, dear=dear)
            programme.split(flows.rides.values())
            found = programme.solve(left * _ZONES * len(rows) / rest, _ZONE_GAP)
            least += max(found.bound, 0.0)
            if found.values is not None:
                kinds |= {trip: kind for (trip, kind, _), one in flows.options.items() if found.values[one] > 0.5}
        rest -= len(rows)
        if not quiet:
            watch.tell(ZONES, 1 - rest / everybody)
    return least, kinds, near


def _priced(
    state: State, rates: Rates, rooms: Rooms, rows: list[int], caps: Mapping[int, float]
) -> tuple[Prices, dict[int, float], float]:
    """What a room more would save, and an hour more of each priority, were trips and floors to be split; and what all would then cost."""
    programme = Programme()
    groups = grouped(state, rows, _GROUPS)
    flows = flow(programme, state, rates, rooms, groups, lambda _, trip: rates.sites_of(trip, state), caps=caps)
    housing = rooms.house(programme, flows.come)
    _, cost, marginals = programme.relaxed()
    return housing.prices(marginals), {one: float(marginals[row]) for one, row in flows.caps.items()}, cost


def _want(group: Group) -> Need:
    return group.party.size, group.party.needs


def _among(state: State, rates: Rates, sites: Mapping[str, list[str]]) -> Sites:
    """Each class to sites of its own."""
    return lambda party, trip: rates.sites_of(trip, state, sites[party.kind])


def _costs(
    rates: Rates, rooms: Rooms, prices: Prices, zone: str, kind: str, wants: Iterable[Need]
) -> dict[str, dict[Need, float]]:
    """The way and the room, by site and want; infinite where there is no such room."""
    return {
        site: {want: want[0] * rates.way(zone, site) + rooms.price(site, kind, want, prices) for want in wants}
        for site in rates.open
    }


def _undercut(rates: Rates, zone: str, costs: Mapping[str, Mapping[Need, float]]) -> list[str]:
    """Sites of which none that is nearer is cheaper for everybody, so that no other is ever better."""
    kept: list[str] = []
    for site in sorted(costs, key=lambda name: rates.way(zone, name)):
        if all(any(cost < costs[other][want] for want, cost in costs[site].items()) for other in kept):
            kept.append(site)
    return kept


def _near(rates: Rates, costs: Mapping[str, Mapping[Need, float]]) -> list[str]:
    """Sites that are for somebody not much dearer than the cheapest."""
    detour = _DETOUR * rates.longest
    least: dict[Need, float] = defaultdict(lambda: inf)
    for of_site in costs.values():
        for want, cost in of_site.items():
            least[want] = min(least[want], cost)
    return [
        site for site, of_site in costs.items()
        if any(cost < inf and cost <= least[want] + want[0] * detour for want, cost in of_site.items())
    ]  # fmt: skip


def _settled(
    state: State, rates: Rates, rooms: Rooms, rows: list[int], outline: Outline, seconds: float, caps: Mapping[int, float]
) -> Outline:  # fmt: skip
    """Floors in whole numbers for trips whose classes are known; who goes where may still be split."""
    programme = Programme()
    groups = grouped(state, rows, _GROUPS, kindly=False)
    flows = flow(programme, state, rates, rooms, groups, outline.sites(rates, state), caps=caps)
    programme.split((*flows.options.values(), *flows.rides.values()))
    housing = rooms.house(programme, flows.come)
    found = programme.solve(seconds, _FLOORS_GAP)
    if found.values is None:
        return outline
    costs: dict[tuple[str, str], float] = defaultdict(float)
    late: dict[tuple[str, int], float] = defaultdict(float)
    for group in groups:
        costs[group.party.zone, group.party.kind] += len(group.rows) * rates.unplaced(group.party)
        late[group.party.kind, group.party.priority] += len(group.rows) * rates.unplaced(group.party) / rates.hour
    for (number, trip, site), variable in flows.rides.items():
        party, count = groups[number].party, float(found.values[variable])
        costs[party.zone, party.kind] += count * (rates.cost(party, trip, site) - rates.unplaced(party))
        hours = party.weight * rates.late(party, trip, site) - rates.unplaced(party) / rates.hour
        late[party.kind, party.priority] += count * hours
    return replace(outline, floors=housing.floors(found.values), costs=dict(costs), late=dict(late))
