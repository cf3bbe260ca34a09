"""Periods of regular testing: they follow each other without a gap, and any stretch of the protocol's length asks for its tests."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.laboratory.screening.periods import countable, current, periods
from fangxian.protocols import Cited, Post, Text

DAY = timedelta(days=1)
DAYS = st.dates(date(2019, 1, 1), date(2030, 12, 31))


@st.composite
def posts(draw: st.DrawFn) -> Post:
    days = draw(st.integers(1, 14))
    tests = draw(st.integers(1, days))
    often, every = Cited(tests, "test", "general", "G"), Cited(days, "d", "general", "G")
    return Post("post", Text("岗位", "post"), often, every)


@settings(max_examples=150)
@given(posts(), DAYS)
def test_every_day_lies_in_one_period_and_periods_leave_no_gap(post: Post, day: date) -> None:
    assert countable(post)
    here = current(post, day)
    assert here.first <= day <= here.last
    after = current(post, here.last + DAY)
    assert after.first == here.last + DAY
    assert list(periods(post, here.first, here.last)) == [here]


@settings(max_examples=150)
@given(posts(), DAYS)
def test_so_many_tests_begin_in_so_many_days(post: Post, day: date) -> None:
    every = post.every.delta
    start = next(one.first for one in periods(post, day, day + every))
    begun = list(periods(post, start, start + every - DAY))
    assert len(begun) == int(post.tests.number)
    lengths = [(one.last - one.first).days + 1 for one in begun]
    assert sum(lengths) >= every.days and max(lengths) - min(lengths) <= 1


@settings(max_examples=50)
@given(posts(), DAYS, st.integers(0, 30), st.integers(0, 30))
def test_a_stretch_is_the_same_whole_or_in_pieces(post: Post, first: date, one: int, other: int) -> None:
    middle, last = first + one * DAY, first + (one + other) * DAY
    whole = list(periods(post, first, last))
    assert whole == [*periods(post, first, middle), *periods(post, middle + DAY, last)]
