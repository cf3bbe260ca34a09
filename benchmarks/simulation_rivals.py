"""Simulation beside Covasim 4, Starsim, epiworld and LASER (Covasim 3: `benchmarks.simulation`): processor seconds of one run of the same
scenario, infections beside every time, an uncontrolled run beside a controlled one, set-up apart.

`python -m benchmarks.simulation_rivals [PEOPLE …] [NAME …]` (default 100000, all of them). Each is installed from PyPI into an environment
of its own (.stamps/<name>) the first time; one that cannot run here is said to. Covasim and Starsim build the hybrid city themselves, with
ages of their own; epiworld gets the pairs of ours, and is compared with a plain epidemic of the same attack rate on the same pairs;
LASER has neither network nor tracing, and we run the full network beside it.
"""

import json
import os
import subprocess
import sys
import time
import venv
from dataclasses import replace
from pathlib import Path

import numpy as np

from fangxian.analytics import simulation
from fangxian.analytics.simulation import Disease, Duration, Population, Run
from fangxian.text import Text

DAYS = 180
MEASURES = (simulation.Testing(0.2, 0.002, 0.8, 0.1), simulation.Tracing((1, 0.5, 0.5, 0.1), (0, 1, 1, 2)))
#: How many times as fast as a rival we are to be with 100,000 people and with more.
TARGETS = {"epiworld": (25, 50), "laser": (0, 1.2)}
PACKAGES = {
    "covasim4": ("covasim==4.0.1",),
    "starsim": ("starsim",),
    "epiworld": ("epiworldpy", "numpy"),
    "laser": ("laser-generic",),
}
#: What every script begins with: people, whether measures are taken, a folder with the network, and how it tells what it found.
_HEAD = """
import json, sys, time
people, measured, network = int(sys.argv[1]), sys.argv[2] == "1", sys.argv[3]
cpu = time.process_time
def tell(infected, setup, run):
    print("TOLD" + json.dumps(dict(infected=int(infected), setup=setup, run=run)))
"""
_COVASIM = """
import covasim as cv
cv.options(verbose=0)
def made(people, days):
    measures = [
        cv.test_prob(symp_prob=.2, asymp_prob=.002, symp_quar_prob=.8, asymp_quar_prob=.1, test_delay=1, start_day=0),
        cv.contact_tracing(trace_probs=dict(h=1., s=.5, w=.5, c=.1), trace_time=dict(h=0, s=1, w=1, c=2), quar_period=14, start_day=0),
    ] if measured else []
    sim = cv.Sim(pop_size=people, pop_type="hybrid", n_days=days, pop_infected=max(1, people // 1000), rescale=False, use_waning=False,
                 interventions=measures, rand_seed=1, verbose=0)
    sim.initialize()
    return sim
made(2000, 10).run()
a = cpu(); sim = made(people, 179); b = cpu(); sim.run()
tell(sim.results["cum_infections"].values[-1], b - a, cpu() - b)
"""
_STARSIM = """
import starsim as ss
ss.options(verbose=0)
class TestTraceIsolate(ss.Intervention):
    def __init__(self):
        super().__init__()
        self.define_pars(p_test=ss.bernoulli(p=.2), p_h=ss.bernoulli(p=1.), p_s=ss.bernoulli(p=.5), p_w=ss.bernoulli(p=.5),
                         p_c=ss.bernoulli(p=.1))
        self.define_states(ss.BoolState("diagnosed"), ss.FloatArr("until", default=-1))
    def step(self):
        ill = self.sim.diseases[0]
        free = (self.until == self.ti).uids
        ill.rel_trans[free] = 1.; ill.rel_sus[free] = 1.
        found = self.pars.p_test.filter((ill.infectious & ~self.diagnosed).uids)
        self.diagnosed[found] = True; ill.rel_trans[found] = .2
        if len(found):
            for name, net in self.sim.networks.items():
                traced = self.pars["p_" + name].filter(ss.uids(net.find_contacts(found)))
                ill.rel_trans[traced] *= .3; ill.rel_sus[traced] *= .3; self.until[traced] = self.ti + 14
def made(people, days):
    ill = ss.SEIR(beta=ss.perday(.016), init_prev=ss.bernoulli(p=.001), dur_exp=ss.lognorm_ex(mean=ss.days(4.5), std=ss.days(1.5)),
                  dur_inf=ss.lognorm_ex(mean=ss.days(8), std=ss.days(2)), p_death=ss.bernoulli(p=0.))
    return ss.Sim(n_agents=people, start="2020-01-01", dur=ss.days(days), dt=ss.days(1), diseases=ill, networks=ss.HybridNet(),
                  interventions=[TestTraceIsolate()] if measured else [], rand_seed=1)
made(2000, 10).run()
a = cpu(); sim = made(people, 180); sim.init(); b = cpu(); sim.run()
tell(sim.results[sim.diseases[0].name]["cum_infections"][-1], b - a, cpu() - b)
"""
_EPIWORLD = """
import numpy as np, epiworldpy.epimodels as ew
a = cpu()
m = ew.ModelSEIR(name="c", prevalence=.001, transmission_rate=.009, incubation_days=4.5, recovery_rate=1 / 8)
pairs = np.load(network)
m.agents_from_edgelist(pairs[0].tolist(), pairs[1].tolist(), people, False)
m.verbose_off()
b = cpu(); m.run(ndays=180, seed=1); c = cpu()
tell(people - m.get_db().get_today_total()["counts"][0], b - a, c - b)
"""
_LASER = """
import numpy as np, geopandas as gpd
from shapely.geometry import box
from laser.core import PropertySet
import laser.core.distributions as dists
from laser.generic import SEIR, Model
def made(people, days):
    ill = max(people // 1000, 1)
    scenario = gpd.GeoDataFrame(dict(nodeid=[0], population=[people], S=[people - ill], E=[0], I=[ill], R=[0]),
                                geometry=[box(0, 0, .1, .1)], crs="EPSG:4326")
    m = Model(scenario, PropertySet(dict(nticks=days, beta=2. / 8, seed=1)))
    latent, lasts = dists.normal(loc=4.5, scale=1.5), dists.normal(loc=8., scale=2.)
    m.components = [SEIR.Susceptible(m), SEIR.Transmission(m, latent), SEIR.Exposed(m, latent, lasts), SEIR.Infectious(m, lasts),
                    SEIR.Recovered(m)]
    return m
made(10000, 5).run()
a = cpu(); m = made(people, 180); b = cpu(); m.run()
tell(people - m.nodes.S[-1].sum(), b - a, cpu() - b)
"""
SCRIPTS = {
    "covasim4": _COVASIM, "starsim": _STARSIM, "epiworld": _EPIWORLD, "laser": _LASER,
}  # fmt: skip


