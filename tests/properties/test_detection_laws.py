"""What holds for every series: shapes, order of series and time, and what more cases can do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fangxian.analytics import detection
from fangxian.analytics.detection import METHODS, Alarm, Reason

YEAR = 12
#: Parameters that let every method judge within a few dozen times.
SHORT: dict[str, dict[str, Any]] = {
    "farrington": {"freq": YEAR, "years": 2, "half_window": 1},
    "farrington-flexible": {"freq": YEAR, "years": 2, "half_window": 1, "blocks": 3, "left_out": 3},
    "moving-percentile": {"freq": YEAR, "years": 2},
    "rki": {"freq": YEAR}, "rki2": {"freq": YEAR}, "rki3": {"freq": YEAR}, "bayes2": {"freq": YEAR}, "bayes3": {"freq": YEAR},
    "glr-nb": {"freq": YEAR, "alpha": 0.2}, "lr-nb": {"freq": YEAR, "alpha": 0.2}, "cusum": {"freq": YEAR},
    "glr-poisson": {"freq": YEAR}, "lr-poisson": {"freq": YEAR},
}  # fmt: skip
TABLES = arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(30, 48)), elements=st.integers(0, 40))
few = settings(max_examples=25)


@pytest.mark.parametrize("name", METHODS)
@few
@given(table=TABLES, data=st.data())
def test_series_are_judged_one_by_one_and_the_future_has_no_say(
    name: str, table: np.ndarray, data: st.DataObject
) -> None:
    parameters = dict(SHORT.get(name, {}))
    if "since" in METHODS[name].parameters and name != "outbreak-p":
        parameters["since"] = 26
    whole = METHODS[name](table, **parameters)
    row = data.draw(st.integers(0, len(table) - 1))
    until = data.draw(st.integers(28, table.shape[1]))
    alone = METHODS[name](table[row, :until], **parameters)
    assert np.array_equal(whole.alarm[row, :until], alone.alarm)
    assert np.array_equal(whole.reason[row, :until], alone.reason)
    # A season fitted to one case or two has no end of solutions; where the iterations stop depends on the last digit.
    for together, apart in ((whole.upperbound, alone.upperbound), (whole.expected, alone.expected)):
        assert np.allclose(together[row, :until], apart, rtol=1e-5, atol=1e-5, equal_nan=True)


@pytest.mark.parametrize("name", METHODS)
@few
@given(table=TABLES)
def test_what_is_judged_has_its_grounds(name: str, table: np.ndarray) -> None:
    found = METHODS[name](table, **SHORT.get(name, {}))
    told = found.alarm != Alarm.CANNOT_TELL
    assert (
        told == np.isin(found.reason, [Reason.JUDGED, Reason.TOO_FEW]) | (told & (found.reason == Reason.OVERFLOW))
    ).all()
    assert (found.expected[found.judged & ~np.isnan(found.expected)] >= 0).all()
    assert (found.upperbound[~np.isnan(found.upperbound)] >= 0).all()


@pytest.mark.parametrize("name", ["ears-c1", "ears-c2", "bayes", "rki3", "farrington", "ewma", "moving-percentile"])
@few
@given(table=TABLES, more=st.integers(1, 50))
def test_more_cases_today_do_not_take_an_alarm_away(name: str, table: np.ndarray, more: int) -> None:
    parameters = SHORT.get(name, {})
    higher = table.copy()
    higher[:, -1] += more
    before, after = METHODS[name](table, **parameters), METHODS[name](higher, **parameters)
    assert (after.alarm[:, -1] >= before.alarm[:, -1]).all()


@few
@given(table=TABLES, factor=st.integers(2, 9), shift=st.integers(1, 30))
def test_ears_follows_the_unit_and_the_level(table: np.ndarray, factor: int, shift: int) -> None:
    for method in (detection.ears_c1, detection.ears_c2):
        plain, scaled, shifted = method(table), method(table * factor), method(table + shift)
        assert np.allclose(scaled.upperbound, plain.upperbound * factor, equal_nan=True)
        assert np.allclose(shifted.upperbound, plain.upperbound + shift, equal_nan=True)


@few
@given(table=TABLES, alpha=st.floats(0.001, 0.2))
def test_a_stricter_alpha_lifts_the_bound(table: np.ndarray, alpha: float) -> None:
    for name in ("ears-c1", "farrington", "farrington-flexible", "bayes"):
        loose = METHODS[name](table, alpha=alpha, **SHORT.get(name, {})).upperbound
        strict = METHODS[name](table, alpha=alpha / 10, **SHORT.get(name, {})).upperbound
        both = ~np.isnan(loose) & ~np.isnan(strict)
        assert (strict[both] >= loose[both] * (1 - 1e-12)).all()


@few
@given(table=TABLES, threshold=st.floats(0.5, 20))
def test_the_bound_of_a_ratio_chart_is_where_its_alarm_begins(table: np.ndarray, threshold: float) -> None:
    found = detection.glr(table, mean=6.0, threshold=threshold)
    away = np.abs(table - found.upperbound) > 1e-6
    assert ((table > found.upperbound) == found.alarms)[away].all()


@few
@given(table=TABLES)
def test_a_population_that_never_changes_changes_nothing(table: np.ndarray) -> None:
    plain = detection.farrington_flexible(table, **SHORT["farrington-flexible"])
    same = detection.farrington_flexible(table, population=np.full(table.shape[1], 5.0), **SHORT["farrington-flexible"])
    assert np.allclose(plain.upperbound, same.upperbound, rtol=1e-6, equal_nan=True)
