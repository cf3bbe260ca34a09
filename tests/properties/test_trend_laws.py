"""What holds for every forecast and every triangle."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import nbinom

from fangxian.analytics import forecasting, nowcasting

PROBABILITIES = np.array(forecasting.PROBABILITIES)
few = settings(max_examples=50)


@few
@given(values=arrays(np.float64, 23, elements=st.floats(0, 100)), y=st.floats(0, 100), shift=st.floats(0, 50))
def test_the_interval_score_is_twice_the_mean_pinball_loss(values: np.ndarray, y: float, shift: float) -> None:
    q = np.sort(values)
    found = forecasting.wis(q, PROBABILITIES, y)
    pinball = np.where(y >= q, PROBABILITIES * (y - q), (1 - PROBABILITIES) * (q - y))
    assert np.isclose(found.score, 2 * pinball.mean())
    assert np.isclose(found.score, found.dispersion + found.underprediction + found.overprediction)
    assert np.isclose(forecasting.wis(q + shift, PROBABILITIES, y + shift).score, found.score)


@settings(max_examples=12)
@given(mean=st.floats(0.5, 12), wrong=st.floats(0.5, 2), size=st.floats(1, 20))
def test_scores_of_counts_are_proper(mean: float, wrong: float, size: float) -> None:
    x = np.arange(150)
    law = size / (size + mean)
    chance = nbinom.pmf(x, size, law)
    honest = forecasting.count_scores(x, mean, size)
    other = forecasting.count_scores(x, mean * wrong, size)
    for name in ("logarithmic", "ranked", "dawid_sebastiani", "squared"):
        assert (chance * getattr(honest, name)).sum() <= (chance * getattr(other, name)).sum() + 1e-6


@few
@given(samples=arrays(np.float64, st.integers(1, 30), elements=st.floats(-50, 50)), y=st.floats(-50, 50))
def test_the_crps_is_the_integral_of_the_squared_difference(samples: np.ndarray, y: float) -> None:
    edges = np.sort(np.append(samples, y))
    below = np.searchsorted(np.sort(samples), edges[:-1], side="right") / len(samples)
    expected = (((below - (edges[:-1] >= y)) ** 2) * np.diff(edges)).sum()
    assert np.isclose(forecasting.crps(samples, y), expected, atol=1e-9)


@few
@given(counts=arrays(np.int64, st.tuples(st.integers(5, 15), st.integers(1, 5)), elements=st.integers(0, 9)))
def test_a_nowcast_never_takes_away_what_is_reported(counts: np.ndarray) -> None:
    triangle = counts.astype(float)
    days, width = counts.shape
    triangle[np.arange(days)[:, None] + np.arange(width) > days - 1] = np.nan
    found = nowcasting.chain_ladder(triangle)
    known = ~np.isnan(found.expected)
    assert (found.expected[known] >= found.reported[known]).all()
    assert (found.lower[known] >= found.reported[known]).all()
    assert (found.upper[known] >= found.lower[known]).all()
    assert (np.diff(found.delay) >= -1e-12).all()
    assert found.delay[-1] == 1
    assert np.array_equal(found.expected[: days - width + 1], counts[: days - width + 1].sum(axis=1))
