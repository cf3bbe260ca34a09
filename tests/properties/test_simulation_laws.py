"""What theory says of an epidemic holds of a simulated one, whatever the city."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from fangxian.analytics import simulation
from fangxian.analytics.simulation import Closure, Disease, Duration, Isolation, Measure, Tracing
from fangxian.analytics.simulation.spread import NEVER
from fangxian.text import Text

WILD = simulation.disease("sars-cov-2-wild")
NAME = Text("演示", "demonstration")


def plain(p: float, lasts: float, *, latent: float = 1, family: str = "constant") -> Disease:
    """Everybody alike, ill for so many days, infecting each contact with probability p a day."""
    return Disease(
        NAME, "", p, symptomatic=(0.0,) * 10,
        durations={"latent": Duration(latent), "asymptomatic": Duration(lasts, family=family)},
    )  # fmt: skip


CITY = simulation.build(20_000, seed=3)
RANDOM = simulation.build(60_000, seed=4, home=0, school=0, work=0, community=10)


@pytest.mark.parametrize(("p", "lasts"), [(0.03, 6), (0.05, 5), (0.02, 12)])
def test_the_final_size_is_that_of_the_equation(p: float, lasts: int) -> None:
    """On a network of Poisson degree c with independent links, z = 1 − exp(−c T z) (Newman 2002, Phys Rev E 66:016128)."""
    passes = 10 * (1 - (1 - p) ** lasts)
    expected = brentq(lambda z: z - 1 + np.exp(-passes * z), 1e-6, 1 - 1e-12)
    run = simulation.simulate(RANDOM, plain(p, lasts), days=400, seeds=200, seed=1)
    assert run.total("infected") / len(RANDOM) == pytest.approx(expected, abs=0.012)


def test_early_growth_is_that_of_euler_and_lotka() -> None:
    """Latent 2 days, then 4 days of equal infectiousness: 1 = R Σ exp(−r t)/4 over the days 3 to 6 after infection, well mixed."""
    well_mixed = simulation.build(200_000, seed=5, home=0, school=0, work=0, community=60)
    p = 0.006
    run = simulation.simulate(well_mixed, plain(p, 4, latent=3), days=90, seeds=60, seed=2)
    new = run.daily[:, 0].astype(float)
    early = (np.cumsum(new) > 400) & (np.cumsum(new) < 8000)
    growth = np.polyfit(np.flatnonzero(early), np.log(new[early]), 1)[0]
    # Whoever was infected by somebody does not infect them back: one contact of sixty is spent.
    expected = brentq(lambda r: 1 - 60 * p * sum(np.exp(-r * t) for t in (3, 4, 5, 6)), -1, 1)
    assert growth == pytest.approx(expected, rel=0.12)


def test_generations_are_as_far_apart_as_the_disease_says() -> None:
    run = simulation.simulate(RANDOM, plain(0.02, 5, latent=3), days=200, seeds=100, seed=3)
    infected = np.flatnonzero(run.infector >= 0)
    apart = run.infected_on[infected].astype(int) - run.infected_on[run.infector[infected]]
    assert apart.min() == 3 and apart.max() == 7, "from the third day on, for five days"


@given(st.integers(1, 400), st.integers(0, 5), st.integers(1, 60), st.integers(0, 2**32))
@settings(max_examples=40)
def test_everybody_is_infected_once_and_by_a_contact(people: int, seeds: int, days: int, seed: int) -> None:
    city = simulation.build(people, seed=seed % 1000)
    measures: list[Measure] = [simulation.Testing(0.3, 0.01, 0.9, 0.2), Tracing((1, 0.5, 0.5, 0.1), (0, 1, 1, 2))]
    run = simulation.simulate(city, WILD, measures, days=days, seeds=min(seeds, people), seed=seed)
    infected = run.infected_on != NEVER
    assert run.total("infected") == infected.sum()
    assert (run.infector[~infected] == -1).all() and (
        run.infected_on[run.infector == -1][infected[run.infector == -1]] == 0
    ).all()
    for one in np.flatnonzero(run.infector >= 0)[:20]:
        by = int(run.infector[one])
        assert any(one in city.contacts(by, layer) for layer in range(4))
        assert run.infected_on[by] < run.infected_on[one]
    assert run.total("deaths") <= run.total("severe") <= run.total("onsets") <= run.total("infected")
    assert run.total("found") <= run.total("infected")
    assert (run.daily >= 0).all()


@given(st.integers(1, 300), st.integers(0, 1000))
@settings(max_examples=40)
def test_who_meets_whom_is_mutual_and_nobody_meets_themselves(people: int, seed: int) -> None:
    city = simulation.build(people, seed=seed)
    for layer in range(4):
        met = [city.contacts(one, layer).tolist() for one in range(people)]
        for one, others in enumerate(met):
            assert one not in others
            for other in others:
                assert met[other].count(one) == others.count(other)


def test_nothing_crosses_a_cut() -> None:
    half = simulation.build(2_000, seed=6)
    pairs = {}
    for at, layer in enumerate(simulation.LAYERS):
        one = np.concatenate([np.full(half.degree[at, p], p) for p in range(2_000)])
        other = np.concatenate([half.contacts(p, at) for p in range(2_000)])
        first = one < other
        pairs[layer] = (np.r_[one[first], one[first] + 2_000], np.r_[other[first], other[first] + 2_000])
    two = simulation.of_pairs(np.r_[half.age, half.age], pairs)
    run = simulation.simulate(two, plain(0.05, 8), days=150, seeds=1, seed=1)
    seed = int(np.flatnonzero(run.infected_on == 0)[0])
    ill = np.flatnonzero(run.infected_on != NEVER)
    assert len(ill) > 1_000 and {one // 2_000 for one in ill.tolist()} == {seed // 2_000}


@pytest.mark.parametrize("stronger", [
    ([simulation.Testing(0.1)], [simulation.Testing(0.5)]),
    ([simulation.Testing(0.3), Tracing((0.2,) * 4)], [simulation.Testing(0.3), Tracing((0.9,) * 4)]),
    ([simulation.Testing(0.3), Isolation((0.8,) * 4)], [simulation.Testing(0.3), Isolation((0.05,) * 4)]),
    ([Closure("community", 0.7, 0)], [Closure("community", 0.2, 0)]),
    ([], [Closure("school", 0.0, 10), Closure("work", 0.5, 10)]),
])  # fmt: skip
def test_more_of_a_measure_is_never_worse(stronger: tuple[list[Measure], list[Measure]]) -> None:
    """On the mean of some runs with common random numbers: one run may differ by luck even so."""
    weak, strong = (
        np.mean(
            [simulation.simulate(CITY, WILD, one, days=150, seeds=20, seed=seed).total("infected") for seed in range(4)]
        )
        for one in stronger
    )
    assert strong < weak


def test_a_measure_that_begins_later_changes_nothing_before() -> None:
    free = simulation.simulate(CITY, WILD, days=80, seeds=20, seed=9)
    closed = simulation.simulate(CITY, WILD, [Closure("community", 0.1, 40)], days=80, seeds=20, seed=9)
    assert (free.daily[:40, 0] == closed.daily[:40, 0]).all() and closed.total("infected") < free.total("infected")


def test_common_random_numbers_part_two_scenarios_only_where_a_measure_acts() -> None:
    """The difference between two scenarios varies less with common numbers than with numbers of their own."""
    disease = replace(WILD, dispersion=float("inf"))
    mild: list[Measure] = [simulation.Testing(0.1)]

    def totals(measures: list[Measure], seeds: range) -> np.ndarray:
        return np.array(
            [
                simulation.simulate(CITY, disease, measures, days=120, seeds=40, seed=one).total("infected")
                for one in seeds
            ]
        )

    free, held, others = totals([], range(12)), totals(mild, range(12)), totals(mild, range(100, 112))
    assert np.var(free - held) < np.var(free - others)


def test_the_number_of_threads_changes_nothing() -> None:
    many = [
        [
            run.daily.tolist()
            for run in simulation.simulate_many(CITY, WILD, days=60, seeds=20, runs=range(4), threads=threads)
        ]
        for threads in (1, 2)
    ]
    assert many[0] == many[1]


def test_in_the_limit_of_many_contacts_and_short_steps_an_epidemic_follows_the_equations() -> None:
    """Kermack and McKendrick's S' = −βSI, I' = βSI − γI, with 120 contacts a person and an illness of 100 steps: peak and final size."""
    people, p, days = 40_000, 0.00025, 1_500
    city = simulation.build(people, seed=5, home=0, school=0, work=0, community=120)
    ill = Duration(100, family="exponential")
    beta, gamma = 120 * p, 1 / ill.quantiles().mean()
    seen = solve_ivp(
        lambda _t, y: [-beta * y[0] * y[1], beta * y[0] * y[1] - gamma * y[1]], (0, days), [0.99, 0.01], t_eval=range(days), rtol=1e-8
    ).y  # fmt: skip
    run = simulation.simulate(
        city, plain(p, 100, latent=0, family="exponential"), days=days, seeds=people // 100, seed=3
    )
    # A contact can be infected once only: of 120 contacts with a chance of 2.4 % each that takes a hundredth.
    assert run.total("infected") / people == pytest.approx(1 - seen[0, -1], rel=0.015)
    ours = np.convolve(run.daily[1:, 0], np.ones(21) / 21, "same")
    theirs = -np.diff(seen[0]) * people
    assert ours.max() == pytest.approx(theirs.max(), rel=0.07)
    assert int(ours.argmax()) == pytest.approx(int(theirs.argmax()), rel=0.1)


