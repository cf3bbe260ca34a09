"""Laws of deciding: the frontier is really unbeaten, who falls out was really beaten, and an interrupted search is the whole one."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fangxian.analytics import deciding
from fangxian.analytics.deciding import Kept, Progress
from fangxian.analytics.deciding.frontier import frontier, halved, knee, on_frontier, volume
from fangxian.analytics.deciding.question import Setting
from fangxian.analytics.deciding.refining import refine, standing

POINTS = st.integers(1, 40).flatmap(lambda n: arrays(np.float64, (2, n), elements=st.integers(0, 12).map(float)))
TOWN = {
    "name": "A town",
    "scenario": {
        "population": {"people": 1500, "seed": 2}, "disease": "sars-cov-2-wild", "days": 60, "seeds": 8,
        "measures": [
            {"testing": {"symptomatic": "$testing", "since": "$detected"}},
            {"tracing": {"share": dict.fromkeys(("home", "school", "work", "community"), "$tracing"), "since": "$detected"}},
            {"closure": {"layer": "community", "left": "$community", "since": "$detected"}},
        ],
    },
    "choices": {"testing": {"values": [0, 0.2, 0.5]}, "tracing": {"values": [0, 0.5, 1]}, "community": {"values": [1, 0.5]}},
    "runs": {"first": 3, "last": 8}, "detected": 10, "earlier": [3],
}  # fmt: skip


@given(POINTS)
def test_nobody_on_the_frontier_is_beaten_and_everybody_else_is(points: np.ndarray) -> None:
    effect, cost = points
    on = set(frontier(effect, cost).tolist())
    for one, other in product(range(len(effect)), repeat=2):
        better = effect[other] <= effect[one] and cost[other] <= cost[one]
        strictly = better and (effect[other] < effect[one] or cost[other] < cost[one])
        assert not (one in on and strictly)
    for one in set(range(len(effect))) - on:
        assert any(effect[other] <= effect[one] and cost[other] <= cost[one] for other in on)


@given(POINTS)
def test_the_knee_is_on_the_frontier_and_between_its_ends(points: np.ndarray) -> None:
    on = frontier(*points)
    at = knee(points[0][on], points[1][on])
    assert 0 <= at < len(on)
    assert len(on) < 3 or 0 <= at < len(on) - 1, "an end is never below the line between the ends"


@given(st.integers(2, 60), st.integers(3, 10), st.floats(0, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_whoever_none_beats_stays_and_half_may_go(policies: int, runs: int, noise: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    effect, cost = (
        random.normal(size=(policies, 1)) + noise * random.normal(size=(policies, runs)) for _of in range(2)
    )
    stays = halved(effect, cost, np.ones(policies, np.bool_))
    on = frontier(effect.mean(axis=1), cost.mean(axis=1))
    assert set(on.tolist()) <= set(stays.tolist())
    assert len(stays) <= max(policies // 2, len(on))


@given(POINTS)
def test_fronts_lie_behind_one_another(points: np.ndarray) -> None:
    rank, crowd = standing(*points)
    assert set(np.flatnonzero(rank == 0).tolist()) == set(frontier(*points).tolist()) and (crowd >= 0).all()
    for at in range(1, int(rank.max()) + 1):
        rest = np.flatnonzero(rank >= at)
        on = rest[frontier(points[0][rest], points[1][rest])]
        assert set(np.flatnonzero(rank == at).tolist()) == set(on.tolist())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_policies_between_the_values_stay_within_them_and_widen_what_is_found(
    seed: int, question: deciding.Question
) -> None:
    """On a surface whose best lie between the grid: the middle of testing is best of all, tracing costs what it brings."""

    def judge(settings: Sequence[Setting]) -> tuple[np.ndarray, np.ndarray]:
        places = np.array(settings, np.float64)
        return (places[:, 0] - 0.75) ** 2 + 2 - places[:, 1], places[:, 1] ** 2 + places[:, 2] + 0.1

    grid = list(question.policies)
    found = refine(question, grid, judge, 40, seed=seed)
    assert len(found) == len(set(found)) == 40 and not set(found) & set(grid)
    last = [len(one.values) - 1 for one in question.choices]
    assert all(0 <= place <= most for one in found for place, most in zip(one, last, strict=True))
    areas = [volume(*judge(some), (4.0, 6.0)) for some in (grid, grid + found)]
    assert areas[1] > areas[0] * 1.02


def test_between_two_numbers_of_cases_there_is_none(question: deciding.Question) -> None:
    measures = [*TOWN["scenario"]["measures"], {"zones": {"cases": "$zones", "since": "$detected"}}]  # type: ignore[index]
    raw = {**TOWN, "scenario": {**TOWN["scenario"], "measures": measures}}  # type: ignore[dict-item]
    asked = deciding.of({**raw, "choices": {**TOWN["choices"], "zones": {"values": [5, 2, 1]}}})  # type: ignore[dict-item]

    def judge(settings: Sequence[Setting]) -> tuple[np.ndarray, np.ndarray]:
        places = np.array(settings, np.float64)
        return -places.sum(axis=1), places.sum(axis=1)

    found = refine(asked, list(asked.policies), judge, 24)
    assert any(place != int(place) for one in found for place in one[:3])
    assert all(one[3] == int(one[3]) for one in found)
    for one in found[:4]:
        asked.scenario(one)


def test_a_share_of_the_frontier_is_sure_without_noise() -> None:
    effect, cost = (np.repeat(np.array([row]).T, 4, axis=1) for row in ([3.0, 2.0, 2.5], [1.0, 2.0, 3.0]))
    assert on_frontier(effect, cost).tolist() == [1.0, 1.0, 0.0]


@pytest.fixture(scope="module")
def question() -> deciding.Question:
    return deciding.of(TOWN)


@pytest.fixture(scope="module")
def whole(question: deciding.Question) -> tuple[deciding.Answer, list[Kept]]:
    kept: list[Kept] = []
    return deciding.decide(question, on_runs=lambda runs, _at: kept.extend(runs)), kept


def test_halving_comes_to_the_frontier_of_a_full_grid(
    question: deciding.Question, whole: tuple[deciding.Answer, list[Kept]]
) -> None:
    """Nobody whom the full grid puts on the frontier was dropped but for less than 2 % of the area it leaves behind."""
    quick, kept = whole
    full = deciding.decide(question, kept=kept, full=True)
    assert {one.runs for one in full.policies} == {8}
    assert sum(one.runs for one in quick.policies) < 0.8 * sum(one.runs for one in full.policies)
    effect, cost = (np.array([getattr(one, of).value for one in full.policies]) for of in ("effect", "cost"))
    worst = (effect.max(), cost.max())
    mine = np.array(quick.frontier)
    assert volume(effect[mine], cost[mine], worst) >= 0.98 * volume(effect, cost, worst)


def test_a_search_that_was_interrupted_comes_to_the_same(
    question: deciding.Question, whole: tuple[deciding.Answer, list[Kept]]
) -> None:
    class Interrupted(Exception):
        pass

    kept: list[Kept] = []

    def on_runs(runs: object, at: Progress) -> None:
        kept.extend(runs)  # type: ignore[arg-type]
        if at.made >= 64:
            raise Interrupted

    with pytest.raises(Interrupted):
        deciding.decide(question, on_runs=on_runs)
    again: list[Kept] = []
    resumed = deciding.decide(question, kept=kept, threads=1, on_runs=lambda runs, _at: again.extend(runs))
    assert resumed == whole[0]
    assert not {(one.trial, one.seed) for one in kept} & {(one.trial, one.seed) for one in again}


def test_what_the_answer_says_of_a_policy_is_what_its_runs_come_to(
    question: deciding.Question, whole: tuple[deciding.Answer, list[Kept]]
) -> None:
    from fangxian.analytics.simulation import simulate

    answer, _kept = whole
    best = answer.best
    scenario = question.scenario(best.setting)
    city = scenario.build()
    runs = [
        simulate(city, scenario.disease, scenario.measures, days=scenario.days, seeds=scenario.seeds, seed=seed)
        for seed in range(1, best.runs + 1)
    ]
    assert best.effect.value == pytest.approx(np.mean([run.total("infected") for run in runs]))
    fan = next(one for one in answer.fans if one.setting == best.setting)
    assert fan.columns["infected"][2] == pytest.approx(tuple(np.median([run.daily[:, 0] for run in runs], axis=0)))


def test_common_random_numbers_tell_policies_apart_sooner(question: deciding.Question) -> None:
    """The difference of two policies varies less on the same seeds than on seeds of their own."""
    from fangxian.analytics.simulation import simulate

    city = question.scenario(question.least).build()

    def totals(setting: tuple[int, ...], seeds: range) -> np.ndarray:
        one = question.scenario(setting)
        return np.array([
            simulate(city, one.disease, one.measures, days=one.days, seeds=one.seeds, seed=seed).total("infected") for seed in seeds
        ])  # fmt: skip

    weak, strong, apart = totals((1, 0, 0), range(20)), totals((1, 1, 0), range(20)), totals((1, 1, 0), range(100, 120))
    assert np.var(weak - strong) < np.var(weak - apart)
