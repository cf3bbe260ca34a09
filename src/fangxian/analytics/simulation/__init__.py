"""Simulation (仿真推演): what an epidemic does to a city, and what measures change of it.

from fangxian.analytics import simulation
city = simulation.build(100_000)
free = simulation.simulate(city, simulation.disease("sars-cov-2-wild"), seeds=100)
traced = simulation.simulate(city, simulation.disease("sars-cov-2-wild"), [simulation.Testing(0.2), simulation.Tracing((1, .5, .5, .1))])
free.total("infected"), traced.total("infected")
"""

from fangxian.analytics.simulation.disease import Disease, Duration, Variant, disease, names
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.index_case import basic_reproduction
from fangxian.analytics.simulation.measures import (
    Arrivals,
    Capacity,
    Closure,
    Fatigue,
    Isolation,
    Masks,
    Rounds,
    Testing,
    Tracing,
    Vaccination,
    Zones,
)  # fmt: skip
from fangxian.analytics.simulation.plan import Measure, Plan
from fangxian.analytics.simulation.population import LAYERS, Population, build, of_pairs
from fangxian.analytics.simulation.runs import Run, simulate, simulate_many
from fangxian.analytics.simulation.spread import DAILY
from fangxian.analytics.simulation.synthesis import synthesise

__all__ = [
    "DAILY", "LAYERS", "Arrivals", "Capacity", "Closure", "Disease", "Duration", "Fatigue", "Isolation", "Masks", "Measure",
    "Plan", "Population", "Rounds", "Run", "SimulationError", "Testing", "Tracing", "Vaccination", "Variant", "Zones",
    "basic_reproduction", "build", "disease", "names", "of_pairs", "simulate", "simulate_many", "synthesise",
]  # fmt: skip
