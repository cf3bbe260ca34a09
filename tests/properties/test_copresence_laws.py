"""Laws of tracing by stays: whatever the world, what is found is what a patient clerk would find, and nothing else."""

import tempfile
from collections import defaultdict
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics import copresence
from fangxian.analytics.copresence.projection import Projection
from fangxian.analytics.errors import AnalysisError
from fangxian.lake.duck import Database

Stay = tuple[int, int, int, int]
Window = tuple[int, int, int]

instants = st.integers(0, 60)
stays = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 3), instants, st.integers(0, 25)).map(
        lambda one: (one[0], one[1], one[2], one[2] + one[3])
    ),
    max_size=40,
)
windows = st.lists(
    st.tuples(st.integers(0, 7), instants, st.integers(0, 40)).map(lambda one: (one[0], one[1], one[1] + one[2])),
    min_size=1,
    max_size=3,
)


def merged(world: list[Stay]) -> list[Stay]:
    """Stays of one person at one place that overlap or touch are one stay."""
    result: list[Stay] = []
    for person, place, start, end in sorted(world):
        if result and result[-1][:2] == (person, place) and start <= result[-1][3]:
            result[-1] = (person, place, result[-1][2], max(result[-1][3], end))
        else:
            result.append((person, place, start, end))
    return result


def by_hand(
    world: list[Stay], index: list[Window], tau: int, rings: int
) -> tuple[list[tuple], dict[int, tuple[int, int]]]:
    """Lines (person, ring, via, place, from, to) and people {person: (ring, exposed at)}, by looking at every pair."""
    all_stays = merged(world)
    people: dict[int, tuple[int, int]] = {}
    lines: list[tuple] = []
    settled = {person for person, _since, _until in index}
    frontier = [(who, since, until) for who, _place, since, until in merged([(w, 0, a, b) for w, a, b in index])]
    for ring in range(1, rings + 1):
        first: dict[int, int] = defaultdict(lambda: 10**9)
        for via, since, until in frontier:
            for who, where, start, end in all_stays:
                if who != via:
                    continue
                for person, place, arrival, departure in all_stays:
                    begin, finish = max(start, since, arrival), min(end, until, departure)
                    if place == where and person not in settled and finish - begin >= tau:
                        lines.append((person, ring, via, place, begin, finish))
                        first[person] = min(first[person], begin)
        people |= {person: (ring, at) for person, at in first.items()}
        settled |= set(first)
        frontier = [(person, at, 10**9) for person, at in first.items()]
    return lines, people


def rows_of(lines: copresence.Lines | None) -> list[tuple]:
    assert lines is not None
    columns = (getattr(lines, name).tolist() for name in "person ring via place t_in t_out".split())
    return sorted(zip(*columns, strict=True))


def arrays(world: list[Stay]) -> copresence.Stays:
    return copresence.Stays.of(*(np.array([one[k] for one in world], np.int64) for k in range(4)))


@given(stays, windows, st.integers(1, 20), st.integers(1, 3))
def test_every_contact_is_found_and_nothing_else(world, index, tau, rings):
    expected_lines, expected_people = by_hand(world, index, tau, rings)
    traced = copresence.trace(
        arrays(world), copresence.Index.of(*zip(*index, strict=True)), tau=tau, rings=rings, threads=1
    )
    assert rows_of(traced.lines) == sorted(expected_lines)
    people = traced.people
    assert (
        dict(
            zip(people.person.tolist(), zip(people.ring.tolist(), people.exposed_at.tolist(), strict=True), strict=True)
        )
        == expected_people
    )


@given(stays, windows, st.integers(1, 20), st.integers(1, 3), st.integers(1, 3))
def test_who_is_reached_does_not_depend_on_the_way_of_counting(world, index, tau, rings, threads):
    """Without lines a quite different kernel works; so do more threads, and an index without stays that are too short."""
    some = copresence.Index.of(*zip(*index, strict=True))
    named = copresence.trace(arrays(world), some, tau=tau, rings=rings).people
    counted = copresence.trace(arrays(world), some, tau=tau, rings=rings, lines=False, threads=threads).people
    columns = [np.array([one[k] for one in world], np.int64) for k in range(4)]
    long_enough = copresence.Stays.of(*columns, at_least=tau)
    short = copresence.trace(long_enough, some, tau=tau, rings=rings, lines=False).people
    for other in (counted, short):
        assert other.person.tolist() == named.person.tolist()
        assert other.ring.tolist() == named.ring.tolist()
        assert other.exposed_at.tolist() == named.exposed_at.tolist()


