"""Whatever the reports: a trend is told from what was known on its day, and never less is expected than is reported."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fangxian.command.trend import working
from fangxian.command.trend.working import Reports, Unknown

FIRST = date(2024, 3, 4)
CASES = st.lists(
    st.tuples(st.integers(0, 40), st.integers(-2, 15), st.integers(1, 5), st.booleans()), min_size=1, max_size=60
)


def reports(cases: list[tuple[int, int, int, bool]]) -> Reports:
    return Reports.of(
        [(FIRST + timedelta(days=on), FIRST + timedelta(days=on + after), n, i) for on, after, n, i in cases]
    )


@given(CASES, st.integers(0, 55))
def test_what_is_reported_later_changes_nothing(cases: list[tuple[int, int, int, bool]], ahead: int) -> None:
    day = working.number_of(FIRST) + ahead
    known = [one for one in cases if one[0] + one[1] <= ahead and one[0] <= ahead]
    told = []
    for some in (cases, known):
        try:
            made = working.curve(reports([one for one in some if one[0] <= ahead]), day)[0]
            told.append(
                [np.nan_to_num(column, nan=-1).tolist() for column in (made.reported, made.expected, made.high)]
            )
        except Unknown:
            told.append([])
    assert told[0] == told[1]


@given(CASES)
def test_nobody_reported_is_lost_and_the_interval_holds_the_estimate(cases: list[tuple[int, int, int, bool]]) -> None:
    day = working.number_of(FIRST) + 60
    made, _fault = working.curve(reports(cases), day)
    assert made.reported.sum() == sum(n for _on, _after, n, _i in cases)
    assert made.imported.sum() == sum(n for _on, _after, n, i in cases if i)
    says = ~np.isnan(made.expected)
    assert (made.expected[says] >= made.reported[says] - 1e-9).all()
    assert (made.low[says] <= made.high[says]).all() and (made.completed() >= made.reported[: made.firm]).all()
