"""Detection methods on numbers small enough for a sheet of paper, and what they say of input they cannot use."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

from fangxian.analytics import detection
from fangxian.analytics.detection import METHODS, Alarm, DetectionError, Reason, cusum, glr, lr, run_length
from fangxian.analytics.detection.baselines import Calendar

WEEK = [2, 4, 4, 4, 5, 5, 7]  # mean 31/7, sum of squares 151


def sd(values: list[int]) -> float:
    return float(np.std(values, ddof=1))


# ── EARS ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_c1_is_mean_and_three_standard_deviations_of_the_week_before() -> None:
    found = detection.ears_c1([*WEEK, 8, 20], z=3)
    assert found.upperbound[7] == pytest.approx(31 / 7 + 3 * sd(WEEK))
    assert found.alarm.tolist() == [-1] * 7 + [0, 1]
    assert found.reason[0] == Reason.HISTORY
    assert found.expected[7] == pytest.approx(31 / 7)


def test_c2_leaves_two_days_between() -> None:
    found = detection.ears_c2([*WEEK, 9, 20, 9], z=3)
    assert found.upperbound[9] == pytest.approx(31 / 7 + 3 * sd(WEEK))
    assert found.judged.tolist() == [False] * 9 + [True]


def test_the_default_limit_is_the_normal_quantile() -> None:
    found = detection.ears_c1([*WEEK, 9])
    assert (found.upperbound[7] - 31 / 7) / sd(WEEK) == pytest.approx(3.090232306167813)


def test_a_quiet_week_has_its_mean_as_bound_and_is_exceeded_strictly() -> None:
    found = detection.ears_c1([3] * 7 + [3, 4])
    assert found.upperbound[7] == 3
    assert found.alarm[7] == Alarm.NO
    assert detection.ears_c1([3] * 7 + [4]).alarm[7] == Alarm.YES


def test_c3_by_definition_adds_three_excesses_up() -> None:
    counts = [
        *WEEK,
        4,
        4,
        9,
        9,
        9,
    ]  # the baselines of the last three days are the week and what follows it, two days late
    excess = []
    for t in (9, 10, 11):
        base = counts[t - 9 : t - 2]
        excess.append(max(0.0, (counts[t] - float(np.mean(base))) / sd(base) - 1))
    found = detection.ears_c3(counts, z=2, compat="paper")
    assert sum(excess) > 2
    assert found.alarm[11] == Alarm.YES
    assert detection.ears_c3(counts, z=sum(excess) + 0.01, compat="paper").alarm[11] == Alarm.NO
    base = counts[2:9]
    as_r = detection.ears_c3(counts, z=2)
    assert as_r.upperbound[11] == pytest.approx(9 + sd(base) * (2 - excess[0] - excess[1]))


def test_c3_cannot_tell_where_nothing_varies() -> None:
    found = detection.ears_c3([1] * 12)
    assert (found.alarm[11], found.reason[11]) == (Alarm.CANNOT_TELL, Reason.VARIANCE)
    assert detection.ears_c3([1] * 12, compat="paper").alarm[11] == Alarm.NO


def test_a_missing_report_is_no_zero() -> None:
    counts: list[float] = [*WEEK, 9, *WEEK, 9]
    counts[3] = math.nan
    found = detection.ears_c1(counts)
    assert found.alarm[7] == found.alarm[10] == Alarm.CANNOT_TELL
    assert found.reason[7] == found.reason[10] == Reason.MISSING
    assert found.alarm[11] != Alarm.CANNOT_TELL
    now = detection.ears_c1([*WEEK, math.nan])
    assert (now.alarm[7], now.reason[7]) == (Alarm.CANNOT_TELL, Reason.MISSING)
    masked = np.ma.array([*WEEK, 9], mask=[t == 3 for t in range(8)])
    assert detection.ears_c1(masked).reason[7] == Reason.MISSING


# ── Farrington ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_steady_past_predicts_itself() -> None:
    found = detection.farrington(
        [6] * 10, freq=2, years=2, half_window=0, trend=False, reweight=False, power="none", since=9
    )
    # Two past counts of 6, no overdispersion: variance 6 for the count and 6/2 for its mean.
    assert found.expected[9] == pytest.approx(6)
    assert found.upperbound[9] == pytest.approx(6 + 1.959963984540054 * math.sqrt(6 + 3))
    assert found.details["dispersion"][9] == 1
    assert math.isnan(found.details["trend"][9])


def test_the_power_transformation_by_hand() -> None:
    found = detection.farrington([6] * 10, freq=2, years=2, half_window=0, trend=False, reweight=False, since=9)
    bound = (6 ** (2 / 3) + 1.959963984540054 * math.sqrt(4 / 9 * 6 ** (1 / 3) * (1 + 3 / 6))) ** 1.5
    assert found.upperbound[9] == pytest.approx(bound)


def test_few_recent_cases_raise_no_alarm() -> None:
    counts = [0] * 9 + [4]
    found = detection.farrington(counts, freq=4, years=2, half_window=1, trend=False, since=9)
    assert (found.alarm[9], found.reason[9]) == (Alarm.NO, Reason.TOO_FEW)
    assert (
        detection.farrington(counts, freq=4, years=2, half_window=1, trend=False, since=9, limit=(0, 4)).alarm[9]
        == Alarm.YES
    )


def test_the_paper_spreads_the_prediction_by_the_dispersion_it_fitted() -> None:
    random = np.random.default_rng(5)
    counts = random.negative_binomial(2, 0.1, 400)
    as_r, paper = (detection.farrington_flexible(counts, since=350, compat=which) for which in ("R", "paper"))
    assert np.nanmax(np.abs(as_r.upperbound - paper.upperbound)) > 0.01
    few = paper.reason == Reason.TOO_FEW
    assert not np.isnan(paper.upperbound[350:]).any()
    assert (np.isnan(as_r.upperbound[350:]) == few[350:]).all()


def test_a_population_that_doubles_doubles_what_is_expected() -> None:
    counts = np.tile([8, 4], 30)
    people = np.ones(60)
    people[-1] = 2
    plain = detection.farrington_flexible(
        counts, freq=2, years=5, half_window=0, blocks=1, left_out=0, since=59, trend=False
    )
    twice = detection.farrington_flexible(
        counts, freq=2, years=5, half_window=0, blocks=1, left_out=0, since=59, trend=False, population=people
    )
    assert twice.expected[59] == pytest.approx(2 * plain.expected[59])


def test_weeks_of_earlier_years_by_the_calendar_are_the_nearest_of_the_same_weekday() -> None:
    weeks = np.arange(np.datetime64("2014-12-25"), np.datetime64("2020-12-25"), 7)  # Thursdays
    earlier = weeks[Calendar(len(weeks), 52, weeks).yearly(len(weeks) - 1, 3, 0).times]
    # 24 December 2017, 2018 and 2019 were a Sunday, a Monday and a Tuesday.
    assert earlier.astype(str).tolist() == ["2017-12-21", "2018-12-27", "2019-12-26"]
    months = np.arange("2018-01", "2020-03", dtype="datetime64[M]").astype("datetime64[D]")
    assert Calendar(len(months), 12, months).yearly(25, 2, 1).times.tolist() == [0, 1, 2, 12, 13, 14]
    leap = np.arange(np.datetime64("2023-01-01"), np.datetime64("2024-03-01"))
    assert leap[Calendar(len(leap), 365, leap).yearly(len(leap) - 1, 1, 0).times].astype(str).tolist() == ["2023-03-01"]


def test_the_blocks_of_a_year() -> None:
    baseline = Calendar(30, 12, None).blocks(29, 2, 1, 4, 6, overlap=False)
    assert baseline is not None
    # Windows of the current season at 4-6 and 16-18, nine months shared among three blocks in between, the last six left out.
    assert baseline.times.tolist() == list(range(4, 23))
    assert baseline.block.tolist() == [3] * 3 + [0] * 3 + [1] * 3 + [2] * 3 + [3] * 3 + [0] * 3 + [1]
    assert Calendar(30, 12, None).blocks(20, 2, 1, 4, 6, overlap=False) is None


@pytest.mark.parametrize(
    ("dates", "says"),
    [
        (["2024-01-01", "2024-01-08", "2024-01-22"], "gaps"),
        (["2024-01-01", "2024-01-01", "2024-01-08"], "repeats"),
        (["2024-01-01", "2024-01-08"], "3 counts"),
    ],
)
def test_dates_that_are_not_one_a_period_are_refused(dates: list[str], says: str) -> None:
    with pytest.raises(DetectionError, match=says):
        detection.farrington([1, 2, 3], dates=dates)


# ── charts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_cusum_adds_up_what_exceeds_k() -> None:
    found = detection.cusum([4, 4, 4, 4, 8, 8], since=4, k=1, h=2, transformation="standard", compat="paper")
    assert found.details["statistic"][4:].tolist() == [1, 2]  # each (8 - 4)/2 - 1
    assert found.alarm[4:].tolist() == [0, 1]
    assert found.upperbound[4:].tolist() == [10, 8]


def test_a_chart_without_a_case_to_learn_from_cannot_tell() -> None:
    found = detection.cusum([0] * 6, since=4)
    assert (found.alarm[5], found.reason[5]) == (Alarm.CANNOT_TELL, Reason.FIT)
    assert detection.glr([0] * 300).reason[-1] == Reason.FIT


def test_the_likelihood_ratio_of_one_count() -> None:
    found = detection.glr([12], mean=4, threshold=100)
    assert found.details["statistic"][0] == pytest.approx(12 * math.log(3) - 8)
    known = detection.lr([12], mean=4, factor=3, threshold=100)
    assert known.details["statistic"][0] == pytest.approx(12 * math.log(3) - 8)
    negative = detection.glr([12], mean=4, threshold=100, alpha=0.25)
    assert negative.details["statistic"][0] == pytest.approx(12 * math.log(3) + 16 * math.log(2 / 4))


def test_a_ratio_chart_starts_anew_after_an_alarm() -> None:
    found = detection.glr([4, 30, 4], mean=4)
    assert found.alarm.tolist() == [0, 1, 0]
    assert found.details["statistic"][2] == 0


def test_bayes_is_the_predictive_quantile() -> None:
    found = detection.bayes([1] * 6 + [5])
    # A negative binomial of size 6.5 and probability 6/7: the first count at which 0.95 is passed.
    from scipy.stats import nbinom

    assert found.upperbound[6] == nbinom.ppf(0.95, 6.5, 6 / 7) == 3
    assert found.alarm[6] == Alarm.YES


def test_rki_takes_a_poisson_limit_for_few_and_two_deviations_for_many() -> None:
    assert detection.rki([1, 1, 2, 1, 2, 2, 5], years=0, half_window=6, this_year=True).upperbound[6] == 5.323
    many = [30, 32, 34, 36, 38, 40]
    found = detection.rki([*many, 50], years=0, half_window=6, this_year=True)
    assert found.upperbound[6] == pytest.approx(35 + 2 * sd(many))


def test_the_moving_percentile_and_its_type() -> None:
    # Two years of two weeks, three periods each: the past of the last time is 1, 2, 3, 4, 5 and 6.
    counts = [1, 2, 3, 0, 0, 4, 5, 6, 0, 0, 0, 5]
    kwargs: dict[str, Any] = {"freq": 5, "years": 2, "periods": 3}
    found = detection.moving_percentile(counts, **kwargs)
    assert found.upperbound[11] == pytest.approx(np.percentile([1, 2, 3, 4, 5, 6], 80)) == 5
    assert found.alarm[11] == Alarm.NO
    assert detection.moving_percentile(counts, **kwargs, quantile_type=6).upperbound[11] == pytest.approx(5.6)
    assert found.expected[11] == 3.5


def test_outbreak_p_by_hand() -> None:
    # Best rising mean of 1, 3, 2: 1, 2.5, 2.5; constant mean 2.
    found = detection.outbreak_p([1, 3, 2])
    assert found.details["statistic"][2] == pytest.approx((1 / 2) ** 1 * (2.5 / 2) ** 5)


def test_three_cases_at_one_place() -> None:
    found = detection.stcd([0, 9, 0], [0, 0, 0], [1, 2, 3], radius=1, epsilon=1, threshold=2.2)
    # After the third: k=1 has 2 of 3 in its circle (expected 3·2/3), k=2 one (2·1/3), k=3 one (1·2/3).
    assert found.statistic[2] == pytest.approx(4 * math.exp(-2) + 2 * math.exp(-2 / 3) + 2 * math.exp(-2 / 3))
    assert found.alarm == 2
    with pytest.raises(DetectionError, match="order of time"):
        detection.stcd([0, 0], [0, 0], [2, 1], radius=1)


def test_regression_knows_the_day_of_the_week() -> None:
    counts = np.tile([20, 20, 20, 20, 20, 5, 5], 6)
    found = detection.regression(counts)
    assert np.allclose(found.expected[31:], counts[31:])
    counts[40] = 20  # a Saturday like a working day
    assert detection.regression(counts).alarm[40] == Alarm.YES
    assert detection.switch(counts).details["regression"][40]


def test_ewma_starts_from_seven_days_and_stops_at_its_limit() -> None:
    counts = [5, 6, 5, 6, 5, 6, 5, 6, 5, 30, 5]
    found = detection.ewma(counts)
    assert found.judged.tolist() == [False] * 9 + [True, True]
    assert found.alarm[9] == Alarm.YES
    assert found.expected[9] == pytest.approx(np.mean(counts[:7]))


# ── input ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([[1, 2], [3, -1]], "-1 of series 1 at time 1 is negative"),
        ([1, 2.5], "2.5 of series 0 at time 1 is not a whole number"),
        ([1, math.inf], "inf"),
        (["a", "b"], "numeric array"),
        ([[[1]]], "3 dimensions"),
        ([10**9], "too large"),
    ],
)
@pytest.mark.parametrize("name", ["ears-c1", "farrington", "cusum", "bayes", "ewma"])
def test_counts_that_are_none_are_named(name: str, counts: Any, says: str) -> None:
    with pytest.raises(DetectionError, match=says) as refused:
        METHODS[name](counts)
    assert refused.value.zh.endswith("。")


@pytest.mark.parametrize("name", METHODS)
def test_every_method_takes_whatever_series_there_are(name: str) -> None:
    inputs: list[Any] = [[], [3], [[]], [0] * 400, [7] * 400, np.zeros((0, 5)), [math.nan] * 300]
    for counts in inputs:
        found = METHODS[name](counts)
        assert found.alarm.shape == found.expected.shape == found.upperbound.shape == np.shape(counts)
        told = found.alarm != Alarm.CANNOT_TELL
        assert (found.reason[~told] != Reason.JUDGED).all()
        assert not (found.alarm == Alarm.YES).any()
        for reason in set(found.reason.ravel().tolist()):
            assert Reason(reason).text.zh
            assert Reason(reason).text.en


def test_a_parameter_that_a_method_lacks_is_named() -> None:
    with pytest.raises(DetectionError, match=r"ears-c1 has no parameter years; it has: alpha, baseline, min_sigma, z"):
        METHODS["ears-c1"]([1], years=2)
    with pytest.raises(DetectionError, match="no method c1; there are: ears-c1"):
        detection.method("c1")


@pytest.mark.parametrize(
    ("name", "parameters", "says"),
    [
        ("cusum", {"mean": "abc"}, "mean is a number"),
        ("cusum", {"mean": [1, 2]}, "mean is one number, one a time"),
        ("glr-poisson", {"mean": [1, 2]}, "one number, one a time"),
        ("farrington", {"half_window": 40}, "between 0 and a year"),
        ("farrington", {"limit": [5]}, "limit is"),
        ("farrington", {"dates": ["x"]}, "written 2024-01-05"),
        ("farrington-flexible", {"population": [1, 2]}, "population is one number"),
        ("farrington-flexible", {"threshold": "normal"}, "delta, nbPlugin or muan"),
        ("ewma", {"weights": [0.4]}, "two numbers"),
        ("rki", {"freq": 0}, "at least one time"),
        ("bayes", {"alpha": "x"}, "alpha of method bayes is a number"),
        ("bayes", {"this_year": 1}, "is true or false"),
        ("moving-percentile", {"quantile_type": 12}, "1 to 9"),
        ("moving-percentile", {"periods": 4}, "is odd"),
        ("regression", {"baseline": 20}, "multiple of 7"),
    ],
)
def test_parameters_that_make_no_sense_are_named(name: str, parameters: dict[str, Any], says: str) -> None:
    with pytest.raises(DetectionError, match=says):
        METHODS[name]([3] * 60, **parameters)


# ── series that are no use, or not wholly ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("level", [0, 7])
def test_a_series_that_never_varies_raises_no_alarm(name: str, level: int) -> None:
    found = METHODS[name](np.full((1, 400), level))
    settled = found.alarm[0, 60:]
    assert not (settled == Alarm.YES).any()
    assert (found.reason[found.alarm == Alarm.CANNOT_TELL] != Reason.JUDGED).all()


@pytest.mark.parametrize("name", METHODS)
def test_a_short_series_cannot_be_told_of_and_says_why(name: str) -> None:
    found = METHODS[name]([3, 4])
    told = found.alarm == Alarm.CANNOT_TELL
    assert (found.reason[told] != Reason.JUDGED).all()
    assert found.alarm.shape == (2,)


def test_a_new_case_definition_is_no_outbreak_and_later_counts_are_judged_among_themselves() -> None:
    counts = np.array([[3, 4, 5, 4, 3, 4, 5, 4, 4, 3, 12, 13, 14, 12, 13, 14, 13, 12, 40, 13], [3] * 20])
    c1 = METHODS["ears-c1"]
    mixed = c1(counts)
    assert mixed.alarms[0, 10]
    found = detection.across_definitions(c1, counts, [10, 0])
    assert found.alarm[0].tolist() == [-1] * 7 + [0] * 3 + [-1] * 7 + [0, 1, 0]
    assert (found.reason[0, 10:17] == Reason.DEFINITION).all()
    assert found.upperbound[0, 18] == mixed.upperbound[0, 18]
    assert found.alarm[1].tolist() == mixed.alarm[1].tolist()
    assert np.array_equal(found.observed, counts)


# ── limits by run length ───────────────────────────────────────────────────────────────────────────────────────────────


def run_lengths(found: Any) -> float:
    """How long series were seen, over how many of them had a first alarm."""
    alarm = found.alarm == 1
    first = np.where(alarm.any(axis=1), alarm.argmax(axis=1) + 1, alarm.shape[1])
    return float(first.sum() / alarm.any(axis=1).sum())


@pytest.mark.parametrize(
    ("chart", "mean"), [(partial(lr, alpha=0.1), 3.0), (partial(lr, factor=1.2), 40.0), (cusum, 40.0), (glr, 5.0)]
)
def test_false_alarms_are_as_rare_as_wanted(chart: Any, mean: float) -> None:
    random = np.random.default_rng(11)
    alpha = getattr(chart, "keywords", {}).get("alpha", 0)
    drawn = (
        random.negative_binomial(1 / alpha, 1 / (1 + alpha * mean), (1500, 320))
        if alpha
        else random.poisson(mean, (1500, 320))
    )
    rare = run_lengths(chart(drawn, since=0, mean=mean, arl=80))
    assert 70 < rare < 105, "the least limit that is enough; whole counts leap"
    assert run_lengths(chart(drawn, since=0, mean=mean, arl=20)) < rare / 2


def test_each_series_has_the_limit_of_its_own_mean() -> None:
    counts = np.random.default_rng(12).poisson(np.array([[0.3], [30.0]]), (2, 200))
    together = lr(counts, since=100, mean=[[0.3], [30.0]], arl=365)
    for row, mean in enumerate((0.3, 30.0)):
        alone = lr(counts[row], since=100, mean=mean, arl=365)
        assert np.array_equal(alone.upperbound, together.upperbound[row], equal_nan=True)
    assert together.upperbound[0, 100] / 0.3 > together.upperbound[1, 100] / 30


def test_of_many_series_those_alike_share_a_limit() -> None:
    means = np.concatenate((np.geomspace(1, 10, 100), [np.nan, 0.0]))
    asked: list[float] = []

    def find(mean: float) -> float:
        asked.append(mean)
        return mean

    found = run_length.limits(means, 100, find)
    assert len(asked) < 60 and np.isnan(found[-2:]).all()
    assert np.abs(found[:-2] / means[:-2] - 1).max() < 0.03


def test_a_run_length_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(DetectionError):
        lr([1, 2, 3], since=0, mean=1, arl=1)
    with pytest.raises(DetectionError, match="Poisson"):
        glr([1, 2, 3], since=0, mean=1, alpha=0.1, arl=100)
