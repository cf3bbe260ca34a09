"""What an estimate of the reproduction number gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

#: The quantiles that are reported unless others are asked for, as by EpiEstim.
QUANTILES = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)


@dataclass(frozen=True, eq=False)
class Reproduction:
    """Reproduction numbers in m windows of days, for one series or n.

    `start` and `end` are the first and last day of each window, from 0, shape (m,). `mean` and `sd` have the shape (m,), or (n, m)
    for n series, and `quantiles` one axis more, as long as `probabilities`. NaN where there is nothing to estimate from.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    mean: Floats
    sd: Floats
    quantiles: Floats
    probabilities: tuple[float, ...] = QUANTILES

    def quantile(self, probability: float) -> Floats:
        """One of the quantiles, in the shape of `mean`. Raises ValueError for one that was not asked for."""
        return np.asarray(self.quantiles[..., self.probabilities.index(probability)])

    @property
    def median(self) -> Floats:
        """The middle of the distribution."""
        return self.quantile(0.5)
