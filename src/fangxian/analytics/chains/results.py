"""What an analysis of transmission chains gives back."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.chains.offspring import Offspring, offspring
from fangxian.analytics.errors import AnalysisError

Id = Any  # whatever the line list uses, as long as it is hashable
Ints = NDArray[np.int64]
Days = NDArray[np.float64]


class ChainsError(AnalysisError):
    """Input that cannot be a set of cases and links."""


@dataclass(frozen=True)
class SerialInterval:
    """Days from the infector's onset to the infectee's (代间隔), over links where both are known.

    `mean`, `median` and `sd` (sample standard deviation, n - 1) are None where n is too small. `negative` counts the links whose
    infectee fell ill first: transmission before symptoms, a wrong date or a reversed link.
    """

    n: int
    mean: float | None
    median: float | None
    sd: float | None
    negative: int = 0

    @classmethod
    def of(cls, days: Days) -> SerialInterval:
        """Summarise an array of day differences; NaN is unknown and left out."""
        known = days[~np.isnan(days)]
        if not len(known):
            return cls(0, None, None, None)
        sd = float(known.std(ddof=1)) if len(known) > 1 else None
        return cls(len(known), float(known.mean()), float(np.median(known)), sd, int((known < 0).sum()))


@dataclass(frozen=True)
class Cluster:
    """A chain: cases connected by links. `index_cases` have no known infector; `depth` is the highest generation."""

    number: int
    members: tuple[Id, ...]
    index_cases: tuple[Id, ...]
    depth: int

    @property
    def size(self) -> int:
        return len(self.members)


class Node(NamedTuple):
    """A case as it is drawn: `generation` is its column, `order` its row; rows of one tree never cross."""

    id: Id
    generation: int
    order: int
    cluster: int | None
    infector: Id | None
    onset: date | None


class Link(NamedTuple):
    """A link as it is drawn; `tree` is False for a second candidate infector and for the link that closes a loop."""

    infector: Id
    infectee: Id
    tree: bool


@dataclass(frozen=True)
class Graph:
    """What a drawing needs and nothing about how it is drawn."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True, eq=False)
