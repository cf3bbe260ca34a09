"""`fangxian lake`: stays taken in on the machine itself, looked at, verified, traced and deleted."""

import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.utils import translation
from typer.testing import CliRunner, Result

from fangxian.cli import app, lake, operate
from fangxian.lake import Lake
from tests.support.console import Console

ROWS = """person,place,t_in,t_out
7,noodles,2022-03-05 12:00:00,2022-03-05 12:40:00
8,noodles,2022-03-05 12:10:00,2022-03-05 13:00:00
8,market,2022-03-05 14:00:00,2022-03-05 15:00:00
9,market,2022-03-05 14:30:00,2022-03-05 14:50:00
9,market,2022-03-05 16:30:00,2022-03-05 14:50:00
"""


@dataclass
class Terminal:
    """`fangxian` in this process, on the database and the lake of the test."""

    folder: Path

    def run(self, *words: str | Path, code: int = 0, answer: str = "") -> Result:
        done = CliRunner().invoke(app, [str(word) for word in words], input=answer, env={"FANGXIAN_LANGUAGE": "en"})
        assert done.exit_code == code, (done.exit_code, done.stdout, done.stderr)
        return done


@pytest.fixture
def console(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Terminal]:
    settings.LAKE = tmp_path / "lake"
    monkeypatch.setattr(lake, "start", lambda *_needs: None)
    monkeypatch.setattr(operate, "start", lambda *_needs: None)
    monkeypatch.setenv("COLUMNS", "200")
    with translation.override("en"):
        yield Terminal(settings.LAKE)


def test_a_file_comes_in_once_is_traced_and_goes_again(console: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "stays.csv"
    path.write_text(ROWS, encoding="utf-8")
    (receipt,) = json.loads(console.run("lake", "ingest", path, "--source", "gates", "--json").stdout)
    assert (receipt["taken"], receipt["faulty"], receipt["repeated"], receipt["faults"][0]["row"]) == (4, 1, False, 6)
    assert (
        "this batch was taken before; nothing changed"
        in console.run("lake", "ingest", path, "--source", "gates").stderr
    )
    told = json.loads(console.run("lake", "status", "--json").stdout)
    assert (told["rows"], [day["day"] for day in told["days"]], told["kept_days"]) == (4, ["2022-03-05"], 28)
    assert told["overdue"] == ["2022-03-05"] and told["folder"] == str(console.folder)
    assert "The lake is whole" in console.run("lake", "verify").stderr

    (tmp_path / "index.csv").write_text("person,from,to\n7,2022-03-04 00:00:00,\n", encoding="utf-8")
    for engine in ("native", "duckdb"):
        out = tmp_path / f"{engine}.parquet"
        done = console.run(
            "trace",
            console.folder,
            "--index",
            tmp_path / "index.csv",
            "--tau",
            "15",
            "--out",
            out,
            "--engine",
            engine,
            "--json",
        )
        assert json.loads(done.stdout)["rings"] == {"1": 1, "2": 1}
        lines = [
            (one["via"], one["person"], one["place"], f"{one['t_in']:%H:%M}") for one in pq.read_table(out).to_pylist()
        ]
        assert lines == [(7, 8, "noodles", "12:10"), (8, 9, "market", "14:30")]

    (doctor,) = [
        one for one in json.loads(console.run("doctor", "--json", code=1).stdout) if "past their time" in one["what"]
    ]
    assert not doctor["good"]
    assert "--yes" not in console.run("lake", "drop", "--before", "2022-03-06", code=1, answer="n\n").stdout
    deletion = json.loads(console.run("lake", "drop", "--before", "2022-03-06", "--yes", "--json").stdout)
    assert (deletion["rows"], deletion["persons"]) == (4, 3)
    assert json.loads(console.run("lake", "status", "--json").stdout)["rows"] == 0
    assert "nothing to delete" in console.run("lake", "drop").stderr
    assert "The lake is whole" in console.run("lake", "verify").stderr


def test_what_cannot_be_taken_is_refused_in_words(console: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "stays.csv"
    path.write_text("person,place,t_in\na,b,1\n", encoding="utf-8")
    assert "lacks the column t_out" in console.run("lake", "ingest", path, "--source", "x", code=1).stderr
    path.write_text(ROWS, encoding="utf-8")
    words = console.run("lake", "ingest", path, "--source", "x", "--people", "name", code=1).stderr
    assert "cannot be named by" in words and "id_number" in words
    assert "one file only" in console.run("lake", "ingest", path, path, "--source", "x", "--batch", "1", code=2).stderr
    assert "stays.csv row 6, t_out" in console.run("lake", "ingest", path, "--source", "told").stderr
    manifest = console.folder / "manifest.json"
    good = manifest.read_text(encoding="utf-8")
    manifest.write_text(good[:-9], encoding="utf-8")
    assert "restore it from its backup" in console.run("lake", "status", code=1).stderr
    told = json.loads(console.run("lake", "verify", "--json", code=1).stdout)
    assert [one["path"] for one in told["faults"]] == ["manifest.json"]
    manifest.write_text(good, encoding="utf-8")


def test_interrupted_it_goes_on_where_it_was(tmp_path: Path) -> None:
    console = Console(tmp_path / "home")
    console.install()
    files = []
    for number in range(16):
        files.append(tmp_path / f"{number}.csv")
        files[-1].write_text(ROWS.replace("noodles", f"shop {number}"), encoding="utf-8")
    files[9].unlink()
    os.mkfifo(files[9])  # whoever reads it waits for its end: nobody is past it before the interruption, however fast
    still_written = os.open(files[9], os.O_RDWR)
    with console.start("lake", "ingest", *files, "--source", "many") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "3.csv" in line and "taken" in line:
                process.send_signal(signal.SIGINT)
                break
        os.close(still_written)
        rest = process.stdout.read()
        assert process.wait(timeout=60) != 0 and "Traceback" not in rest
    files[9].unlink()
    files[9].write_text(ROWS.replace("noodles", "shop 9"), encoding="utf-8")
    receipts = json.loads(console.run("lake", "ingest", *files, "--source", "many", "--json").stdout)
    again = [one["repeated"] for one in receipts]
    assert again == sorted(again, reverse=True) and 4 <= sum(again) < 16
    assert [found for found in Lake(console.home / "lake").verify() if not isinstance(found, int)] == []
