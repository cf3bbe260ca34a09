"""Farrington's method and its flexible improvement: the count against a regression on the same season of earlier years.

Sources: Farrington, Andrews, Beale, Catchpole, J R Stat Soc A 159 (1996) 547-563; Noufaily, Enki, Farrington, Garthwaite, Andrews,
Charlett, Stat Med 32 (2013) 1206-1222; Salmon, Schumacher, Höhle, J Stat Softw 70(10) (2016). Agrees with `farrington` and
`farringtonFlexible` of the R package surveillance 1.20.3.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.detection.baselines import Baseline, Calendar
from fangxian.analytics.detection.quasipoisson import predict
from fangxian.analytics.detection.results import Alarm, Detection, Floats, Reason
from fangxian.analytics.detection.series import Series, require, series, shared, spread

Threshold = Literal["delta", "nbPlugin", "muan"]
_POWERS = {"2/3": 2 / 3, "1/2": 1 / 2, "none": 1.0}


def farrington(
    counts: ArrayLike, *, freq: int = 52, dates: ArrayLike | None = None, since: int | None = None, years: int = 5,
    half_window: int = 3, alpha: float = 0.05, trend: bool = True, reweight: bool = True, power: str = "2/3",
    limit: tuple[int, int] = (5, 4),
) -> Detection:  # fmt: skip
    """Farrington's method of 1996: quasi-Poisson regression on the windows of ± half_window around this time in earlier years.

    The bound is the upper end of the two-sided 1 - alpha prediction interval after the power transformation ("2/3", "1/2", "none").
    A trend is kept if it is significant at 5 %, the data reach over at least three years and it predicts no more than was ever
    observed. Fewer than limit[0] cases in the last limit[1] times raise no alarm; the bound is then 0. `dates` (one per time)
    place the windows by the calendar, without them earlier years are multiples of `freq`. `since` is the first time judged, by
    default the first with a full history; `details` have dispersion (φ), trend (per time; NaN: none) and score.
    """
    given = series(counts)
    calendar = Calendar(given.shape[1], freq, dates)
    _sensible(freq, years, half_window, alpha, limit, power)
    first = freq * years + half_window if since is None else since
    baselines = {t: calendar.yearly(t, years, half_window) for t in range(max(first, 0), given.shape[1])}
    counts = given.counts[:, _late(given, baselines)]
    criterion = scipy.stats.t.ppf(1 - 0.05 / 2, np.arange(1, 2 * given.shape[1] + 2))
    mean, error, scale, slope, reason = _predicted(
        given,
        np.arange(float(given.shape[1])),
        baselines,
        1,
        _if(years >= 3, criterion),
        trend,
        reweight,
        1.0,
        False,
        None,
    )
    upper = _delta(mean, error, scale, _POWERS[power], float(scipy.stats.norm.ppf(1 - alpha / 2)))
    score = (counts - mean) / (upper - mean)
    enough = _recent(given, limit, baselines)
    judged = reason == Reason.JUDGED
    alarm = np.where(judged, (score > 1) & enough, Alarm.CANNOT_TELL).astype(np.int8)
    reason[judged & ~enough] = Reason.TOO_FEW
    upper = np.where(judged & ~enough, 0.0, upper)
    return given.judged("farrington", mean, upper, alarm, reason, dispersion=scale, trend=slope, score=score)


def farrington_flexible(
    counts: ArrayLike, *, freq: int = 52, dates: ArrayLike | None = None, since: int | None = None, years: int = 5,
    half_window: int = 3, blocks: int = 10, left_out: int = 26, alpha: float = 0.05, trend: bool = True, trend_alpha: float = 1.0,
    reweight: bool = True, reweight_above: float = 2.58, threshold: Threshold = "delta", power: str = "2/3",
    limit: tuple[int, int] = (5, 4), population: ArrayLike | None = None, compat: Literal["R", "paper"] = "R",
) -> Detection:  # fmt: skip
    """Farrington's method as improved by Noufaily and others in 2013; the defaults are their recommendation.

    All of the last years counts, each year cut in `blocks` seasonal levels (1: only the windows, as in 1996), without the last
    `left_out` times, so that an outbreak that began lately does not lift its own bound. The bound is one-sided at 1 - alpha: by the
    power transformation ("delta"), the quantile of a negative binomial with the predicted mean ("nbPlugin"), or of one with the
    mean's own 1 - alpha quantile ("muan"). `population`, shape (T,) or of the counts, is an offset. With fewer than limit[0] cases
    in the last limit[1] times there is no alarm.

    compat="R" repeats farringtonFlexible 1.20.3 to the last digit, where (1) the fitted model's weights are overwritten with
    the reweighting weights before the dispersion of the prediction and of the trend's test is worked out from them, (2) the
    dispersion φ ≥ 1 meant for the prediction is put among the new data instead and so has no effect, (3) scores of the negative
    binomial bounds take the predictor on the log scale for the mean, (4) an infinite bound means no alarm, (5) the last of more
    blocks than there are times to share takes its neighbours', and (6) nothing is shown when cases are too few. compat="paper"
    does what the papers say; an infinite bound is "cannot tell".
    """
    given = series(counts)
    calendar = Calendar(given.shape[1], freq, dates)
    _sensible(freq, years, half_window, alpha, limit, power)
    require(blocks >= 1, "时段数至少为 1。", "There is at least one block.")
    require(left_out >= 0, "略去的期数不能为负。", "The number of times left out cannot be negative.")
    require(threshold in ("delta", "nbPlugin", "muan"), "阈值方法应为 delta、nbPlugin 或 muan。",
            "The threshold is delta, nbPlugin or muan.")  # fmt: skip
    first = freq * years + half_window if since is None else since
    as_r = compat == "R"
    found = {
        t: calendar.blocks(t, years, half_window, blocks, left_out, as_r) for t in range(max(first, 0), given.shape[1])
    }
    baselines = {t: baseline for t, baseline in found.items() if baseline is not None}
    counts = given.counts[:, _late(given, baselines)]
    freedom = np.arange(1, 2 * given.shape[1] + 2)
    criterion = scipy.stats.t.ppf(1 - trend_alpha / 2, freedom) if trend_alpha < 1 else np.zeros(len(freedom))
    mean, error, scale, slope, reason = _predicted(
        given,
        calendar.elapsed,
        baselines,
        blocks,
        _if(years >= 3, criterion),
        trend,
        reweight,
        reweight_above,
        as_r,
        population,
    )
    z = float(scipy.stats.norm.ppf(1 - alpha))
    if threshold == "delta":
        upper = _delta(mean, error, scale, _POWERS[power], z)
        centre = mean
    else:
        with np.errstate(over="ignore", divide="ignore"):
            upper = _negative_binomial(mean if threshold == "nbPlugin" else mean * np.exp(z * error), scale, 1 - alpha)
            centre = np.log(mean) if as_r else mean
    with np.errstate(divide="ignore", invalid="ignore"):
        score = (counts - centre) / (upper - centre)
    boundless = (reason == Reason.JUDGED) & np.isnan(upper)
    reason[boundless] = Reason.OVERFLOW
    judged = (reason == Reason.JUDGED) | (boundless & as_r)
    enough = _recent(given, limit, baselines)
    alarm = np.where(judged, (score > 1) & enough & (counts > 0), Alarm.CANNOT_TELL).astype(np.int8)
    few = (reason == Reason.JUDGED) & ~enough
    reason[few] = Reason.TOO_FEW
    if as_r:
        mean, upper = np.where(few | boundless, np.nan, mean), np.where(few, np.nan, upper)
    return given.judged("farrington-flexible", mean, upper, alarm, reason, dispersion=scale, trend=slope, score=score)


def _sensible(freq: int, years: int, half_window: int, alpha: float, limit: tuple[int, int], power: str) -> None:
    require(years >= 1, "至少回溯 1 年。", "Look back at least one year.")
    require(0 <= 2 * half_window < freq, "窗口应在 0 与一年之间。", "The window lies between 0 and a year.")
    require(0 < alpha < 1, "alpha 应在 0 与 1 之间。", "alpha lies between 0 and 1.")
    require(
        len(limit) == 2 and limit[0] >= 0 and limit[1] >= 1,
        "limit 应为（不少于 0 例，不少于 1 期）。",
        "limit is (at least 0 cases, at least 1 time).",
    )
    require(power in _POWERS, "幂变换应为 2/3、1/2 或 none。", "The power is 2/3, 1/2 or none.")


def _if(condition: bool, criterion: Floats) -> Floats:
    """The critical values by degrees of freedom from 0, or infinite ones: no trend is kept."""
    return np.concatenate(([np.inf], criterion if condition else np.full(len(criterion), np.inf)))


def _predicted(
    given: Series, position: Floats, baselines: dict[int, Baseline], blocks: int, critical: Floats, trend: bool, reweight: bool,
    above: float, quirk: bool, population: ArrayLike | None,
) -> tuple[Floats, Floats, Floats, Floats, NDArray[np.int8]]:  # fmt: skip
    """Mean, standard error (log scale), dispersion, slope and reason, from the first time that has a baseline on."""
    n, times = given.shape
    late = _late(given, baselines)
    when = np.array(sorted(baselines), np.int64)
    runs = [baselines[t].runs for t in when.tolist()]
    first_run = np.concatenate(([0], np.cumsum([len(start) for start, _, _ in runs]))).astype(np.int64)
    starts, lengths, block = (
        np.concatenate([run[i] for run in runs]) if runs else np.zeros(0, np.int64) for i in range(3)
    )
    size = np.ones((1, times)) if population is None else spread("population", population, (n, times))
    even = bool(np.all(np.diff(position) == 1))
    mean, error, scale, slope = (np.full((n, times - late.start), np.nan) for _ in range(4))
    reason = np.full(mean.shape, Reason.HISTORY, np.int8)

    def work(a: int, b: int) -> None:
        predict(
            given.counts[a:b], size[a:b] if len(size) > 1 else size, position, even, when, late.start, first_run, starts, lengths,
            block, blocks, critical, trend, reweight, above, quirk, mean[a:b], error[a:b], scale[a:b], slope[a:b], reason[a:b],
        )  # fmt: skip

    shared(n, work, least=8)
    return mean, error, scale, slope, reason


def _delta(mean: Floats, error: Floats, scale: Floats, power: float, z: float) -> Floats:
    """Upper prediction bound when count^power is taken for normal (Farrington 1996, section 3.4), by the delta method."""
    with np.errstate(invalid="ignore"):
        deviation = power * np.sqrt(mean ** (2 * power - 1) * (scale + error**2 * mean))
        return np.asarray((mean**power + z * deviation) ** (1 / power))


def _negative_binomial(mean: Floats, scale: Floats, probability: float) -> Floats:
    """Quantile of a negative binomial (Poisson where φ = 1) of this mean and variance φ·mean."""
    upper = np.full(mean.shape, np.nan)
    # Of more than a million million the normal quantile is the same to the twelfth digit; iterations for the exact one may not end.
    known = np.isfinite(mean)
    vast = known & (mean > 1e12)
    known &= ~vast
    upper[vast] = mean[vast] + scipy.stats.norm.ppf(probability) * np.sqrt(scale[vast] * mean[vast])
    over = known & (scale > 1)
    upper[over] = scipy.stats.nbinom.ppf(probability, mean[over] / (scale[over] - 1), 1 / scale[over])
    upper[known & ~over] = scipy.stats.poisson.ppf(probability, mean[known & ~over])
    return upper


def _late(given: Series, baselines: dict[int, Baseline]) -> slice:
    """The times from the first that has a baseline on."""
    return slice(min(baselines, default=given.shape[1]), None)


def _recent(given: Series, limit: tuple[int, int], baselines: dict[int, Baseline]) -> NDArray[np.bool_]:
    """Where at least limit[0] cases fell in the last limit[1] times, the current one included; from the first with a baseline on."""
    cases, times = limit
    late = _late(given, baselines).start
    before = min(late, times)
    total = np.cumsum(np.maximum(given.counts[:, late - before :], 0), axis=1, dtype=np.int64)
    total[:, times:] -= total[:, :-times].copy()
    return np.asarray(total[:, before:] >= cases)
