"""Multi-point trigger (多点触发): what all sources of a place say together, day by day.

Every source gives a deviate a day (`deviation`). An outbreak is expected to lift them by `strength` standard deviations each; how
much that says follows from their covariance. Sources that drift together, as all do with the season, tell the same thing twice, and
what drifts says less the longer one listens: so it is the covariance of 14-day sums, which sees drift where single days show only
noise. What a day says is then a log likelihood ratio, to which each source adds its part. These add up in a CUSUM, which an alert sets
back, and which then rests; and in the odds that an outbreak is under way, by a chain of two states.

What neighbouring places say is one more source, with a strength and a covariance of its own.

Sources: Page, Biometrika 41 (1954) 100-115; Healy, Technometrics 29 (1987) 409-412, for the CUSUM along a direction; Siegmund,
Sequential Analysis (1985), for the time between false alerts; Shiryaev, Theory Probab Appl 8 (1963) 22-46, for the odds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, nnls

from fangxian.analytics.multipoint.deviation import Baselines, Deviation
from fangxian.analytics.multipoint.panel import Floats, MultipointError, Panel, Source
from fangxian.analytics.multipoint.results import ODDS, SILENCE, Alerts, Grade

#: Days over which evidence adds up before covariance is taken.
SPAN = 14
#: Days of memory of the covariance.
_MEMORY = 180
#: So many 14-day sums weigh as much as the belief that sources are independent.
_INDEPENDENT = 60.0
#: How long an outbreak lifts the sources, in days, and how often one begins at a place: for the odds.
_LASTS, _BEGINS = 21.0, 1 / 730
#: So many false alerts weigh as much as theory; and for how many days they are remembered.
_BELIEVED, _YEAR = 3.0, 365
#: Log odds from which a place has an outbreak, and does not say what is usual.
_SURE = math.log(100)


@dataclass(frozen=True, eq=False)
class Today:
    """What one day came to: arrays of (places,) and (places, sources), as in `Alerts`."""

    evidence: Floats
    score: Floats
    odds: Floats
    grade: NDArray[np.int8]
    alert: NDArray[np.bool_]
    z: Floats
    expected: Floats
    contributions: Floats
    neighbours: Floats
    silence: Floats


class Fusion:
    """The sources of many places, fused as the days come in. It keeps sums, not history, so that a day costs the same for ever.

    false_alerts: how many a place should have in a week without outbreaks; `threshold`, on the scale of log likelihood ratios,
    overrides it. rest: days after an alert before the next. near: (places, places), how much each place hears of the others;
    hearing: their strength.
    """

    def __init__(
        self, places: int, sources: tuple[Source, ...], *, false_alerts: float = 1 / 52, threshold: float | None = None,
        rest: int = 14, near: ArrayLike | None = None, hearing: float = 0.5,
    ) -> None:  # fmt: skip
        if not 0 < false_alerts < 1 or rest < 0 or hearing < 0 or (threshold is not None and threshold <= 0):
            raise MultipointError(
                "误报率应在 0 与 1 之间，阈值大于 0，间歇天数与邻近强度不为负。",
                "False alerts lie between 0 and 1; the threshold is above 0; rest and hearing are not negative.",
            )
        if not sources or not any(one.strength for one in sources):
            raise MultipointError("至少要有一个强度大于 0 的来源。", "At least one source has a strength above 0.")
        self.false_alerts, self.fixed, self.rest = false_alerts, threshold, rest
        self.near = _nearness(near, places)
        self.baselines = Baselines(places, sources)
        self.strength = np.array([*(one.strength for one in sources), *([hearing] if self.near is not None else [])])
        m = len(self.strength)
        self.recent: deque[Floats] = deque(maxlen=SPAN)
        self.products = np.zeros((2, m, m))  # of sums over 14 days, and how many
        self.heard = np.zeros(2)  # squares of what neighbours say, and how many
        self.informed = np.zeros(2)  # information of a day, and how many
        self.score, self.parts = np.zeros(places), np.zeros((places, m))
        self.log_odds = np.full(places, math.log(_BEGINS * _LASTS))
        self.resting = np.zeros(places, np.int64)
        self.shift, self.due = 0.0, 0.0

    def day(self, day: np.datetime64, reports: Floats, behind: Floats, age: int = 10**6) -> Today:
        """Take in one day: reports (places, sources), NaN where there was none, and their exposure."""
        return self.weigh(self.baselines.judge(day, reports, behind, age))

    def weigh(self, found: Deviation) -> Today:
        """Take in one day of which it is known already how far its reports are from what is usual."""
        z = self._with_neighbours(found.z)
        weights, usual = self._weights(z)
        information = 2 * usual.sum(axis=1)
        parts = np.where(np.isnan(z), 0.0, weights * z - usual)
        told = information > 0
        evidence = parts.sum(axis=1)
        self.score = np.maximum(self.score + evidence, 0.0)
        self.parts = np.where(self.score[:, None] > 0, self.parts + parts, 0.0)
        self._update_odds(evidence)
        self.informed = self.informed * (1 - 1 / _MEMORY) + [float(information[told].sum()), float(told.sum())]
        alert = told & (self.score > self.threshold()) & (self.resting == 0)
        self._recalibrate(int(alert.sum()), int(told.sum()))
        odds = np.exp(self.log_odds)
        own = len(found.z[0])
        today = Today(
            np.where(told, evidence, np.nan), self.score.copy(), odds, self._grades(alert, odds, told, found.silence), alert, found.z,
            found.expected, self.parts[:, :own].copy(), self.parts[:, own:].sum(axis=1), found.silence,
        )  # fmt: skip
        self.resting = np.where(alert, self.rest, np.maximum(self.resting - 1, 0))
        self.score[alert], self.parts[alert] = 0.0, 0.0
        self._learn(np.where((self.log_odds > _SURE)[:, None], np.nan, z))
        return today

    def weights(self) -> Floats:
        """What a standard deviation of each source says while all report: (sources,), in units of the log likelihood ratio."""
        return _direction(self._covariance(), self.strength)[: len(self.baselines.sources)]

    def threshold(self) -> float:
        """The CUSUM's limit: as given, or such that false alerts are as rare as wanted: in theory (Siegmund), and in what came of it."""
        if self.fixed is not None:
            return self.fixed
        information = (self.informed[0] + 1) / (self.informed[1] + 1)
        days = max(7 / self.false_alerts - self.rest, 1.0)
        reach = brentq(lambda b: (math.expm1(b) - b) / (information / 2) - days, 1e-9, 60)
        return float(max(reach - 1.166 * math.sqrt(information) + self.shift, 0.5))

    def _recalibrate(self, alerts: int, judged: int) -> None:
        """Move the limit to where alerts come as often as wanted: deviates are not quite normal, and no history is without outbreaks.

        Each unit of the limit makes alerts e times rarer. A day has a bounded say, so that a wave does not shut all ears.
        """
        due = judged * self.false_alerts / 7
        self.due = self.due * (1 - 1 / _YEAR) + due
        self.shift += (min(alerts, 1 + 3 * due) - due) / (_BELIEVED + self.due)

    def _with_neighbours(self, z: Floats) -> Floats:
        """The deviates with one more, what the neighbours say, if there are any."""
        if self.near is None:
            return z
        weights, usual = self._weights(np.column_stack((z, np.full(len(z), np.nan))))
        information = 2 * usual.sum(axis=1)
        told = information > 0
        own = np.zeros(len(z))
        own[told] = (np.nan_to_num(z) * weights[:, :-1]).sum(axis=1)[told] / np.sqrt(information[told])
        reach = self.near @ told
        with np.errstate(divide="ignore", invalid="ignore"):
            theirs = np.where(reach > 0, self.near @ own / reach, np.nan)
        scale = math.sqrt((self.heard[0] + 1) / (self.heard[1] + 1))
        some = reach > 0
        self.heard = self.heard * (1 - 1 / _MEMORY) + [float((theirs[some] ** 2).sum()), float(some.sum())]
        return np.column_stack((z, theirs / scale))

    def _weights(self, z: Floats) -> tuple[Floats, Floats]:
        """Weights of what was reported, and what they give on a usual day, to be taken off: (places, sources) each.

        Places that have the same sources today have the same. What is taken off are the shares of w'Σw/2, so that the likelihood
        ratio is 1 in the mean.
        """
        patterns, which = _alike(~np.isnan(z))
        covariance = self._covariance()
        weights, usual = np.zeros(patterns.shape), np.zeros(patterns.shape)
        for i, some in enumerate(patterns):
            if some.any():
                block = covariance[np.ix_(some, some)]
                found = _direction(block, self.strength[some])
                weights[i, some], usual[i, some] = found, found * (block @ found) / 2
        return weights[which], usual[which]

    def _covariance(self) -> Floats:
        """Of 14-day sums per root of their length, drawn towards independence."""
        total, number = self.products
        return np.asarray((total + _INDEPENDENT * np.eye(len(total))) / (number + _INDEPENDENT))

    def _update_odds(self, evidence: Floats) -> None:
        chance = 1 / (1 + np.exp(-self.log_odds))
        before = chance * (1 - 1 / _LASTS) + (1 - chance) * _BEGINS
        self.log_odds = np.clip(np.log(before / (1 - before)) + evidence, -20, 20)

    def _grades(
        self, alert: NDArray[np.bool_], odds: Floats, told: NDArray[np.bool_], silence: Floats
    ) -> NDArray[np.int8]:
        """The colour while an alert is raised or rests; silence alone is blue."""
        colour = 1 + np.searchsorted(ODDS, odds, side="right")
        quiet = np.where((silence < SILENCE).any(axis=1), Grade.BLUE, Grade.NONE)
        grade = np.where(alert | (self.resting > 0), colour, quiet)
        return np.where(~told & (grade == Grade.NONE), Grade.CANNOT_TELL, grade).astype(np.int8)

    def _learn(self, z: Floats) -> None:
        self.recent.append(z)
        if len(self.recent) < SPAN:
            return
        stack = np.array(self.recent)
        told = ~np.isnan(stack)
        number = told.sum(axis=0)
        here = number >= 2  # wastewater comes twice a week
        sums = np.where(here, np.where(told, stack, 0.0).sum(axis=0) / np.sqrt(np.maximum(number, 1)), 0.0)
        self.products *= 1 - 1 / _MEMORY
        self.products[0] += sums.T @ sums
        self.products[1] += here.T.astype(np.float64) @ here


