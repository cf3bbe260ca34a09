"""One run of a policy, place by place and day by day (推演回放): what a fan of many runs cannot show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fangxian.analytics.deciding.answer import Fan
from fangxian.analytics.deciding.question import Question
from fangxian.analytics.simulation import Population, simulate
from fangxian.analytics.simulation.state import NEVER

#: In a larger city compounds are told and not buildings: nobody can look at so many.
MOST_IN_BUILDINGS = 60_000


@dataclass(frozen=True, slots=True)
class Play:
    """A run by `seed`: new infections of each township on each day (townships, days); and of each building (or compound, by `level`)
    in which somebody was infected its number, its township, and the days of its infections in order."""

    setting: tuple[float, ...]
    seed: int
    level: str
    townships: tuple[tuple[int, ...], ...]
    blocks: tuple[tuple[int, int, tuple[int, ...]], ...]


def play(question: Question, city: Population, fan: Fan) -> Play:
    """The run of a policy that came nearest to the mean of all its runs."""
    one = question.scenario(fan.setting)
    run = simulate(city, one.disease, one.measures, days=one.days, seeds=one.seeds, seed=fan.typical)
    who = np.flatnonzero(run.infected_on != NEVER)
    day = run.infected_on[who].astype(np.int64)
    township = city.zone("township").astype(np.int64)
    parts = np.zeros((int(township.max()) + 1, one.days), np.int64)
    np.add.at(parts, (township[who], day), 1)
    level = "building" if len(city) <= MOST_IN_BUILDINGS else "compound"
    block = city.zone(level)[who].astype(np.int64)
    order = np.lexsort((day, block))
    cuts = np.flatnonzero(np.diff(block[order])) + 1
    blocks = tuple(
        (int(block[some[0]]), int(township[who[some[0]]]), tuple(day[some].tolist()))
        for some in np.split(order, cuts)
        if len(some)
    )
    return Play(fan.setting, fan.typical, level, tuple(map(tuple, parts.tolist())), blocks)
