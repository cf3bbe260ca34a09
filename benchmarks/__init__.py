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
    """Seconds that this process and its server process of PostgreSQL have computed so far: what a busy machine does not stretch.

    The server's is told in hundredths, and only where it runs on this machine.
    """
    from django.db import connection

    if connection.vendor != "postgresql" or connection.connection is None:
        return time.process_time()
    stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
    ticks = map(int, stat.read_text().rpartition(")")[2].split()[11:13]) if stat.exists() else ()
    return time.process_time() + sum(ticks) / os.sysconf("SC_CLK_TCK")


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
