"""Who was with whom around cases: their stays joined with the lake's, traced outwards ring by ring, grouped by person.

Numbers only: persons and places are positions in a window of the lake, instants its seconds. Nobody has a name here.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

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


#: In what two people were together, where it is not a place: aboard (a trip), only in the same cell of a grid, in one household
#: by the register, or at an exposure that is on record.
ABOARD, CELL, HOME, RECORDED = "aboard", "cell", "home", "recorded"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where people were together otherwise than at a place: aboard a trip (its number), or in a cell (its centre, `lon,lat`)."""

    how: str
    label: str


@dataclass(frozen=True, eq=False)
class Beside:
    """Times together with a case otherwise than at a place: `lines`, whose places count in `grounds`, what is known of each line,
    as packs ask for it, and which of them are near enough that whom those people met in turn matters."""

    lines: Lines
    grounds: Sequence[Ground] = ()
    facts: Sequence[Mapping[str, Any]] = ()
    near: Sequence[bool] = ()

    @classmethod
    def nobody(cls) -> "Beside":
        none = np.zeros(0, np.uint32)
        return cls(Lines(none, none.astype(np.uint8), none, none, none.astype(np.int32), none.astype(np.int32)))


@dataclass(frozen=True, eq=False)
class Met:
    """Everybody reached with every overlap, in order of ring; the notices of crowded places, and how many only those reach."""

    lines: Lines
    notices: Notices
    noticed: int


def meet(
    stays: Stays,
    index: Index,
    terms: Terms,
    aboard: Beside,
    seats: NDArray[Any],
    on_ring: Callable[[int, int], None],
) -> Met:
    """Everybody within so many rings of the index persons; each person once, in the smallest ring, index persons never.

    Who travelled with a case (`aboard`, whose grounds are numbered on from the places) is in ring 1; `seats` are the places that
    are their tickets, and make no contacts of their own there. Ring 2 and further count `onward` seconds from the moment at which
    the contact was first exposed, and no crowded places: that somebody who may fall ill went through a hall concerns nobody there yet.
    """
    first = trace_capped(stays, index, cap=terms.crowd, tau=terms.tau, rings=1, within=terms.within)
    assert first.traced.lines is not None
    direct = first.traced.lines.where(~np.isin(first.traced.lines.place, seats))
    found = [direct, numbered(aboard.lines, stays.places)]
    near = aboard.lines.where(np.asarray(aboard.near, bool))
    frontier = joined([direct, near]).people()
    settled = np.unique(np.r_[index.person, direct.person, aboard.lines.person])
    on_ring(1, len(np.unique(np.r_[direct.person, aboard.lines.person])))
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
    return Met(joined(found), first.notices, first.noticed)


def joined(parts: Sequence[Lines]) -> Lines:
    """Lines one after the other."""
    return Lines(*(np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True)))


def numbered(lines: Lines, places: int) -> Lines:
    """Lines whose grounds are numbered on from so many places."""
    place = (lines.place.astype(np.int64) + places).astype(np.uint32)
    return Lines(lines.person, lines.ring, lines.via, place, lines.t_in, lines.t_out)


class Group(NamedTuple):
    """The overlaps of one person with one infector at one place: rows `first` to `last` of lines in that order."""

    via: int
    place: int
    first: int
    last: int


def ordered(lines: Lines) -> Ints:
    """The rows of lines by person, infector, place and time: each group together, each person's groups too."""
    return np.lexsort((lines.t_in, lines.place, lines.via, lines.person))


def grouped(lines: Lines) -> dict[int, list[Group]]:
    """Person → groups, of lines in that order."""
    found: dict[int, list[Group]] = {}
    if not len(lines):
        return found
    new = np.zeros(len(lines), bool)
    new[0] = True
    for column in (lines.person, lines.via, lines.place):
        new[1:] |= column[1:] != column[:-1]
    starts = np.flatnonzero(new)
    ends = np.r_[starts[1:], len(lines)]
    columns = (lines.person[starts], lines.via[starts], lines.place[starts], starts, ends)
    for person, *group in zip(*(column.tolist() for column in columns), strict=True):
        found.setdefault(person, []).append(Group(*group))
    return found
