"""What a season leads one to expect: log-linear regression on harmonics of the year, many series at once.

The iterations are those of R's `glm.fit` (start near the data, stop when the deviance changes by less than 1e-8 of itself, at most
25), so that charts built on the fit agree with R to rounding.
"""

from __future__ import annotations

import numpy as np

from fangxian.analytics.detection.results import Floats
from fangxian.analytics.detection.series import Counts

_ROUNDS = 25


def season(first: int, last: int, since: int, freq: float, harmonics: int, trend: bool = False) -> Floats:
    """The terms of the regression at the times first…last - 1, counted from 0: (times, p)."""
    t = np.arange(first + 1, last + 1)
    columns = [np.ones(len(t))]
    if trend:
        columns.append((t - since / 2) / since)
    for harmonic in range(1, harmonics + 1):
        angle = 2 * harmonic * np.pi / freq * t
        columns += [np.cos(angle), np.sin(angle)]
    return np.stack(columns, axis=1)


def seasonal_fit(
    counts: Counts, since: int, freq: float, harmonics: int, trend: bool = False, alpha: float = 0.0
) -> Floats:
    """Coefficients (n, p) of the logarithm of the mean on the terms of `season`, by a regression on the times before `since`.

    Poisson for alpha 0, else negative binomial with variance μ + α·μ². Missing counts (-1) have no weight. NaN for a series that
    cannot be fitted: no case at all, or fewer counts than coefficients.
    """
    design = season(0, since, since, freq, harmonics, trend)
    found = np.full((len(counts), design.shape[1]), np.nan)
    y = counts[:, :since].astype(np.float64)
    known = y >= 0
    able = np.flatnonzero((np.where(known, y, 0).sum(axis=1) > 0) & (known.sum(axis=1) > design.shape[1]))
    part = 4096  # so that the work arrays stay small beside the counts
    for rows in np.split(able, range(part, len(able), part)):
        if len(rows):
            found[rows] = _fit(np.where(known[rows], y[rows], 0), known[rows].astype(np.float64), design, alpha)
    return found


def seasonal_mean(coefficients: Floats, terms: Floats) -> Floats:
    """Expected counts (n, times) of these coefficients at the times of these terms."""
    with np.errstate(over="ignore"):
        return np.asarray(np.exp(coefficients @ terms.T))


def _fit(y: Floats, weight: Floats, design: Floats, alpha: float) -> Floats:
    """Coefficients (rows, p) by iteratively reweighted least squares; NaN where 25 iterations were not enough."""
    found = np.full((len(y), design.shape[1]), np.nan)
    mu = y + 0.1 if alpha == 0 else y + (y == 0) / 6
    eta = np.log(mu)
    deviance = _deviance(y, mu, weight, alpha)
    left = np.arange(len(y))
    for _ in range(_ROUNDS):
        working = weight * mu / (1 + alpha * mu)
        response = eta + (y - mu) / mu
        gram = np.einsum("nt,ti,tj->nij", working, design, design, optimize=True)
        right = (working * response) @ design
        with np.errstate(all="ignore"):
            try:
                coefficients = np.linalg.solve(gram, right[:, :, None])[:, :, 0]
            except np.linalg.LinAlgError:
                coefficients = np.stack(
                    [np.linalg.lstsq(g, r, rcond=None)[0] for g, r in zip(gram, right, strict=True)]
                )
            eta = coefficients @ design.T
            mu = np.maximum(np.exp(eta), np.finfo(float).eps)
            before, deviance = deviance, _deviance(y, mu, weight, alpha)
            done = np.abs(deviance - before) / (np.abs(deviance) + 0.1) < 1e-8
        found[left[done]] = coefficients[done]
        if done.all():
            break
        on = ~done
        left, y, weight, mu, eta, deviance = left[on], y[on], weight[on], mu[on], eta[on], deviance[on]
    return found


def _deviance(y: Floats, mu: Floats, weight: Floats, alpha: float) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        own = np.where(y > 0, y * np.log(np.maximum(y, 1) / mu), 0)
        rest = y - mu if alpha == 0 else (y + 1 / alpha) * np.log((y + 1 / alpha) / (mu + 1 / alpha))
    return np.asarray(2 * (weight * (own - rest)).sum(axis=1))
