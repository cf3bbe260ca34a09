"""Policies between the values of the grid, bred from the best of it by NSGA-II (Deb and others 2002, IEEE Trans Evol Comput 6:182).

A policy is the place of each choice's value; between two values a place is a fraction. Both effect and cost are to be small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.deciding.frontier import frontier
from fangxian.analytics.deciding.question import Question, Setting
from fangxian.analytics.simulation import SimulationError

Floats = NDArray[np.float64]
#: Policies of a generation, the spread of a mutation in places of the grid, and the finest fraction of a place: nobody orders 37.29 %.
BROOD, SPREAD, FINEST = 16, 0.4, 0.25
#: A policy that breaks a limit is as bad as this in both.
FORBIDDEN = np.inf


def refine(
    question: Question, settings: Sequence[Setting], judge: Callable[[Sequence[Setting]], tuple[Floats, Floats]], number: int, *,
    seed: int = 1,
) -> list[Setting]:  # fmt: skip
    """So many policies beyond those given, or fewer where no more are found. `judge` gives effect and cost (N,) of policies."""
    random = np.random.default_rng(seed)
    between = _between(question)
    last = np.array([len(one.values) - 1 for one in question.choices], np.float64)
    known = list(settings)
    effect, cost = judge(known)
    found: list[Setting] = []
    while len(found) < number:
        brood: list[Setting] = []
        rank, crowd = standing(effect, cost)
        for _try in range(20 * BROOD):
            if len(brood) == min(BROOD, number - len(found)):
                break
            one, other = (np.array(known[_fittest(rank, crowd, random)], np.float64) for _parent in range(2))
            child = _child(one, other, between, last, random)
            if child not in known and child not in brood:
                brood.append(child)
        if not brood:
            break
        more = judge(brood)
        known, found = known + brood, found + brood
        effect, cost = np.concatenate([effect, more[0]]), np.concatenate([cost, more[1]])
    return found


def standing(effect: Floats, cost: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Of each policy the number of the front that it lies on (0: no other beats it), and how far its neighbours there are: those at the
    ends are farthest."""
    rank, crowd = np.zeros(len(effect), np.int64), np.zeros(len(effect))
    left, at = np.arange(len(effect)), 0
    while len(left):
        on = left[frontier(effect[left], cost[left])]
        if not len(on):  # forbidden, all of them
            on = left
        rank[on], crowd[on] = at, _apart(effect[on], cost[on])
        left, at = np.setdiff1d(left, on, assume_unique=True), at + 1
    return rank, crowd


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _between(question: Question) -> NDArray[np.bool_]:
    """Whether each choice has anything between its values: cases and days do not."""
    found = []
    for at, choice in enumerate(question.choices):
        place = max(0, len(choice.values) - 2) + 0.5
        setting = tuple(place if here == at else 0 for here in range(len(question.choices)))
        try:
            question.scenario(setting)
            found.append(choice.never is None and len(choice.values) > 1)
        except SimulationError:
            found.append(False)
    return np.array(found)


def _apart(effect: Floats, cost: Floats) -> Floats:
    """The distance of each one's two neighbours along a front, both axes scaled to 0…1."""
    far = np.full(len(effect), np.inf)
    order = np.argsort(cost, kind="stable")
    for of in (effect[order], cost[order]):
        if len(of) > 2 and np.isfinite(of).all() and (width := of.max() - of.min()) > 0:
            inner = order[1:-1]
            far[inner] = np.where(np.isinf(far[inner]), 0, far[inner]) + np.abs(of[2:] - of[:-2]) / width
    return far


def _fittest(rank: NDArray[np.int64], crowd: Floats, random: np.random.Generator) -> int:
    """The better of two drawn: of the better front, else of the emptier stretch."""
    one, other = (int(place) for place in random.integers(0, len(rank), 2))
    return one if (rank[one], -crowd[one]) <= (rank[other], -crowd[other]) else other


def _child(
    one: Floats, other: Floats, between: NDArray[np.bool_], last: Floats, random: np.random.Generator
) -> Setting:  # fmt: skip
    """A policy between two, changed a little; on the grid where there is nothing between."""
    mix = random.random(len(one))
    place = mix * one + (1 - mix) * other + random.normal(0, SPREAD, len(one)) * (random.random(len(one)) < 0.5)
    place = np.clip(np.where(between, np.round(place / FINEST) * FINEST, np.round(place)), 0, last)
    return tuple(int(value) if value == int(value) else float(value) for value in place)
