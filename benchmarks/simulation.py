"""Simulation beside Covasim 3.1.6: the same city, disease and measures; processor seconds of one run, infections beside every time.

`python -m benchmarks.simulation [PEOPLE …]` (default 100000). Covasim is installed from PyPI into an environment of its own
(.stamps/covasim) the first time. It builds its city; the pairs who meet are handed to ours, so that both run on the same network. Ours
is also run on a city of its own, whose building is timed apart.
"""

import json
import subprocess
import sys
import time
import venv
from pathlib import Path
from statistics import mean, stdev

import numpy as np

from fangxian.analytics import simulation
from fangxian.analytics.simulation import Measure, Tracing, scenario

FOLDER = Path(".stamps/covasim")
PACKAGES = ("covasim==3.1.6", "numpy<2", "pandas<2.2")
DAYS = 180
#: What is asked for, of the better of the runs: processor seconds off and with test, trace, isolate; and how many times Covasim.
TARGETS = {100_000: ((0.08, 20), (0.06, 75)), 1_000_000: ((1.0, 22), (0.8, 70))}
MEASURES: tuple[Measure, ...] = (
    simulation.Testing(0.2, 0.002, 0.8, 0.1),
    Tracing((1, 0.5, 0.5, 0.1), (0, 1, 1, 2)),
)
THEIRS = """
import json, sys, time
import covasim as cv, numpy as np
cv.options(verbose=0)
people, seeds, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
told = []
for measured in (False, True):
    for seed in range(1, seeds + 1):
        measures = [
            cv.test_prob(symp_prob=.2, asymp_prob=.002, symp_quar_prob=.8, asymp_quar_prob=.1, test_delay=1),
            cv.contact_tracing(trace_probs=dict(h=1, s=.5, w=.5, c=.1), trace_time=dict(h=0, s=1, w=1, c=2), quar_period=14),
        ] if measured else []
        begun = time.process_time()
        sim = cv.Sim(pop_size=people, pop_type="hybrid", n_days=179, pop_infected=people // 1000, rand_seed=seed, use_waning=False,
                     interventions=measures, verbose=0)
        sim.initialize()
        built = time.process_time()
        if not told:
            met = {k + x: sim.people.contacts[k]["p" + x] for k in "hswc" for x in "12"}
            np.savez(out, age=sim.people.age.astype(int), **met)
        sim.run()
        told.append(dict(measured=measured, infected=int(sim.results["cum_infections"][-1]), deaths=int(sim.results["cum_deaths"][-1]),
                         quarantined=int(sim.results["cum_quarantined"][-1]), setup=built - begun, run=time.process_time() - built))
print("TOLD" + json.dumps(told))
"""


def environment() -> Path:
    """The Python that has Covasim, installed the first time."""
    python = FOLDER / "bin" / "python"
    if not python.exists():
        venv.create(FOLDER, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=True)
    return python


def covasim(people: int, seeds: int, network: Path) -> list[dict[str, float]]:
    """Covasim's runs, and its first city in a file."""
    done = subprocess.run(
        [environment(), "-W", "ignore", "-c", THEIRS, str(people), str(seeds), str(network)],
        capture_output=True,
        text=True,
        check=True,
    )
    told: list[dict[str, float]] = json.loads(done.stdout.rpartition("TOLD")[2])
    return told


def main(sizes: list[int]) -> None:
    disease = simulation.disease("sars-cov-2-wild")
    small = simulation.build(1000)
    simulation.simulate(small, disease, MEASURES, days=3, seeds=5)  # compiled once
    for people in sizes:
        seeds = 3 if people <= 100_000 else 1
        network = FOLDER / f"network-{people}.npz"
        FOLDER.parent.mkdir(exist_ok=True)
        theirs = covasim(people, seeds, network)
        held = np.load(network)
        same = simulation.of_pairs(
            np.minimum(held["age"], 120),
            {layer: (held[k + "1"], held[k + "2"]) for layer, k in zip(simulation.LAYERS, "hswc", strict=True)},
        )
        begun = time.process_time()
        own = simulation.build(people)
        built = time.process_time() - begun
        setup = mean(one["setup"] for one in theirs)
        print(
            f"{people:,} people, {own.edges / people:.1f} pairs a person; set-up {built:.2f} s, Covasim {setup:.2f} s: {setup / built:.0f}×"
        )
        for measured in (False, True):
            measures = MEASURES if measured else ()
            mine = [
                simulation.simulate(same, disease, measures, days=DAYS, seeds=people // 1000, seed=one)
                for one in range(1, 11)
            ]
            on_own = [
                simulation.simulate(own, disease, measures, days=DAYS, seeds=people // 1000, seed=one)
                for one in range(1, 4)
            ]
            others = [one for one in theirs if one["measured"] == measured]
            seconds, best = min(run.cpu_seconds for run in mine), min(one["run"] for one in others)
            infected = [run.total("infected") for run in mine]
            target = TARGETS.get(people, ((0.0, 0.0),) * 2)[measured]
            print(
                f"  {'test, trace, isolate' if measured else 'nothing is done':21}"
                f" {seconds:7.3f} s (asked {target[0]:g}), infected {mean(infected):,.0f} ± {stdev(infected):,.0f};"
                f" Covasim {best:7.2f} s, infected {mean(one['infected'] for one in others):,.0f}:"
                f" {best / seconds:5.0f}× (asked {target[1]:g}); own city {min(run.cpu_seconds for run in on_own):.3f} s"
            )
        threads = {}
        for count in (1, 2):
            begun = time.perf_counter()
            list(
                simulation.simulate_many(
                    own, disease, MEASURES, days=DAYS, seeds=people // 1000, runs=range(8), threads=count
                )
            )
            threads[count] = time.perf_counter() - begun
        print(
            f"  8 runs on two threads {threads[2]:.2f} s, on one {threads[1]:.2f} s: {threads[1] / threads[2]:.2f}× (asked 1.85)"
        )
    asked = scenario.read(Path("examples/scenarios/town-all-measures.yaml"))
    town = asked.build()
    runs = [
        simulation.simulate(town, asked.disease, asked.measures, days=asked.days, seeds=asked.seeds, seed=seed)
        for seed in range(5)
    ]
    print(
        f"every measure at once, {len(town):,} people: {min(run.cpu_seconds for run in runs):.3f} s,"
        f" infected {mean(run.total('infected') for run in runs):,.0f} (again and again counted)"
    )
    begun = time.process_time()
    million = simulation.synthesise(1_000_000)
    print(f"a synthetic city of {len(million):,} with its places: {time.process_time() - begun:.1f} s (asked 10)")


if __name__ == "__main__":
    main([int(one) for one in sys.argv[1:]] or [100_000])
