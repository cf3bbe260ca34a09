"""Rings of contacts around index persons (密接, 次密接): who was reached, when first, and every contact that did it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.copresence import kernels
from fangxian.analytics.copresence.columns import whole, whole_columns
from fangxian.analytics.copresence.frontier import Tables
from fangxian.analytics.copresence.stays import Stays, shares
from fangxian.analytics.errors import AnalysisError

Ints = NDArray[Any]
#: Told after each ring: its number and how many persons it reached.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Index:
    """Persons to trace from, each infectious from an instant until isolated: three arrays of one length.

    A person may have several windows; those that overlap are made one. `person` counts as in the stays, the instants are
    their seconds. In order of person and instant.
    """

    person: Ints
    since: Ints
    until: Ints

    @classmethod
    def from_arrow(cls, table: Any) -> Index:
        """From a table of Arrow or Polars with whole numbers `person, from, to`. Raises AnalysisError as `of`."""
        return cls.of(*whole_columns(table, ("person", "from", "to")))

    @classmethod
    def of(cls, person: Any, since: Any, until: Any) -> Index:
        """Raises AnalysisError for a window that ends before it begins, or numbers that do not fit."""
        index = cls(whole(person, np.uint32, "person"), whole(since, np.int32, "from"), whole(until, np.int32, "to"))
        wrong = index.until < index.since
        if wrong.any():
            at = int(np.argmax(wrong)) + 1
            raise AnalysisError(
                f"第 {at} 名指示病例的隔离时间早于传染期开始，请更正",
                f"the window of index person number {at} ends before it begins; correct it",
            )
        order = np.lexsort((index.since, index.person))
        person, begin, end = index.person[order], index.since[order], index.until[order]
        parts: list[tuple[int, int, int]] = []
        for who, start, stop in zip(person.tolist(), begin.tolist(), end.tolist(), strict=True):
            if parts and parts[-1][0] == who and start <= parts[-1][2]:
                parts[-1] = (who, parts[-1][1], max(parts[-1][2], stop))
            else:
                parts.append((who, start, stop))
        joined = np.array(parts, np.int64).reshape(-1, 3)
        return cls(joined[:, 0].astype(np.uint32), joined[:, 1].astype(np.int32), joined[:, 2].astype(np.int32))


@dataclass(frozen=True, eq=False)
class Lines:
    """Contacts, one for each overlap of at least τ: arrays of one length, in order of ring and via."""

    person: Ints
    ring: Ints
    via: Ints
    place: Ints
    t_in: Ints
    t_out: Ints

    def __len__(self) -> int:
        return len(self.person)

    def columns(self) -> tuple[Ints, ...]:
        """The arrays, in their order here."""
        return tuple(getattr(self, name) for name in _COLUMNS)

    def to_arrow(self) -> pa.Table:
        """Columns person, ring, via, place, t_in, t_out (uint32, uint8, uint32, uint32, int32, int32), without copying."""
        return pa.table(dict(zip(_COLUMNS, self.columns(), strict=True)))

    def where(self, keep: Ints) -> Lines:
        """Some of the lines: those marked, or those of these numbers in their order."""
        return Lines(*(column[keep] for column in self.columns()))

    def people(self) -> People:
        """Everybody in the lines, once."""
        person, first = np.unique(self.person, return_inverse=True)
        exposed = np.full(len(person), kernels.NEVER, np.int32)
        ring = np.full(len(person), np.iinfo(np.uint8).max, np.uint8)
        np.minimum.at(exposed, first, self.t_in)
        np.minimum.at(ring, first, self.ring)
        return People(person, ring, exposed)


@dataclass(frozen=True, eq=False)
class People:
    """Everybody reached, once, with the smallest ring and the start of the first contact in it; by person."""

    person: Ints
    ring: Ints
    exposed_at: Ints

    def __len__(self) -> int:
        return len(self.person)

    def to_arrow(self) -> pa.Table:
        """Columns person, ring, exposed_at (uint32, uint8, int32), without copying."""
        return pa.table({"person": self.person, "ring": self.ring, "exposed_at": self.exposed_at})


@dataclass(frozen=True, eq=False)
class Traced:
    """What a trace found. `lines` is None where only people were asked for."""

    people: People
    lines: Lines | None


def trace(
    stays: Stays,
    index: Index,
    *,
    tau: int,
    rings: int = 1,
    lines: bool = True,
    within: int | None = None,
    latent: int = 0,
    until: Ints | None = None,
    threads: int = 2,
    on_ring: Progress = lambda _ring, _reached: None,
) -> Traced:
    """Everybody who shared a place with an index person for `tau` seconds within that person's window, and so on outwards.

    Ring n is whoever is in no smaller ring and met somebody of ring n − 1 for `tau` seconds, of which only what lies after
    that one could have become infectious counts: `latent` seconds after the start of the first contact, and before
    `until` (P instants of isolation; none: not isolated). Index persons are never contacts. A person reached by several ways
    keeps every way within the ring as a line. With `within`, the overlaps of two persons add up over so many seconds (15
    minutes in 24 hours): the lines are then the overlaps that together make a contact, and `stays` must hold short stays too.

    Raises AnalysisError for a `tau` that is not positive.
    """
    if tau <= 0:
        raise AnalysisError("最短接触时间须大于 0", "the shortest contact must be longer than 0 seconds")

    def ring_of(around: Index, tables: Tables, ring: int) -> Ring:
        few = len(around.person) * _FEW < stays.persons
        if lines or few or within is not None:
            return _lines(stays, around, tables.code, tau, within, ring, threads, keep=lines)
        return [], _reach(stays, around, tables, tau, threads)

    return outwards(
        ring_of,
        Tables.of(stays),
        index,
        rings,
        lines=lines,
        latent=latent,
        until=until,
        threads=threads,
        on_ring=on_ring,
    )


#: A frontier is looked at one by one, not place by place, where there are more than so many others for each of it.
_FEW = 500
#: The contacts of a ring, if they are to be kept, and the start of each open person's first (P; NEVER where there is none).
Ring = tuple[list[Lines], Ints]


def outwards(
    ring_of: Callable[[Index, Tables, int], Ring],
    tables: Tables,
    index: Index,
    rings: int,
    *,
    lines: bool,
    latent: int,
    until: Ints | None,
    threads: int,
    on_ring: Progress,
) -> Traced:
    """Ring by ring, each around those whom the one before reached, wherever the stays may be: `ring_of` looks at them."""
    known = index.person < len(tables.code)
    around = Index(index.person[known], index.since[known], index.until[known])
    tables.settle(around.person)
    found_people: list[tuple[Ints, int, Ints]] = []
    found_lines: list[Lines] = []
    for ring in range(1, rings + 1):
        met, exposed = ring_of(around, tables, ring)
        found_lines += met
        reached = np.flatnonzero(exposed != kernels.NEVER).astype(np.uint32)
        on_ring(ring, len(reached))
        if not len(reached):
            break
        at = exposed[reached]
        found_people.append((reached, ring, at))
        tables.settle(reached)
        isolated = np.full(len(reached), kernels.NEVER, np.int32) if until is None else until[reached].astype(np.int32)
        around = Index(reached, _later(at, latent), isolated)
    return Traced(_people(found_people), _joined(found_lines, threads) if lines else None)


def _later(at: Ints, seconds: int) -> Ints:
    """Instants so many seconds later; none after NEVER."""
    later: Ints = np.minimum(at.astype(np.int64) + seconds, kernels.NEVER).astype(np.int32) if seconds else at
    return later


def waves(frontier: Index) -> Iterator[Index]:
    """The frontier so that nobody is in one part twice: first windows, second windows …"""
    starts = np.flatnonzero(np.diff(frontier.person, prepend=-1))
    if len(starts) == len(frontier.person):
        yield frontier
        return
    rank = np.arange(len(frontier.person)) - np.repeat(starts, np.diff(starts, append=len(frontier.person)))
    for wave in range(int(rank.max(initial=-1)) + 1):
        part = rank == wave
        yield Index(frontier.person[part], frontier.since[part], frontier.until[part])


def _reach(stays: Stays, around: Index, tables: Tables, tau: int, threads: int) -> Ints:
    """The start of each open person's first contact with persons of `around` (P), NEVER where there is none."""
    exposed: Ints | None = None
    for wave in waves(around):
        frontier = tables.frontier(wave)
        places = _places(stays, wave, tau, threads)
        rows = np.r_[0, np.cumsum(np.diff(stays.place_rows)[places])]
        todo = deque(shares(rows, 16 * threads))

        def work(
            _thread: int, todo: deque[tuple[int, int]] = todo, places: Ints = places, wave: kernels.Frontier = frontier
        ) -> Ints:
            mine, own = np.full(stays.persons, kernels.NEVER, np.int32), wave._replace(code=wave.code.copy())
            while todo:
                try:
                    first, last = todo.popleft()
                except IndexError:  # another thread took the last
                    break
                kernels.reach(
                    places[first:last], stays.place_rows, stays.person, stays.arrival, stays.departure,
                    own, np.int32(tau), mine,
                )  # fmt: skip
            return mine

        with ThreadPoolExecutor(threads) as pool:
            for mine in pool.map(work, range(threads)):
                exposed = mine if exposed is None else np.minimum(exposed, mine, out=exposed)
        tables.settle(wave.person)
    return np.full(stays.persons, kernels.NEVER, np.int32) if exposed is None else exposed


