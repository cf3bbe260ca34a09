"""Crowded places (超大场所): a hall of 50,000 visits a day makes everybody a contact of everybody, and so nobody.

A stay that names a part of a place, `MALL/zone-3`, an entrance or a row of seats, is traced by that part. What is still more
crowded than a cap allows is left out of the contact list and becomes a *venue notice* instead: where and from when to when a
case was there, and about how many people were, for people to look up themselves. A notice says nothing of the case but that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index, Traced, trace
from fangxian.analytics.errors import AnalysisError
from fangxian.analytics.kernel import kernel

Array = NDArray[Any]
DAY = 86_400
#: What stands between a place and its part in a name.
PART = "/"


def wholes(names: Sequence[str]) -> Array:
    """For each place the number of the place it is a part of by its name, itself where it is of none; int64 (L).

    A whole that has no stays of its own has no number: its parts then stand for themselves.
    """
    number = {name: at for at, name in enumerate(names)}
    return np.array([number.get(str(name).partition(PART)[0], at) for at, name in enumerate(names)], np.int64)


@kernel
def _busiest(place_rows, arrival, day, most):  # type: ignore[no-untyped-def]
    for q in range(len(most)):
        current, run = np.int64(-(2**62)), 0
        for i in range(place_rows[q], place_rows[q + 1]):
            of = np.int64(arrival[i]) // day
            run = run + 1 if of == current else 1
            current = of
            most[q] = max(most[q], run)


def busiest(stays: Stays, day: int = DAY) -> Array:
    """The most stays that began at each place in one day of `day` seconds from the base of the instants; int64 (L)."""
    most = np.zeros(stays.places, np.int64)
    _busiest(stays.place_rows, stays.arrival, day, most)
    return most


def without(stays: Stays, left_out: Array) -> Stays:
    """The stays but for those at the places marked in `left_out` (L, bool); places keep their numbers."""
    sizes = np.where(left_out, 0, np.diff(stays.place_rows))
    rows = np.repeat(~left_out, np.diff(stays.place_rows))
    bounds = np.r_[0, np.cumsum(sizes)].astype(np.int64)
    longest = np.where(left_out, 0, stays.longest).astype(np.int32)
    return Stays(bounds, stays.person[rows], stays.arrival[rows], stays.departure[rows], longest, stays.persons)


@dataclass(frozen=True, eq=False)
class Notices:
    """Where and when index persons were in a crowd: arrays of one length, one notice for each time without a break.

    `visitors`: how many other persons were there for the shortest contact or longer in that time; publish it as a `band`.
    """

    place: Array
    since: Array
    until: Array
    visitors: Array

    def __len__(self) -> int:
        return len(self.place)


@dataclass(frozen=True, eq=False)
class CrowdTraced:
    """What a trace with a cap found: contacts of the places below it, notices for those above.

    `crowded`: the places above the cap. `noticed`: how many different persons the notices are meant for who are not in ring 1
    of `traced` anyhow. Whoever shared a place with an index person for long enough is in one of the two.
    """

    traced: Traced
    notices: Notices
    crowded: Array
    noticed: int


def trace_capped(
    stays: Stays, index: Index, *, cap: int, tau: int, whole: Array | None = None, day: int = DAY, **how: Any
) -> CrowdTraced:
    """As `trace`, but no place with more than `cap` stays on a day makes contacts.

    `whole` (L, from `wholes`): of whom it is known that they were in the mall, but not in which zone, they may have been beside
    a case in any. A case's time in a zone becomes a notice for the whole, meant for visitors without a zone; a case's time in
    the whole is meant for those in its zones as well. Notices are made for index persons only; that a contact went through a
    crowd before falling ill is no reason for one. `how`: the other arguments of `trace`. Raises AnalysisError for a cap below 1.
    """
    if cap < 1:
        raise AnalysisError("场所上限至少为 1 人次/日", "the cap of a place must be at least 1 visit a day")
    crowded = np.nonzero(busiest(stays, day) > cap)[0]
    marked = np.zeros(stays.places, bool)
    marked[crowded] = True
    found = trace(without(stays, marked) if len(crowded) else stays, index, tau=tau, **how)
    known = index.person < stays.persons
    least = tau if how.get("within") is None else 1  # short times that add up are times too
    spent = _spent(stays, Index(index.person[known], index.since[known], index.until[known]), least)
    times = [spent.where(marked[spent.place])]
    if whole is not None:
        parts = np.bincount(whole, minlength=stays.places) > 1
        zoned = spent.where(whole[spent.place] != spent.place)
        times += [_Spent(whole[zoned.place], zoned.since, zoned.until, zoned.wide)]
        unplaced = spent.where(parts[spent.place])
        times += [_Spent(unplaced.place, unplaced.since, unplaced.until, np.ones(len(unplaced.place), bool))]
    place, since, until, wide = _merged(times)
    settled = np.r_[index.person[known], found.people.person[found.people.ring == 1]]
    visitors, noticed = _visitors(stays, place, since, until, wide, whole, least, settled)
    some = visitors > 0
    return CrowdTraced(found, Notices(place[some], since[some], until[some], visitors[some]), crowded, noticed)


def band(visitors: int) -> tuple[int, int | None]:
    """About how many: from and to (both in it), so coarse that a number names nobody; from 100,000 on there is no end.

    0–9, 10–49, 50–99, 100–499 …
    """
    steps = (0, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000, 100_000)
    at = int(np.searchsorted(steps, visitors, side="right")) - 1
    return steps[at], steps[at + 1] - 1 if at + 1 < len(steps) else None


@dataclass(frozen=True, eq=False)
class _Spent:
    """Times at places; `wide`: whether they are meant for the visitors of the place's parts as well."""

    place: Array
    since: Array
    until: Array
    wide: Array

    def where(self, keep: Array) -> _Spent:
        return _Spent(self.place[keep], self.since[keep], self.until[keep], self.wide[keep])


