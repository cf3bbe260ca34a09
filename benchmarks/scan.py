"""A permutation scan of 3,000 places over 60 days: `.venv/bin/python -m benchmarks.scan [replications]`."""

from __future__ import annotations

import sys
from time import perf_counter, process_time

import numpy as np

from fangxian.analytics.scan import scan


def main(replications: int = 99) -> None:
    random = np.random.default_rng(1)
    places = random.uniform(0, 100, (3000, 2))
    counts = random.poisson(random.gamma(0.5, 0.1, (3000, 1)), (3000, 60))
    near = np.hypot(*(places - [50, 50]).T) < 4
    counts[near, -4:] += random.poisson(0.4, (int(near.sum()), 4))
    scan(counts[:50], places[:50], replications=1)  # compiled
    wall, cpu = perf_counter(), process_time()
    found = scan(counts, places, share=0.1, longest=7, replications=replications)
    best = found.clusters[0]
    print(f"{counts.sum():,} cases, {replications} replications, circles of at most 10 % of the cases, at most 7 days")
    print(f"{perf_counter() - wall:.1f} s, {process_time() - cpu:.1f} s of processor time")
    print(
        f"{near.sum()} places were made to have more; found {len(best.places)}, {best.observed} for {best.expected:.1f}, p {best.p}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
