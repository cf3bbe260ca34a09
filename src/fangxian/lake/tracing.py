"""A lake as `fangxian trace` reads a file of stays: persons by their lake keys, places by their codes, the lake's own local time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from fangxian.analytics.copresence.tables import StayFile
from fangxian.lake import days
from fangxian.lake.manifest import UNIX
from fangxian.lake.store import Lake

_LOCAL = pa.timestamp("s")
_SCHEMA = pa.schema([("person", pa.uint32()), ("place", pa.string()), ("t_in", _LOCAL), ("t_out", _LOCAL)])


class LakeFile(StayFile):
    """All stays of a lake. Raises Damaged where its files are not whole, LakeError for a later version."""

    def __init__(self, folder: Path) -> None:
        self._state = Lake(folder).state
        self._keys = Lake(folder).persons().dense()
        self._codes = Lake(folder).places().dense()
        super().__init__(folder)

    def _schema(self) -> pa.Schema:
        return _SCHEMA

    def splits(self) -> list[tuple[Path, int] | None]:
        """A part a file; the dictionaries that give the numbers their meaning go along with each."""
        return [(self.path / file.path, 0) for file in self._state.stays]

    @property
    def files(self) -> list[Path]:
        """The files of stays."""
        return [self.path / file.path for file in self._state.stays]

    def _batches(self, split: tuple[Path, int] | None = None) -> Iterator[tuple[str, int, pa.RecordBatch]]:
        for file in self._state.stays:
            if split is not None and split[0] != self.path / file.path:
                continue
            row = 0
            for rows in days.pieces(self.path, file):
                begin = rows.t_in.astype("int64") + UNIX
                columns = [
                    self._keys.take(pa.array(rows.person)), self._codes.take(pa.array(rows.place)),
                    pa.array(begin).cast(_LOCAL), pa.array(begin + rows.seconds).cast(_LOCAL),
                ]  # fmt: skip
                yield file.path, row, pa.RecordBatch.from_arrays(columns, schema=_SCHEMA)
                row += len(rows)
