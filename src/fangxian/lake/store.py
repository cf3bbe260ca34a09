"""`Lake`: one folder of stays under pseudonymous keys, a day a folder, that any number of processes may read while one writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.analytics.copresence import Stays
from fangxian.analytics.copresence.stays import Piece
from fangxian.analytics.copresence.tables import Fault
from fangxian.lake import days as day_files
from fangxian.lake import durable, manifest
from fangxian.lake.arrivals import Arrivals, Keys, opened
from fangxian.lake.days import Rows
from fangxian.lake.dictionary import Dictionary
from fangxian.lake.errors import Reused
from fangxian.lake.manifest import Batch, File, Manifest
from fangxian.lake.window import Window

Ints = NDArray[Any]
#: What a lake is made with, unless told otherwise: Beijing time; projections for contacts of a quarter of an hour.
OFFSET, SHORTEST = timedelta(hours=8), 15 * 60
PERSONS, PLACES = pa.uint32(), pa.string()


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
        self, rows: Path | pa.Table, *, source: str, batch: str = "", digest: str = "", keys: Keys | None = None
    ) -> Receipt:
        """Take a batch of stays (`person, place, t_in, t_out`), once: whole, or not at all.

        `batch`: the name its source gives it (its digest, if it gives none). `keys`: labels of persons → lake keys, 0 for
        whoever is not known; without it the labels are keys. Instants: Unix seconds, timestamps with a zone, or local time.
        The same batch again changes nothing. Raises Reused for other content under the same name, LakeError for a file that
        changes while it is read, Busy, and OSError for a full disk; then nothing was taken.
        """
        arrivals = opened(rows)
        digest = digest or arrivals.digest
        name = batch or digest[:16]
        with self.writing() as writer:
            known = writer.state.batch(source, name)
            if known is not None:
                return _again(known, digest)
            parts, state = writer.take(arrivals, keys)
            arrivals.check()
            counts = {part.day: part.rows for part in parts}
            taken = Batch(source, name, digest, arrivals.file.rows, sum(counts.values()), counts)
            writer.commit(replace(state, batches=(*state.batches, taken)))
            return Receipt(
                source,
                name,
                taken.rows,
                taken.taken,
                counts,
                faulty=arrivals.file.faulty,
                faults=tuple(arrivals.faults),
            )

    # ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────

    def days(self) -> list[Day]:
        """The days there are, in order."""
        state = self.state
        found: dict[str, list[File]] = {}
        for file in state.stays:
            found.setdefault(file.day, []).append(file)
        projected = {file.day for file in state.eligible if _stands(state, file)}
        return [
            Day(day, sum(one.rows for one in files), sum(one.size for one in files), len(files), day in projected)
            for day, files in sorted(found.items())
        ]

    def files(self, since: date | datetime, until: date | datetime, *, at_least: int = 0) -> list[Path]:
        """The Parquet files to read for stays in this window that last `at_least` seconds: person, place, t_in, seconds.

        Persons and places are numbers of the lake's dictionaries (`persons`, `places`), t_in seconds from `state.epoch`.
        """
        state = self.state
        return [self.folder / one.path for one in _chosen(state, *_bounds(state, since, until), at_least)]

    def persons(self) -> Dictionary:
        """Number ↔ lake key of persons."""
        return self._dictionary(self.state, "persons")

    def places(self) -> Dictionary:
        """Number ↔ code of places."""
        return self._dictionary(self.state, "places")

    def stays(self, since: date | datetime, until: date | datetime, *, at_least: int = 0) -> Window:
        """The stays that fall into a window (days, the last included; or aware instants), ready to be traced.

        `at_least`: leave out what is shorter after merging, in seconds; from the lake's `shortest` on the projections serve it.
        """
        state = self.state
        first, last = _bounds(state, since, until)
        chosen = _chosen(state, first, last, at_least)
        base = min((one.earliest for one in chosen), default=first)

        def pieces() -> Iterator[Piece]:
            for file in chosen:
                inside = file.earliest >= first and file.latest < last
                for rows in day_files.pieces(self.folder, file):
                    if not inside:
                        rows = rows.where((rows.t_in < last) & (rows.t_in + rows.seconds >= first))
                    arrival = rows.t_in - np.int32(base)
                    yield rows.person, rows.place, arrival, arrival + rows.seconds

        stays = Stays.build(pieces, state.next_person, state.next_place, at_least=at_least)
        epoch = state.epoch + timedelta(seconds=base)
        return Window(stays, epoch, self._dictionary(state, "persons"), self._dictionary(state, "places"))

    def _dictionary(self, state: Manifest, name: str) -> Dictionary:
        return read_dictionary(self.folder, state, name)


def read_dictionary(folder: Path, state: Manifest, name: str) -> Dictionary:
    """The dictionary of `persons` or of `places`."""
    parts = [pq.read_table(folder / file.path) for file in getattr(state, name)]
    if name == "persons":
        return Dictionary.of(parts, PERSONS, state.next_person)
    return Dictionary.of(parts, PLACES, state.next_place)


class Writer:
    """Whoever holds the lock of a lake: writes files, then makes them count by replacing the manifest."""

    def __init__(self, folder: Path, state: Manifest) -> None:
        self.folder, self.state = folder, state
        self._serial = state.serial

    def commit(self, state: Manifest) -> None:
        """Make this the state of the lake."""
        state = replace(state, serial=self._serial)
        manifest.write(self.folder, state)
        self.state = state

    def sweep(self) -> None:
        """Delete what no manifest names: the leavings of a writer that was killed."""
        belonging = self.state.named() | set(self.state.retired)
        for part in ("stays", "eligible", "persons", "places", "deletions"):
            for path in (self.folder / part).glob("**/*"):
                if path.is_file() and str(path.relative_to(self.folder)) not in belonging:
                    path.unlink()

    def path(self, part: str, day: str = "") -> str:
        """The name of a new file; no name is ever used twice."""
        self._serial += 1
        name = f"{self._serial:08}.parquet"
        return f"{part}/day={day}/{name}" if day else f"{part}/{name}"

    def take(self, arrivals: Arrivals, keys: Keys | None) -> tuple[list[File], Manifest]:
        """Write what has arrived, a file a day, and say what the manifest would be with it."""
        state = self.state
        person_keys = arrivals.settle(state, keys)
        pieces = [Rows(*piece) for piece in arrivals.pieces(state)]
        rows = Rows.joined(pieces)
        if not len(rows):
            return [], state
        person, state = self._numbered(state, "persons", pa.array(person_keys), rows.person)
        labels = arrivals.file.places
        codes = labels.of(np.arange(len(labels), dtype=np.uint32)).cast(PLACES)
        place, state = self._numbered(state, "places", codes, rows.place)
        rows = Rows(person[rows.person], place[rows.place], rows.t_in, rows.seconds)
        taken = []
        for day, those in day_files.by_day(rows):
            inside, bounds = day_files.ordered(those, day, state.next_place)
            file = day_files.store(self.folder, self.path("stays", day), inside, day)
            taken.append(file)
            first = not any(one.day == day for one in state.stays)
            state = replace(state, stays=(*state.stays, file))
            if first:
                state = self.project(state, day, inside, bounds)
        return taken, state

    def project(self, state: Manifest, day: str, rows: Rows, bounds: Ints) -> Manifest:
        """Write the projection of a day, whose ordered rows these are."""
        over = _seen_by(state, day)
        start = manifest.day_second(day)
        earlier = [file for file in over if file.day < day]
        before = [
            part.where(part.t_in + part.seconds >= start)
            for file in _shortened(state, earlier)  # whatever runs into another day is in the projection of its own
            for part in day_files.pieces(self.folder, file)
        ]
        kept = day_files.eligible(
            rows, bounds, day, Rows.joined(before), shortest=state.shortest, persons=state.next_person
        )
        others = tuple(one for one in state.eligible if one.day != day)
        if not len(kept):
            return replace(state, eligible=others)
        file = day_files.store(self.folder, self.path("eligible", day), kept, day)
        return replace(state, eligible=(*others, replace(file, over=tuple(one.path for one in over))))

    def _numbered(self, state: Manifest, name: str, values: pa.Array, used: Ints) -> tuple[Ints, Manifest]:
        """Numbers of values, by their place in `values`, for those that are `used`; the dictionary grows by the new ones."""
        present = np.zeros(len(values), bool)
        present[used] = True
        values = values.filter(pa.array(present))
        distinct = values.unique()  # two labels may stand for one person
        known = read_dictionary(self.folder, state, name)
        given, part = known.learn(distinct)
        numbers = np.zeros(len(present), np.uint32)
        numbers[present] = given[np.asarray(pc.index_in(values, value_set=distinct))]
        if part is None:
            return numbers, state
        path = self.path(name)
        durable.write(self.folder / path, lambda half: pq.write_table(part, half, compression="zstd"))
        file = day_files.described(self.folder, path, len(part))
        following = known.following + len(part)
        parts = (*getattr(state, name), file)
        if name == "persons":
            return numbers, replace(state, persons=parts, next_person=following)
        return numbers, replace(state, places=parts, next_place=following)


def _again(known: Batch, digest: str) -> Receipt:
    if known.digest != digest:
        raise Reused(
            f"来源 {known.source} 的批次 {known.batch} 已收过，但内容不同；没有改动，请为新内容另取批次号",
            f"the batch {known.batch} of {known.source} was taken before with other content; nothing was changed, "
            "give new content a name of its own",
        )
    return Receipt(known.source, known.batch, known.rows, known.taken, dict(known.days), repeated=True)


def _bounds(state: Manifest, since: date | datetime, until: date | datetime) -> tuple[int, int]:
    """Lake seconds from…to (to not included)."""

    def second(at: date | datetime, days: int) -> int:
        if not isinstance(at, datetime):
            at = datetime.combine(at + timedelta(days=days), time(), state.epoch.tzinfo)
        return int((at - state.epoch).total_seconds())

    return second(since, 0), second(until, 1)


def _seen_by(state: Manifest, day: str) -> Sequence[File]:
    """The files that the projection of a day depends on: its own, and those of earlier days that run into it."""
    start = manifest.day_second(day)
    return [one for one in state.stays if one.day == day or (one.day < day and one.latest >= start)]


def _stands(state: Manifest, projection: File) -> bool:
    """Whether a projection was worked out from all that is there now (from more does no harm: it keeps what it need not)."""
    return {one.path for one in _seen_by(state, projection.day)} <= set(projection.over)


def _chosen(state: Manifest, first: int, last: int, at_least: int) -> list[File]:
    """The files that hold what falls into a window, when stays shorter than `at_least` are of no use."""
    inside = [one for one in state.stays if one.earliest < last and one.latest >= first]
    return _shortened(state, inside) if at_least >= state.shortest else inside


def _shortened(state: Manifest, files: Sequence[File]) -> list[File]:
    """Files of stays, or for the days whose projection stands, that instead."""
    standing = {one.day: one for one in state.eligible if _stands(state, one)}
    whole = [one for one in files if one.day not in standing]
    return whole + [standing[day] for day in sorted({one.day for one in files} & set(standing))]
