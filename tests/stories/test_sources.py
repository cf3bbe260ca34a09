"""Twelve cases and the question where they caught it: a banquet among a thousand people's ways, a waiter, and chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics import copresence
from fangxian.analytics.copresence.sources import DAY, evidence
from fangxian.analytics.errors import AnalysisError

HOUR = 3600
PEOPLE, HALL, STATION, WAITER = 1000, 0, 1, 999
CASES = np.arange(0, 480, 40)  # none of whom live together
#: Density of the incubation period by days before the end of the window (the shortest incubation before onset).
INCUBATION = np.array([0.05, 0.15, 0.25, 0.2, 0.15, 0.1, 0.06, 0.04])
Rows = list[tuple[np.ndarray, ...]]


def ways(seed: int = 3) -> Rows:
    """Eight days: homes of four, a station that all pass through, 60 shops; small clubs of an evening."""
    draw = np.random.default_rng(seed)
    everybody = np.arange(PEOPLE)
    rows: Rows = []
    for day in range(8):
        at = day * DAY
        rows.append((everybody, 100 + everybody // 4, np.full(PEOPLE, at), np.full(PEOPLE, at + 7 * HOUR)))
        begin = at + 8 * HOUR + draw.integers(0, HOUR, PEOPLE)
        rows.append((everybody, np.full(PEOPLE, STATION), begin, begin + 900))
        shop = 2 + draw.integers(0, 60, PEOPLE)
        begin = at + 17 * HOUR + draw.integers(0, 3 * HOUR, PEOPLE)
        rows.append((everybody, shop, begin, begin + draw.integers(600, 3600, PEOPLE)))
    return rows


def world(rows: Rows) -> copresence.Stays:
    return copresence.Stays.of(*(np.concatenate(column) for column in zip(*rows, strict=True)))


@pytest.fixture(scope="module")
def banquet() -> copresence.Stays:
    """Nine of the twelve cases and forty others dined in the hall on the fourth evening; the waiter served there every evening."""
    guests = np.r_[CASES[:9], np.arange(500, 540)]
    rows = ways()
    rows.append(
        (
            guests,
            np.full(len(guests), HALL),
            np.full(len(guests), 3 * DAY + 18 * HOUR),
            np.full(len(guests), 3 * DAY + 21 * HOUR),
        )
    )
    for day in range(8):
        others = np.arange(600 + 20 * day, 620 + 20 * day)
        rows.append((others, np.full(20, HALL), np.full(20, day * DAY + 12 * HOUR), np.full(20, day * DAY + 13 * HOUR)))
        rows.append(
            (np.array([WAITER]), np.array([HALL]), np.array([day * DAY + 11 * HOUR]), np.array([day * DAY + 22 * HOUR]))
        )
    return world(rows)


def index(cases: np.ndarray = CASES) -> copresence.Index:
    return copresence.Index.of(cases, np.zeros(len(cases)), np.full(len(cases), 8 * DAY))


def test_the_hall_comes_first_and_the_station_that_all_pass_is_no_source(banquet: copresence.Stays) -> None:
    found = copresence.sources(banquet, index(), weight=INCUBATION)
    assert found.place[0] == HALL and found.cases[0] == 9
    assert 0.6 < found.share[0] < 0.75 and found.evidence[0] > 8
    silent = copresence.Index.of([*CASES, 5000], [0] * 13, [8 * DAY] * 13)  # one more case, of whom no stay is known
    assert copresence.sources(banquet, silent, weight=INCUBATION).evidence.tolist() == found.evidence.tolist()
    station = found.place.tolist().index(STATION)
    assert found.cases[station] == 12 and found.evidence[station] < 0.5


def test_the_evening_is_found_and_chance_does_not_do_as_well(banquet: copresence.Stays) -> None:
    found = copresence.common_sources(banquet, index(), weight=INCUBATION, draws=99)
    assert (found.place[0], found.cases[0]) == (HALL, 9)
    assert (found.since[0], found.until[0]) == (3 * DAY + 18 * HOUR, 3 * DAY + 21 * HOUR)
    assert found.visitors[0] == 50 and found.p[0] == 0.01
    assert (found.p[1:] > 0.05).all()


def test_people_drawn_by_lot_have_no_common_source() -> None:
    """p of the best window is no smaller than it should be: over ten sets of cases without a source few are below a quarter."""
    stays = world(ways(seed=8))
    draw = np.random.default_rng(2)
    best = []
    for seed in range(10):
        cases = draw.choice(PEOPLE, 10, replace=False)
        best.append(copresence.common_sources(stays, index(cases), draws=39, seed=seed).p.min())
    assert sum(p <= 0.25 for p in best) <= 6 and max(best) > 0.3


def test_the_waiter_whom_nine_cases_met_comes_before_those_whom_everybody_meets(banquet: copresence.Stays) -> None:
    found = copresence.carriers(banquet, index(), tau=30 * 60)
    assert WAITER in found.person[:41].tolist()  # beside the forty other guests, who met the cases as long
    assert not set(found.person.tolist()) & set(CASES.tolist())
    top = found.person.tolist().index(WAITER)
    assert (found.cases[top], found.evidence[top] > 5) == (9, True)
    rest = [k for k, who in enumerate(found.person.tolist()) if who < 500]
    assert max(found.evidence[rest], default=0) < found.evidence[top] / 2


def test_evidence_is_the_best_likelihood_ratio() -> None:
    """Against a search over 2,001 shares; a place that everybody visits says nothing, and nothing says less than nothing."""
    pi = np.linspace(0, 1, 2001)[:-1]
    for there, cases, usual, timing in (
        (9, 12, 0.1, 1.0),
        (12, 12, 0.3, 2.0),
        (2, 12, 0.5, 1.0),
        (5, 9, 0.4, 0.7),
        (3, 5, 1.0, 1.0),
    ):
        told, share = evidence(np.array([there]), cases, np.array([usual]), np.array([timing]))
        by_search = there * np.log1p(pi * (timing / usual - 1)) + (cases - there) * np.log1p(-pi)
        assert told[0] == pytest.approx(max(by_search.max(), 0), rel=1e-3, abs=1e-6)
        assert share[0] == pytest.approx(pi[by_search.argmax()], abs=1e-3) or share[0] == 1.0


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 8))
def test_names_change_nothing(seed: int, cases: int) -> None:
    """Other numbers for persons and places, and other order of the rows: the same sources, with the same evidence."""
    draw = np.random.default_rng(seed)
    count = 120
    person, place, begin = draw.integers(0, 30, count), draw.integers(0, 6, count), draw.integers(0, 2 * DAY, count)
    end = begin + draw.integers(0, 6 * HOUR, count)
    ill = draw.choice(30, cases, replace=False)
    people, places, order = draw.permutation(30), draw.permutation(6), draw.permutation(count)
    ours = copresence.Stays.of(person, place, begin, end)
    theirs = copresence.Stays.of(people[person][order], places[place][order], begin[order], end[order])
    windows = (np.zeros(cases), np.full(cases, 2 * DAY))
    one, other = (
        copresence.sources(stays, copresence.Index.of(who, *windows))
        for stays, who in ((ours, ill), (theirs, people[ill]))
    )
    assert dict(zip(places[one.place].tolist(), one.evidence.round(9).tolist(), strict=True)) == dict(
        zip(other.place.tolist(), other.evidence.round(9).tolist(), strict=True)
    )
    if len(np.intersect1d(ill, person)) < cases:
        return
    one_c, other_c = (
        copresence.common_sources(stays, copresence.Index.of(who, *windows), draws=0)
        for stays, who in ((ours, ill), (theirs, people[ill]))
    )
    assert {
        (places[q], round(told, 9)) for q, told in zip(one_c.place.tolist(), one_c.evidence.tolist(), strict=True)
    } == {(q, round(told, 9)) for q, told in zip(other_c.place.tolist(), other_c.evidence.tolist(), strict=True)}


def test_the_best_window_is_the_best_of_all_windows() -> None:
    """Every pair of an arrival and a departure, looked at one by one."""
    draw = np.random.default_rng(11)
    count = 150
    person, begin = draw.integers(0, 40, count), draw.integers(0, DAY, count)
    end = begin + draw.integers(0, 3 * HOUR, count)
    stays = copresence.Stays.of(person, np.zeros(count), begin, end)
    ill = np.arange(6)
    found = copresence.common_sources(
        stays, copresence.Index.of(ill, np.zeros(6), np.full(6, DAY)), draws=0, longest=5 * HOUR
    )
    mine = np.nonzero((stays.person < 6) & (stays.arrival <= DAY))[0]
    best, seen = 0.0, len(np.unique(stays.person[mine]))
    for a in stays.arrival[mine].tolist():
        for b in stays.departure[mine].tolist():
            opens = stays.departure[mine][stays.arrival[mine] == a].max()
            if b < a or (b - a > 5 * HOUR and b > opens):
                continue
            inside = (stays.arrival <= b) & (stays.departure >= a)
            there = len(np.unique(stays.person[mine][inside[mine]]))
            if there >= 2:
                usual = min(1, np.count_nonzero(inside) / len(np.unique(person)))
                best = max(best, float(evidence(np.array([there]), seen, np.array([usual]), np.ones(1))[0][0]))
    assert found.evidence[0] == pytest.approx(best)


def test_one_case_has_no_common_source() -> None:
    stays = copresence.Stays.of([0, 1], [0, 0], [0, 0], [9, 9])
    with pytest.raises(AnalysisError, match="two cases or more"):
        copresence.common_sources(stays, copresence.Index.of([0], [0], [9]))