def _places(stays: Stays, frontier: Index, tau: int, threads: int) -> Ints:
    """The places where the frontier was; all of them where it is so large that looking for them costs more than it saves."""
    if len(frontier.person) * 100 > stays.persons:
        return np.arange(stays.places)
    own, own_rows = stays.by_person
    flags = np.zeros(stays.places, np.uint8)
    kernels.touched(
        frontier.person, frontier.since, frontier.until, own, own_rows,
        stays.place_rows, stays.arrival, stays.departure, stays.blocks, np.int32(tau), flags,
    )  # fmt: skip
    return np.flatnonzero(flags)


def _lines(
    stays: Stays, around: Index, code: Ints, tau: int, within: int | None, ring: int, threads: int, *, keep: bool
) -> Ring:
    """The contacts with persons of `around` (if they are to be kept), and the start of each open person's first (P)."""
    own, own_rows = stays.by_person
    shortest = np.int32(tau if within is None else 1)

    def work(part: slice) -> Lines:
        vias = around.person[part]
        person, via, place, t_in, t_out = kernels.lines(
            vias, around.since[part], around.until[part], own[:-1][vias], own[1:][vias], own_rows, stays.place_rows,
            stays.person, stays.arrival, stays.departure, stays.blocks, code, shortest,
        )  # fmt: skip
        if within is not None:
            enough = np.zeros(len(person), bool)
            groups = np.r_[0, np.flatnonzero(np.diff(via)) + 1, len(via)]
            kernels.cumulated(groups, person, t_in, t_out, tau, within, enough)
            person, via, place, t_in, t_out = (column[enough] for column in (person, via, place, t_in, t_out))
        return Lines(person, np.full(len(person), ring, np.uint8), via, place, t_in, t_out)

    exposed = np.full(stays.persons, kernels.NEVER, np.int32)
    found = []
    with ThreadPoolExecutor(threads) as pool:
        for met in pool.map(work, _parts(around.person, threads)):
            kernels.first(met.person, met.t_in, exposed)
            if keep:
                found.append(met)
    return found, exposed


