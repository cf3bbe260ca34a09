"""Detection methods on many series, beside R's surveillance: `.venv/bin/python -m benchmarks.detection [weekly series] [daily series]`."""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from time import process_time

import numpy as np

from benchmarks.beside_r import line, seconds
from fangxian.analytics import detection
from fangxian.analytics.detection import Detection

WEEKS, JUDGED, DAYS = 12 * 52, 52, 5 * 365
#: R is timed on so many series: it takes a while.
IN_R = 4
#: Series at a time, as they come in batches.
BATCH = 64

_STS = "s <- sts(observed = y, frequency = 52); r <- (nrow(y) - 51):nrow(y); "


def season(series: int, times: int, year: int, seed: int = 1) -> np.ndarray:
    """Overdispersed counts with a season, a trend and levels from 0.2 to 50 a time."""
    random = np.random.default_rng(seed)
    level = np.exp(random.uniform(-1.6, 3.9, (series, 1)))
    t = np.arange(times)
    mean = level * np.exp(0.5 * np.sin(2 * np.pi * t / year + random.uniform(0, 6.3, (series, 1))) + 0.2 * t / times)
    return random.negative_binomial(2.0, 2.0 / (2.0 + mean)).astype(np.int32)


def timed(
    name: str, run: Callable[[np.ndarray], Detection], table: np.ndarray, snippet: str = "", target: float | None = None
) -> None:
    run(table[:IN_R])  # compiled
    started = process_time()
    for at in range(0, len(table), BATCH):
        run(table[at : at + BATCH])
    took = process_time() - started
    judged = sum(int(run(table[at : at + BATCH]).judged.sum()) for at in range(0, len(table), BATCH))
    theirs = seconds("surveillance", snippet, table[:IN_R]) if snippet else None
    print(line(name, took, judged, theirs, int(run(table[:IN_R]).judged.sum()), target), flush=True)


def main(weekly: int = 2000, daily: int = 10_000) -> None:
    weeks, days = season(weekly, WEEKS, 52), season(daily, DAYS, 365)
    since = WEEKS - JUDGED
    print(f"{weekly:,} weekly series of {WEEKS}, the last {JUDGED} weeks judged; seconds of processor time")
    timed("farrington", lambda y: detection.farrington(y, since=since), weeks,
          _STS + "farrington(s, list(range = r, b = 5, w = 3, alpha = 0.05, trend = TRUE, limit54 = c(5, 4)))", 300)  # fmt: skip
    timed("flexible, 1 block", lambda y: detection.farrington_flexible(y, since=since, blocks=1, left_out=3), weeks,
          _STS + "farringtonFlexible(s, list(range = r, b = 5, w = 3, noPeriods = 1, glmWarnings = FALSE))", 300)  # fmt: skip
    timed("flexible, 10 blocks", lambda y: detection.farrington_flexible(y, since=since), weeks,
          _STS + "farringtonFlexible(s, list(range = r, b = 5, w = 3, noPeriods = 10, pastWeeksNotIncluded = 26, "
          "weightsThreshold = 2.58, pThresholdTrend = 1, glmWarnings = FALSE))", 300)  # fmt: skip
    timed("flexible, nbPlugin", lambda y: detection.farrington_flexible(y, since=since, threshold="nbPlugin"), weeks)
    print(f"{daily:,} daily series of {DAYS}, every day judged that can be")
    for method in ("C1", "C2", "C3"):
        timed(f"EARS {method}", getattr(detection, f"ears_{method.lower()}"), days,
              f"s <- sts(observed = y, frequency = 365); earsC(s, list(method = '{method}'))", 3000)  # fmt: skip
    timed("cusum", lambda y: detection.cusum(y, freq=365), days)
    timed("lr, Poisson", lambda y: detection.lr(y, freq=365), days)
    timed("bayes", lambda y: detection.bayes(y, freq=365, years=1), days)
    timed("rki", lambda y: detection.rki(y, freq=365), days)
    timed("outbreakP", detection.outbreak_p, days)
    timed("switch", detection.switch, days)
    timed("glr, Poisson, 60 days", lambda y: detection.glr(y, freq=365, window=60), days[: daily // 10])
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB of memory")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
