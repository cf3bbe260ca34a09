"""Laws of calibration: the posterior is the exact one where that is known, nothing depends on threads, nothing unknown is printed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from fangxian.analytics import calibration
from fangxian.analytics.calibration import CalibrationError, Prior, Told

SEEN = np.random.default_rng(3).poisson(6.0, 10)


def poisson(values, seed):
    """How far ten days of Poisson counts are from those seen, by their sum, which is all they tell of the rate."""
    return abs(np.random.default_rng(seed).poisson(float(np.prod(values)), 10).sum() - SEEN.sum())


def last_of(distance, priors, **more):
    *_before, last = calibration.generations(distance, priors, **{"particles": 200, "most": 12_000, **more})
    return last


def test_the_posterior_of_a_poisson_rate_is_the_gamma_distribution_that_theory_says():
    prior = [Prior("rate", 0.5, 20)]
    (found,) = calibration.estimates(prior, last_of(poisson, prior))
    exact = gamma(SEEN.sum() + 1, scale=1 / 10)  # of a flat prior
    assert found.median == pytest.approx(exact.median(), abs=0.25)
    assert found.low == pytest.approx(exact.ppf(0.025), abs=0.5)
    assert found.high == pytest.approx(exact.ppf(0.975), abs=0.5)


def test_two_factors_of_which_only_the_product_is_seen_get_no_number():
    priors = [Prior("a", 0.5, 20, log=True), Prior("b", 0.5, 20, log=True)]
    for one in calibration.estimates(priors, last_of(poisson, priors, most=6000)):
        assert not one.identified and one.median is one.low is one.high is None and one.reason is not None


def test_a_parameter_at_the_end_of_its_range_is_said_to_be_there():
    prior = [Prior("rate", 9, 20)]
    (found,) = calibration.estimates(prior, last_of(poisson, prior, most=6000))
    assert not found.identified and found.reason is not None and "widen the range" in found.reason.en


@pytest.mark.parametrize("threads", [1, 3])
def test_the_same_whatever_the_threads_and_interruptions(threads):
    prior = [Prior("rate", 0.5, 20), Prior("unused", 0, 1)]
    whole = list(calibration.generations(poisson, prior, particles=40, most=800, threads=2))
    assert len(whole) > 2
    gone_on = list(calibration.generations(poisson, prior, particles=40, most=800, threads=threads, after=whole[0]))
    for one, other in zip(whole[1:], gone_on, strict=True):
        assert np.array_equal(one.places, other.places) and np.array_equal(one.weights, other.weights)
        assert (one.tolerance, one.spent) == (other.tolerance, other.spent)
    tolerances = [one.tolerance for one in whole]
    assert tolerances == sorted(tolerances, reverse=True)


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=60), st.floats(0, 10), st.floats(0, 8), st.floats(0.05, 1),
    st.integers(0, 2**32),
)  # fmt: skip
@settings(max_examples=60)
def test_nothing_is_told_before_it_happens_nor_more_than_happens(events, mean, sd, share, seed):
    told = Told(mean, sd, share)
    assert told.steps(len(events)).sum() == pytest.approx(1)
    seen = told.drawn(np.array(events), np.random.default_rng(seed))
    assert np.all(np.cumsum(seen) <= np.cumsum(events)) and seen.min() >= 0
    if mean == sd == 0 and share == 1:
        assert seen.tolist() == events


def test_all_that_happens_is_told_in_the_end_after_the_days_it_takes():
    events = np.zeros(60, np.int64)
    events[0] = 100_000
    seen = Told(6, 3).drawn(events, np.random.default_rng(1))
    assert seen.sum() == pytest.approx(100_000, rel=1e-4)
    assert np.average(np.arange(60) + 0.5, weights=seen) == pytest.approx(6, abs=0.05)


def test_the_best_fit_is_where_the_rate_is():
    found = calibration.fit(poisson, [Prior("rate", 0.5, 20)], repeats=20)
    assert found.values["rate"] == pytest.approx(SEEN.mean(), abs=0.6) and found.runs <= 1300


@pytest.mark.parametrize(("low", "high", "log"), [(2, 1, False), (1, 1, False), (0, 1, True)])
def test_a_range_that_is_none(low, high, log):
    with pytest.raises(CalibrationError, match="rate"):
        Prior("rate", low, high, log=log)
