"""Who the carriers are, from the tubes they were in: probabilities by Bayes' rule, with tests that fail, contamination and dilution.

Each sample is a carrier or not, and a carrier has a load; what a tube shows follows from the loads in it (`Assay`). Loads are drawn by
Gibbs sampling over whole samples, each against the exact likelihood of its tubes, with exchanges of a carrier for another sample of
the same tube, so that one explanation can give way to another. The probabilities are averages of exact conditional ones. Where the
prevalence is not given it is learnt along the way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from fangxian.analytics.kernel import kernel
from fangxian.analytics.pooling.assay import Assay, Floats
from fangxian.analytics.pooling.errors import PoolingError

Numbers = NDArray[np.int64]

#: A carrier beyond this probability; a sample below that one is none. Between them: test again, alone.
SURE, CLEAR = 0.95, 0.02
#: What is believed of the prevalence where nothing is said: Beta with these parameters, about 1 in 60, and hardly held.
_PRIOR = (0.5, 30.0)
#: Likelihoods are tabled by the true cycle of a tube, in steps of this, up to here; the last entry is the empty tube.
_STEP, _LAST = 0.05, 60.0
_SWEEPS, _SETTLING, _WORK = 1500, 300, 60_000_000


@dataclass(frozen=True, eq=False)
class Decoded:
    """The chance of each sample of being a carrier, shape (samples,), and the prevalence that goes with it."""

    probability: Floats
    prevalence: float

    def carriers(self, sure: float = SURE) -> Numbers:
        """Samples that are carriers with at least this probability."""
        return np.flatnonzero(self.probability >= sure)

    def undecided(self, clear: float = CLEAR, sure: float = SURE) -> Numbers:
        """Samples to be tested again alone: neither carriers nor clear."""
        return np.flatnonzero((self.probability >= clear) & (self.probability < sure))


def decode(
    pools: ArrayLike, samples: ArrayLike, *, positive: ArrayLike | None = None, ct: ArrayLike | None = None,
    prevalence: float | None = None, assay: Assay | None = None, seed: int = 1,
) -> Decoded:  # fmt: skip
    """Decode the tubes of one design.

    `pools` and `samples`: the tube and the sample (both from 0, each number used) of every drop, as `Design.layout` gives them. Results by
    tube: `positive` 1, 0 or NaN for no result, or `ct` in cycles, infinite for not detected and NaN for no result; where both are
    given, a Ct counts before a plain word. Raises PoolingError where shapes or values cannot be.
    """
    assay = assay or Assay()
    tube, sample = np.asarray(pools, np.int64), np.asarray(samples, np.int64)
    if tube.ndim != 1 or tube.shape != sample.shape or not len(tube) or min(tube.min(), sample.min()) < 0:
        raise PoolingError(
            "方案应是等长的管号与样本号。", "A design is tubes and samples of one length, numbered from 0."
        )
    if prevalence is not None and not 0 < prevalence < 1:
        raise PoolingError("感染率应在 0 与 1 之间。", "Prevalence is above 0 and below 1.")
    tubes, people = int(tube.max()) + 1, int(sample.max()) + 1
    said = _results(tubes, positive, ct)
    sizes = np.bincount(tube, minlength=tubes)
    members, tube_start = _grouped(tube, sample, tubes)
    own, own_start = _grouped(sample, tube, people)
    table = _likelihoods(said, np.maximum(sizes, 1), assay)
    near = _near(said, own, own_start, people)
    cost = max(int(near.sum()) + people // 20, 1) * len(assay.cycles) * max(len(tube) // people, 1)
    sweeps = int(np.clip(_WORK // cost, 200, _SWEEPS))
    chance, learnt = _sample(
        own, own_start, members, tube_start, table, assay.cycles, np.log(assay.shares), near,
        -1.0 if prevalence is None else float(prevalence), _PRIOR[0], _PRIOR[1], sweeps, min(_SETTLING, sweeps // 4), seed,
    )  # fmt: skip
    return Decoded(chance, float(learnt))


def _results(tubes: int, positive: ArrayLike | None, ct: ArrayLike | None) -> Floats:
    """What each tube showed: its cycle, +inf not detected, −inf positive without a cycle, NaN nothing."""
    said = np.full(tubes, np.nan)
    for values, plain in ((positive, True), (ct, False)):
        if values is None:
            continue
        given = np.asarray(values, np.float64)
        if given.shape != (tubes,):
            raise PoolingError(f"应有 {tubes} 管的结果。", f"Results are wanted for {tubes} tubes.")
        known = ~np.isnan(given)
        if plain and not np.isin(given[known], (0, 1)).all():
            raise PoolingError("阳性只能是 0 或 1。", "Positive is 0 or 1.")
        if not plain and ((given[known] <= 0) | (given[known] >= _LAST) & np.isfinite(given[known])).any():
            raise PoolingError(f"Ct 应在 0 与 {_LAST:g} 之间。", f"A Ct is between 0 and {_LAST:g}.")
        said[known] = np.where(given[known] == 1, -np.inf, np.inf) if plain else given[known]
    return said


def _grouped(key: Numbers, value: Numbers, groups: int) -> tuple[Numbers, Numbers]:
    """The values of each key one after the other, and where each key's begin, shape (groups + 1,)."""
    order = np.argsort(key, kind="stable")
    return value[order], np.concatenate([[0], np.cumsum(np.bincount(key, minlength=groups))])


