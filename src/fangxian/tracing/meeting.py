"""Who was with whom around cases: their stays joined with the lake's, traced outwards ring by ring, grouped by person.

Numbers only: persons and places are positions in a window of the lake, instants its seconds. Nobody has a name here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import Index, Lines, Stays, trace
from fangxian.analytics.copresence.crowds import Notices, trace_capped, without

Ints = NDArray[Any]
#: Not isolated: the last second that stays can name.
LATEST = np.iinfo(np.int32).max - 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What a search goes by: seconds together with a case (`tau`) and with a contact (`onward`), rings, seconds in which
    overlaps add up (`within`), visits a day above which a place is crowded."""

    tau: int
    onward: int
    rings: int
    within: int | None
    crowd: int


@dataclass(frozen=True, eq=False)
class Met:
    """Everybody reached with every overlap, in order of ring; the notices of crowded places, and how many only those reach."""

    lines: Lines
    notices: Notices
    noticed: int


def meet(stays: Stays, index: Index, terms: Terms, on_ring: Callable[[int, int], None]) -> Met:
    """Everybody within so many rings of the index persons; each person once, in the smallest ring, index persons never.

    Ring 2 and further count `onward` seconds from the moment at which the contact was first exposed, and no crowded places:
    that somebody who may fall ill went through a hall concerns nobody there yet.
    """
    first = trace_capped(stays, index, cap=terms.crowd, tau=terms.tau, rings=1, within=terms.within)
    assert first.traced.lines is not None
    found = [first.traced.lines]
    on_ring(1, len(first.traced.people))
    settled = np.unique(np.r_[index.person, first.traced.people.person])
    frontier = first.traced.people
    if terms.rings > 1 and len(first.crowded):
        marked = np.zeros(stays.places, bool)
        marked[first.crowded] = True
        stays = without(stays, marked)
    for ring in range(2, terms.rings + 1):
        ends = np.full(len(frontier), LATEST, np.int32)
        onward = Index.of(frontier.person, frontier.exposed_at, ends)
        traced = trace(stays, onward, tau=terms.onward, rings=1, within=terms.within)
        assert traced.lines is not None
        met = traced.lines.where(~np.isin(traced.lines.person, settled))
        found.append(Lines(met.person, np.full(len(met), ring, np.uint8), met.via, met.place, met.t_in, met.t_out))
        frontier = found[-1].people()
        on_ring(ring, len(frontier))
        if not len(frontier):
            break
        settled = np.union1d(settled, frontier.person)
    columns = ("person", "ring", "via", "place", "t_in", "t_out")
    lines = Lines(*(np.concatenate([getattr(part, name) for part in found]) for name in columns))
    return Met(lines, first.notices, first.noticed)


@dataclass(frozen=True, slots=True)
class Group:
    """The overlaps of one person with one infector at one place: rows of the lines."""

    via: int
    place: int
    rows: Sequence[int]


def grouped(lines: Lines) -> dict[int, list[Group]]:
    """Person → groups, in order of first meeting."""
    if not len(lines):
        return {}
    order = np.lexsort((lines.t_in, lines.place, lines.via, lines.person))
    keys = np.stack([lines.person[order], lines.via[order], lines.place[order]])
    starts = np.nonzero(np.r_[True, (np.diff(keys.astype(np.int64)) != 0).any(axis=0)])[0]
    found: dict[int, list[Group]] = {}
    for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
        person, via, place = (int(keys[row, begin]) for row in range(3))
        found.setdefault(person, []).append(Group(via, place, order[begin:end].tolist()))
    return found
