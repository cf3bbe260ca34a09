"""One million links of simulated transmission: `.venv/bin/python -m benchmarks.chains [links]`."""

from __future__ import annotations

import sys
from time import perf_counter

import numpy as np

from fangxian.analytics.chains import analyse


def outbreak(links: int, seed: int = 1) -> tuple[list[str], list[tuple[str, str]], np.ndarray]:
    """An overdispersed outbreak (R 0.9 within the list, k 0.2): ids, links and onset dates as NumPy days."""
    rng = np.random.default_rng(seed)
    n = int(links / 0.9) + 1
    infector = np.repeat(np.arange(n), rng.negative_binomial(0.2, 0.2 / (0.2 + 0.95), n))[:links]
    infectee = np.arange(n - len(infector), n)
    keep = infector < infectee
    infector, infectee = infector[keep], infectee[keep]
    day = rng.integers(0, 300, n)
    onset = (np.datetime64("2020-01-01") + day).astype("datetime64[D]")
    ids = [f"case-{i}" for i in range(n)]
    return ids, [(ids[a], ids[b]) for a, b in zip(infector.tolist(), infectee.tolist(), strict=True)], onset


def main(links: int = 1_000_000) -> None:
    ids, edges, onset = outbreak(links)
    print(f"{len(ids):,} cases, {len(edges):,} links, ids are text")
    started = perf_counter()
    chains = analyse(ids, edges, onset)
    analysed = perf_counter()
    summary = chains.summary()
    summarised = perf_counter()
    clusters = len(chains.clusters)
    grouped = perf_counter()
    nodes = len(chains.graph(1).nodes)
    drawn = perf_counter()
    print(f"analyse   {analysed - started:6.2f} s")
    print(f"summary   {summarised - analysed:6.2f} s   {summary['chains']}, k {summary['secondary_cases']['k']:.2f}")
    print(f"clusters  {grouped - summarised:6.2f} s   {clusters:,} chains")
    print(f"graph(1)  {drawn - grouped:6.2f} s   {nodes:,} nodes")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
