"""What each measure may and may not change: queues that drop nobody, doors that let nobody through, strengths that only help."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fangxian.analytics import simulation
from fangxian.analytics.simulation import (
    Arrivals,
    Capacity,
    Closure,
    Disease,
    Fatigue,
    Isolation,
    Masks,
    Measure,
    Plan,
    Rounds,
    Run,
    Tracing,
    Vaccination,
    Variant,
    Zones,
)
from fangxian.analytics.simulation.population import SCHOOL
from fangxian.analytics.simulation.spread import NEVER
from fangxian.text import Text

WILD = simulation.disease("sars-cov-2-wild")
CITY = simulation.synthesise(12_000, seed=3)
BASE: list[Measure] = [simulation.Testing(0.3, 0.002, 0.8, 0.1), Tracing((1, 0.5, 0.5, 0.1), (0, 1, 1, 2))]


def run(*measures: Measure, disease: Disease = WILD, seed: int = 1, seeds: int = 20, days: int = 120) -> Run:
    return simulation.simulate(CITY, disease, measures, days=days, seeds=seeds, seed=seed)


def column(of: Run, name: str) -> Any:
    return of.daily[:, simulation.DAILY.index(name)]


@given(st.integers(5, 80), st.integers(1, 12), st.integers(1, 60), st.integers(0, 1000))
@settings(max_examples=8)
def test_what_exceeds_a_capacity_waits_and_nobody_is_dropped(lab: int, teams: int, beds: int, seed: int) -> None:
    one = run(*BASE, Capacity(lab, teams, beds, hospital_beds=5), seed=seed)
    for waiting, came, most in (("waiting_laboratory", "tests", lab), ("waiting_tracing", "found", teams)):
        before = np.r_[0, column(one, waiting)[:-1]]
        assert (column(one, waiting) == np.maximum(before + column(one, came) - most, 0)).all(), waiting
    in_beds = column(one, "in_isolation") - column(one, "waiting_isolation")
    assert (in_beds >= 0).all() and (in_beds <= beds).all()
    assert ((column(one, "waiting_isolation") == 0) | (in_beds == beds)).all(), "nobody waits beside an empty bed"
    assert (column(one, "in_hospital") <= 5).all()
    assert ((column(one, "overflow") == 0) | (column(one, "in_hospital") == 5)).all()


@pytest.mark.parametrize(("after", "review", "second_after"), [(0, 0, 1), (3, 0, 2), (1, 4, 0)])
def test_contacts_are_reached_as_late_as_the_measure_says(after: int, review: int, second_after: int) -> None:
    home = Tracing((1, 0, 0, 0), (after, 0, 0, 0), review=review, second=(0, 1, 1, 1), second_after=second_after)
    rings = [run(simulation.Testing(0.3), one, days=60) for one in (replace(home, second=(0.0,) * 4), home)]
    found = column(rings[0], "found")
    first = int(np.flatnonzero(found)[0])
    one, two = (column(ring, "quarantined") for ring in rings)
    assert one[: first + review + after].sum() == 0 < one.sum()
    assert (one[: first + review + after + second_after] == two[: first + review + after + second_after]).all()
    assert two.sum() > one.sum()


def test_a_capacity_that_is_never_reached_changes_nothing() -> None:
    free, bounded = run(*BASE), run(*BASE, Capacity(12_000, 12_000, 12_000, 11_999))
    assert (free.daily == bounded.daily).all()


def test_too_few_hospital_beds_cost_lives_and_nothing_else() -> None:
    free, bounded = run(), run(Capacity(hospital_beds=10))
    assert (column(free, "infected") == column(bounded, "infected")).all()
    assert (column(free, "in_hospital") == column(bounded, "in_hospital") + column(bounded, "overflow")).all()
    assert bounded.total("deaths") > free.total("deaths")


def test_rounds_reach_who_attends_in_tubes_of_ten() -> None:
    one = run(Rounds(7, since=14, until=70, attending=0.9, capacity=4_000, delay=1), days=80)
    assert one.total("sampled") == 8 * 10_800, "eight rounds of nine in ten"
    assert (column(one, "sampled") <= 4_000).all() and column(one, "sampled")[:14].sum() == 0
    assert one.total("tubes") >= one.total("sampled") / 10
    resolved = column(one, "tubes") - np.ceil(column(one, "sampled") / 10)
    assert (resolved % 10 == 0).all() and resolved.sum() >= 10 * one.total("found")


def test_daily_rounds_that_miss_nobody_end_an_outbreak() -> None:
    shut = Isolation((0.0,) * 4, (0.0,) * 4)
    one = run(Rounds(1, delay=0, sensitivity=(0.0, 1.0)), shut)
    assert one.total("infected") == 20, "whoever was infected is found before they infect"


def test_nobody_meets_across_the_door_of_a_closed_zone() -> None:
    """With every township closed from the first case on, the epidemic stays where it was found."""
    strict = Zones("township", after=1, days=120, left=(0.0, 0.0, 0.0, 0.0))
    one = run(simulation.Testing(1.0, 1.0, delay=0), Isolation((1.0,) * 4), strict)
    first = int(np.flatnonzero(column(one, "found"))[0])
    assert column(one, "infected")[first + 1 :].sum() == 0 and column(one, "locked")[first + 1] == 12_000


def test_buildings_lock_fewer_than_compounds() -> None:
    small, large = (run(*BASE, Zones(level)) for level in ("building", "compound"))
    assert 0 < small.total("locked") < large.total("locked")
    assert large.total("infected") < run(*BASE).total("infected")


def test_quarantine_that_does_not_leak_keeps_the_city_free() -> None:
    tight = Arrivals(60, 0.05, ago=5, quarantine=60)
    one = run(tight, Isolation(quarantined=(0.0,) * 4), seeds=0)
    assert one.total("infected") == one.total("imported") > 0
    assert one.total("imported") == pytest.approx(60 * 0.05 * 120, abs=5 * np.sqrt(360))
    leaking = run(replace(tight, leak=0.5), Isolation(quarantined=(0.0,) * 4), seeds=0)
    assert leaking.total("infected") > leaking.total("imported")


def test_perfect_masks_leave_the_household() -> None:
    one = run(Masks(1.0, 1.0, 1.0))
    infected = np.flatnonzero(one.infector >= 0)
    household = CITY.places["household"]
    assert len(infected) and (household[infected] == household[one.infector[infected]]).all()


def test_a_vaccine_against_severe_illness_prevents_that_and_not_infection() -> None:
    """Only that whoever is ill for a shorter time infects for a shorter time too."""
    free, covered = run(), run(Vaccination((1.0,) * 10, since=-200, infection=(0.0,), severe=(1.0,)))
    assert covered.total("severe") == covered.total("deaths") == 0 < free.total("deaths")
    assert covered.total("infected") == pytest.approx(free.total("infected"), rel=0.05)
    full = run(Vaccination((1.0,) * 10, since=-200, infection=(1.0,), severe=(1.0,)))
    assert full.total("infected") == 20
    rolled = run(Vaccination((0.5,) * 10, a_day=100, since=5))
    assert column(rolled, "doses")[:5].sum() == 0 and column(rolled, "doses").max() <= 200
    assert rolled.total("infected") < free.total("infected")


def test_compliance_that_never_falls_is_no_fatigue_and_one_that_falls_at_once_is_no_measure() -> None:
    masks = Masks(0.8)
    assert (run(masks).daily == run(masks, Fatigue(10, floor=1.0)).daily).all()
    kept, lost = run(masks).total("infected"), run(masks, Fatigue(0.01)).total("infected")
    assert kept < lost == pytest.approx(run().total("infected"), rel=0.02)


def test_a_closure_that_waits_for_numbers_holds_while_they_are_high() -> None:
    never = run(*BASE, Closure("school", 0, 0, above=99_999))
    assert (never.daily == run(*BASE).daily).all()
    held = run(*BASE, Closure("school", 0.0, 0, above=50, below=20))
    found = np.array([column(held, "found")[max(day - 7, 0) : day].sum() for day in range(120)]) / 0.12
    lost = column(held, "school_days")
    assert (lost[found >= 50] == np.count_nonzero(CITY.degree[SCHOOL])).all() and (lost[found < 20] == 0).all()


def test_immunity_that_wanes_lets_people_fall_ill_again() -> None:
    once = run(days=300)
    assert once.total("reinfected") == 0
    again = run(disease=replace(WILD, immunity=60.0), days=300)
    assert again.total("reinfected") > 1_000
    assert again.total("infected") == np.count_nonzero(again.infected_on != NEVER) + again.total("reinfected")


def test_variants_share_the_city_as_their_cross_immunity_says() -> None:
    same = Variant(Text("甲", "one"), 1.0, 1.0, 0, 20)
    shared = run(disease=replace(WILD, variants=(same,)), days=200)
    apart = run(disease=replace(WILD, variants=(same,), cross=((1.0, 0.0), (0.0, 1.0))), days=200)
    single = run(seeds=40, days=200)
    assert shared.total("reinfected") == 0
    assert shared.total("infected") == pytest.approx(single.total("infected"), rel=0.05)
    assert apart.total("infected") > 1.5 * shared.total("infected") and apart.total("reinfected") > 3_000


def test_an_epidemic_in_season_is_larger_than_one_out_of_season() -> None:
    high, low = (run(disease=replace(WILD, season=0.4, peak=peak)).total("infected") for peak in (40, 222))
    assert high > 1.2 * low
    assert (run(disease=replace(WILD, peak=99)).daily == run().daily).all(), "without amplitude there is no season"


def test_places_with_factors_of_their_own_make_outbreaks_uneven() -> None:
    """As many are infected by the average case, more of them in few classes and teams."""
    even = run(disease=replace(WILD, transmission=0.008), seeds=200, days=40)
    uneven = run(disease=replace(WILD, transmission=0.008, place_dispersion=0.2), seeds=200, days=40)

    def concentrated(one: Run) -> float:
        school = (one.infected_on != NEVER) & (CITY.degree[SCHOOL] > 0)
        counts = np.bincount(CITY.begin[SCHOOL][school])
        return float(np.var(counts[counts > 0]) / np.mean(counts[counts > 0]))

    assert concentrated(uneven) > 1.3 * concentrated(even)


@pytest.mark.parametrize(("weak", "strong"), [
    (Tracing((1, 0.5, 0.5, 0.1)), Tracing((1, 0.5, 0.5, 0.1), second=(1, 0.5, 0.5, 0.1))),
    (Tracing((1, 0.5, 0.5, 0.1), review=5), Tracing((1, 0.5, 0.5, 0.1))),
    (Capacity(investigators=1), Capacity(investigators=40)),
    (Capacity(isolation_beds=0), Capacity(isolation_beds=500)),
    (simulation.Testing(0.3, seeking=0.3), simulation.Testing(0.3, seeking=1.0)),
    (Rounds(14, since=20), Rounds(4, since=20)),
    (Rounds(7, since=20, sensitivity=(0.4,)), Rounds(7, since=20, sensitivity=(0.9,))),
    (Zones("building", cases=5), Zones("compound", cases=1)),
    (Masks(0.2), Masks(0.8)),
    (Vaccination((0.3,) * 10, since=-90), Vaccination((0.8,) * 10, since=-90)),
    (Arrivals(50, 0.1, quarantine=7, leak=0.8), Arrivals(50, 0.1, quarantine=14, leak=0.0)),
])  # fmt: skip
def test_more_of_a_measure_is_never_worse(weak: Measure, strong: Measure) -> None:
    """On the mean of some runs with common random numbers: one run may differ by luck even so."""
    kind = type(weak)
    others: list[Measure] = [one for one in BASE if not isinstance(one, kind)]
    others.append(Isolation((0.05,) * 4, waiting=(0.9,) * 4))
    totals = [
        np.mean([run(*others, one, seed=at, days=90).total("infected") for at in range(4)]) for one in (weak, strong)
    ]
    assert totals[1] < totals[0]


@dataclass(frozen=True)
class AlternateWeeks:
    """Every other week the school is at home: a measure of somebody's own."""

    since: int = 0

    def enter(self, plan: Plan) -> None:
        away = (np.arange(plan.days) // 7 % 2 == 1) & (np.arange(plan.days) >= self.since)
        plan.open[away, SCHOOL] *= 0.0
        plan.closed[away, SCHOOL] = 1.0


def test_a_measure_of_ones_own_is_a_class_with_one_method() -> None:
    one = run(AlternateWeeks(10), days=60)
    lost = column(one, "school_days") > 0
    assert lost.tolist() == [day >= 10 and day // 7 % 2 == 1 for day in range(60)]
    assert (column(one, "infected")[:10] == column(run(days=60), "infected")[:10]).all()


class Festival:
    def enter(self, plan: Plan) -> None:
        plan.open[3:6] = 2.0


@pytest.mark.parametrize(("measures", "said"), [
    ([Festival()], "open of the plan lies between 0 and 1"),
    ([simulation.Testing(1.5)], "Testing.symptomatic: is a number from 0 to 1, not 1.5"),
    ([simulation.Testing(0.1), simulation.Testing(0.2)], "hold on the same days"),
    ([Capacity(laboratory=20_000)], "20000 tests for 12000 people"),
    ([Capacity(investigators=0)], "more than 0 a day"),
    ([Zones("compound", after=3, days=2)], "closes before it is opened"),
    ([Zones("street")], "one of building, compound, township is meant"),
    ([Rounds(0)], "Rounds.every: is a whole number from 1"),
    ([Vaccination((0.5, 0.5))], "one for each of ten decades"),
    ([Fatigue(0)], "half_life is above 0"),
    ([Arrivals(float("inf"), 0.1)], "a finite number"),
])  # fmt: skip
def test_a_measure_that_makes_no_sense_is_refused(measures: list[Measure], said: str) -> None:
    with pytest.raises(simulation.SimulationError) as refused:
        run(*measures)
    assert said in refused.value.en and refused.value.zh


def test_measures_of_a_kind_may_follow_one_another() -> None:
    early, late = simulation.Testing(0.05, until=40), simulation.Testing(0.5, since=40)
    both, weak = run(early, late), run(early)
    assert (both.daily[:40] == weak.daily[:40]).all() and both.total("infected") < weak.total("infected")


def test_whoever_recovered_unknown_to_anybody_is_tested_like_everybody_else() -> None:
    """Tests that find nobody: a share of all people every day, whatever becomes of them."""
    blind = simulation.Testing(0.01, 0.01, 0.01, 0.01, sensitivity=0.0)
    run = simulation.simulate(CITY, WILD, [blind], days=150, seeds=100, seed=1)
    assert run.total("infected") > len(CITY) / 2
    assert run.total("tests") == pytest.approx(0.01 * len(CITY) * 150, rel=0.02)
