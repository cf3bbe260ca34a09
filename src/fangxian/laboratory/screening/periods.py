"""Within which days each test of a post falls due: so many tests in every so many days, as periods that follow each other."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

from fangxian.protocols import Post

#: Periods are counted from a Monday, so that what is asked twice a week is asked once until Thursday and once until Sunday.
_MONDAY = date(2018, 1, 1)


class Period(NamedTuple):
    """The days, both counted, on any one of which a test is to be taken."""

    first: date
    last: date


def countable(post: Post) -> bool:
    """Whether the post's tests can be told apart by days: whole days, and no more tests than days."""
    days = post.every.delta / timedelta(days=1)
    return days == int(days) and 1 <= int(post.tests.number) <= days


def periods(post: Post, first: date, last: date) -> Iterator[Period]:
    """The periods that begin on a day from `first` to `last`."""
    days, tests = post.every.delta.days, int(post.tests.number)
    bounds = [-(-number * days // tests) for number in range(tests + 1)]
    block = (first - _MONDAY).days // days
    while (begin := _MONDAY + timedelta(days=block * days)) <= last:
        for start, end in pairwise(bounds):
            one = Period(begin + timedelta(days=start), begin + timedelta(days=end - 1))
            if first <= one.first <= last:
                yield one
        block += 1


def current(post: Post, day: date) -> Period:
    """The period in which a day lies."""
    reach = post.every.delta
    return next(one for one in periods(post, day - reach, day) if one.first <= day <= one.last)
