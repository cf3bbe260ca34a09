"""Nowcasts and scores agree with R's surveillance; proper scores tell the hubs' ensemble from their baseline on real influenza."""

from __future__ import annotations

import csv
from collections import defaultdict

import numpy as np
import pytest

from fangxian.analytics.forecasting import PROBABILITIES, count_scores, coverage, persistence, wis
from fangxian.analytics.nowcasting import bayesian, chain_ladder, delay_distribution, fit_delay, reporting_triangle
from tests.support.reference import ABSENT, DATA, agree, column, text

R = DATA / "detection_surveillance"
FLU = DATA / "forecast_flusight"
pytestmark = pytest.mark.skipif(not R.is_dir(), reason=ABSENT)


def hus() -> tuple[np.ndarray, np.ndarray]:
    """Hospital admission and report of the cases of haemolytic uraemic syndrome in Germany, 2011."""
    path = R / "series" / "husO104Hosp.csv"
    return tuple(np.array(text(path, name), "datetime64[D]") for name in ("dHosp", "dReport"))  # type: ignore[return-value]


@pytest.fixture
def triangle() -> np.ndarray:
    admitted, reported = hus()
    return reporting_triangle(admitted, reported, now="2011-06-10", days=35, longest=15)


def test_the_reporting_triangle_of_the_ehec_outbreak(triangle: np.ndarray) -> None:
    path = R / "ref_advanced" / "hus_reporting_triangle_2011-06-10_D15.csv"
    assert text(path, "date")[0] == "2011-05-07"
    for delay in range(16):
        agree(triangle[:, delay], column(path, str(delay + 1)))


def test_the_delays_of_lawless(triangle: np.ndarray) -> None:
    theirs = column(R / "ref_advanced" / "hus_delayCDF_lawless.csv", "cdf")
    agree(delay_distribution(triangle), theirs[:16])
    assert (theirs[16:] == 1).all()


def test_the_nowcast_of_the_ehec_outbreak(triangle: np.ndarray) -> None:
    path = R / "ref_advanced" / "hus_nowcast_lawless_2011-06-10.csv"
    theirs, final = column(path, "nowcast")[:35], column(path, "final_truth")[:35]
    ours = chain_ladder(triangle)
    shown = ~np.isnan(theirs)
    # R shows the median of a normal cut off at what is reported, a little above the mean.
    assert np.abs(ours.expected[shown] - theirs[shown]).max() <= 3
    inside = (ours.lower[shown] <= final[shown]) & (final[shown] <= ours.upper[shown])
    # Reports came in faster as the outbreak went on, so that the nowcast of early June was high; R's interval misses days too.
    assert inside.mean() >= 0.7
    assert (ours.expected[shown] >= final[shown] * 0.95).all()


def test_the_posterior_of_the_ehec_outbreak_is_that_of_hoehle_and_an_der_heiden(triangle: np.ndarray) -> None:
    path = R / "ref_advanced" / "hus_nowcast_bayes.trunc_2011-06-10.csv"
    middle, low, high = (column(path, name)[:35] for name in ("nowcast", "lo", "hi"))
    shown = ~np.isnan(middle)
    ours = bayesian(triangle)
    # Both are drawn, and R's prior of a day is another: a gamma of mean 50.
    for mine, theirs in ((ours.expected, middle), (ours.lower, low), (ours.upper, high)):
        assert (np.abs(mine[shown] - theirs[shown]) <= np.maximum(2, 0.15 * theirs[shown])).all()
    delays = column(R / "ref_advanced" / "hus_delayCDF_bayes.trunc.csv", "cdf")[:16]
    assert np.abs(ours.delay - delays).max() < 0.003


def test_the_delay_distribution_fitted_under_truncation() -> None:
    admitted, reported = hus()
    known = ~np.isnat(admitted) & ~np.isnat(reported)
    admitted, reported = admitted[known], reported[known]
    delay = (reported - admitted).astype(int)
    fine = (delay >= 0) & (delay <= 40)
    everything = fit_delay(delay[fine])
    early = fine & (reported <= np.datetime64("2011-06-01"))
    horizon = (np.datetime64("2011-06-01") - admitted[early]).astype(int)
    naive, truncated = fit_delay(delay[early]), fit_delay(delay[early], horizon)
    assert everything.mean == pytest.approx(delay[fine].mean(), rel=0.02)
    assert naive.mean < 0.85 * everything.mean
    # Those still to come are allowed for; here by too much, because reports came in faster later on.
    assert truncated.mean_interval[0] > naive.mean_interval[1]


@pytest.mark.parametrize("law", ["poisson", "negbin"])
def test_scores_of_counts(law: str) -> None:
    path = R / "ref_advanced" / f"scores_{law}_grid.csv"
    size = column(path, "size") if law == "negbin" else None
    ours = count_scores(column(path, "x"), column(path, "mu"), size)
    for scores, name in (
        (ours.logarithmic, "logs"),
        (ours.ranked, "rps"),
        (ours.dawid_sebastiani, "dss"),
        (ours.squared, "ses"),
    ):
        agree(scores, column(path, name), scale=1e-6)


def forecasts(team: str) -> dict[tuple[str, str, str], dict[float, float]]:
    """Quantiles by date of forecast, place and target date."""
    found: dict[tuple[str, str, str], dict[float, float]] = defaultdict(dict)
    for path in sorted((FLU / "data-forecasts" / team).glob("*.csv")):
        with path.open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if row["type"] == "quantile":
                    found[row["forecast_date"], row["location"], row["target_end_date"]][float(row["quantile"])] = (
                        float(row["value"])
                    )
    return found


@pytest.mark.skipif(not FLU.is_dir(), reason=ABSENT)
def test_influenza_admissions_in_the_united_states() -> None:
    truth: dict[tuple[str, str], float] = {}
    history: dict[str, list[tuple[str, float]]] = defaultdict(list)
    with next((FLU / "data-truth").glob("*.csv")).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            truth[row["location"], row["date"]] = float(row["value"])
            history[row["location"]].append((row["date"], float(row["value"])))
    ensemble, baseline = forecasts("Flusight-ensemble"), forecasts("Flusight-baseline")
    both = sorted(key for key in ensemble.keys() & baseline.keys() if (key[1], key[2]) in truth)
    assert len(both) > 1000
    y = np.array([truth[place, end] for _, place, end in both])
    p = np.array(PROBABILITIES)
    q = {
        name: np.array([[one[key][round(float(x), 3)] for x in p] for key in both])
        for name, one in (("e", ensemble), ("b", baseline))
    }
    score = {name: wis(np.maximum.accumulate(quantiles, axis=1), p, y).score.mean() for name, quantiles in q.items()}
    assert score["e"] < 0.9 * score["b"]
    assert 0.85 <= coverage(np.maximum.accumulate(q["e"], axis=1), p, y, 0.95) <= 1
    # Our own naive forecast, made from the same past, is as good as the hub's.
    ours, theirs, seen = [], [], []
    for (made, place, end), quantiles in zip(both, q["b"], strict=True):
        past = [value for date, value in sorted(history[place]) if date < made][-104:]
        if made == "2023-01-23" and len(past) > 50:
            weeks = int((np.datetime64(end) - np.datetime64(made)).astype(int) + 2) // 7
            ours.append(persistence(past, weeks, draws=4000)[weeks - 1])
            theirs.append(np.maximum.accumulate(quantiles))
            seen.append(truth[place, end])
    assert len(seen) > 100
    naive, hub = (wis(np.array(quantiles), p, np.array(seen)).score.mean() for quantiles in (ours, theirs))
    assert naive == pytest.approx(hub, rel=0.15)
