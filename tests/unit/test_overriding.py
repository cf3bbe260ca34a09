"""A scenario with a disease of its own: what may be replaced, what follows from it, and what is refused by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fangxian.analytics import simulation
from fangxian.analytics.simulation import Duration, SimulationError, overriding, scenario

MEASLES = simulation.disease("measles")


def changed(**overrides: Any) -> simulation.Disease:
    return overriding.of({"name": "measles", "overrides": overrides})


def test_nothing_is_changed_where_nothing_is_said() -> None:
    assert overriding.of("measles") is overriding.of({"name": "measles"}) is changed() is MEASLES


def test_r0_is_what_a_case_infects_in_the_default_city() -> None:
    mild = changed(r0=4, durations={"mild": {"mean": 6, "sd": 1}})
    assert mild.r0 == 4 and mild.durations["mild"] == Duration(6, 1, "lognormal")
    city = simulation.build(10_000, seed=5)
    assert simulation.basic_reproduction(city, mild) == pytest.approx(4, rel=0.03)
    assert changed(r0=0).transmission == 0


def test_a_case_infects_more_the_more_is_asked_for() -> None:
    found = [changed(r0=r0).transmission for r0 in (1, 2, 5, 10, 20)]
    assert found == sorted(set(found)) and found[2] > 5 * found[0], "contacts are shared ever more"


def test_what_is_given_in_part_leaves_the_rest() -> None:
    found = changed(layers={"school": 3}, load={"early": 2, "share": 0.3, "cap": 4}, durations={"latent": 10})
    assert found.layers == (3.0, 3.0, 0.6, 0.4) and (found.early, found.share, found.cap) == (2, 0.3, 4)
    assert found.durations == {**MEASLES.durations, "latent": Duration(10)}
    assert found.r0 is None, "it is not what the transmission was fitted to any more"
    assert found.transmission == MEASLES.transmission and found.sources["layers"].grade == "G"


def test_severity_multiplies_up_to_all_who_fall_ill() -> None:
    twice, extreme = changed(severity=2), changed(severity=100, symptomatic=0.5)
    assert np.allclose(twice.dies, 2 * np.array(MEASLES.dies)) and np.allclose(
        twice.severe, 2 * np.array(MEASLES.severe)
    )
    assert extreme.severe == (0.5,) * 10 and max(extreme.dies) <= 0.5


def test_a_variant_comes_later_and_meets_the_immune() -> None:
    found = changed(
        variants=[{"name": "second", "transmission": 1.5, "day": 5, "seeds": 7}], cross=[[1, 0.4], [0.8, 1]]
    )
    assert found.introduced(3).tolist() == [[0, 0, 3], [5, 1, 7]] and found.cross == ((1, 0.4), (0.8, 1))


@pytest.mark.parametrize(("overrides", "said"), [
    ({"r0": 500}, "overrides.r0: is a number from 0 to 100, not 500"),
    ({"r0": 60}, "overrides: r0 is below"),
    ({"r0": 3, "transmission": 0.1}, "overrides.r0: is given instead of transmission"),
    ({"beta": 1}, "overrides.beta: there is no such field; there are r0, transmission"),
    ({"durations": {"sleep": 8}}, "overrides.durations.sleep: there is no such field; there are latent"),
    ({"durations": {"latent": {"sd": 1}}}, "overrides.durations.latent.mean: this is needed"),
    ({"durations": {"latent": {"mean": -1}}}, "overrides.durations.latent.mean: is a number from 0 to 3650, not -1"),
    ({"durations": {"latent": {"mean": 8, "family": "weibull"}}}, "latent.family: one of constant, lognormal"),
    ({"symptomatic": 1.2}, "overrides.symptomatic[1]: is a number from 0 to 1, not 1.2"),
    ({"dies": [0.1] * 9}, "overrides.dies: is one number, or one for each of ten decades"),
    ({"dies": 0.9}, "overrides: dies is a share of all infected, and at no age above critical"),
    ({"layers": {"pub": 2}}, "overrides.layers.pub: there is no such field; there are home"),
    ({"dispersion": 0}, "overrides.dispersion: is a number of at least 0.01, not 0"),
    ({"variants": [{"name": "second"}], "cross": [[1]]}, "overrides: cross is a table of 2 by 2"),
    ({"cross": [[1, 2], [1, 1]]}, "overrides.cross[1][2]: is a number from 0 to 1, not 2"),
    ({"variants": "second"}, "overrides.variants: is a list"),
    ({"immunity": float("nan")}, "overrides.immunity: is a number of at least 1"),
    ([1], "overrides: is to have “name: value”"),
])  # fmt: skip
def test_what_cannot_be_is_named(overrides: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(SimulationError) as refused:
        scenario.of({"population": {"people": 100}, "disease": {"name": "measles", "overrides": overrides}})
    assert refused.value.en.startswith("disease.") and said in refused.value.en and refused.value.zh


@pytest.mark.parametrize(("raw", "said"), [
    ({"overrides": {"r0": 2}}, "disease.name: name the disease, of sars-cov-2-wild"),
    ({"name": "plague"}, "There is no disease plague"),
    ({"name": "measles", "override": {}}, "disease.override: there is no such field"),
    (None, "disease: name the disease"),
    (["measles"], "disease: name the disease"),
])  # fmt: skip
def test_a_disease_has_a_name(raw: Any, said: str) -> None:
    with pytest.raises(SimulationError) as refused:
        overriding.of(raw)
    assert said in refused.value.en


def test_the_example_is_another_disease_with_another_digest() -> None:
    told = {"population": {"people": 100}, "disease": "measles"}
    other = told | {"disease": {"name": "measles", "overrides": {"r0": 12}}}
    assert scenario.of(told).digest != scenario.of(other).digest
    assert scenario.of(other).disease.transmission < scenario.of(told).disease.transmission
