"""Allocation (分流转运与房间分配): people to trips and rooms, lateness first and distance second, by a mixed-integer programme (HiGHS).

>>> from fangxian.analytics.allocation import Person, Problem, Room, Site, Trip, plan
>>> problem = Problem(
...     people=(Person("Li", "east", "contact", ready=8, deadline=12),), rooms=(Room("101", "Hotel", "1"),),
...     trips=(Trip("bus 1", "east", departs=9, seats=20),), sites=(Site("Hotel", (6.0, 0.0)),), zones={"east": (0.0, 0.0)},
... )
>>> [(one.person, one.trip, one.room) for one in plan(problem).assignments]
[('Li', 'bus 1', '101')]
"""

from fangxian.analytics.allocation.explaining import Reasons, explain
from fangxian.analytics.allocation.planning import plan
from fangxian.analytics.allocation.problem import AllocationError, Party, Person, Problem, Promise, Room, Site, Trip
from fangxian.analytics.allocation.reading import Clock, read_problem, told
from fangxian.analytics.allocation.results import Assignment, Cost, Plan, Shortage, Unplaced

__all__ = [
    "AllocationError",
    "Assignment",
    "Clock",
    "Cost",
    "Party",
    "Person",
    "Plan",
    "Problem",
    "Promise",
    "Reasons",
    "Room",
    "Shortage",
    "Site",
    "Trip",
    "Unplaced",
    "explain",
    "plan",
    "read_problem",
    "told",
]
