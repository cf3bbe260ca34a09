"""Reproduction numbers on outbreaks small enough for a sheet of paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy

from fangxian.analytics.reproduction import (
    ReproductionError,
    discr_si,
    estimate_r,
    estimate_r_uncertain,
    overall_infectivity,
    wallinga_teunis,
)

NEXT_DAY = [0.0, 1.0]


def test_when_everybody_infects_on_the_next_day() -> None:
    cases = [4, 8, 16]
    assert overall_infectivity(cases, NEXT_DAY)[1:].tolist() == [4, 8]
    found = estimate_r(cases, NEXT_DAY, window=1)
    # Prior shape 1 and rate 1/5; 8 infected by an infectivity of 4.
    assert found.mean[0] == pytest.approx((1 + 8) / (0.2 + 4))
    assert found.sd[0] == pytest.approx(math.sqrt(9) / 4.2)
    assert found.start.tolist() == found.end.tolist() == [1, 2]


def test_one_case_has_an_exponential_posterior() -> None:
    found = estimate_r([1, 0, 0], NEXT_DAY, windows=([1], [2]), quantiles=(0.5,))
    assert found.median[0] == pytest.approx(math.log(2) / 1.2)
    assert found.quantile(0.5) == pytest.approx(found.median)


def test_imported_cases_infect_but_are_nobodys_infectees() -> None:
    found = estimate_r([4, 8, 8], NEXT_DAY, imported=[4, 8, 0], window=2)
    assert found.mean[0] == pytest.approx((1 + 8) / (0.2 + 4 + 8))


def test_before_the_mean_interval_has_passed_nothing_is_said() -> None:
    found = estimate_r([1, 1, 1, 1, 1], [0, 0, 0, 1], window=1)
    assert np.isnan(found.mean).tolist() == [True, True, False, False]  # days 2 and 3 of five


def test_the_serial_interval_is_a_distribution() -> None:
    weights = discr_si(np.arange(200), 4.7, 2.9)
    assert weights.sum() == pytest.approx(1)
    assert (weights * np.arange(200)).sum() == pytest.approx(4.7, abs=1e-6)
    assert weights[0] == 0


def test_cohorts_of_a_chain() -> None:
    # One case, then two, then four: each had one infector the day before.
    found = wallinga_teunis([1, 2, 4], NEXT_DAY, windows=([1], [1]))
    assert found.mean.tolist() == [2]
    assert found.sd.tolist() == [0]
    # Day 2's one case was infected on day 0 or day 1 with even odds.
    even = wallinga_teunis([1, 1, 1], [0, 0.5, 0.5], windows=([1], [1]))
    assert even.mean[0] == pytest.approx(0.5)
    assert even.sd[0] == pytest.approx(0.5)
    assert even.quantiles[0].tolist() == [0, 0, 1]


def test_an_interval_that_is_certain_after_all() -> None:
    cases = [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]
    sure = estimate_r(cases, discr_si(np.arange(10), 2.5, 1.2))
    found = estimate_r_uncertain(
        cases,
        mean_si=2.5,
        sd_mean_si=1e-9,
        min_mean_si=2,
        max_mean_si=3,
        sd_si=1.2,
        sd_sd_si=1e-9,
        min_sd_si=1,
        max_sd_si=2,
        draws=5,
    )
    assert np.allclose(found.mean, sure.mean)
    assert np.allclose(found.sd, sure.sd)
    assert np.allclose(found.quantiles, sure.quantiles)


@pytest.mark.parametrize(
    ("cases", "si", "says"),
    [
        ([1, -1], NEXT_DAY, "-1 of series 0 on day 1"),
        ([1, 0.5], NEXT_DAY, "not a whole number"),
        ([1, 2], [0.1, 0.9], "0 days has probability 0"),
        ([1, 2], [0, 0.5], "add up to 1, not 0.5"),
        ([1, 2], [0, 2, -1], "none negative"),
    ],
)
def test_what_makes_no_sense_is_named(cases: Any, si: Any, says: str) -> None:
    with pytest.raises(ReproductionError, match=says):
        estimate_r(cases, si)


def test_windows_lie_within_the_days() -> None:
    with pytest.raises(ReproductionError, match="start on day 1"):
        estimate_r([1, 2, 3], NEXT_DAY, windows=([0], [1]))
    assert estimate_r([1, 2, 3], NEXT_DAY, window=7).mean.shape == (0,)
    with pytest.raises(ReproductionError, match="mean above 1 day"):
        discr_si([1], 1.0, 0.5)


@pytest.mark.parametrize("cases", [5, 3000, 900_000])
def test_quantiles_are_those_of_the_gamma_however_many_cases_there_are(cases: int) -> None:
    """Few are looked up in a table that is kept, many in one of their own, of very many the different ones are sought by sorting."""
    counts, si = np.array([[cases] * 20, [1] * 20]), np.array([0.0, 0.5, 0.5])
    found = estimate_r(counts, si, window=7)
    for row in range(2):
        rate = 1 / 5 + 7 * counts[row, 0]
        wanted = scipy.stats.gamma(1 + 7 * counts[row, 0], scale=1 / rate)
        assert found.mean[row, -1] == pytest.approx(wanted.mean()) and found.sd[row, -1] == pytest.approx(wanted.std())
        assert found.quantiles[row, -1] == pytest.approx(wanted.ppf(found.probabilities))
