"""The stays of one day as files: in order of place and arrival, with the projection that a trace reads instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.analytics.copresence import ordering
from fangxian.analytics.copresence.stays import shares
from fangxian.lake import durable, kernels
from fangxian.lake.errors import damaged
from fangxian.lake.manifest import DAY, File, day_name, day_second

Ints = NDArray[Any]
SCHEMA = pa.schema(
    [("person", pa.uint32()), ("place", pa.uint32()), ("t_in", pa.int32()), ("seconds", pa.int32())]
)  # fmt: skip
COLUMNS = tuple(SCHEMA.names)
#: Rows of a row group: small enough that a reader of some places skips most of a file, large enough to be read fast.
_GROUP = 1 << 20


@dataclass(frozen=True, eq=False)
class Rows:
    """Stays of the lake, arrays of one length: person and place (uint32 numbers), arrival (lake seconds), duration (seconds)."""

    person: Ints
    place: Ints
    t_in: Ints
    seconds: Ints

    def __len__(self) -> int:
        return len(self.person)

    def where(self, chosen: Ints) -> Rows:
        return Rows(self.person[chosen], self.place[chosen], self.t_in[chosen], self.seconds[chosen])

    @classmethod
    def joined(cls, parts: Sequence[Rows]) -> Rows:
        kinds = (np.uint32, np.uint32, np.int32, np.int32)
        empty = [np.zeros(0, kind) for kind in kinds]
        columns = zip(empty, *((part.person, part.place, part.t_in, part.seconds) for part in parts), strict=True)
        return cls(*(np.concatenate(column) for column in columns))


def by_day(rows: Rows) -> Iterator[tuple[str, Rows]]:
    """The rows of each day of arrival, the earliest day first."""
    day = rows.t_in // DAY
    first, last = int(day.min()), int(day.max())
    if first == last:
        yield day_name(first * DAY), rows
        return
    order = np.argsort((day - first).astype(np.uint16), kind="stable")  # a radix sort
    bounds = np.searchsorted(day[order], np.arange(first, last + 2))
    for at, number in enumerate(range(first, last + 1)):
        if bounds[at + 1] > bounds[at]:
            yield day_name(number * DAY), rows.where(order[bounds[at] : bounds[at + 1]])


def ordered(rows: Rows, day: str, places: int, threads: int = 2) -> tuple[Rows, Ints]:
    """Rows of one day by place and arrival, and where each of the `places` places begins (places + 1)."""
    bounds = np.zeros(places + 1, np.int64)
    ordering.count(rows.place, bounds)
    bounds = np.cumsum(bounds)
    who, begin, length = np.empty(len(rows), np.uint32), np.empty(len(rows), np.int32), np.empty(len(rows), np.int32)
    ordering.scatter(rows.person, rows.place, rows.t_in, rows.seconds, bounds[:-1].copy(), who, begin, length)
    since = day_second(day)

    def sort(share: tuple[int, int]) -> None:
        kernels.sort(share[0], share[1], bounds, since, who, begin, length)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(sort, shares(bounds, 8 * threads)))
    place = np.repeat(np.arange(places, dtype=np.uint32), np.diff(bounds))
    return Rows(who, place, begin, length), bounds


def eligible(
    rows: Rows, bounds: Ints, day: str, before: Rows, *, shortest: int, persons: int, threads: int = 2
) -> Rows:
    """Those of a day's ordered rows that may be part of a merged stay of `shortest` seconds; `before`: earlier stays that run into it."""
    places = len(bounds) - 1
    carried = np.zeros(places + 1, np.int64)
    ordering.count(before.place, carried)
    carried = np.cumsum(carried)
    order = np.argsort(before.place, kind="stable")
    over, until = before.person[order], (before.t_in + before.seconds)[order]
    kept = np.zeros(len(rows), np.bool_)
    ends = day_second(day) + DAY

    def mark(share: tuple[int, int]) -> None:
        kernels.keep(
            *share, bounds, rows.person, rows.t_in, rows.seconds, carried, over, until, ends, shortest, persons, kept
        )

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(mark, shares(bounds, 2 * threads)))
    return rows.where(kept)


def store(folder: Path, path: str, rows: Rows, day: str) -> File:
    """Write ordered rows as a file of the lake. Raises OSError where the disk will not take it; then there is no file."""
    table = pa.table([rows.person, rows.place, rows.t_in, rows.seconds], schema=SCHEMA)
    durable.write(
        folder / path,
        lambda half: pq.write_table(
            table, half, row_group_size=_GROUP, compression="zstd", compression_level=1, use_dictionary=["place"],
            column_encoding={"t_in": "DELTA_BINARY_PACKED", "person": "PLAIN", "seconds": "PLAIN"}, write_statistics=["place", "t_in"],
        ),
    )  # fmt: skip
    file = replace(described(folder, path, len(rows)), checksum=checksum(rows), day=day)
    if not len(rows):
        return file
    return replace(file, earliest=int(rows.t_in.min()), latest=int((rows.t_in + rows.seconds).max()))


def described(folder: Path, path: str, rows: int) -> File:
    """What the manifest says of a file that was just written."""
    whole = folder / path
    return File(path=path, rows=rows, size=whole.stat().st_size, sha256=durable.digest(whole), checksum="")


def checksum(rows: Rows) -> str:
    """Of rows in whatever order."""
    return f"{int(kernels.checksum(rows.person, rows.place, rows.t_in, rows.seconds)):016x}"


def added(checksums: Sequence[str]) -> str:
    """The checksum of the rows of several files together."""
    return f"{sum(int(one, 16) for one in checksums) & (2**64 - 1):016x}"


def read(folder: Path, file: File) -> Rows:
    """All rows of a file. Raises Damaged where it is missing or no whole Parquet file."""
    return Rows.joined(list(pieces(folder, file)))


def pieces(folder: Path, file: File, rows: int = 1 << 22) -> Iterator[Rows]:
    """The rows of a file in parts. Raises Damaged as `read`."""
    try:
        with pq.ParquetFile(folder / file.path) as opened:
            for batch in opened.iter_batches(batch_size=rows, columns=list(COLUMNS)):
                yield Rows(*(np.asarray(batch.column(name)) for name in COLUMNS))
    except (FileNotFoundError, pa.ArrowInvalid, KeyError, OSError) as fault:
        raise damaged(folder, file.path, str(fault)) from None
