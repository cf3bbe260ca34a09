"""Likelihood ratio charts (似然比控制图): has the level of the counts changed, and since when?

Sources: Höhle and Paul, Comput Stat Data Anal 52 (2008) 4357-4368; Höhle, Computational Statistics 22 (2007) 571-582. Agree with `glrpois`
and `glrnb` of the R package surveillance 1.20.3 with ret="value" and change="intercept".
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from fangxian.analytics.detection import run_length
from fangxian.analytics.detection.charts import Charts, Ints
from fangxian.analytics.detection.loglinear import season, seasonal_fit, seasonal_mean
from fangxian.analytics.detection.results import Alarm, Codes, Detection, Floats, Reason
from fangxian.analytics.detection.series import Counts, Series, require, series, shared, spread
from fangxian.analytics.kernel import kernel

_JUDGED, _MISSING, _FIT = int(Reason.JUDGED), int(Reason.MISSING), int(Reason.FIT)
#: A window without an end.
_EVER = 1 << 62


def glr(
    counts: ArrayLike, *, freq: int = 52, since: int | None = None, threshold: float = 5.0, alpha: float = 0.0,
    mean: ArrayLike | None = None, harmonics: int = 1, trend: bool = False, window: int | None = None, arl: float | None = None,
    after: Charts | None = None,
) -> Detection:  # fmt: skip
    """Generalised likelihood ratio: log ratio of the best multiplied mean since the best change point, to the in-control mean.

    Alarm when the ratio reaches `threshold`; the chart then starts anew. Counts are Poisson for alpha 0, else negative binomial with
    variance μ + α·μ². The in-control mean is `mean` (a number or an array that fits the counts), or fitted to the times before `since`
    (by default two years, at most half of the series) with harmonics of the year and, if wanted, a trend. Change points further back
    than `window` times are not looked at. A missing count is passed over. `details["statistic"]` is the ratio; the upper bound, the
    count at which it reaches the threshold, is known for Poisson only.

    With `arl`, of Poisson counts, each series has the threshold with which a constant mean such as its own gives a false alarm once
    in so many times, by simulation (`run_length`).
    """
    require(window is None or window >= 1, "窗口至少 1 期。", "A window has at least one time.")
    require(
        arl is None or alpha == 0,
        "广义似然比的平均运行长度只适用于泊松计数。",
        "The run length of this chart is known for Poisson counts only.",
    )  # fmt: skip
    return _chart("glr", counts, freq, since, threshold, alpha, mean, harmonics, trend, math.nan, window, arl, after)


def lr(
    counts: ArrayLike, *, freq: int = 52, since: int | None = None, threshold: float = 5.0, factor: float = 1.5, alpha: float = 0.0,
    mean: ArrayLike | None = None, harmonics: int = 1, trend: bool = False, arl: float | None = None,
    after: Charts | None = None,
) -> Detection:  # fmt: skip
    """Likelihood ratio CUSUM against a known change: the mean times `factor`. Alarm when it exceeds `threshold`, then it starts anew.

    With `arl` each series has the threshold with which a constant mean such as its own gives a false alarm once in so many times.
    For the rest as `glr`; the upper bound is the count at which the statistic reaches the threshold.
    """
    require(factor > 0 and factor != 1, "倍数应为正且不等于 1。", "The factor is positive and not 1.")
    return _chart(
        "lr", counts, freq, since, threshold, alpha, mean, harmonics, trend, math.log(factor), None, arl, after
    )


def _chart(
    method: str, counts: ArrayLike, freq: int, since: int | None, threshold: float, alpha: float, mean: ArrayLike | None,
    harmonics: int, trend: bool, kappa: float, window: int | None, arl: float | None, after: Charts | None,
) -> Detection:  # fmt: skip
    given = series(counts)
    n, times = given.shape
    default = min(2 * freq, times // 2) if mean is None else 0
    start = 0 if after else default if since is None else since
    require(0 <= start <= times, "since 应在序列之内。", "since lies within the series.")
    require(threshold > 0, "阈值应大于 0。", "The threshold is above 0.")
    require(alpha >= 0, "alpha 不能为负。", "alpha cannot be negative.")
    coefficients = np.empty((n, 0)) if mean is not None else after.coefficients if after else None
    if coefficients is None:
        coefficients = seasonal_fit(given.counts, start, freq, harmonics, trend, alpha)
    if mean is None:
        seen, learnt = (after.seen, after.since) if after else (start, start)
        mu = seasonal_mean(coefficients, season(seen, seen + times - start, learnt, freq, harmonics, trend))
    else:
        mu = np.ascontiguousarray(spread("mean", mean, given.shape)[:, start:])
    generalised = math.isnan(kappa)
    if after is None:
        limit = np.full(n, float(threshold))
        if arl is not None and start < times:
            limit = _limits(mu.mean(axis=1), arl, alpha, kappa, window)
        after = Charts.new(start, coefficients, limit)
    charts = after.widened(mu.shape[1] + 1 if generalised else 0)
    late = Series(given.counts[:, start:], given.counts[:, start:])
    _, upperbound, alarm, reason = late.blank()
    statistic = np.full(mu.shape, np.nan)

    def work(a: int, b: int) -> None:
        part = late.counts[a:b], mu[a:b], alpha, charts.limit[a:b]
        out = statistic[a:b], upperbound[a:b], alarm[a:b], reason[a:b]
        if generalised:
            _generalised(*part, window or _EVER, charts.held[a:b], charts.cases[a:b], charts.expected[a:b], *out)
        else:
            _known_change(*part, kappa, charts.total[a:b], *out)

    shared(n, work, least=8)
    alarm[reason != _JUDGED] = Alarm.CANNOT_TELL
    found = given.judged(method, mu, upperbound, alarm, reason, statistic=statistic)
    return replace(found, charts=charts.after(mu.shape[1]))


def _limits(mean: Floats, arl: float, alpha: float, kappa: float, window: int | None) -> Floats:
    """The threshold of each series (n,) for a false alarm once in `arl` times."""
    if math.isnan(kappa):
        return run_length.limits(
            mean, arl, lambda one: run_length.simulated_limit(partial(_ratios, window or _EVER), one, arl)
        )
    return run_length.limits(
        mean, arl, lambda one: run_length.limit_for(*_steps(one, alpha, kappa), arl, reaching=False)
    )


def _steps(mean: float, alpha: float, kappa: float) -> tuple[Floats, Floats]:
    """By how much the chart against a known change moves at each count, and their probabilities without it."""
    counts, probabilities = run_length.chances(mean, alpha)
    each, fixed = kappa, (1.0 - math.exp(kappa)) * mean
    if alpha:
        shift = math.log((1.0 + alpha * mean) / (1.0 + alpha * mean * math.exp(kappa)))
        each, fixed = kappa + shift, shift / alpha
    return counts * each + fixed, probabilities


def _ratios(window: int, counts: Counts, mu: Floats) -> Floats:
    """The generalised likelihood ratios of counts (n, T), never set back."""
    charts = Charts.new(0, np.empty((len(counts), 0)), np.full(len(counts), np.inf), counts.shape[1] + 1)
    given = Series(counts, counts)
    _, bound, alarm, reason = given.blank()
    statistic = np.zeros(counts.shape)

    def work(a: int, b: int) -> None:
        steps = charts.held[a:b], charts.cases[a:b], charts.expected[a:b]
        out = statistic[a:b], bound[a:b], alarm[a:b], reason[a:b]
        _generalised(given.counts[a:b], mu[a:b], 0.0, charts.limit[a:b], window, *steps, *out)

    shared(len(counts), work, least=8)
    return statistic


@kernel(error_model="numpy")
def _known_change(
    counts: Counts, mu: Floats, alpha: float, limit: Floats, kappa: float, total: Floats, statistic: Floats, upperbound: Floats,
    alarm: Codes, reason: Codes,
) -> None:  # fmt: skip
    """Go on from `total`, and leave there what it comes to."""
    growth = math.exp(kappa)
    for s in range(counts.shape[0]):
        threshold = limit[s]
        so_far = total[s]
        for t in range(counts.shape[1]):
            x = counts[s, t]
            m = mu[s, t]
            if x < 0 or not m > 0.0:
                reason[s, t] = _MISSING if x < 0 else _FIT
                continue
            if alpha == 0.0:
                each, fixed = kappa, (1.0 - growth) * m
            else:
                shift = math.log((1.0 + alpha * m) / (1.0 + alpha * m * growth))
                each, fixed = kappa + shift, shift / alpha
            upperbound[s, t] = max((threshold - so_far - fixed) / each, 0.0)
            so_far = max(0.0, so_far + x * each + fixed)
            statistic[s, t] = so_far
            alarm[s, t] = so_far > threshold
            reason[s, t] = _JUDGED
            if so_far > threshold:
                so_far = 0.0
        total[s] = so_far


@kernel(error_model="numpy")
def _generalised(
    counts: Counts, mu: Floats, alpha: float, limit: Floats, window: int, held: Ints, cases: Floats, expected: Floats,
    statistic: Floats, upperbound: Floats, alarm: Codes, reason: Codes,
) -> None:  # fmt: skip
    """Go on from the steps that are held, and leave there those that a later ratio may begin with.

    Of Poisson counts, without a window, only those change points can be the best at whose either side the level of the counts, as a
    multiple of what was expected, differs upwards: consecutive counts that do not rise are one step, as in isotonic regression, and a
    first step without an excess is forgotten (functional pruning: Romano, Eckley, Fearnhead, J Mach Learn Res 24 (2023) 81).
    """
    for s in range(counts.shape[0]):
        threshold = limit[s]
        n = held[s]  # steps since the chart last started
        x = cases[s]
        m = expected[s]
        for t in range(counts.shape[1]):
            if counts[s, t] < 0 or not mu[s, t] > 0.0:
                reason[s, t] = _MISSING if counts[s, t] < 0 else _FIT
                continue
            x[n] = counts[s, t]
            m[n] = mu[s, t]
            low = max(0, n - window)
            if alpha == 0.0:
                ratio, upperbound[s, t] = _poisson(x, m, low, n, threshold)
            else:
                ratio = _negative_binomial(x, m, low, n, alpha)
            statistic[s, t] = max(ratio, 0.0)
            alarm[s, t] = ratio >= threshold
            reason[s, t] = _JUDGED
            if ratio >= threshold:
                n = 0
                continue
            if alpha == 0.0 and window == _EVER:
                while n > 0 and x[n] * m[n - 1] <= x[n - 1] * m[n]:
                    x[n - 1] += x[n]
                    m[n - 1] += m[n]
                    n -= 1
                if n == 0 and x[0] <= m[0]:
                    continue
            n += 1
        if n > window:
            x[:window] = x[n - window : n].copy()
            m[:window] = m[n - window : n].copy()
            n = window
        held[s] = n


@kernel(error_model="numpy")
def _poisson(x: Floats, m: Floats, low: int, n: int, threshold: float) -> tuple[float, float]:
    """The largest ratio over change points before the steps low…n, and the count at n that would bring it to the threshold."""
    cases = 0.0
    expected = 0.0
    largest = 0.0
    bound = np.inf
    for k in range(n, low - 1, -1):
        cases += x[k]
        expected += m[k]
        # With S cases where M were expected the ratio is S log(S/M) - S + M, at most (S - M)²/2M: most need no logarithm.
        excess = cases - expected
        if excess > 0.0 and excess * excess > 2.0 * expected * largest:
            kappa = math.log(cases / expected)
            largest = max(largest, kappa * cases + (1.0 - math.exp(kappa)) * expected)
        least = expected + math.sqrt(2.0 * threshold * expected)
        if least - (cases - x[n]) >= bound:
            continue
        # The ratio is convex in S, so Newton closes in on the threshold from above.
        needed = least + threshold
        for _ in range(50):
            step = (needed * math.log(needed / expected) - needed + expected - threshold) / math.log(needed / expected)
            needed -= step
            if abs(step) < 1e-12 * needed:
                break
        bound = min(bound, needed - (cases - x[n]))
    return largest, max(bound, 0.0)


@kernel(error_model="numpy")
def _negative_binomial(x: Floats, m: Floats, low: int, n: int, alpha: float) -> float:
    """The largest ratio over change points low…n; the change is found by Newton's method from that of the change point before."""
    largest = -np.inf
    kappa = 0.5
    for k in range(low, n + 1):
        new = kappa
        old = 0.4
        rounds = 0
        while new > -18.0 and abs(new - old) > 1e-6 and rounds < 1000:
            rounds += 1
            old = new
            growth = math.exp(old)
            score = 0.0
            information = 0.0
            for i in range(k, n + 1):
                denominator = 1.0 + alpha * growth * m[i]
                score += (x[i] - growth * m[i]) / denominator
                information += m[i] * (alpha * x[i] + 1.0) / (denominator * denominator)
            new = old + score / (growth * information)
        kappa = max(0.0, new)
        growth = math.exp(kappa)
        ratio = 0.0
        if kappa > 0.0:
            for i in range(k, n + 1):
                ratio += kappa * x[i] + (x[i] + 1.0 / alpha) * math.log(
                    (1.0 + alpha * m[i]) / (1.0 + alpha * m[i] * growth)
                )
        largest = max(largest, ratio)
    return largest
