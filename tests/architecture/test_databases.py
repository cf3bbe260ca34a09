"""The ground that other tests stand on: the database asked for, a journal that stays guarded, no server left behind."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from fangxian.core.models import Entry
from tests.support import postgres

needs_postgres = pytest.mark.skipif(not (postgres.BIN / "initdb").exists(), reason="PostgreSQL 15 is not installed")


@pytest.mark.django_db
def test_the_database_is_the_one_asked_for(request: pytest.FixtureRequest) -> None:
    with connection.cursor() as cursor:
        if request.config.getoption("--db") == "postgres":
            cursor.execute("SHOW server_version_num")
            assert cursor.fetchone()[0][:2] == "15"
        else:
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone() == ("wal",)


@pytest.mark.parametrize("time_around", [1, 2])
@pytest.mark.django_db(transaction=True)
def test_the_journal_is_guarded_again_after_a_test_that_emptied_the_database(time_around: int) -> None:
    assert Entry.objects.count() == 0
    Entry.objects.create(seq=1, at="2022-03-01T00:00Z", actor="", action="x", subject_kind="x", subject_id=1, hash="0")
    for change in (lambda: Entry.objects.update(actor="somebody else"), lambda: Entry.objects.all().delete()):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    assert Entry.objects.get().actor == ""


@needs_postgres
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_the_private_server_ends_with_the_process_that_started_it(end: signal.Signals) -> None:
    command = [sys.executable, "-m", "tests.support.postgres", sys.executable, "-c", WAIT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        url = owner.stdout.readline().strip()
        with psycopg.connect(url) as session:
            (data,) = session.execute("SHOW data_directory").fetchone() or ("",)
        os.kill(owner.pid, end)
    deadline = time.monotonic() + 30
    while (Path(data) / "postmaster.pid").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(url)
    shutil.rmtree(Path(data).parent)


#: The command that the server is started for: says where it is and waits for its standard input to end.
WAIT = "import os, sys; print(os.environ['DATABASE_URL'], flush=True); sys.stdin.read()"
