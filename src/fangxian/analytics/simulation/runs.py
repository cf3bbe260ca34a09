"""Many runs of one scenario, a run a thread: the same numbers whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import thread_time

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.simulation import spread as kernel
from fangxian.analytics.simulation.disease import Disease
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.measures import Measure, Plan
from fangxian.analytics.simulation.population import Population

Counts = NDArray[np.int64]
#: A day is part of the key of a random number.
LONGEST = 10_000


@dataclass(frozen=True, eq=False)
class Run:
    """One run: `daily` (days, 9) with the columns of `DAILY`; per person by whom (−1: a seed, or nobody) and on which day infected
    (`spread.NEVER`: not at all); and the processor's time in seconds."""

    seed: int
    daily: Counts
    infector: NDArray[np.int32]
    infected_on: NDArray[np.int16]
    cpu_seconds: float

    def total(self, column: str) -> int:
        """The sum of a column over the days."""
        return int(self.daily[:, kernel.DAILY.index(column)].sum())

    @property
    def peak_day(self) -> int:
        """The day with most infections."""
        return int(self.daily[:, 0].argmax())


def simulate(
    population: Population,
    disease: Disease,
    measures: Sequence[Measure] = (),
    *,
    days: int = 180,
    seeds: int = 100,
    seed: int = 1,
) -> Run:
    """One run of so many days that begins with `seeds` people infected. Two scenarios with the same seed differ only where a measure acts.

    Raises SimulationError for what makes no sense.
    """
    if not 1 <= days <= LONGEST:
        raise SimulationError(f"天数应为 1 至 {LONGEST}。", f"A run has from 1 to {LONGEST} days.")
    if not 0 <= seeds <= len(population):
        raise SimulationError(
            f"初始感染 {seeds} 人，人口只有 {len(population)} 人。",
            f"{seeds} people are to be infected at first, and the city has {len(population)}.",
        )
    plan = Plan.of(measures, days)
    daily = np.zeros((days, len(kernel.DAILY)), np.int64)
    infector = np.full(len(population), -1, np.int32)
    infected_on = np.full(len(population), kernel.NEVER, np.int16)
    decade = np.minimum(population.age // 10, 9).astype(np.uint8)
    load = np.array([disease.early, disease.share, disease.cap], np.float64)
    begun = thread_time()
    kernel.spread(
        decade, population.met, population.begin, population.degree, population.own, float(disease.transmission),
        np.asarray(disease.layers, np.float64), disease.chances(), disease.times(), disease.spreads(),
        max(float(max(disease.susceptible)), 1e-12), load, plan.tests, plan.traces, plan.less, plan.open, seeds, np.uint64(seed), daily,
        infector, infected_on,
    )  # fmt: skip
    return Run(seed, daily, infector, infected_on, thread_time() - begun)


def simulate_many(
    population: Population, disease: Disease, measures: Sequence[Measure] = (), *, days: int = 180, seeds: int = 100,
    runs: Iterable[int] = range(1, 11), threads: int = 2, on_progress: Callable[[Run], None] = lambda _run: None,
) -> Iterator[Run]:  # fmt: skip
    """A run for each seed of `runs`, in their order."""
    with ThreadPoolExecutor(threads) as pool:
        for run in pool.map(
            lambda seed: simulate(population, disease, measures, days=days, seeds=seeds, seed=seed), runs
        ):
            on_progress(run)
            yield run
