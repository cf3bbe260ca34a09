"""What holds for every outbreak: units, order of series, and who counts as infected."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fangxian.analytics.reproduction import discr_si, estimate_r, overall_infectivity, wallinga_teunis

OUTBREAKS = arrays(np.int64, st.tuples(st.integers(1, 4), st.integers(15, 40)), elements=st.integers(0, 60))
INTERVALS = st.builds(lambda mean, sd: discr_si(np.arange(60), mean, sd), st.floats(1.5, 6), st.floats(0.5, 4))
few = settings(max_examples=40)


@few
@given(cases=OUTBREAKS, si=INTERVALS)
def test_series_are_estimated_one_by_one(cases: np.ndarray, si: np.ndarray) -> None:
    together = estimate_r(cases, si / si.sum())
    for row, alone in enumerate(estimate_r(one, si / si.sum()) for one in cases):
        assert np.array_equal(together.mean[row], alone.mean, equal_nan=True)
        assert np.array_equal(together.quantiles[row], alone.quantiles, equal_nan=True)


@few
@given(cases=OUTBREAKS, si=INTERVALS)
def test_quantiles_are_in_order_around_the_mean(cases: np.ndarray, si: np.ndarray) -> None:
    found = estimate_r(cases, si / si.sum())
    known = ~np.isnan(found.mean)
    assert (np.diff(found.quantiles[known], axis=-1) > 0).all()
    assert (found.median[known] < found.mean[known]).all()  # a gamma leans to the right
    assert (found.quantile(0.975)[known] > found.mean[known]).all()


@few
@given(cases=OUTBREAKS, si=INTERVALS, data=st.data())
def test_imports_only_lower_r(cases: np.ndarray, si: np.ndarray, data: st.DataObject) -> None:
    share = data.draw(arrays(np.float64, cases.shape, elements=st.floats(0, 1)))
    imported = np.floor(cases * share)
    all_local, some = estimate_r(cases, si / si.sum()), estimate_r(cases, si / si.sum(), imported=imported)
    known = ~np.isnan(some.mean)
    assert (some.mean[known] <= all_local.mean[known]).all()


@few
@given(cases=OUTBREAKS, si=INTERVALS)
def test_infectivity_is_spread_not_made(cases: np.ndarray, si: np.ndarray) -> None:
    padded = np.concatenate((cases, np.zeros((len(cases), 60), np.int64)), axis=1)
    assert np.allclose(np.nansum(overall_infectivity(padded, si / si.sum()), axis=1), cases.sum(axis=1), rtol=1e-9)


@few
@given(cases=OUTBREAKS, si=INTERVALS)
def test_every_infectee_has_one_infector(cases: np.ndarray, si: np.ndarray) -> None:
    row = np.concatenate(([1], cases[0]))
    found = wallinga_teunis(row, si / si.sum(), windows=(list(range(1, len(row))), list(range(1, len(row)))))
    infected = np.nansum(found.mean * row[1:])
    assert infected <= row[1:].sum() + 1e-6
