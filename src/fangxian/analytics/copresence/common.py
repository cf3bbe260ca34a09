"""A common source (共同暴露): which place, and when, best explains a set of cases, and whether chance would do as well.

A scan over place and time: every time between a case's arrival at a place and a case's departure from it is a window, as
far as it is no longer than asked for. The evidence for each is that of `sources`. As the best of many windows looks good
by chance as well, the same search is done for people who went out about as much and were drawn by lot, and p says how often
they yield a window as good (Monte Carlo; no smaller than 1 in the number of draws).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence.sources import DAY, evidence, timing_of
from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index
from fangxian.analytics.errors import AnalysisError
from fangxian.analytics.kernel import kernel

Array = NDArray[Any]
#: Controls are drawn from so many persons whose number of stays is nearest to that of the case.
ALIKE = 200
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, eq=False)
class CommonSources:
    """The best window of each place, those first that most speaks for: arrays of one length.

    `since`, `until`: seconds; `cases`: who were there then; `visitors`: stays of everybody that touch the window; `evidence`,
    `share` as of `Sources`; `p`: how often cases drawn by lot yield as much evidence somewhere.
    """

    place: Array
    since: Array
    until: Array
    cases: Array
    visitors: Array
    evidence: Array
    share: Array
    p: Array

    def __len__(self) -> int:
        return len(self.place)


@kernel
def _windows(rows, which, suit, place_rows, arrival, departure, departures, everybody, cases, longest, at_least):  # type: ignore[no-untyped-def]
    """The best window of each place that `at_least` different cases visited: place, since, until, cases, visitors, evidence, timing.

    `rows`: stays of the cases in order of place and arrival; `which`: whose; `suit`: logarithm of their timing. `departures`: as
    `departure`, sorted within each place.
    """
    found = np.empty((len(rows), 7), np.float64)
    n = 0
    stamp = np.full(cases, -1, np.int64)
    mark = np.int64(0)
    start = 0
    while start < len(rows):
        q = np.searchsorted(place_rows, np.int64(rows[start]), side="right") - 1
        stop = start
        while stop < len(rows) and rows[stop] < place_rows[q + 1]:
            stop += 1
        ends = np.sort(departure[rows[start:stop]])
        low, high = place_rows[q], place_rows[q + 1]
        best = -1.0
        for i in range(start, stop):
            since = arrival[rows[i]]
            if i > start and arrival[rows[i - 1]] == since:
                continue
            mark += 1
            there, logs, r = 0, 0.0, start
            before = np.searchsorted(departures[low:high], since)
            for until in ends:
                if until < departure[rows[i]]:
                    continue
                if np.int64(until) - since > longest and until > departure[rows[i]]:
                    break
                while r < stop and arrival[rows[r]] <= until:
                    if departure[rows[r]] >= since and stamp[which[r]] != mark:
                        stamp[which[r]] = mark
                        there += 1
                        logs += suit[r]
                    r += 1
                if there < at_least:
                    continue
                visitors = np.searchsorted(arrival[low:high], until, side="right") - before
                usual = min(1.0, visitors / everybody)
                timing = np.exp(logs / there)
                ratio = timing / usual
                told = 0.0
                if ratio > 1:
                    share = min(max((there * ratio - cases) / (cases * (ratio - 1)), 0.0), 1.0)
                    told = there * np.log1p(share * (ratio - 1))
                    if there < cases:
                        told += (cases - there) * np.log1p(-share)
                if told > best:
                    best = told
                    found[n, 0], found[n, 1], found[n, 2], found[n, 3] = q, since, until, there
                    found[n, 4], found[n, 5], found[n, 6] = visitors, told, timing
        if best > 0:
            n += 1
        start = stop
    return found[:n]


def common_sources(
    stays: Stays,
    exposed: Index,
    *,
    weight: Array | None = None,
    longest: int = DAY,
    at_least: int = 2,
    draws: int = 199,
    seed: int = 1,
) -> CommonSources:
    """Search the places and times that at least so many cases share.

    `exposed`, `weight` as of `sources`; a person's windows must be one. `longest`: seconds that a window may last beyond one
    stay. `draws`: how often the search is repeated with people drawn by lot (0: no p, NaN); alike for the same `seed`.
    Raises AnalysisError for fewer than two cases with stays.
    """
    known = np.nonzero(exposed.person < stays.persons)[0]
    person, since, until = exposed.person[known].astype(np.int64), exposed.since[known], exposed.until[known]
    seen = np.unique(_rows(stays, person, since, until, weight)[1])  # who has no stay in the window says nothing
    person, since, until = person[seen], since[seen], until[seen]
    if len(np.unique(person)) < max(2, at_least):
        raise AnalysisError(
            "至少需要两例有停留记录的病例，才能查找共同来源",
            "a common source can be sought for two cases or more that have stays",
        )
    departures = stays.departure.copy()
    _sort_within(stays.place_rows, departures)
    own = stays.by_person[0]
    sizes = np.diff(own)
    everybody = np.nonzero(sizes)[0]

    def search(who: Array) -> Array:
        rows, which, suit = _rows(stays, who, since, until, weight)
        found: Array = _windows(
            rows, which, suit, stays.place_rows, stays.arrival, stays.departure, departures, len(everybody), len(who),
            longest, at_least,
        )  # fmt: skip
        return found

    found = search(person)
    draw = np.random.default_rng(seed)
    ranked = everybody[np.argsort(sizes[everybody], kind="stable")]
    near = np.searchsorted(sizes[ranked], sizes[person])
    first = np.clip(near - ALIKE // 2, 0, max(0, len(ranked) - ALIKE))
    best = np.zeros(draws)
    for at in range(draws):
        lots = ranked[first + draw.integers(0, min(ALIKE, len(ranked)), len(person))]
        others = search(lots)
        best[at] = others[:, 5].max() if len(others) else 0.0
    p = (1 + (best[None, :] >= found[:, 5, None]).sum(axis=1)) / (draws + 1) if draws else np.full(len(found), np.nan)
    told, share = evidence(found[:, 3], len(person), np.minimum(found[:, 4] / len(everybody), 1), found[:, 6])
    order = np.lexsort((found[:, 0], -told))
    whole = found[:, :5].astype(np.int64)
    place, begin, end, there, visitors = (whole[order, k] for k in range(5))
    return CommonSources(place, begin, end, there, visitors, told[order], share[order], p[order])


def _rows(stays: Stays, who: Array, since: Array, until: Array, weight: Array | None) -> tuple[Array, Array, Array]:
    """The stays of persons within their windows, by place and arrival; whose they are; the logarithm of their timing."""
    own, own_rows = stays.by_person
    parts, whose, suits = [], [], []
    for at, (one, begin, end) in enumerate(zip(who.tolist(), since.tolist(), until.tolist(), strict=True)):
        rows = own_rows[own[one] : own[one + 1]].astype(np.int64)
        rows = rows[(stays.departure[rows] >= begin) & (stays.arrival[rows] <= end)]
        suit = timing_of(np.maximum(stays.arrival[rows], begin), begin, end, weight)
        parts.append(rows[suit > 0])
        suits.append(np.log(suit[suit > 0]))
        whose.append(np.full(int((suit > 0).sum()), at))
    rows, which = np.concatenate([_NONE, *parts]), np.concatenate([_NONE, *whose])
    suit = np.concatenate([np.zeros(0), *suits])
    order = np.argsort(rows, kind="stable")
    return rows[order], which[order], suit[order]


@kernel
def _sort_within(place_rows, instants):  # type: ignore[no-untyped-def]
    """Sort the instants of each place by themselves."""
    for q in range(len(place_rows) - 1):
        instants[place_rows[q] : place_rows[q + 1]].sort()
