"""Chains: inputs of every kind, refusals that say what to do, and published numbers."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

import numpy as np
import pytest

from fangxian.analytics.chains import ChainsError, Link, analyse, offspring


class Column:
    """Anything with Arrow's `to_pylist`."""

    def __init__(self, *values: object) -> None:
        self.values = values

    def to_pylist(self) -> list[object]:
        return list(self.values)


class Table:
    num_columns = 2

    def __init__(self, *columns: Column) -> None:
        self.columns = columns

    def column(self, i: int) -> Column:
        return self.columns[i]


def test_a_family_and_a_stranger() -> None:
    onset = {"a": date(2020, 1, 1), "b": date(2020, 1, 6), "c": None, "d": date(2020, 1, 4)}
    chains = analyse(["a", "b", "c", "d", "stranger"], [("a", "b"), ("b", "c"), ("a", "d")], onset)
    assert chains.generation == {"a": 0, "b": 1, "c": 2, "d": 1, "stranger": 0}
    assert (chains.count, chains.components, chains.largest, chains.depth, chains.max_out_degree) == (1, 2, 4, 2, 2)
    assert chains.serial_interval.n == 2
    assert chains.serial_interval.mean == 4
    assert [node.id for node in chains.graph(1).nodes] == ["a", "d", "b", "c"]
    assert chains.clusters[0].index_cases == ("a",)
    assert chains.loops == ()


def test_numpy_arrow_and_lists_give_the_same() -> None:
    cases, edges = [1, 2, 3], [(1, 2), (1, 3)]
    days = [date(2020, 1, 1), None, date(2020, 1, 3)]
    plain = analyse(cases, edges, dict(zip(cases, days, strict=True)))
    numpy = analyse(np.array(cases), np.array(edges), np.array(days, "datetime64[D]"))
    arrow = analyse(Column(*cases), Table(Column(1, 1), Column(2, 3)), Column(*days))  # type: ignore[arg-type]
    stamps = [datetime(2020, 1, 1, 23), float("nan"), np.datetime64("2020-01-03T01")]
    mixed = analyse(cases, edges, stamps)  # type: ignore[arg-type]
    assert plain.summary() == numpy.summary() == arrow.summary() == mixed.summary()
    assert plain.serial_interval.mean == 2


def test_ids_that_only_links_name_are_kept_and_named() -> None:
    chains = analyse(["b"], [("a", "b")], {"b": date(2020, 1, 2)})
    assert chains.unlisted == ("a",)
    assert chains.generation == {"b": 1, "a": 0}
    assert chains.summary()["cases"] == 1


def test_a_loop_is_named_and_cut_at_its_earliest_onset() -> None:
    onset = {"a": date(2020, 1, 9), "b": date(2020, 1, 2), "c": None, "d": date(2020, 1, 20)}
    chains = analyse("abcd", [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")], onset)
    assert chains.loops == (("b", "c", "a"),)
    assert chains.generation == {"b": 0, "c": 1, "a": 2, "d": 2}


def test_two_candidate_infectors_give_one_secondary_case() -> None:
    chains = analyse("abc", [("a", "c"), ("b", "c"), ("a", "c")], {})
    assert chains.in_degree["c"] == 3
    assert chains.secondary_cases.tolist() == [1, 0, 0]
    assert chains.graph().links == (Link("a", "c", True), Link("b", "c", False), Link("a", "c", False))


def test_a_chain_a_hundred_thousand_generations_deep_ends() -> None:
    n = 100_000
    chains = analyse(range(n), np.column_stack((np.arange(n - 1), np.arange(1, n))), {})
    assert chains.depth == n - 1
    loop = analyse(range(n), np.column_stack((np.arange(n), (np.arange(n) + 1) % n)), {})
    assert len(loop.loops[0]) == n
    assert len(loop.graph().nodes) == n


def test_nothing_at_all() -> None:
    summary = analyse([], [], {}).summary()
    assert summary["chains"] == {"count": 0, "largest": 0, "depth": 0}
    assert summary["serial_interval"]["mean"] is None
    assert summary["secondary_cases"]["mean"] is None


@pytest.mark.parametrize(
    ("cases", "edges", "onset", "named"),
    [
        (["a", "a"], [], {}, "a is listed twice (row 2)"),
        (["a", None], [], {}, "Row 2"),
        (["a"], [("a", None)], {}, "Link 1 lacks"),
        (["a"], [("a", "b", "c")], {}, "Link 1 is not a pair"),
        (["a"], ["ab"], {}, "Link 1 is not a pair"),
        (["a"], [], [], "0 onset dates for 1 cases"),
        (["a"], [], {"a": "2020-01-01"}, "is not a date"),
    ],
)
def test_bad_input_is_refused_in_both_languages(cases: list[Any], edges: list[Any], onset: Any, named: str) -> None:
    with pytest.raises(ChainsError) as refusal:
        analyse(cases, edges, onset)
    assert named in refusal.value.en
    assert refusal.value.zh.endswith("。")


def test_a_chain_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ChainsError, match="no chain number 2"):
        analyse("ab", [("a", "b")], {}).graph(2)


def test_k_of_simulated_counts_is_recovered() -> None:
    """Negative binomial counts with R = 0.8 and k = 0.2: both lie in their intervals, k within 10 % of the truth."""
    rng = np.random.default_rng(7)
    fit = offspring(rng.negative_binomial(0.2, 0.2 / (0.2 + 0.8), 50_000))
    assert fit.k == pytest.approx(0.2, rel=0.1)
    assert fit.k_interval is not None and fit.k_interval[0] < 0.2 < fit.k_interval[1]
    assert fit.mean_interval is not None and fit.mean_interval[0] < 0.8 < fit.mean_interval[1]


def test_counts_that_vary_no_more_than_chance_have_no_overdispersion() -> None:
    fit = offspring([1] * 50)
    assert fit.k is not None and math.isinf(fit.k)
    assert fit.k_interval is not None and math.isinf(fit.k_interval[1])
    assert fit.share_causing(0.8) == 0.8
