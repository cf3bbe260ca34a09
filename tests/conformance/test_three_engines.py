"""One query, three sizes: native, DuckDB and Spark find the same people and the same contacts, row by row, whatever the world."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics.copresence import Index
from tests.properties.test_copresence_laws import by_hand, stays, windows
from tests.support.engines import World, duckdb, lines_of, native, people_of
from tests.support.meetings import haslemere, korea, school

if TYPE_CHECKING:
    from pyspark import SparkContext

pytestmark = pytest.mark.spark

Rows = list[tuple[int, ...]]
#: τ is 5 here, and there are two rings. What it is about: stays (person, place, in, out) and index persons (person, from, to),
#: then contacts (person, ring, via, place, from, to) and people (person, ring, exposed at).
BY_HAND: dict[str, tuple[Rows, Rows, Rows, Rows]] = {
    "nobody else was there": ([(0, 0, 0, 9)], [(0, 0, 9)], [], []),
    "exactly τ is enough, a second less is not; but the first may meet the second": (
        [(0, 0, 0, 9), (1, 0, 4, 20), (2, 0, 5, 20)], [(0, 0, 9)],
        [(1, 1, 0, 0, 4, 9), (2, 2, 1, 0, 5, 20)], [(1, 1, 4), (2, 2, 5)],
    ),
    "two stays that touch are one": (
        [(0, 0, 0, 9), (1, 0, 2, 5), (1, 0, 5, 8)], [(0, 0, 9)], [(1, 1, 0, 0, 2, 8)], [(1, 1, 2)],
    ),
    "only what lies in the window counts": (
        [(0, 0, 0, 99), (1, 0, 0, 50), (2, 0, 80, 99)], [(0, 40, 81)], [(1, 1, 0, 0, 40, 50)], [(1, 1, 40)],
    ),
    "who was met before being exposed is no second ring": (
        [(0, 0, 50, 60), (1, 0, 50, 60), (1, 1, 0, 10), (2, 1, 0, 10), (1, 2, 55, 70), (3, 2, 52, 64)],
        [(0, 0, 99)], [(1, 1, 0, 0, 50, 60), (3, 2, 1, 2, 55, 64)], [(1, 1, 50), (3, 2, 55)],
    ),
    "every way of the smallest ring is kept, and no index person is a contact": (
        [(0, 0, 0, 9), (1, 0, 0, 9), (2, 0, 2, 9), (2, 1, 20, 29), (1, 1, 20, 29)], [(0, 0, 99), (1, 0, 99)],
        [(2, 1, 0, 0, 2, 9), (2, 1, 1, 0, 2, 9), (2, 1, 1, 1, 20, 29)], [(2, 1, 2)],
    ),
    "infectious twice": (
        [(0, 0, 0, 99), (1, 0, 0, 99)], [(0, 10, 20), (0, 60, 70)], [(1, 1, 0, 0, 10, 20), (1, 1, 0, 0, 60, 70)], [(1, 1, 10)],
    ),
}  # fmt: skip


def by_spark(world: World, index: Index, tau: int, rings: int, spark: "SparkContext", *, largest: int = 4) -> None:
    """Spark says what the others say. Places of more than a handful of stays are cut up, so that much is cut."""
    from fangxian.lake.spark import Database

    database = Database(world, spark, tau=tau, number=3, largest=largest)
    try:
        expected = native(world, index, tau, rings)
        assert lines_of(duckdb(world, index, tau, rings)) == lines_of(expected)
        assert people_of(duckdb(world, index, tau, rings, lines=False)) == people_of(expected)
        found = database.trace(index, rings=rings)
        assert lines_of(found) == lines_of(expected)
        assert people_of(found) == people_of(expected)
        assert people_of(database.trace(index, rings=rings, lines=False)) == people_of(expected)
    finally:
        database.close()


def side_by_side(towns: list[tuple[Rows, Rows]]) -> tuple[Rows, Rows]:
    """Many small worlds as one, in which nobody of one meets anybody of another: one trace tries them all."""
    every: Rows = []
    index: Rows = []
    for town, (rows, window) in enumerate(towns):
        every += [(person + 100 * town, place + 10 * town, start, end) for person, place, start, end in rows]
        index += [(person + 100 * town, start, end) for person, start, end in window]
    return every, index


def test_worlds_made_by_hand(spark: "SparkContext") -> None:
    rows, index = side_by_side([(one[0], one[1]) for one in BY_HAND.values()])
    world, windows = World.of(rows, 2), Index.of(*zip(*index, strict=True))
    lines = [
        (person + 100 * town, ring, via + 100 * town, place + 10 * town, begin, end)
        for town, one in enumerate(BY_HAND.values())
        for person, ring, via, place, begin, end in one[2]
    ]
    people = [(who + 100 * town, ring, at) for town, one in enumerate(BY_HAND.values()) for who, ring, at in one[3]]
    found = native(world, windows, 5, 2)
    assert (lines_of(found), people_of(found)) == (sorted(lines), people)
    by_spark(world, windows, 5, 2, spark)


def test_nobody_stayed_anywhere(spark: "SparkContext") -> None:
    by_spark(World.of([]), Index.of([1], [0], [9]), 5, 2, spark)


@settings(max_examples=5)
@given(
    st.lists(st.tuples(stays, windows), min_size=12, max_size=24),
    st.integers(1, 20), st.integers(1, 3), st.integers(1, 4), st.sampled_from([2, 5, 1000]),
)  # fmt: skip
def test_worlds_that_nobody_thought_of(spark: "SparkContext", towns, tau, rings, pieces, largest) -> None:
    rows, index = side_by_side(towns)
    world, windows = World.of(rows, pieces), Index.of(*zip(*index, strict=True))
    expected_lines, expected_people = by_hand_all(towns, tau, rings)
    found = native(world, windows, tau, rings)
    assert lines_of(found) == expected_lines
    assert people_of(found) == expected_people
    by_spark(world, windows, tau, rings, spark, largest=largest)


def by_hand_all(towns, tau: int, rings: int) -> tuple[list, list]:
    lines, people = [], []
    for town, (rows, index) in enumerate(towns):
        met, reached = by_hand(rows, index, tau, rings)
        lines += [(p + 100 * town, r, v + 100 * town, q + 10 * town, a, b) for p, r, v, q, a, b in met]
        people += [(p + 100 * town, ring, at) for p, (ring, at) in reached.items()]
    return sorted(lines), sorted(people)


@pytest.mark.parametrize(("read", "tau", "cases"), [(haslemere, 10 * 60, 5), (school, 60, 3), (korea, 86_400, 20)])
def test_people_who_really_met(spark: "SparkContext", data_dir: Path, read, tau: int, cases: int) -> None:
    rows = read(data_dir)
    first = sorted({row[0] for row in rows})[:: max(1, len({row[0] for row in rows}) // cases)][:cases]
    index = Index.of(first, [min(row[2] for row in rows)] * len(first), [max(row[3] for row in rows)] * len(first))
    world = World.of(rows, 3)
    assert len(native(world, index, tau, 2).people) > cases
    by_spark(world, index, tau, 2, spark, largest=200)
