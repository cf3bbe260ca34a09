"""Spatiotemporal companions (时空伴随者): who was in the same cell of a grid at the same time, by positions.

Positions become stays in cells (`grids`), 800 m squares unless told otherwise, and companions are traced as contacts are. The rule in
force in Chengdu from 2021-11: ten minutes together in one cell, and thirty hours there within fourteen days by either of the two.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import kernels, ordering
from fangxian.analytics.copresence.stays import Stays, shares
from fangxian.analytics.copresence.tracing import Index, Lines, trace

Ints = NDArray[Any]
#: Persons numbered up to so many times the positions need no numbering of our own.
_SPARSE = 16


def cell_stays(
    person: Ints, at: Ints, cell: Ints, gap: int = 30 * 60, *, threads: int = 2
) -> tuple[Ints, Ints, Ints, Ints]:
    """Positions as stays: person, cell, first and last second seen there; a silence longer than `gap` seconds ends a stay.

    Positions may come in any order. True time spent, not a count of positions: how often a telephone reports does not matter.
    """
    who, when, where = np.asarray(person), np.asarray(at), np.asarray(cell)
    if not len(who):
        return who, where, when, when
    named = None
    if int(who.min()) < 0 or int(who.max()) > _SPARSE * len(who):
        named, who = np.unique(who, return_inverse=True)
    bounds = np.zeros(int(who.max()) + 2, np.int64)
    ordering.count(who, bounds)
    bounds = np.cumsum(bounds)
    begin, place = np.empty(len(who), when.dtype), np.empty(len(who), where.dtype)
    ordering.scatter_positions(who, when, where, bounds[:-1].copy(), begin, place)
    end, kept = np.empty_like(begin), np.zeros(len(bounds) - 1, np.int64)

    def make(share: tuple[int, int]) -> None:
        first, last = share
        ordering.spells(first, last, bounds, begin, place, end, gap, kept)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(make, shares(bounds, 8 * threads)))
    ordering.close_gaps(bounds, kept, place, begin, end)
    n = int(kept.sum())
    numbers = np.repeat(np.arange(len(kept)).astype(np.asarray(person).dtype) if named is None else named, kept)
    return numbers, place[:n], begin[:n], end[:n]


def companions(
    stays: Stays,
    index: Index,
    *,
    minutes: float = 10,
    hours: float | None = 30,
    by: Literal["either", "both"] = "either",
    threads: int = 2,
) -> Lines:
    """Who was in a cell with an index person for `minutes` at a time, where one of them (or both) spent `hours` there in all.

    `stays` are those of `cell_stays` over the days that the rule looks back on, none left out for being short. `hours` None:
    no such condition. Each line is one time together.
    """
    found = trace(stays, index, tau=max(1, round(minutes * 60)), threads=threads).lines
    assert found is not None
    if hours is None:
        return found
    long = [dwelt(stays, person, found.place) >= hours * 3600 for person in (found.person, found.via)]
    return found.where(long[0] | long[1] if by == "either" else long[0] & long[1])


def dwelt(stays: Stays, person: Ints, place: Ints) -> Ints:
    """How many seconds in all each of some persons spent at one place: `person` and `place` of one length n → int64 (n)."""
    own, own_rows = stays.by_person
    total: Ints = kernels.dwell(person, place, own, own_rows, stays.place_rows, stays.arrival, stays.departure)
    return total
