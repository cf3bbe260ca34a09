"""The published P-BEST run and the dilution seen in real Cq values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner

from fangxian.analytics.pooling import Assay, Combinatorial, decode
from fangxian.cli import app
from tests.support.reference import ABSENT, DATA, column

HOME = DATA / "pooled_testing"
PBEST = HOME / "pbest"
pytestmark = pytest.mark.skipif(not HOME.is_dir(), reason=ABSENT)


def published_layout() -> tuple[np.ndarray, np.ndarray]:
    lines = (PBEST / "pooling384_48_by_pool.txt").read_text().splitlines()[1:]
    drops = np.array([line.split() for line in lines if line.strip()], int) - 1
    return drops[:, 0], drops[:, 1]


def published_cycles() -> list[float]:
    sheet = CalamineWorkbook.from_path(str(PBEST / "ExpTwoCarriersResults.xlsx")).get_sheet_by_index(0)
    return [float(row[1]) for row in sheet.to_python()[1:]]  # type: ignore[arg-type]


def test_our_reed_solomon_layout_is_theirs() -> None:
    tubes, samples = Combinatorial(8, 3, 6, 384).layout(384)
    theirs = published_layout()
    assert np.array_equal(tubes, theirs[0])
    assert np.array_equal(samples, theirs[1])


@pytest.mark.parametrize("with_ct", [True, False])
def test_the_two_carriers_are_found(with_ct: bool) -> None:
    """Pool 31 is positive though neither carrier is in it: contamination, which must not make a third."""
    cycles = np.array(published_cycles())
    told = {"ct": np.where(cycles > 0, cycles, np.inf)} if with_ct else {"positive": cycles > 0}
    found = decode(*published_layout(), **told)
    assert (found.carriers() + 1).tolist() == [72, 142]
    assert len(found.undecided()) == 0
    assert found.probability[[71, 141]].min() > 0.999


def test_the_command_finds_them_in_files(tmp_path: Path) -> None:
    tubes, samples = published_layout()
    design, results = tmp_path / "design.csv", tmp_path / "results.csv"
    design.write_text("pool,sample\n" + "".join(f"{t + 1},{s + 1}\n" for t, s in zip(tubes, samples, strict=True)))
    results.write_text("pool,ct\n" + "".join(f"{i},{ct}\n" for i, ct in enumerate(published_cycles(), 1)))
    done = CliRunner().invoke(app, ["pools", "decode", "--design", str(design), "--results", str(results), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["carriers"] == ["72", "142"]
    assert told["undecided"] == []
    assert len(told["probability"]) == 384


def test_dilution_hides_what_real_cycles_say_it_hides() -> None:
    """The share of 1,632 positive samples whose cycle, later by log2 of the pool, is still before the limit (Verwilt et al. 2020)."""
    cycles = column(HOME / "oncornalab_cq" / "filtered_cq.csv", "corr_cq")
    for limit in (37.0, 38.0, 40.0):
        bounded = Assay(failure=0.0, noise=0.05, limit=limit)
        for size in (2, 4, 8, 16, 24, 32, 48):
            seen = np.mean(cycles + np.log2(size) < limit)
            assert bounded.sees(size) == pytest.approx(seen, abs=0.03), (limit, size)
    assay = Assay()
    assert abs((assay.cycles * assay.shares).sum() - cycles.mean()) < 0.3


def test_a_low_load_is_missed_in_every_pool_at_once() -> None:
    """Two pools of the same carrier are not independent chances: with the real cycles as with ours."""
    cycles = column(HOME / "oncornalab_cq" / "filtered_cq.csv", "corr_cq")
    assay = Assay(failure=0.0, noise=0.05)
    both = np.mean(cycles + np.log2(24) < 40)
    assert assay.sees(24, 24) == pytest.approx(both, abs=0.025)
    assert assay.sees(24, 24) > assay.sees(24) ** 2 + 0.03
