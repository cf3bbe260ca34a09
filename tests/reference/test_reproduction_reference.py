"""Reproduction numbers agree with R's EpiEstim 2.2.4 to 1e-9 wherever nothing is drawn, and within 5 % where something is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from fangxian.analytics.reproduction import (
    Reproduction,
    discr_si,
    estimate_r,
    estimate_r_parametric,
    estimate_r_uncertain,
    overall_infectivity,
    wallinga_teunis,
)
from tests.support.reference import ABSENT, DATA, agree, column

HOME = DATA / "rt_epiestim"
pytestmark = pytest.mark.skipif(not HOME.is_dir(), reason=ABSENT)

OUTBREAKS = sorted(path.name.removesuffix("_incidence.csv") for path in HOME.glob("*_incidence.csv"))
PARAMETRIC = sorted(path.name for path in HOME.glob("*_R_parametric_*"))


def incidence(outbreak: str) -> np.ndarray:
    return column(HOME / f"{outbreak}_incidence.csv", "I")


def compare(found: Reproduction, path: Path) -> None:
    assert np.array_equal(found.start + 1, column(path, "t_start"))
    assert np.array_equal(found.end + 1, column(path, "t_end"))
    agree(found.mean, column(path, "Mean(R)"))
    agree(found.sd, column(path, "Std(R)"))
    for probability in found.probabilities:
        name = "Median(R)" if probability == 0.5 else f"Quantile.{probability}(R)"
        agree(found.quantile(probability), column(path, name))


def test_there_are_outbreaks() -> None:
    assert {"Flu2009", "SARS2003", "Measles1861"} <= set(OUTBREAKS)
    assert len(PARAMETRIC) >= 3


@pytest.mark.parametrize("outbreak", OUTBREAKS)
@pytest.mark.parametrize("window", [7, 14])
def test_a_given_serial_interval(outbreak: str, window: int) -> None:
    si = column(HOME / f"{outbreak}_si_distr.csv", "w")
    compare(estimate_r(incidence(outbreak), si, window=window), HOME / f"{outbreak}_R_nonparam_win{window}.csv")


@pytest.mark.parametrize("output", PARAMETRIC)
def test_a_serial_interval_of_mean_and_sd(output: str) -> None:
    outbreak, _, _, mean, sd, _ = output.split("_")
    cases = incidence(outbreak)
    moments = float(mean.removeprefix("mean")), float(sd.removeprefix("sd"))
    si = discr_si(np.arange(len(cases)), *moments)
    reference = column(HOME / f"{outbreak}_si_parametric_{mean}_{sd}.csv", "w")
    agree(si, reference[: len(si)], scale=1e-6)
    compare(estimate_r_parametric(cases, mean_si=moments[0], sd_si=moments[1]), HOME / output)


def test_the_discretised_serial_interval() -> None:
    path = HOME / "discr_si_grid.csv"
    k, mu, sigma, w = (column(path, name) for name in ("k", "mu", "sigma", "w"))
    ours = np.concatenate([discr_si([day], mean, sd) for day, mean, sd in zip(k, mu, sigma, strict=True)])
    # A probability is a second difference of terms of up to 40: 1e-15 of those is the least that can be told.
    agree(ours, w, scale=1e-5)


@pytest.mark.parametrize("outbreak", OUTBREAKS)
def test_the_overall_infectivity(outbreak: str) -> None:
    si = column(HOME / f"{outbreak}_si_distr.csv", "w")
    agree(overall_infectivity(incidence(outbreak), si), column(HOME / f"{outbreak}_overall_infectivity.csv", "Lambda"))


def test_imported_cases() -> None:
    path = HOME / "Flu2009_local_imported.csv"
    imported = column(path, "imported")
    si = column(HOME / "Flu2009_si_distr.csv", "w")
    found = estimate_r(column(path, "local") + imported, si, imported=imported)
    compare(found, HOME / "Flu2009_R_local_imported_win7.csv")


@pytest.mark.parametrize("outbreak", OUTBREAKS)
def test_the_cohort_reproduction_number(outbreak: str) -> None:
    path = HOME / f"{outbreak}_WT_cohortR_win7.csv"
    found = wallinga_teunis(incidence(outbreak), column(HOME / f"{outbreak}_si_distr.csv", "w"))
    start = column(path, "t_start").astype(int) - 1
    kept = np.isin(found.start, start)
    assert np.isnan(found.mean[~kept]).all()  # EpiEstim leaves those windows out
    agree(found.mean[kept], column(path, "Mean(R)"))
    # EpiEstim draws a hundred trees: their standard deviation is uncertain by 7 %, so that five times that is the widest to expect.
    assert np.allclose(found.sd[kept], column(path, "Std(R)"), rtol=0.35, atol=0.02)
    cases = incidence(outbreak)
    infectors = np.array([cases[a : b + 1].sum() for a, b in zip(found.start[kept], found.end[kept], strict=True)])
    for probability in (0.025, 0.975):  # the third of a hundred draws, give or take a whole infectee
        theirs = column(path, f"Quantile.{probability}(R)")
        assert (np.abs(found.quantile(probability)[kept] - theirs) <= 1.5 * found.sd[kept] + 1.01 / infectors).all()


def test_an_uncertain_serial_interval() -> None:
    path = HOME / "Flu2009_R_uncertainSI_seed1.csv"
    found = estimate_r_uncertain(
        incidence("Flu2009"), mean_si=2.6, sd_mean_si=1, min_mean_si=1, max_mean_si=4.2, sd_si=1.5, sd_sd_si=0.5, min_sd_si=0.5,
        max_sd_si=2.5, draws=2000,
    )  # fmt: skip
    assert np.allclose(found.mean, column(path, "Mean(R)"), rtol=0.05)
    assert np.allclose(found.sd, column(path, "Std(R)"), rtol=0.12)
    assert np.allclose(found.median, column(path, "Median(R)"), rtol=0.05)
    for probability in (0.025, 0.975):
        assert np.allclose(found.quantile(probability), column(path, f"Quantile.{probability}(R)"), rtol=0.08)
