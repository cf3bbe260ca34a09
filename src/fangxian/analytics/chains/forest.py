"""Components, generations and loops of a graph of links, fast enough for a million of them."""

from __future__ import annotations

import math

import numpy as np

from fangxian.analytics.chains.results import Days, Ints


def components(n: int, source: Ints, target: Ints) -> Ints:
    """Component number of each of n cases, 0 the largest, by hooking labels to the smaller and flattening."""
    label = np.arange(n)
    while True:
        a, b = label[source], label[target]
        apart = a != b
        if not apart.any():
            break
        source, target, a, b = source[apart], target[apart], a[apart], b[apart]
        np.minimum.at(label, np.maximum(a, b), np.minimum(a, b))
        while not np.array_equal(flat := label[label], label):
            label = flat
    first, number, size = np.unique(label, return_inverse=True, return_counts=True)
    rank = np.empty(len(first), np.int64)
    rank[np.lexsort((first, -size))] = np.arange(len(first))
    return rank[number]


def forest(n: int, source: Ints, target: Ints, day: Days, component: Ints) -> tuple[Ints, Ints, list[list[int]]]:
    """Generation and infector of each of n cases, and the loops.

    Generations spread breadth-first from the index cases. Cases that none of them reaches are behind a loop that nobody
    entered; it is cut at its earliest onset. Every loop holds a link that leads to no later generation, or cases not
    reached, so only the components where that happens are searched for loops.
    """
    start, heads = _adjacency(n, source, target)
    generation = [-1] * n
    _spread(np.flatnonzero(np.bincount(target, minlength=n) == 0).tolist(), generation, start, heads)
    level = np.array(generation, np.int64)
    suspicious = (level[target] <= level[source]) | (level[target] < 0)
    loops: list[list[int]] = []
    if suspicious.any():
        where = np.isin(component, component[target[suspicious]])
        back_start, back_heads = _adjacency(n, target, source)
        cuts = []
        for knot in _knots(np.flatnonzero(where).tolist(), start, heads, back_start, back_heads):
            members = set(knot)
            earliest = min(knot, key=lambda i: (math.isnan(day[i]), day[i], i))
            if loop := _loop(earliest, members, start, heads):
                loops.append(loop)
                if all(members.issuperset(back_heads[back_start[i] : back_start[i + 1]]) for i in knot):
                    cuts.append(earliest)
        _spread(cuts, generation, start, heads)
        level = np.array(generation, np.int64)
    infector = np.full(n, -1)
    later = np.flatnonzero(level[target] == level[source] + 1)[::-1]
    infector[target[later]] = source[later]  # the link recorded first is written last
    return level, infector, loops


def _spread(queue: list[int], generation: list[int], start: list[int], heads: list[int]) -> None:
    """Number the generations after the cases of the queue, leaving alone those that already have one."""
    for root in queue:
        generation[root] = 0
    for case in queue:
        a, b = start[case], start[case + 1]
        if a != b:
            following = generation[case] + 1
            for infectee in heads[a:b]:
                if generation[infectee] < 0:
                    generation[infectee] = following
                    queue.append(infectee)


def _adjacency(n: int, source: Ints, target: Ints) -> tuple[list[int], list[int]]:
    """Targets grouped by source: those of case i are heads[start[i]:start[i + 1]], in the order of the links."""
    start = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=n))))
    return start.tolist(), target[np.argsort(source, kind="stable")].tolist()


def _knots(
    cases: list[int], start: list[int], heads: list[int], back_start: list[int], back_heads: list[int]
) -> list[list[int]]:
    """Strongly connected components in topological order (Kosaraju, without recursion)."""
    seen: set[int] = set()
    finished: list[int] = []
    for root in cases:
        if root in seen:
            continue
        seen.add(root)
        stack = [(root, start[root])]
        while stack:
            case, at = stack.pop()
            while at < start[case + 1] and heads[at] in seen:
                at += 1
            if at < start[case + 1]:
                seen.add(heads[at])
                stack += [(case, at + 1), (heads[at], start[heads[at]])]
            else:
                finished.append(case)
    knots: list[list[int]] = []
    taken: set[int] = set()
    for root in reversed(finished):
        if root in taken:
            continue
        taken.add(root)
        knot = [root]
        for case in knot:
            for before in back_heads[back_start[case] : back_start[case + 1]]:
                if before not in taken:
                    taken.add(before)
                    knot.append(before)
        knots.append(knot)
    return knots


def _loop(case: int, knot: set[int], start: list[int], heads: list[int]) -> list[int]:
    """The shortest loop through a case of a knot, starting with it; empty if there is none."""
    came_from = {case: case}
    queue = [case]
    for current in queue:
        for following in heads[start[current] : start[current + 1]]:
            if following == case:
                path = [current]
                while path[-1] != case:
                    path.append(came_from[path[-1]])
                return path[::-1]
            if following in knot and following not in came_from:
                came_from[following] = current
                queue.append(following)
    return []
