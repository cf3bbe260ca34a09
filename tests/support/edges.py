"""A network of unequal degrees, the same wherever it is made: pairs and groups of five, no pair twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

PEOPLE = 1_000
#: Infected at first, out of all, at random.
SEEDS = 10
#: Passing on and recovery, of which time is measured in days.
TAU, GAMMA = 0.1, 0.25
#: The chance of passing on in Reed's and Frost's model, in which everybody infects for one day.
CHANCE = 0.25


def edges(people: int = PEOPLE) -> NDArray[np.int64]:
    """(pairs, 2): each in a group of five, and acquaintances whose number is drawn from a geometric distribution."""
    random = np.random.default_rng(2024)
    groups = random.permutation(people).reshape(-1, 5)
    within = [groups[:, [a, b]] for a in range(5) for b in range(a)]
    stubs = random.permutation(np.repeat(np.arange(people), random.geometric(0.3, people)))
    found = np.concatenate([*within, stubs[: len(stubs) // 2 * 2].reshape(-1, 2)])
    found = np.sort(found[found[:, 0] != found[:, 1]], axis=1)
    return np.unique(found, axis=0)
