"""Choosing a design: the fewest tubes, or the fewest hours, among those that find enough of the carriers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.pooling.assay import Assay, Floats
from fangxian.analytics.pooling.designs import Array, Combinatorial, Design, Dorfman, Halving, Household, Individual
from fangxian.analytics.pooling.errors import PoolingError
from fangxian.analytics.pooling.fields import ORDERS

Aim = Literal["tubes", "hours"]
METHODS = ("individual", "dorfman", "halving", "household", "array", "combinatorial")
#: Blocks are simulated until so many samples have been, at least and at most so many blocks.
_SAMPLES, _FEWEST, _MOST = 400_000, 300, 20_000
#: Samples are shown in no more tubes than so many: a robot that pipettes each of them oftener is not in any laboratory.
_LAYERS = 8


@dataclass(frozen=True)
class Estimate:
    """An expected figure and the range in which it lies 95 times of 100."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True)
class Laboratory:
    """What there is to test with: `turnaround` hours that one run takes; `capacity`, tests per hour (None: as many as come)."""

    turnaround: float = 6.0
    capacity: float | None = None

    def hours(self, tests: Floats) -> Floats:
        """Hours until the last result, of tests by stage along the last axis: each stage waits for the one before."""
        queue = tests.sum(axis=-1) / self.capacity if self.capacity else 0.0
        return np.asarray((tests > 0).sum(axis=-1) * self.turnaround + queue)


@dataclass(frozen=True)
class Forecast:
    """What a design takes for so many samples: tubes of the first stage, tests in all, hours; and what it finds.

    `sensitivity` is relative to single tests, for a carrier alone in their pools; `missed` are the carriers among the
    samples that single tests would have found. `by_stage` are the tests expected in each stage.
    """

    design: Design
    pools: int
    tests: Estimate
    by_stage: tuple[float, ...]
    hours: Estimate
    sensitivity: float
    missed: float
    samples: int

    @property
    def tests_per_sample(self) -> float:
        return self.tests.expected / self.samples


@dataclass(frozen=True)
class Choice:
    """The design to take, and the best of each other method that finds enough, best first; `refused` find too few, best first."""

    chosen: Forecast
    others: tuple[Forecast, ...]
    refused: tuple[Forecast, ...]


def choose(
    samples: int, prevalence: float, *, sensitivity: float = 0.95, largest: int = 32, assay: Assay | None = None,
    laboratory: Laboratory | None = None, aim: Aim = "tubes", household: tuple[int, float] | None = None, seed: int = 1,
) -> Choice:  # fmt: skip
    """The design that takes the fewest `aim` among those that find `sensitivity` of the carriers that single tests would find.

    `prevalence`: share of carriers. `largest`: most samples in a tube. `household`: people in one and the chance that another of them is a
    carrier if one is, for tubes of whole households. Aliquot designs that put a sample into several tubes are only for assays that dilute:
    swabs go into one tube. Raises PoolingError for what cannot be.
    """
    _check(samples, prevalence, sensitivity, largest, household)
    assay, laboratory = assay or Assay(), laboratory or Laboratory()
    enough: list[Forecast] = []
    few: list[Forecast] = []
    for method in METHODS:
        candidates = list(_candidates(method, samples, prevalence, largest, assay, household))
        fit = [design for design in candidates if design.sensitivity(assay) >= sensitivity]
        for found, kept in ((fit, enough), ([] if fit else candidates, few)):
            if found:
                best = min(found, key=lambda design: _cost(design, samples, prevalence, assay, laboratory, aim))
                kept.append(forecast(best, samples, prevalence, assay=assay, laboratory=laboratory, seed=seed))
    order = (
        (lambda f: (f.tests.expected, f.hours.expected))
        if aim == "tubes"
        else (lambda f: (f.hours.expected, f.tests.expected))
    )
    enough.sort(key=order)
    few.sort(key=order)
    return Choice(enough[0], tuple(enough[1:]), tuple(few))