@given(stays, windows, st.integers(1, 30), st.integers(1, 40))
def test_overlaps_add_up_within_a_window_of_time(world, index, tau, within):
    """Some window of so many seconds holds `tau` seconds together: looked at second by second."""
    traced = copresence.trace(arrays(world), copresence.Index.of(*zip(*index, strict=True)), tau=tau, within=within)
    every, _people = by_hand(world, index, 1, 1)
    pairs: dict[tuple[int, int], set[int]] = defaultdict(set)
    for person, _ring, via, _place, begin, finish in every:
        pairs[person, via] |= set(range(begin, finish))
    expected = {
        pair
        for pair, seconds in pairs.items()
        if any(sum(s <= x < s + within for x in seconds) >= tau for s in seconds)
    }
    assert {(row[0], row[2]) for row in rows_of(traced.lines)} == expected
    assert set(rows_of(traced.lines)) <= set(every)
    assert set(traced.people.person.tolist()) == {person for person, _via in expected}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 500), st.integers(0, 2)), max_size=60), st.integers(1, 60))
def test_positions_become_stays_that_hold_each_of_them(positions, gap):
    once = sorted({(who, at): cell for who, at, cell in positions}.items())
    who, at, cell = (
        np.array(column, np.int64)
        for column in ([k[0] for k, _ in once], [k[1] for k, _ in once], [c for _, c in once])
    )
    made = list(zip(*(column.tolist() for column in copresence.cell_stays(who, at, cell, gap)), strict=True))
    for person, moment, where in zip(who.tolist(), at.tolist(), cell.tolist(), strict=True):
        assert sum(p == person and c == where and a <= moment <= b for p, c, a, b in made) == 1
    for person, where, begin, end in made:
        inside = [
            m
            for p, m, c in zip(who.tolist(), at.tolist(), cell.tolist(), strict=True)
            if p == person and begin <= m <= end
        ]
        assert inside[0] == begin and inside[-1] == end
        assert all(later - earlier <= gap for earlier, later in pairwise(inside))
        assert {
            c
            for p, m, c in zip(who.tolist(), at.tolist(), cell.tolist(), strict=True)
            if p == person and begin <= m <= end
        } == {where}


@given(st.floats(-179, 179), st.floats(-85, 85), st.sampled_from([100, 800, 5000]))
def test_a_cell_is_as_large_as_it_is_said_to_be(lon, lat, side):
    """Positions further apart than a cell is wide are in different cells; the very same is always in the same."""
    metre = 1 / 111_194.9
    wide = metre / np.cos(np.radians(lat))
    east, north = lon + 1.02 * side * wide, lat + 1.02 * side * metre
    found = copresence.cells(np.array([lon, lon, east, lon]), np.array([lat, lat, lat, north]), side)
    assert found[0] == found[1] and len({*found.tolist()}) == 3


@pytest.mark.parametrize("isolated", [False, True])
def test_in_a_crowded_world_the_two_kernels_agree(isolated: bool) -> None:
    """Venues of many blocks, windows in every step of time, persons of several windows: what small worlds cannot show."""
    rng = np.random.default_rng(5)
    n, persons, day = 30_000, 2_000, 86_400
    arrival = rng.integers(0, 14 * day, n)
    length = np.where(rng.random(n) < 0.02, rng.integers(0, 9 * 3600, n), rng.exponential(1200, n).astype(int))
    place = rng.choice(30, n, p=np.r_[0.5, np.full(29, 0.5 / 29)])
    stays = copresence.Stays.of(rng.integers(0, persons, n), place, arrival, arrival + length)
    since = rng.integers(0, 12 * day, 40)
    index = copresence.Index.of(rng.integers(0, 30, 40), since, since + rng.integers(0, 3 * day, 40))
    until = rng.integers(3 * day, 14 * day, persons) if isolated else None
    for rings in (1, 2, 3):
        named, counted = (
            copresence.trace(stays, index, tau=900, rings=rings, lines=lines, until=until, latent=7200)
            for lines in (True, False)
        )
        assert len(named.people) > 30
        for name in ("person", "ring", "exposed_at"):
            assert getattr(named.people, name).tolist() == getattr(counted.people, name).tolist()
    place_of = np.repeat(np.arange(stays.places), np.diff(stays.place_rows))
    expected = set()
    for via, begin, end in zip(index.person.tolist(), index.since.tolist(), index.until.tolist(), strict=True):
        for row in np.flatnonzero(stays.person == via).tolist():
            a, b = (
                np.maximum(stays.arrival, max(stays.arrival[row], begin)),
                np.minimum(stays.departure, min(stays.departure[row], end)),
            )
            met = (place_of == place_of[row]) & (b - a >= 900) & ~np.isin(stays.person, index.person)
            expected |= {(stays.person[k], 1, via, place_of[row], a[k], b[k]) for k in np.flatnonzero(met)}
    assert rows_of(copresence.trace(stays, index, tau=900).lines) == sorted(expected)


