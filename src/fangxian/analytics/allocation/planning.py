"""A plan for everybody: settle trips and floors, place people, and never be later than first come, first served."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter

from fangxian.analytics.allocation.costs import Rates
from fangxian.analytics.allocation.greedy import served
from fangxian.analytics.allocation.outline import outlined
from fangxian.analytics.allocation.problem import Problem
from fangxian.analytics.allocation.results import Assignment, Plan
from fangxian.analytics.allocation.searching import EXACT, Search
from fangxian.analytics.allocation.shortages import shortages
from fangxian.analytics.allocation.state import State, kept
from fangxian.analytics.allocation.watching import Watch


def plan(
    problem: Problem, *, seconds: float = 45.0, gap: float = 0.01, on_progress: Callable[[float], None] = lambda share: None,
    stop: Callable[[], bool] = lambda: False,
) -> Plan:  # fmt: skip
    """Assign people to trips and rooms: as little lateness as possible, then as short ways as possible.

    Classes never share a trip or a floor, families ride and live together, needs are met, promises are kept. The search ends when the plan
    is within `gap` of the bound, after about `seconds`, or as soon as `stop` says so, with the best plan so far; `on_progress` is told the
    share of the work that is done. For no priority are the hours late more than by `greedy`. Raises AllocationError for a problem that
    contradicts itself.
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
    watch = Watch(start + seconds, on_progress, stop)
    outline = outlined(state, rates, zones, watch, simple_cost.by_priority)
    search = Search(rates, outline, zones, simple_cost.by_priority, watch)
    done = search.plan(state, simple, gap)
    best = min((simple, done) if search.beyond(done) < EXACT else (simple,), key=lambda one: rates.total(one)[1])
    cost, objective = rates.total(best)
    return Plan(
        _assignments(best, rates, set(state.taken)), *shortages(state, best, rates),
        {problem.trips[number].name: settled_for for number, settled_for in _trips(best).items()},
        {floor: kind for floor, kind in best.floors.items() if kind}, cost, objective, min(outline.bound, objective), simple_cost,
        perf_counter() - start,
    )  # fmt: skip


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
