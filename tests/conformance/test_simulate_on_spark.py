"""Simulation on Spark gives what one machine gives, run by run and day by day."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.console import Console
from tests.support.engines import needs_spark

pytestmark = pytest.mark.spark
SCENARIO = """
population: {people: %d}
disease: sars-cov-2-wild
days: 60
seeds: 20
measures:
  - testing: {symptomatic: 0.3}
  - tracing: {share: {home: 1, school: 0.5, work: 0.5, community: 0.1}}
"""


def test_scenarios_by_the_command_line(tmp_path: Path) -> None:
    needs_spark()
    console = Console(tmp_path / "home")
    files: list[Path] = []
    for people in (2_000, 3_000):
        files.append(tmp_path / f"town-{people}.yaml")
        files[-1].write_text(SCENARIO % people, encoding="utf-8")
    told: dict[str, Any] = {}
    for engine, words in (("native", []), ("spark", ["--master", "local[2]"])):
        out = tmp_path / engine
        done = console.run("simulate", *files, "--runs", "5", "--engine", engine, *words, "--out", out, "--json")
        told[engine] = json.loads(done.stdout)["scenarios"]
        for one in told[engine]:
            for run in one["runs"]:
                for machine in ("cpu_seconds", "setup_cpu_seconds", "peak_mb"):
                    assert run.pop(machine) > 0
    assert told["spark"] == told["native"] and [one["people"] for one in told["spark"]] == [2_000, 3_000]
    for file in files:
        days = [(tmp_path / engine / file.stem / "daily.csv").read_bytes() for engine in told]
        assert days[0] == days[1]
