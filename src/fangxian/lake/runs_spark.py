"""Simulation on Spark: a task for some of the runs of some scenarios, each computing what one machine would."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from fangxian.analytics.simulation import Population, simulate
from fangxian.analytics.simulation.runs import Outcome, load
from fangxian.analytics.simulation.scenario import Scenario
from fangxian.lake.spark import told

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.core.broadcast import Broadcast

#: Runs of a processor before what was found comes back: enough to keep it busy, few enough to lose little.
_AT_ONCE = 4


def simulated(
    spark: SparkContext, scenarios: Sequence[Scenario], wanted: Sequence[tuple[int, int]]
) -> Iterator[Outcome]:
    """A run for each place among the scenarios and seed that is wanted, in their order, as they become known.

    A city that a scenario has in a file must be seen by all machines under the same name. Raises AnalysisError where a task fails.
    """
    shared = spark.broadcast(list(scenarios))
    many = _AT_ONCE * spark.defaultParallelism
    try:
        for first in range(0, len(wanted), many):
            batch = wanted[first : first + many]
            work = spark.parallelize(batch, min(len(batch), spark.defaultParallelism))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what pyspark says to developers of the pandas that is installed
                yield from told(work.mapPartitions(partial(_runs, shared)).collect)
    finally:
        shared.unpersist()


# ── what runs on other machines ────────────────────────────────────────────────────────────────────────────────────────


#: The city of the latest run on this machine, by what the scenario says of it, and how long building it took.
_CITY: dict[tuple[Any, ...], tuple[Population, float]] = {}


def _runs(shared: Broadcast[list[Scenario]], work: Iterable[tuple[int, int]]) -> Iterator[Outcome]:
    for place, seed in work:
        asked = shared.value[place]
        city, setup = _built(asked)
        run = simulate(city, asked.disease, asked.measures, days=asked.days, seeds=asked.seeds, seed=seed)
        yield Outcome(place, seed, len(city), run.daily, run.cpu_seconds, setup)


def _built(asked: Scenario) -> tuple[Population, float]:
    described = tuple(sorted(asked.population.items()))
    if described not in _CITY:
        _CITY.clear()
        begun = time.process_time()
        load()
        city = asked.build()
        _CITY[described] = city, time.process_time() - begun
    return _CITY[described]
