"""Pooled testing beside what is published and what is naive: `.venv/bin/python -m benchmarks.pooling`.

The search, against the two seconds that a person waits; the chosen design against Dorfman's best pool and against P-BEST's fixed
384 in 48; the published run of P-BEST, whose carriers are the samples 72 and 142, where it is at hand; the decoder against the rule of
thumb (every tube positive: carrier) on simulated runs of P-BEST's layout.
"""

from __future__ import annotations

from time import perf_counter

import numpy as np

from benchmarks import Figure, show
from fangxian.analytics.pooling import Assay, Combinatorial, choose, decode, forecast

RUNS = 60
#: Seconds that somebody waits for a design.
PATIENCE = 2.0


def main() -> None:
    show("Pooled testing", [*searching(), *published()])
    decoding()


def searching() -> list[Figure]:
    """Seconds of a search, and tests per sample of what it chose, beside the alternatives that find as many carriers or fewer."""
    pbest = Combinatorial(8, 3, 6, 384)
    found = []
    print("prevalence  wanted  chosen          tests/sample  Dorfman  P-BEST + confirmation (finds)  search")
    for prevalence, wanted in ((0.001, 0.8), (0.005, 0.9), (0.01, 0.9), (0.01, 0.95), (0.03, 0.95), (0.1, 0.95)):
        start = perf_counter()
        choice = choose(384, prevalence, sensitivity=wanted, largest=48)
        took = perf_counter() - start
        dorfman = next(one for one in (choice.chosen, *choice.others) if one.design.name == "dorfman")
        theirs = forecast(pbest, 384, prevalence)
        print(
            f"{prevalence:10.3f}  {wanted:6.2f}  {choice.chosen.design.name:<14}  {choice.chosen.tests_per_sample:12.3f}"
            f"  {dorfman.tests_per_sample:7.3f}  {theirs.tests_per_sample:13.3f} ({theirs.sensitivity:.0%})              {took:.2f} s"
        )
        found.append(Figure(f"a design for 384 at {prevalence:.1%}, {wanted:.0%} wanted", took, PATIENCE))
    return found


def published() -> list[Figure]:
    """The real run: 384 samples in 48 pools, cycle thresholds as they were measured."""
    from tests.support.reference import DATA

    if not (DATA / "pooled_testing").is_dir():
        return []
    from tests.reference.test_pooling_reference import published_cycles, published_layout

    layout, cycles = published_layout(), np.array(published_cycles())
    ct = np.where(cycles > 0, cycles, np.inf)
    decode(*layout, ct=ct)  # what is compiled once is not counted
    start = perf_counter()
    found = decode(*layout, ct=ct)
    took = perf_counter() - start
    carriers = (found.carriers() + 1).tolist()
    assert carriers == [72, 142] and not len(found.undecided()), carriers
    return [Figure("the published run of P-BEST decoded", took, PATIENCE, note="carriers 72 and 142, nobody undecided")]


def decoding() -> None:
    """Missed, wrongly called and unresolved samples a run, by ours and by the rule that every tube must be positive."""
    design, assay, random = Combinatorial(8, 3, 6, 384), Assay(), np.random.default_rng(5)
    tubes, samples = design.layout(384)
    for carriers in (2, 4, 6):
        ours, rule, seconds = np.zeros(3), np.zeros(2), 0.0
        for _ in range(RUNS):
            whom = random.choice(384, carriers, replace=False)
            cycles = np.full(384, np.inf)
            cycles[whom] = random.choice(assay.cycles[assay.cycles < 34], carriers)
            true = np.array([float(assay.pooled(cycles[pool], len(pool))) for pool in design.pools])
            shown = true + random.normal(0, assay.noise, len(true))
            seen = (random.random(len(true)) > assay.failure) & (shown <= assay.limit)
            stray = random.random(len(true)) < assay.false_positive
            ct = np.where(seen, shown, np.where(stray, random.uniform(20, 40, len(true)), np.inf))
            start = perf_counter()
            found = decode(tubes, samples, ct=ct)
            seconds += perf_counter() - start
            called, open_ = set(found.carriers().tolist()), set(found.undecided().tolist())
            truth = set(whom.tolist())
            ours += [len(truth - called - open_), len(called - truth), len(open_)]
            naive = set(np.flatnonzero(design.suspects(np.isfinite(ct)[None])[0]).tolist())
            rule += [len(truth - naive), len(naive - truth)]
        print(
            f"{carriers} carriers of 384: missed {ours[0] / RUNS:.2f}, called wrongly {ours[1] / RUNS:.2f}, to be tested again"
            f" {ours[2] / RUNS:.2f} | every tube positive: missed {rule[0] / RUNS:.2f}, wrongly {rule[1] / RUNS:.2f}"
            f" | {seconds / RUNS:.2f} s a run"
        )


if __name__ == "__main__":
    main()
