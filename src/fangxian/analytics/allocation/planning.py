"""A plan for everybody: settle trips and floors, place people, and never be later than first come, first served."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.flows import Sites
from fangxian.analytics.allocation.greedy import served
from fangxian.analytics.allocation.outline import Outline, outlined
from fangxian.analytics.allocation.placing import placed
from fangxian.analytics.allocation.problem import Party, Problem
from fangxian.analytics.allocation.results import Assignment, Plan
from fangxian.analytics.allocation.rooms import Stock
from fangxian.analytics.allocation.shortages import shortages
from fangxian.analytics.allocation.state import State, kept

#: How exactly a zone is solved.
_ZONE_GAP = 0.001


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
    done, bound = _searched(state, rates, start + seconds, gap, on_progress)
    best = _never_later(state, rates, simple, done, max(seconds / 6, 0.2))
    cost, objective = rates.total(best)
    return Plan(
        _assignments(best, rates, set(state.taken)), *shortages(state, best, rates),
        {problem.trips[number].name: settled_for for number, settled_for in _trips(best).items()},
        {floor: kind for floor, kind in best.floors.items() if kind}, cost, objective, min(bound, objective), simple_cost,
        perf_counter() - start,
    )  # fmt: skip


def _searched(
    state: State, rates: Rates, end: float, gap: float, on_progress: Callable[[float], None]
) -> tuple[State, float]:
    """In outline for all, then zone by zone, the largest first, each leaving the others their rooms; then what costs too much again."""
    zones: dict[str, list[int]] = {}
    for row, party in enumerate(state.parties):
        if row not in state.taken:
            zones.setdefault(party.zone, []).append(row)
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
        tried = _zone(done, rates, outline, zones[zone], max((end - perf_counter()) * part, 0.1), others)
        by_hand = served(done, zones[zone])
        done = min((one for one in (tried, by_hand) if one is not None), key=lambda one: rates.total(one)[1])
        on_progress(1 - sum(len(zones[other]) for other in order[place + 1 :]) / len(state.parties))
    return _improved(served(done), rates, outline, zones, bound, end, gap), bound


def _zone(
    state: State, rates: Rates, outline: Outline, rows: list[int], seconds: float, others: Mapping[Stock, float] | None = None
) -> State | None:  # fmt: skip
    """These parties on trips and in rooms: at the sites of the outline, and where somebody had no place, then at any."""

    def few(party: Party, trip: int) -> Iterable[str]:
        return rates.sites_of(trip, state, sorted(outline.sites.get((party.zone, party.kind), ())))

    found = placed(state, rates, rows, few, seconds=seconds, gap=_ZONE_GAP, others=others)
    if found is not None and all(row in found.taken for row in rows):
        return found
    wide = placed(state, rates, rows, lambda _, trip: rates.sites_of(trip, state), seconds=seconds, gap=_ZONE_GAP)
    return min((one for one in (found, wide) if one is not None), key=lambda one: rates.total(one)[1], default=None)


def _improved(
    state: State, rates: Rates, outline: Outline, zones: dict[str, list[int]], bound: float, end: float, gap: float
) -> State:
    """Two zones at a time anew: one that costs more than in outline, with one that has the rooms it could use, while it helps."""
    best, cost = state, rates.total(state)[1]

    def excess(zone: str) -> float:
        return _cost(best, rates, zones[zone]) - outline.costs.get(zone, 0.0)

    for rank in range(len(zones)):
        for zone in sorted(zones, key=excess, reverse=True)[: max(len(zones) // 3, 2)]:
            left = end - perf_counter()
            if left < 0 or cost - bound <= gap * cost:
                return best
            rivals = _rivals(best, outline, zones, zone)
            rows = [*zones[zone], *(zones[rivals[rank]] if rank < len(rivals) else ())]
            again = best.copy()
            again.release(row for row in rows if row in again.taken)
            tried = _zone(again, rates, outline, rows, min(left, max((end - perf_counter()) / 4, 1.0)))
            if tried is not None and (less := rates.total(tried)[1]) < cost * (1 - 1e-6):
                best, cost = tried, less
    return best


def _rivals(state: State, outline: Outline, zones: dict[str, list[int]], zone: str) -> list[str]:
    """Other zones, those first that have most rooms where this one would go."""
    near = set().union(*(sites for (name, _), sites in outline.sites.items() if name == zone))
    has = {
        other: sum(row in state.taken and state.taken[row][1].site in near for row in rows)
        for other, rows in zones.items() if other != zone
    }  # fmt: skip
    return sorted(has, key=lambda other: -has[other])


def _cost(state: State, rates: Rates, rows: list[int]) -> float:
    """What these parties cost, in a number."""
    return sum(
        rates.cost(state.parties[row], state.taken[row][0], state.taken[row][1].site) if row in state.taken
        else rates.unplaced(state.parties[row])
        for row in rows
    )  # fmt: skip


def _never_later(state: State, rates: Rates, simple: State, done: State, seconds: float) -> State:
    """The best that is not later than first come, first served for any priority: at worst that itself."""
    most = rates.total(simple)[0].by_priority
    rows = [row for row in range(len(state.parties)) if row not in state.taken]
    if _within(rates, done, most):
        return min((simple, done), key=lambda one: rates.total(one)[1])
    caps = {priority: hours - _promised_hours(state, rates, priority) for priority, hours in most.items()}
    candidates = [simple]
    for one in (done, simple):
        settled = _as(state, _trips(one), one.floors)
        again = placed(settled, rates, rows, _settled(settled), seconds=seconds, caps=caps)
        if again is not None and _within(rates, again, most):
            candidates.append(again)
    return min(candidates, key=lambda one: rates.total(one)[1])


def _settled(state: State) -> Sites:
    """Trips go where they go already; others stay."""
    return lambda party, trip: [site] if (site := state.trips[trip][1]) else []


def _promised_hours(state: State, rates: Rates, priority: int) -> float:
    """Weighted hours late of those who have been promised their places."""
    return sum(
        party.weight * rates.late(party, trip, room.site)
        for row, (trip, room) in state.taken.items()
        if (party := state.parties[row]).priority == priority
    )


def _within(rates: Rates, done: State, most: dict[int, float]) -> bool:
    late = rates.total(done)[0].by_priority
    return all(hours <= most.get(priority, 0.0) + 1e-5 for priority, hours in late.items())


def _trips(state: State) -> dict[int, tuple[str, str]]:
    """The trips that somebody rides, with class and site."""
    return {number: settled_for for number, settled_for in enumerate(state.trips) if all(settled_for)}


def _as(state: State, trips: dict[int, tuple[str, str]], floors: dict[tuple[str, str], str]) -> State:
    """The state with these trips and floors settled."""
    done = state.copy()
    for number, settled_for in trips.items():
        done.trips[number] = settled_for
    done.floors |= floors
    return done


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
