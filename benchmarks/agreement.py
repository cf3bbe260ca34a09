"""Whether epidemics are distributed as Covasim's, on the same network with the same parameters: two samples, tested against each other.

`python -m benchmarks.agreement [RUNS [PEOPLE]]` (default 200 of its runs with 10000 people, and five times as many of ours), with nothing
done and with test, trace and isolate. Covasim 3.1.6 is installed as for `benchmarks.simulation`; all runs of both are made on the network
of its first city, each with a seed of its own. Prints median and 95 % interval of either, the difference of the means with its 95 %
interval in percent of theirs, and the p-values of the Kolmogorov–Smirnov test and of a permutation test on the means. Covasim's runs are
kept beside its environment, so that a call that was interrupted goes on, and a second one takes the time of ours alone.
"""

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp, permutation_test

from benchmarks.simulation import DAYS, FOLDER, MEASURES, environment
from fangxian.analytics import simulation

#: Column of our days → Covasim's result of the whole run.
TOLD = {
    "infected": "cum_infections", "deaths": "cum_deaths", "tests": "cum_tests", "found": "cum_diagnoses", "quarantined": "cum_quarantined",
}  # fmt: skip
#: We make so many times as many runs, as they cost next to nothing: what chance there is, is theirs.
MORE = 5
#: So many of Covasim's runs are kept at a time, so that an interrupted comparison goes on where it was.
BATCH = 20
THEIRS = """
import json, sys
import covasim as cv, numpy as np, sciris as sc
cv.options(verbose=0)
people, first, last, measured, out, told = *map(int, sys.argv[1:5]), sys.argv[5], json.loads(sys.argv[6])
fixed = dict(pop_size=people, pop_type="hybrid", n_days=179, pop_infected=people // 1000, use_waning=False, verbose=0)
city = cv.Sim(fixed, rand_seed=1)
city.initialize()
np.savez(out, age=city.people.age.astype(int), **{k + x: city.people.contacts[k]["p" + x] for k in "hswc" for x in "12"})
found = {name: [] for name in (*told, "peak_day")}
for seed in range(first, last):
    measures = [
        cv.test_prob(symp_prob=.2, asymp_prob=.002, symp_quar_prob=.8, asymp_quar_prob=.1, test_delay=1),
        cv.contact_tracing(trace_probs=dict(h=1, s=.5, w=.5, c=.1), trace_time=dict(h=0, s=1, w=1, c=2), quar_period=14),
    ] if measured else []
    sim = cv.Sim(fixed, people=sc.dcp(city.people), rand_seed=seed, interventions=measures)
    sim.run()
    for name, key in told.items():
        found[name].append(int(sim.results[key][-1]))
    found["peak_day"].append(int(np.argmax(sim.results["new_infections"].values)))
print("TOLD" + json.dumps(found))
"""


def covasim(people: int, runs: int, measured: bool, network: Path) -> dict[str, list[int]]:
    """Totals of Covasim's runs by name, and its network in a file."""
    found: dict[str, list[int]] = {name: [] for name in (*TOLD, "peak_day")}
    for first in range(1, runs + 1, BATCH):
        last = min(first + BATCH, runs + 1)
        key = hashlib.sha256(f"{people} {first} {last} {measured} {TOLD} {THEIRS}".encode()).hexdigest()[:12]
        kept = FOLDER / f"agreement-{key}.json"
        if not (kept.exists() and network.exists()):
            asked = [str(people), str(first), str(last), str(int(measured)), str(network), json.dumps(TOLD)]
            command = [str(environment()), "-W", "ignore", "-c", THEIRS, *asked]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            kept.write_text(done.stdout.rpartition("TOLD")[2])
        for name, values in json.loads(kept.read_text()).items():
            found[name] += values
    return found


def ours(people: int, runs: int, measured: bool, network: Path) -> dict[str, list[int]]:
    """The same totals of our runs on the same network."""
    held = np.load(network)
    city = simulation.of_pairs(
        np.minimum(held["age"], 120),
        {layer: (held[k + "1"], held[k + "2"]) for layer, k in zip(simulation.LAYERS, "hswc", strict=True)},
    )
    found: dict[str, list[int]] = {name: [] for name in (*TOLD, "peak_day")}
    disease, measures = simulation.disease("sars-cov-2-wild"), MEASURES if measured else ()
    seeds = range(1, runs + 1)
    for run in simulation.simulate_many(city, disease, measures, days=DAYS, seeds=people // 1000, runs=seeds):
        for name in TOLD:
            found[name].append(run.total(name))
        found["peak_day"].append(run.peak_day)
    return found


def line(name: str, mine: NDArray[Any], theirs: NDArray[Any]) -> str:
    """One figure of the two samples."""
    apart = mine.mean() - theirs.mean()
    error = 1.96 * np.sqrt(mine.var(ddof=1) / len(mine) + theirs.var(ddof=1) / len(theirs))
    scale = 100 / max(theirs.mean(), 1e-9)
    chance = permutation_test(
        (mine, theirs), lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis), vectorized=True, n_resamples=9_999, batch=500, rng=1
    ).pvalue  # fmt: skip
    told = "   ".join(
        f"{np.median(of):7,.0f} ({np.quantile(of, 0.025):6,.0f}–{np.quantile(of, 0.975):6,.0f})"
        for of in (mine, theirs)
    )
    return (
        f"  {name:12} {told}   {scale * apart:+5.1f} % ± {scale * error:.1f}"
        f"   KS p {ks_2samp(mine, theirs).pvalue:.3f}   permutation p {chance:.3f}"
    )


def main(runs: int, people: int) -> None:
    print(
        f"{people:,} people, {MORE * runs} runs of ours and {runs} of Covasim: median (95 %), ours and Covasim's; difference of the means"
    )
    for measured in (False, True):
        network = FOLDER / f"agreement-{people}.npz"
        theirs = covasim(people, runs, measured, network)
        mine = ours(people, MORE * runs, measured, network)
        print("test, trace, isolate" if measured else "nothing is done")
        for name in mine:
            if any(mine[name]) or any(theirs[name]):
                print(line(name, np.array(mine[name], float), np.array(theirs[name], float)))


if __name__ == "__main__":
    asked = [int(one) for one in sys.argv[1:]]
    main(*asked, *(200, 10_000)[len(asked) :])
