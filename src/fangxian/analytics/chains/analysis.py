"""From cases, links and onset dates to `Chains`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.chains.forest import components, forest
from fangxian.analytics.chains.reading import column, days, pairs, refuse
from fangxian.analytics.chains.results import Chains, ChainsError, Id


def analyse(
    cases: Sequence[Id] | NDArray[Any],
    edges: Sequence[tuple[Id, Id]] | NDArray[Any],
    onset: Mapping[Id, date | None] | Sequence[date | None] | NDArray[Any],
) -> Chains:
    """Work out the transmission chains of an outbreak.

    cases: n ids of the line list, each once. edges: m (infector, infectee) pairs. onset: date by id, or n dates in the
    order of `cases`; None (NaT) is unknown. Lists, NumPy arrays (edges of shape (m, 2)), Arrow columns and Arrow tables of
    two columns are accepted. Ids that only edges name become cases without a line-list row (`Chains.unlisted`).
    Raises ChainsError for an id listed twice, a missing id, or edges that are not pairs.
    """
    listed = column(cases)
    index: dict[Id, int] = dict(zip(listed, range(len(listed)), strict=True))
    if len(index) < len(listed) or None in index:
        refuse(listed)
    infectors, infectees = pairs(edges)
    for ends in (infectors, infectees):
        for i in ends:
            if i not in index:
                index[i] = len(index)
    if None in index:
        row = next(n for n, pair in enumerate(zip(infectors, infectees, strict=True), 1) if None in pair)
        raise ChainsError(
            f"第 {row} 条传播关系缺少病例编号；请删去该行或补全感染者与被感染者的编号。",
            f"Link {row} lacks an id; leave the row out or give both the infector and the infectee.",
        )
    ids = tuple(index)
    m, n = len(infectors), len(ids)
    source = np.fromiter(map(index.__getitem__, infectors), np.int64, m)
    target = np.fromiter(map(index.__getitem__, infectees), np.int64, m)
    day = days(onset, ids, len(listed))
    component = components(n, source, target)
    generation, infector, knots = forest(n, source, target, day, component)
    loops = tuple(tuple(ids[i] for i in loop) for loop in knots)
    return Chains(ids, ids[len(listed) :], loops, infector, generation, component, source, target, day)
