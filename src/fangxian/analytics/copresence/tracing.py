"""Rings of contacts around index persons (密接, 次密接): who was reached, when first, and every contact that did it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import kernels
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
    def of(cls, person: Any, since: Any, until: Any) -> Index:
        """Raises AnalysisError for a window that ends before it begins."""
        index = cls(np.asarray(person, np.uint32), np.asarray(since, np.int32), np.asarray(until, np.int32))
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

    def where(self, keep: Ints) -> Lines:
        """Some of the lines: those marked, or those of these numbers in their order."""
        return Lines(*(getattr(self, name)[keep] for name in _COLUMNS))

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
    role = np.full(stays.persons, kernels.OPEN, np.uint8)
    known = index.person < stays.persons
    role[index.person[known]] = kernels.SETTLED
    frontier = Index(index.person[known], index.since[known], index.until[known])
    found_people: list[tuple[Ints, int, Ints]] = []
    found_lines: list[Lines] = []
    for ring in range(1, rings + 1):
        if lines or within is not None:
            met = _lines(stays, frontier, role, tau if within is None else 1, ring, threads)
            met = met if within is None else _cumulated(met, tau, within)
            found_lines.append(met)
            exposed = np.full(stays.persons, kernels.NEVER, np.int32)
            kernels.first(met.person, met.t_in, exposed)
        else:
            exposed = _reach(stays, frontier, role, tau, threads)
        reached = np.nonzero(exposed != kernels.NEVER)[0].astype(np.uint32)
        on_ring(ring, len(reached))
        if not len(reached):
            break
        at = exposed[reached]
        found_people.append((reached, ring, at))
        role[reached] = kernels.SETTLED
        isolated = np.full(len(reached), kernels.NEVER, np.int32) if until is None else until[reached].astype(np.int32)
        frontier = Index(reached, at + np.int32(latent), isolated)
    return Traced(_people(found_people), _joined(found_lines) if lines else None)


def _waves(frontier: Index) -> Iterator[Index]:
    """The frontier so that nobody is in one part twice: first windows, second windows …"""
    starts = np.nonzero(np.diff(frontier.person, prepend=-1))[0]
    rank = np.arange(len(frontier.person)) - np.repeat(starts, np.diff(starts, append=len(frontier.person)))
    for wave in range(int(rank.max(initial=-1)) + 1):
        part = rank == wave
        yield Index(frontier.person[part], frontier.since[part], frontier.until[part])


def _reach(stays: Stays, frontier: Index, role: Ints, tau: int, threads: int) -> Ints:
    """The start of each open person's first contact with the frontier (P), NEVER where there is none."""
    exposed = np.full(stays.persons, kernels.NEVER, np.int32)
    for wave in _waves(frontier):
        marked = role.copy()
        marked[wave.person] = kernels.FRONTIER
        since, until = np.zeros(stays.persons, np.int32), np.zeros(stays.persons, np.int32)
        since[wave.person], until[wave.person] = wave.since, wave.until
        places = _places(stays, wave, tau)
        bounds = np.r_[0, np.cumsum(np.diff(stays.place_rows)[places])]

        def work(
            share: tuple[int, int],
            places: Ints = places,
            marked: Ints = marked,
            since: Ints = since,
            until: Ints = until,
        ) -> Ints:
            mine = np.full(stays.persons, kernels.NEVER, np.int32)
            kernels.reach(
                places[share[0] : share[1]], stays.place_rows, stays.person, stays.arrival, stays.departure,
                marked, since, until, np.int32(tau), mine,
            )  # fmt: skip
            return mine

        with ThreadPoolExecutor(threads) as pool:
            for mine in pool.map(work, shares(bounds, threads)):
                np.minimum(exposed, mine, out=exposed)
    return exposed


def _places(stays: Stays, frontier: Index, tau: int) -> Ints:
    """The places where the frontier was; all of them where it is so large that looking for them costs more than it saves."""
    if len(frontier.person) * 20 > stays.persons:
        return np.arange(stays.places)
    own, own_rows = stays.by_person
    flags = np.zeros(stays.places, np.uint8)
    kernels.touched(
        frontier.person, frontier.since, frontier.until, own, own_rows,
        stays.place_rows, stays.arrival, stays.departure, np.int32(tau), flags,
    )  # fmt: skip
    return np.nonzero(flags)[0]


def _lines(stays: Stays, frontier: Index, role: Ints, tau: int, ring: int, threads: int) -> Lines:
    own, own_rows = stays.by_person

    def work(part: slice) -> tuple[Ints, ...]:
        found: tuple[Ints, ...] = kernels.lines(
            frontier.person[part], frontier.since[part], frontier.until[part], own, own_rows, stays.place_rows,
            stays.person, stays.arrival, stays.departure, stays.longest, role, np.int32(tau),
        )  # fmt: skip
        return found

    cuts = np.linspace(0, len(frontier.person), 8 * threads + 1).astype(int).tolist()
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(work, (slice(*cut) for cut in pairwise(cuts))))
    person, via, place, t_in, t_out = (np.concatenate(column) for column in zip(*found, strict=True))
    return Lines(person, np.full(len(person), ring, np.uint8), via, place, t_in, t_out)


def _cumulated(met: Lines, tau: int, within: int) -> Lines:
    """The overlaps that make a contact together with others of the same two persons."""
    keep = np.zeros(len(met), bool)
    order = np.lexsort((met.t_in, met.person, met.via))
    kernels.cumulated(order, met.person, met.via, met.t_in, met.t_out, tau, within, keep)
    return met.where(keep)


_COLUMNS = ("person", "ring", "via", "place", "t_in", "t_out")


def _no_lines() -> Lines:
    none = np.empty(0, np.uint32)
    return Lines(none, none.astype(np.uint8), none, none, none.astype(np.int32), none.astype(np.int32))


def _joined(found: list[Lines]) -> Lines:
    parts = [_no_lines(), *found]
    return Lines(*(np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS))


def _people(found: list[tuple[Ints, int, Ints]]) -> People:
    person = np.concatenate([np.empty(0, np.uint32), *(reached for reached, _ring, _at in found)])
    ring = np.concatenate(
        [np.empty(0, np.uint8), *(np.full(len(reached), ring, np.uint8) for reached, ring, _at in found)]
    )
    at = np.concatenate([np.empty(0, np.int32), *(at for _reached, _ring, at in found)])
    order = np.argsort(person, kind="stable")
    return People(person[order], ring[order], at[order])
