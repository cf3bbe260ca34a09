"""Real outbreaks played through the whole platform: what comes out agrees with what is published about them."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fangxian.analytics.chains import analyse
from fangxian.standards.linelist import CaseRow, ContactRow, day_of, load_recipe, read
from tests.reference.test_recipes_reference import TODAY
from tests.support.console import Console

REPLAYS = Path(__file__).parents[2] / "examples" / "replays"
KEYS = {
    "outbreak", "until", "cases", "contacts", "contacts_followed", "exposures", "stops", "chains", "max_out_degree",
    "serial_interval", "duties", "escalated", "coverage_gaps", "sitreps", "double_zero_days", "seven_one_seven", "rejected_rows",
    "zones",
}  # fmt: skip


@pytest.fixture(scope="module")
def mers(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    home = tmp_path_factory.mktemp("mers") / "kept"
    recipe = REPLAYS / "mers_korea_2015.yaml"
    done = Console(home).run("replay", recipe, "--data", data_dir, "--json", "--keep", home)
    assert "2015-06-16" in done.stderr, "how far it has come goes to stderr"
    return json.loads(done.stdout), home


def test_mers_korea(mers: tuple[dict[str, Any], Path], data_dir: Path) -> None:
    result, _home = mers
    with (data_dir / "linelists/reference/mers_korea_2015_degree.csv").open(newline="") as file:
        degrees = [int(row["deg_out"]) for row in csv.DictReader(file) if row["deg_out"].isdecimal()]
    assert (result["cases"], result["exposures"]) == (162, 98)
    assert result["chains"]["largest"] == 94
    assert result["max_out_degree"] == max(degrees) == 38
    serial = result["serial_interval"]
    assert (serial["n"], serial["median"]) == (98, 14.0)
    assert serial["mean"] == pytest.approx(14.469387755102, abs=1e-9)
    assert serial["sd"] == pytest.approx(5.1995322581715, abs=1e-9)


def test_the_result_has_the_shape_that_programs_rely_on(mers: tuple[dict[str, Any], Path]) -> None:
    result, _home = mers
    assert set(result) == KEYS
    assert set(result["chains"]) == {"count", "largest", "depth"}
    assert set(result["serial_interval"]) == {"n", "mean", "median", "sd"}
    assert result["duties"] and all(set(row) == {"opened", "done", "late", "open"} for row in result["duties"].values())
    assert all(row["opened"] == row["done"] + row["open"] >= row["late"] for row in result["duties"].values())
    assert result["duties"]["case.investigation"]["opened"] == 162
    assert result["coverage_gaps"] == 0
    assert [set(row) for row in result["rejected_rows"]] == [
        {"file", "row", "column", "code", "severity", "reason", "remedy"}
    ]
    days = {one["key"]: one["days"] for one in result["seven_one_seven"]["intervals"]}
    assert days == {"detect": 8, "notify": 0, "respond": None}
    assert result["seven_one_seven"]["dates"] == {
        "emerged_on": "2015-05-11", "detected_on": "2015-05-19", "notified_on": "2015-05-19",
    }  # fmt: skip


def test_what_was_kept_is_whole_and_is_not_written_over(mers: tuple[dict[str, Any], Path], data_dir: Path) -> None:
    _result, home = mers
    seen = json.loads(Console(home).run("doctor", "--deep", "--json").stdout)
    assert all(finding["good"] for finding in seen), seen
    told = (
        Console(home).run("replay", REPLAYS / "mers_korea_2015.yaml", "--data", data_dir, "--keep", home, code=2).stderr
    )
    assert "already has a database" in told


def test_as_of_a_day_in_the_middle_nothing_later_is_known(data_dir: Path, tmp_path: Path) -> None:
    words = ("replay", REPLAYS / "mers_korea_2015.yaml", "--data", data_dir, "--as-of", "2015-05-26", "--json")
    result = json.loads(Console(tmp_path).run(*words).stdout)
    with (data_dir / "linelists/mers_korea_2015_linelist.csv").open(newline="") as file:
        reported = [row["dt_report"] for row in csv.DictReader(file)]
    assert result["until"] == "2015-05-26"
    assert result["cases"] == sum(day <= "2015-05-26" for day in reported) < 10
    assert result["duties"]["contact.observation"]["open"] > 0, "contacts are still being watched"
    assert result["coverage_gaps"] == 0


@pytest.mark.parametrize(("name", "cases", "largest"), [("singapore_2020", 93, None), ("tianjin_2020", 135, None)])
def test_covid_clusters(data_dir: Path, tmp_path: Path, name: str, cases: int, largest: int | None) -> None:
    words = ("replay", REPLAYS / f"{name}.yaml", "--data", data_dir, "--json")
    result = json.loads(Console(tmp_path).run(*words).stdout)
    assert (result["cases"], result["coverage_gaps"]) == (cases, 0)
    assert largest is None or result["chains"]["largest"] == largest


@cache
def _ebola(data: Path) -> tuple[list[CaseRow], list[ContactRow]]:
    rows = list(read(load_recipe(REPLAYS / "ebola_sim_clean.yaml"), data, today=TODAY))
    return [row for row in rows if isinstance(row, CaseRow)], [row for row in rows if isinstance(row, ContactRow)]


def test_infectors_who_are_not_listed_complete_the_chains_of_ebola(data_dir: Path) -> None:
    """The recipe keeps every link; over all of them the chains are those of the reference."""
    cases, links = _ebola(data_dir)
    onset = {row.id: day_of(row.onset) if row.onset else None for row in cases}
    found = analyse([row.id for row in cases], [(link.from_id, link.to_id) for link in links], onset)
    assert (len(cases), len(links), len(found.unlisted)) == (5829, 3800, 1218)
    assert (found.components, found.largest, found.max_out_degree) == (3247, 14, 6)
    serial = found.serial_interval
    assert serial.n == 2116
    assert serial.mean == pytest.approx(11.0604914933837, abs=1e-9)
    assert serial.sd == pytest.approx(8.07787911591125, abs=1e-9)
