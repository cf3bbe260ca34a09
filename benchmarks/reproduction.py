"""Reproduction numbers of many outbreaks, beside R's EpiEstim: `.venv/bin/python -m benchmarks.reproduction [series] [days]`."""

from __future__ import annotations

import sys
from time import process_time

import numpy as np

from benchmarks.beside_r import line, seconds
from fangxian.analytics.reproduction import discr_si, estimate_r

#: R is timed on so many series: it takes a while.
IN_R = 20
#: Series at a time, as they come in batches.
BATCH = 250


def outbreaks(series: int, days: int, seed: int = 1) -> np.ndarray:
    """Waves of different height and time."""
    random = np.random.default_rng(seed)
    t = np.arange(days)
    peak, width, top = (random.uniform(a, b, (series, 1)) for a, b in ((0.2, 0.8), (8, 40), (3, 300)))
    return random.poisson(top * np.exp(-(((t - peak * days) / width) ** 2)) + 0.3)


def main(series: int = 5_000, days: int = 365) -> None:
    cases, si = outbreaks(series, days), discr_si(np.arange(60), 4.7, 2.9)
    si = si / si.sum()
    estimate_r(cases[:2], si)  # compiled
    started, windows = process_time(), 0
    for at in range(0, series, BATCH):
        found = estimate_r(cases[at : at + BATCH], si)
        windows += found.mean.size
    took = process_time() - started
    weights = ", ".join(f"{weight:.17g}" for weight in si)
    snippet = (
        f"w <- c({weights}); n <- nrow(y); for (j in 1:ncol(y)) estimate_R(y[, j], method = 'non_parametric_si', "
        "config = make_config(list(t_start = 2:(n - 6), t_end = 8:n, si_distr = w)))"
    )
    theirs = seconds("EpiEstim", snippet, cases[:IN_R])
    print(
        f"{series:,} series of {days} days, windows of 7 days, mean, sd and seven quantiles each; seconds of processor time"
    )
    print(line("Rt", took, windows, theirs, IN_R * len(found.start), 2000))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
