"""Naive forecasts (基线预测), which every better one has to beat.

Source: Cramer and others, Proc Natl Acad Sci 119 (2022) e2113561119, supplement, for the baseline of the forecast hubs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.forecasting.scores import Floats, ForecastError

#: The 23 probabilities of the forecast hubs.
PROBABILITIES = (0.01, 0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975, 0.99)


def persistence(
    counts: ArrayLike, horizon: int, *, probabilities: ArrayLike = PROBABILITIES, draws: int = 20_000, seed: int = 1
) -> Floats:
    """As it was last, give or take the changes so far: quantiles (horizon, K) of the next counts of one series.

    Changes from one time to the next, each with both signs so that the median stays, are drawn and added up; below 0 is 0.
    """
    y = _history(counts, horizon, 2)
    changes = np.diff(y)
    both = np.concatenate((changes, -changes))
    random = np.random.default_rng(seed)
    paths = np.cumsum(random.choice(both, (draws, horizon)), axis=1)
    quantiles = np.quantile(paths, np.asarray(probabilities, np.float64), axis=0).T
    middle = np.median(paths, axis=0)[:, None]
    return np.asarray(np.maximum(y[-1] + quantiles - middle, 0))


def seasonal(
    counts: ArrayLike, horizon: int, *, freq: int = 52, half_window: int = 2, probabilities: ArrayLike = PROBABILITIES
) -> Floats:
    """As in earlier years: quantiles (horizon, K) of the counts ± half_window times around the same time of all years before."""
    y = _history(counts, horizon, freq + 1)
    found = []
    for ahead in range(horizon):
        centres = np.arange(len(y) + ahead - freq, -1, -freq)
        times = (centres[:, None] + np.arange(-half_window, half_window + 1)).ravel()
        found.append(np.quantile(y[times[(times >= 0) & (times < len(y))]], np.asarray(probabilities, np.float64)))
    return np.stack(found)


def _history(counts: ArrayLike, horizon: int, least: int) -> Floats:
    y = np.asarray(counts, np.float64)
    if y.ndim != 1 or len(y) < least or not np.isfinite(y).all() or (y < 0).any():
        raise ForecastError(
            f"预测需要一条至少 {least} 期、无缺报、非负的序列。",
            f"A forecast needs one series of at least {least} counts, none missing or negative.",
        )
    if horizon < 1:
        raise ForecastError("至少预测 1 期。", "Forecast at least one time.")
    return y
