"""Backwards (溯源): where cases may have been infected, and beside whom, by what they share before they fell ill.

What speaks for a place is a likelihood ratio. Had none of n cases been infected there, each would have been there as often as
everybody: with probability b. Had a share π of them been, those were there for certain, and at a time that suits their
onset. `evidence` is the logarithm of the ratio of the two for the π that fits best; a place that everybody passes has little
whatever the number of cases, and none is negative. The same is asked of persons, b being how many people they meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index, trace

Array = NDArray[Any]
DAY = 86_400
#: How many persons met by several cases are looked into.
CANDIDATES = 200


@dataclass(frozen=True, eq=False)
class Sources:
    """Places, those first that most speaks for: arrays of one length.

    `cases`: cases who were there in their window. `expected`: the sum over cases of the share of their window's time (stays
    only) that they spent there, weighted by how likely an infection then leads to an onset when it did. `lift`: `cases` over
    the number expected had the cases gone out as everybody present in the same days did. `evidence`: log-likelihood ratio,
    0 or more; `share`: the part of the cases that were infected there, if they were (π).
    """

    place: Array
    cases: Array
    expected: Array
    lift: Array
    evidence: Array
    share: Array

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True, eq=False)
class Carriers:
    """Persons who are no cases and whom several cases met in their windows, those first that most speaks for.

    `cases`: how many met them; `met`: how many people they met in all in the same days; `evidence`, `share` as of `Sources`.
    """

    person: Array
    cases: Array
    met: Array
    evidence: Array
    share: Array

    def __len__(self) -> int:
        return len(self.person)


def evidence(there: Array, cases: int, usual: Array, timing: Array) -> tuple[Array, Array]:
    """Log-likelihood ratio and share π of candidate sources: arrays of one length.

    `there`: how many of `cases` were at each; `usual`: the probability that anybody was; `timing`: how much better than at a
    time taken at random their being there suits their onsets (geometric mean over those who were; 1: no better).
    """
    ratio = np.maximum(timing / np.maximum(usual, 1e-300), 1e-300)
    share = np.clip((there * ratio - cases) / np.where(ratio > 1, cases * (ratio - 1), 1), 0, 1)
    share = np.where(ratio > 1, share, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.where(there < cases, (cases - there) * np.log1p(-share), 0.0)
    found = there * np.log1p(share * (ratio - 1)) + away
    return np.maximum(found, 0.0), share


def sources(stays: Stays, exposed: Index, *, weight: Array | None = None, at_least: int = 2) -> Sources:
    """Places that at least so many cases visited in their windows of exposure, the likeliest first.

    A case without a stay in its window says nothing and is not counted. `exposed`: for each case the window in which it was
    infected (onset less the longest to less the shortest incubation).
    `weight`: the density of the incubation period by whole days before the end of the window (uniform if not given).
    """
    own, own_rows = stays.by_person
    seen: set[int] = set()
    shares: dict[int, dict[int, float]] = {}
    suits: dict[int, dict[int, float]] = {}
    for person, since, until in zip(
        exposed.person.tolist(), exposed.since.tolist(), exposed.until.tolist(), strict=True
    ):
        if person >= stays.persons:
            continue
        rows = own_rows[own[person] : own[person + 1]]
        begin, end = np.maximum(stays.arrival[rows], since), np.minimum(stays.departure[rows], until)
        stayed = np.maximum(end.astype(np.int64) - begin, 0).astype(float)
        suited = stayed * timing_of(begin, since, until, weight)
        if not suited.sum():
            continue
        seen.add(person)
        places = np.searchsorted(stays.place_rows, rows, side="right") - 1
        for place in np.unique(places[suited > 0]).tolist():
            here = places == place
            of = shares.setdefault(place, {})
            of[person] = of.get(person, 0.0) + float(suited[here].sum() / suited.sum())
            suits.setdefault(place, {})[person] = float(suited[here].sum() / stayed[here].sum())
    chosen = sorted(place for place, of in shares.items() if len(of) >= at_least)
    place = np.array(chosen, np.int64)
    there = np.array([len(shares[one]) for one in chosen], np.int64)
    expected = np.array([sum(shares[one].values()) for one in chosen], float)
    timing = np.array([np.exp(np.mean(np.log(list(suits[one].values())))) for one in chosen], float)
    usual = _usual(stays, place, exposed)
    count = len(seen)
    lift = there / np.maximum(usual * count, 1e-12)
    told, share = evidence(there, count, usual, timing)
    order = np.lexsort((place, -lift, -expected, -told))
    return Sources(*(column[order] for column in (place, there, expected, lift, told, share)))


def carriers(stays: Stays, exposed: Index, *, tau: int, weight: Array | None = None, at_least: int = 2) -> Carriers:
    """Persons whom at least so many cases met for `tau` seconds in their windows of exposure, the likeliest source first.

    Cases themselves are left out: who of them infected whom is what chains tell. Of those met by most cases the first
    `CANDIDATES` are looked into.
    """
    lines = trace(stays, exposed, tau=tau).lines
    assert lines is not None
    pairs, first = np.unique(np.stack([lines.person, lines.via]), axis=1, return_index=True)
    person, there = np.unique(pairs[0], return_counts=True)
    several = np.nonzero(there >= at_least)[0]
    several = several[np.argsort(-there[several], kind="stable")][:CANDIDATES]
    person, there = person[several], there[several].astype(np.int64)
    window = {who: (since, until) for who, since, until in zip(
        exposed.person.tolist(), exposed.since.tolist(), exposed.until.tolist(), strict=True)}  # fmt: skip
    suited = [
        float(timing_of(np.array([lines.t_in[at]]), *window[int(lines.via[at])], weight)[0]) for at in first.tolist()
    ]
    timing = np.array([
        np.exp(np.mean(np.log(np.maximum([suited[k] for k in np.nonzero(pairs[0] == who)[0]], 1e-9)))) for who in person.tolist()
    ])  # fmt: skip
    since, until = (int(exposed.since.min()), int(exposed.until.max())) if len(exposed.person) else (0, 0)
    met = np.array(
        [len(trace(stays, Index.of([who], [since], [until]), tau=tau, lines=False).people) for who in person.tolist()],
        np.int64,
    )
    told, share = evidence(there, _recorded(stays, exposed), met / max(1, _everybody(stays) - 1), timing)
    order = np.lexsort((person, met, -told))
    return Carriers(*(column[order] for column in (person, there, met, told, share)))


def timing_of(at: Array, since: int, until: int, weight: Array | None) -> Array:
    """How much likelier than at a time taken at random an infection at these instants is, given the window and the onset."""
    if weight is None:
        return np.ones(len(at))
    density = np.asarray(weight, float)
    days = np.clip(np.arange((max(until - since, 1) - 1) // DAY + 1), 0, len(density) - 1)
    day = np.clip((until - np.asarray(at, np.int64)) // DAY, 0, len(density) - 1)
    mean = density[days].mean()
    found: Array = density[day] / mean if mean else np.zeros(len(at))
    return found


def _recorded(stays: Stays, exposed: Index) -> int:
    """How many of the cases have stays at all."""
    own, person = stays.by_person[0], np.unique(exposed.person[exposed.person < stays.persons]).astype(np.int64)
    return int(np.count_nonzero(own[person + 1] > own[person]))


def _everybody(stays: Stays) -> int:
    return max(1, int(np.count_nonzero(np.diff(stays.by_person[0]))))


def _usual(stays: Stays, places: Array, exposed: Index) -> Array:
    """The part of everybody in the stays who was at each place while the cases were exposed."""
    since, until = (int(exposed.since.min()), int(exposed.until.max())) if len(exposed.person) else (0, 0)
    visitors = [
        len(np.unique(stays.person[rows][(stays.arrival[rows] <= until) & (stays.departure[rows] >= since)]))
        for rows in (slice(stays.place_rows[place], stays.place_rows[place + 1]) for place in places.tolist())
    ]
    return np.array(visitors, float) / _everybody(stays)
