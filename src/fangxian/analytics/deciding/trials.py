"""Runs of policies under common random numbers: the same seeds for all, each run made once and kept as it comes.

What was kept of an earlier, interrupted search is given back in and not run again; so a resumed search is the uninterrupted one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.deciding.figures import Figures
from fangxian.analytics.deciding.question import Question, Setting
from fangxian.analytics.simulation import DAILY, Population, Run, simulate
from fangxian.analytics.simulation.scenario import Scenario

Floats = NDArray[np.float64]
#: Runs handed to the threads at once: so many are lost at most when a search is interrupted.
BATCH = 64
#: Columns whose days are told of the policies that are shown.
DRAWN = ("infected", "found", "in_hospital", "in_quarantine")


class Trial(NamedTuple):
    """What is tried: a policy (or, by its key, one of the sets of measures to be compared), noticed so much earlier, under a harsher
    disease."""

    setting: Setting
    earlier: int = 0
    harsher: float = 1.0
    variant: str = ""

    @property
    def key(self) -> str:
        """The same as text: what its runs are kept under."""
        return (
            self.variant
            or f"{'.'.join(f'{one:g}'.replace('.', ',') for one in self.setting)}|{self.earlier}|{self.harsher:g}"
        )


class Kept(NamedTuple):
    """A run that was made: of which trial, by which seed, and its figures."""

    trial: str
    seed: int
    figures: Sequence[float]


@dataclass
class Trials:
    """All runs of a question in one city. `on_runs` is told of each batch as it is done, and may raise to interrupt."""

    question: Question
    population: Population
    figures: Figures
    on_runs: Callable[[Sequence[Kept]], None]
    threads: int = 2
    made: int = 0
    kept: dict[tuple[str, int], Sequence[float]] = field(default_factory=dict)

    def take(self, kept: Iterable[Kept]) -> None:
        """Runs of an earlier search for the same question."""
        self.kept |= {(one.trial, one.seed): one.figures for one in kept if len(one.figures) == len(self.figures.names)}

    def of(self, trials: Sequence[Trial], runs: int) -> Floats:
        """(trials, runs, figures): of each trial so many runs, by the seeds 1, 2, … alike."""
        keys = [one.key for one in trials]
        missing = [
            (trial, key, seed)
            for trial, key in zip(trials, keys, strict=True)
            for seed in range(1, runs + 1)
            if (key, seed) not in self.kept
        ]
        missing = list({(key, seed): (trial, key, seed) for trial, key, seed in missing}.values())
        scenarios: dict[str, Scenario] = {}
        with ThreadPoolExecutor(self.threads) as pool:
            for begin in range(0, len(missing), BATCH):
                batch = missing[begin : begin + BATCH]
                for trial, key, _seed in batch:
                    if key not in scenarios:
                        scenarios[key] = self._scenario(trial)
                done = list(pool.map(lambda one: self._run(scenarios[one[1]], one[1], one[2]), batch))
                self.kept |= {(one.trial, one.seed): one.figures for one in done}
                self.made += len(done)
                self.on_runs(done)
        return np.array([[self.kept[key, seed] for seed in range(1, runs + 1)] for key in keys], np.float64).reshape(
            len(trials), runs, len(self.figures.names)
        )

    def days(self, setting: Setting, runs: int) -> Mapping[str, Floats]:
        """Quantiles (5 at 2.5, 25, 50, 75, 97.5 %; days) of the columns that are drawn, over the runs of one policy."""
        scenario = self.question.scenario(setting)
        with ThreadPoolExecutor(self.threads) as pool:
            daily = np.array(list(pool.map(lambda seed: self._simulated(scenario, seed).daily, range(1, runs + 1))))
        return {
            name: np.quantile(daily[:, :, DAILY.index(name)], (0.025, 0.25, 0.5, 0.75, 0.975), axis=0) for name in DRAWN
        }

    def _scenario(self, trial: Trial) -> Scenario:
        if trial.variant:
            return self.question.variant(trial.variant)
        return self.question.scenario(trial.setting, earlier=trial.earlier, harsher=trial.harsher)

    def _run(self, scenario: Scenario, key: str, seed: int) -> Kept:
        return Kept(key, seed, self.figures.told(self._simulated(scenario, seed), scenario.measures))

    def _simulated(self, scenario: Scenario, seed: int) -> Run:
        return simulate(
            self.population, scenario.disease, scenario.measures, days=scenario.days, seeds=scenario.seeds, seed=seed
        )