def forecast(
    design: Design, samples: int, prevalence: float, *, assay: Assay | None = None, laboratory: Laboratory | None = None, seed: int = 1,
) -> Forecast:  # fmt: skip
    """What a design takes, by simulated blocks; see `Forecast`. The same seed gives the same figures."""
    assay, laboratory = assay or Assay(), laboratory or Laboratory()
    random = np.random.default_rng(seed)
    runs = min(max(_SAMPLES // design.block, _FEWEST), _MOST)
    used, found, carriers = _simulated(design, prevalence, assay, runs, random)
    blocks, tubes = samples / design.block, design.tubes(samples)
    draws = _totals(used, blocks, random)
    draws[:, 0] = tubes
    mean = used.mean(axis=0) * blocks
    if design.name != "combinatorial":
        mean = np.array(design.expected(prevalence, assay)) * samples
    mean[0] = tubes
    hours = laboratory.hours(draws)
    return Forecast(
        design, tubes, _estimate(draws.sum(axis=1), float(mean.sum())), tuple(mean.tolist()), _estimate(hours),
        design.sensitivity(assay), samples * prevalence * max(assay.sees(1) - found / max(carriers, 1), 0.0), samples,
    )  # fmt: skip


def _candidates(
    method: str, samples: int, prevalence: float, largest: int, assay: Assay, household: tuple[int, float] | None
) -> Iterator[Design]:
    sizes = range(2, min(largest, samples) + 1)
    several = assay.dilution > 0
    match method:
        case "individual":
            yield Individual()
        case "dorfman":
            yield from (Dorfman(size) for size in sizes)
        case "halving":
            yield from (Halving(size) for size in sizes if size % 2 == 0 and size >= 4 and several)
        case "household" if household is not None:
            people, attack = household
            yield from (Household(size, people, attack) for size in sizes if size % people == 0)
        case "array" if several:
            yield from (Array(rows, columns) for columns in sizes for rows in range(max(2, columns - 4), columns + 1)
                        if rows * columns <= samples)  # fmt: skip
        case "combinatorial" if several:
            yield from _codes(samples, largest)


def _codes(samples: int, largest: int) -> Iterator[Combinatorial]:
    """Reed–Solomon layouts with full tubes: fewer terms are better, so more are taken only where fewer do not reach."""
    for order in ORDERS:
        for terms in (2, 3):
            block = min(order**terms, order * largest, samples)
            if block <= order * (order if terms == 3 else 1) or block < 2 * order:
                continue
            for layers in range(terms + 1, min(order, _LAYERS) + 1):
                yield from (Combinatorial(order, terms, layers, block, lost) for lost in range(2))


def _cost(
    design: Design, samples: int, prevalence: float, assay: Assay, laboratory: Laboratory, aim: Aim
) -> tuple[float, float]:
    by_stage = np.array(design.expected(prevalence, assay)) * samples
    tests, hours = float(by_stage.sum()), float(laboratory.hours(by_stage))
    return (tests, hours) if aim == "tubes" else (hours, tests)


def _simulated(
    design: Design, prevalence: float, assay: Assay, runs: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], int, int]:
    """Tests by stage of simulated blocks (runs, stages); how many carriers were found, and how many there were."""
    if isinstance(design, Household):
        homes = design.size // design.people
        hit = random.random((runs, homes, 1)) < design.affected(prevalence)
        others = random.random((runs, homes, design.people)) < design.attack
        others[:, :, 0] = True
        carrier = (hit & others).reshape(runs, design.block)
    else:
        carrier = random.random((runs, design.block)) < prevalence
    drawn = random.choice(assay.cycles, size=carrier.shape, p=assay.shares)
    used, found = design.follow(np.where(carrier, drawn, np.inf), assay, random)
    return used, int((found & carrier).sum()), int(carrier.sum())


def _totals(used: NDArray[np.int64], blocks: float, random: np.random.Generator, draws: int = 2000) -> Floats:
    """Tests by stage of all blocks, drawn anew from those simulated: sums of few blocks as they are, of many by the central limit."""
    whole = math.ceil(blocks)
    if whole <= 50:
        drawn = used[random.integers(0, len(used), (draws, whole))].sum(axis=1)
        return np.asarray(drawn * (blocks / whole))
    spread = np.atleast_2d(np.cov(used.T)) * blocks
    return np.maximum(random.multivariate_normal(used.mean(axis=0) * blocks, spread, draws, method="svd"), 0.0)


def _estimate(drawn: Floats, expected: float | None = None) -> Estimate:
    low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
    middle = float(drawn.mean()) if expected is None else expected
    return Estimate(middle, min(low, middle), max(high, middle))


def _check(
    samples: int, prevalence: float, sensitivity: float, largest: int, household: tuple[int, float] | None
) -> None:
    if samples < 1:
        raise PoolingError("样本数至少为 1。", "There is at least 1 sample.")
    if not 0 <= prevalence <= 1:
        raise PoolingError("感染率应在 0 与 1 之间，如 0.01。", "Prevalence is between 0 and 1, such as 0.01.")
    if not 0 < sensitivity <= 1:
        raise PoolingError("灵敏度应在 0 与 1 之间，如 0.95。", "Sensitivity is above 0 and at most 1, such as 0.95.")
    if largest < 1:
        raise PoolingError("每管最多人数至少为 1。", "A tube holds at least 1 sample.")
    if household and not (household[0] >= 2 and 0 <= household[1] <= 1):
        raise PoolingError(
            "每户至少 2 人，户内续发率在 0 与 1 之间。",
            "A household has at least 2 people, and its attack rate is between 0 and 1.",
        )