@pytest.mark.parametrize("before", [0, 100])
def test_who_came_long_before_is_met_over_whole_blocks_of_shorter_visits(before: int) -> None:
    """The keeper of a shop came ten hours ago, six hundred customers ago; other places' rows stand before in the same block."""
    elsewhere = [(700 + i, 0, i, i + 9) for i in range(before)]
    keeper, case = (601, 1, 0, 40_000), (602, 1, 38_000, 41_000)
    some = arrays([*elsewhere, keeper, case, *((i, 1, 60 * i, 60 * i + 1200) for i in range(1, 600))])
    index = copresence.Index.of([602], [0], [50_000])
    found = rows_of(copresence.trace(some, index, tau=1200).lines)
    assert found == [(601, 1, 602, 1, 38_000, 40_000)]
    met = copresence.trace(some, index, tau=900, lines=False).people.person.tolist()
    assert met == [601]


@settings(max_examples=25)  # each example starts a database
@given(stays, windows, st.integers(1, 20), st.integers(1, 3))
def test_the_database_says_the_same(world, index, tau, rings):
    some = copresence.Index.of(*zip(*index, strict=True))
    columns = tuple(
        np.array([one[k] for one in world], kind) for k, kind in enumerate((np.uint32, np.uint32, np.int32, np.int32))
    )
    database = Database([columns], tau=tau, threads=1)  # type: ignore[list-item]
    try:
        for lines in (True, False):
            ours = copresence.trace(copresence.Stays.of(*columns), some, tau=tau, rings=rings, lines=lines)
            theirs = database.trace(some, rings=rings, lines=lines)
            for name in ("person", "ring", "exposed_at"):
                assert getattr(ours.people, name).tolist() == getattr(theirs.people, name).tolist()
            if lines:
                assert rows_of(ours.lines) == rows_of(theirs.lines)
    finally:
        database.close()


@given(stays, windows, st.integers(1, 20), st.integers(1, 3), st.integers(1, 9))
def test_from_disk_the_same_is_found(world, index, tau, rings, group):
    some = copresence.Index.of(*zip(*index, strict=True))
    inside = copresence.Stays.of(*(np.array([one[k] for one in world], np.int64) for k in range(4)), at_least=tau)
    with tempfile.TemporaryDirectory() as folder:
        outside = Projection.write(inside, Path(folder) / "stays", at_least=tau, group=group)
        for lines in (True, False):
            here, there = (
                trace(some, tau=tau, rings=rings, lines=lines)
                for trace in (partial(copresence.trace, inside), outside.trace)
            )
            for name in ("person", "ring", "exposed_at"):
                assert getattr(here.people, name).tolist() == getattr(there.people, name).tolist()
            if lines:
                assert rows_of(here.lines) == rows_of(there.lines)


@given(stays)
def test_stays_are_sorted_and_merged_and_none_is_lost(world):
    found = arrays(world)
    place = np.repeat(np.arange(found.places), np.diff(found.place_rows))
    rows = zip(found.person.tolist(), place.tolist(), found.arrival.tolist(), found.departure.tolist(), strict=True)
    assert sorted(rows) == merged(world)
    for q in range(found.places):
        own = found.arrival[found.place_rows[q] : found.place_rows[q + 1]]
        assert (np.diff(own) >= 0).all()
    bounds, mine = found.by_person
    assert sorted(mine.tolist()) == list(range(len(found)))
    for p in range(found.persons):
        assert (found.person[mine[bounds[p] : bounds[p + 1]]] == p).all()


