"""`fangxian pools`: a laboratory's files in, a design and its carriers out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from fangxian.cli import app

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def running(*words: str | Path, language: str = "en", code: int = 0) -> tuple[str, str]:
        monkeypatch.setenv("FANGXIAN_LANGUAGE", language)
        monkeypatch.setenv("COLUMNS", "200")
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done.stdout, done.stderr

    return running


def test_a_design_is_chosen_and_its_results_decoded(run: Run, tmp_path: Path) -> None:
    layout, picture = tmp_path / "design.csv", tmp_path / "design.svg"
    words = ("--samples", 300, "--prevalence", 0.01, "--sensitivity", 0.95, "--max-pool", 16)
    told = json.loads(run("pools", "design", *words, "--out", layout, "--drawing", picture, "--json")[0])
    assert told["method"] in ("dorfman", "halving", "array", "combinatorial")
    assert told["expected_tests_per_sample"] < 0.3 and told["sensitivity"] >= 0.95 and told["pool_size"] <= 16
    assert {one["method"] for one in told["alternatives"]} >= {"individual", "dorfman"}
    assert told["tests"]["low"] <= told["tests"]["expected"] <= told["tests"]["high"]
    assert ET.fromstring(picture.read_text(encoding="utf-8")).tag.endswith("svg")

    drops = list(csv.DictReader(layout.read_text(encoding="utf-8").splitlines()))
    assert len({drop["pool"] for drop in drops}) == told["pools"]
    assert len({drop["sample"] for drop in drops}) == 300
    shown = {drop["pool"]: "0" for drop in drops}
    shown |= {drop["pool"]: "1" for drop in drops if drop["sample"] == "42"}
    results = tmp_path / "results.csv"
    results.write_text(
        "pool,positive\n" + "".join(f"{pool},{word}\n" for pool, word in shown.items()), encoding="utf-8"
    )
    decoded = json.loads(run("pools", "decode", "--design", layout, "--results", results, "--json")[0])
    assert "42" in decoded["carriers"] + decoded["undecided"]
    assert decoded["probability"]["42"] > 0.9 * max(decoded["probability"].values())
    _, remarks = run("pools", "decode", "--design", layout, "--results", results, language="zh")
    assert "300 份样本" in remarks and "42" in remarks


def test_capacity_and_hours_change_the_choice(run: Run) -> None:
    words = ("pools", "design", "--samples", 5000, "--prevalence", 0.01, "--minimise", "hours", "--json")
    free = json.loads(run(*words)[0])
    short = json.loads(run(*words, "--capacity", 100)[0])
    assert free["method"] == "individual", "with room for every sample, one run is the fastest"
    assert short["method"] != "individual"
    assert short["hours"]["expected"] < 5000 / 100


def test_swabs_in_one_tube_are_not_diluted(run: Run) -> None:
    words = ("pools", "design", "--samples", 1000, "--prevalence", 0.001, "--sensitivity", 0.99, "--json")
    told = json.loads(run(*words, "--swabs")[0])
    assert (told["method"], told["pool_size"]) == ("dorfman", 20)
    assert json.loads(run(*words)[0])["pool_size"] < 20


def test_households_take_fewer_tubes(run: Run) -> None:
    words = ("pools", "design", "--samples", 3000, "--prevalence", 0.02, "--swabs", "--json")
    apart = json.loads(run(*words)[0])
    together = json.loads(run(*words, "--household", 3, "--attack", 0.5)[0])
    assert together["method"] == "household"
    assert together["expected_tests_per_sample"] < apart["expected_tests_per_sample"]


@pytest.mark.parametrize(
    ("design", "results", "words"),
    [
        ("pool,sample\n1,a\n1,b\n1,a\n", "pool,positive\n1,1\n", "row 4"),
        ("pool,sample\n1,a\n", "pool,positive\n2,1\n", "row 2"),
        ("pool,sample\n1,a\n", "pool,positive\n1,1\n1,0\n", "row 3"),
        ("pool,sample\n1,a\n", "pool,positive\n1,maybe\n", "“maybe”"),
        ("pool,sample\n1,a\n", "pool,ct\n1,99\n", "“99”"),
        ("pool,sample\n1,a\n", "tube,positive\n1,1\n", "lacks the column pool"),
        ("pool,sample\n1,a\n", "pool,what\n1,1\n", "lacks the column positive"),
        ("pool,sample\n", "pool,positive\n1,1\n", "has no line"),
        ("pool,sample\n1,\n", "pool,positive\n1,1\n", "it is empty"),
    ],
)
def test_what_cannot_be_used_is_named(run: Run, tmp_path: Path, design: str, results: str, words: str) -> None:
    for name, text in (("design.csv", design), ("results.csv", results)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    given = ("pools", "decode", "--design", tmp_path / "design.csv", "--results", tmp_path / "results.csv")
    assert words in run(*given, code=1)[1]
    assert ".csv" in run(*given, code=1, language="zh")[1]


def test_words_of_machines_are_understood(run: Run, tmp_path: Path) -> None:
    """Undetermined, 0 and 未检出 are no cycle; an empty field is no result, which is said."""
    (tmp_path / "d.csv").write_text("pool,sample\n1,张三\n2,李四\n3,王五\n4,赵六\n5,钱七\n", encoding="gb18030")
    (tmp_path / "r.csv").write_text("pool,ct\n1,Undetermined\n2,0\n3,未检出\n4,24.5\n5,\n", encoding="utf-8")
    given = ("pools", "decode", "--design", tmp_path / "d.csv", "--results", tmp_path / "r.csv", "--prevalence", 0.2)
    told = json.loads(run(*given, "--json")[0])
    assert told["carriers"] == ["赵六"]
    assert told["undecided"] == ["钱七"] and told["pools_without_result"] == ["5"]
    assert "1 pools have no result: 5" in run(*given)[1]


def test_an_aim_that_is_none_is_refused(run: Run) -> None:
    assert "--minimise" in run("pools", "design", "--samples", 9, "--prevalence", 0.1, "--minimise", "money", code=2)[1]
