"""How many one case infects in a city where nobody is immune and nobody else infects (R0), by integrating and not by running."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.simulation.disease import DECADES, DURATIONS, Disease
from fangxian.analytics.simulation.errors import SimulationError
from fangxian.analytics.simulation.population import LAYERS, Population

Floats = NDArray[np.float64]


def basic_reproduction(population: Population, disease: Disease, *, cases: int = 4_000, seed: int = 1) -> float:
    """Mean over cases drawn from the people, each with a course of their own, of the chance of infecting each of those they meet.

    Everybody is as likely to be the first case. The season stands at its mean, and places have no factors of their own.
    """
    return _drawn(population, disease, cases, seed).infect(disease.transmission)


def fitted(population: Population, disease: Disease, r0: float, *, cases: int = 4_000, seed: int = 1) -> Disease:
    """The same disease with the transmission that gives a case this R0 in the city.

    Raises SimulationError for an R0 that nobody reaches, since people meet only so many.
    """
    first = _drawn(population, disease, cases, seed)
    most = first.infect(1.0)
    if not 0 <= r0 < most:
        raise SimulationError(
            f"r0 应小于 {most:.3g}：这样的病程里，一个病例接触不到更多人。",
            f"r0 is below {most:.3g}: with this course nobody meets more people.",
        )
    from scipy.optimize import brentq  # what every simulation would wait for

    transmission = float(brentq(lambda one: first.infect(one) - r0, 0.0, 1.0, rtol=1e-6)) if r0 else 0.0
    return replace(disease, transmission=transmission, r0=r0)


@dataclass(frozen=True, eq=False)
class _FirstCases:
    """`met` (cases, layers, decades): how many of each age they meet; `factor` (cases,): their own infectiousness over the mean of
    their days, of which `high` are as many times as infectious as `early` says, and `low` are not; `weights` (layers, decades)."""

    met: Floats
    factor: Floats
    early: float
    high: Floats
    low: Floats
    weights: Floats

    def infect(self, transmission: float) -> float:
        rate = np.minimum(transmission * self.factor[:, None, None] * self.weights, 0.999999)
        spared = (
            np.maximum(1 - rate * self.early, 1e-6) ** self.high[:, None, None] * (1 - rate) ** self.low[:, None, None]
        )
        return float((self.met * (1 - spared)).sum() / len(self.met))


def _drawn(population: Population, disease: Disease, cases: int, seed: int) -> _FirstCases:
    random = np.random.default_rng(seed)
    who = random.integers(0, len(population), cases)
    decade = np.minimum(population.age // 10, DECADES - 1)
    lasts = _infectious(disease, decade[who], random)
    load = np.minimum(disease.cap, disease.share * lasts)
    high = np.minimum(np.ceil(load), lasts)
    factor = random.choice(disease.course.spreads, cases)
    factor /= 1 + np.divide(load, lasts, out=np.zeros(cases), where=lasts > 0) * (disease.early - 1)
    met = np.array([
        [np.bincount(decade[population.contacts(person, layer)], minlength=DECADES) for layer in range(len(LAYERS))]
        for person in who.tolist()
    ], np.float64)  # fmt: skip
    weights = np.outer(disease.layers, disease.susceptible)
    return _FirstCases(met, factor, disease.early, high, lasts - high, weights)


def _infectious(disease: Disease, decade: NDArray[np.uint8], random: np.random.Generator) -> Floats:
    """(cases,) days from the beginning of infectiousness to the end of illness."""
    _susceptible, symptomatic, severe, critical, dies = disease.chances()
    days = disease.course.days
    drawn = {name: random.choice(days[at], len(decade)).astype(np.float64) for at, name in enumerate(DURATIONS)}
    ill, bad, worst, dead = (
        random.random(len(decade)) < chance[decade] for chance in (symptomatic, severe, critical, dies)
    )
    after = np.where(dead, drawn["death"], drawn["critical"])
    after = drawn["to_severe"] + np.where(worst, drawn["to_critical"] + after, drawn["severe"])
    return np.where(ill, drawn["onset"] + np.where(bad, after, drawn["mild"]), np.maximum(drawn["asymptomatic"], 1))
