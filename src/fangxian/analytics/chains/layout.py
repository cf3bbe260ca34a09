"""Where the cases of transmission chains stand in a drawing: as a tree over time, and as rings around index cases.

Nothing is left to chance or to iteration: the same chains are drawn the same way on every day and on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from fangxian.analytics.chains.results import Graph, Node

#: Rows between two chains of a tree.
_GAP = 1.0
#: Distance between two rings, and between neighbours on a ring.
_RING, _NEIGHBOUR = 1.6, 1.1


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case stands.

    Tree: `day` (a proleptic Gregorian ordinal; `is_dated` False where the onset is unknown and the day is only a likely one) and
    `row`. Rings: `x` and `y`, a neighbour being about one away.
    """

    day: float
    is_dated: bool
    row: float
    x: float
    y: float


def place(graph: Graph) -> tuple[Place, ...]:
    """A place for each node of a graph, in its order. Nodes come parents first, the cases of a chain together (`Chains.graph`).

    In the tree nothing crosses: leaves take one row after the other and an infector stands in the middle of those it infected.
    Cases that nobody is linked with stand below, stacked over their days. As rings, every chain is a disc of its own: index
    cases at its centre, each generation around the one before, discs in rows with the largest first.
    """
    nodes = graph.nodes
    number = {node.id: place for place, node in enumerate(nodes)}
    parents = [number[node.infector] if node.infector is not None else -1 for node in nodes]
    children: list[list[int]] = [[] for _node in nodes]
    for child, parent in enumerate(parents):
        if parent >= 0:
            children[parent].append(child)
    days = _days(nodes, parents)
    rows = _rows(nodes, children, days)
    spots = _discs(nodes, parents, children)
    return tuple(
        Place(day, node.onset is not None, row, x, y)
        for node, day, row, (x, y) in zip(nodes, days, rows, spots, strict=True)
    )


def _days(nodes: Sequence[Node], parents: Sequence[int]) -> list[float]:
    """Days of onset. Of an unknown one: a day after the infector's, else a day before the first known below, else the first of all."""
    known = [float(node.onset.toordinal()) if node.onset else math.inf for node in nodes]
    first = min((day for day in known if day < math.inf), default=0.0)
    below = list(known)
    for child in range(len(nodes) - 1, -1, -1):
        if (parent := parents[child]) >= 0:
            below[parent] = min(below[parent], below[child])
    days: list[float] = []
    for child, parent in enumerate(parents):
        if known[child] < math.inf:
            days.append(known[child])
        elif parent >= 0:
            days.append(days[parent] + 1)
        else:
            days.append(below[child] - 1 if below[child] < math.inf else first)
    return days


def _rows(nodes: Sequence[Node], children: Sequence[Sequence[int]], days: Sequence[float]) -> list[float]:
    rows = [0.0] * len(nodes)
    free = 0.0
    linked = [place for place, node in enumerate(nodes) if node.cluster is not None]
    for place, after in pairwise([*linked, -1]):
        if not children[place]:
            rows[place] = free
            free += 1
        if after >= 0 and nodes[after].cluster != nodes[place].cluster:
            free += _GAP
    for place in reversed(linked):
        if children[place]:
            rows[place] = (rows[children[place][0]] + rows[children[place][-1]]) / 2
    if linked:
        free += _GAP
    stacked: dict[float, int] = {}
    for place, node in enumerate(nodes):
        if node.cluster is None:
            rows[place] = free + stacked.get(days[place], 0)
            stacked[days[place]] = stacked.get(days[place], 0) + 1
    return rows


def _discs(
    nodes: Sequence[Node], parents: Sequence[int], children: Sequence[Sequence[int]]
) -> list[tuple[float, float]]:
    """Every chain a disc around its index cases, discs in rows."""
    groups: dict[int, list[int]] = {}
    for place, node in enumerate(nodes):
        groups.setdefault(node.cluster if node.cluster is not None else -place - 1, []).append(place)
    leaves = [0 if below else 1 for below in children]
    for child in range(len(nodes) - 1, -1, -1):
        if (parent := parents[child]) >= 0:
            leaves[parent] += leaves[child]
    angles = [0.0] * len(nodes)
    shape: list[tuple[list[int], dict[int, float], float]] = []
    for members in groups.values():
        total, taken = sum(leaves[place] for place in members if parents[place] < 0), 0
        start: dict[int, int] = {}
        for place in members:  # parents first
            begin = start.get(place, taken)
            if parents[place] < 0:
                taken += leaves[place]
            angles[place] = 2 * math.pi * (begin + leaves[place] / 2) / total
            for child in children[place]:
                start[child] = begin
                begin += leaves[child]
        radii = _radii([nodes[place].generation for place in members])
        shape.append((members, radii, max(radii.values()) + _NEIGHBOUR))
    return _in_rows(nodes, angles, shape)


def _radii(generations: Sequence[int]) -> dict[int, float]:
    """How far from the centre each generation stands, so that neighbours on a ring keep their distance."""
    number: dict[int, int] = {}
    for generation in generations:
        number[generation] = number.get(generation, 0) + 1
    radii: dict[int, float] = {}
    last = -_RING
    for generation in range(max(number) + 1):
        crowd = number.get(generation, 0)
        wide = crowd * _NEIGHBOUR / (2 * math.pi) if crowd > 1 else 0.0
        last = radii[generation] = max(last + _RING, wide)
    return radii


def _in_rows(
    nodes: Sequence[Node], angles: Sequence[float], shape: Sequence[tuple[list[int], dict[int, float], float]]
) -> list[tuple[float, float]]:
    spots = [(0.0, 0.0)] * len(nodes)
    width = 1.4 * math.sqrt(sum((2 * radius) ** 2 for _members, _radii, radius in shape))
    left, top, deep = 0.0, 0.0, 0.0
    for members, radii, radius in sorted(shape, key=lambda one: -one[2]):
        if left and left + 2 * radius > width:
            left, top, deep = 0.0, top + deep, 0.0
        for place in members:
            far = radii[nodes[place].generation]
            x = left + radius + far * math.cos(angles[place])
            spots[place] = (x, top + radius + far * math.sin(angles[place]))
        left += 2 * radius
        deep = max(deep, 2 * radius)
    return spots
