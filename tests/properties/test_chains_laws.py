"""Laws of transmission chains that hold for any set of cases and links, checked against slow and obvious code."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangxian.analytics.chains import Chains, analyse, offspring

Edges = list[tuple[int, int]]
FIRST = date(2020, 1, 1)


@st.composite
def outbreaks(draw: st.DrawFn) -> tuple[list[int], Edges, dict[int, date | None]]:
    n = draw(st.integers(0, 14))
    ids = st.integers(0, n + 2)
    edges = draw(st.lists(st.tuples(ids, ids), max_size=25))
    onset = draw(st.lists(st.none() | st.integers(0, 60).map(lambda d: FIRST + timedelta(d)), min_size=n, max_size=n))
    return list(range(n)), edges, dict(enumerate(onset))


def reach(start: int, edges: Edges, *, both_ways: bool) -> set[int]:
    seen, queue = {start}, [start]
    for current in queue:
        for a, b in edges + ([(b, a) for a, b in edges] if both_ways else []):
            if a == current and b not in seen:
                seen.add(b)
                queue.append(b)
    return seen


def analysed(outbreak: tuple[list[int], Edges, dict[int, date | None]]) -> Chains:
    return analyse(*outbreak)


@given(outbreaks())
def test_components_are_what_can_be_reached(outbreak: tuple[list[int], Edges, dict[int, date | None]]) -> None:
    chains, edges = analysed(outbreak), outbreak[1]
    expected = {i: frozenset(reach(i, edges, both_ways=True)) for i in chains.ids}
    assert chains.components == len(set(expected.values()))
    assert chains.cluster_size == {i: len(members) for i, members in expected.items()}
    assert chains.largest == max(map(len, expected.values()), default=0)
    linked = {i for edge in edges for i in edge}
    assert {frozenset(c.members) for c in chains.clusters} == {expected[i] for i in linked}
    assert chains.count == len(chains.clusters)
    sizes = [c.size for c in chains.clusters]
    assert sizes == sorted(sizes, reverse=True)
    assert [c.number for c in chains.clusters] == list(range(1, chains.count + 1))


@given(outbreaks())
def test_every_case_has_one_generation_and_the_forest_has_no_loop(
    outbreak: tuple[list[int], Edges, dict[int, date | None]],
) -> None:
    chains, edges = analysed(outbreak), outbreak[1]
    for i, infector in chains.infector.items():
        if infector is None:
            assert chains.generation[i] == 0
        else:
            assert (infector, i) in edges
            assert chains.generation[i] == chains.generation[infector] + 1
    in_loop = {i for loop in chains.loops for i in loop}
    infected = {b for _, b in edges}
    assert all(chains.generation[i] == 0 for i in chains.ids if i not in infected)
    assert all(i in in_loop for i in infected if chains.generation[i] == 0)
    assert int(chains.secondary_cases.sum()) == sum(p is not None for p in chains.infector.values())


@given(outbreaks())
def test_loops_are_found_exactly_where_someone_reaches_himself(
    outbreak: tuple[list[int], Edges, dict[int, date | None]],
) -> None:
    chains, edges = analysed(outbreak), outbreak[1]
    for loop in chains.loops:
        assert len(set(loop)) == len(loop)
        assert all(link in edges for link in zip(loop, loop[1:] + loop[:1], strict=True))
    circular = {a for a, b in edges if a in reach(b, edges, both_ways=False)}
    knots = {
        frozenset(j for j in reach(i, edges, both_ways=False) if i in reach(j, edges, both_ways=False))
        for i in circular
    }
    assert len(chains.loops) == len(knots)
    assert all(any(set(loop) <= knot for knot in knots) for loop in chains.loops)


@given(outbreaks(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(
    outbreak: tuple[list[int], Edges, dict[int, date | None]], rng: random.Random
) -> None:
    cases, edges, onset = outbreak
    shuffled = rng.sample(cases, len(cases)), rng.sample(edges, len(edges)), onset
    one, other = analysed(outbreak), analyse(*shuffled)
    assert one.out_degree == other.out_degree
    assert one.in_degree == other.in_degree
    assert one.cluster_size == other.cluster_size
    assert one.serial_interval.n == other.serial_interval.n
    assert one.serial_interval.median == other.serial_interval.median
    if not one.loops:
        assert one.generation == other.generation


@given(outbreaks())
def test_the_graph_holds_every_case_once_and_parents_before_children(
    outbreak: tuple[list[int], Edges, dict[int, date | None]],
) -> None:
    chains, edges = analysed(outbreak), outbreak[1]
    graph = chains.graph()
    assert sorted(node.id for node in graph.nodes) == sorted(chains.ids)
    order = {node.id: node.order for node in graph.nodes}
    assert sorted(order.values()) == list(range(len(order)))
    assert all(order[node.infector] < node.order for node in graph.nodes if node.infector is not None)
    assert [(link.infector, link.infectee) for link in graph.links] == edges
    assert {(x.infector, x.infectee) for x in graph.links if x.tree} == {
        (node.infector, node.id) for node in graph.nodes if node.infector is not None
    }
    parts = [chains.graph(cluster.number) for cluster in chains.clusters]
    assert [{node.id for node in part.nodes} for part in parts] == [set(c.members) for c in chains.clusters]


@given(outbreaks())
def test_serial_intervals_need_both_onsets(outbreak: tuple[list[int], Edges, dict[int, date | None]]) -> None:
    chains, (_, edges, onset) = analysed(outbreak), outbreak
    known = [(b - a).days for s, t in edges if (a := onset.get(s)) and (b := onset.get(t))]
    si = chains.serial_interval
    assert si.n == len(known)
    assert si.negative == sum(days < 0 for days in known)
    assert si.mean == (pytest.approx(np.mean(known)) if known else None)
    assert si.sd == (pytest.approx(np.std(known, ddof=1)) if len(known) > 1 else None)


def log_likelihood(counts: list[int], r: float, k: float) -> float:
    """The negative binomial written out with gamma functions."""
    each = (
        math.lgamma(x + k) - math.lgamma(k) - math.lgamma(x + 1) + k * math.log(k / (k + r)) + x * math.log(r / (k + r))
        for x in counts
    )
    return sum(each)


@given(st.lists(st.integers(0, 12), min_size=2, max_size=30).filter(any))
def test_no_other_mean_and_k_fit_better(counts: list[int]) -> None:
    fit = offspring(counts)
    assert fit.mean == pytest.approx(np.mean(counts))
    assert fit.k is not None and fit.mean is not None and fit.k_interval and fit.mean_interval
    assert math.isinf(fit.k) == (np.var(counts) <= np.mean(counts) + 1e-12)
    best = log_likelihood(counts, fit.mean, min(fit.k, 1e6))
    for factor in (0.5, 0.9, 1.1, 2):
        assert log_likelihood(counts, fit.mean * factor, min(fit.k, 1e6)) <= best + 1e-6
        assert log_likelihood(counts, fit.mean, min(fit.k, 1e6) * factor) <= best + 1e-4
    assert fit.k_interval[0] <= fit.k <= fit.k_interval[1]
    assert fit.mean_interval[0] <= fit.mean <= fit.mean_interval[1]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=40), st.floats(0.05, 1))
def test_the_share_of_superspreaders_is_the_smallest_that_suffices(counts: list[int], share: float) -> None:
    measured = offspring(counts).share_causing(share)
    if not any(counts):
        assert measured is None
        return
    most = sorted(counts, reverse=True)
    needed = next(m for m in range(1, len(most) + 1) if sum(most[:m]) >= share * sum(most) - 1e-9)
    assert measured == pytest.approx(needed / len(counts))
