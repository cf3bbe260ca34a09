"""An import whose process is killed, at whatever moment, goes on where it was and ends as if nothing had happened."""

import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import lists, tables
from tests.support.console import Console, end

CASES, PIECES = 500, 60
SCRIPT = """
from fangxian.cli.started import start
start("nothing")
from fangxian.site.installing import install
install()
from fangxian.cases import actions
from fangxian.cases.schemas import OutbreakForm
from fangxian.core.access import SYSTEM
from fangxian.registry import actions as registry
from fangxian.registry.schemas import Division
registry.import_divisions(SYSTEM, [Division(code=code, name=code) for code in ("98", "9801", "980101")])
actions.open_outbreak(SYSTEM, OutbreakForm(name_zh="岚江疫情", pack="mers-who", area="98"))
"""
#: What must be the same afterwards; codes, instants and the marks of pieces (import.…) differ by nature.
QUESTIONS = (
    "SELECT source_ref, onset_on, classification, version FROM cases_case ORDER BY 1",
    "SELECT a.source_ref, b.source_ref, e.category, e.infected_how FROM tracing_exposure e JOIN cases_case a ON a.id = e.case_id "
    "JOIN cases_case b ON b.id = e.infected_id ORDER BY 1, 2",
    "SELECT kind, state, outcome, count(*) FROM duties_duty GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "SELECT kind, key, state, count(*) FROM duties_step GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "SELECT action, count(*) FROM core_entry WHERE action NOT LIKE 'import.%' GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM registry_person",
)


pytestmark = pytest.mark.django_db  # so that it is run on PostgreSQL too


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Console:
    """An installation with an open outbreak, on the database that is tested on, but apart from that of the tests."""
    console = _on(Console(tmp_path_factory.mktemp("made") / "home"), "made")
    if not console.settings:
        tables.put(console.home)
    done = console.start_python(SCRIPT)
    assert done.returncode == 0, done.stderr
    return console


def _on(console: Console, name: str, template: str = "template1") -> Console:
    """With a fresh database of that name, where the tests are run on a server."""
    if address := os.environ.get("DATABASE_URL"):
        server, name = address.rpartition("/")[0], f"{name}_{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}"
        console.settings["DATABASE_URL"] = f"{server}/{name}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as session:
            session.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            session.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return console


@pytest.fixture
def copies(made: Console, tmp_path: Path) -> Callable[[str], Console]:
    """`copies("whole")`: a copy of the installation under that name."""

    def copied(name: str) -> Console:
        home = Path(shutil.copytree(made.home, tmp_path / name))
        return _on(Console(home), name, made.settings.get("DATABASE_URL", "").rpartition("/")[2])

    return copied


def answers(console: Console) -> list[list[Any]]:
    with closing(_connected(console)) as session:
        return [[tuple(map(str, row)) for row in session.execute(question).fetchall()] for question in QUESTIONS]


def _connected(console: Console) -> Any:
    if address := console.settings.get("DATABASE_URL"):
        return psycopg.connect(address)
    return sqlite3.connect(console.home / "fangxian.sqlite3")


def _job(console: Console) -> tuple[str, int]:
    with closing(_connected(console)) as session:
        row = session.execute("SELECT code, cursor FROM core_job ORDER BY id DESC").fetchone()
    return (row[0], row[1]) if row else ("", 0)


def test_killed_and_gone_on_with(copies: Callable[[str], Console], tmp_path: Path) -> None:
    console, whole = copies("killed"), copies("whole")
    rng = random.Random(7)
    recipe = lists.write_long(tmp_path / "data", CASES)
    words = ("import", str(recipe), "--data", str(tmp_path / "data"))
    kills = 0
    process = console.start(*words, pieces=PIECES, rest=0.1)  # on a fast machine too it is met in the middle
    while kills < 2 and process.poll() is None:
        before = _job(console)
        deadline = time.monotonic() + rng.uniform(0.1, 0.8)
        while process.poll() is None and (time.monotonic() < deadline or not _job(console)[0]):
            time.sleep(0.02)
        if process.poll() is None and _job(console)[1] > before[1]:
            end(process)
            process.stdout.close()  # type: ignore[union-attr]
            kills += 1
            process = console.start("import", "--resume", _job(console)[0], pieces=PIECES)
    assert process.wait(timeout=240) == 0, process.stdout.read()  # type: ignore[union-attr]
    process.stdout.close()  # type: ignore[union-attr]
    assert kills, "it was too quick to be killed"
    found = answers(console)
    assert len(found[0]) == CASES and len(found[1]) == CASES // 2
    assert all(one["good"] for one in json.loads(console.run("doctor", "--deep", "--json").stdout))
    done = json.loads(whole.run(*words, "--json").stdout)
    assert done["state"] == "done" and done["cases"] == CASES
    assert answers(whole) == found


def test_ctrl_c_says_how_to_go_on(copies: Callable[[str], Console], tmp_path: Path) -> None:
    console = copies("stopped")
    recipe = lists.write_long(tmp_path / "data", CASES)
    process = console.start("import", recipe, "--data", tmp_path / "data", pieces=PIECES, rest=0.3)
    while process.poll() is None and not _job(console)[1]:
        time.sleep(0.02)
    end(process, signal.SIGINT)
    assert process.stdout is not None
    said = process.stdout.read()
    process.stdout.close()
    code, cursor = _job(console)
    assert process.returncode == 130 and f"fangxian import --resume {code}" in said, said
    assert 0 < cursor < CASES * 1.5