def fuse(
    panel: Panel, *, false_alerts: float = 1 / 52, threshold: float | None = None, rest: int = 14, near: ArrayLike | None = None,
    hearing: float = 0.5, on_progress: Callable[[int], None] | None = None, judged: Alerts | None = None,
) -> Alerts:  # fmt: skip
    """Fuse all days of a panel, each judged by what was known up to it; parameters as of `Fusion`, `on_progress` is told the days done.

    The newest days are taken as incomplete by each source's `reported`. `judged` is what the same panel came to with other
    strengths: what is usual does not depend on them, and is not worked out again. Raises MultipointError for parameters that make no sense.
    """
    days = panel.counts.shape[2]
    fusion = Fusion(
        len(panel.places), panel.sources, false_alerts=false_alerts, threshold=threshold, rest=rest, near=near, hearing=hearing
    )  # fmt: skip
    ones = np.ones(panel.counts.shape[:2])
    found = []
    for t, day in enumerate(panel.days):
        if judged is not None:
            found.append(fusion.weigh(Deviation(*(a[:, :, t] for a in (judged.expected, judged.z, judged.silence)))))
        else:
            behind = ones if panel.exposure is None else panel.exposure[:, :, t]
            found.append(fusion.day(day, panel.counts[:, :, t], behind, age=days - 1 - t))
        if on_progress:
            on_progress(t + 1)
    over_days = {name: np.stack([getattr(one, name) for one in found], axis=-1) for name in Today.__dataclass_fields__}
    return Alerts(
        panel.places, panel.sources, panel.days, weights=fusion.weights(), threshold=fusion.threshold(), **over_days
    )