#: Index persons whose lines are looked for at one go: enough to be worth a call, few enough to share out evenly.
_PART = 128


def _parts(person: Ints, threads: int) -> list[slice]:
    """The rows of a frontier in parts, those of one person never parted."""
    number = max(8 * threads, len(person) // _PART)
    cuts = np.unique(np.linspace(0, len(person), number + 1).astype(int)[:-1])
    starts = np.unique(np.searchsorted(person, person[cuts[cuts < len(person)]])).tolist()
    return [slice(*pair) for pair in pairwise([*starts, len(person)])]


_COLUMNS = ("person", "ring", "via", "place", "t_in", "t_out")


def _no_lines() -> Lines:
    none = np.empty(0, np.uint32)
    return Lines(none, none.astype(np.uint8), none, none, none.astype(np.int32), none.astype(np.int32))


def _joined(found: list[Lines], threads: int) -> Lines:
    parts = [_no_lines(), *found]
    with ThreadPoolExecutor(threads) as pool:  # a copy for each column; numpy lets the others work meanwhile
        return Lines(*pool.map(np.concatenate, zip(*(part.columns() for part in parts), strict=True)))


def _people(found: list[tuple[Ints, int, Ints]]) -> People:
    person = np.concatenate([np.empty(0, np.uint32), *(reached for reached, _ring, _at in found)])
    ring = np.concatenate(
        [np.empty(0, np.uint8), *(np.full(len(reached), ring, np.uint8) for reached, ring, _at in found)]
    )
    at = np.concatenate([np.empty(0, np.int32), *(at for _reached, _ring, at in found)])
    order = np.argsort(person, kind="stable")
    return People(person[order], ring[order], at[order])
