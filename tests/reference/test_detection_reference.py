"""Every method agrees with R's surveillance 1.20.3 to 1e-9, alarms and missing values included, on 13 real and simulated series.

What does not agree is on a short list, each with the mathematical reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fangxian.analytics import detection
from fangxian.analytics.detection import Alarm, Detection
from tests.support.reference import ABSENT, DATA, agree, column, text

HOME = DATA / "detection_surveillance"
pytestmark = pytest.mark.skipif(not HOME.is_dir(), reason=ABSENT)

OUTPUTS = sorted(path.name for path in (HOME / "ref").glob("*__*.csv") if not path.name.startswith("sim42"))

#: A bound or statistic near 0 that is a difference of terms thousands of times larger: 15 digits of the terms leave fewer of it.
#: The number is the size of the terms, to which 1e-9 then relates.
CANCELLING = {
    "salmHospitalized__cusum_k1.04_h2.26_rossi_glm.csv": 1.0,
    "salmHospitalized__glrnb_c5_alpha0.1.csv": 0.01,
    "salmNewport__glrnb_c5_alpha0.1.csv": 0.01,
}
#: R multiplies a ratio per count; with hundreds of cases the first factors underflow to 0, and 0 it stays: never an alarm.
UNDERFLOWN = {"salmHospitalized__outbreakP_k100.csv"}

HISTORIES: list[dict[str, Any]] = [
    {"years": 0, "half_window": 6, "this_year": True},
    {"years": 1, "half_window": 6, "this_year": True},
    {"years": 2, "half_window": 4, "this_year": False},
]


@cache
def given(name: str) -> tuple[NDArray[np.float64], list[str] | None, int]:
    """Counts, dates (None where the series has none) and times a year."""
    path = HOME / "series" / f"{name}__univariate.csv"
    dates = text(path, "date")
    return column(path, "observed"), None if dates[0] in ("", "NA") else dates, int(text(path, "freq")[0])


def compare(path: Path, found: Detection, bound: NDArray[np.float64], scale: float = 0.0) -> None:
    at = column(path, "t").astype(int) - 1
    agree(bound[at], column(path, "upperbound"), scale=scale)
    alarm = found.alarm[at].astype(float)
    alarm[alarm == Alarm.CANNOT_TELL] = np.nan
    agree(alarm, column(path, "alarm"))


def farrington(kind: str, name: str, since: int) -> Detection:
    counts, dates, freq = given(name)
    years = int(re.search(r"_b(\d)_", kind)[1])  # type: ignore[index]
    common: dict[str, Any] = {"freq": freq, "dates": dates, "since": since, "years": years, "half_window": 3}
    if kind.startswith("farrington_"):
        if "notrend" in kind:
            return detection.farrington(
                counts, **common, alpha=0.05, trend=False, reweight=False, power="none", limit=(0, 4)
            )
        return detection.farrington(counts, **common, alpha=0.01)
    if "np10" in kind:
        return detection.farrington_flexible(counts, **common, threshold=kind.split("np10_")[1].split("_")[0])  # type: ignore[arg-type]
    return detection.farrington_flexible(
        counts, **common, blocks=1, left_out=3, trend_alpha=0.05, reweight_above=1, alpha=0.01
    )


@pytest.mark.parametrize("output", OUTPUTS)
def test_a_method_agrees_with_r(output: str) -> None:
    path = HOME / "ref" / output
    name, kind = output.removesuffix(".csv").split("__")
    counts, _, freq = given(name)
    since = int(column(path, "t")[0]) - 1
    if kind.startswith("farrington"):
        found = farrington(kind, name, since)
        compare(path, found, found.upperbound)
        if kind.startswith("farringtonFlexible"):
            at = column(path, "t").astype(int) - 1
            agree(found.details["dispersion"][at], column(path, "phiVector"))
            agree(found.details["trend"][at], column(path, "trendVector"))
            agree(found.details["score"][at], column(path, "score"))
            expected = column(path, "expected")
            agree(found.expected[at], expected)
        return
    chosen: dict[str, Callable[[], tuple[Detection, str]]] = {
        "ears": lambda: (
            getattr(detection, f"ears_{kind[4:6].lower()}")(
                counts, **({"alpha": 0.05, "min_sigma": 0.5} if "minSigma" in kind else {})
            ),
            "",
        ),
        "cusum": lambda: (
            detection.cusum(
                counts, freq=freq, since=since, mean="seasonal" if kind.endswith("glm") else None,
                transformation=kind.removeprefix("cusum_k1.04_h2.26_").removesuffix("_glm"),  # type: ignore[arg-type]
            ),
            "",
        ),
        "rki": lambda: (detection.rki(counts, freq=freq, **HISTORIES[int(kind[3]) - 1]), ""),
        "bayes": lambda: (detection.bayes(counts, freq=freq, **HISTORIES[int(kind[5]) - 1]), ""),
        "glrpois": lambda: (detection.glr(counts, freq=freq, since=since), "statistic"),
        "glrnb": lambda: (detection.glr(counts, freq=freq, since=since, alpha=0.1), "statistic"),
        "outbreakP": lambda: (detection.outbreak_p(counts, since=since), "statistic"),
    }  # fmt: skip
    found, statistic = next(run for word, run in chosen.items() if kind.startswith(word))()
    if output in UNDERFLOWN:
        assert not column(path, "upperbound").any()
        assert (found.details["statistic"][since:] > 1e50).all()
        return
    compare(path, found, found.details[statistic] if statistic else found.upperbound, CANCELLING.get(output, 0.0))


def test_there_are_all_of_them() -> None:
    assert len(OUTPUTS) == len(text(HOME / "INDEX.csv", "file")) == 347


@pytest.mark.parametrize("alpha", ["0", "0.2"])
def test_the_generalised_likelihood_ratio_about_a_known_mean(alpha: str) -> None:
    path = HOME / "ref" / f"sim42__glrnb_mu0known_alpha{alpha}_intercept.csv"
    found = detection.glr(column(path, "observed"), mean=column(path, "mu0"), alpha=float(alpha))
    agree(found.details["statistic"], column(path, "glr"), scale=0.01)
    agree(found.alarm.astype(float), column(path, "alarm"))


def test_the_likelihood_ratio_against_a_known_change() -> None:
    path = HOME / "ref" / "sim42__poissonCUSUM_theta_log1.5_c5.csv"
    found = detection.lr(column(path, "observed"), mean=column(path, "mu0"), factor=1.5)
    agree(found.details["statistic"], column(path, "lr"))
    agree(found.alarm.astype(float), column(path, "alarm"))


@pytest.mark.parametrize("threshold", ["delta", "nbPlugin", "muan"])
def test_farrington_flexible_on_campylobacter_in_germany(threshold: Any) -> None:
    path = HOME / "ref_advanced" / f"campyDE_farringtonFlexible_{threshold}.csv"
    cases, dates = column(HOME / "series" / "campyDE.csv", "case"), text(HOME / "series" / "campyDE.csv", "date")
    at = column(path, "t").astype(int) - 1
    found = detection.farrington_flexible(
        cases, dates=dates, since=int(at[0]), years=4, alpha=1 / (52 * 10), threshold=threshold
    )
    compare(path, found, found.upperbound)
    agree(found.expected[at], column(path, "expected"))


def test_space_time_clusters_of_burkitts_lymphoma() -> None:
    path = HOME / "ref_advanced" / "stcd_burkitt_r20_eps0.5.csv"
    found = detection.stcd(
        column(path, "x"), column(path, "y"), column(path, "t"), radius=20, epsilon=0.5, threshold=161
    )
    agree(found.statistic, column(path, "R"))
    alarm = HOME / "ref_advanced" / "stcd_burkitt_alarm.csv"
    assert (found.alarm, found.centre) == (column(alarm, "idxFA")[0] - 1, column(alarm, "idxCC")[0] - 1)
