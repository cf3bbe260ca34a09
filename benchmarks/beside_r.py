"""R on the same data, where it is installed: how long a snippet takes there."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np


def seconds(library: str, snippet: str, table: np.ndarray) -> float | None:
    """Processor seconds that `snippet` takes in R with `y`, the table with times in rows; None where R or the library is absent."""
    if (rscript := shutil.which("Rscript")) is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "y.csv"
        np.savetxt(data, table.T, fmt="%d", delimiter=",")
        script = Path(folder) / "bench.R"
        script.write_text(
            f"suppressWarnings(suppressMessages(library({library})))\n"
            f"y <- as.matrix(read.csv('{data}', header = FALSE))\n"
            f"took <- system.time(suppressWarnings(suppressMessages({{ {snippet} }})))\n"
            "cat(took[['user.self']] + took[['sys.self']])\n",
            encoding="utf-8",
        )
        done = subprocess.run([rscript, str(script)], capture_output=True, text=True, check=False)
        return float(done.stdout.split()[-1]) if done.returncode == 0 and done.stdout else None


def line(name: str, ours: float, work: int, theirs: float | None, their_work: int, target: float | None = None) -> str:
    """One row: time a judgement, how many times R's, and how many that should be."""
    each = ours / work
    if theirs is None:
        return f"{name:<26}{ours:8.2f} s {work:>13,} judgements {each * 1e6:10.3f} µs   R is absent or has no such"
    times = theirs / their_work / each
    wanted = "" if target is None else f"   target {target:5,.0f} ×: {'reached' if times >= target else 'below'}"
    return (
        f"{name:<26}{ours:8.2f} s {work:>13,} judgements {each * 1e6:10.3f} µs   R {theirs / their_work * 1e6:12,.1f} µs"
        f"   {times:8,.0f} ×{wanted}"
    )
