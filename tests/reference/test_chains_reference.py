"""Chains agree with epicontacts on MERS Korea 2015 and a simulated Ebola outbreak, id by id and link by link."""

from __future__ import annotations

import csv
import math
import os
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from fangxian.analytics.chains import Chains, analyse

DATA = Path(os.environ.get("FANGXIAN_DATA") or Path(__file__).parents[3] / "shared" / "data") / "linelists"
pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason="real line lists not found: set FANGXIAN_DATA to their folder"
)


@dataclass(frozen=True)
class Outbreak:
    name: str
    id: str
    onset: str
    infector: str
    infectee: str
    components: int
    largest: int
    intervals: int
    mean: float
    sd: float
    max_out_degree: int


OUTBREAKS = (
    Outbreak("mers_korea_2015", "id", "dt_onset", "from", "to", 67, 94, 98, 14.469387755102, 5.1995322581715, 38),
    Outbreak(
        "ebola_sim_clean", "case_id", "date_of_onset", "infector", "case_id", 3247, 14, 2116, 11.0604914933837,
        8.07787911591125, 6,
    ),
)  # fmt: skip


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module", params=OUTBREAKS, ids=lambda outbreak: outbreak.name)
def outbreak(request: pytest.FixtureRequest) -> tuple[Outbreak, Chains]:
    o: Outbreak = request.param
    cases = rows(f"{o.name}_linelist.csv")
    edges = [(row[o.infector], row[o.infectee]) for row in rows(f"{o.name}_contacts.csv")]
    onset = {row[o.id]: date.fromisoformat(row[o.onset]) if row[o.onset] != "NA" else None for row in cases}
    return o, analyse([row[o.id] for row in cases], edges, onset)


def test_summary(outbreak: tuple[Outbreak, Chains]) -> None:
    o, chains = outbreak
    assert (chains.components, chains.largest, chains.max_out_degree) == (o.components, o.largest, o.max_out_degree)
    assert chains.serial_interval.n == o.intervals
    assert chains.serial_interval.mean == pytest.approx(o.mean, rel=1e-14)
    assert chains.serial_interval.sd == pytest.approx(o.sd, rel=1e-13)


def test_clusters(outbreak: tuple[Outbreak, Chains]) -> None:
    o, chains = outbreak
    reference: dict[str, set[str]] = {}
    for row in rows(f"reference/{o.name}_clusters.csv"):
        reference.setdefault(row["cluster_member"], set()).add(row["id"])
        assert chains.cluster_size[row["id"]] == int(row["cluster_size"])
    linked = {frozenset(members) for members in reference.values() if len(members) > 1}
    assert {frozenset(cluster.members) for cluster in chains.clusters} == linked
    assert chains.count == len(linked)
    assert Counter(map(len, reference.values())) == Counter(chains.sizes.tolist())


def test_degrees(outbreak: tuple[Outbreak, Chains]) -> None:
    o, chains = outbreak
    for row in rows(f"reference/{o.name}_degree.csv"):
        i = row["id"]
        of_case = {"deg_in": chains.in_degree, "deg_out": chains.out_degree, "deg_both": chains.degree}
        for column, degree in of_case.items():
            assert degree.get(i, 0) == (int(row[column]) if row[column] != "NA" else 0), (i, column)


def test_serial_intervals_link_by_link(outbreak: tuple[Outbreak, Chains]) -> None:
    o, chains = outbreak
    for row, days in zip(rows(f"reference/{o.name}_serial_interval.csv"), chains.serial_intervals, strict=True):
        assert math.isnan(days) if row["diff_days"] == "NA" else days == float(row["diff_days"])


def test_recorded_generations_rise_along_every_link() -> None:
    """The simulation recorded generations, and cases were then removed: generations may skip along a link but never fall."""
    cases = rows("ebola_sim_clean_linelist.csv")
    recorded = {row["case_id"]: int(row["generation"]) for row in cases}
    edges = [(row["infector"], row["case_id"]) for row in rows("ebola_sim_clean_contacts.csv")]
    chains = analyse([row["case_id"] for row in cases], edges, {})
    both = [(i, j) for j, i in chains.infector.items() if i in recorded and j in recorded]
    assert len(both) > 2000
    assert all(recorded[j] - recorded[i] >= chains.generation[j] - chains.generation[i] == 1 for i, j in both)
