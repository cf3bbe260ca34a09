"""The model's parameters from your own records, without any known duplicates (expectation–maximisation)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.linkage.parameters import DEFAULT, FIELDS, Parameters
from fangxian.analytics.linkage.records import Record
from fangxian.analytics.linkage.scoring import Levels, levels
from fangxian.analytics.linkage.search import candidates

# How many pairs the starting values count for: they steady levels that are seen seldom and weigh nothing beside thousands of pairs.
_STEADY_M = 200.0
_STEADY_U = 2000.0
# Pairs that share a key are looked at up to this number, others up to half of it; a sample counts for all it is drawn from.
_SAMPLE = 100_000


def estimate(records: Iterable[Record], start: Parameters = DEFAULT, rounds: int = 25) -> Parameters:
    """Estimate m, u, the prior and the common names and telephones; thresholds stay those of `start`.

    All pairs of records are accounted for: those that share a blocking key, and, taken to be different people, the rest.
    Deterministic for given records. A few thousand records are needed before the estimate says more than the starting values.
    """
    listed = list(records)
    total = len(listed) * (len(listed) - 1) / 2
    if total < 1:
        return start
    linked = candidates(listed)
    rng = np.random.default_rng(20_200_120)
    looked_at = linked if len(linked) <= _SAMPLE else linked[np.sort(rng.choice(len(linked), _SAMPLE, replace=False))]
    patterns, counts = _patterns(listed, looked_at)
    counts *= len(linked) / max(len(looked_at), 1)
    others, other_counts = _patterns(listed, _unlinked(len(listed), linked, rng))
    rest = other_counts * ((total - len(linked)) / max(other_counts.sum(), 1.0))
    probabilities, prior = _maximise(patterns, counts, others, rest, start, rounds)
    return replace(start, probabilities=probabilities, prior=prior, frequency=_frequency(listed, probabilities))


def _patterns(records: Sequence[Record], rows: NDArray[np.int64]) -> tuple[list[Levels], NDArray[np.float64]]:
    both = zip(rows[:, 0].tolist(), rows[:, 1].tolist(), strict=True)
    seen = Counter(levels(records[i], records[j]) for i, j in both)
    return list(seen), np.fromiter(seen.values(), np.float64, len(seen))


def _unlinked(n: int, linked: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Random pairs that share no blocking key."""
    drawn = np.sort(rng.integers(0, n, (min(_SAMPLE // 2, n * n), 2)), axis=1)
    drawn = np.unique(drawn[drawn[:, 0] < drawn[:, 1]], axis=0)
    return drawn[~np.isin(drawn @ (n, 1), linked @ (n, 1))]


def _maximise(
    patterns: list[Levels],
    counts: NDArray[np.float64],
    others: list[Levels],
    rest: NDArray[np.float64],
    start: Parameters,
    rounds: int,
) -> tuple[dict[str, dict[str, tuple[float, float]]], float]:
    columns = {
        (name, level): i for i, (name, level) in enumerate((f, n) for f in FIELDS for n in range(len(FIELDS[f])))
    }
    shown = _indicator(patterns, columns)
    apart = rest @ _indicator(others, columns)
    first = np.array([start.probabilities[name][FIELDS[name][level]] for name, level in columns])
    field_of = np.array([list(FIELDS).index(name) for name, _ in columns])
    m, u, prior, total = first[:, 0], first[:, 1], start.prior, counts.sum() + rest.sum()

    def normalised(seen: NDArray[np.float64], at_first: NDArray[np.float64], steady: float) -> NDArray[np.float64]:
        seen = seen + steady * at_first
        shares: NDArray[np.float64] = seen / np.bincount(field_of, seen)[field_of]
        return np.clip(shares, 1e-9, 1.0)

    for _ in range(rounds):
        log_odds = math.log(prior / (1 - prior)) + shown @ np.log(m / u)
        match = counts / (1 + np.exp(-np.clip(log_odds, -500, 500)))
        m = normalised(match @ shown, first[:, 0], _STEADY_M)
        u = normalised((counts - match) @ shown + apart, first[:, 1], _STEADY_U)
        prior = float(np.clip((match.sum() + 0.5) / (total + 1), 1e-12, 0.5))
    table: dict[str, dict[str, tuple[float, float]]] = {name: {} for name in FIELDS}
    for (name, level), i in columns.items():
        table[name][FIELDS[name][level]] = (float(m[i]), float(u[i]))
    return table, prior


def _indicator(patterns: list[Levels], columns: Mapping[tuple[str, int], int]) -> NDArray[np.float64]:
    shown = np.zeros((len(patterns), len(columns)))
    for row, pattern in enumerate(patterns):
        shown[row, [columns[level] for level in pattern]] = 1.0
    return shown


def _frequency(
    records: Sequence[Record], probabilities: Mapping[str, Mapping[str, tuple[float, float]]]
) -> dict[str, float]:
    """Names and telephones shared by more records than the average agreement accounts for."""
    written: Counter[str] = Counter()
    sounds: Counter[str] = Counter()
    phones: Counter[str] = Counter()
    for record in records:
        written.update({name.text for name in record.names})
        sounds.update({name.sound for name in record.names})
        phones.update(record.numbers)
    common: dict[str, float] = {}
    for counted, (name, level) in (
        (phones, ("phone", "same")),
        (written, ("name", "same")),
        (sounds, ("name", "sound")),
    ):
        usual = probabilities[name][level][1]
        common.update({value: n / len(records) for value, n in counted.items() if n > 2 and n / len(records) > usual})
    return common