@given(stays, stays, st.integers(1, 20))
def test_a_day_joins_as_if_all_had_been_sorted_together(before, day, tau):
    start = min((one[2] for one in day), default=0)
    again = [one for one in before if one[3] >= start - tau]
    at_least = copresence.Stays.of(*columns_of(before), at_least=tau)
    piece = tuple(
        column.astype(kind) for column, kind in zip(columns_of([*day, *again]), "u4 u4 i4 i4".split(), strict=True)
    )
    joined = at_least.joined(piece, at_least=tau)  # type: ignore[arg-type]
    whole = copresence.Stays.of(*columns_of([*before, *day]), at_least=tau)
    assert (joined.persons, joined.places) == (whole.persons, whole.places) or not len(whole)
    assert sorted_rows(joined) == sorted_rows(whole)


def columns_of(world: list[Stay]) -> list[np.ndarray]:
    return [np.array([one[k] for one in world], np.int64) for k in range(4)]


def sorted_rows(some: copresence.Stays) -> list[tuple]:
    place = np.repeat(np.arange(some.places), np.diff(some.place_rows))
    columns = (place, some.arrival, some.person, some.departure)
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    return sorted(rows)


def test_tables_of_arrow_and_polars_go_in_and_come_out():
    table = pa.table({"t_in": [0, 600], "t_out": [3600, 3000], "place": [0, 0], "person": [0, 1], "remark": ["", "x"]})
    cases = pa.table({"person": [0], "from": [0], "to": [86_400]})
    found = copresence.trace(copresence.Stays.from_arrow(table), copresence.Index.from_arrow(cases), tau=900)
    assert found.lines is not None
    assert found.lines.to_arrow().to_pylist() == [
        {"person": 1, "ring": 1, "via": 0, "place": 0, "t_in": 600, "t_out": 3000}
    ]
    assert found.people.to_arrow().to_pylist() == [{"person": 1, "ring": 1, "exposed_at": 600}]
    with pytest.raises(AnalysisError, match="lacks the column place"):
        copresence.Stays.from_arrow(table.drop_columns(["place"]))
    with pytest.raises(AnalysisError, match="person is empty in row 2"):
        copresence.Stays.from_arrow(table.set_column(3, "person", pa.array([0, None])))
    with pytest.raises(AnalysisError, match="StayFile"):
        copresence.Stays.from_arrow(table.set_column(3, "person", pa.array(["a", "b"])))


@pytest.mark.parametrize(
    ("column", "value"), [(0, 2**32), (0, -1), (0, 2**32 - 1), (1, 2**32 - 1), (2, -(2**31) - 1), (3, 2**31 - 1)]
)
def test_numbers_that_do_not_fit_are_refused_not_wrapped_round(column: int, value: int) -> None:
    columns: list[list[int]] = [[0, 1], [0, 1], [0, 0], [9, 9]]
    columns[column][1] = value
    with pytest.raises(AnalysisError, match=r"out of range|number them from 0"):
        copresence.Stays.of(*columns)


def test_the_last_seconds_that_fit_are_traced_right() -> None:
    """Both kernels at the two ends of 32 bits, with windows that are open at both ends."""
    early, late = -(2**31), 2**31 - 2
    rows = [(0, 0, early, early + 900), (1, 0, early, early + 901), (0, 1, late - 900, late), (2, 1, late - 901, late)]
    some = copresence.Stays.of(*zip(*rows, strict=True))
    index = copresence.Index.of([0], [early], [late])
    for lines in (True, False):
        people = copresence.trace(some, index, tau=900, lines=lines).people
        assert list(zip(people.person.tolist(), people.exposed_at.tolist(), strict=True)) == [
            (1, early),
            (2, late - 900),
        ]
        assert not len(copresence.trace(some, index, tau=901, lines=lines).people)
    assert copresence.trace(some, index, tau=900, rings=2, latent=2**31).people.person.tolist() == [1, 2]


def test_what_cannot_be_is_refused_with_words():
    with pytest.raises(AnalysisError, match="end before they begin"):
        copresence.Stays.of([0], [0], [10], [5])
    with pytest.raises(AnalysisError, match="ends before it begins"):
        copresence.Index.of([0], [10], [5])
    stays = copresence.Stays.of([0], [0], [0], [10])
    with pytest.raises(AnalysisError, match="longer than 0"):
        copresence.trace(stays, copresence.Index.of([0], [0], [9]), tau=0)
