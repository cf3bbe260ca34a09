"""`Lake`: one folder of stays under pseudonymous keys, a day a folder, that any number of processes may read while one writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.copresence import Stays
from fangxian.analytics.copresence.stays import Piece
from fangxian.analytics.copresence.tables import Fault
from fangxian.lake import choosing, compacting, deleting, durable, ledger, manifest, verifying
from fangxian.lake import days as day_files
from fangxian.lake.arrivals import Keys, opened
from fangxian.lake.compacting import Compaction
from fangxian.lake.deleting import Deletion, Sign, Signed
from fangxian.lake.dictionary import Dictionary, read_dictionary
from fangxian.lake.errors import Damaged
from fangxian.lake.manifest import Batch, File, Manifest
from fangxian.lake.verifying import LakeFault
from fangxian.lake.window import Window
from fangxian.lake.writing import Writer

Ints = NDArray[Any]
#: What a lake is made with, unless told otherwise: Beijing time; projections for contacts of a quarter of an hour.
OFFSET, SHORTEST = timedelta(hours=8), 15 * 60


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: rows read, taken, left out; or `repeated`: it had been taken before and changed nothing.

    `days`: rows taken by day. `faults`: rows left out, with reason and remedy (the first thousand).
    """

    source: str
    batch: str
    rows: int
    taken: int
    days: dict[str, int]
    repeated: bool = False
    faulty: int = 0
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the lake: its rows and bytes, in how many files, and whether its projection stands for all of them."""

    day: str
    rows: int
    size: int
    files: int
    projected: bool


class Lake:
    """The lake in a folder, which is made by the first batch.

    `offset`: the lake's own time, which decides where a day ends; `shortest`: seconds of the shortest contact of use. Both count
    when the lake is made. `wait`: seconds to wait for another writer. Raises LakeError for a folder of a later version and
    Damaged for a manifest that is not whole.
    """

    def __init__(self, folder: Path, *, offset: timedelta = OFFSET, shortest: int = SHORTEST, wait: float = 60) -> None:
        self.folder, self.wait = folder, wait
        self._empty = Manifest(offset=int(offset.total_seconds()), shortest=shortest)

    @property
    def state(self) -> Manifest:
        """The manifest as it is now."""
        return manifest.read(self.folder) or self._empty

    # ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """Be the only writer. What a killed one left behind is swept first. Raises Busy after `wait` seconds."""
        with durable.alone(self.folder / "lock", self.wait):
            writer = Writer(self.folder, self.state)
            writer.sweep()
            yield writer

    def ingest(
        self,
        rows: Path | pa.Table,
        *,
        source: str,
        batch: str = "",
        digest: str = "",
        keys: Keys | None = None,
        group: str = "",
    ) -> Receipt:
        """Take a batch of stays (`person, place, t_in, t_out`), once: whole, or not at all.

        `batch`: the name its source gives it (its digest, if it gives none). `keys`: labels of persons → lake keys, 0 for
        whoever is not known; without it the labels are keys. `group`: what the batch can be taken back with (`withdraw`).
        Instants: Unix seconds, timestamps with a zone, or local time.
        The same batch again changes nothing. Raises Reused for other content under the same name, LakeError for a file that
        changes while it is read, Busy, and OSError for a full disk; then nothing was taken.
        """
        arrivals = opened(rows)
        digest = digest or arrivals.digest
        name = batch or digest[:16]
        with self.writing() as writer:
            known = ledger.known(self.folder, writer.state, source, name, digest)
            if known is not None:
                return Receipt(source, name, known.rows, known.taken, dict(known.days), repeated=True)
            try:
                days, state = writer.take(arrivals, keys, group)
            finally:
                arrivals.check()  # a file that changed explains whatever else went wrong
            taken = Batch(source, name, digest, arrivals.file.rows, sum(days.values()), days, group)
            writer.commit(writer.enter(state, taken))
            return Receipt(
                source, name, taken.rows, taken.taken, days, faulty=arrivals.file.faulty, faults=tuple(arrivals.faults)
            )

    def compact(self, day: date | str) -> Compaction | None:
        """Make one file of the many of a day, and bring its projection up to date; None where there is nothing to do.

        Readers that began before are not disturbed: what was replaced stays for ten minutes. Raises Damaged and Busy.
        """
        with self.writing() as writer:
            return compacting.compact(writer, str(day))

    def wanting(self) -> list[str]:
        """The days that are worth compacting."""
        return compacting.wanting(self.state)

    def drop(
        self,
        before: date,
        *,
        sign: Sign,
        by: str,
        under: str,
        at: datetime,
        left: Callable[[Ints], object] | None = None,
    ) -> Deletion | None:
        """Delete all stays that began before a day, with what the dictionaries kept for them alone; None where there are none.

        What stays is a record of what went, `sign`ed: rows and digests, `by` whom, `under` which rule, `at` which instant. Stays
        of those days are not taken again. `left` is told the person keys that are still in use before anybody else may write, so
        that the others can be forgotten. Raises Damaged and Busy.
        """
        with self.writing() as writer:
            deletion = deleting.drop(writer, before, sign=sign, by=by, under=under, at=at)
            if left is not None:
                left(np.asarray(read_dictionary(self.folder, writer.state, "persons").values))
            return deletion

    def withdraw(
        self, group: str, *, sign: Sign, by: str, under: str, at: datetime, left: Callable[[Ints], object] | None = None
    ) -> Deletion | None:
        """Take back all stays of a group of batches, as if they had never been sent; None where there are none.

        What stays is a signed record, as of `drop`, and `left` is told the same. The batches are known no more: sent again, they
        are taken. Raises Damaged and Busy.
        """
        with self.writing() as writer:
            deletion = deleting.withdraw(writer, group, sign=sign, by=by, under=under, at=at)
            if left is not None:
                left(np.asarray(read_dictionary(self.folder, writer.state, "persons").values))
            return deletion

    def verify(self, signed: Signed | None = None) -> Iterator[LakeFault | int]:
        """Read everything and compare it with the manifest: faults, and between them the number of files read so far."""
        return verifying.verify(self.folder, signed)

    # ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

    def days(self) -> list[Day]:
        """The days there are, in order."""
        state = self.state
        found: dict[str, list[File]] = {}
        for file in state.stays:
            found.setdefault(file.day, []).append(file)
        projected = {file.day for file in state.eligible if choosing.stands(state, file)}
        return [
            Day(day, sum(one.rows for one in files), sum(one.size for one in files), len(files), day in projected)
            for day, files in sorted(found.items())
        ]

    def files(self, since: date | datetime, until: date | datetime, *, at_least: int = 0) -> list[Path]:
        """The Parquet files to read for stays in this window that last `at_least` seconds: person, place, t_in, seconds.

        Persons and places are numbers of the lake's dictionaries (`persons`, `places`), t_in seconds from `state.epoch`.
        """
        state = self.state
        return [
            self.folder / one.path for one in choosing.chosen(state, *choosing.bounds(state, since, until), at_least)
        ]

    def persons(self) -> Dictionary:
        """Number ↔ lake key of persons."""
        return read_dictionary(self.folder, self.state, "persons")

    def places(self) -> Dictionary:
        """Number ↔ code of places."""
        return read_dictionary(self.folder, self.state, "places")

    def stays(
        self,
        since: date | datetime,
        until: date | datetime,
        *,
        at_least: int = 0,
        persons: Ints | None = None,
        places: Ints | None = None,
    ) -> Window:
        """The stays that fall into a window (days, the last included; or aware instants), ready to be traced.

        `at_least`: leave out what is shorter after merging, in seconds; from the lake's `shortest` on the projections serve it.
        `persons`, `places`: only those with these numbers.
        """
        while True:
            state = self.state
            try:
                return self._window(state, *choosing.bounds(state, since, until), at_least, persons, places)
            except Damaged:
                if self.state.serial == state.serial:  # else the file was dropped meanwhile: what is left is read
                    raise

    def _window(
        self, state: Manifest, first: int, last: int, at_least: int, persons: Ints | None, places: Ints | None
    ) -> Window:
        chosen = choosing.chosen(state, first, last, at_least)
        base = min((one.earliest for one in chosen), default=first)
        who, where = _marked(persons, state.next_person), _marked(places, state.next_place)

        def pieces() -> Iterator[Piece]:
            for file in chosen:
                inside = file.earliest >= first and file.latest < last
                for rows in day_files.pieces(self.folder, file):
                    if not inside:
                        rows = rows.where((rows.t_in < last) & (rows.t_in + rows.seconds >= first))
                    for marked, numbers in ((who, "person"), (where, "place")):
                        rows = rows if marked is None else rows.where(marked[getattr(rows, numbers)])
                    arrival = rows.t_in - np.int32(base)
                    yield rows.person, rows.place, arrival, arrival + rows.seconds

        stays = Stays.build(pieces, state.next_person, state.next_place, at_least=at_least)
        epoch = state.epoch + timedelta(seconds=base)
        known = [read_dictionary(self.folder, state, name) for name in ("persons", "places")]
        return Window(stays, epoch, *known)


def _marked(numbers: Ints | None, following: int) -> Ints | None:
    """Numbers as marks over all that there have been; None for all of them."""
    if numbers is None:
        return None
    marks = np.zeros(following, bool)
    marks[numbers[numbers < following]] = True
    return marks
