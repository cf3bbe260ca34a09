"""Whoever holds the lock of a lake: writes files, then makes them count by replacing the manifest."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.lake import choosing, durable, ledger, manifest
from fangxian.lake import days as day_files
from fangxian.lake.arrivals import Arrivals, Keys
from fangxian.lake.days import Rows
from fangxian.lake.dictionary import PLACES, read_dictionary
from fangxian.lake.manifest import FILES, Batch, File, Manifest

Ints = NDArray[Any]
#: Seconds that a file which a compaction has replaced is kept for those who are still reading it.
GRACE = 600


class Writer:
    """The only writer of a lake, for as long as it holds the lock. What it writes counts when it commits."""

    def __init__(self, folder: Path, state: Manifest) -> None:
        self.folder, self.state = folder, state
        self._serial = state.serial

    def commit(self, state: Manifest) -> None:
        """Make this the state of the lake."""
        state = replace(state, serial=self._serial)
        manifest.write(self.folder, state)
        self.state = state

    def sweep(self, grace: float = GRACE) -> None:
        """Delete what no manifest names: the leavings of a writer that was killed, and what was replaced long enough ago."""
        lock = self.folder / "lock"
        os.utime(lock)  # the clock of the file system, whatever the clock of this process says
        now = lock.stat().st_mtime
        named, waiting = self.state.named(), set(self.state.retired)
        for path in (path for part in FILES for path in sorted((self.folder / part).glob("**/*"), reverse=True)):
            name = str(path.relative_to(self.folder))
            if path.is_dir():
                if not any(path.iterdir()):
                    path.rmdir()
            elif name not in named and (name not in waiting or now - path.stat().st_mtime >= grace):
                path.unlink()
        for path in self.folder.glob("*" + durable.HALF):
            path.unlink()
        left = tuple(name for name in self.state.retired if (self.folder / name).exists())
        self.state = replace(self.state, retired=left)

    def retire(self, state: Manifest, files: list[File]) -> Manifest:
        """Keep these files, that no longer belong to the lake, for those who began to read before."""
        for file in files:
            os.utime(self.folder / file.path)
        return replace(state, retired=(*state.retired, *(file.path for file in files)))

    def path(self, part: str, day: str = "", ending: str = "parquet") -> str:
        """The name of a new file; no name is ever used twice."""
        self._serial += 1
        name = f"{self._serial:08}.{ending}"
        return f"{part}/day={day}/{name}" if day else f"{part}/{name}"

    def put(self, part: str, fill: Callable[[Path], object], rows: int, ending: str = "parquet") -> File:
        """Write a file that belongs to no day."""
        path = self.path(part, ending=ending)
        durable.write(self.folder / path, fill)
        return day_files.described(self.folder, path, rows)

    def take(self, arrivals: Arrivals, keys: Keys | None, group: str = "") -> tuple[dict[str, int], Manifest]:
        """Write what has arrived, a file a day; the rows of each day, and what the manifest would be with them."""
        state = self.state
        person_keys = arrivals.settle(state, keys)
        rows = Rows.joined([Rows(*piece) for piece in arrivals.pieces(state)])
        if not len(rows):
            return {}, state
        person, state = self._numbered(state, "persons", pa.array(person_keys), rows.person)
        labels = arrivals.file.places
        codes = labels.of(np.arange(len(labels), dtype=np.uint32)).cast(PLACES)
        place, state = self._numbered(state, "places", codes, rows.place)
        rows = Rows(person[rows.person], place[rows.place], rows.t_in, rows.seconds)
        taken = {}
        for day, those in day_files.by_day(rows):
            inside, bounds = day_files.ordered(those, day, state.next_place)
            file = replace(day_files.store(self.folder, self.path("stays", day), inside, day), group=group)
            taken[day] = file.rows
            first = not any(one.day == day for one in state.stays)
            state = replace(state, stays=(*state.stays, file))
            if first:
                state = self.project(state, day, inside, bounds)
        return taken, state

    def enter(self, state: Manifest, batch: Batch) -> Manifest:
        """Put a batch on record; those before it go to the ledger when they have become many."""
        if len(state.batches) >= ledger.LATEST:
            old = state.batches
            part = self.put("ledger", lambda path: ledger.fill(path, old), len(old))
            state = replace(state, batches=(), ledger=(*state.ledger, part))
        return replace(state, batches=(*state.batches, batch))

    def project(self, state: Manifest, day: str, rows: Rows, bounds: Ints) -> Manifest:
        """Write the projection of a day, whose ordered rows these are."""
        over = choosing.seen_by(state, day)
        start = manifest.day_second(day)
        earlier = [file for file in over if file.day < day]
        before = [
            part.where(part.t_in + part.seconds >= start)
            for file in choosing.shortened(
                state, earlier
            )  # whatever runs into another day is in the projection of its own
            for part in day_files.pieces(self.folder, file)
        ]
        kept = day_files.eligible(
            rows, bounds, day, Rows.joined(before), shortest=state.shortest, persons=state.next_person
        )
        others = tuple(one for one in state.eligible if one.day != day)
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
        file = self.put(name, lambda path: pq.write_table(part, path, compression="zstd"), len(part))
        parts, following = (*getattr(state, name), file), known.following + len(part)
        if name == "persons":
            return numbers, replace(state, persons=parts, next_person=following)
        return numbers, replace(state, places=parts, next_place=following)
