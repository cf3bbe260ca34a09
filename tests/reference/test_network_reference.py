"""On the same edges an epidemic is distributed as in EoN, in time and in size, and as by Gillespie's method; steps half as long, too."""

import csv
from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from fangxian.analytics import simulation
from fangxian.analytics.simulation import Disease, Duration
from fangxian.text import Text
from tests.support.edges import CHANCE, GAMMA, PEOPLE, SEEDS, TAU, edges

TABLE = Path(__file__).with_name("eon.csv")
PAIRS = edges()
#: All is over by then.
LAST = 80
CITY = simulation.of_pairs(np.full(PEOPLE, 30), {"community": (PAIRS[:, 0], PAIRS[:, 1])})


def theirs(model: str) -> dict[int, tuple[float, float, int]]:
    """Day → mean, standard deviation and number of runs of how many were ever infected."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == model]
    return {int(row["day"]): (float(row["mean"]), float(row["sd"]), int(row["runs"])) for row in rows}


def ours(disease: Disease, days: list[int], steps: int, runs: int) -> NDArray[np.float64]:
    """(runs, days) how many were ever infected by each day of so many steps."""
    found = simulation.simulate_many(CITY, disease, days=LAST * steps, seeds=SEEDS, runs=range(1, runs + 1))
    at = np.minimum(np.array(days), LAST - 1) * steps
    return np.array([np.cumsum(run.daily[:, 0])[at] for run in found], np.float64)


def gillespie(seed: int) -> Iterator[float]:
    """Instants of infection of the SIR model, each passing on and recovery an event of its own (Gillespie 1977, J Phys Chem 81:2340)."""
    random = np.random.default_rng(seed)
    neighbours: list[list[int]] = [[] for _one in range(PEOPLE)]
    for one, other in PAIRS.tolist():
        neighbours[one].append(other)
        neighbours[other].append(one)
    infected: set[int] = set()
    due = [(0.0, one) for one in random.choice(PEOPLE, SEEDS, replace=False).tolist()]
    while due:
        now, one = heappop(due)
        if one in infected:
            continue
        infected.add(one)
        yield now
        ill = random.exponential(1 / GAMMA)
        for other, after in zip(
            neighbours[one], random.exponential(1 / TAU, len(neighbours[one])).tolist(), strict=True
        ):
            if after < ill and other not in infected:
                heappush(due, (now + after, other))


def alike(found: NDArray[np.float64], model: str, bias: float = 0.0) -> None:
    """Means of all days as in the table, but for chance and `bias` (relative); so the spread of the final size, which has no long tail."""
    for place, (day, (mean, sd, runs)) in enumerate(theirs(model).items()):
        mine = found[:, place]
        error = np.hypot(mine.std(ddof=1) / np.sqrt(len(mine)), sd / np.sqrt(runs))
        assert abs(mine.mean() - mean) < 4 * error + bias * mean, (
            f"{day}: {mine.mean():.1f} and {mean:.1f} ± {error:.1f}"
        )
    assert mine.std(ddof=1) == pytest.approx(sd, rel=4 / np.sqrt(2 * len(mine)))


def plain(p: float, lasts: Duration) -> Disease:
    name, durations = Text("演示", "demonstration"), {"latent": Duration(1), "asymptomatic": lasts}
    return Disease(name, "", p, symptomatic=(0.0,) * 10, durations=durations)


def test_generations_are_those_of_reed_and_frost() -> None:
    """Everybody infects on the day after their infection, and on no other: the same process, so no more than chance lies between."""
    found = ours(plain(CHANCE, Duration(1)), list(theirs("reed-frost")), 1, 400)
    alike(found, "reed-frost")


@pytest.mark.parametrize("steps", [8, 16])
def test_short_steps_follow_continuous_time(steps: int) -> None:
    """With the chance of a step that passes the infection on as often before recovery; who was infected in a step infects from the next."""
    lasts = Duration(steps / GAMMA, family="exponential")
    stays, passes = np.exp(-GAMMA / steps), TAU / (TAU + GAMMA)
    found = ours(plain(passes * (1 - stays) / (stays * (1 - passes)), lasts), list(theirs("sir")), steps, 200)
    alike(found, "sir", bias=0.6 / steps)


def test_the_table_is_what_gillespie_gives() -> None:
    days = list(theirs("sir"))
    alike(np.array([np.searchsorted(list(gillespie(seed)), days, side="right") for seed in range(100)], float), "sir")
