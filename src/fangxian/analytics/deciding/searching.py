"""From a question to its answer: rounds of runs that leave fewer and fewer policies, then what the frontier has to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.deciding.answer import Answer, Compared, Fan, Policy, Round, estimate
from fangxian.analytics.deciding.errors import DecidingError
from fangxian.analytics.deciding.figures import Figures, name_of
from fangxian.analytics.deciding.frontier import frontier, halved, knee, on_frontier
from fangxian.analytics.deciding.question import Question, Setting
from fangxian.analytics.deciding.refining import FORBIDDEN, refine
from fangxian.analytics.deciding.sensitivity import detection, marginals, regret
from fangxian.analytics.deciding.trials import Kept, Trial, Trials
from fangxian.analytics.simulation import Population

Floats = NDArray[np.float64]
#: What a search is at.
CITY, GRID, BETWEEN, AROUND, DRAWN = "city", "grid", "between", "around", "drawn"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a search is: runs made of those that it will take at most, what it is at, and policies still in the running."""

    made: int
    most: int
    at: str
    policies: int


def decide(
    question: Question, *, threads: int = 2, kept: Iterable[Kept] = (), full: bool = False,
    on_runs: Callable[[Sequence[Kept], Progress], None] = lambda _runs, _progress: None, population: Population | None = None,
) -> Answer:  # fmt: skip
    """The answer to a question. `on_runs` is given each batch of runs to be kept, and may raise to interrupt; given back as `kept`,
    no run is made twice. `full` makes all runs of all policies. Raises DecidingError where no policy keeps the limits.
    """
    city = population or question.scenario(question.least).build()
    search = _Search(question, city, on_runs, threads, full)
    search.trials.take(kept)
    return search.answer()


