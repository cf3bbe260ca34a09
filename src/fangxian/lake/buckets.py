"""Stays in buckets of places, on disk: each small enough for one task, and opened without being read.

A contact needs one place, so a ring may be traced bucket by bucket. Bringing stays into buckets takes two steps, each of as many
tasks as one likes: `split` sorts a piece of the input by bucket, `gather` makes a bucket of what all pieces hold for it. Every task
writes its own folder under another name and renames it when it is whole, so that one that is killed and begun again leaves no trace.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics import copresence
from fangxian.analytics.copresence import Index, Lines, Stays
from fangxian.analytics.copresence.stays import Piece
from fangxian.analytics.kernel import kernel
from fangxian.lake.outward import Earliest

Ints = NDArray[Any]
_EVER = (-(2**31), 2**31)
#: Knuth's multiplier: neighbouring numbers of places are far apart.
_SPREAD = np.uint32(2654435761)


class Source(Protocol):
    """Stays that can be read in parts, by other processes too."""

    @property
    def rows(self) -> int:
        """How many stays there are, about."""

    def splits(self) -> Sequence[Any]:
        """Names of the parts."""

    def pieces(self, split: Any) -> Iterable[Piece]:
        """The stays of a part."""


@dataclass(frozen=True, eq=False)
class Bucket:
    """The stays of some places, their places and persons numbered within the bucket.

    `places` (L) and `persons` (P), rising, are the numbers that the whole world knows them by. `begin`, `end`: where one large place
    was cut by time, the seconds whose contacts are this part's; it also holds the stays that reach into them.
    """

    stays: Stays
    places: Ints
    persons: Ints
    begin: int
    end: int

    def met(self, index: Index, tau: int) -> Lines:
        """Contacts of the index persons here with everybody else."""
        found = copresence.trace(self.stays, self._own(index), tau=tau, threads=1).lines
        assert found is not None
        if (self.begin, self.end) != _EVER:
            found = found.where((found.t_in >= self.begin) & (found.t_in < self.end))
        return Lines(
            self.persons[found.person], found.ring, self.persons[found.via], self.places[found.place], found.t_in, found.t_out
        )  # fmt: skip

    def reached(self, index: Index, tau: int) -> Earliest:
        """Who is met here, and when first."""
        people = copresence.trace(self.stays, self._own(index), tau=tau, lines=False, threads=1).people
        return self.persons[people.person], people.exposed_at

    def _own(self, index: Index) -> Index:
        """The index persons who were here, by the bucket's numbers."""
        number = _found(self.persons, index.person)
        here = np.nonzero(number >= 0)[0]
        return Index(number[here].astype(np.uint32), index.since[here], index.until[here])

    def write(self, folder: Path) -> None:
        """There whole, or not at all."""
        half = folder.with_name(f".{folder.name}.{uuid4().hex}")
        half.mkdir(parents=True)
        for name, array in self._arrays().items():
            np.save(half / f"{name}.npy", array)
        _settle(half, folder)

    @classmethod
    def open(cls, folder: Path) -> Bucket:
        """A bucket as it was written; its arrays stay on disk until they are looked at."""
        # Copies on write, though nobody writes: kernels are compiled apart for arrays that cannot be written to.
        found = {file.stem: np.asarray(np.load(file, mmap_mode="c")) for file in folder.glob("*.npy")}
        own = found.pop("own"), found.pop("own_rows")
        begin, end = found.pop("during").tolist()
        places, persons = found.pop("places"), found.pop("persons")
        stays = Stays(**found, persons=len(persons))
        vars(stays)["by_person"] = own  # what the property would work out and keep
        return cls(stays, places, persons, begin, end)

    def _arrays(self) -> dict[str, Ints]:
        own, own_rows = self.stays.by_person
        kept = {one.name: getattr(self.stays, one.name) for one in fields(Stays) if one.name != "persons"}
        during = np.array([self.begin, self.end], np.int64)
        return kept | {
            "own": own,
            "own_rows": own_rows,
            "places": self.places,
            "persons": self.persons,
            "during": during,
        }


def kept(folder: Path, source: Path, files: Iterable[Path], at_least: int) -> Path:
    """Where in a folder the buckets of these files are, or belong; those of what the source held before are deleted."""
    origin = hashlib.sha256(str(source.resolve()).encode()).hexdigest()[:16]
    told = [(str(file), one.st_size, one.st_mtime_ns) for file in sorted(files) for one in [file.stat()]]
    content = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
    for old in folder.glob(f"{origin}-*"):
        if not old.name.startswith(f"{origin}-{content}-"):
            shutil.rmtree(old)
    return folder / f"{origin}-{content}-{at_least}"


def known(frontier: Index, settled: Ints) -> Index:
    """The frontier, and, with windows of no length, those who were reached before: they meet nobody and are not met."""
    others = np.setdiff1d(settled, frontier.person)
    person = np.concatenate([frontier.person, others])
    window = np.zeros((2, len(person)), np.int32)
    window[:, : len(frontier.person)] = frontier.since, frontier.until
    order = np.lexsort((window[0], person))
    return Index(person[order], *window[:, order])


def earlier(one: Earliest, other: Earliest) -> Earliest:
    """Of two lists of persons, rising, with an instant each, one such list with the earlier instants."""
    person, at, n = _merged(*one, *other)
    return person[:n], at[:n]


