"""Approximate Bayesian computation by population Monte Carlo (ABC-SMC): which parameters give epidemics like the one that was seen.

Beaumont, Cornuet, Marin and Robert 2009, Biometrika 96:983, with the tolerance of each generation a quantile of the distances of the one
before (Del Moral, Doucet and Jasra 2012, Stat Comput 22:1009). Candidates are numbered, and a candidate's number is its random seed: the
same answer whatever the number of threads, and a generation that is kept is all that the next one needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.calibration.errors import CalibrationError
from fangxian.analytics.calibration.prior import Prior

Floats = NDArray[np.float64]
#: (values of the parameters, random seed) → how far the outcome is from what was seen; 0 is alike.
Distance = Callable[[Floats, int], float]
#: Candidates that are tried at a time. Not the number of threads, so that nothing depends on that.
_BATCH = 32
#: The next tolerance is this quantile of the distances.
_TIGHTER = 0.5
#: Where fewer candidates than this share are near enough, closer is not worth its price.
_FEWEST = 0.02


@dataclass(frozen=True, eq=False)
class Generation:
    """Particles of one generation: `places` (n, k) within the ranges, 0 to 1; `weights` (n,) that sum to 1; `distances` (n,), all at most
    `tolerance`; how many candidates were `tried` for it, and `spent` on it and all before."""

    number: int
    places: Floats
    weights: Floats
    distances: Floats
    tolerance: float
    tried: int
    spent: int

    @property
    def effective(self) -> float:
        """How many equal particles the weighted ones are worth (Kish)."""
        return float(1 / np.sum(self.weights**2))

    @property
    def accepted(self) -> float:
        """The share of candidates that were near enough."""
        return len(self.places) / self.tried


def generations(
    distance: Distance, priors: Sequence[Prior], *, particles: int = 200, most: int = 20_000, seed: int = 1, threads: int = 2,
    after: Generation | None = None, on_tried: Callable[[int], None] = lambda _tried: None,
) -> Iterator[Generation]:  # fmt: skip
    """One generation after the other, each nearer to what was seen, until `most` candidates were tried or hardly any is near enough.

    `after`: go on behind this one. Raises CalibrationError where no parameter or too few particles are given, or where a whole first
    generation has no finite distance.
    """
    if not priors or particles < 20 or most < particles:
        raise CalibrationError(
            "至少一个参数、20 个粒子，候选总数不少于粒子数。",
            "There is to be at least one parameter, 20 particles, and as many candidates as particles.",
        )
    last = after
    spent = 0 if last is None else last.spent
    with ThreadPoolExecutor(threads) as pool:

        def judged(places: Floats, first: int) -> Floats:
            def one(at: int) -> float:
                values = np.array([prior.at(share) for prior, share in zip(priors, places[at], strict=True)])
                return distance(values, seed + first + at)

            return np.array(list(pool.map(one, range(len(places)))))

        while spent < most:
            following = _next(judged, len(priors), particles, most, spent, seed, last, on_tried)
            if following is None:
                return
            spent, last = following.spent, following
            yield last
            if last.number and (last.accepted < _FEWEST or last.tolerance == 0):
                return


def _next(
    judged: Callable[[Floats, int], Floats], parameters: int, particles: int, most: int, spent: int, seed: int,
    last: Generation | None, on_tried: Callable[[int], None],
) -> Generation | None:  # fmt: skip
    """The generation after `last`; None where the candidates run out first."""
    number = 0 if last is None else last.number + 1
    draws = np.random.default_rng([seed, number])
    tolerance = np.inf if last is None else float(np.quantile(last.distances, _TIGHTER))
    spread = None if last is None else _spread(last)
    places, distances = np.empty((0, parameters)), np.empty(0)
    tried = 0
    while len(places) < particles and spent + tried < most:
        batch = draws.random((_BATCH, parameters)) if last is None else _moved(draws, last, spread)
        found = judged(batch, number << 32 | tried)
        tried += len(batch)
        near = np.isfinite(found) & (found <= tolerance)
        places, distances = np.concatenate([places, batch[near]]), np.concatenate([distances, found[near]])
        on_tried(spent + tried)
        if last is None and tried >= 10 * particles and not len(places):
            raise CalibrationError(
                "在所给范围内没有一次推演有结果；请核对范围与数据。",
                "No candidate within the ranges gives any outcome. Check the ranges and the data.",
            )
    if len(places) < particles:
        return None
    places, distances = places[:particles], distances[:particles]
    weights = np.full(particles, 1.0) if last is None else 1 / _density(places, last, spread)
    return Generation(number, places, weights / weights.sum(), distances, float(distances.max()), tried, spent + tried)


def _spread(last: Generation) -> Floats:
    """Twice the weighted covariance, as Beaumont and others, and a little so that a particle can always move."""
    middle = last.weights @ last.places
    apart = last.places - middle
    return np.asarray(2 * (apart.T * last.weights) @ apart + 1e-8 * np.eye(last.places.shape[1]))


def _moved(draws: np.random.Generator, last: Generation, spread: Floats | None) -> Floats:
    """Particles drawn by their weight and moved, those that leave the ranges drawn anew."""
    assert spread is not None
    root = np.linalg.cholesky(spread)
    kept = np.empty((0, last.places.shape[1]))
    while len(kept) < _BATCH:
        chosen = last.places[draws.choice(len(last.places), _BATCH, p=last.weights)]
        moved = chosen + draws.standard_normal(chosen.shape) @ root.T
        kept = np.concatenate([kept, moved[((moved >= 0) & (moved <= 1)).all(axis=1)]])
    return kept[:_BATCH]


def _density(places: Floats, last: Generation, spread: Floats | None) -> Floats:
    """How likely each place was to be proposed, up to a factor."""
    assert spread is not None
    whitened = np.linalg.inv(np.linalg.cholesky(spread))
    one, other = places @ whitened.T, last.places @ whitened.T
    square = ((one[:, None, :] - other[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(np.exp(-square / 2) @ last.weights)
