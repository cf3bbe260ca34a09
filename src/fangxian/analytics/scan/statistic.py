"""The scan itself, compiled: the largest likelihood ratio of all circles and stretches, for the data and for replications."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.kernel import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Small = NDArray[np.int32]


@kernel(error_model="numpy")
def best_by_centre(
    near: Small, kept: Small, cases: Small, weight: Floats, share: Floats, total: int, least: int, ratio: Floats, size: Ints, stretch: Ints
) -> None:  # fmt: skip
    """For each centre the largest ratio, how many places that circle holds and which stretch it is; 0 where there is none."""
    found = np.empty(3)
    for c in range(near.shape[0]):
        _largest(near[c, : kept[c]], cases, weight, share, total, least, 0.0, found)
        ratio[c] = found[0]
        size[c] = int(found[1])
        stretch[c] = int(found[2])


@kernel(error_model="numpy")
def _largest(
    near: Small, cases: Small, weight: Floats, share: Floats, total: int, least: int, floor: float, found: Floats
) -> None:  # fmt: skip
    """The largest ratio above `floor` around one centre: ratio, number of places, stretch.

    With C cases where E < C were expected of N, the log likelihood ratio is C log(C/E) + (N-C) log((N-C)/(N-E)). Since log r is at most
    (r - 1/r)/2 for r ≥ 1 and at most r - 1 for any r, it is at most (C-E)(C+E)/2E - (C-E)(N-C)/(N-E): most windows are passed over
    without a logarithm.
    """
    stretches = cases.shape[1]
    inside = np.zeros(stretches, np.int64)
    held = 0.0
    n = float(total)
    best = floor
    found[0] = floor
    found[1] = 0.0
    found[2] = 0.0
    for k in range(len(near)):
        place = near[k]
        held += weight[place]
        for d in range(stretches):
            inside[d] += cases[place, d]
            c = float(inside[d])
            e = held * share[d]
            over = c - e
            if over <= 0.0 or inside[d] < least or e <= 0.0:
                continue
            if over * ((c + e) * (n - e) - 2.0 * e * (n - c)) <= 2.0 * best * e * (n - e):
                continue
            ratio = c * math.log(c / e)
            if c < n:
                ratio += (n - c) * math.log((n - c) / (n - e))
            if ratio > best:
                best = ratio
                found[0] = ratio
                found[1] = k + 1
                found[2] = d


@kernel(error_model="numpy")
def largest(near: Small, kept: Small, cases: Small, weight: Floats, share: Floats, total: int, least: int) -> float:
    """The largest ratio of all."""
    found = np.empty(3)
    best = 0.0
    for c in range(near.shape[0]):
        _largest(near[c, : kept[c]], cases, weight, share, total, least, best, found)
        best = found[0]
    return best


@kernel
def shuffled(place: Small, time: Small, seed: int, counts: Small) -> None:
    """Deal the times out anew among the cases (Fisher-Yates) and count them by place and time."""
    np.random.seed(seed)
    counts[:] = 0
    for i in range(len(time) - 1, -1, -1):
        j = np.random.randint(0, i + 1)
        drawn = time[j]
        time[j] = time[i]
        time[i] = drawn
        counts[place[i], drawn] += 1


@kernel
def scattered(cases: int, chance: Floats, seed: int, counts: Small) -> None:
    """Put each case at a place by the cumulative chances, at any time alike."""
    np.random.seed(seed)
    counts[:] = 0
    for _ in range(cases):
        place = np.searchsorted(chance, np.random.random() * chance[-1], side="right")
        counts[min(place, len(chance) - 1), np.random.randint(0, counts.shape[1])] += 1