class Chains:
    """The result of `analyse`. Arrays run over `ids` (the line list's order, then ids that only links name) or over links.

    - `infector_of`: for each id the index of its infector in the forest, -1 for an index case. Where several infectors are
      recorded the one of the lowest generation is taken, then the one recorded first.
    - `generation_of`: 0 for an index case. A loop that nobody entered from outside is cut at its earliest onset.
    - `component_of`: 0 for the largest component, then by size; equal sizes in the order of the line list.
    - `loops`: each a tuple of ids of which everyone infected the next and the last the first; one per knot of loops.
    - `unlisted`: ids that links name and the line list does not.
    """

    ids: tuple[Id, ...]
    unlisted: tuple[Id, ...]
    loops: tuple[tuple[Id, ...], ...]
    infector_of: Ints
    generation_of: Ints
    component_of: Ints
    source: Ints
    target: Ints
    onset_day: Days

    def _by_id(self, values: Ints) -> dict[Id, int]:
        return dict(zip(self.ids, values.tolist(), strict=True))

    @cached_property
    def sizes(self) -> Ints:
        """Cases per component, largest first, components of one case included."""
        return np.bincount(self.component_of) if self.ids else np.zeros(0, np.int64)

    @cached_property
    def _linked(self) -> Ints:
        """Numbers of the components that hold at least one link."""
        return np.unique(self.component_of[self.source])

    @property
    def components(self) -> int:
        """Connected components, cases without any link included."""
        return len(self.sizes)

    @property
    def count(self) -> int:
        """Chains: components with at least one link."""
        return len(self._linked)

    @property
    def largest(self) -> int:
        """Cases in the largest component (0 when there is no case)."""
        return int(self.sizes[0]) if len(self.sizes) else 0

    @property
    def depth(self) -> int:
        """The highest generation reached; index cases are generation 0."""
        return int(self.generation_of.max(initial=0))

    @property
    def max_out_degree(self) -> int:
        return int(self._out.max(initial=0))

    @cached_property
    def _out(self) -> Ints:
        return np.bincount(self.source, minlength=len(self.ids))

    @cached_property
    def _in(self) -> Ints:
        return np.bincount(self.target, minlength=len(self.ids))

    @cached_property
    def out_degree(self) -> dict[Id, int]:
        """Links from each case; a link recorded twice counts twice."""
        return self._by_id(self._out)

    @cached_property
    def in_degree(self) -> dict[Id, int]:
        """Links to each case: 2 means two recorded infectors."""
        return self._by_id(self._in)

    @cached_property
    def degree(self) -> dict[Id, int]:
        """Links from and to each case."""
        return self._by_id(self._in + self._out)

    @cached_property
    def generation(self) -> dict[Id, int]:
        """Steps from the nearest index case (代次)."""
        return self._by_id(self.generation_of)

    @cached_property
    def infector(self) -> dict[Id, Id | None]:
        """The forest: each case's infector, None for an index case."""
        return {i: self.ids[p] if p >= 0 else None for i, p in zip(self.ids, self.infector_of.tolist(), strict=True)}

    @cached_property
    def clusters(self) -> tuple[Cluster, ...]:
        """The chains, largest first. A case without links is in none."""
        order = np.argsort(self.component_of, kind="stable")
        ends = np.cumsum(self.sizes).tolist()
        found: list[Cluster] = []
        for number in self._linked.tolist():
            rows = order[ends[number - 1] if number else 0 : ends[number]]
            ids = tuple(self.ids[i] for i in rows.tolist())
            index = tuple(self.ids[i] for i in rows[self.infector_of[rows] < 0].tolist())
            found.append(Cluster(len(found) + 1, ids, index, int(self.generation_of[rows].max())))
        return tuple(found)

    @cached_property
    def cluster_size(self) -> dict[Id, int]:
        """Size of the component each case belongs to."""
        return self._by_id(self.sizes[self.component_of] if self.ids else self.component_of)

    @cached_property
    def serial_intervals(self) -> Days:
        """Days from onset to onset for each link as given, NaN where either onset is unknown."""
        return self.onset_day[self.target] - self.onset_day[self.source]

    @cached_property
    def serial_interval(self) -> SerialInterval:
        return SerialInterval.of(self.serial_intervals)

    @cached_property
    def secondary_cases(self) -> Ints:
        """Secondary cases of each case in the forest, so that nobody is counted as infected twice."""
        return np.bincount(self.infector_of[self.infector_of >= 0], minlength=len(self.ids))

    @cached_property
    def offspring(self) -> Offspring:
        """The distribution of secondary cases: mean, overdispersion k, share of cases behind 80 % of transmission."""
        return offspring(self.secondary_cases)

    def graph(self, cluster: int | None = None, most: int | None = None) -> Graph:
        """Nodes and links of one chain (a `Cluster.number`) or of all cases, index cases of a chain first, siblings by onset.

        At most so many nodes, the largest chains first, and the links between them; None: all.
        """
        number_of = np.full(max(1, self.components), -1)
        number_of[self._linked] = np.arange(1, self.count + 1)
        wanted = np.ones(len(self.ids), bool)
        if cluster is not None:
            if not 1 <= cluster <= self.count:
                raise ChainsError(
                    f"没有编号为 {cluster} 的传播链；编号为 1 到 {self.count}。",
                    f"There is no chain number {cluster}; chains are numbered 1 to {self.count}.",
                )
            wanted = self.component_of == self._linked[cluster - 1]
        rank = np.lexsort((np.arange(len(self.ids)), self.onset_day, self.component_of))  # NaN sorts last
        parent = self.infector_of.tolist()
        children: dict[int, list[int]] = {}
        for i in rank[wanted[rank]].tolist():
            children.setdefault(parent[i], []).append(i)
        order: list[int] = []
        stack = children.get(-1, [])[::-1]
        while stack and (most is None or len(order) < most):
            i = stack.pop()
            order.append(i)
            if i in children:
                stack.extend(children[i][::-1])
        ids = self.ids
        day_of = {
            day: date.fromordinal(int(day)) for day in np.unique(self.onset_day[~np.isnan(self.onset_day)]).tolist()
        }
        columns = (
            self.generation_of[order],
            number_of[self.component_of[order]],
            self.infector_of[order],
            self.onset_day[order],
        )
        nodes = tuple(
            Node(ids[i], generation, row, number if number > 0 else None, ids[by] if by >= 0 else None, day_of.get(day))
            for row, (i, generation, number, by, day) in enumerate(
                zip(order, *(column.tolist() for column in columns), strict=True)
            )
        )
        shown = np.zeros(len(ids), bool)
        shown[order] = True
        rows = np.flatnonzero(shown[self.source] & shown[self.target])
        source, target = self.source[rows], self.target[rows]
        _pairs, first = np.unique(source * len(ids) + target, return_index=True)
        tree = np.zeros(len(rows), bool)
        tree[first] = True  # of a link that was recorded twice the first
        tree &= self.infector_of[target] == source
        links = zip(source.tolist(), target.tolist(), tree.tolist(), strict=True)
        return Graph(nodes, tuple(Link(ids[s], ids[t], one) for s, t, one in links))

    def summary(self) -> dict[str, Any]:
        """The numbers of a situation report, ready for JSON. An infinite k (no overdispersion) is None."""
        si, spread = self.serial_interval, self.offspring

        def finite(value: float | None) -> float | None:
            return None if value is None or math.isinf(value) else value

        return {
            "cases": len(self.ids) - len(self.unlisted),
            "links": len(self.source),
            "unlisted": len(self.unlisted),
            "components": self.components,
            "chains": {"count": self.count, "largest": self.largest, "depth": self.depth},
            "max_out_degree": self.max_out_degree,
            "serial_interval": {"n": si.n, "mean": si.mean, "median": si.median, "sd": si.sd, "negative": si.negative},
            "secondary_cases": {
                "mean": spread.mean,
                "mean_interval": [finite(x) for x in spread.mean_interval] if spread.mean_interval else None,
                "k": finite(spread.k),
                "k_interval": [finite(x) for x in spread.k_interval] if spread.k_interval else None,
                "share_causing_80_percent": spread.share_causing(0.8),
            },
            "loops": [list(loop) for loop in self.loops],
        }