def _spent(stays: Stays, index: Index, tau: int) -> _Spent:
    """Where index persons were for `tau` seconds of their windows."""
    own, own_rows = stays.by_person
    sizes = own[index.person.astype(np.int64) + 1] - own[index.person]
    which = np.repeat(np.arange(len(sizes)), sizes)
    ends = np.cumsum(sizes)
    rows = own_rows[np.arange(int(sizes.sum())) - np.repeat(ends - sizes, sizes) + own[index.person][which]]
    since = np.maximum(stays.arrival[rows], index.since[which])
    until = np.minimum(stays.departure[rows], index.until[which])
    place = np.searchsorted(stays.place_rows, rows, side="right") - 1
    return _Spent(place, since, until, np.zeros(len(place), bool)).where(until.astype(np.int64) - since >= tau)


def _merged(parts: list[_Spent]) -> tuple[Array, Array, Array, Array]:
    """Times at each place, overlapping or touching ones made one, so that a notice cannot be told apart by person."""
    place, since, until, wide = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("place", "since", "until", "wide")
    )
    order = np.lexsort((since, place))
    kept: list[list[int]] = []
    columns = (place[order].tolist(), since[order].tolist(), until[order].tolist(), wide[order].tolist())
    for q, begin, end, broad in zip(*columns, strict=True):
        if kept and kept[-1][0] == q and begin <= kept[-1][2]:
            kept[-1][2:] = [max(kept[-1][2], end), int(broad or kept[-1][3])]
        else:
            kept.append([q, begin, end, int(broad)])
    table = np.array(kept, np.int64).reshape(-1, 4)
    return table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(bool)


def _visitors(
    stays: Stays, place: Array, since: Array, until: Array, wide: Array, whole: Array | None, tau: int, settled: Array
) -> tuple[Array, int]:
    """How many persons each notice is meant for, and how many different ones all of them; without the settled ones."""
    known = np.zeros(stays.persons, bool)
    known[settled] = True
    everybody = np.zeros(stays.persons, bool)
    number = np.zeros(len(place), np.int64)
    columns = (place.tolist(), since.tolist(), until.tolist(), wide.tolist())
    for at, (q, begin, end, broad) in enumerate(zip(*columns, strict=True)):
        places = np.nonzero(whole == q)[0].tolist() if broad and whole is not None else [q]
        there = np.unique(np.concatenate([_there(stays, one, begin, end, tau) for one in places]))
        there = there[~known[there]]
        number[at] = len(there)
        everybody[there] = True
    return number, int(np.count_nonzero(everybody))


def _there(stays: Stays, place: int, begin: int, end: int, tau: int) -> Array:
    """Who was at a place for `tau` seconds between two instants."""
    first, last = stays.place_rows[place], stays.place_rows[place + 1]
    low, high = np.searchsorted(stays.arrival[first:last], [begin - int(stays.longest[place]), end]) + first
    together = np.minimum(stays.departure[low:high], end).astype(np.int64) - np.maximum(stays.arrival[low:high], begin)
    who: Array = stays.person[low:high][together >= tau]
    return who