def _likelihoods(said: Floats, sizes: Numbers, assay: Assay) -> Floats:
    """Log likelihood of each tube's result by the undiluted sum of what is in it, shape (tubes, steps + 1); last: an empty tube."""
    true = np.arange(0.0, _LAST, _STEP)[None, :] + (assay.dilution * np.log2(sizes))[:, None]
    said = np.where(np.isfinite(said) & (said > assay.limit), np.inf, said)[:, None]
    measured = np.isfinite(said)
    apart = (np.where(measured, said, 0.0) - true) / assay.noise
    height = np.exp(-0.5 * apart**2) / (assay.noise * np.sqrt(2 * np.pi))
    stray = 1 / (assay.limit - assay.earliest)  # contamination shows at any cycle
    full = np.where(measured, (1 - assay.failure) * height + assay.false_positive * stray, 0.0)
    detected = (1 - assay.failure) * ndtr((assay.limit - true) / assay.noise)
    clean = 1 - assay.false_positive
    full = np.where(said == -np.inf, assay.false_positive + clean * detected, full)
    full = np.where(said == np.inf, clean * (1 - detected), full)
    empty = np.where(measured, assay.false_positive * stray, np.where(said == np.inf, clean, assay.false_positive))
    known = ~np.isnan(said)
    both = np.where(known, np.concatenate([full, empty], axis=1), 1.0)
    return np.asarray(np.log(np.maximum(both, 1e-300)))


def _near(said: Floats, own: Numbers, own_start: Numbers, people: int) -> NDArray[np.bool_]:
    """Samples with more than a third of their tubes positive or without a result: those that the tubes may be about."""
    showing = (said != np.inf)[own].astype(np.float64)
    counted = np.add.reduceat(np.append(showing, 0.0), own_start[:-1]) * (np.diff(own_start) > 0)
    return np.asarray(counted * 3 > np.diff(own_start))


