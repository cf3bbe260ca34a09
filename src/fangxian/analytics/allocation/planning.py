"""A plan for everybody: settle trips and floors, place people, and never be later than first come, first served."""

from __future__ import annotations

from time import perf_counter

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.floors import outlined
from fangxian.analytics.allocation.greedy import served
from fangxian.analytics.allocation.placing import placed
from fangxian.analytics.allocation.problem import Problem
from fangxian.analytics.allocation.results import Assignment, Plan
from fangxian.analytics.allocation.shortages import shortages
from fangxian.analytics.allocation.state import State, kept
from fangxian.analytics.allocation.zones import zone_placed


def plan(problem: Problem, *, seconds: float = 45.0, gap: float = 0.01) -> Plan:
    """Assign people to trips and rooms: as little lateness as possible, then as short ways as possible.

    Classes never share a trip or a floor, families ride and live together, needs are met, promises are kept. The search ends when the plan
    is within `gap` of the bound or after about `seconds`. For no priority are the hours late more than by `greedy`. Raises
    AllocationError for a problem that contradicts itself.
    """
    start = perf_counter()
    state = kept(problem)
    rates = Rates(state)
    simple = served(state)
    simple_cost, _ = rates.total(simple)
    done, bound = _searched(state, rates, start + seconds, gap)
    best = _never_later(state, rates, simple, done, max(seconds / 6, 0.2))
    cost, objective = rates.total(best)
    return Plan(
        _assignments(best, rates, set(state.taken)), *shortages(state, best, rates),
        {problem.trips[number].name: settled_for for number, settled_for in _trips(best).items()},
        {floor: kind for floor, kind in best.floors.items() if kind}, cost, objective, min(bound, objective), simple_cost,
        perf_counter() - start,
    )  # fmt: skip


def _searched(state: State, rates: Rates, end: float, gap: float) -> tuple[State, float]:
    """Floors for all, then zone by zone, the largest first; then again while that helps and there is time. And the bound."""
    zones: dict[str, list[int]] = {}
    for row, party in enumerate(state.parties):
        if row not in state.taken:
            zones.setdefault(party.zone, []).append(row)
    rows = [row for each in zones.values() for row in each]
    promised = sum(rates.cost(state.parties[row], trip, room.site) for row, (trip, room) in state.taken.items())
    if not rows:
        return state, promised
    outline = outlined(state, rates, rows)
    done = state.copy()
    done.floors |= outline.floors
    order = sorted(zones.values(), key=len, reverse=True)
    for place, of_zone in enumerate(order):
        # A programme's time grows faster than its size; what a zone leaves of its share goes to those that follow.
        part = len(of_zone) ** 2 / sum(len(each) ** 2 for each in order[place:])
        tried = zone_placed(
            done, rates, of_zone, outline.prices, max((end - perf_counter()) * 0.8 * part, 0.1), gap / 2
        )
        by_hand = served(done, of_zone)
        done = min((one for one in (tried, by_hand) if one is not None), key=lambda one: rates.total(one)[1])
    bound = promised + outline.bound
    return _improved(served(done), rates, order, bound, end, gap), bound


def _improved(state: State, rates: Rates, zones: list[list[int]], bound: float, end: float, gap: float) -> State:
    """Each zone anew with the rooms that the others leave, those that cost most first, while it helps."""
    best, cost = state, rates.total(state)[1]
    helped = True
    while helped:
        helped = False
        for rows in sorted(zones, key=lambda rows: -_cost(best, rates, rows)):
            left = end - perf_counter()
            if left < 0 or cost - bound <= gap * cost:
                return best
            again = best.copy()
            again.release(row for row in rows if row in again.taken)
            tried = zone_placed(again, rates, rows, {}, max(left / 3, 0.1), gap / 4)
            if tried is not None and (less := rates.total(tried)[1]) < cost * (1 - 1e-6):
                best, cost, helped = tried, less, True
    return best


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
        again = placed(_as(state, _trips(one), one.floors), rates, rows, seconds, caps=caps)
        if again is not None and _within(rates, again, most):
            candidates.append(again)
    return min(candidates, key=lambda one: rates.total(one)[1])


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
