"""Timed measurements; never part of the tests. `make bench` runs them all, each with a private PostgreSQL.

What they share: a database made ready (`database`), and a table of figures beside their targets (`show`).
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

console = Console()


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement in seconds, beside what it should be at most, and beside the rival's where one was measured.

    `own` is what was computed for it (`computed`): what a busy machine does not stretch.
    """

    what: str
    seconds: float
    target: float | None = None
    rival: float | None = None
    note: str = ""
    own: float | None = None


@contextmanager
def database() -> Iterator[Any]:
    """Django started on the database of DATABASE_URL (SQLite if unset), its tables made; the connection."""
    with tempfile.TemporaryDirectory(prefix="fangxian-bench-") as home:
        os.environ["FANGXIAN_HOME"] = home
        os.environ["DJANGO_SETTINGS_MODULE"] = "fangxian.site.settings"
        import django

        django.setup()
        from django.db import connection

        from fangxian.site.installing import install

        install()
        console.print(f"{connection.vendor}, {os.cpu_count()} cores, Python {platform.python_version()}", style="dim")
        yield connection


def computed() -> float:
    """Seconds that this process and the server of PostgreSQL have computed so far: what a busy machine does not stretch.

    The server's, with all its processes, are told in hundredths, and only where it runs on this machine.
    """
    from django.db import connection

    if connection.vendor != "postgresql":
        return time.process_time()
    connection.ensure_connection()
    session = _ticks(connection.connection.info.backend_pid)
    if session is None:
        return time.process_time()
    server = session[0]
    beside = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    told = [sum((_ticks(server) or (0, 0, 0))[1:])] + [(_ticks(int(one)) or (0, 0, 0))[1] for one in beside]
    return time.process_time() + sum(told) / os.sysconf("SC_CLK_TCK")


def _ticks(process: int) -> tuple[int, int, int] | None:
    """The parent of a process, the ticks it has computed, and those of its children that have ended. None where it is not here."""
    try:
        told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(told[1]), int(told[11]) + int(told[12]), int(told[13]) + int(told[14])


def load() -> str:
    """How many processes wanted to run over the last 1, 5 and 15 minutes, on how many cores."""
    return f"load {' '.join(f'{one:.1f}' for one in os.getloadavg())} on {os.cpu_count()} cores"


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print the figures as a table; a target that was missed is said in words."""
    table = Table(title=title)
    for name in ("", "measured", "computed", "target", "rival", "ratio", ""):
        table.add_column(name, justify="left" if not name else "right")
    for one in figures:
        missed = one.target is not None and one.seconds > one.target
        table.add_row(
            one.what, _seconds(one.seconds), _seconds(one.own), _seconds(one.target), _seconds(one.rival),
            f"{one.rival / one.seconds:.1f}×" if one.rival else "",
            " ".join(filter(None, ["over the target" if missed else "", one.note])),
        )  # fmt: skip
    console.print(table)
    console.print(load(), highlight=False)


def _seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value * 1000:,.1f} ms" if value < 1 else f"{value:,.2f} s"
