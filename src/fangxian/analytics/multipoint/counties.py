"""Made-up counties with six sources, to find out how a rule does before it is trusted: with and without an outbreak each.

Counts have the week, the season, the Spring Festival, more noise than Poisson, a level that drifts, and a drift that all sources of
a county share: what makes people cough makes them buy medicine and stay at home, outbreak or not. Outbreaks grow exponentially and
level off; every source shows them later, and some hardly. Some reports are missing, and wastewater is sampled twice a week.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fangxian.analytics.multipoint.calendar import AFTER, BEFORE, FESTIVAL, kinds
from fangxian.analytics.multipoint.panel import Floats, Panel, Source, panel


@dataclass(frozen=True)
class _Behaviour:
    """Mean a day; dispersion; what it has of the shared drift and of its own; delay (days) and size of what it shows of an outbreak."""

    mean: float
    spread: float
    shared: float
    own: float
    delay: int
    shows: float
    weekend: float
    festival: float


_SOURCES = {
    "pharmacy": _Behaviour(220, 3.0, 1.0, 0.05, 3, 0.30, 1.15, 0.6),
    "fever clinic": _Behaviour(45, 1.8, 0.9, 0.05, 5, 0.45, 0.9, 1.2),
    "school absence": _Behaviour(35, 2.0, 0.8, 0.08, 4, 0.30, 0.25, 0.1),
    "hotline": _Behaviour(25, 1.6, 0.6, 0.06, 6, 0.25, 0.8, 1.1),
    "positives": _Behaviour(6, 1.3, 0.5, 0.05, 7, 0.70, 0.5, 0.5),
    "wastewater": _Behaviour(1000, 0.45, 0.7, 0.08, 2, 0.75, 1.0, 1.0),
}


@dataclass(frozen=True, eq=False)
class Counties:
    """The same counties twice, without and with an outbreak, whose first day is `onset` (places,)."""

    quiet: Panel
    struck: Panel
    onset: np.ndarray[tuple[int], np.dtype[np.int64]]


def counties(
    places: int = 200, days: int = 540, *, size: float = 1.0, shared: float = 0.12, seed: int = 1, since: int = 400
) -> Counties:
    """Draw counties. size: how large outbreaks are; shared: standard deviation of the shared drift; onsets are drawn from day `since`."""
    random = np.random.default_rng(seed)
    when = np.datetime64("2022-06-01") + np.arange(days)
    kind = kinds(when)
    onset = random.integers(since, days - 40, places)
    drift = _drift(random, (places, days), 30.0, shared)
    season = 0.35 * np.cos(2 * np.pi * (np.arange(days) - 220) / 365)[None, :]
    course = _course(random, onset, days) * size
    quiet, struck = [], []
    for one in _SOURCES.values():
        week = np.where((kind == 5) | (kind == 6), one.weekend, 1.0)
        week = np.where(kind == FESTIVAL, one.festival, week)
        week = np.where((kind == BEFORE) | (kind == AFTER), (1 + one.festival) / 2, week)
        level = one.mean * random.lognormal(0, 0.4, (places, 1))
        log_mean = one.shared * (drift + season) + _drift(random, (places, days), 60.0, one.own)
        shown = np.roll(course, one.delay, axis=1)
        shown[:, : one.delay] = 0
        usual = level * np.exp(log_mean)
        if one.mean == 1000:
            noise = random.normal(0, one.spread, (places, days))
            sampled = np.isin(kind, (0, 3)) & (random.uniform(size=(places, days)) > 0.03)
            quiet.append(np.where(sampled, usual * np.exp(noise), np.nan))
            struck.append(np.where(sampled, usual * (1 + one.shows * shown) * np.exp(noise), np.nan))
            continue
        usual = usual * week
        base = random.negative_binomial(usual / (one.spread - 1), 1 / one.spread).astype(np.float64)
        base[random.uniform(size=base.shape) < 0.02] = np.nan
        quiet.append(base)
        struck.append(base + random.poisson(usual * one.shows * shown))
    names = tuple(f"county {i}" for i in range(places))
    sources = tuple(Source(name, "level" if name == "wastewater" else "count") for name in _SOURCES)

    def made(tables: list[Floats]) -> Panel:
        return panel(names, sources, when, np.stack(tables, axis=1))

    return Counties(made(quiet), made(struck), onset)


def _drift(random: np.random.Generator, shape: tuple[int, int], days: float, sd: float) -> Floats:
    """A level that wanders and comes back over so many days (AR(1)), with this standard deviation."""
    keep = np.exp(-1 / days)
    steps = random.normal(0, sd * np.sqrt(1 - keep**2), shape)
    steps[:, 0] = random.normal(0, sd, shape[0])
    found = np.empty(shape)
    found[:, 0] = steps[:, 0]
    for t in range(1, shape[1]):
        found[:, t] = keep * found[:, t - 1] + steps[:, t]
    return found


def _course(random: np.random.Generator, onset: np.ndarray, days: int) -> Floats:
    """Prevalence from 0 to about 1: exponential growth, doubling in 3 to 6 days, levelling off in the third week, then falling."""
    since = np.arange(days)[None, :] - onset[:, None]
    doubling = random.uniform(3, 6, (len(onset), 1))
    grown = 1 / (1 + np.exp(-np.log(2) / doubling * (since - 14)))
    return np.where(since < 0, 0.0, grown * np.exp(-np.maximum(since - 28, 0) / 14))
