"""What common random numbers are worth: `.venv/bin/python -m benchmarks.paired [people] [runs]`.

Two arms on the same seeds, and on seeds of their own: how many times less their difference in infections varies. Arms that are alike stay
together; what stops an epidemic leaves little of it to be common. Target: 2 for a measure beside others.
"""

from __future__ import annotations

import sys

import numpy as np

from fangxian.analytics import simulation
from fangxian.analytics.simulation import Closure, Testing, Tracing

TARGET = 2.0


def _tracing(strength: float) -> Tracing:
    return Tracing(share=tuple(strength * one for one in (1.0, 0.5, 0.5, 0.1)), after=(0, 1, 1, 2), days=14)


def main(people: int = 10_000, runs: int = 200) -> None:
    tests = Testing(symptomatic=0.2, routine=0.002, symptomatic_quarantined=0.8, quarantined=0.1, delay=1)
    everything = (tests, _tracing(1.0))
    arms = {
        "nothing": (), "tests": (tests,), "tests, tracing": everything, "tracing 10 % weaker": (tests, _tracing(0.9)),
        "tracing half as strong": (tests, _tracing(0.5)), "schools closed besides": (*everything, Closure("school", 0, 20)),
    }  # fmt: skip
    city, covid = simulation.build(people), simulation.disease("sars-cov-2-wild")
    totals = {
        name: [
            np.array([
                run.total("infected")
                for run in simulation.simulate_many(city, covid, measures, days=180, seeds=people // 1000, runs=seeds)
            ])
            for seeds in (range(1, runs + 1), range(10_001, 10_001 + runs))
        ]
        for name, measures in arms.items()
    }  # fmt: skip
    print(
        f"{runs} runs of {people:,} people; how many times less the difference varies on common draws (target {TARGET:g})"
    )
    for one, other in (
        ("tests, tracing", "schools closed besides"), ("tests, tracing", "tracing 10 % weaker"),
        ("tests, tracing", "tracing half as strong"), ("nothing", "tests"), ("nothing", "tests, tracing"),
    ):  # fmt: skip
        paired, apart = (np.var(totals[one][0] - again) for again in totals[other])
        alike = np.corrcoef(totals[one][0], totals[other][0])[0, 1]
        print(f"{one:<16} against {other:<24} {apart / paired:6.1f} ×   correlation {alike:.2f}", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
