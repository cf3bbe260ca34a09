"""Designs of pooled testing (混检方案): which tubes get what of whom, what is tested again, and what that costs on average.

A design is laid out in blocks that know nothing of each other. Whatever the pools say, a person is only called positive by a tube of their
own: every design but single testing ends with one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from fangxian.analytics.pooling.assay import Assay, Floats
from fangxian.analytics.pooling.fields import field

Bools = NDArray[np.bool_]
Members = NDArray[np.int64]


@dataclass(frozen=True)
class Design(ABC):
    """One way of pooling."""

    @property
    @abstractmethod
    def name(self) -> str:
        """individual, dorfman, halving, household, array or combinatorial."""

    @property
    @abstractmethod
    def block(self) -> int:
        """Samples that are laid out together."""

    @property
    @abstractmethod
    def pools(self) -> tuple[Members, ...]:
        """The samples (from 0) in each tube of the first stage of one block."""

    @abstractmethod
    def expected(self, prevalence: float, assay: Assay) -> tuple[float, ...]:
        """Tests per sample in each stage, on average."""

    @abstractmethod
    def sensitivity(self, assay: Assay) -> float:
        """Share of those that single tests would find who are found, if each is the only carrier of their pools: the worst case."""

    @property
    def stages(self) -> int:
        return 2

    @property
    def pool_size(self) -> int:
        """The largest tube."""
        return max(len(pool) for pool in self.pools)

    def suspects(self, positive: Bools) -> Bools:
        """Who is tested alone after the first stage: (runs, pools) positive → (runs, block). Here, everybody in a positive tube."""
        found = np.zeros((len(positive), self.block), bool)
        for number, pool in enumerate(self.pools):
            found[:, pool] |= positive[:, [number]]
        return found

    def follow(self, cycles: Floats, assay: Assay, random: np.random.Generator) -> tuple[NDArray[np.int64], Bools]:
        """Blocks of known samples tested by this design.

        `cycles` (runs, block): each sample's Ct, infinite for no carrier. Gives the tests of each stage (runs, stages) and who was found
        (runs, block).
        """
        suspects = self.suspects(_tested(cycles, self.pools, assay, random))
        found = suspects & (random.random(cycles.shape) < assay.positive(cycles))
        return np.column_stack([np.full(len(cycles), len(self.pools)), suspects.sum(axis=1)]), found

    def layout(self, samples: int) -> tuple[Members, Members]:
        """Tube and sample (both from 0) of every drop that goes into a tube of the first stage, tube by tube."""
        tubes, whom, first = [], [], 0
        for start in range(0, samples, self.block):
            for pool in self.pools:
                members = pool[pool < samples - start] + start
                if len(members):
                    tubes.append(np.full(len(members), first))
                    whom.append(members)
                    first += 1
        return np.concatenate(tubes), np.concatenate(whom)

    def tubes(self, samples: int) -> int:
        """Tubes of the first stage for so many samples; the last block may be half empty."""
        blocks, rest = divmod(samples, self.block)
        return blocks * len(self.pools) + sum(bool((pool < rest).any()) for pool in self.pools)


@dataclass(frozen=True)
class Individual(Design):
    """Everybody in a tube of their own (单采单检)."""

    name = "individual"
    block = 1
    stages = 1

    @cached_property
    def pools(self) -> tuple[Members, ...]:
        return (np.arange(1),)

    def expected(self, prevalence: float, assay: Assay) -> tuple[float, ...]:
        return (1.0,)

    def sensitivity(self, assay: Assay) -> float:
        return 1.0

    def follow(self, cycles: Floats, assay: Assay, random: np.random.Generator) -> tuple[NDArray[np.int64], Bools]:
        return np.ones((len(cycles), 1), np.int64), random.random(cycles.shape) < assay.positive(cycles)


@dataclass(frozen=True)
class Dorfman(Design):
    """Tubes of `size`; those in a positive one are tested alone (Dorfman 1943; 10 合 1、20 合 1)."""

    size: int
    name = "dorfman"

    @property
    def block(self) -> int:
        return self.size

    @cached_property
    def pools(self) -> tuple[Members, ...]:
        return (np.arange(self.size),)

    def expected(self, prevalence: float, assay: Assay) -> tuple[float, ...]:
        return (1 / self.size, _positive(prevalence * assay.sees(self.size), self.size, assay))

    def sensitivity(self, assay: Assay) -> float:
        return assay.finds(self.size)


@dataclass(frozen=True)
class Household(Dorfman):
    """Tubes of whole households of `people` each, where carriers come together: `attack` is the chance that another member of a carrier's
    household is one too (家庭混采). The same number of carriers lies in fewer tubes."""

    people: int
    attack: float
    name = "household"

    def affected(self, prevalence: float) -> float:
        """Share of households with a carrier; in each, the first and by `attack` each of the others."""
        return min(prevalence * self.people / (1 + (self.people - 1) * self.attack), 1.0)

    def expected(self, prevalence: float, assay: Assay) -> tuple[float, ...]:
        seen = self.affected(prevalence) * assay.sees(self.size)
        return (1 / self.size, _positive(seen, self.size // self.people, assay))


@dataclass(frozen=True)
class Halving(Design):
    """Tubes of `size`; of a positive one both halves, and those in a positive half alone (二分法)."""

    size: int
    name = "halving"
    stages = 3

    @property
    def block(self) -> int:
        return self.size

    @cached_property
    def pools(self) -> tuple[Members, ...]:
        return (np.arange(self.size),)

    @property
    def _half(self) -> int:
        return self.size // 2

    def expected(self, prevalence: float, assay: Assay) -> tuple[float, ...]:
        whole, both = assay.sees(self.size), assay.sees(self.size, self._half)
        again = _positive(prevalence * whole, self.size, assay)
        contaminated = assay.false_positive * (again - (1 - (1 - prevalence * both) ** self._half))
        return (
            1 / self.size,
            2 / self.size * again,
            1 - (1 - prevalence * both) ** self._half + max(contaminated, 0.0),
        )

    def sensitivity(self, assay: Assay) -> float:
        return assay.finds(self.size, self._half)

    def follow(self, cycles: Floats, assay: Assay, random: np.random.Generator) -> tuple[NDArray[np.int64], Bools]:
        whole = _tested(cycles, self.pools, assay, random)
        halves = (np.arange(self._half), np.arange(self._half, self.size))
        half = _tested(cycles, halves, assay, random) & whole
        suspects = half.repeat(self._half, axis=1)
        found = suspects & (random.random(cycles.shape) < assay.positive(cycles))
        return np.column_stack([np.ones(len(cycles), np.int64), 2 * whole[:, 0], suspects.sum(axis=1)]), found


@dataclass(frozen=True)
class Array(Design):
    """A plate of `rows` and `columns`: a tube for each; samples where positive ones cross are tested alone (矩阵法)."""

    rows: int
    columns: int
    name = "array"

    @property
    def block(self) -> int:
        return self.rows * self.columns

    @cached_property
    def pools(self) -> tuple[Members, ...]:
        plate = np.arange(self.block).reshape(self.rows, self.columns)
        return (*plate, *plate.T)

    def suspects(self, positive: Bools) -> Bools:
        crossing = positive[:, : self.rows, None] & positive[:, None, self.rows :]
        return np.asarray(crossing.reshape(len(positive), self.block))

    def expected(self, prevalence: float, assay: Assay) -> tuple[float, ...]:
        seen = [prevalence * assay.sees(size) for size in (self.columns, self.rows)]
        others = _positive(seen[0], self.columns - 1, assay) * _positive(seen[1], self.rows - 1, assay)
        carriers = assay.sees(self.columns, self.rows)
        return (1 / self.rows + 1 / self.columns, prevalence * carriers + (1 - prevalence) * others)

    def sensitivity(self, assay: Assay) -> float:
        return assay.finds(self.columns, self.rows)


@dataclass(frozen=True)
class Combinatorial(Design):
    """Every sample in `layers` tubes by a Reed–Solomon code, as in P-BEST; those with at most `tolerated` negative tubes alone (组合混检).

    A sample is a polynomial of `terms` coefficients over the field of `order` elements; its tube in a layer is the
    polynomial's value at that layer's point (Kautz and Singleton 1964). Two samples share at most `terms` − 1 tubes, so that
    ⌊(layers − 1)/(terms − 1)⌋ carriers cannot hide a healthy sample, whoever they are.
    """

    order: int
    terms: int
    layers: int
    samples: int
    tolerated: int = 0
    name = "combinatorial"

    @property
    def block(self) -> int:
        return self.samples

    @cached_property
    def tube_of(self) -> Members:
        """The tube of each sample in each layer, from 0, shape (samples, layers)."""
        add, times = field(self.order)
        points = np.arange(self.layers)
        value = np.zeros((self.samples, self.layers), np.int64)
        for power in reversed(range(self.terms)):
            coefficient = np.arange(self.samples) // self.order**power % self.order
            value = add[times[value, points], coefficient[:, None]]
        return value + points * self.order

    @cached_property
    def pools(self) -> tuple[Members, ...]:
        return tuple(np.flatnonzero((self.tube_of == tube).any(axis=1)) for tube in range(self.order * self.layers))

    @property
    def pool_size(self) -> int:
        return -(-self.samples // self.order)

    @property
    def certain(self) -> int:
        """Carriers up to which no healthy sample can have all its tubes positive."""
        return (self.layers - 1) // (self.terms - 1)

    def suspects(self, positive: Bools) -> Bools:
        return np.asarray(positive[:, self.tube_of].sum(axis=2) >= self.layers - self.tolerated)

    def expected(self, prevalence: float, assay: Assay) -> tuple[float, ...]:
        """Tubes of healthy samples are taken for independent, which they nearly are: what is reported is simulated."""
        other = _positive(prevalence * assay.sees(self.pool_size), self.pool_size - 1, assay)
        most = self.layers - self.tolerated - 1
        hidden = float(binom.sf(most, self.layers, other))
        carriers = float((assay.shares * binom.sf(most, self.layers, self._seen(assay))).sum())
        return (self.order * self.layers / self.samples, prevalence * carriers + (1 - prevalence) * hidden)

    def sensitivity(self, assay: Assay) -> float:
        alone = assay.shares * assay.detects(assay.cycles)
        found = binom.sf(self.layers - self.tolerated - 1, self.layers, self._seen(assay))
        return float((alone * found).sum() / alone.sum())

    def _seen(self, assay: Assay) -> Floats:
        return assay.detects(assay.cycles + assay.later(self.pool_size))


def _positive(seen: float, size: int, assay: Assay) -> float:
    """Chance that a tube of `size` is positive, each member being a carrier who is seen with this chance."""
    return float(1 - (1 - assay.false_positive) * (1 - seen) ** size)


def _tested(cycles: Floats, pools: tuple[Members, ...], assay: Assay, random: np.random.Generator) -> Bools:
    """Which tubes are positive, shape (runs, tubes)."""
    true = np.column_stack([assay.pooled(cycles[:, pool], len(pool)) for pool in pools])
    return np.asarray(random.random(true.shape) < assay.positive(true))
