"""How many one case infects in a city where nobody is immune and nobody else infects (R0), by integrating and not by running."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.simulation.disease import DURATIONS, Disease
from fangxian.analytics.simulation.population import LAYERS, Population

Floats = NDArray[np.float64]


def basic_reproduction(population: Population, disease: Disease, *, cases: int = 4_000, seed: int = 1) -> float:
    """Mean over cases drawn from the people, each with a course of their own, of the chance of infecting each of those they meet.

    Everybody is as likely to be the first case. The season stands at its mean, and places have no factors of their own.
    """
    random = np.random.default_rng(seed)
    who = random.integers(0, len(population), cases)
    decade = np.minimum(population.age // 10, 9)
    susceptible = np.asarray(disease.susceptible)
    course = disease.course
    lasts = _infectious(disease, decade[who], random)
    high = np.minimum(disease.cap, disease.share * lasts)
    early = np.minimum(np.ceil(high), lasts)
    factor = random.choice(course.spreads, cases) * disease.transmission
    factor /= 1 + np.divide(high, lasts, out=np.zeros(cases), where=lasts > 0) * (disease.early - 1)
    infected = 0.0
    for place, person in enumerate(who.tolist()):
        for layer, weight in enumerate(disease.layers[: len(LAYERS)]):
            met = population.contacts(person, layer)
            rate = np.minimum(factor[place] * weight * susceptible[decade[met]], 0.999999)
            spared = np.maximum(1 - rate * disease.early, 1e-6) ** early[place] * (1 - rate) ** (
                lasts[place] - early[place]
            )
            infected += float(len(met) - spared.sum())
    return infected / cases


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
