"""Which circles of places are looked at, and which stretches of time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def neighbours(coordinates: Floats, weight: Floats, share: float) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """For each of L places the places nearest to it, itself first, as many as hold at most `share` of the weight (at least itself).

    coordinates: (L, 2). Gives the order (L, K), filled up with 0, and how many of each row count (L,). Equal distances are taken in
    the order of the rows.
    """
    n = len(coordinates)
    most = share * weight.sum() * (1 + 1e-12)
    rows, kept = [], np.empty(n, np.int32)
    for i in range(n):
        distance = ((coordinates - coordinates[i]) ** 2).sum(axis=1)
        distance[i] = -1
        order = np.argsort(distance, kind="stable")
        kept[i] = max(1, int((np.cumsum(weight[order]) <= most).sum()))
        rows.append(order[: kept[i]].astype(np.int32))
    table = np.zeros((n, int(kept.max(initial=1))), np.int32)
    for i, row in enumerate(rows):
        table[i, : len(row)] = row
    return table, kept


def stretches(times: int, longest: int, retrospective: bool) -> tuple[Ints, Ints]:
    """First and last time of every stretch of at most `longest` times: those that end last, or any."""
    lengths = np.arange(1, min(longest, times) + 1)
    if not retrospective:
        return times - lengths, np.full(len(lengths), times - 1)
    start = np.concatenate([np.arange(times - length + 1) for length in lengths])
    return start, start + np.repeat(lengths, times - lengths + 1) - 1


def summed(counts: NDArray[np.int32], start: Ints, end: Ints) -> NDArray[np.int32]:
    """Cases of each place in each stretch, (L, stretches)."""
    before = np.concatenate((np.zeros((len(counts), 1), np.int32), np.cumsum(counts, axis=1, dtype=np.int32)), axis=1)
    return np.ascontiguousarray(before[:, end + 1] - before[:, start])
