"""Simulation (仿真推演): what an epidemic does to a city, and what measures change of it.

from fangxian.analytics import simulation
city = simulation.build(100_000)
free = simulation.simulate(city, simulation.disease("sars-cov-2-wild"), seeds=100)
traced = simulation.simulate(city, simulation.disease("sars-cov-2-wild"), [simulation.Testing(0.2), simulation.Tracing((1, .5, .5, .1))])
free.total("infected"), traced.total("infected")
"""

from fangxian.analytics.simulation.disease import Disease, Duration, disease
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.measures import Closure, Isolation, Measure, Testing, Tracing
from fangxian.analytics.simulation.population import LAYERS, Population, build, of_pairs
from fangxian.analytics.simulation.runs import Run, simulate, simulate_many
from fangxian.analytics.simulation.spread import DAILY

__all__ = [
    "DAILY", "LAYERS", "Closure", "Disease", "Duration", "Isolation", "Measure", "Population", "Run", "SimulationError", "Testing",
    "Tracing", "build", "disease", "of_pairs", "simulate", "simulate_many",
]  # fmt: skip
