"""What holds for every scan, pruned as it is: nothing is missed, nothing depends on names or units."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fangxian.analytics.scan import scan

TABLES = arrays(np.int64, st.tuples(st.integers(2, 7), st.integers(2, 5)), elements=st.integers(0, 9))
few = settings(max_examples=40)


def points(n: int) -> np.ndarray:
    return np.random.default_rng(n).uniform(0, 10, (n, 2))


def by_hand(counts: np.ndarray, places: np.ndarray, share: float) -> float:
    """The largest ratio of all prospective windows, without any short cut."""
    total, best = int(counts.sum()), 0.0
    for centre in places:
        order = np.argsort(np.hypot(*(places - centre).T), kind="stable")
        for k in range(1, len(order) + 1):
            held = counts[order[:k]].sum()
            if held > share * total and k > 1:
                continue
            for length in range(1, max(1, counts.shape[1] // 2) + 1):
                c = int(counts[order[:k], -length:].sum())
                e = float(held * counts[:, -length:].sum() / total)
                if c < 2 or c <= e:
                    continue
                rest = (total - c) * math.log((total - c) / (total - e)) if c < total else 0.0
                best = max(best, c * math.log(c / e) + rest)
    return best


@few
@given(counts=TABLES)
def test_no_window_is_missed(counts: np.ndarray) -> None:
    places = points(len(counts))
    found = scan(counts, places, replications=0).clusters
    best = by_hand(counts, places, 0.5) if counts.sum() else 0.0
    assert math.isclose(found[0].llr if found else 0.0, best, rel_tol=1e-9, abs_tol=1e-12)


@few
@given(counts=TABLES, scale=st.floats(0.1, 100), shift=st.floats(-50, 50))
def test_unit_and_origin_of_coordinates_do_not_matter(counts: np.ndarray, scale: float, shift: float) -> None:
    places = points(len(counts))
    here, there = scan(counts, places, replications=5), scan(counts, places * scale + shift, replications=5)
    assert [set(cluster.places) for cluster in here.clusters] == [set(cluster.places) for cluster in there.clusters]
    assert np.array_equal(here.replications, there.replications)


@few
@given(counts=TABLES)
def test_clusters_come_in_order_and_share_no_place(counts: np.ndarray) -> None:
    found = scan(counts, points(len(counts)), replications=9).clusters
    assert [one.llr for one in found] == sorted((one.llr for one in found), reverse=True)
    members = [place for one in found for place in one.places]
    assert len(members) == len(set(members))
    assert all(one.observed > one.expected for one in found)
    assert all(one.p is not None and 0.1 <= one.p <= 1 for one in found)
