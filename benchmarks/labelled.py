"""Real weekly series in which somebody marked the outbreaks: `.venv/bin/python -m benchmarks.labelled`.

The series of the Robert Koch Institute in R's surveillance package, one source each; needs them in `FANGXIAN_DATA`. Outbreaks that begin
in the first 30 weeks cannot be judged and are left out. An outbreak is found if an alarm is raised in one of its weeks.
"""

from __future__ import annotations

import csv
import os
from itertools import groupby
from pathlib import Path

import numpy as np

from fangxian.analytics.detection import METHODS

LEAST = 30
CHOSEN = ("ears-c1", "ears-c2", "ears-c3", "bayes1", "rki1", "cusum", "outbreak-p")


def series(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Counts of all units together, and where an outbreak is marked; None where none is."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if "state" not in rows[0]:
        return None
    units = [
        name
        for name in rows[0]
        if name not in ("t", "year", "epochInYear", "state") and all(row[name].isdigit() for row in rows)
    ]
    counts = np.array([sum(int(row[name]) for name in units) for row in rows])
    state = np.array([row["state"] not in ("0", "NA", "FALSE", "") for row in rows])
    return (counts, state) if units and state.any() else None


def outbreaks(state: np.ndarray) -> list[tuple[int, int]]:
    """First and last week of each."""
    found = []
    for marked, weeks in groupby(range(len(state)), key=lambda week: bool(state[week])):
        some = list(weeks)
        if marked and some[0] >= LEAST:
            found.append((some[0], some[-1]))
    return found


def main() -> None:
    folder = Path(os.environ.get("FANGXIAN_DATA", "")) / "detection_surveillance" / "series"
    if not folder.is_dir():
        print("FANGXIAN_DATA has no detection_surveillance/series")
        return
    marked = {path.stem: found for path in sorted(folder.glob("*.csv")) if (found := series(path)) is not None}
    number = sum(len(outbreaks(state)) for _, state in marked.values())
    print(f"{len(marked)} series, {number} outbreaks after week {LEAST}: {', '.join(marked)}")
    print(f"{'':<14}{'found':>7}{'in the first week':>20}{'false alarms a year':>22}")
    for name in CHOSEN:
        found = first = false = weeks = 0
        for counts, state in marked.values():
            alarms = METHODS[name](counts).alarms
            raised = alarms & ~np.concatenate(([False], alarms[:-1]))
            for start, end in outbreaks(state):
                found += bool(raised[start : end + 1].any())
                first += bool(raised[start])
            false += int((raised & ~state)[LEAST:].sum())
            weeks += int((~state)[LEAST:].sum())
        print(f"{name:<14}{found:>4}/{number:<3}{first:>19}{false / weeks * 52:>22.2f}")


if __name__ == "__main__":
    main()
