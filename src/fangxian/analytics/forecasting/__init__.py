"""Forecasting (短期预测): what comes next, how sure that is, and whether it was any better than saying "as before".

`persistence` and `seasonal` are the naive forecasts, `exponential` lets the present `growth` go on; all give quantiles (horizon, K).
`wis`, `crps`, `coverage` and `count_scores` tell how good a forecast was.
"""

from fangxian.analytics.forecasting.baselines import PROBABILITIES, persistence, seasonal
from fangxian.analytics.forecasting.growth import Growth, exponential, growth
from fangxian.analytics.forecasting.scores import (
    CountScores,
    ForecastError,
    IntervalScore,
    count_scores,
    coverage,
    crps,
    wis,
)

__all__ = [
    "PROBABILITIES",
    "CountScores",
    "ForecastError",
    "Growth",
    "IntervalScore",
    "count_scores",
    "coverage",
    "crps",
    "exponential",
    "growth",
    "persistence",
    "seasonal",
    "wis",
]
