"""How good is a rule? False alerts a county-week without outbreaks, against outbreaks found in time.

The measure is fixed here for all rules alike: an alert counts for an outbreak only if it is raised on or after the day of onset and
within `within` days; a rule is set back by each alert and then rests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.multipoint.panel import Floats

#: Raises alerts (places, days) from evidence, given a threshold.
Rule = Callable[[Floats, float], NDArray[np.bool_]]


@dataclass(frozen=True)
class Performance:
    """Of one rule at one threshold: share of outbreaks found in time, days to the alert (median of those found), false alerts a week."""

    threshold: float
    sensitivity: float
    delay: float
    false_alerts: float


def cusum_alerts(
    evidence: Floats, threshold: float, *, slack: float = 0.5, rest: int = 14, votes: int = 1
) -> NDArray[np.bool_]:
    """Alerts of places from evidence (places, charts, days): one CUSUM a chart; an alert when `votes` of them are above the threshold.

    An alert sets all charts of its place back, and rests. NaN leaves a chart as it is.
    """
    places, charts, days = evidence.shape
    score, resting = np.zeros((places, charts)), np.zeros(places, np.int64)
    alert = np.zeros((places, days), np.bool_)
    for t in range(days):
        x = evidence[:, :, t]
        score = np.where(np.isnan(x), score, np.maximum(score + x - slack, 0.0))
        raised = ((score > threshold).sum(axis=1) >= votes) & (resting == 0)
        alert[:, t] = raised
        score[raised] = 0.0
        resting = np.where(raised, rest, np.maximum(resting - 1, 0))
    return alert


def performance(
    rule: Rule, quiet: Floats, struck: Floats, onset: NDArray[np.int64], *, since: int, within: int, threshold: float
) -> Performance:
    """What `rule` does at this threshold; days before `since` are for learning and do not count."""
    false = rule(quiet, threshold)[:, since:]
    raised = rule(struck, threshold)
    delays = _delays(raised, onset)
    found = delays <= within
    return Performance(
        threshold, float(found.mean()), float(np.median(delays[found])) if found.any() else np.nan,
        float(false.sum() / (false.size / 7)),
    )  # fmt: skip


def at_sensitivity(
    rule: Rule,
    quiet: Floats,
    struck: Floats,
    onset: NDArray[np.int64],
    *,
    since: int,
    within: int = 21,
    sensitivity: float = 0.8,
) -> Performance:
    """The performance at the highest threshold that still finds this share of the outbreaks in time."""
    low, high = 0.05, 80.0
    for _ in range(22):
        middle = (low + high) / 2
        if float((_delays(rule(struck, middle), onset) <= within).mean()) >= sensitivity:
            low = middle
        else:
            high = middle
    return performance(rule, quiet, struck, onset, since=since, within=within, threshold=low)


def _delays(alerts: NDArray[np.bool_], onset: NDArray[np.int64]) -> Floats:
    """Days from onset to the first alert after it; infinite without one."""
    after = alerts & (np.arange(alerts.shape[1]) >= onset[:, None])
    return np.where(after.any(axis=1), after.argmax(axis=1) - onset, np.inf)
