"""`fangxian fuse`: sources of places in, alerts out, and every fault named by file, row and column."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from fangxian.cli import app

START = date(2024, 3, 4)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    def running(*words: str | Path, language: str = "en", code: int = 0) -> tuple[str, str]:
        monkeypatch.setenv("FANGXIAN_LANGUAGE", language)
        monkeypatch.setenv("COLUMNS", "300")
        done = CliRunner().invoke(app, ["fuse", *(str(word) for word in words)])
        assert done.exit_code == code, done.output
        return done.stdout, done.stderr

    return running


@pytest.fixture
def counties(tmp_path: Path) -> Path:
    """Three counties of 90 days; in the last week the first has twice the visits and the sales, and a clinic of the second is silent."""
    random = np.random.default_rng(3)
    lines = ["place,source,date,count"]
    for place in ("甲县", "B", "C"):
        for t in range(90):
            rising = 2 if place == "甲县" and t >= 83 else 1
            day = START + timedelta(t)
            if place != "B" or t < 87:
                lines.append(f"{place},发热门诊,{day},{random.poisson(30 * rising)}")
            lines.append(f"{place},pharmacy,{day},{random.poisson(80 * rising)}")
            if t % 7 == 2:
                lines.append(f"{place},wastewater,{day},{500 * rising * random.lognormal(0, 0.3):.2f}")
    path = tmp_path / "counts.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_counts_become_alerts_with_their_reasons(
    counties: Path, run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    out = tmp_path / "out.csv"
    said, _ = run(counties, "--level", "wastewater", "--out", out, "--newest", "7", "--json", language="zh")
    with out.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["place", "date", "score", "odds", "grade", "alert", "发热门诊", "pharmacy", "wastewater"]
    assert len(rows) == 21
    raised = [row for row in rows if row["alert"] == "true"]
    assert [row["place"] for row in raised] == ["甲县"]
    parts = [float(raised[0][name]) for name in ("发热门诊", "pharmacy", "wastewater")]
    assert sum(parts) == pytest.approx(float(raised[0]["score"]))
    told = json.loads(said)["alerts"][-1]
    assert told["place"] == "甲县"
    assert "高于往常" in told["why"]
    silent = [row for row in rows if row["place"] == "B"][-1]
    assert (silent["grade"], silent["alert"]) == ("blue", "false")


def test_what_is_said_on_the_terminal(counties: Path, run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    _, remarks = run(counties, "--level", "wastewater", "--out", tmp_path / "out.parquet")
    assert "above the usual" in remarks
    assert "3 places × 90 days" in remarks


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("place,source,date,count\nA,x,2024-01-01,-3\n", "row 2, count: -3 is negative"),
        ("place,source,date,count\nA,x,2024-01-01,2.5\n", "row 2, count: 2.5 is not a whole number; declare x a level"),
        ("place,source,date,count\nA,x,2024-01-01,many\n", "row 2, count: “many” is no number"),
        (
            "place,source,date,count\nA,x,2024-01-01,1\nA,x,2024-01-01,2\n",
            "row 3, date: 2024-01-01 of x at A is in row 2",
        ),
        ("place,source,date,count\nA,x,7,1\n", "row 2, date: “7” is no date"),
        ("place,source,date,count\nA,x,2024-01-01T08:00+08:00,1\n", "no time of day, no time zone"),
        ("place,source,date,count\n,x,2024-01-01,1\n", "row 2, place: it is empty"),
        ("place,date,count\nA,2024-01-01,1\n", "lacks the column source"),
        ("place,source,date,count\n", "there are no rows"),
    ],
)
def test_a_fault_is_named_and_nothing_is_written(
    text: str, says: str, run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(text, encoding="utf-8")
    _, remarks = run(source, "--out", tmp_path / "out.csv", code=1)
    assert says in remarks
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_a_level_must_be_there(counties: Path, run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    _, remarks = run(counties, "--level", "sewage", "--out", tmp_path / "out.csv", code=1)
    assert "there is no source sewage (found: 发热门诊, pharmacy, wastewater)" in remarks