def environment(name: str) -> Path:
    """The Python of an environment with a rival in it."""
    folder = Path(".stamps") / name
    python = folder / "bin" / "python"
    if not (folder / "whole").exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES[name]], check=True)
        (folder / "whole").touch()
    return python


def theirs(name: str, people: int, measured: bool, network: Path) -> dict[str, float]:
    """One run of a rival on one processor: infected, and processor seconds of its set-up and run."""
    done = subprocess.run(
        [environment(name), "-W", "ignore", "-c", _HEAD + SCRIPTS[name], str(people), str(int(measured)), str(network)],
        capture_output=True, text=True, check=True, env=os.environ | {"NUMBA_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.rpartition("TOLD")[2])
    return found


def ours(city: Population, disease: Disease, measured: bool) -> Run:
    """The best of three runs."""
    runs = [
        simulation.simulate(city, disease, MEASURES if measured else (), days=DAYS, seeds=len(city) // 1000, seed=seed)
        for seed in range(1, 4)
    ]
    return min(runs, key=lambda run: run.cpu_seconds)


def pairs(city: Population) -> tuple[np.ndarray, np.ndarray]:
    """Everybody's contacts, each pair once."""
    one, other = [], []
    for layer in range(len(simulation.LAYERS)):
        degree = city.degree[layer].astype(np.int64)
        who = np.repeat(np.arange(len(city)), degree)
        place = np.arange(len(who)) - np.repeat(np.cumsum(degree) - degree, degree)
        met = city.met[city.begin[layer][who] + place + (place >= city.own[layer][who])]
        one.append(who[who < met].astype(np.int32))
        other.append(met[who < met])
    return np.concatenate(one), np.concatenate(other)


def plain(city: Population, infected: float) -> Disease:
    """Exposed 4.5 days, ill 8 days, no difference between people or settings; passed on so that as many are infected."""
    disease = Disease(
        Text("演示", "demonstration"), "", 0.009, symptomatic=(0.0,) * 10,
        durations={"latent": Duration(4.5, 0, "exponential"), "asymptomatic": Duration(8, 0, "exponential")},
    )  # fmt: skip
    low, high = 0.0, 0.2
    for _halving in range(14):
        disease = replace(disease, transmission=(low + high) / 2)
        many = simulation.simulate(city, disease, days=DAYS, seeds=len(city) // 1000, seed=1).total("infected")
        low, high = (disease.transmission, high) if many < infected else (low, disease.transmission)
    return disease


def main(sizes: list[int], names: list[str]) -> None:
    wild = simulation.disease("sars-cov-2-wild")
    simulation.simulate(simulation.build(1000), wild, MEASURES, days=3, seeds=5)  # compiled once
    for people in sizes:
        begun = time.process_time()
        city = simulation.build(people)
        print(
            f"{people:,} people, {city.edges / people:.1f} pairs a person; our set-up {time.process_time() - begun:.2f} s"
        )
        network = Path(".stamps") / f"pairs-{people}.npy"
        Path(".stamps").mkdir(exist_ok=True)
        np.save(network, np.stack(pairs(city)))
        mine = {measured: ours(city, wild, measured) for measured in (False, True)}
        for name in names:
            for measured in (False, True) if name in ("covasim4", "starsim") else (False,):
                try:
                    other = theirs(name, people, measured, network)
                except subprocess.CalledProcessError as fault:
                    print(f"  {name:9} cannot be run here: {(fault.stderr or '').strip().splitlines()[-1:]}")
                    continue
                run = ours(city, plain(city, other["infected"]), False) if name == "epiworld" else mine[measured]
                asked = TARGETS.get(name, (0, 0))[people > 100_000]
                print(
                    f"  {name:9} {'test, trace, isolate' if measured else 'nothing is done':21} {other['run']:7.2f} s,"
                    f" infected {other['infected']:,.0f}, set-up {other['setup']:.2f} s; ours {run.cpu_seconds:.3f} s,"
                    f" infected {run.total('infected'):,}: {other['run'] / run.cpu_seconds:.1f}×"
                    + (f" (asked {asked:g})" if asked else ""),
                    flush=True,
                )


if __name__ == "__main__":
    given = sys.argv[1:]
    main(
        [int(one) for one in given if one.isdigit()] or [100_000],
        [one for one in given if one in PACKAGES] or [*PACKAGES],
    )
