"""Every weekly method on the 42 scenarios of Noufaily 2013: `.venv/bin/python -m benchmarks.noufaily [series a scenario]`.

Published beside it: Bédubourg, Le Strat, PLoS ONE 12 (2017) e0181227, who ran 21 methods on the same scenarios; they credit an outbreak
to alarms that had begun before it, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter

import numpy as np

from fangxian.analytics import detection
from fangxian.analytics.detection import Detection
from fangxian.analytics.detection.evaluation import JUDGED, WEEKS, evaluate

SINCE = WEEKS - JUDGED - 1
#: The window that a method needs before the weeks judged; without one, all weeks.
METHODS: dict[str, Callable[[np.ndarray], Detection]] = {
    "ears-c1": lambda y: detection.ears_c1(y[:, -JUDGED - 12 :]),
    "ears-c2": lambda y: detection.ears_c2(y[:, -JUDGED - 12 :]),
    "ears-c3": lambda y: detection.ears_c3(y[:, -JUDGED - 14 :]),
    "ears-c3, paper": lambda y: detection.ears_c3(y[:, -JUDGED - 14 :], compat="paper"),
    "farrington": lambda y: detection.farrington(y, since=SINCE),
    "farrington, alpha 0.01": lambda y: detection.farrington(y, since=SINCE, alpha=0.01),
    "farrington-flexible": lambda y: detection.farrington_flexible(y, since=SINCE, alpha=0.01),
    "farrington-flexible, paper": lambda y: detection.farrington_flexible(y, since=SINCE, alpha=0.01, compat="paper"),
    "farrington-flexible, nbPlugin": lambda y: detection.farrington_flexible(
        y, since=SINCE, alpha=0.01, threshold="nbPlugin"
    ),
    "rki3": lambda y: detection.rki(y[:, -JUDGED - 120 :], years=2, half_window=4),
    "bayes3": lambda y: detection.bayes(y[:, -JUDGED - 120 :], years=2, half_window=4, this_year=False),
    "cusum, seasonal": lambda y: detection.cusum(y, since=SINCE, mean="seasonal"),
    "lr-nb": lambda y: detection.lr(y, since=SINCE, alpha=0.1),
    "moving-percentile": lambda y: detection.moving_percentile(y),
}


def main(replications: int = 10) -> None:
    print(f"42 scenarios × {replications} series × 5 past × 10 current sizes of outbreaks, {JUDGED} weeks each")
    print(f"{'':<32}{'false pos.':>11}{'detected':>10}{'timeliness':>12}{'precision':>11}{'judged':>8}{'s':>7}")
    for name, judge in METHODS.items():
        started = perf_counter()
        one = evaluate(judge, replications)
        print(
            f"{name:<32}{one.false_positives:>11.3f}{one.detected:>10.3f}{one.timeliness:>12.3f}{one.precision:>11.3f}"
            f"{one.judged:>8.3f}{perf_counter() - started:>7.1f}",
            flush=True,
        )
    print(f"{'21 methods, published (2017)':<32}{'.007-.599':>11}{'.433-.887':>10}{'':>12}{'.065-.684':>11}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
