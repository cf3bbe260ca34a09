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
        person, since, until, kind = (column[order] for column in (self.person, self.since, self.until, self.kind))
        found = np.zeros(len(lines), np.uint8)
        for who in (lines.person, lines.via):
            first, last = np.searchsorted(person, who, "left"), np.searchsorted(person, who, "right")
            for at in np.nonzero(last > first)[0].tolist():
                mine = slice(first[at], last[at])
                meets = (since[mine] < lines.t_out[at]) & (until[mine] > lines.t_in[at])
                if meets.any():
                    found[at] |= np.bitwise_or.reduce(kind[mine][meets])
        return found


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
    found: list[tuple[int, int, int, int]] = []
    standing: list[tuple[int, int, int]] = []  # of the person under hand: until, place, person
    for row in order.tolist():
        who, begin, end, at = int(person[row]), int(arrival[row]), int(departure[row]), int(where[row])
        standing = [one for one in standing if one[2] == who and one[0] > begin]
        found += [
            (who, begin, min(end, until), int(Doubt.TWO_PLACES)) for until, other, _who in standing if other != at
        ]
        standing.append((end, at, who))
    return _of([one for one in found if one[2] > one[1]])


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


def _of(rows: list[tuple[int, int, int, int]]) -> Doubts:
    table = np.array(rows, np.int64).reshape(-1, 4)
    return Doubts(table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.uint8))
