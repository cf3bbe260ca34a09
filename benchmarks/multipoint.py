"""False alerts of the fused sources beside votes and single sources: `.venv/bin/python -m benchmarks.multipoint [counties] [seed]`.

Made-up counties (`analytics.multipoint.counties`), each without and with an outbreak. Half of them teach, where a rule learns; the
other half is judged. Every rule has the same deviates, its best slack, and the threshold at which it finds 80 % of outbreaks within 21
days; then its false alerts are counted in the counties without any.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from time import perf_counter

import numpy as np

from fangxian.analytics.multipoint import Counties, Panel, counties, fuse, taught
from fangxian.analytics.multipoint.evaluation import Performance, at_sensitivity, cusum_alerts

#: How strongly all sources of a county drift together: standard deviation of the logarithm.
DRIFTS = (0.12, 0.2, 0.3)
DAYS, SINCE, SLACKS = 540, 400, (0.25, 0.5, 1.0, 1.5)
#: Charts begin here, so that they have settled when it counts.
FROM = SINCE - 60


def together(made: Counties) -> Panel:
    """The counties without and with outbreaks watched as one, so that they have one set of weights."""
    names = (*made.quiet.places, *(f"{place}, struck" for place in made.quiet.places))
    return replace(made.quiet, places=names, counts=np.concatenate((made.quiet.counts, made.struck.counts)))


def best(made: Counties, evidence: np.ndarray, votes: int = 1, slacks: tuple[float, ...] = SLACKS) -> Performance:
    """The fewest false alerts over the slacks, among the counties that taught nobody."""
    n = len(made.onset)
    judged = slice(n // 2, None)
    found = [
        at_sensitivity(
            lambda told, limit, slack=slack: cusum_alerts(told, limit, votes=votes, slack=slack),
            evidence[:n, :, FROM:][judged], evidence[n:, :, FROM:][judged], made.onset[judged] - FROM, since=SINCE - FROM,
        )
        for slack in slacks
    ]  # fmt: skip
    return min(found, key=lambda one: one.false_alerts)


def _ratio(one: Performance, other: float) -> float:
    return one.false_alerts / other if other else float("nan")


def main(number: int = 300, seed: int = 7) -> None:
    started = perf_counter()
    print(
        f"False alerts per county-week at sensitivity 0.80 within 21 days, {number // 2} held-out counties; median days to the alert"
    )
    rows: dict[str, list[str]] = {}
    for drift in DRIFTS:
        made = counties(number, DAYS, size=3.0, shared=drift, seed=seed, since=SINCE)
        panel = together(made)
        alerts = fuse(panel)
        n = len(made.onset)
        struck = [(alerts.places[n + i], made.quiet.days[made.onset[i]]) for i in range(n // 2)]
        learned = fuse(replace(panel, sources=taught(alerts, struck)))
        singles = {f"{one.name} alone": best(made, alerts.z[:, [i]]) for i, one in enumerate(alerts.sources)}
        votes = {f"{votes} of 6 above": best(made, alerts.z, votes) for votes in (1, 2, 3, 4)}
        fused = best(made, alerts.evidence[:, None], slacks=(0.0,))
        ours = best(made, learned.evidence[:, None], slacks=(0.0,))
        got = 7 * alerts.alert[n // 2 : n, SINCE:].mean()
        vote, single = (min(one.false_alerts for one in some.values()) for some in (votes, singles))
        for name, one in (singles | votes | {"fused": fused, "fused, strengths learnt": ours}).items():
            rows.setdefault(name, []).append(f"{one.false_alerts:.4f}  ({one.delay:.0f} days)")
        for name, value in (
            ("fused to the best vote (target 0.33)", _ratio(fused, vote)),
            ("learnt to the best vote (target 0.33)", _ratio(ours, vote)),
            ("fused to the best single (target 1)", _ratio(fused, single)),
            ("asked for 0.0192, got", got),
        ):
            rows.setdefault(name, []).append(f"{value:.4f}" if "got" in name else f"{value:.2f}")
    print(f"{'':<40}" + "".join(f"{f'shared drift {drift}':>22}" for drift in DRIFTS))
    for name, cells in rows.items():
        print(f"{name:<40}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"{perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
