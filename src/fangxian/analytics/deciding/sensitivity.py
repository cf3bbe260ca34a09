"""What the frontier rests on: each measure's marginal value, regret under a harsher disease, and what a day's earlier notice is worth."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.deciding.answer import Detection, Earlier, Marginal, Regret, Step, estimate
from fangxian.analytics.deciding.question import Setting
from fangxian.analytics.deciding.trials import Trial, Trials

Floats = NDArray[np.float64]
#: Less than this share of what doing least would come to is nothing, however sure.
NOTHING = 0.005


def marginals(trials: Trials, at: Setting, effect: int, cost: int, runs: int) -> tuple[Marginal, ...]:
    """For each choice its values one after the other, all else as in `at`."""
    question = trials.question
    ways = [
        [tuple(place if here == number else one for here, one in enumerate(at)) for place in range(len(choice.values))]
        for number, choice in enumerate(question.choices)
    ]
    values = trials.of([Trial(setting) for way in ways for setting in way], runs)
    nothing = NOTHING * float(trials.of([Trial(question.least)], runs)[0, :, effect].mean())
    found, begin = [], 0
    for number, (choice, way) in enumerate(zip(question.choices, ways, strict=True)):
        mine = values[begin : begin + len(way)]
        begin += len(way)
        steps = [Step(choice.values[0], estimate(mine[0, :, effect]), estimate(mine[0, :, cost]))]
        for value, (before, now) in zip(choice.values[1:], pairwise(mine), strict=True):
            avoided, spent = estimate(before[:, effect] - now[:, effect]), estimate(now[:, cost] - before[:, cost])
            steps.append(Step(value, estimate(now[:, effect]), estimate(now[:, cost]), avoided, spent))
        found.append(Marginal(choice.key, at[number], tuple(steps), _enough(mine[:, :, effect], nothing)))
    return tuple(found)


def regret(trials: Trials, on: Sequence[Setting], best: int, effect: int, cost: int, runs: int) -> Regret:
    """How the knee fares when transmission is stronger than thought, against the rest of the frontier on the same runs."""
    question, times = trials.question, trials.question.harsher
    thought, harsher = (trials.of([Trial(setting, harsher=one) for setting in on], runs) for one in (1.0, times))
    worth = question.worth if question.worth is not None else _traded(thought[:, :, effect], thought[:, :, cost], best)
    losses = [values[:, :, cost] + worth * values[:, :, effect] for values in (thought, harsher)]
    regrets = [loss.mean(axis=1) - loss.mean(axis=1).min() for loss in losses]
    right = int(losses[1].mean(axis=1).argmin())
    return Regret(
        times, worth, estimate(harsher[best, :, effect]), estimate(harsher[best, :, cost]), on[right],
        estimate(harsher[right, :, effect]), estimate(harsher[right, :, cost]), estimate(losses[1][best] - losses[1][right]),
        on[int(np.maximum(*regrets).argmin())],
    )  # fmt: skip


def detection(trials: Trials, on: Sequence[Setting], best: int, effect: int, cost: int, runs: int) -> Detection | None:
    """The knee noticed earlier, beside the next harder policy noticed when it was: “earlier beats harder”, shown or refuted."""
    question = trials.question
    if question.detected is None or not question.earlier:
        return None
    days = question.earlier
    now, *before = trials.of([Trial(on[best], earlier=one) for one in (0, *days)], runs)
    steps = tuple(
        Earlier(
            day, estimate(then[:, effect]), estimate(then[:, cost]), estimate(now[:, effect] - then[:, effect]),
            estimate(now[:, cost] - then[:, cost]),
        )
        for day, then in zip(days, before, strict=True)
    )  # fmt: skip
    if best + 1 == len(on):
        return Detection(question.detected, steps, None, "none", None)
    harder = trials.of([Trial(on[best + 1])], runs)[0]
    gains = [[estimate(harder[:, of] - then[:, of]) for of in (effect, cost)] for then in before]
    since = next((day for day, gain in zip(days, gains, strict=True) if all(one.low >= 0 for one in gain)), None)
    refuted = all(any(one.high < 0 for one in gain) for gain in gains)
    verdict = "shown" if since is not None else "refuted" if refuted else "open"
    return Detection(question.detected, steps, on[best + 1], verdict, since)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _enough(effect: Floats, nothing: float) -> int | None:
    """The first value (of N; N × runs) that none of the later ones improves on by anything that can be told; None where the last does."""
    for place in range(len(effect) - 1):
        gains = [estimate(effect[place] - later) for later in effect[place + 1 :]]
        if all(one.low <= 0 or one.value <= nothing for one in gains):
            return place
    return None


def _traded(effect: Floats, cost: Floats, best: int) -> float:
    """Money for a unit of effect: between what it takes to come up to the knee and what it would take to go on (geometric mean, for
    whoever stops at the knee says that it is worth the one and not the other); 0 where the frontier is a single policy."""
    e, c = effect.mean(axis=1), cost.mean(axis=1)
    sides = [(a, a + 1) for a in (best - 1, best) if a >= 0 and a + 1 < len(e)]
    rates = [float((c[b] - c[a]) / (e[a] - e[b])) for a, b in sides]
    return float(np.prod(rates) ** (1 / len(rates))) if rates else 0.0
