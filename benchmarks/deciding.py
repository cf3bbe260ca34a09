"""Deciding beside plain ways to decide: common random numbers beside seeds of one's own, and falling out by rounds beside a full grid.

`python -m benchmarks.deciding [PEOPLE] [POLICIES] [RUNS]` (default 20000, 150, 20). The rival is what a planner does without us: the
full grid, each policy by its own seeds. Printed: how much less the difference of two policies varies (asked: at least 2 times), the
processor's seconds and runs of both ways, and how much of the area under the full grid's frontier the short way found. Then grids of
more and more values beside policies bred between four (NSGA-II): the area of what each recommends, on 2 RUNS seeds that none has seen.
"""

import sys
import time
from dataclasses import replace
from math import ceil

import numpy as np

from fangxian.analytics import deciding, simulation
from fangxian.analytics.deciding.figures import Figures
from fangxian.analytics.deciding.frontier import volume
from fangxian.analytics.deciding.question import Setting

LAYERS = ("home", "school", "work", "community")


def question(people: int, policies: int, runs: int) -> deciding.Question:
    """Testing, tracing, schools and gatherings, so many policies of them at least."""
    steps = max(2, ceil(policies ** (1 / 4)))

    def values(low: float, high: float) -> dict[str, object]:
        return {"values": np.round(np.linspace(low, high, steps), 4).tolist()}

    return deciding.of({
        "name": "benchmark",
        "scenario": {
            "population": {"people": people}, "disease": "sars-cov-2-wild", "days": 180, "seeds": max(10, people // 1000),
            "measures": [
                {"testing": {"symptomatic": "$testing", "symptomatic_quarantined": 0.8, "quarantined": 0.1}},
                {"tracing": {"share": dict.fromkeys(LAYERS, "$tracing"), "after": dict(zip(LAYERS, (0, 1, 1, 2), strict=True))}},
                {"closure": {"layer": "school", "left": "$school", "since": 14}},
                {"closure": {"layer": "community", "left": "$community", "since": 14}},
            ],
        },
        "choices": {
            "testing": values(0.05, 0.5), "tracing": values(0, 1), "school": values(1, 0), "community": values(1, 0.3),
        },
        "runs": {"first": min(3, runs), "last": runs}, "harsher": 1,
    })  # fmt: skip


def common(asked: deciding.Question, runs: int = 40) -> list[tuple[str, float]]:
    """By pair of policies next to each other: how many times less their difference varies on the same seeds."""
    city = asked.scenario(asked.least).build()

    def totals(setting: Setting, first: int) -> np.ndarray:
        one = asked.scenario(setting)
        seeds = range(first, first + runs)
        found = simulation.simulate_many(city, one.disease, one.measures, days=one.days, seeds=one.seeds, runs=seeds)
        return np.array([run.total("infected") for run in found])

    middle = tuple(len(one.values) // 2 for one in asked.choices)
    base, told = totals(middle, 1), []
    for at, choice in enumerate(asked.choices):
        other = tuple(place - 1 if here == at else place for here, place in enumerate(middle))
        paired, apart = np.var(base - totals(other, 1)), np.var(base - totals(other, 10_001))
        told.append((choice.key, float(apart / paired)))
    return told


def between(people: int, runs: int) -> list[tuple[str, int, float]]:
    """By way of searching: its runs, and the area of its frontier as a share of the largest, by seeds that no way has seen."""
    found = []
    for name, steps, refined in (("4 values", 4, 0), ("4 values, and 64 between", 4, 64), ("5 values", 5, 0)):
        asked = replace(question(people, steps**4, runs), refined=refined)
        city = asked.scenario(asked.least).build()
        answer = deciding.decide(asked, population=city)
        figures = Figures.of(asked, city)
        effect, cost = [], []
        for place in answer.frontier:
            one = asked.scenario(answer.policies[place].setting)
            seeds = range(100_001, 100_001 + 2 * runs)
            told = simulation.simulate_many(city, one.disease, one.measures, days=one.days, seeds=one.seeds, runs=seeds)
            mean = np.mean([figures.told(run, one.measures) for run in told], axis=0)
            effect.append(mean[figures.names.index(asked.effect)])
            cost.append(mean[figures.names.index(asked.cost)])
        found.append((name, sum(one.runs for one in answer.policies), np.array(effect), np.array(cost)))
    worst = (max(float(one[2].max()) for one in found), max(float(one[3].max()) for one in found))
    areas = [volume(one[2], one[3], worst) for one in found]
    return [(one[0], one[1], area / max(areas)) for one, area in zip(found, areas, strict=True)]


def main(people: int, policies: int, runs: int) -> None:
    """Print both comparisons."""
    asked = question(people, policies, runs)
    deciding.decide(question(1000, 16, 2))  # compiled once
    for name, ratio in common(asked):
        print(f"{name:10} difference of two neighbours varies {ratio:5.1f}× less on common seeds (asked 2×)")
    told = {}
    for full in (False, True):
        begun = time.process_time(), time.perf_counter()
        answer = deciding.decide(asked, full=full)
        chosen = sum(one.runs for one in answer.policies)
        told[full] = answer, time.process_time() - begun[0], chosen
        name = "full grid" if full else "by rounds"
        rounds = " → ".join(f"{one.policies}×{one.runs}" for one in answer.rounds)
        print(
            f"{name}: {len(answer.policies)} policies, {people:,} people, {rounds}: {chosen:,} runs to choose, {told[full][1]:.0f} s of"
            f" processor, {time.perf_counter() - begun[1]:.0f} s; {len(answer.frontier)} on the frontier"
        )
    (quick, fast, few), (whole, slow, all_) = told[False], told[True]
    effect, cost = (np.array([getattr(one, of).value for one in whole.policies]) for of in ("effect", "cost"))
    worst, mine = (float(effect.max()), float(cost.max())), np.array(quick.frontier)
    share = volume(effect[mine], cost[mine], worst) / volume(effect, cost, worst)
    print(
        f"{all_ / few:.1f}× fewer runs, {slow / fast:.1f}× less time; {100 * share:.2f} % of the area of the full grid's frontier;"
        f" {len(set(whole.frontier) & set(quick.frontier))} of its {len(whole.frontier)} policies found"
    )
    for name, made, area in between(people, runs):
        print(f"{name:26} {made:6,} runs, {100 * area:6.2f} % of the largest area")


if __name__ == "__main__":
    main(*(int(one) for one in (*sys.argv[1:], *("20000", "150", "20")[len(sys.argv) - 1 :])))
