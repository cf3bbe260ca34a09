"""Numbers that other programs computed, read for comparison: columns of CSV files, and agreement to a relative tolerance."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

#: Where reference data are, if anywhere: FANGXIAN_DATA, or a folder beside the repository.
DATA = Path(os.environ.get("FANGXIAN_DATA") or Path(__file__).parents[3] / "shared" / "data")
ABSENT = "reference data not found: set FANGXIAN_DATA to their folder"


def text(path: Path, name: str) -> list[str]:
    """One column as it is written."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def column(path: Path, name: str) -> NDArray[np.float64]:
    """One column of numbers; empty and NA are NaN."""
    return np.array([float(value) if value not in ("", "NA", "NaN") else np.nan for value in text(path, name)])


def agree(ours: NDArray[np.float64], theirs: NDArray[np.float64], relative: float = 1e-9, scale: float = 0.0) -> None:
    """Same pattern of NaN and infinity, and every number within `relative` of theirs (or of `scale`, where that is larger)."""
    assert np.array_equal(np.isnan(ours), np.isnan(theirs)), "not known at the same places"
    known = ~np.isnan(theirs) & np.isfinite(theirs)
    assert np.array_equal(ours[~known & ~np.isnan(theirs)], theirs[~known & ~np.isnan(theirs)])
    apart = np.abs(ours[known] - theirs[known]) / np.maximum(np.maximum(np.abs(theirs[known]), scale), 1e-300)
    assert apart.max(initial=0) <= relative, f"{apart.max():.2e} apart at {int(apart.argmax())}"
