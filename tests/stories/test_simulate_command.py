"""`fangxian simulate`: a question asked of a city, answered by many runs, stopped, resumed, and refused with words."""

import csv
import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from fangxian.analytics import simulation
from fangxian.analytics.simulation import scenario
from tests.support.console import Console, Inside

ROOT = Path(__file__).resolve().parents[2]
SMALL = """
name: {zh: 小城, en: A small town}
population: {people: 3000}
disease: sars-cov-2-wild
days: 90
seeds: 15
measures:
  - testing: {symptomatic: 0.3}
  - tracing: {share: {home: 1, school: 0.5, work: 0.5, community: 0.1}, after: {work: 1}}
  - isolation: {found: {home: 0.2, school: 0, work: 0, community: 0.05}}
  - closure: {layer: school, left: 0, since: 20, until: 40}
"""


@pytest.fixture
def console() -> Inside:
    return Inside()


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_a_question_is_answered_by_many_runs(town: Path, console: Inside, tmp_path: Path) -> None:
    told = json.loads(
        console.run("simulate", town, "--runs", "4", "--seed", "7", "--out", tmp_path / "out", "--json").stdout
    )
    assert told["people"] == 3000 and len(told["runs"]) == 4
    assert set(told["runs"][0]) == {
        "infected", "deaths", "tests", "quarantined", "peak_day", "cpu_seconds", "setup_cpu_seconds", "peak_mb",
    }  # fmt: skip
    asked = scenario.read(town)
    for place, run in enumerate(told["runs"]):
        mine = simulation.simulate(asked.build(), asked.disease, asked.measures, days=90, seeds=15, seed=7 + place)
        assert run["infected"] == mine.total("infected") and run["quarantined"] == mine.total("quarantined")
    rows = list(csv.DictReader((tmp_path / "out" / "daily.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 90 and all(float(row["infected_q025"]) <= float(row["infected_q500"]) for row in rows)
    assert (tmp_path / "out" / "infected.svg").read_text(encoding="utf-8").startswith("<svg")


def test_what_was_run_before_is_kept_and_another_scenario_is_not_mixed_in(
    town: Path, console: Inside, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    console.run("simulate", town, "--runs", "2", "--out", out)
    kept = out / "runs.jsonl"
    before = kept.read_text(encoding="utf-8")
    kept.write_text(before + before.splitlines()[0][:40], encoding="utf-8")  # the command was ended while it wrote
    again = json.loads(console.run("simulate", town, "--runs", "3", "--out", out, "--json").stdout)
    assert [json.loads(line)["seed"] for line in before.splitlines()] == [1, 2]
    assert [run["infected"] for run in again["runs"][:2]] == [
        json.loads(line)["infected"] for line in before.splitlines()
    ]
    town.write_text(SMALL.replace("days: 90", "days: 80"), encoding="utf-8")
    refused = console.run("simulate", town, "--runs", "1", "--out", out, code=None)
    assert refused.returncode != 0 and "results of something else" in " ".join(refused.stderr.split())


def test_ended_in_the_middle_it_goes_on_to_the_same_figures(town: Path, console: Inside, tmp_path: Path) -> None:
    """Two scenarios, killed while they run: what was done is not done again, and all is as if nothing had happened."""
    free = tmp_path / "free.yaml"
    free.write_text(SMALL.split("measures:")[0], encoding="utf-8")
    words: list[str | Path] = ["simulate", free, town, "--runs", "20", "--threads", "1", "--out"]
    begun = Console(tmp_path).start(*words, tmp_path / "killed")
    first = tmp_path / "killed" / "free" / "runs.jsonl"
    while begun.poll() is None and (not first.exists() or first.read_bytes().count(b"\n") < 3):
        time.sleep(0.005)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.communicate()
    before = first.read_bytes()
    assert before.count(b"\n") >= 3 and not (tmp_path / "killed" / "town" / "runs.csv").exists(), "not all was done"
    told = [json.loads(console.run(*words, tmp_path / out, "--json").stdout) for out in ("killed", "whole")]
    assert first.read_bytes().startswith(before)
    figures = [
        [
            [[run[name] for name in ("infected", "quarantined", "peak_day")] for run in one["runs"]]
            for one in of["scenarios"]
        ]
        for of in told
    ]
    assert figures[0] == figures[1] and [len(one) for one in figures[0]] == [20, 20]
    for name in ("free", "town"):
        days = [(tmp_path / out / name / "daily.csv").read_bytes() for out in ("killed", "whole")]
        assert days[0] == days[1]


@pytest.mark.parametrize(("wrong", "right", "said"), [
    ("people: 3000", "people: 0.5", "population.people: is a whole number from 1"),
    ("people: 3000", "people: 0", "population.people: is a whole number from 1"),
    ("- testing:", "- rounds: {every: 3, capacity: 4000}\n  - testing:", "There are 4000 samples a day for 3000 people"),
    ("- testing:", "- vaccination: {coverage: 0.5, a_day: 4000}\n  - testing:", "There are 4000 doses a day for 3000 people"),
    ("- testing:", "- arrivals: {travellers: 4000, infected: 0.1}\n  - testing:", "There are 4000 travellers a day for 3000 people"),
    ("disease: sars-cov-2-wild", "disease: {name: measles, overrides: {r0: lots}}", "disease.overrides.r0: is a number from 0"),
    ("people: 3000", "inhabitants: 3000", "population.inhabitants: there is no such field"),
    ("seeds: 15", "seeds: 5000", "seeds: is a whole number from 0 to 3000, not 5000"),
    ("symptomatic: 0.3", "symptomatic: 1.3", "measures[1].testing.symptomatic: is a number from 0 to 1, not 1.3"),
    ("layer: school", "layer: pub", "measures[4].closure.layer: one of home, school, work, community is meant"),
    ("sars-cov-2-wild", "plague", "There is no disease plague"),
    ("home: 1,", "home: one,", "measures[2].tracing.share.home: is a number from 0 to 1, not one"),
    ("share: {home: 1, school: 0.5, work: 0.5, community: 0.1}, ", "", "measures[2].tracing.share: this is needed"),
    ("- testing:", "- testing: [", "no valid YAML"),
    ("- testing:", "- prayer:", "a measure is written as"),
    ("after: {work: 1}", "after: {work: 20}", "before their quarantine ends"),
    ("days: 90", "days: 90\nweeks: 3", "weeks: there is no such field"),
])  # fmt: skip
def test_a_wrong_scenario_is_refused_by_file_and_field(town: Path, wrong: str, right: str, said: str) -> None:
    assert wrong in SMALL
    town.write_text(SMALL.replace(wrong, right), encoding="utf-8")
    with pytest.raises(simulation.SimulationError) as refused:
        scenario.read(town)
    assert refused.value.en.startswith("town.yaml: ") or "no valid YAML" in said
    assert said in refused.value.en and refused.value.zh


def test_a_refusal_leaves_nothing_behind(town: Path, console: Inside, tmp_path: Path) -> None:
    town.write_text(SMALL.replace("seeds: 15", "seeds: many"), encoding="utf-8")
    refused = console.run("simulate", town, "--out", tmp_path / "out", code=1)
    assert "town.yaml: seeds: is a whole number from 0 to 3000, not many" in " ".join(refused.stderr.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_can_be_read(path: Path) -> None:
    asked: Any = scenario.read(path)
    assert asked.days == 180 and asked.population["people"] in (60_000, 100_000, 1_000_000)
