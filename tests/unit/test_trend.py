"""Nowcasts, delays, growth and scores on numbers small enough for a sheet of paper."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

from fangxian.analytics import forecasting, nowcasting
from fangxian.analytics.forecasting import ForecastError
from fangxian.analytics.nowcasting import NowcastError

NAN = math.nan


def test_half_of_the_cases_come_a_day_late() -> None:
    triangle: list[list[float]] = [[5, 5], [6, 4], [4, 6], [7, NAN]]
    found = nowcasting.chain_ladder(triangle)
    assert found.delay.tolist() == [0.5, 1.0]
    assert found.reported.tolist() == [10, 10, 10, 7]
    assert found.expected.tolist() == [10, 10, 10, 14]
    # (2.16): 7·8/0.5⁴ · 0.5²·(0.5/(30·0.5)) + 7·0.5/0.5².
    variance = 56 * 4 * (1 / 30) + 14
    size = 49 / (variance - 7)
    assert found.lower[3] == 7 + stats.nbinom.ppf(0.025, size, size / (size + 7))
    assert found.upper[3] == 7 + stats.nbinom.ppf(0.975, size, size / (size + 7))
    assert found.lower[0] == found.upper[0] == 10


def test_nothing_reported_yet_is_not_nothing() -> None:
    triangle: list[list[float]] = [[5, 5], [6, 4], [4, 6], [0, NAN]]
    found = nowcasting.chain_ladder(triangle)
    assert found.expected[3] == 0
    # More than k with probability 0.5^(k + 1): 0.025 is passed at 5.
    assert (found.lower[3], found.upper[3]) == (0, 5)


def test_a_triangle_of_dates() -> None:
    events = ["2024-01-01", "2024-01-01", "2024-01-02", "2024-01-03", "2024-01-03"]
    reports = ["2024-01-01", "2024-01-02", "2024-01-02", "2024-01-03", "2024-01-04"]
    triangle = nowcasting.reporting_triangle(events, reports, now="2024-01-03", days=3, longest=1)
    counted: list[list[float]] = [[1, 1], [1, 0], [1, NAN]]
    assert np.array_equal(triangle, counted, equal_nan=True)


@pytest.mark.parametrize(
    ("events", "reports", "says"),
    [
        (["2024-01-02"], ["2024-01-01"], "before its onset"),
        (["2024-01-02"], ["NaT"], "both dates"),
        (["2024-01-02"], [], "both dates"),
    ],
)
def test_dates_that_make_no_triangle_are_named(events: list[str], reports: list[str], says: str) -> None:
    with pytest.raises(NowcastError, match=says):
        nowcasting.reporting_triangle(events, reports, now="2024-01-03", days=3, longest=1)


@pytest.mark.parametrize("family", ["gamma", "lognormal", "weibull"])
def test_a_delay_is_found_again_though_the_slow_are_still_to_come(family: Any) -> None:
    random = np.random.default_rng(2)
    law = {
        "gamma": stats.gamma(4, scale=1.5),
        "lognormal": stats.lognorm(0.5, scale=5),
        "weibull": stats.weibull_min(2, scale=6),
    }[family]
    start = random.uniform(0, 30, 6000)
    first, second = np.floor(start), np.floor(start + law.rvs(6000, random_state=random))
    seen = second <= 30
    found = nowcasting.fit_delay((second - first)[seen], 30 - first[seen], family=family)
    assert found.mean == pytest.approx(law.mean(), rel=0.05)
    assert found.sd == pytest.approx(law.std(), rel=0.10)
    assert found.mean_interval[0] < law.mean() < found.mean_interval[1]
    assert found.cumulative(found.quantile(0.9)) == pytest.approx(0.9)
    assert nowcasting.fit_delay((second - first)[seen], family=family).mean < found.mean


def test_a_delay_beyond_what_could_be_seen_is_named() -> None:
    with pytest.raises(NowcastError, match="Case 5 has a delay of 9 days, and only 4"):
        nowcasting.fit_delay([1, 2, 3, 2, 1, 9], [9, 9, 9, 9, 9, 4])
    with pytest.raises(NowcastError, match="At least 5"):
        nowcasting.fit_delay([1, 2, 3])


def test_growth_that_doubles_every_three_days() -> None:
    counts = np.round(10 * 2 ** (np.arange(14) / 3))
    found = forecasting.growth(counts)
    assert found.doubling == pytest.approx(3, rel=0.02)
    assert found.doubling_interval[0] < 3 < found.doubling_interval[1]
    ahead = forecasting.exponential(counts, 3, probabilities=[0.025, 0.5, 0.975])
    assert ahead[2, 1] == pytest.approx(counts[-1] * 2, rel=0.1)
    assert (np.diff(ahead, axis=1) > 0).all()
    steady = forecasting.growth([20] * 14)
    assert steady.doubling_interval == (-math.inf, math.inf)


def test_as_before_has_the_last_count_in_the_middle() -> None:
    found = forecasting.persistence([5, 7, 6, 9, 8], 2, probabilities=[0.1, 0.5, 0.9])
    assert found[:, 1].tolist() == [8, 8]
    assert found[1, 2] - found[1, 0] >= found[0, 2] - found[0, 0]
    year = forecasting.seasonal([1, 2, 3, 4] * 3, 2, freq=4, half_window=0, probabilities=[0.5])
    assert year.ravel().tolist() == [1, 2]


def test_the_interval_score_by_hand() -> None:
    # 80 % interval 2 to 10 and median 5, observed 12: (0.1·(8 + 2/0.1·2) + 7/2) / 1.5.
    found = forecasting.wis([2, 5, 10], [0.1, 0.5, 0.9], 12)
    assert float(found.score) == pytest.approx((0.1 * 8 + 2 + 3.5) / 1.5)
    assert float(found.dispersion) == pytest.approx(0.8 / 1.5)
    assert float(found.underprediction) == pytest.approx(5.5 / 1.5)
    assert float(found.overprediction) == 0
    assert forecasting.coverage([[2, 5, 10]] * 2, [0.1, 0.5, 0.9], [12, 10], 0.8) == 0.5


def test_the_crps_by_hand() -> None:
    # |1-2|, |3-2| on average 1; two draws differ by 2 half the time: 1 - 1/2.
    assert forecasting.crps([1, 3], 2) == pytest.approx(0.5)
    assert forecasting.crps([[4, 4], [0, 0]], [4, 1]).tolist() == [0, 1]


@pytest.mark.parametrize(
    ("quantiles", "probabilities", "says"),
    [([3, 2, 1], [0.1, 0.5, 0.9], "do not decrease"), ([1, 2], [0.1, 0.9], "symmetric"), ([1, 2, 3], [0.1, 0.5, 0.8], "symmetric"),
     ([1, 2], [0.1, 0.5, 0.9], "as many quantiles"), ([1, 2, 3], [0.9, 0.5, 0.1], "increase")],
)  # fmt: skip
def test_forecasts_that_cannot_be_scored(quantiles: Any, probabilities: Any, says: str) -> None:
    with pytest.raises(ForecastError, match=says):
        forecasting.wis(quantiles, probabilities, 2)


def test_a_history_with_gaps_is_refused() -> None:
    with pytest.raises(ForecastError, match="none missing or negative"):
        forecasting.persistence([1, NAN, 3], 1)


# ── the nowcast as a posterior ─────────────────────────────────────────────────────────────────────────────────────────


def growing_triangle(random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Final numbers of forty days of growth, and what is known of them on the last."""
    final = random.poisson(5 * np.exp(0.04 * np.arange(40)))
    event = np.datetime64("2024-01-01") + np.repeat(np.arange(40), final)
    delay = np.minimum(random.negative_binomial(3, 0.4, len(event)), 15)
    return final, nowcasting.reporting_triangle(event, event + delay, now="2024-02-09", days=40, longest=15)


