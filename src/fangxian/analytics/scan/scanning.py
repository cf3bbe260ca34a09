"""Space-time scan statistics (时空扫描统计): where and when are there more cases than anywhere else?

Sources: Kulldorff, Commun Stat Theory Methods 26 (1997) 1481-1496, and J R Stat Soc A 164 (2001) 61-72, for the Poisson model;
Kulldorff, Heffernan, Hartman, Assunção, Mostashari, PLoS Med 2 (2005) e59, for the space-time permutation model; Abrams, Kulldorff,
Kleinman, Int J Health Geogr 9 (2010) 61, for p-values from a Gumbel distribution.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fangxian.analytics.scan.circles import neighbours, stretches, summed
from fangxian.analytics.scan.results import Cluster, Scan, ScanError
from fangxian.analytics.scan.statistic import best_by_centre, largest, scattered, shuffled

Floats = NDArray[np.float64]


def scan(
    counts: ArrayLike, coordinates: ArrayLike, *, model: Literal["permutation", "poisson"] = "permutation",
    population: ArrayLike | None = None, share: float = 0.5, longest: int | None = None, retrospective: bool = False,
    replications: int = 999, seed: int = 1, least: int = 2, on_progress: Callable[[int, int], None] | None = None,
) -> Scan:  # fmt: skip
    """Scan counts (places, times) for clusters in circles around every place.

    coordinates: (places, 2), plane, in any one unit. Circles hold at most `share` of the cases (permutation) or of the population
    (Poisson); stretches last at most `longest` times (by default half of them, all if there is one), end at the last time, or
    anywhere if `retrospective`. Clusters have at least `least` cases.

    permutation: what is expected of a window follows from the cases of its places and of its times alone, so that no population is
    needed; replications deal the times out anew. poisson: cases are expected by `population` (places,), evenly over time; counts of
    one time are a purely spatial scan. Both condition on the number of cases. The same seed gives the same p-values.
    Raises ScanError for counts, coordinates or population that do not fit or make no sense.
    """
    table, places = _checked(counts, coordinates)
    cases, times = int(table.sum()), table.shape[1]
    if model == "permutation":
        if times < 2:
            raise ScanError(
                "时空排列模型至少需要两期数据；单期请用 poisson。",
                "A permutation scan needs two times or more; use poisson for one.",
            )
        weight = table.sum(axis=1).astype(np.float64)
    else:
        weight = _people(population, len(table))
    if not 0 < share <= 1:
        raise ScanError("空间窗口上限应在 0 与 1 之间。", "The share of a circle lies between 0 and 1.")
    if cases < least:
        return Scan((), np.zeros(0))
    start, end = stretches(times, longest or max(1, times // 2), retrospective)
    near, kept = neighbours(places, weight, share)
    if model == "permutation":
        before = np.concatenate(([0], np.cumsum(table.sum(axis=0))))
        in_time = (before[end + 1] - before[start]) / cases
    else:
        in_time = cases / weight.sum() * (end - start + 1) / times
    observed = summed(table, start, end)
    ratio, size, stretch = np.zeros(len(table)), np.zeros(len(table), np.int64), np.zeros(len(table), np.int64)
    best_by_centre(near, kept, observed, weight, in_time, cases, least, ratio, size, stretch)

    where, when = np.nonzero(table)
    place = np.repeat(where, table[where, when]).astype(np.int32)
    time = np.repeat(when, table[where, when]).astype(np.int32)
    chance = np.cumsum(weight)

    def replicate(number: int) -> float:
        drawn = np.empty_like(table)
        if model == "permutation":
            shuffled(place, time.copy(), seed * 1_000_003 + number, drawn)
        else:
            scattered(cases, chance, seed * 1_000_003 + number, drawn)
        return float(largest(near, kept, summed(drawn, start, end), weight, in_time, cases, least))

    random = _replicated(replicate, replications, on_progress)
    chosen = []
    taken: set[int] = set()
    for centre in np.argsort(-ratio, kind="stable").tolist():
        members = near[centre, : size[centre]].tolist()
        if ratio[centre] <= 0 or taken.intersection(members):
            continue
        taken.update(members)
        chosen.append(
            _cluster(
                centre,
                members,
                int(stretch[centre]),
                float(ratio[centre]),
                places,
                observed,
                weight,
                in_time,
                start,
                end,
                random,
            )
        )
    return Scan(tuple(chosen), random)


def _cluster(
    centre: int, members: list[int], stretch: int, ratio: float, places: Floats, observed: NDArray[np.int32], weight: Floats,
    in_time: Floats, start: NDArray[np.int64], end: NDArray[np.int64], random: Floats,
) -> Cluster:  # fmt: skip
    p = p_gumbel = None
    if len(random):
        p = (1 + int((random >= ratio).sum())) / (1 + len(random))
        p_gumbel = gumbel_p(ratio, random)
    return Cluster(
        tuple(members), float(np.hypot(*(places[members[-1]] - places[centre]))), int(start[stretch]), int(end[stretch]),
        int(observed[members, stretch].sum()), float(weight[members].sum() * in_time[stretch]), ratio, p, p_gumbel,
    )  # fmt: skip


def gumbel_p(ratio: float, random: Floats) -> float:
    """Probability of so large a ratio by the Gumbel distribution that has the mean and standard deviation of the replications."""
    scale = float(random.std(ddof=1)) * math.sqrt(6) / math.pi if len(random) > 1 else 0.0
    if scale == 0:
        return 1.0 if not len(random) or ratio <= random[0] else 0.0
    location = float(random.mean()) - 0.5772156649015329 * scale
    return -math.expm1(-math.exp(-(ratio - location) / scale))


def _replicated(replicate: Callable[[int], float], n: int, on_progress: Callable[[int, int], None] | None) -> Floats:
    """The largest ratios of n replications, on all processors; each has a seed of its own, so their order does not matter."""
    found = np.empty(n)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for number, ratio in enumerate(pool.map(replicate, range(n))):
            found[number] = ratio
            if on_progress is not None:
                on_progress(number + 1, n)
    return found


def _checked(counts: ArrayLike, coordinates: ArrayLike) -> tuple[NDArray[np.int32], Floats]:
    table, places = np.asarray(counts), np.asarray(coordinates, np.float64)
    if (
        table.ndim != 2
        or table.dtype.kind not in "iufb"
        or (table < 0).any()
        or (table != np.floor(table)).any()
        or (table > 1e8).any()
    ):
        raise ScanError(
            "病例数应是“地点 × 时间”的非负整数数组。",
            "Counts are an array of places × times, whole numbers of at least 0.",
        )
    if places.shape != (len(table), 2) or not np.isfinite(places).all():
        raise ScanError(f"坐标应为 {len(table)} 行两列的数。", f"Coordinates are {len(table)} rows of two numbers.")
    return np.ascontiguousarray(table.astype(np.int32)), places


def _people(population: ArrayLike | None, places: int) -> Floats:
    if population is None:
        raise ScanError("泊松模型需要各地点的人口。", "The Poisson model needs the population of every place.")
    people = np.asarray(population, np.float64)
    if people.shape != (places,) or not np.isfinite(people).all() or (people < 0).any() or not people.sum() > 0:
        raise ScanError(
            "人口应每个地点一个，非负且不全为 0。", "Population is one number a place, none negative and not all 0."
        )
    return people
