"""What a run costs: quantities from the days of the run, prices from the table, bearers and ages."""

import numpy as np
import pytest

from fangxian.analytics import simulation
from fangxian.analytics.simulation import Closure, Measure, SimulationError, Tracing, accounting
from fangxian.analytics.simulation.accounting import Books
from fangxian.analytics.simulation.spread import NEVER

CITY = simulation.build(2000, seed=1)
WILD = simulation.disease("sars-cov-2-wild")
MEASURES: list[Measure] = [
    simulation.Testing(0.3),
    Tracing((1, 0.5, 0.5, 0.1)),
    Closure("school", 0.5, 10, 30),
    Closure("school", 0.5, 20, 40),
]


@pytest.fixture(scope="module")
def run() -> simulation.Run:
    return simulation.simulate(CITY, WILD, MEASURES, days=90, seeds=20, seed=3)


def test_quantities_are_those_of_the_run(run: simulation.Run) -> None:
    found = Books(CITY, WILD).of(run, MEASURES)
    assert found.quantities["tests"] == run.total("tests")
    assert found.quantities["quarantine_days"] == run.total("in_quarantine")
    pupils = int(np.count_nonzero(CITY.degree[1]))
    # Half of the contacts for 10 days, a quarter left for 10, half again for 10.
    assert found.quantities["school_days"] == pytest.approx(pupils * (10 * 0.5 + 10 * 0.75 + 10 * 0.5), abs=15), (
        "whole pupils a day"
    )
    assert found.quantities["work_days"] == 0


def test_who_bears_it_adds_up_and_deaths_are_counted_not_priced(run: simulation.Run) -> None:
    found = Books(CITY, WILD).of(run, MEASURES)
    assert sum(found.by_bearer.values()) == pytest.approx(found.total) and found.total > 0
    assert "deaths" in found.quantities and "deaths" not in found.costs and "life_years" not in found.costs
    assert found.infected_by_decade.sum() == (run.infected_on != NEVER).sum()
    assert found.deaths_by_decade.sum() == pytest.approx(run.total("deaths"))
    assert found.life_years_by_decade.sum() == pytest.approx(found.quantities["life_years"])


def test_a_price_of_ones_own_takes_the_place_of_the_table(run: simulation.Run) -> None:
    own = accounting.shipped().with_({"tests": 40, "deaths": 1_000_000, "work_days": None})
    found = Books(CITY, WILD, own).of(run, MEASURES)
    assert found.costs["tests"] == 40 * run.total("tests")
    assert found.costs["deaths"] == 1_000_000 * run.total("deaths")
    assert "work_days" not in found.costs and own.items["tests"].grade == "own"
    assert accounting.shipped().items["tests"].price == 16, "the table itself stays"


@pytest.mark.parametrize(("wrong", "said"), [
    ({"masks": 1}, "has no masks"), ({"tests": -1}, "at least 0, not -1"), ({"tests": "dear"}, "at least 0, not dear"),
])  # fmt: skip
def test_a_wrong_price_is_refused_with_words(wrong: dict[str, float], said: str) -> None:
    with pytest.raises(SimulationError) as refused:
        accounting.shipped().with_(wrong)
    assert said in refused.value.en and refused.value.zh


def test_every_price_has_its_source_and_grade() -> None:
    for one in accounting.shipped().items.values():
        assert one.source and one.grade in ("A", "B", "C", "G"), one.key
        assert one.bears in accounting.shipped().bearers


def test_what_a_run_does_not_tell_is_absent_and_not_zero(run: simulation.Run) -> None:
    books = Books(CITY, WILD)
    plain = books.of(run, [Closure("community", 0.5, 0, 10), simulation.Masks(0.5, since=80)])
    assert plain.quantities["restricted_days"] == pytest.approx(2000 * 10 * 0.5)
    assert plain.quantities["mask_days"] == pytest.approx(2000 * 10 * 0.5)
    assert "restricted_days" not in books.of(run, [Closure("community", 0.5, 0, above=10)]).quantities
