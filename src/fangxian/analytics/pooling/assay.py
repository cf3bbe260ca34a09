"""What a test sees of a carrier in a pool: threshold cycles (Ct 值), their scatter, and what dilution hides.

A carrier alone in a tube has some Ct; in an aliquot pool of n it is log2(n) cycles later, and carriers in one pool add up as
copies do: 2 to the power of −Ct. A pool is positive when its cycle comes before the last one that counts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from fangxian.analytics.pooling.errors import PoolingError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Assay:
    """A test and those it looks for.

    `mean`, `sd` (cycles): of the normal distribution from which single carriers' Ct come, cut off at `earliest` and `latest`. The
    defaults are the likeliest for 1,632 positive samples of the first wave in Flanders (Verwilt et al. 2020,
    github.com/OncoRNALab/covidpooling, corrected Cq of the E gene), whose own mean is 27.3.
    `limit`: a cycle beyond it counts as negative (40 in the Chinese protocol, 9th edition). `noise` (sd, cycles): scatter of one
    measurement, as seen among the pools of one carrier in P-BEST (Shental et al. 2020). `failure`: share of tests that fail whatever is in
    them; `false_positive`: share of empty ones that are positive all the same. `dilution`: cycles later per doubling of the pool,
    1 for aliquots (混检), 0 for swabs in one tube (混采), which share a medium but are not thinned.
    """

    mean: float = 30.9
    sd: float = 9.1
    earliest: float = 10.0
    latest: float = 37.0
    limit: float = 40.0
    noise: float = 0.8
    failure: float = 0.002
    false_positive: float = 0.005
    dilution: float = 1.0

    def __post_init__(self) -> None:
        shares = 0 <= self.failure < 1 and 0 < self.false_positive < 1
        if not (shares and self.sd > 0 and self.noise > 0 and self.earliest < self.latest and 0 <= self.dilution <= 2):
            raise PoolingError(
                "检测参数有误：标准差须大于 0，最早循环小于最晚循环，失败率与假阳性率在 0 与 1 之间（后者不为 0），"
                "稀释在 0 与 2 之间。",
                "The test cannot be: standard deviations are above 0, the earliest cycle comes before the latest, failures "
                "and false positives are between 0 and 1 (false positives not 0), dilution between 0 and 2.",
            )

    @cached_property
    def cycles(self) -> Floats:
        """The Ct values that stand for all carriers, half a cycle apart, shape (g,)."""
        return np.arange(self.earliest + 0.25, self.latest, 0.5)

    @cached_property
    def shares(self) -> Floats:
        """How many of the carriers have each of `cycles`; adds up to 1, shape (g,)."""
        density = np.exp(-0.5 * ((self.cycles - self.mean) / self.sd) ** 2)
        return np.asarray(density / density.sum())

    def later(self, size: int) -> float:
        """Cycles by which a pool of `size` is later than the sample alone."""
        return self.dilution * math.log2(size)

    def detects(self, cycle: ArrayLike) -> Floats:
        """Chance that material whose true cycle this is (infinite: none) tests positive, but for contamination."""
        return np.asarray((1 - self.failure) * ndtr((self.limit - np.asarray(cycle, np.float64)) / self.noise))

    def positive(self, cycle: ArrayLike) -> Floats:
        """The same with contamination: what an empty tube gives as well."""
        return np.asarray(self.false_positive + (1 - self.false_positive) * self.detects(cycle))

    def finds(self, *sizes: int) -> float:
        """Share of single-test positives that are found in pools of each of these sizes and then alone, as their only carrier.

        One carrier's load is the same in all its pools: whoever is missed once for a low load is likely to be missed again.
        """
        alone = self.shares * self.detects(self.cycles)
        for size in sizes:
            alone = alone * self.detects(self.cycles + self.later(size))
        return float(alone.sum() / (self.shares * self.detects(self.cycles)).sum())

    def sees(self, *sizes: int) -> float:
        """Share of all carriers that are positive in pools of each of these sizes (1: alone), as their only carrier."""
        seen = self.shares.copy()
        for size in sizes:
            seen *= self.detects(self.cycles + self.later(size))
        return float(seen.sum())

    def pooled(self, cycles: Floats, size: int) -> Floats:
        """The true cycle of pools whose members' cycles are along the last axis (infinite: no carrier)."""
        with np.errstate(divide="ignore"):
            return np.asarray(self.later(size) - np.log2(np.exp2(-cycles).sum(axis=-1)))
