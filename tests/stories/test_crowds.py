"""A mall of a city day: who is called, who is told by a notice, and that nobody is left out of both."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics import copresence
from fangxian.analytics.copresence import crowds
from fangxian.analytics.errors import AnalysisError

HOUR, TAU = 3600, 15 * 60


def city(people: int = 20_000, days: int = 3, seed: int = 4) -> copresence.Stays:
    """Homes of three, workplaces of twenty, and two malls, one station and a market that most people visit every day."""
    draw = np.random.default_rng(seed)
    rows = []
    for day in range(days):
        at = day * 24 * HOUR
        everybody = np.arange(people)
        rows.append((everybody, 10 + everybody // 3, np.full(people, at), np.full(people, at + 7 * HOUR)))
        begin = at + 8 * HOUR + draw.integers(0, HOUR, people)
        rows.append((everybody, 10_000 + everybody * 7919 % people // 20, begin, begin + 8 * HOUR))
        out = everybody[draw.random(people) < 0.8]
        begin = at + 17 * HOUR + draw.integers(0, 4 * HOUR, len(out))
        rows.append((out, draw.choice(4, len(out)), begin, begin + draw.integers(10 * 60, 2 * HOUR, len(out))))
    return copresence.Stays.of(*(np.concatenate(column) for column in zip(*rows, strict=True)))


@pytest.fixture(scope="module")
def world() -> tuple[copresence.Stays, copresence.Index]:
    cases = np.arange(0, 20_000, 200)
    return city(), copresence.Index.of(cases, np.zeros(100), np.full(100, 72 * HOUR))


def test_a_hundred_cases_do_not_reach_the_whole_city(world: tuple[copresence.Stays, copresence.Index]) -> None:
    stays, index = world
    plain = copresence.trace(stays, index, tau=TAU, rings=2).people
    assert len(plain) > 0.95 * stays.persons
    found = copresence.trace_capped(stays, index, cap=1000, tau=TAU, rings=2)
    assert found.crowded.tolist() == [0, 1, 2, 3]
    assert (
        found.noticed == copresence.trace_capped(stays, index, cap=1000, tau=TAU).noticed > 1000
    )  # whatever is asked of ring 2
    assert len(found.traced.people) < 0.5 * stays.persons
    assert found.traced.lines is not None and not np.isin(found.traced.lines.place, found.crowded).any()


def test_whoever_is_not_called_is_told(world: tuple[copresence.Stays, copresence.Index]) -> None:
    """Ring 1 without a cap is in the list or was at a noticed place in a noticed time; notices hold no more than that."""
    stays, index = world
    found = copresence.trace_capped(stays, index, cap=1000, tau=TAU)
    listed = set(found.traced.people.person.tolist())
    noticed: set[int] = set()
    notices = found.notices
    for place, since, until, visitors in zip(
        *(getattr(notices, name).tolist() for name in ("place", "since", "until", "visitors")), strict=True
    ):
        rows = slice(stays.place_rows[place], stays.place_rows[place + 1])
        there = np.minimum(stays.departure[rows], until) - np.maximum(stays.arrival[rows], since) >= TAU
        meant = set(stays.person[rows][there].tolist()) - listed - set(index.person.tolist())
        assert len(meant) == visitors > 0
        noticed |= meant
    assert len(noticed) == found.noticed
    everybody = set(copresence.trace(stays, index, tau=TAU).people.person.tolist())
    assert everybody <= listed | noticed
    assert len(notices) <= 3 * 4 * 3  # four crowds, three days: times that touch are one


def test_zones_of_a_mall_are_traced_and_who_named_none_is_told() -> None:
    names = ["MALL", "MALL/zone-1", "MALL/zone-2", "KIOSK"]
    rows = [
        (0, 1, 0, 3600),
        (1, 1, 600, 3000),
        (2, 2, 600, 3000),
        (3, 0, 900, 3600),
        (4, 0, 7200, 9000),
        (5, 3, 0, 3600),
    ]
    stays = copresence.Stays.of(*(np.array(column) for column in zip(*rows, strict=True)))
    whole = crowds.wholes(names)
    assert whole.tolist() == [0, 0, 0, 3]
    found = copresence.trace_capped(stays, copresence.Index.of([0], [0], [4000]), cap=50, tau=TAU, whole=whole)
    assert found.traced.people.person.tolist() == [1]
    notices = found.notices
    assert [notices.place.tolist(), notices.since.tolist(), notices.until.tolist()] == [[0], [0], [3600]]
    assert (notices.visitors.tolist(), found.noticed) == ([1], 1)
    unplaced = copresence.trace_capped(stays, copresence.Index.of([3], [0], [4000]), cap=50, tau=TAU, whole=whole)
    assert (unplaced.notices.place.tolist(), unplaced.notices.visitors.tolist(), unplaced.noticed) == ([0], [3], 3)


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1))
def test_nobody_who_may_have_been_beside_a_case_is_left_out(seed: int) -> None:
    """Any small world of a mall, its zones and a shop, any cap: everybody in the same zone, or in the mall with the zone of one of
    the two unknown, is in the list or was at a noticed place in a noticed time; and the numbers add up."""
    draw = np.random.default_rng(seed)
    count, tau = 40, 10
    person, place = draw.integers(0, 12, count), draw.integers(0, 4, count)
    begin = draw.integers(0, 100, count)
    stays = copresence.Stays.of(person, place, begin, begin + draw.integers(0, 40, count))
    whole = np.array([0, 0, 0, 3])[: stays.places]
    cases = np.unique(person)[:2]
    index = copresence.Index.of(cases, [20] * len(cases), [90] * len(cases))
    found = copresence.trace_capped(stays, index, cap=int(draw.integers(1, 15)), tau=tau, whole=whole)
    where = np.repeat(np.arange(stays.places), np.diff(stays.place_rows))
    mine = np.isin(stays.person, cases)
    listed = set(found.traced.people.person.tolist())
    meant: set[int] = set()
    for q, since, until in zip(
        found.notices.place.tolist(), found.notices.since.tolist(), found.notices.until.tolist(), strict=True
    ):
        here = (where == q) | (whole[where] == q)
        meant |= set(
            stays.person[here & (np.minimum(stays.departure, until) - np.maximum(stays.arrival, since) >= tau)].tolist()
        )
    beside: set[int] = set()
    for row in np.nonzero(mine)[0].tolist():
        a, b = max(stays.arrival[row], 20), min(stays.departure[row], 90)
        same = (where == where[row]) | ((whole[where] == whole[where[row]]) & ((where == 0) | (where[row] == 0)))
        beside |= set(
            stays.person[same & ~mine & (np.minimum(stays.departure, b) - np.maximum(stays.arrival, a) >= tau)].tolist()
        )
    assert beside <= listed | meant
    assert found.noticed <= len(meant - listed) and (found.notices.visitors > 0).all()


def test_a_cap_counts_visits_a_day_and_a_notice_tells_no_number_of_few() -> None:
    day = 24 * HOUR
    stays = copresence.Stays.of(
        range(6), [0] * 6, [0, 5, 9, day, day + 1, 2 * day], [20, 20, 20, day + 9, day + 9, 2 * day + 9]
    )
    assert copresence.busiest(stays).tolist() == [3]
    assert [crowds.band(count) for count in (0, 9, 10, 1234, 99_999, 10**6)] == [
        (0, 9), (0, 9), (10, 49), (1000, 4999), (50_000, 99_999), (100_000, None),
    ]  # fmt: skip
    with pytest.raises(AnalysisError, match="at least 1 visit"):
        copresence.trace_capped(stays, copresence.Index.of([0], [0], [9]), cap=0, tau=TAU)
