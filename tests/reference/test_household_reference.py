"""Measles in Hagelloch, 1861: in its families and classes the simulated disease does what the real one did."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from fangxian.analytics import simulation
from fangxian.analytics.simulation.spread import NEVER
from tests.support import reference

FILE: Path = reference.DATA / "linelists" / "measles_hagelloch_1861.csv"
pytestmark = pytest.mark.skipif(not FILE.exists(), reason=reference.ABSENT)
#: Children whose rash came within so many days of the family's first were infected with that child, and not by it.
TOGETHER = 4


def pairs(groups: np.ndarray) -> tuple[list[int], list[int]]:
    met = [
        (a, b)
        for a in range(len(groups))
        for b in range(a + 1, len(groups))
        if groups[a] == groups[b] and groups[a] > 0
    ]
    return [a for a, _b in met], [b for _a, b in met]


def attacked(family: np.ndarray, day: np.ndarray) -> tuple[float, float]:
    """Of the siblings of a family's first case, who were not infected with it: how many fell ill, and after how many days."""
    ill, exposed, after = 0, 0, []
    for one in set(family.tolist()):
        days = np.sort(day[family == one])
        if len(days) > 1 and days[0] != NEVER:
            later = days[1:][days[1:] > days[0] + TOGETHER]
            exposed += len(later)
            ill += int((later != NEVER).sum())
            after += (later[later != NEVER] - days[0]).tolist()
    return ill / exposed, float(np.mean(after))


def test_siblings_are_infected_as_they_were() -> None:
    rash = np.array([date.fromisoformat(one).toordinal() for one in reference.text(FILE, "date_of_rash")])
    family = reference.column(FILE, "family_ID").astype(int)
    classes = np.array([{"0": 0, "1": 1, "2": 2}[one] for one in reference.text(FILE, "class")])
    real_share, real_days = attacked(family, rash - rash.min())
    # Whoever died or moved away is not in the list: all children named there were ill.
    village = simulation.of_pairs(
        reference.column(FILE, "age").astype(int), {"home": pairs(family), "school": pairs(classes)}
    )
    measles = simulation.disease("measles")
    runs = [simulation.simulate(village, measles, days=150, seeds=1, seed=seed) for seed in range(30)]
    ours = [attacked(family, run.infected_on) for run in runs if run.total("infected") > 60]
    assert len(ours) > 10
    assert np.mean([share for share, _days in ours]) == pytest.approx(real_share, abs=0.06)
    assert np.mean([days for _share, days in ours]) == pytest.approx(real_days, abs=2.5)
