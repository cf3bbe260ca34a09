"""Stays in the order that tracing wants: by place, then by arrival; and where each person's stays are.

A stay is a person at a place from one second to another. Persons and places are small whole numbers (the lake's keys, or the
codes of `tables.encode`); instants are int32 seconds from a base that the caller keeps. One stay costs 16 bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import ordering
from fangxian.analytics.copresence.columns import whole, whole_columns
from fangxian.analytics.copresence.kernels import BLOCK, Blocks, summarised
from fangxian.analytics.errors import AnalysisError

Ints = NDArray[Any]
#: A piece of a table of stays: person, place, arrival, departure; arrays of one length.
Piece = tuple[Ints, Ints, Ints, Ints]
#: Numbers up to so many times their count, or up to so many in any case, need no numbering: tables of that size are no burden.
_SPARSE, _MANY = 16, 4_000_000


@dataclass(frozen=True, eq=False)
class Stays:
    """Stays sorted by place and arrival, overlapping stays of one person at one place merged (停留记录).

    Shapes: n stays, P persons, L places. `place_rows` (L + 1): the stays of place q are rows place_rows[q] to place_rows[q + 1].
    `person` uint32, `arrival` and `departure` int32 seconds (n). `longest` (L): the longest stay at each place, seconds.
    """

    place_rows: Ints
    person: Ints
    arrival: Ints
    departure: Ints
    longest: Ints
    persons: int

    @classmethod
    def build(
        cls, pieces: Callable[[], Iterable[Piece]], persons: int, places: int, *, at_least: int = 0, threads: int = 2
    ) -> Stays:
        """Sort stays that may be too many to hold twice: `pieces` is called twice and must give the same both times.

        `at_least`: stays that are shorter than so many seconds after merging are left out; they can be part of no contact
        of that length. Raises AnalysisError for a departure before its arrival, or a person or place out of range.
        """
        counts = np.zeros(places + 1, np.int64)
        for person, place, arrival, departure in _ahead(pieces()):
            _check(person, place, arrival, departure, persons, places)
            ordering.count(place, counts)
        rows = np.cumsum(counts)
        size = int(rows[-1])
        cursor = rows[:-1].copy()
        who, since, until = np.empty(size, np.uint32), np.empty(size, np.int32), np.empty(size, np.int32)
        for piece in _ahead(pieces()):
            ordering.scatter(*piece, cursor, who, since, until)
        kept = np.empty(places, np.int64)
        longest = np.zeros(places, np.int32)

        def sort(share: tuple[int, int]) -> None:
            ordering.sort_and_merge(*share, rows, who, since, until, at_least, kept, longest, persons)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(sort, shares(rows, 8 * threads)))
        return cls(*_closed(rows, kept, who, since, until), longest, persons)

    def joined(self, piece: Piece, *, at_least: int = 0, threads: int = 2) -> Stays:
        """These stays and a piece more (a day, say), without sorting again what is sorted; persons and places may be new ones.

        The same as building from all, if these were built with the same `at_least` and the piece also holds the stays that left in the
        last `at_least` seconds before its first arrival: a stay too short to be kept may go on in it. What is in both is one stay.
        """
        persons = max(self.persons, _count(piece[0]))
        places = max(self.places, _count(piece[1]))
        more = Stays.build(lambda: [piece], persons, places, threads=threads)
        bounds = np.r_[self.place_rows, np.full(places - self.places, self.place_rows[-1])]
        rows = bounds + more.place_rows
        size = int(rows[-1])
        who, since, until = np.empty(size, np.uint32), np.empty(size, np.int32), np.empty(size, np.int32)
        kept, longest = np.empty(places, np.int64), np.zeros(places, np.int32)
        one = bounds, self.person, self.arrival, self.departure
        other = more.place_rows, more.person, more.arrival, more.departure

        def join(share: tuple[int, int]) -> None:
            ordering.join(*share, one, other, rows, at_least, who, since, until, kept, longest, persons)

        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(join, shares(rows, 2 * threads)))
        return Stays(*_closed(rows, kept, who, since, until), longest, persons)

    @classmethod
    def of(cls, person: Any, place: Any, arrival: Any, departure: Any, *, at_least: int = 0) -> Stays:
        """Stays from four arrays in memory, in any order; persons and places counted from 0, instants in seconds.

        Raises AnalysisError for numbers that do not fit, or that leave so many out that they want numbering first.
        """
        piece = (
            whole(person, np.uint32, "person"), whole(place, np.uint32, "place"),
            whole(arrival, np.int32, "t_in"), whole(departure, np.int32, "t_out"),
        )  # fmt: skip
        counts = [_count(numbers) for numbers in piece[:2]]
        for name, count in zip(("person", "place"), counts, strict=True):
            if count > max(_SPARSE * len(piece[0]), _MANY):
                raise AnalysisError(
                    f"{name} 的编号过于稀疏（最大 {count - 1}）：请先从 0 起连续编号（np.unique 的 return_inverse 即可）",
                    f"the numbers of {name} leave most out (up to {count - 1}): number them from 0 first "
                    "(return_inverse of np.unique does)",
                )
        return cls.build(lambda: [piece], *counts, at_least=at_least)

    @classmethod
    def from_arrow(cls, table: Any, *, at_least: int = 0) -> Stays:
        """Stays from a table of Arrow, Polars, or whatever exports Arrow streams: whole numbers `person, place, t_in, t_out`.

        Persons and places counted from 0, instants in seconds; other columns are left alone. Raises AnalysisError for a column that
        is missing, empty in a row, or of another type. Labels and timestamps: see `copresence.tables.StayFile`.
        """
        return cls.of(*whole_columns(table, ("person", "place", "t_in", "t_out")), at_least=at_least)

    @cached_property
    def by_person(self) -> tuple[Ints, Ints]:
        """Where each person's stays are: (P + 1) bounds and the rows between them. Made when first asked for."""
        bounds = np.zeros(self.persons + 1, np.int64)
        return bounds, ordering.invert(self.person, bounds)

    @cached_property
    def blocks(self) -> Blocks:
        """What is known of each 64 rows without reading them. Made when first asked for."""
        number = -(-len(self) // 2**BLOCK)
        blocks = Blocks(np.empty(number, np.uint32), np.empty(number, np.int32), np.empty(number, np.int32))
        summarised(self.place_rows, self.departure, *blocks)
        return blocks

    @cached_property
    def span(self) -> tuple[int, int]:
        """The first and the last arrival; 0 where there is no stay."""
        visited = np.flatnonzero(np.diff(self.place_rows))
        if not len(visited):
            return 0, 0
        rows = self.place_rows
        return int(self.arrival[rows[visited]].min()), int(self.arrival[rows[visited + 1] - 1].max())

    @property
    def places(self) -> int:
        return len(self.place_rows) - 1

    def __len__(self) -> int:
        return len(self.person)


def _ahead(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The same pieces, the next being read while one is worked on."""
    remaining = iter(pieces)
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, remaining, None)
        while (piece := following.result()) is not None:
            following = pool.submit(next, remaining, None)
            yield piece


def _count(numbers: Ints) -> int:
    """How many numbers there are from 0 to the highest."""
    return int(numbers.max()) + 1 if len(numbers) else 0


def _closed(rows: Ints, kept: Ints, who: Ints, since: Ints, until: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Bounds and columns without the rows that were not kept. The arrays are shortened in place."""
    if int(kept.sum()) != int(rows[-1]):
        rows = ordering.close_gaps(rows, kept, who, since, until)
        for array in (who, since, until):
            array.resize(int(rows[-1]), refcheck=False)  # gives the memory back; nobody else holds them yet
    return rows, who, since, until


def shares(rows: Ints, number: int) -> Sequence[tuple[int, int]]:
    """Ranges of places with about as many stays each: work for threads that take the next when they are through."""
    total = int(rows[-1])
    cuts = np.searchsorted(rows, np.linspace(0, total, number + 1)[1:-1])
    bounds = np.unique(np.concatenate([[0], cuts, [len(rows) - 1]])).astype(int).tolist()
    return list(pairwise(bounds))


def _check(person: Ints, place: Ints, arrival: Ints, departure: Ints, persons: int, places: int) -> None:
    if not len(person):
        return
    backward = int(np.count_nonzero(departure < arrival))
    if backward:
        at = int(np.argmax(departure < arrival))
        raise AnalysisError(
            f"{backward} 条停留的离开早于到达（首见第 {at + 1} 条），请先剔除或更正",
            f"{backward} stays end before they begin (the first is number {at + 1}); leave them out or correct them first",
        )
    if int(person.max()) >= persons or int(place.max()) >= places:
        raise AnalysisError("人员或场所编号超出范围", "a person or place number is out of range")
