"""Stays and index persons from files, and what was traced back into them (CSV or Parquet, by the end of the name).

Stays have the columns `person, place, t_in, t_out`, index persons `person, from, to`; `to` may be empty: not isolated. Persons
and places are any labels; instants are whole seconds or timestamps, and come back as they were given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.analytics.copresence.instants import Instants
from fangxian.analytics.copresence.labels import Labels
from fangxian.analytics.copresence.sources import Sources
from fangxian.analytics.copresence.stays import Piece, Stays
from fangxian.analytics.copresence.tracing import Index, Lines, People
from fangxian.analytics.errors import AnalysisError
from fangxian.text import Text

STAYS = ("person", "place", "t_in", "t_out")
INDEX = ("person", "from", "to")
#: A stay longer than this is taken for a missing check-out that somebody filled in, not for a stay.
LONGEST = 31 * 86_400
#: How many faulty rows are kept to be shown; all are counted.
SHOWN = 1000
_MOST = 2**31 - 2
_BATCH = 4_000_000
#: Which rows of a batch cannot be used, by the batch and its arrivals in seconds.
Wrong = Callable[[pa.RecordBatch, NDArray[Any]], NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that was left out: its file, its row (a CSV's heading is row 1), what is wrong and what to do."""

    file: str
    row: int
    column: str
    what: Text
    remedy: Text


NO_VALUE = Text("缺少值", "there is no value"), Text("请补上", "Fill it in")
NO_INSTANT = (
    Text("不是时间", "is not an instant"),
    Text("请写成整秒数，或如 2022-01-31 08:00:00", "Write whole seconds, or as 2022-01-31 08:00:00"),
)
_BACKWARD = (
    Text("离开早于到达", "the person leaves before arriving"),
    Text("请核对两个时间，或是否写反", "Check both instants; are they the wrong way round?"),
)
_TOO_LONG = (
    Text("停留超过 31 天", "the stay is longer than 31 days"),
    Text(
        "请核对离开时间；缺少离场记录时按关门时间填写",
        "Check the departure; where there was no check-out give the closing time",
    ),
)
#: Years of timestamps that are meant: whatever lies outside is a slip of the pen, and would stretch the span of all the others.
_MEANT = (0, 2_145_916_800)
_NOT_MEANT = Text("早于 1970 年或晚于 2037 年", "lies before 1970 or after 2037"), Text("请核对年份", "Check the year")


