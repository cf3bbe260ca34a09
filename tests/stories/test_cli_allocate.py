"""`fangxian allocate`: a problem in, a plan out, and every mistake named by list, place and field."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from fangxian.analytics import allocation
from fangxian.cli import app

Run = Callable[..., tuple[str, str]]
DAY = "2026-03-04T"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def running(*words: str | Path, language: str = "en", code: int = 0) -> tuple[str, str]:
        monkeypatch.setenv("FANGXIAN_LANGUAGE", language)
        monkeypatch.setenv("COLUMNS", "300")
        done = CliRunner().invoke(app, ["allocate", *map(str, words)])
        assert done.exit_code == code, done.output
        return done.stdout, done.stderr

    return running


def problem(**changes: Any) -> dict[str, Any]:
    """Two contacts and an arrival; two buses, two floors; a hall that is closed."""
    return {
        "zones": [{"name": "east", "place": [0, 0]}],
        "sites": [{"name": "Hotel", "place": [6, 0]}, {"name": "Hall", "place": [9, 0], "open": False}],
        "rooms": [
            {"name": "101", "site": "Hotel", "floor": "1"}, {"name": "102", "site": "Hotel", "floor": "1"},
            {"name": "201", "site": "Hotel", "floor": "2"}, {"name": "H1", "site": "Hall", "floor": "1"},
        ],
        "trips": [{"name": f"bus {n}", "zone": "east", "departs": f"{DAY}{n:02}:00", "seats": 4} for n in (9, 10, 11)],
        "people": [
            {"name": name, "zone": "east", "class": kind, "ready": f"{DAY}08:00", "deadline": f"{DAY}12:00"}
            for name, kind in (("Li", "contact"), ("Wu", "contact"), ("Sun", "arrival"))
        ],
    } | changes  # fmt: skip


def written(tmp_path: Path, whole: object) -> tuple[Path, Path]:
    source = tmp_path / "problem.json"
    source.write_text(json.dumps(whole), encoding="utf-8")
    return source, tmp_path / "plan.json"


def test_a_plan_with_its_bound(run: Run, tmp_path: Path) -> None:
    source, out = written(tmp_path, problem())
    short = json.loads(run(source, "--out", out, "--json")[0])
    assert (short["people"], short["cost"]["unplaced"], short["cost"]["late_hours"], short["gap"]) == (3, 0, 0, 0)
    whole = json.loads(out.read_text(encoding="utf-8"))
    by_person = {one["person"]: one for one in whole["assignments"]}
    assert by_person["Li"]["floor"] == by_person["Wu"]["floor"] != by_person["Sun"]["floor"]
    assert by_person["Li"]["trip"] != by_person["Sun"]["trip"]
    assert by_person["Li"]["arrives"][:13] in (f"{DAY}09", f"{DAY}10", f"{DAY}11")
    assert "minutes before the deadline" in run(source, "--out", out, "--explain", "Li")[1]
    assert "公里" in run(source, "--out", out, "--explain", "Li", language="zh")[1]


def test_what_is_missing_is_told_with_what_would_end_it(run: Run, tmp_path: Path) -> None:
    source, out = written(
        tmp_path, problem(rooms=[problem()["rooms"][0], problem()["rooms"][3]], people=problem()["people"][:2])
    )
    _, remarks = run(source, "--out", out)
    assert "1 rooms short for contact in east; opening Hall removes it" in remarks
    assert f"from {DAY}09:00" in remarks


def test_a_promise_is_kept(run: Run, tmp_path: Path) -> None:
    promise = {"person": "Sun", "trip": "bus 9", "room": "102"}
    source, out = written(tmp_path, problem(promises=[promise]))
    run(source, "--out", out)
    kept = next(one for one in json.loads(out.read_text(encoding="utf-8"))["assignments"] if one["person"] == "Sun")
    assert (kept["trip"], kept["room"], kept["promised"]) == ("bus 9", "102", True)


def test_whoever_stops_it_gets_the_best_plan_so_far(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while it computes: the plan is written all the same."""
    heard: list[bool] = []

    def pressed(given: allocation.Problem, *, stop: Callable[[], bool], **rest: Any) -> allocation.Plan:
        heard.append(stop())
        signal.raise_signal(signal.SIGINT)
        heard.append(stop())
        return plan(given, stop=stop, **rest)

    plan = allocation.plan
    monkeypatch.setattr(allocation, "plan", pressed)
    source, out = written(tmp_path, problem())
    before = signal.getsignal(signal.SIGINT)
    short = json.loads(run(source, "--out", out, "--json")[0])
    assert heard == [False, True] and signal.getsignal(signal.SIGINT) is before
    assert short["cost"]["unplaced"] <= short["greedy"]["unplaced"]
    assert len(json.loads(out.read_text(encoding="utf-8"))["assignments"]) == 3 - short["cost"]["unplaced"]


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        ([], "a JSON object is wanted"),
        (problem(people=[{"name": "Li"}]), "people, item 1: zone is missing"),
        (problem(trips=[{"name": "x", "zone": "east", "departs": 9, "seats": 3}]), "trips, item 1: departs"),
        (problem(trips=[{"name": "x", "zone": "east", "departs": "soon", "seats": 3}]), "“soon” is no time"),
        (problem(trips=[{"name": "x", "zone": "east", "departs": f"{DAY}09:00"}]), "'seats'"),
        (problem(trips=[{"name": "x", "zone": "east", "departs": f"{DAY}09:00Z", "seats": 1}]), "with a zone, or none"),
        (problem(sites=[{"name": "Hotel", "place": "here"}]), "sites, item 1"),
        (problem(rooms="many"), "rooms is to be a list"),
        (problem(promises=[{"person": "Sun", "trip": "tram", "room": "102"}]), "tram"),
    ],
)
def test_a_mistake_is_named(run: Run, tmp_path: Path, whole: object, words: str) -> None:
    source, out = written(tmp_path, whole)
    assert words in run(source, "--out", out, code=1)[1]
    assert "problem.json" in run(source, "--out", out, code=1, language="zh")[1]
    assert not out.exists()