def _nearness(near: ArrayLike | None, places: int) -> Floats | None:
    if near is None:
        return None
    table = np.array(near, np.float64)
    if table.shape != (places, places) or not np.isfinite(table).all() or (table < 0).any():
        raise MultipointError(
            f"邻近权重应为 {places} × {places} 的非负数。",
            f"Nearness is an array of {places} × {places} numbers of at least 0.",
        )
    np.fill_diagonal(table, 0.0)
    return table


def _alike(here: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """The different rows of a table, and which of them each row is."""
    if (here == here[0]).all():  # as a rule everybody has reported
        return here[:1], np.zeros(len(here), np.intp)
    _, first, which = np.unique(np.packbits(here, axis=1), axis=0, return_index=True, return_inverse=True)
    return here[first], which.ravel()


def _direction(covariance: Floats, strength: Floats) -> Floats:
    """Σ⁻¹·strength; where that has negative parts, the weights w ≥ 0 nearest to it by Σ: no rise speaks against an outbreak.

    A source that is nearly always 0 varies less than a normal one; that does not make what it says more than evidence.
    """
    floor = np.diag(np.maximum(1 - np.diag(covariance), 0))
    root = np.linalg.cholesky(covariance + floor)
    weights, _ = nnls(root.T, np.linalg.solve(root, strength))
    return np.asarray(weights)
