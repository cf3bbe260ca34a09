"""The single best fit (最优拟合): quicker than a posterior, and without a word on how sure it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import qmc

from fangxian.analytics.calibration.prior import Prior
from fangxian.analytics.calibration.sampling import Distance

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """The values of the parameters, how far their epidemics are from what was seen, and how many epidemics that took."""

    values: dict[str, float]
    distance: float
    runs: int


def fit(
    distance: Distance, priors: Sequence[Prior], *, starts: int = 32, repeats: int = 4, most: int = 1200, seed: int = 1
) -> Fit:
    """Nelder and Mead's simplex from the best of a Latin hypercube; every candidate meets the same `repeats` random seeds."""
    made = 0

    def mean(places: Floats) -> float:
        nonlocal made
        made += repeats
        values = np.array([prior.at(float(np.clip(share, 0, 1))) for prior, share in zip(priors, places, strict=True)])
        return float(np.mean([distance(values, seed + one) for one in range(repeats)]))

    grid = qmc.LatinHypercube(len(priors), seed=seed).random(starts)
    first = min(grid, key=mean)
    found = minimize(
        mean, first, method="Nelder-Mead", bounds=[(0, 1)] * len(priors),
        options={"maxfev": max(1, (most - made) // repeats), "xatol": 1e-3, "fatol": 1e-4, "initial_simplex": _simplex(first)},
    )  # fmt: skip
    values = {prior.name: prior.at(float(share)) for prior, share in zip(priors, found.x, strict=True)}
    return Fit(values, float(found.fun), made)


def _simplex(first: Floats) -> Floats:
    """Steps of a tenth of the range, inwards: scipy's own are a twentieth of the value, which is nothing near 0."""
    steps = np.where(first > 0.5, -0.1, 0.1)
    return np.concatenate([first[None, :], first + np.diag(steps)])