def test_the_posterior_covers_what_came_as_often_as_it_says() -> None:
    random, newest = np.random.default_rng(2), slice(28, 40)
    inside, nearer = [], []
    for _ in range(60):
        final, triangle = growing_triangle(random)
        found, ladder = nowcasting.bayesian(triangle, draws=800), nowcasting.chain_ladder(triangle)
        inside.append((found.lower <= final)[newest] & (final <= found.upper)[newest])
        nearer.append(
            np.abs(found.expected - final)[newest].mean() - np.nanmean(np.abs(ladder.expected - final)[newest])
        )
    assert 0.92 < np.mean(inside) < 0.99
    assert np.mean(nearer) < 0


def test_the_posterior_says_what_is_known_and_doubts_what_is_not() -> None:
    _final, triangle = growing_triangle(np.random.default_rng(3))
    found = nowcasting.bayesian(triangle)
    assert (found.expected[:24] == found.reported[:24]).all() and (found.upper[:24] == found.reported[:24]).all()
    assert (
        (found.lower >= found.reported).all()
        and (found.lower <= found.expected).all()
        and (found.expected <= found.upper).all()
    )
    assert np.abs(found.delay - nowcasting.delay_distribution(triangle)).max() < 0.01
    again = nowcasting.bayesian(triangle)
    assert np.array_equal(again.upper, found.upper), "the same numbers say the same"
    narrow = nowcasting.bayesian(triangle, level=0.5)
    assert (narrow.lower >= found.lower).all() and (narrow.upper <= found.upper).all()


def test_a_day_of_which_nothing_is_reported_has_an_answer_too() -> None:
    _final, triangle = growing_triangle(np.random.default_rng(4))
    triangle[-1, 0] = 0
    found = nowcasting.bayesian(triangle)
    assert found.lower[-1] == 0 < found.expected[-1] < found.upper[-1] < 10 * found.expected[:-1].max()


def test_the_posterior_needs_a_case_and_a_level() -> None:
    _final, triangle = growing_triangle(np.random.default_rng(5))
    with pytest.raises(NowcastError):
        nowcasting.bayesian(np.where(np.isnan(triangle), np.nan, 0.0))
    with pytest.raises(NowcastError):
        nowcasting.bayesian(triangle, level=1)
