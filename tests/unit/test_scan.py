"""Scans small enough to check by hand, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from fangxian.analytics.scan import ScanError, gumbel_p, scan

LINE = [[0.0, 0.0], [1.0, 0.0], [5.0, 0.0], [6.0, 0.0]]


def test_the_ratio_of_one_place_by_hand() -> None:
    found = scan([[6], [1], [1], [2]], LINE, model="poisson", population=[10, 10, 10, 10], share=0.25, replications=0)
    best = found.clusters[0]
    assert (best.places, best.observed, best.expected, best.p) == ((0,), 6, 2.5, None)
    assert best.llr == pytest.approx(6 * math.log(6 / 2.5) + 4 * math.log(4 / 7.5))
    assert best.relative == 2.4


def test_neighbours_are_taken_in_and_a_second_cluster_shares_no_place() -> None:
    counts = [[0, 0, 8], [0, 1, 7], [2, 2, 0], [2, 3, 0]]
    found = scan(counts, LINE, share=0.7, longest=1, replications=19)
    best = found.clusters[0]
    assert set(best.places) == {0, 1}
    assert (best.start, best.end, best.observed, best.radius) == (2, 2, 15, 1.0)
    assert best.expected == pytest.approx(16 * 15 / 25)
    assert best.p == 0.05
    assert all(not set(best.places) & set(other.places) for other in found.clusters[1:])


def test_looking_back_finds_what_is_over() -> None:
    counts = [[0, 9, 0, 0], [1, 0, 1, 1], [1, 0, 1, 1], [1, 0, 1, 1]]
    now, ever = (scan(counts, LINE, longest=1, replications=0, retrospective=back) for back in (False, True))
    assert (ever.clusters[0].start, ever.clusters[0].end, ever.clusters[0].places) == (1, 1, (0,))
    assert all(cluster.end == 3 for cluster in now.clusters)


def test_the_same_seed_gives_the_same_replications() -> None:
    counts = np.random.default_rng(1).poisson(1.0, (4, 6))
    first, again, other = (scan(counts, LINE, replications=50, seed=seed).replications for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_nothing_to_find() -> None:
    assert scan([[0, 0], [0, 0], [0, 0], [0, 0]], LINE).clusters == ()
    assert scan([[1, 0], [0, 0], [0, 0], [0, 0]], LINE).clusters == ()


def test_gumbel_has_the_moments_of_the_replications() -> None:
    random = np.array([2.0, 3.0, 4.0, 5.0])
    scale = random.std(ddof=1) * math.sqrt(6) / math.pi
    assert gumbel_p(random.mean() - 0.5772156649015329 * scale, random) == pytest.approx(1 - math.exp(-1))
    assert gumbel_p(50, random) < 1e-12


@pytest.mark.parametrize(
    ("counts", "more", "says"),
    [
        ([[1, -1]] * 4, {}, "whole numbers of at least 0"),
        ([[1, 2]] * 3, {}, "3 rows of two numbers"),
        ([[1]] * 4, {}, "two times or more"),
        ([[1]] * 4, {"model": "poisson"}, "needs the population"),
        ([[1]] * 4, {"model": "poisson", "population": [1, 2, 3, -4]}, "none negative"),
        ([[1, 1]] * 4, {"share": 0}, "between 0 and 1"),
    ],
)
def test_what_makes_no_sense_is_named(counts: Any, more: dict[str, Any], says: str) -> None:
    with pytest.raises(ScanError, match=says):
        scan(counts, LINE, **more)
