"""What a question is answered with: numbers of which every sentence, table and drawing about it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over runs with its 95 % interval: of the mean, or of the mean of paired differences."""

    value: float
    low: float
    high: float


def estimate(values: NDArray[np.float64]) -> Estimate:
    """The mean of runs (N,) with its 95 % interval by the normal approximation."""
    mean = float(values.mean())
    half = float(1.96 * values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else 0.0
    return Estimate(mean, mean - half, mean + half)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that was tried. `state`: frontier, beaten (by the end), dropped (on the way), not_allowed (a limit is not kept).

    `setting` is the place of each choice's value; `share` how often it lies on the frontier when the runs are drawn anew; `spread`
    the 2.5 % and 97.5 % quantiles of the effect over runs.
    """

    setting: tuple[float, ...]
    state: str
    runs: int
    effect: Estimate
    cost: Estimate
    spread: tuple[float, float] = (0.0, 0.0)
    share: float = 0.0
    figures: Mapping[str, Estimate] | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One value of a choice with everything else as in the knee: what it comes to, and what it changes of the value before it."""

    value: float
    effect: Estimate
    cost: Estimate
    avoided: Estimate | None = None
    spent: Estimate | None = None


@dataclass(frozen=True, slots=True)
class Marginal:
    """What a choice is worth at the knee. `enough`: the place of the value from which more buys nothing that can be told (None: it
    still did at its last value); `chosen` the place of the knee's own value."""

    choice: str
    chosen: float
    steps: tuple[Step, ...]
    enough: int | None


@dataclass(frozen=True, slots=True)
class Regret:
    """The knee when transmission is `times` as strong. `worth` is the money that a unit of effect counts for; `regret` what the knee
    then loses against `best`, the policy of the frontier that would have been right; `robust` has the smallest greatest regret."""

    times: float
    worth: float
    effect: Estimate
    cost: Estimate
    best: tuple[float, ...]
    best_effect: Estimate
    best_cost: Estimate
    regret: Estimate
    robust: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The knee, had the outbreak been noticed so many days earlier; `avoided` and `saved` against the day of the question."""

    days: int
    effect: Estimate
    cost: Estimate
    avoided: Estimate
    saved: Estimate


@dataclass(frozen=True, slots=True)
class Detection:
    """What a day is worth. `harder` is the next policy of the frontier, noticed on the day of the question. `verdict`: shown (from
    `since` days on, earlier does at least as much for at most the cost), refuted, or open (the runs do not tell); none: nothing is
    harder than the knee."""

    day: int
    steps: tuple[Earlier, ...]
    harder: tuple[float, ...] | None
    verdict: str
    since: int | None


@dataclass(frozen=True, slots=True)
class Compared:
    """A set of measures that was compared: its figures, and what of effect and cost differs from the first set, run by run."""

    key: str
    figures: Mapping[str, Estimate]
    effect_differs: Estimate
    cost_differs: Estimate


@dataclass(frozen=True, slots=True)
class Fan:
    """Days of one policy: by column the quantiles 2.5, 25, 50, 75, 97.5 % over runs, each (days,); and the seed of the `typical` run, whose
    effect is nearest to the mean."""

    setting: tuple[float, ...]
    columns: Mapping[str, tuple[tuple[float, ...], ...]]
    typical: int = 1


@dataclass(frozen=True, slots=True)
class Round:
    """A round of the search: how many policies, and how many runs of each."""

    policies: int
    runs: int


@dataclass(frozen=True)
class Answer:
    """All that was found. `policies` in the order of the grid, then those between its values; `frontier` holds places in them, the
    cheapest first."""

    digest: str
    people: int
    days: int
    rounds: tuple[Round, ...]
    made: int
    policies: tuple[Policy, ...]
    frontier: tuple[int, ...]
    knee: int
    least: Policy
    marginals: tuple[Marginal, ...]
    regret: Regret | None
    detection: Detection | None
    compared: tuple[Compared, ...]
    fans: tuple[Fan, ...]

    def policy(self, setting: tuple[float, ...]) -> Policy:
        """A policy by its setting."""
        return next(one for one in self.policies if one.setting == setting)

    @property
    def best(self) -> Policy:
        """The policy at the knee."""
        return self.policies[self.knee]
