"""Contacts that may be none (存疑): stays whose end was assumed, people in two places at once, journeys nobody can make.

Nothing of this is thrown away, for a wrong clock must not hide a contact: both stays are kept, and whoever reads the line
list sees which contacts rest on them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence.tracing import Lines
from fangxian.analytics.kernel import kernel
from fangxian.text import Text, listed

Array = NDArray[Any]


class Doubt(IntFlag):
    """Why a stay may be wrong; a line can have several."""

    NONE = 0
    ASSUMED = 1
    TWO_PLACES = 2
    TOO_FAST = 4


NAMES = {
    Doubt.ASSUMED: Text("离场时间为推定", "check-out assumed"),
    Doubt.TWO_PLACES: Text(
        "同时出现在两处（设备调换、共用或时钟不准）",
        "in two places at once (device swapped or shared, or a clock is wrong)",
    ),
    Doubt.TOO_FAST: Text("两处之间的速度不可能", "could not have got there in time"),
}


@dataclass(frozen=True, eq=False)
class Doubts:
    """Times of persons that are in doubt, and why: arrays of one length; `kind` holds values of `Doubt`."""

    person: Array
    since: Array
    until: Array
    kind: Array

    @classmethod
    def joined(cls, parts: Iterable[Doubts]) -> Doubts:
        parts = list(parts)
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in ("person", "since", "until", "kind"))
        )

    def __len__(self) -> int:
        return len(self.person)

    def of(self, lines: Lines) -> Array:
        """The doubts (`Doubt`, or-ed) of each line: those of either person that meet its time; uint8 (n)."""
        order = np.lexsort((self.since, self.person))
        person, since, until, kind = (
            column[order].astype(np.int64) for column in (self.person, self.since, self.until, self.kind)
        )
        begin, end = lines.t_in.astype(np.int64), lines.t_out.astype(np.int64)
        found = np.zeros(len(lines), np.uint8)
        for who in (lines.person, lines.via):
            _meeting(person, since, until, kind, who.astype(np.int64), begin, end, found)
        return found


@kernel
def _meeting(person, since, until, kind, who, begin, end, found):  # type: ignore[no-untyped-def]
    """Add to found[i] the kinds of the doubts about who[i] that meet begin[i] to end[i]."""
    for i in range(len(who)):
        at = np.searchsorted(person, who[i])
        while at < len(person) and person[at] == who[i] and since[at] < end[i]:
            if until[at] > begin[i]:
                found[i] |= np.uint8(kind[at])
            at += 1


def key(kind: int) -> str:
    """Doubts as files write them: `assumed`, `two_places`, `too_fast`, joined by +; "" for none."""
    return "+".join(str(doubt.name).lower() for doubt in NAMES if kind & doubt)


def words(kind: int) -> Text:
    """Doubts in words, "" for none."""
    return listed((name for doubt, name in NAMES.items() if kind & doubt), "；", "; ")


def two_places(person: Array, place: Array, arrival: Array, departure: Array, whole: Array | None = None) -> Doubts:
    """When somebody was at two places at once, the second of which is no part of the first.

    `whole` (by place, from `crowds.wholes`): a zone and its mall are one place. Stays in any order.
    """
    where = place if whole is None else whole[place]
    order = np.lexsort((departure, arrival, person))
    columns = (column[order].astype(np.int64) for column in (person, where, arrival, departure))
    who, since, until = _overlaps(*columns)
    return Doubts(who, since, until, np.full(len(who), int(Doubt.TWO_PLACES), np.uint8))


@kernel
def _overlaps(person, place, arrival, departure):  # type: ignore[no-untyped-def]
    """Person, begin and end of every time that two stays of one person at different places have in common."""
    who, since, until = [], [], []
    for i in range(len(person)):
        j = i + 1
        while j < len(person) and person[j] == person[i] and arrival[j] < departure[i]:
            end = min(departure[i], departure[j])
            if place[j] != place[i] and end > arrival[j]:
                who.append(person[i])
                since.append(arrival[j])
                until.append(end)
            j += 1
    return np.array(who, np.int64), np.array(since, np.int64), np.array(until, np.int64)


def too_fast(person: Array, arrival: Array, departure: Array, lon: Array, lat: Array, most: float) -> Doubts:
    """Stays that follow one another at places further apart than `most` km/h could have brought anybody; both are in doubt."""
    order = np.lexsort((departure, arrival, person))
    who, begin, end = person[order], arrival[order].astype(np.int64), departure[order].astype(np.int64)
    far = distance(lon[order][:-1], lat[order][:-1], lon[order][1:], lat[order][1:])
    hours = np.maximum(begin[1:] - end[:-1], 0) / 3600
    wrong = np.nonzero((who[1:] == who[:-1]) & (far > 1000) & (far / 1000 > most * hours))[0]
    rows = np.unique(np.r_[wrong, wrong + 1])
    return Doubts(who[rows], begin[rows], end[rows], np.full(len(rows), int(Doubt.TOO_FAST), np.uint8))


def distance(lon: Array, lat: Array, to_lon: Array, to_lat: Array) -> Array:
    """Metres between positions in degrees, along great circles of the mean sphere (haversine)."""
    a, b = np.radians(lat), np.radians(to_lat)
    half = np.sin((b - a) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(np.radians(np.asarray(to_lon) - lon) / 2) ** 2
    metres: Array = 2 * 6_371_008.8 * np.arcsin(np.sqrt(np.minimum(half, 1)))
    return metres
