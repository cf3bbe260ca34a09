"""What a calibration says of each parameter, and where it must say nothing (不可识别)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.calibration.prior import Prior
from fangxian.analytics.calibration.sampling import Generation
from fangxian.text import Text

Floats = NDArray[np.float64]
#: The standard deviation of what is even from 0 to 1.
_EVEN = 1 / sqrt(12)
#: A parameter whose spread stays above this share of the prior's was not learnt.
LEARNT = 0.7
#: Two parameters that move together more than this were learnt only together.
TOGETHER = 0.95
#: A middle half that begins within this share of an end of the range lies at the end.
_EDGE = 0.02


@dataclass(frozen=True, slots=True)
class Estimate:
    """A parameter's median and 95 % interval; None, with the `reason`, where the data do not tell it."""

    name: str
    median: float | None
    low: float | None
    high: float | None
    reason: Text | None = None

    @property
    def identified(self) -> bool:
        """Whether there is a number to print."""
        return self.median is not None


def estimates(priors: Sequence[Prior], last: Generation) -> list[Estimate]:
    """What the last generation says of each parameter."""
    middle = last.weights @ last.places
    apart = last.places - middle
    covariance = (apart.T * last.weights) @ apart
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-18))
    alike = np.abs(covariance / np.outer(spread, spread))
    np.fill_diagonal(alike, 0)
    result = []
    for place, prior in enumerate(priors):
        low, first, median, third, high = _quantiles(
            last.places[:, place], last.weights, (0.025, 0.25, 0.5, 0.75, 0.975)
        )
        partner = int(alike[place].argmax()) if len(priors) > 1 else place
        reason = None
        if spread[place] > LEARNT * _EVEN:
            reason = Text(
                "数据不能识别此参数：各取值同样说得通", "The data do not tell it: values all over the range do as well"
            )
        elif len(priors) > 1 and alike[place, partner] > TOGETHER:
            other = priors[partner].name
            reason = Text(f"只能与 {other} 一并识别，分不开", f"Told only together with {other}, not apart from it")
        elif first < _EDGE or third > 1 - _EDGE:
            end = prior.low if first < _EDGE else prior.high
            reason = Text(
                f"落在范围的端点 {end:g}；请放宽范围", f"It lies at the end of its range, {end:g}; widen the range"
            )
        if reason is not None:
            result.append(Estimate(prior.name, None, None, None, reason))
        else:
            result.append(Estimate(prior.name, prior.at(median), prior.at(low), prior.at(high)))
    return result


def _quantiles(values: Floats, weights: Floats, at: Sequence[float]) -> list[float]:
    order = np.argsort(values)
    below = np.cumsum(weights[order]) - weights[order] / 2
    return [float(one) for one in np.interp(at, below, values[order])]


@dataclass(frozen=True, eq=False)
class Check:
    """Posterior predictive check (后验预测检验): epidemics drawn from what was learnt, beside the one that was seen.

    `bands` (5, days): 2.5, 25, 50, 75 and 97.5 % of them; `covered`: the share of days seen within the widest; `tails`: for the total, the
    largest day and the day of it, the share of epidemics at most as large as seen (near 0 or 1: the model cannot do what was seen).
    """

    bands: Floats
    covered: float
    tails: dict[str, float]


def check(seen: Floats, drawn: Floats) -> Check:
    """`seen` (days,) beside `drawn` (n, days)."""
    bands = np.quantile(drawn, (0.025, 0.25, 0.5, 0.75, 0.975), axis=0)
    inside = (seen >= np.floor(bands[0])) & (seen <= np.ceil(bands[4]))

    def tail(of: Floats, one: float) -> float:
        return float(np.mean(of < one) + np.mean(of == one) / 2)

    tails = {
        "total": tail(drawn.sum(axis=1), float(seen.sum())),
        "peak": tail(drawn.max(axis=1), float(seen.max())),
        "peak_day": tail(drawn.argmax(axis=1).astype(float), float(seen.argmax())),
    }
    return Check(bands, float(inside.mean()), tails)
