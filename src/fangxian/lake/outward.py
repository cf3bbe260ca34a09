"""From ring to ring, for engines that only know how to trace one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import Index, Lines, People, Traced
from fangxian.analytics.copresence.kernels import NEVER
from fangxian.analytics.copresence.tracing import Progress

Ints = NDArray[Any]
#: Persons, each once and rising, with an instant each.
Earliest = tuple[Ints, Ints]
#: Who is traced from, and who was reached before or is an index person (rising) → who is met, when first, and the contacts, if wanted.
Ring = Callable[[Index, Ints], tuple[Earliest, Lines | None]]


def outward(index: Index, rings: int, ring: Ring, on_ring: Progress) -> Traced:
    """Ring after ring, until nobody is reached any more."""
    frontier, settled = index, np.unique(index.person)
    people, found, wanted = [lines_of([]).people()], [lines_of([])], False
    for number in range(1, rings + 1):
        (person, at), met = ring(frontier, settled)
        if met is not None:
            wanted = True
            found.append(
                Lines(met.person, np.full(len(met), number, np.uint8), met.via, met.place, met.t_in, met.t_out)
            )
        on_ring(number, len(person))
        if not len(person):
            break
        people.append(People(person, np.full(len(person), number, np.uint8), at))
        settled = np.union1d(settled, person)
        frontier = Index(person, at, np.full(len(person), NEVER, np.int32))
    every = People(
        *(np.concatenate([getattr(one, name) for one in people]) for name in ("person", "ring", "exposed_at"))
    )
    order = np.argsort(every.person, kind="stable")
    reached = People(every.person[order], every.ring[order], every.exposed_at[order])
    return Traced(reached, lines_of(found) if wanted else None)


def earliest(person: Ints, at: Ints) -> Earliest:
    """Each person once, rising, with the first of its instants."""
    order = np.lexsort((at, person))
    person, at = person[order], at[order]
    first = np.diff(person.astype(np.int64), prepend=-1) != 0
    return person[first], at[first]


_COLUMNS = {
    "person": np.uint32,
    "ring": np.uint8,
    "via": np.uint32,
    "place": np.uint32,
    "t_in": np.int32,
    "t_out": np.int32,
}


def lines_of(parts: list[Lines]) -> Lines:
    """All lines of the parts."""
    return Lines(
        *(
            np.concatenate([np.empty(0, kind), *(getattr(one, name) for one in parts)])
            for name, kind in _COLUMNS.items()
        )
    )
