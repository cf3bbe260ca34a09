"""What a scan gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.errors import AnalysisError


class ScanError(AnalysisError):
    """Counts, places or parameters that cannot be scanned."""


@dataclass(frozen=True)
class Cluster:
    """A circle of places and a stretch of times with more cases than expected.

    `places` are rows of the counts, the centre first, then by distance; `start` and `end` the first and last time, from 0. `p` is the
    share of replications (and the data themselves) whose largest ratio is as large; `p_gumbel` the same from a Gumbel distribution
    fitted to the replications, which also tells small values apart. Both are None without replications.
    """

    places: tuple[int, ...]
    radius: float
    start: int
    end: int
    observed: int
    expected: float
    llr: float
    p: float | None
    p_gumbel: float | None

    @property
    def relative(self) -> float:
        """Observed over expected."""
        return self.observed / self.expected


@dataclass(frozen=True, eq=False)
class Scan:
    """The most likely cluster and those that follow without sharing a place, by log likelihood ratio; and the replications' largest."""

    clusters: tuple[Cluster, ...]
    replications: NDArray[np.float64]