@kernel
def _merged(p, s, q, t):  # type: ignore[no-untyped-def]
    person, at = np.empty(len(p) + len(q), np.uint32), np.empty(len(p) + len(q), np.int32)
    i = j = n = 0
    while i < len(p) or j < len(q):
        if j == len(q) or (i < len(p) and p[i] < q[j]):
            person[n], at[n] = p[i], s[i]
            i += 1
        elif i == len(p) or q[j] < p[i]:
            person[n], at[n] = q[j], t[j]
            j += 1
        else:
            person[n], at[n] = p[i], min(s[i], t[j])
            i += 1
            j += 1
        n += 1
    return person, at, n


@kernel
def _found(keys, wanted):  # type: ignore[no-untyped-def]
    """Where each wanted key stands among the keys, -1 where it is none; both rising, wanted ones perhaps repeated."""
    at = np.full(len(wanted), -1, np.int64)
    few = len(wanted) * 32 < len(keys)
    k = 0
    for i in range(len(wanted)):
        if few:
            k += np.searchsorted(keys[k:], wanted[i])
        else:
            while k < len(keys) and keys[k] < wanted[i]:
                k += 1
        if k == len(keys):
            break
        if keys[k] == wanted[i]:
            at[i] = k
    return at


def split(pieces: Iterable[Piece], buckets: int, folder: Path) -> int:
    """Write stays by bucket into `folder` (a file for each piece); gives their number."""
    half = folder.with_name(f".{folder.name}.{uuid4().hex}")
    half.mkdir(parents=True)
    rows = 0
    for number, (person, place, arrival, departure) in enumerate(pieces):
        bucket = ((place.astype(np.uint32) * _SPREAD) >> np.uint32(16)) % np.uint32(buckets)
        order = np.argsort(bucket.astype(np.uint16), kind="stable")
        columns = np.empty((4, len(order)), np.uint32)
        for column, given in zip(columns, (person, place, arrival, departure), strict=True):
            np.take(given.view(np.uint32), order, out=column)
        np.save(half / f"{number:04}.npy", columns)
        np.save(half / f"{number:04}.bounds.npy", np.searchsorted(bucket[order], np.arange(buckets + 1)))
        rows += len(order)
    _settle(half, folder)
    return rows


def gather(folders: Iterable[Path], bucket: int, into: Path, *, at_least: int, largest: int) -> list[str]:
    """Make a bucket of what was split: its stays sorted, those of one person at one place that overlap merged, the short left out.

    A place of more than `largest` stays becomes parts of its own, by time. Gives the names of what was written `into` a folder.
    """
    found: list[Ints] = []
    for folder in folders:
        for file in sorted(folder.glob("[0-9]*[0-9].npy")):
            bounds = np.load(file.with_suffix(".bounds.npy"), mmap_mode="r")
            found.append(np.load(file, mmap_mode="r")[:, bounds[bucket] : bounds[bucket + 1]])
    columns = np.concatenate([np.empty((4, 0), np.uint32), *found], axis=1)
    if not columns.shape[1]:
        return []
    persons, person = _numbered(columns[0])
    places, place = _numbered(columns[1])
    arrival, departure = columns[2].view(np.int32), columns[3].view(np.int32)
    piece = person, place, arrival, departure
    stays = Stays.build(lambda: [piece], len(persons), len(places), at_least=at_least, threads=1)
    names: list[str] = []
    for part in _parts(Bucket(stays, places, persons, *_EVER), largest):
        names.append(f"{bucket:05}-{len(names):03}")
        part.write(into / names[-1])
    return names


def _numbered(keys: Ints) -> tuple[Ints, Ints]:
    """Distinct keys, rising, and the number of each key among them."""
    most = int(keys.max())
    if most > 16 * len(keys):
        distinct, numbers = np.unique(keys, return_inverse=True)
        return distinct, numbers.astype(np.uint32)
    present = np.zeros(most + 1, bool)
    present[keys] = True
    return np.nonzero(present)[0].astype(np.uint32), (np.cumsum(present, dtype=np.uint32) - 1)[keys]


def _parts(bucket: Bucket, largest: int) -> Iterator[Bucket]:
    """The bucket's ordinary places together, and each large place by itself, cut by time.

    Two stays that overlap are both in the part in which they begin to, whole; so nothing is lost, and each contact is of one part.
    """
    stays = bucket.stays
    size = np.diff(stays.place_rows)
    if (size <= largest).all():
        if len(stays):
            yield bucket
        return
    place = np.repeat(np.arange(stays.places), size)
    ordinary = np.nonzero((size <= largest)[place])[0]
    if len(ordinary):
        yield _of_rows(bucket, place, ordinary, *_EVER)
    for large in np.nonzero(size > largest)[0].tolist():
        rows = np.arange(stays.place_rows[large], stays.place_rows[large + 1])
        cuts = np.unique(stays.arrival[rows[largest::largest]]).tolist()
        for begin, end in pairwise([_EVER[0], *cuts, _EVER[1]]):
            within = (stays.arrival[rows] < end) & (stays.departure[rows] >= begin)
            yield _of_rows(bucket, place, rows[within], begin, end)


def _of_rows(bucket: Bucket, place: Ints, rows: Ints, begin: int, end: int) -> Bucket:
    places, where = _numbered(place[rows])
    persons, who = _numbered(bucket.stays.person[rows])
    stays = Stays.build(
        lambda: [(who, where, bucket.stays.arrival[rows], bucket.stays.departure[rows])],
        len(persons),
        len(places),
        threads=1,
    )
    return Bucket(stays, bucket.places[places], bucket.persons[persons], begin, end)


def _settle(half: Path, folder: Path) -> None:
    """Give a finished folder its name; where another task was quicker, its work stands."""
    try:
        os.rename(half, folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(half)
