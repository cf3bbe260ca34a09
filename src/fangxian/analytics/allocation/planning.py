"""A plan for everybody: settle trips and floors, place people, and never be later than first come, first served."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from time import perf_counter

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Sites
from fangxian.analytics.allocation.greedy import served
from fangxian.analytics.allocation.outline import Outline, outlined
from fangxian.analytics.allocation.placing import placed
from fangxian.analytics.allocation.problem import Problem
from fangxian.analytics.allocation.results import Assignment, Plan
from fangxian.analytics.allocation.rooms import Prices, Stock
from fangxian.analytics.allocation.shortages import shortages
from fangxian.analytics.allocation.state import State, kept

#: How exactly a zone is solved.
_ZONE_GAP = 0.002
#: So many zones are tried beside one that costs too much.
_RIVALS = 3


def plan(
    problem: Problem, *, seconds: float = 45.0, gap: float = 0.01, on_progress: Callable[[float], None] = lambda share: None
) -> Plan:  # fmt: skip
    """Assign people to trips and rooms: as little lateness as possible, then as short ways as possible.

    Classes never share a trip or a floor, families ride and live together, needs are met, promises are kept. The search ends when the plan
    is within `gap` of the bound or after about `seconds`; `on_progress` is told the share of the people who have been dealt with. For no
    priority are the hours late more than by `greedy`. Raises AllocationError for a problem that contradicts itself.
    """
    start = perf_counter()
    state = kept(problem)
    rates = Rates(state)
    simple = served(state)
    simple_cost, _ = rates.total(simple)
    zones: dict[str, list[int]] = {}
    for row, party in enumerate(state.parties):
        if row not in state.taken:
            zones.setdefault(party.zone, []).append(row)
    done, bound = _searched(state, rates, zones, start + seconds, gap, on_progress)
    best = _never_later(rates, zones, simple, done, max(seconds / 6, 0.2))
    cost, objective = rates.total(best)
    return Plan(
        _assignments(best, rates, set(state.taken)), *shortages(state, best, rates),
        {problem.trips[number].name: settled_for for number, settled_for in _trips(best).items()},
        {floor: kind for floor, kind in best.floors.items() if kind}, cost, objective, min(bound, objective), simple_cost,
        perf_counter() - start,
    )  # fmt: skip


def _searched(
    state: State,
    rates: Rates,
    zones: dict[str, list[int]],
    end: float,
    gap: float,
    on_progress: Callable[[float], None],
) -> tuple[State, float]:
    """In outline for all, then zone by zone, the largest first, each leaving the others their rooms; then what costs too much again."""
    promised = sum(rates.cost(state.parties[row], trip, room.site) for row, (trip, room) in state.taken.items())
    if not zones:
        return state, promised
    outline = outlined(state, rates, zones, (end - perf_counter()) / 2)
    bound = promised + outline.bound
    done = state.copy()
    done.floors |= outline.floors
    order = sorted(zones, key=lambda zone: -len(zones[zone]))
    for place, zone in enumerate(order):
        others: dict[Stock, float] = defaultdict(float)
        for other in order[place + 1 :]:
            for stock, rooms in outline.kept.get(other, {}).items():
                others[stock] += rooms
        # What a zone leaves of its share of the time goes to those that follow.
        part = len(zones[zone]) / sum(len(zones[other]) for other in order[place:])
        tried = _zone(done, rates, zones[zone], max((end - perf_counter()) * part, 0.1), others, outline.prices)
        by_hand = served(done, zones[zone])
        done = min((one for one in (tried, by_hand) if one is not None), key=lambda one: rates.total(one)[1])
        on_progress(1 - sum(len(zones[other]) for other in order[place + 1 :]) / len(state.parties))
    return _improved(served(done), rates, outline, zones, bound, end, gap), bound


def _zone(
    state: State, rates: Rates, rows: list[int], seconds: float, others: Mapping[Stock, float] | None = None,
    prices: Prices | None = None,
) -> State | None:  # fmt: skip
    """These parties on trips and in rooms: with the rooms that are not for others, and where somebody had no place, with any."""
    sites = _anywhere(rates, state)
    found = placed(state, rates, rows, sites, seconds=seconds, gap=_ZONE_GAP, others=others, prices=prices)
    if not others or (found is not None and all(row in found.taken for row in rows)):
        return found
    wide = placed(state, rates, rows, sites, seconds=seconds, gap=_ZONE_GAP, prices=prices)
    return min((one for one in (found, wide) if one is not None), key=lambda one: rates.total(one)[1], default=None)


def _improved(
    state: State, rates: Rates, outline: Outline, zones: dict[str, list[int]], bound: float, end: float, gap: float
) -> State:
    """Two zones at a time anew while there is time: one that costs more than in outline, and one that has rooms meant for it."""
    best, cost = state, rates.total(state)[1]
    tried: set[tuple[str, str]] = set()
    while cost - bound > gap * cost and (left := end - perf_counter()) > 0:
        pairs = [pair for pair in _pairs(best, rates, outline, zones) if pair not in tried]
        if not pairs:
            break
        tried.add(pairs[0])
        rows = [row for zone in dict.fromkeys(pairs[0]) for row in zones[zone]]
        again = best.copy()
        again.release(row for row in rows if row in again.taken)
        found = _zone(again, rates, rows, min(left, max(left / 4, 1.0)))
        if found is not None and (less := rates.total(found)[1]) < cost * (1 - 1e-6):
            best, cost, tried = found, less, set()
    return best


def _pairs(state: State, rates: Rates, outline: Outline, zones: dict[str, list[int]]) -> list[tuple[str, str]]:
    """Zones with those that stand in their way: what costs most beyond the outline first, then who has most of what was kept for it."""
    excess = {zone: _cost(state, rates, rows) - outline.costs.get(zone, 0.0) for zone, rows in zones.items()}
    kept = {zone: _by_site(outline.kept.get(zone, {})) for zone in zones}
    over: dict[str, dict[tuple[str, str], float]] = {}
    for zone, rows in zones.items():
        used = Counter((state.taken[row][1].site, state.parties[row].kind) for row in rows if row in state.taken)
        over[zone] = {where: count - kept[zone].get(where, 0.0) for where, count in used.items()}
    found = []
    for zone in sorted(zones, key=lambda name: -excess[name]):
        ways = {
            other: sum(max(min(over[other].get(where, 0.0), rooms), 0.0) for where, rooms in kept[zone].items())
            for other in zones if other != zone
        }  # fmt: skip
        rivals = sorted(ways, key=lambda name: -ways[name])[:_RIVALS]
        found += [(zone, other) for other in rivals or [zone]]
    return found


def _by_site(kept: Mapping[Stock, float]) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = defaultdict(float)
    for (site, kind, _), rooms in kept.items():
        found[site, kind] += rooms
    return found


def _cost(state: State, rates: Rates, rows: list[int]) -> float:
    """What these parties cost, in a number."""
    return sum(
        rates.cost(state.parties[row], state.taken[row][0], state.taken[row][1].site) if row in state.taken
        else rates.unplaced(state.parties[row])
        for row in rows
    )  # fmt: skip


def _never_later(rates: Rates, zones: dict[str, list[int]], simple: State, done: State, seconds: float) -> State:
    """The best that is not later than first come, first served for any priority: at worst that itself.

    Where a plan is later, the zones that add most to it are placed anew with what hours the others leave them.
    """
    end = perf_counter() + seconds
    most = rates.total(simple)[0].by_priority
    for zone in sorted(zones, key=lambda zone: _later(rates, simple, done, zones[zone]), reverse=True):
        if _within(rates, done, most) or perf_counter() > end:
            break
        again = done.copy()
        again.release(row for row in zones[zone] if row in again.taken)
        hours = rates.total(done)[0].by_priority
        own = _hours(rates, done, zones[zone])
        caps = {
            priority: most.get(priority, 0.0) - hours.get(priority, 0.0) + own.get(priority, 0.0) for priority in hours
        }
        floor = {priority: max(left, 0.0) for priority, left in caps.items()}
        tried = placed(
            again, rates, zones[zone], _anywhere(rates, again), seconds=max(end - perf_counter(), 0.2), caps=floor
        )
        if tried is not None:
            done = tried
    return min((simple, done) if _within(rates, done, most) else (simple,), key=lambda one: rates.total(one)[1])


def _anywhere(rates: Rates, state: State) -> Sites:
    """Wherever a trip may go."""
    return lambda _, trip: rates.sites_of(trip, state)


def _hours(rates: Rates, state: State, rows: list[int]) -> dict[int, float]:
    """Weighted hours late by priority, those without a place included."""
    found: dict[int, float] = defaultdict(float)
    for row in rows:
        party = state.parties[row]
        if row in state.taken:
            trip, room = state.taken[row]
            found[party.priority] += party.weight * rates.late(party, trip, room.site)
        else:
            found[party.priority] += rates.unplaced(party) / rates.hour
    return found


def _later(rates: Rates, simple: State, done: State, rows: list[int]) -> float:
    """By how much a plan is later for these parties than first come, first served, where it is."""
    by_hand = _hours(rates, simple, rows)
    return sum(max(hours - by_hand.get(priority, 0.0), 0.0) for priority, hours in _hours(rates, done, rows).items())


def _within(rates: Rates, done: State, most: dict[int, float]) -> bool:
    late = rates.total(done)[0].by_priority
    return all(hours <= most.get(priority, 0.0) + 1e-5 for priority, hours in late.items())


def _trips(state: State) -> dict[int, tuple[str, str]]:
    """The trips that somebody rides, with class and site."""
    return {number: settled_for for number, settled_for in enumerate(state.trips) if all(settled_for)}


def _assignments(state: State, rates: Rates, promised: set[int]) -> tuple[Assignment, ...]:
    problem = state.problem
    found: dict[int, Assignment] = {}
    for row, (trip, room) in state.taken.items():
        party, run = state.parties[row], problem.trips[trip]
        arrives, kilometres = rates.arrives(trip, room.site), rates.kilometres(trip, room.site)
        for i in party.people:
            person = problem.people[i]
            found[i] = Assignment(
                person.name, run.name, room.name, room.site, room.floor, person.kind, run.departs, arrives,
                max(arrives - person.deadline, 0.0), kilometres, row in promised,
            )  # fmt: skip
    return tuple(found[i] for i in sorted(found))
