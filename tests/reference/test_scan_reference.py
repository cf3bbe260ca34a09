"""The scan finds what SaTScan 9.6 found among the leukaemia cases of upstate New York, and R's scanstatistics in New Mexico."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from fangxian.analytics.scan import scan
from fangxian.analytics.scan.statistic import best_by_centre
from tests.support.reference import ABSENT, DATA, column

HOME = DATA / "scan_statistics"
RAW = HOME / "satscan_raw"
pytestmark = pytest.mark.skipif(not HOME.is_dir(), reason=ABSENT)


def satscan(path: Path) -> list[tuple[set[int], int, float, float, float]]:
    """Location numbers, cases, expected cases, log likelihood ratio and p of each cluster in a result file of SaTScan."""
    found = []
    for part in re.split(r"\n\d+\.Location IDs included\.: ", path.read_text(encoding="latin-1"))[1:]:
        listed = part[: re.search(r"\n  \w[\w /]+\.*:", part).start()]  # type: ignore[union-attr]

        def value(name: str, part: str = part) -> float:
            return float(re.search(rf"{name}\.*: ([\d.]+)", part)[1])  # type: ignore[index]

        places = {int(number) for number in re.findall(r"\d+", listed)}
        found.append(
            (
                places,
                int(value("Number of cases")),
                value("Expected cases"),
                value("Log likelihood ratio"),
                value("P-value"),
            )
        )
    return found


def new_york() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cases = np.loadtxt(RAW / "satscan_ny_cases.txt")
    coordinates = np.loadtxt(RAW / "satscan_ny_coords.txt")[:, 1:]
    population = np.loadtxt(RAW / "satscan_ny_pop.txt")[:, 2]
    counts = np.zeros((len(coordinates), 1), np.int64)
    counts[cases[:, 0].astype(int) - 1, 0] = cases[:, 1]
    return counts, coordinates, population


@pytest.mark.parametrize(
    ("result", "share"),
    [
        ("scan_test_ny_poisson_circular_cartesian.txt", 0.5),
        ("scan_test_ny_poisson_circular_cartesian_ubpop_10percent.txt", 0.1),
    ],
)
def test_leukaemia_in_new_york(result: str, share: float) -> None:
    counts, coordinates, population = new_york()
    theirs = satscan(RAW / result)
    found = scan(counts, coordinates, model="poisson", population=population, share=share, replications=999)
    assert len(theirs) >= 5
    for ours, (places, cases, expected, llr, p) in zip(found.clusters, theirs, strict=False):
        assert {i + 1 for i in ours.places} == places
        assert ours.observed == cases
        assert ours.expected == pytest.approx(expected, abs=0.005)
        assert ours.llr == pytest.approx(llr, abs=5e-7)
        assert ours.p is not None
        # Two binomial proportions of 999 draws; SaTScan gives a Gumbel p where the rank is the first.
        assert abs(ours.p - p) <= 4 * np.sqrt(2 * max(p, 0.002) * (1 - p) / 999) + 0.002


def test_permutation_in_new_mexico() -> None:
    with (HOME / "ref" / "NM_counts_1986_1989.csv").open(encoding="utf-8") as file:
        names = [name.strip('"') for name in file.readline().strip().split(",")[1:]]
    counts = np.array([column(HOME / "ref" / "NM_counts_1986_1989.csv", name) for name in names]).astype(np.int32)
    place = [
        name
        for name in (HOME / "series" / "NM_geo.csv").read_text().replace('"', "").splitlines()
        if "cibola" not in name
    ]
    seats = {row.split(",")[0]: tuple(map(float, row.split(",")[3:5])) for row in place[1:]}
    longitude, latitude = np.radians(np.array([seats[name] for name in names])).T
    inside = np.sin(latitude[:, None]) * np.sin(latitude) + np.cos(latitude[:, None]) * np.cos(latitude) * np.cos(
        longitude[:, None] - longitude
    )
    near = np.argsort(-inside, axis=1, kind="stable")[:, :15].astype(np.int32)
    recent = np.cumsum(counts[:, ::-1], axis=1, dtype=np.int32)
    weight, total = counts.sum(axis=1).astype(float), int(counts.sum())
    share = recent.sum(axis=0) / total
    ratio, size, stretch = np.zeros(len(counts)), np.zeros(len(counts), np.int64), np.zeros(len(counts), np.int64)
    best_by_centre(near, np.full(len(counts), 15, np.int32), recent, weight, share, total, 1, ratio, size, stretch)
    scores = HOME / "ref" / "NM_permutation_all_zone_durations.csv"
    best = int(ratio.argmax())
    assert ratio[best] == pytest.approx(column(scores, "score")[0], rel=1e-9)
    assert {int(i) + 1 for i in near[best, : size[best]]} == {3, 8}
    assert stretch[best] + 1 == column(scores, "duration")[0]