@kernel
def _sample(
    own: Numbers, own_start: Numbers, members: Numbers, tube_start: Numbers, table: Floats, cycles: Floats,
    log_share: Floats, near: NDArray[np.bool_], prevalence: float, a: float, b: float, sweeps: int, settling: int, seed: int,
) -> tuple[Floats, float]:  # fmt: skip
    np.random.seed(seed)
    people, tubes, grid = len(own_start) - 1, len(tube_start) - 1, len(cycles)
    empty = table.shape[1] - 1
    load = np.exp2(-cycles)
    state = np.full(people, -1)
    total, count = np.zeros(tubes), np.zeros(tubes, np.int64)
    weight = np.empty(grid)
    summed, seen = np.zeros(people), np.zeros(people)
    share = prevalence if prevalence > 0 else a / (a + b)
    learnt = 0.0
    for sweep in range(sweeps + settling):
        for j in range(tubes):  # afresh, so that rounding does not add up
            total[j] = 0.0
            for k in range(tube_start[j], tube_start[j + 1]):
                if state[members[k]] >= 0:
                    total[j] += load[state[members[k]]]
        for i in range(people):
            if not near[i] and (sweep + i) % 20 != 0 and state[i] < 0:
                continue
            if state[i] >= 0:
                for k in range(own_start[i], own_start[i + 1]):
                    count[own[k]] -= 1
                    total[own[k]] -= load[state[i]]
            without, best = 0.0, -np.inf
            for k in range(own_start[i], own_start[i + 1]):
                without += table[own[k], _cell(total[own[k]], count[own[k]], empty)]
            for g in range(grid):
                weight[g] = log_share[g]
                for k in range(own_start[i], own_start[i + 1]):
                    weight[g] += table[own[k], _cell(total[own[k]] + load[g], 1, empty)]
                best = max(best, weight[g])
            for g in range(grid):
                weight[g] = np.exp(weight[g] - best)
            odds = share / (1 - share) * weight.sum() * np.exp(min(best - without, 600.0))
            chance = odds / (1 + odds)
            if sweep >= settling:
                summed[i] += chance
                seen[i] += 1
            state[i] = -1
            if np.random.random() < chance:
                point, g = np.random.random() * weight.sum(), 0
                while g < grid - 1 and point >= weight[g]:
                    point -= weight[g]
                    g += 1
                state[i] = g
                for k in range(own_start[i], own_start[i + 1]):
                    count[own[k]] += 1
                    total[own[k]] += load[g]
        carriers = np.flatnonzero(state >= 0)
        for k in range(len(carriers)):
            if state[carriers[k]] >= 0:
                _exchange(carriers[k], state, total, count, own, own_start, members, tube_start, table, load, empty)
        if prevalence <= 0:
            share = np.random.beta(a + len(carriers), b + people - len(carriers))
        if sweep >= settling:
            learnt += share
    return summed / np.maximum(seen, 1), learnt / sweeps


@kernel
def _cell(total: float, count: int, empty: int) -> int:
    """Where in the table a tube with this sum of loads is; without carriers, at its end."""
    if count == 0 or total <= 0:
        return empty
    return min(max(int(-np.log2(total) / _STEP + 0.5), 0), empty - 1)


@kernel
def _exchange(
    i: int, state: Numbers, total: Floats, count: Numbers, own: Numbers, own_start: Numbers, members: Numbers,
    tube_start: Numbers, table: Floats, load: Floats, empty: int,
) -> None:  # fmt: skip
    """Propose that another sample of one of a carrier's tubes has the load instead (Metropolis)."""
    tubes_of_i = own_start[i + 1] - own_start[i]
    tube = own[own_start[i] + np.random.randint(tubes_of_i)]
    other = members[tube_start[tube] + np.random.randint(tube_start[tube + 1] - tube_start[tube])]
    if state[other] >= 0:
        return
    gain = np.log(tubes_of_i / (own_start[other + 1] - own_start[other]))
    for k in range(own_start[i], own_start[i + 1]):  # tubes that hold both stay as they are
        if not _holds(own[k], other, own, own_start):
            gain += table[own[k], _cell(total[own[k]] - load[state[i]], count[own[k]] - 1, empty)]
            gain -= table[own[k], _cell(total[own[k]], count[own[k]], empty)]
    for k in range(own_start[other], own_start[other + 1]):
        if not _holds(own[k], i, own, own_start):
            gain += table[own[k], _cell(total[own[k]] + load[state[i]], count[own[k]] + 1, empty)]
            gain -= table[own[k], _cell(total[own[k]], count[own[k]], empty)]
    if np.log(np.random.random()) >= gain:
        return
    for k in range(own_start[i], own_start[i + 1]):
        count[own[k]] -= 1
        total[own[k]] -= load[state[i]]
    for k in range(own_start[other], own_start[other + 1]):
        count[own[k]] += 1
        total[own[k]] += load[state[i]]
    state[other] = state[i]
    state[i] = -1


@kernel
def _holds(tube: int, sample: int, own: Numbers, own_start: Numbers) -> bool:
    """Whether a sample is in this tube."""
    for k in range(own_start[sample], own_start[sample + 1]):  # noqa: SIM110  numba compiles no generators
        if own[k] == tube:
            return True
    return False