def rounds(question: Question) -> tuple[int, ...]:
    """Runs of each policy by the end of each round: twice as many from one to the next."""
    found, last = [question.runs[0]], question.runs[1]
    while found[-1] < last:
        found.append(min(last, 2 * found[-1]))
    return tuple(found)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _Search:
    def __init__(
        self, question: Question, city: Population, on_runs: Callable[[Sequence[Kept], Progress], None], threads: int, full: bool
    ) -> None:  # fmt: skip
        self.question, self.city, self.full = question, city, full
        self.told = on_runs
        self.at, self.most, self.left = GRID, len(question.policies) * question.runs[1], len(question.policies)
        self.figures = Figures.of(question, city)
        self.trials = Trials(question, city, self.figures, self._on_runs, threads)
        self.rounds: list[Round] = []
        self.effect, self.cost = (self.figures.names.index(name) for name in (question.effect, question.cost))

    def answer(self) -> Answer:
        finalists, dropped = self._rounds()
        runs = self.question.runs[1]
        grid = self.question.policies
        bred = self._bred(finalists, runs)
        finalists = [*finalists, *bred]
        values = self._of(finalists, runs)
        allowed = self._allowed(values)
        if not allowed.any():
            raise self._nobody()
        effect, cost = values[:, :, self.effect], values[:, :, self.cost]
        places = np.flatnonzero(allowed)
        found = places[frontier(effect[places].mean(axis=1), cost[places].mean(axis=1))]
        shares = np.zeros(len(finalists))
        shares[places] = on_frontier(effect[places], cost[places])
        nothing = float(self._of([self.question.least], runs)[0, :, self.effect].mean())
        best = knee(effect[found].mean(axis=1), cost[found].mean(axis=1), nothing)
        policies = dict(dropped)
        for at, setting in enumerate(finalists):
            state = "frontier" if at in found else "beaten" if allowed[at] else "not_allowed"
            policies[setting] = self._policy(setting, state, values[at], float(shares[at]))
        ordered = tuple(policies[setting] for setting in (*grid, *bred))
        place = {setting: at for at, setting in enumerate((*grid, *bred))}
        on = [finalists[int(at)] for at in found]
        self._next(AROUND, len(on))
        least = self._policy(self.question.least, "", self._of([self.question.least], runs)[0], 0.0)
        found_marginals = marginals(self.trials, on[best], self.effect, self.cost, runs)
        found_regret = (
            regret(self.trials, on, best, self.effect, self.cost, runs) if self.question.harsher > 1 else None
        )
        found_detection = detection(self.trials, on, best, self.effect, self.cost, runs)
        compared = self._compared(runs)
        self._next(DRAWN, len(on))
        drawn = dict.fromkeys([self.question.least, *on, *((found_regret.robust,) if found_regret else ())])
        fans = tuple(self._fan(setting, runs) for setting in drawn)
        first = self.question.scenario(self.question.least)
        return Answer(
            self.question.digest, len(self.city), first.days, tuple(self.rounds), len(self.trials.kept), ordered,
            tuple(place[one] for one in on), place[on[best]], least, found_marginals, found_regret, found_detection, compared, fans,
        )  # fmt: skip

    def _rounds(self) -> tuple[list[Setting], dict[Setting, Policy]]:
        """Those who remain to the end, and the others with what was known when they fell out."""
        left, dropped = list(self.question.policies), {}
        counts = (self.question.runs[1],) if self.full else rounds(self.question)
        for place, runs in enumerate(counts):
            self._expect(len(left), counts[place:])
            values = self._of(left, runs)
            self.rounds.append(Round(len(left), runs))
            if runs == counts[-1]:
                break
            hopeless = self._broken(values)
            if hopeless.all():
                raise self._nobody()
            effect, cost = values[:, :, self.effect], values[:, :, self.cost]
            open_ = np.flatnonzero(~hopeless)
            stays = set(open_[halved(effect[open_], cost[open_], self._allowed(values)[open_])].tolist())
            for at, setting in enumerate(left):
                if at not in stays:
                    state = "not_allowed" if hopeless[at] else "dropped"
                    dropped[setting] = self._policy(setting, state, values[at], 0.0)
            left = [setting for at, setting in enumerate(left) if at in stays]
        return left, dropped

    def _bred(self, finalists: Sequence[Setting], runs: int) -> list[Setting]:
        """Policies between the values of the grid, from the best of it."""

        def judge(settings: Sequence[Setting]) -> tuple[Floats, Floats]:
            self._next(BETWEEN, len(settings))
            values = self._of(settings, runs)
            allowed = self._allowed(values)
            told = (values[:, :, at].mean(axis=1) for at in (self.effect, self.cost))
            effect, cost = (np.where(allowed, one, FORBIDDEN) for one in told)
            return effect, cost

        return refine(self.question, finalists, judge, self.question.refined) if self.question.refined else []

    def _of(self, settings: Sequence[Setting], runs: int) -> Floats:
        return self.trials.of([Trial(setting) for setting in settings], runs)

    def _policy(self, setting: Setting, state: str, values: Floats, share: float) -> Policy:
        effect = values[:, self.effect]
        low, high = np.quantile(effect, (0.025, 0.975))
        every = (
            {name: estimate(values[:, at]) for at, name in enumerate(self.figures.names)}
            if state in ("frontier", "")
            else None
        )
        return Policy(
            setting,
            state,
            len(values),
            estimate(effect),
            estimate(values[:, self.cost]),
            (float(low), float(high)),
            share,
            every,
        )

    def _kept(self, values: Floats) -> list[tuple[Floats, float]]:
        """By limit: the share of runs in which each policy keeps it, and the share that is wanted."""
        names = self.figures.names
        return [
            ((values[:, :, names.index(one.of)] <= one.most).mean(axis=1), one.share) for one in self.question.limits
        ]

    def _allowed(self, values: Floats) -> NDArray[np.bool_]:
        """Who keeps every limit in as many runs as wanted."""
        found = np.ones(len(values), np.bool_)
        for share, wanted in self._kept(values):
            found &= share >= wanted
        return found

    def _broken(self, values: Floats) -> NDArray[np.bool_]:
        """Who kept some limit in no run at all."""
        found = np.zeros(len(values), np.bool_)
        for share, wanted in self._kept(values):
            found |= (share == 0) & (wanted > 0)
        return found

    def _nobody(self) -> DecidingError:
        """Which limit nobody keeps, with how near one comes; or that none keeps all of them together. By the first round's runs."""
        names = self.figures.names
        early = self._of(self.question.policies, self.rounds[0].runs)
        for one, (share, wanted) in zip(self.question.limits, self._kept(early), strict=True):
            if share.max() < wanted:
                nearest = float(np.median(early[:, :, names.index(one.of)], axis=1).min())
                name = name_of(self.question, one.of)
                return DecidingError(
                    f"没有一种方案能满足“{name.zh}不超过 {one.most:,.0f}”：最接近的方案中位数为"
                    f" {nearest:,.0f}。请放宽此限，或增加可选措施。已完成的推演均已保留。",
                    f"No policy keeps “{name.en} at most {one.most:,.0f}”: the nearest comes to {nearest:,.0f} (median)."
                    " Loosen this limit or put more measures on the table. All runs made are kept.",
                )
        listed = [name_of(self.question, one.of) for one in self.question.limits]
        return DecidingError(
            f"每条限制都有方案能满足，但没有一种方案能同时满足全部限制（{'、'.join(one.zh for one in listed)}）。"
            "请放宽其中一条。已完成的推演均已保留。",
            f"Each limit is kept by some policy, but none keeps all of them together ({', '.join(one.en for one in listed)}). Loosen one."
            " All runs made are kept.",
        )

    def _compared(self, runs: int) -> tuple[Compared, ...]:
        if not self.question.compare:
            return ()
        values = self.trials.of([Trial((), variant=one.key) for one in self.question.compare], runs)
        found = []
        for one, mine in zip(self.question.compare, values, strict=True):
            figures = {name: estimate(mine[:, at]) for at, name in enumerate(self.figures.names)}
            differs = [estimate(mine[:, at] - values[0, :, at]) for at in (self.effect, self.cost)]
            found.append(Compared(one.key, figures, *differs))
        return tuple(found)

    def _fan(self, setting: Setting, runs: int) -> Fan:
        days = self.trials.days(setting, runs)
        self._on_runs(())
        effect = self._of([setting], runs)[0, :, self.effect]
        typical = 1 + int(np.abs(effect - effect.mean()).argmin())  # seeds begin at 1
        return Fan(setting, {name: tuple(tuple(row) for row in rows.tolist()) for name, rows in days.items()}, typical)

    # ── how far it is ──────────────────────────────────────────────────────────────────────────────────────────────

    def _expect(self, policies: int, counts: Sequence[int]) -> None:
        """At most so many runs more: half of the policies fall out in each round, and what comes after takes a few runs of its own."""
        number, more, before = policies, 0.0, self.rounds[-1].runs if self.rounds else 0
        for one, upto in pairwise((before, *counts)):
            more += number * (upto - one)
            number = max(1, number // 2)
        after = (
            sum(len(one.values) for one in self.question.choices) + 20 + self.question.refined
        ) * self.question.runs[1]
        done = sum(
            one.policies * (one.runs - was)
            for was, one in zip((0, *(one.runs for one in self.rounds)), self.rounds, strict=False)
        )
        self.most, self.left = int(done + more + after), policies

    def _next(self, at: str, policies: int) -> None:
        self.at, self.left = at, policies
        self._on_runs(())

    def _on_runs(self, runs: Sequence[Kept]) -> None:
        made = len(self.trials.kept)
        self.told(runs, Progress(made, max(self.most, made), self.at, self.left))
