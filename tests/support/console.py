"""`fangxian` as a user starts it: a process of its own, a home of its own, a language."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import tables

COMMAND = [sys.executable, "-W", "error", "-c", "from fangxian.cli import main; main()"]

IN_PIECES = """
import time
from fangxian.cli import lists, main
def start(start=lists.start):
    start()
    from fangxian.tracing import importing
    importing.CHUNK = %d
    def take(self, chunk, take=importing._Importer.take):
        time.sleep(%g)
        return take(self, chunk)
    importing._Importer.take = take
lists.start = start
main()
"""


@dataclass(slots=True)
class Console:
    """A terminal on one home. Nothing of the environment of the tests reaches it but what is needed to run Python."""

    home: Path
    language: str = "en"
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FANGXIAN_", "DATABASE_URL"))}
        own = {"FANGXIAN_HOME": str(self.home), "FANGXIAN_LANGUAGE": self.language, "COLUMNS": "160"}
        return kept | own | self.settings

    def run(self, *words: str | Path, code: int | None = 0, **more: Any) -> subprocess.CompletedProcess[str]:
        """Run to the end; `code` is the exit code that is expected (None: any). Never a traceback, whatever happens."""
        done = subprocess.run(
            [*COMMAND, *map(str, words)], env=self.environment(), capture_output=True, text=True, timeout=240, **more
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def install(self) -> None:
        """`fangxian install`, on tables that are there already."""
        tables.put(self.home)
        self.run("install")

    def start(self, *words: str | Path, pieces: int = 0, rest: float = 0, **more: Any) -> subprocess.Popen[str]:
        """Start and go on; its output can be read while it runs.

        An import commits every so many rows (`pieces`), and takes so many seconds more for each (`rest`), so that it can be
        met in the middle also on a machine that has much else to do.
        """
        command = [*COMMAND[:-1], IN_PIECES % (pieces, rest)] if pieces else COMMAND
        return subprocess.Popen(
            [*command, *map(str, words)], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, start_new_session=True, preexec_fn=_interruptible, **more,
        )  # fmt: skip

    def start_python(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run a script of the product's own functions in a process of its own."""
        return subprocess.run(
            [sys.executable, "-c", script], env=self.environment(), capture_output=True, text=True, timeout=240
        )


@dataclass(slots=True)
class Inside:
    """The same words said to `fangxian` within this process: for what is no matter of processes, which take seconds to start."""

    language: str = "en"

    def run(self, *words: str | Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run to the end, as `Console` does."""
        from typer.testing import CliRunner

        from fangxian.cli import app

        said = [str(word) for word in words]
        done = CliRunner().invoke(app, said, env={"FANGXIAN_LANGUAGE": self.language, "COLUMNS": "160"})
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        assert code is None or done.exit_code == code, (done.exit_code, done.stdout, done.stderr)
        return subprocess.CompletedProcess(said, done.exit_code, done.stdout, done.stderr)


def _interruptible() -> None:
    """Ctrl-C is heard, also where the tests themselves were started in the background of a script and do not hear it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def end(process: "subprocess.Popen[str]", number: int = signal.SIGKILL) -> int:
    """Send a signal to a process and all it has started; its exit code."""
    if process.poll() is None:
        os.killpg(process.pid, number)
    return process.wait(timeout=60)
