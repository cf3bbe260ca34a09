"""How good is a detection method? The 42 scenarios of Noufaily and others, and one measure for all methods.

Scenarios, outbreaks and sizes: Noufaily, Enki, Farrington, Garthwaite, Andrews, Charlett, Stat Med 32 (2013) 1206-1222: negative
binomial counts of 624 weeks by level, trend, season and dispersion, with outbreaks whose size is a multiple k of the baseline's
standard deviation and whose cases come in over a lognormal time. The last 49 weeks are judged.

The measure is fixed here, before any method is looked at. Alarms that go on are one alarm, raised in its first week: a method
that is in alarm already when an outbreak begins has to come to rest before it is credited. An outbreak is detected if an alarm is
raised in one of its weeks, from its first to its last case. Weeks that cannot be judged are no alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.detection.results import Detection

WEEKS, JUDGED = 624, 49
#: Multiples of the standard deviation: of the four past outbreaks of a series (0: none), and of the one in the weeks judged.
PAST, CURRENT = (0, 2, 3, 5, 10), tuple(range(1, 11))
#: Weeks in which past outbreaks begin: from half of the history on.
_PAST_WEEKS = (312, WEEKS - JUDGED)

#: Level θ, trend β, season γ1 and γ2, dispersion φ of the seven kinds of series.
_KINDS = (
    (0.1, 0.0025, 0.6, 0.6, 1.5), (-2.0, 0.005, 0.1, 0.3, 2.0), (1.5, 0.003, 0.2, -0.4, 1.0), (0.5, 0.002, 0.5, 0.5, 5.0),
    (2.5, 0.001, 1.0, 0.1, 3.0), (3.75, 0.001, 0.1, -0.1, 1.1), (5.0, 0.0001, 0.05, 0.01, 1.2),
)  # fmt: skip


def scenarios() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expected counts (42, 624) and dispersions (42,): each kind with and without trend, with 0, 1, 2 harmonics of a year."""
    week = np.arange(1, WEEKS + 1)
    mean, dispersion = [], []
    for level, slope, cosine, sine, phi in _KINDS:
        for trend in (0, 1):
            for harmonics in (0, 1, 2):
                angle = [2 * np.pi * j * week / 52 for j in range(1, harmonics + 1)]
                season = sum((cosine * np.cos(a) + sine * np.sin(a) for a in angle), np.zeros(WEEKS))
                mean.append(np.exp(level + slope * trend * week + season))
                dispersion.append(phi)
    return np.array(mean), np.array(dispersion)


@dataclass(frozen=True, eq=False)
class Trial:
    """Series with one outbreak each in the weeks judged: counts (series, 624), and the outbreak's cases of those weeks (series, 49)."""

    quiet: NDArray[np.int64]
    counts: NDArray[np.int64]
    outbreak: NDArray[np.int64]


def trials(replications: int, seed: int = 1) -> Iterable[Trial]:
    """One trial for each past and current size, of 42 × `replications` series; `quiet` lacks the current outbreak."""
    random = np.random.default_rng(seed)
    means, dispersions = scenarios()
    mean, phi = np.repeat(means, replications, axis=0), np.repeat(dispersions, replications)[:, None]
    deviation = np.sqrt(mean * phi)
    for past in PAST:
        quiet = _baseline(random, mean, phi)
        for _ in range(4 if past else 0):
            quiet += _outbreak(random, deviation, past, *_PAST_WEEKS)
        for current in CURRENT:
            cases = _outbreak(random, deviation, current, WEEKS - JUDGED, WEEKS)
            yield Trial(quiet, quiet + cases, cases[:, -JUDGED:])


def _baseline(random: np.random.Generator, mean: NDArray[np.float64], phi: NDArray[np.float64]) -> NDArray[np.int64]:
    over = np.broadcast_to(phi, mean.shape) > 1
    size = mean / np.where(over, phi - 1, 1.0)
    return np.where(over, random.negative_binomial(size, 1 / np.where(over, phi, 2.0)), random.poisson(mean)).astype(
        np.int64
    )


def _outbreak(
    random: np.random.Generator, deviation: NDArray[np.float64], k: float, first: int, stop: int
) -> NDArray[np.int64]:
    """Cases of one outbreak a series that begins in one of the weeks: Poisson of k standard deviations, each lognormal weeks later."""
    n = len(deviation)
    start = random.integers(first, stop, n)
    series = np.repeat(np.arange(n), random.poisson(k * deviation[np.arange(n), start]))
    week = start[series] + np.floor(random.lognormal(0, 0.5, len(series))).astype(np.int64)
    cases = np.zeros((n, WEEKS), np.int64)
    np.add.at(cases, (series[week < WEEKS], week[week < WEEKS]), 1)
    return cases


@dataclass(frozen=True)
class Performance:
    """false_positives: share of weeks in alarm without any outbreak; detected: share of outbreaks; timeliness: share of an outbreak's
    weeks that had passed when it was detected (1: never); precision: share of weeks in alarm that had outbreak cases (PPV);
    judged: share of weeks that could be judged.
    """

    false_positives: float
    detected: float
    timeliness: float
    precision: float
    judged: float


def evaluate(judge: Callable[[NDArray[np.int64]], Detection], replications: int = 10, seed: int = 1) -> Performance:
    """Hold a method, which judges counts of 624 weeks, against all scenarios and sizes of outbreaks."""
    false, judged, found, late, true, raised = [], [], [], [], 0, 0
    before: NDArray[np.int64] | None = None
    for trial in trials(replications, seed):
        if trial.quiet is not before:
            before = trial.quiet
            quiet = judge(before)
            false.append(quiet.alarms[:, -JUDGED:].mean())
            judged.append(quiet.judged[:, -JUDGED:].mean())
        alarms = judge(trial.counts).alarms[:, -JUDGED - 1 :]
        some = trial.outbreak.any(axis=1)
        at = _first(alarms, trial.outbreak)[some]
        weeks = trial.outbreak[some] > 0
        first = weeks.argmax(axis=1)
        length = JUDGED - weeks[:, ::-1].argmax(axis=1) - first
        found.append(float((at >= 0).mean()))
        late.append(float(np.where(at >= 0, (at - first) / length, 1.0).mean()))
        true += int((alarms[:, 1:] & (trial.outbreak > 0)).sum())
        raised += int(alarms[:, 1:].sum())
    return Performance(
        float(np.mean(false)),
        float(np.mean(found)),
        float(np.mean(late)),
        true / max(raised, 1),
        float(np.mean(judged)),
    )


def _first(alarms: NDArray[np.bool_], outbreak: NDArray[np.int64]) -> NDArray[np.int64]:
    """The week in which an alarm is first raised during the outbreak; -1 if never. `alarms` begin one week before."""
    raised: NDArray[np.bool_] = alarms[:, 1:] & ~alarms[:, :-1]
    weeks = np.arange(outbreak.shape[1])
    cases: NDArray[np.bool_] = np.asarray(outbreak > 0)
    first = cases.argmax(axis=1, keepdims=True)
    last = outbreak.shape[1] - 1 - cases[:, ::-1].argmax(axis=1, keepdims=True)
    during = raised & (weeks >= first) & (weeks <= last) & cases.any(axis=1, keepdims=True)
    return np.where(during.any(axis=1), during.argmax(axis=1), -1)
