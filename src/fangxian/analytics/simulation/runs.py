"""Many runs of one scenario, a run a thread: the same numbers whatever the number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from time import thread_time
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.simulation import calendar, state
from fangxian.analytics.simulation import spread as kernel
from fangxian.analytics.simulation.disease import Disease
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.illness import rollout
from fangxian.analytics.simulation.plan import Measure, Plan
from fangxian.analytics.simulation.population import LAYERS, STRETCH, Population
from fangxian.text import Text

Counts = NDArray[np.int64]
#: A day is part of the key of a random number.
LONGEST = 10_000


@dataclass(frozen=True, eq=False)
class Run:
    """One run: `daily` (days, columns) with the columns of `DAILY`; per person by whom (−1: a seed, or nobody) and on which day infected
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


class Outcome(NamedTuple):
    """What is kept of a run of one of some scenarios, by its place among them: of so many people, `daily` as in `Run`, and processor
    seconds of the run and of building its city."""

    scenario: int
    seed: int
    people: int
    daily: Counts
    cpu_seconds: float
    setup_cpu_seconds: float


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
    plan = Plan.of(measures, days, len(population))
    load()
    begun = thread_time()
    city, zones = _city(population, plan)
    orders = plan.orders(disease.seasons(days))
    daily = np.zeros((days, len(kernel.DAILY)), np.int64)
    held = state.new(len(population), days, zones, _vaccinated(population, city.decade, plan, seed, daily))
    calendars = tuple(calendar.empty(days, len(population) // part) for part in (8, 64, 16))
    kernel.spread(city, disease.course, orders, disease.introduced(seeds), held, calendars, np.uint64(seed), daily)
    return Run(seed, daily, held.infector, held.infected_on, thread_time() - begun)


@cache
def load() -> None:
    """Have the kernel ready: compiled, or read from where it is kept. It belongs to no run's time."""
    nobody = Population(np.zeros(1, np.uint8), np.zeros(0, np.int32), np.zeros((1, len(LAYERS)), STRETCH))
    plan, disease = Plan(1), Disease(Text("", ""), "", 0.0)
    held = state.new(1, 1, 0, np.empty(0, np.int16))
    calendars = tuple(calendar.empty(1, 1) for _of in range(3))
    kernel.spread(
        _city(nobody, plan)[0], disease.course, plan.orders(disease.seasons(1)), disease.introduced(0), held, calendars,
        np.uint64(0), np.zeros((1, len(kernel.DAILY)), np.int64),
    )  # fmt: skip


def _city(population: Population, plan: Plan) -> tuple[kernel.City, int]:
    """The population as the kernel reads it, and how many zones it has."""
    zone = population.zone(plan.zones.level) if plan.zones else np.empty(0, np.int32)
    sizes = np.bincount(zone).astype(np.int64) if len(zone) else np.empty(0, np.int64)
    return kernel.City(
        population.decade, population.met, population.stretch, population.most, zone, sizes, population.away
    ), len(sizes)


def _vaccinated(
    population: Population, decade: NDArray[np.uint8], plan: Plan, seed: int, daily: Counts
) -> NDArray[np.int16]:
    """(N,) the day of everybody's first dose, entered in the days; empty without vaccination."""
    given = plan.vaccination
    if given is None:
        return np.empty(0, np.int16)
    dosed = np.full(len(population), state.NEVER, np.int16)
    rollout(decade, np.asarray(given.coverage, np.float64), float(given.a_day), given.since, np.uint64(seed), dosed)
    for dose in range(given.doses):
        on = dosed[dosed != state.NEVER].astype(np.int64) + dose * given.interval
        daily[:, state.DOSES] += np.bincount(on[(on >= 0) & (on < len(daily))], minlength=len(daily))
    return dosed


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
