"""The tables of an empty SQLite database: made once in a run of the tests, and copied by every process that wants them.

To bring an empty database to the present version takes as long as many tests together do.
"""

import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def made_or_taken(database: Path) -> Iterator[None]:
    """Around what makes the tables of `database`, if it has none: it finds those that another process made, or leaves its own to others."""
    with _only_process() as kept:
        if kept.exists():
            _copy(kept, database)
            yield
        else:
            yield
            _copy(database, kept)


def put(home: Path) -> None:
    """The tables, as the database of an installation in `home`, with the keys that every installation has."""
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy2(Path(os.environ["FANGXIAN_HOME"]) / "keys.json", home)
    with _only_process() as kept:
        if not kept.exists():
            _make(kept)
    _copy(kept, home / "fangxian.sqlite3")


def _make(kept: Path) -> None:
    home = kept.with_suffix(".home")
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"FANGXIAN_HOME": str(home), "DJANGO_SETTINGS_MODULE": "fangxian.site.settings"}
    home.mkdir()
    subprocess.run([sys.executable, "-m", "django", "migrate", "--verbosity", "0"], env=environment, check=True)
    _copy(home / "fangxian.sqlite3", kept)


@contextmanager
def _only_process() -> Iterator[Path]:
    """The file of all the processes of this run, for one of them at a time."""
    kept = Path(os.environ["FANGXIAN_HOME"]) / "tables.sqlite3"
    with kept.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield kept


def _copy(one: Path, other: Path) -> None:
    """By SQLite itself, so that what is still in the log of writes comes along; whole, or not at all."""
    half = other.with_suffix(".half")
    with closing(sqlite3.connect(one)) as source, closing(sqlite3.connect(half)) as target:
        source.backup(target)
    half.replace(other)
