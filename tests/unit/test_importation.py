"""Expected importations: the closed form, its limits, and what is refused."""

import numpy as np
import pytest

from fangxian.analytics.errors import AnalysisError
from fangxian.analytics.importation import Origin, importations


def test_the_interval_is_that_of_drawing_prevalence_and_then_travellers() -> None:
    one = Origin("甲", cases=350, population=1_000_000, travellers=4_000, detected=0.5)
    found = importations([one])
    assert found.mean[0] == pytest.approx(350.5 / 0.5 / 1e6 * 4_000)
    random = np.random.default_rng(7)
    drawn = random.poisson(random.gamma(350.5, size=400_000) / 0.5 / 1e6 * 4_000)
    assert (drawn <= found.high[0]).mean() >= 0.974 and (drawn < found.high[0]).mean() <= 0.976
    assert (drawn <= found.low[0]).mean() >= 0.024 and (drawn < found.low[0]).mean() <= 0.026
    assert found.any[0] == pytest.approx((drawn > 0).mean(), abs=0.005)


def test_no_case_reported_is_not_no_risk_and_nobody_who_comes_is() -> None:
    quiet = Origin("乙", cases=0, population=100_000, travellers=50_000)
    empty = Origin("丙", cases=900, population=100_000, travellers=0)
    found = importations([quiet, empty])
    assert found.mean[0] == pytest.approx(0.25) and 0 < found.any[0] < 0.25
    assert (found.mean[1], found.high[1], found.any[1]) == (0, 0, 0)
    assert found.total_mean == pytest.approx(found.mean.sum()) and found.total_any == pytest.approx(found.any[0])


def test_the_whole_is_surer_than_its_parts() -> None:
    places = [Origin(str(n), cases=40, population=500_000, travellers=2_000) for n in range(25)]
    found = importations(places)
    assert found.total_high < found.high.sum() and found.total_low > found.low.sum()
    assert found.total_low <= found.total_mean <= found.total_high


@pytest.mark.parametrize(
    "wrong",
    [
        {"cases": -1},
        {"population": 0},
        {"travellers": -2.0},
        {"detected": 0.0},
        {"detected": 1.5},
        {"days": 0.0},
        {"cases": 2_000},
    ],
)
def test_what_cannot_be_is_named(wrong: dict[str, float]) -> None:
    with pytest.raises(AnalysisError, match=r"least|Check|share"):
        Origin("丁", **{"cases": 1, "population": 1_000, "travellers": 10.0, **wrong})  # type: ignore[arg-type]
    with pytest.raises(AnalysisError):
        importations([])