class StayFile:
    """A file (or a folder of Parquet files) of stays, read in pieces so that it may be larger than memory.

    Raises AnalysisError where columns are missing or the instants are of no one kind; rows at fault are left out and listed
    in `faults` once `stays` was read.
    """

    def __init__(self, path: Path, table: pa.Table | None = None) -> None:
        """`table`: the stays themselves, where the file holds something else."""
        self.path = path
        self.faults: list[Fault] = []
        self.faulty = self.rows = self.latest = 0
        self.persons, self.places = Labels(), Labels()
        self._refused: list[Wrong] = []
        if table is None and path.suffix.lower() == ".csv":
            table = read_rows(path, STAYS)
        self._table = table
        self._files = sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]
        if not self._files:
            raise AnalysisError(f"{path} 中没有 Parquet 文件", f"{path}: there is no Parquet file in this folder")
        self.instants = Instants.of(self._schema(), path, ("t_in", "t_out"))
        self._survey()

    def _schema(self) -> pa.Schema:
        if self._table is not None:
            return self._table.schema
        schema = _parquet(self._files[0]).schema_arrow
        _columns(schema.names, STAYS, self.path)
        return schema

    @property
    def files(self) -> list[Path]:
        """The files that are read."""
        return list(self._files)

    def splits(self) -> list[tuple[Path, int] | None]:
        """Parts that can be read apart, by other processes too: the row groups of the files, or all of a table (None)."""
        if self._table is not None:
            return [None]
        return [(file, group) for file in self._files for group in range(_parquet(file).num_row_groups)]

    def _batches(self, split: tuple[Path, int] | None = None) -> Iterator[tuple[str, int, pa.RecordBatch]]:
        """Batches with their file and the row number before their first (within the split, where one is given)."""
        if split is not None:
            file, group = split
            for batch in _parquet(file).iter_batches(batch_size=_BATCH, row_groups=[group], columns=list(STAYS)):
                yield file.name, 0, batch
            return
        if self._table is not None:
            row = 1
            for batch in self._table.to_batches(max_chunksize=_BATCH):
                yield self.path.name, row, _decoded(batch)
                row += len(batch)
            return
        for file in self._files:
            row = 0
            for batch in _parquet(file).iter_batches(batch_size=_BATCH, columns=list(STAYS)):
                yield file.name, row, _decoded(batch)
                row += len(batch)

    def _survey(self) -> None:
        """The first reading: which labels there are, when the first stay began, which rows are at fault."""
        earliest, latest = None, None
        for file, row, batch in self._batches():
            arrival, departure, good = self._judged(file, row, batch, note=True)
            self.rows += len(batch)
            if not good.any():
                continue
            if not good.all():
                batch, arrival, departure = batch.filter(pa.array(good)), arrival[good], departure[good]
            self.persons.learn(batch.column("person"))
            self.places.learn(batch.column("place"))
            first, last = int(arrival.min()), int(departure.max())
            earliest = first if earliest is None else min(earliest, first)
            latest = last if latest is None else max(latest, last)
        self.instants.base, self.latest = earliest or 0, latest or 0
        if latest is not None and latest - self.instants.base > _MOST:
            raise AnalysisError(
                f"{self.path}: 停留跨度超过 68 年，请核对时间单位（应为秒）",
                f"{self.path}: the stays span more than 68 years; check the unit of the instants (seconds)",
            )

    def _judged(
        self, file: str, row: int, batch: pa.RecordBatch, *, note: bool = False
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Arrival and departure in seconds, and which rows can be used."""
        (arrival, in_ok), (departure, out_ok) = (
            self.instants.seconds(batch.column(name)) for name in ("t_in", "t_out")
        )
        good = in_ok & out_ok & (departure >= arrival) & (departure - arrival <= LONGEST)
        for name in ("person", "place"):
            if batch.column(name).null_count:
                good &= batch.column(name).is_valid().to_numpy(zero_copy_only=False)
        meant = [np.ones(len(good), bool)] * 2
        if self.instants.type is not None:
            meant = [(at >= _MEANT[0]) & (at < _MEANT[1]) for at in (arrival, departure)]
            good &= meant[0] & meant[1]
        if note and not good.all():
            missing = {name: batch.column(name).is_null().to_numpy(zero_copy_only=False) for name in STAYS}
            for name, fits in (("t_in", in_ok), ("t_out", out_ok)):
                self._note(file, row, name, ~fits & ~missing[name], *NO_INSTANT)
            for name in STAYS:
                self._note(file, row, name, missing[name], *NO_VALUE)
            self._note(file, row, "t_in", in_ok & ~meant[0], *_NOT_MEANT)
            self._note(file, row, "t_out", out_ok & ~meant[1], *_NOT_MEANT)
            timed = in_ok & out_ok & meant[0] & meant[1]
            self._note(file, row, "t_out", timed & (departure < arrival), *_BACKWARD)
            self._note(file, row, "t_out", timed & (departure - arrival > LONGEST), *_TOO_LONG)
        for wrong in self._refused:
            good &= ~wrong(batch, arrival)
        if note:
            self.faulty += int(len(good) - np.count_nonzero(good))
        return arrival, departure, good

    def _note(self, file: str, row: int, column: str, wrong: NDArray[Any], what: Text, remedy: Text) -> None:
        for at in np.nonzero(wrong)[0][: max(0, SHOWN - len(self.faults))].tolist():
            self.faults.append(Fault(file, row + at + 1, column, what, remedy))

    def refuse(self, wrong: Wrong, column: str, what: Text, remedy: Text) -> None:
        """Leave out and list further rows, that the caller has a reason of its own not to use. One more reading."""
        for file, row, batch in self._batches():
            arrival, _departure, good = self._judged(file, row, batch)
            refused = good & wrong(batch, arrival)
            self._note(file, row, column, refused, what, remedy)
            self.faulty += int(np.count_nonzero(refused))
        self._refused.append(wrong)

    def pieces(self, split: tuple[Path, int] | None = None) -> Iterator[Piece]:
        """Arrays of person, place, arrival and departure, without the rows at fault; of everything, or of one of the `splits`."""
        for file, row, batch in self._batches(split):
            arrival, departure, good = self._judged(file, row, batch)
            if not good.all():
                batch = batch.filter(pa.array(good))
                arrival, departure = arrival[good], departure[good]
            base = self.instants.base
            yield (
                self.persons.codes(batch.column("person")), self.places.codes(batch.column("place")),
                (arrival - base).astype(np.int32), (departure - base).astype(np.int32),
            )  # fmt: skip

    def stays(self, *, at_least: int = 0) -> Stays:
        """The stays in tracing order; those that stay shorter than `at_least` seconds left out."""
        return Stays.build(self.pieces, len(self.persons), len(self.places), at_least=at_least)

    def index(self, path: Path) -> tuple[Index, list[Fault], int]:
        """Index persons of a file, the rows left out, and how many of the persons have no stay at all."""
        table = read_rows(path, INDEX)
        instants = Instants.of(table.schema, path, ("from", "to"), like=self.instants)
        (since, since_ok), (until, until_ok) = (instants.seconds(table.column(name)) for name in ("from", "to"))
        absent = table.column("to").is_null().to_numpy()
        person_missing = table.column("person").is_null().to_numpy()
        faults = [
            Fault(path.name, at + 2, column, *words)
            for column, wrong, words in (
                ("person", person_missing, NO_VALUE),
                ("from", table.column("from").is_null().to_numpy(), NO_VALUE),
                ("from", ~since_ok & table.column("from").is_valid().to_numpy(), NO_INSTANT),
                ("to", ~until_ok & ~absent, NO_INSTANT),
                ("to", since_ok & until_ok & (until < since), _WINDOW),
            )
            for at in np.nonzero(wrong)[0].tolist()
        ]
        good = since_ok & (until_ok | absent) & ~person_missing & (absent | (until >= since))
        codes, known = self.persons.find(table.column("person").filter(pa.array(good)))
        window = np.stack([since[good], np.where(absent, _MOST + instants.base, until)[good]])[:, known] - instants.base
        window = np.clip(window, -_MOST, _MOST)
        return Index.of(codes[known], *window), faults, int(len(known) - np.count_nonzero(known))

    def lines(self, lines: Lines) -> pa.Table:
        """Columns person, ring, via, place, t_in, t_out, minutes; by ring, person and start."""
        lines = ordered(lines)
        minutes = (lines.t_out.astype(np.int64) - lines.t_in) / 60
        return pa.table(
            {
                "person": self.persons.of(lines.person), "ring": pa.array(lines.ring), "via": self.persons.of(lines.via),
                "place": self.places.of(lines.place), "t_in": self.instants.written(lines.t_in),
                "t_out": self.instants.written(lines.t_out), "minutes": pa.array(minutes),
            }
        )  # fmt: skip

    def people(self, people: People) -> pa.Table:
        """Columns person, ring, exposed_at."""
        return pa.table(
            {
                "person": self.persons.of(people.person), "ring": pa.array(people.ring),
                "exposed_at": self.instants.written(people.exposed_at),
            }
        )  # fmt: skip

    def sources(self, sources: Sources) -> pa.Table:
        """Columns place, cases, expected, lift, evidence, share."""
        return pa.table(
            {
                "place": self.places.of(sources.place), "cases": pa.array(sources.cases),
                "expected": pa.array(sources.expected), "lift": pa.array(sources.lift),
                "evidence": pa.array(sources.evidence), "share": pa.array(sources.share),
            }
        )  # fmt: skip


_WINDOW = (
    Text("隔离早于传染期开始", "the isolation is before the infectious window"),
    Text("请核对两个时间", "Check both instants"),
)


def _decoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """With categories written out (as pandas and others keep them)."""
    columns = [one.dictionary_decode() if pa.types.is_dictionary(one.type) else one for one in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def ordered(lines: Lines) -> Lines:
    """Lines in the order in which they are written: by ring, person and start."""
    return lines.where(np.lexsort((lines.place, lines.via, lines.t_in, lines.person, lines.ring)))


def write(table: pa.Table, path: Path) -> None:
    """A table as CSV or Parquet, by the end of the name; there whole, or not at all."""
    half = path.with_name(path.name + ".part")
    if path.suffix.lower() == ".csv":
        pa_csv.write_csv(table, half)
    else:
        pq.write_table(table, half)
    half.replace(path)


def read_rows(path: Path, wanted: tuple[str, ...], optional: tuple[str, ...] = ()) -> pa.Table:
    """A CSV or Parquet file in memory: the columns `wanted`, and those of `optional` that it has."""
    if path.suffix.lower() != ".csv":
        file = _parquet(path)
        names = file.schema_arrow.names
        _columns(names, wanted, path)
        return file.read(columns=[*wanted, *(name for name in optional if name in names)])
    try:
        table = pa_csv.read_csv(path, convert_options=pa_csv.ConvertOptions(strings_can_be_null=True))
    except pa.ArrowInvalid as fault:
        raise AnalysisError(f"{path}: 不是可读的 CSV（{fault}）", f"{path}: cannot be read as CSV ({fault})") from None
    _columns(table.column_names, wanted, path)
    return table.select([*wanted, *(name for name in optional if name in table.column_names)])


def _parquet(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid:
        raise AnalysisError(
            f"{path}: 不是完整的 Parquet 文件；CSV 文件名须以 .csv 结尾",
            f"{path}: is no whole Parquet file; the name of a CSV file must end in .csv",
        ) from None


def _columns(names: list[str], wanted: tuple[str, ...], path: Path) -> None:
    missing = [name for name in wanted if name not in names]
    if missing:
        raise AnalysisError(
            f"{path}: 缺少列 {'、'.join(missing)}（需要 {'、'.join(wanted)}，现有 {'、'.join(names)}）",
            f"{path}: lacks the column {', '.join(missing)} (needed: {', '.join(wanted)}; found: {', '.join(names)})",
        )
