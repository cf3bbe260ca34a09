"""The Pareto frontier of effect against cost, and who falls out on the way to it (successive halving under common random numbers)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]
#: How sure one must be that a policy is beaten before it falls out, whatever the number of those that remain.
SURE = 0.99
_CHUNK = 2_000_000


def frontier(effect: Floats, cost: Floats) -> Ints:
    """Places of those that no other beats, the cheapest first; of equals the first only. Both are to be small."""
    order = np.lexsort((np.arange(len(cost)), effect, cost))
    found, best = [], np.inf
    for at in order:
        if effect[at] < best:
            found.append(int(at))
            best = effect[at]
    return np.array(found, np.int64)


def knee(effect: Floats, cost: Floats, nothing: float | None = None) -> int:
    """The place on a frontier (cheapest first) farthest below the line between its ends, both scaled to 0…1: up to there effect
    is cheap, from there on dear (Das 1999, Struct Optim 18:107). Of two, which have no knee, the one nearer to no harm and no cost, where
    `nothing` is the harm of doing least (by default that of the first)."""
    if len(effect) < 3:
        harm = max(effect[0] if nothing is None else nothing, effect[0], 1e-12)
        return int(np.argmin(effect / harm + cost / max(cost[-1], 1e-12)))
    x = (cost - cost[0]) / (cost[-1] - cost[0])
    y = (effect - effect[-1]) / (effect[0] - effect[-1])
    return int(np.argmax(1 - x - y))


def beaten(effect: Floats, cost: Floats, among: Ints) -> tuple[Floats, Bools]:
    """By how many standard errors of the paired differences each policy (N, runs) is beaten in both by its worst rival of `among`,
    at most 0 where nobody beats it; and whether that is sure."""
    runs = effect.shape[1]
    worst = np.full(len(effect), -np.inf)
    size = max(1, _CHUNK // max(1, len(among) * runs))
    for begin in range(0, len(effect), size):
        rows = slice(begin, begin + size)
        by_effect, by_cost = (_paired(of[rows], of[among]) for of in (effect, cost))
        # Beaten is who is not better in either and worse in one; an exact tie in one leaves the other to speak.
        both = np.where(
            by_effect == 0,
            np.where(by_cost > 0, by_cost, 0),
            np.where(by_cost == 0, by_effect, np.minimum(by_effect, by_cost)),
        )
        worst[rows] = both.max(axis=1, initial=-np.inf)
    return worst, worst > stdtrit(runs - 1, SURE)


def halved(effect: Floats, cost: Floats, allowed: Bools) -> Ints:
    """Places of those who stay: nobody whom none of the allowed beats falls out, everybody who is surely beaten does, and of the
    others those least beaten stay until half of all remain. (N, runs) each, `allowed` (N,): keeps every limit so far."""
    if not allowed.any():
        return np.arange(len(effect))
    places = np.flatnonzero(allowed)
    among = places[frontier(effect[places].mean(axis=1), cost[places].mean(axis=1))]
    worst, sure = beaten(effect, cost, among)
    free = worst <= 0
    doubtful = np.flatnonzero(~free & ~sure)
    room = max(0, len(effect) // 2 - int(free.sum()))
    stays = np.concatenate([np.flatnonzero(free), doubtful[np.argsort(worst[doubtful], kind="stable")[:room]]])
    return np.sort(stays)


def on_frontier(effect: Floats, cost: Floats, *, draws: int = 200, seed: int = 1) -> Floats:
    """How often each policy (N, runs) lies on the frontier when the runs are drawn anew, all policies alike (paired bootstrap)."""
    random = np.random.default_rng(seed)
    runs = effect.shape[1]
    found = np.zeros(len(effect))
    for _draw in range(draws):
        drawn = np.bincount(random.integers(0, runs, runs), minlength=runs) / runs
        found[frontier(effect @ drawn, cost @ drawn)] += 1
    return found / draws


def volume(effect: Floats, cost: Floats, worst: tuple[float, float]) -> float:
    """The area that a frontier leaves behind, up to the worst effect and cost (hypervolume): larger is better."""
    places = frontier(effect, cost)
    e, c = effect[places], cost[places]
    right = np.append(c[1:], worst[1])
    return float(np.sum(np.maximum(worst[0] - e, 0) * np.maximum(right - c, 0)))


def _paired(of: Floats, rivals: Floats) -> Floats:
    """(N, rivals): mean paired difference over its standard error; endless where it is the same in each run, 0 where there is none."""
    difference = of[:, None, :] - rivals[None, :, :]
    mean = difference.mean(axis=2)
    error = difference.std(axis=2, ddof=1) / np.sqrt(difference.shape[2])
    with np.errstate(divide="ignore", invalid="ignore"):
        told = mean / error
    return np.where(error > 0, told, np.where(mean == 0, 0.0, np.copysign(np.inf, mean)))
