"""Backwards (溯源): where cases may have been infected, and beside whom, by what they share before they fell ill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Sources:
    """Places in order of how many cases they may explain: arrays of one length.

    `cases`: cases who were there in their window. `expected`: the sum over cases of the share of their window's time (stays
    only) that they spent there, weighted by how likely an infection then leads to an onset when it did. `lift`: `cases` over
    the number expected had the cases gone out as everybody present in the same days did.
    """

    place: Array
    cases: Array
    expected: Array
    lift: Array


def sources(stays: Stays, exposed: Index, *, weight: Array | None = None, at_least: int = 2) -> Sources:
    """Places that at least so many cases visited in their windows of exposure, the likeliest first.

    `exposed`: for each case the window in which it was infected (onset less the longest to less the shortest incubation).
    `weight`: the density of the incubation period by whole days before the end of the window (uniform if not given).
    """
    own, own_rows = stays.by_person
    shares: dict[int, dict[int, float]] = {}
    for person, since, until in zip(
        exposed.person.tolist(), exposed.since.tolist(), exposed.until.tolist(), strict=True
    ):
        if person >= stays.persons:
            continue
        rows = own_rows[own[person] : own[person + 1]]
        begin, end = np.maximum(stays.arrival[rows], since), np.minimum(stays.departure[rows], until)
        stayed = np.maximum(end.astype(np.int64) - begin, 0).astype(float)
        if weight is not None:
            day = np.clip((until - begin.astype(np.int64)) // 86_400, 0, len(weight) - 1)
            stayed *= np.asarray(weight, float)[day]
        if not stayed.sum():
            continue
        places = np.searchsorted(stays.place_rows, rows, side="right") - 1
        for place, share in zip(places.tolist(), (stayed / stayed.sum()).tolist(), strict=True):
            if share:
                of = shares.setdefault(place, {})
                of[person] = of.get(person, 0.0) + share
    found = [(place, len(of), sum(of.values())) for place, of in shares.items() if len(of) >= at_least]
    place = np.array([one[0] for one in found], np.int64)
    cases, expected = np.array([one[1] for one in found], np.int64), np.array([one[2] for one in found], float)
    lift = cases / np.maximum(_usual(stays, place, exposed), 1e-12)
    order = np.lexsort((place, -lift, -expected, -cases))
    return Sources(place[order], cases[order], expected[order], lift[order])


def _usual(stays: Stays, places: Array, exposed: Index) -> Array:
    """How many of so many cases would have been at each place, had they gone out as everybody in the stays did."""
    since, until = (int(exposed.since.min()), int(exposed.until.max())) if len(exposed.person) else (0, 0)
    everybody = max(1, int(np.count_nonzero(np.diff(stays.by_person[0]))))
    cases = len(np.unique(exposed.person))
    visitors = [
        len(np.unique(stays.person[rows][(stays.arrival[rows] <= until) & (stays.departure[rows] >= since)]))
        for rows in (slice(stays.place_rows[place], stays.place_rows[place + 1]) for place in places.tolist())
    ]
    return np.array(visitors, float) / everybody * cases
