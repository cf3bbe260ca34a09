"""`fangxian estimate importation` and `fangxian series export`: a table of places, and the series of all sources as a file."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fangxian.cli import app
from fangxian.core.access import SYSTEM
from fangxian.surveillance import queries
from tests.support import sentinels, web


def run(*words: str) -> Any:
    return CliRunner().invoke(app, list(words), catch_exceptions=True)


def test_places_become_expected_importations(tmp_path: Path) -> None:
    places = tmp_path / "places.csv"
    places.write_text(
        "place,cases,population,travellers,detected\n甲港,350,1000000,4000,0.5\n乙市,0,300000,900,0.8\n",
        encoding="utf-8",
    )
    out = tmp_path / "out.csv"
    answer = run("estimate", "importation", str(places), "--out", str(out), "--json")
    assert answer.exit_code == 0, answer.output
    lines = out.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "place,mean,low,high,at_least_one" and len(lines) == 4
    assert lines[1].split(",")[1].startswith("2.80")
    assert json.loads(answer.stdout)["all"]["high"] >= 6


@pytest.mark.parametrize(
    ("row", "words"),
    [("甲,x,1000,5", "row 2, cases"), ("甲,5,0,5", "population"), ("甲,-1,1000,5", "cases")],
)
def test_what_cannot_be_is_named(tmp_path: Path, row: str, words: str) -> None:
    places, out = tmp_path / "places.csv", tmp_path / "out.csv"
    places.write_text(f"place,cases,population,travellers\n{row}\n", encoding="utf-8")
    answer = run("estimate", "importation", str(places), "--out", str(out))
    assert answer.exit_code != 0 and words.split(", ")[-1] in str(answer.exception) + answer.output
    assert not out.exists()


@pytest.mark.django_db
def test_series_leave_as_parquet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fangxian.cli.series.start", lambda: None)  # the test's own database is open already
    with web.city() as city, web.a_test():
        one = sentinels.source(city, since=date(2026, 2, 1))
        sentinels.history(one, 10)
        out = tmp_path / "series.parquet"
        answer = run("series", "export", "--out", str(out), "--since", "2026-02-20")
        assert answer.exit_code == 0, answer.output
        table = pq.read_table(out).to_pylist()
        shown = {row.measure for row in queries.series(SYSTEM, source=one.code)}
    assert {row["series"] for row in table} == {f"{one.code}:{measure}" for measure in shown}
    assert sum(row["count"] is not None for row in table if row["measure"] == "ili") == 10
