"""`fangxian lab ingest`: a laboratory's files are taken once; corrections undo; what cannot be taken is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils.translation import override
from typer.testing import CliRunner

from fangxian.cli import app
from fangxian.cli import lab as command
from fangxian.core import clock
from tests.support.console import Console
from tests.support.county import START, with_pack
from tests.support.laboratory import Laboratory

NOW = START + timedelta(hours=2)


@pytest.fixture
def town() -> Iterator[Laboratory]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Laboratory.at(NOW)


def oru(tube: str, word: str, number: str, status: str = "F", ct: str = "") -> str:
    cycle = f"\rOBX|2|NM|94500-6^N gene [Cycle Threshold #]^LN||{ct}||||||{status}" if ct else ""
    return (
        f"MSH|^~\\&|LIS|Lab|FX|FX|20260304||ORU^R01|{number}|P|2.5.1\rPID|1||x1||Li^Na\r"
        f"OBR|1|{tube}||94500-6^SARS-CoV-2 RNA^LN\rOBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||{word}||||||{status}" + cycle
    )


def ingest(monkeypatch: pytest.MonkeyPatch, *words: Any) -> dict[str, Any]:
    monkeypatch.setattr(command, "start", lambda needs: None)  # the test's own database
    monkeypatch.setenv("FANGXIAN_LANGUAGE", "en")
    done = CliRunner().invoke(app, ["lab", "ingest", *map(str, words), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


@pytest.mark.django_db
def test_results_are_taken_once_and_corrected(
    town: Laboratory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for place, code in enumerate(("TUBE00001", "TUBE00002")):
        town.collect(code, [town.neighbours[place]])
    file = tmp_path / "results.hl7"
    file.write_text(
        "\n".join(
            [oru("TUBE00001", "POS", "a", ct="24.1"), oru("TUBE00002", "NEG", "b"), oru("TUBE00002", "15 mg", "c")]
        )
    )
    told = ingest(monkeypatch, file, "--laboratory", town.lab)
    assert (told["accepted"], told["taken"], told["positive"]) == (2, 2, 1)
    assert [(one["message"], one["field"]) for one in told["quarantined"]] == [("c", "value")]
    assert (town.tube("TUBE00001").row.value, town.tube("TUBE00001").row.ct) == ("positive", 24.1)

    again = ingest(monkeypatch, file, "--laboratory", town.lab)
    assert (again["taken"], again["repeated"]) == (0, 2)

    file.write_text("\n".join([oru("TUBE00002", "POS", "d"), oru("TUBE00001", "NEG", "e", status="C")]))
    changed = ingest(monkeypatch, file, "--laboratory", town.lab)
    assert [one["message"] for one in changed["quarantined"]] == ["d"], (
        "another value without a correction is not taken"
    )
    assert "has another result" in changed["quarantined"][0]["reason"]
    assert town.tube("TUBE00001").row.value == "negative"


@pytest.mark.django_db
def test_dry_runs_write_nothing(town: Laboratory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    town.collect("TUBE00001", [town.neighbours[0]])
    hl7, table = tmp_path / "results.txt", tmp_path / "results.csv"
    hl7.write_text(oru("TUBE00001", "POS", "a"))
    table.write_text("条码,结果\nTUBE00001,阳性\nTUBE00002,说不清\n", encoding="utf-8")
    told = ingest(monkeypatch, hl7, table, "--dry-run")
    assert told["accepted"] == 2
    assert [(one["message"], one["field"]) for one in told["quarantined"]] == [("3", "value")]
    assert town.tube("TUBE00001").row.value == ""


def test_it_reads_without_an_installation(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text('{"resourceType": "Patient"}')
    done = Console(tmp_path / "none", language="zh").run("lab", "ingest", file, "--dry-run", "--json")
    (kept,) = json.loads(done.stdout)["quarantined"]
    assert kept["field"] == "resourceType" and "没有检验报告" in kept["reason"]
    refused = Console(tmp_path / "none").run("lab", "ingest", file, code=2)
    assert "--dry-run" in refused.stderr