def test_days_half_as_long_give_the_same_epidemic() -> None:
    """Twice as many steps, half the chance in each: the same final size, at twice the step."""
    day = simulation.simulate(RANDOM, plain(0.03, 6, latent=2), days=200, seeds=300, seed=1)
    half = simulation.simulate(RANDOM, plain(1 - np.sqrt(0.97), 12, latent=4), days=400, seeds=300, seed=1)
    assert half.total("infected") == pytest.approx(day.total("infected"), rel=0.02)
    assert half.peak_day / 2 == pytest.approx(day.peak_day, rel=0.12)


@pytest.mark.parametrize("name", [name for name in simulation.names() if simulation.disease(name).r0 is not None])
def test_a_case_infects_as_many_as_the_disease_says(name: str) -> None:
    found = simulation.disease(name)
    assert simulation.basic_reproduction(CITY, found, cases=3_000) == pytest.approx(found.r0, rel=0.12)
    assert {one.grade for one in found.sources.values()} <= set("ABCG") and all(
        one.source for one in found.sources.values()
    )


def test_the_first_cases_of_a_run_infect_as_many_as_was_integrated() -> None:
    """Measles, whose second cases come too late to take contacts from the first ones."""
    measles = simulation.disease("measles")
    runs = [simulation.simulate(CITY, measles, days=40, seeds=20, seed=seed) for seed in range(10)]
    first = [
        np.isin(run.infector, np.flatnonzero((run.infector < 0) & (run.infected_on == 0))).sum() / 20 for run in runs
    ]
    assert np.mean(first) == pytest.approx(simulation.basic_reproduction(CITY, measles), rel=0.1)
