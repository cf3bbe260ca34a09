"""A file of stays kept as a projection, with its labels: what `fangxian trace` reads next time, without sorting or surveying."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from fangxian.analytics.copresence.labels import Labels
from fangxian.analytics.copresence.projection import Projection
from fangxian.analytics.copresence.stays import Piece, Stays
from fangxian.analytics.copresence.tables import StayFile
from fangxian.analytics.errors import AnalysisError

_LABELS, _INSTANTS, _BASE, _ROWS = "{}.labels.parquet", "instants.parquet", b"base", b"rows"


class KeptFile(StayFile):
    """A folder that `keep` wrote. Raises AnalysisError where it is not whole."""

    def __init__(self, folder: Path) -> None:
        self.projection = Projection.open(folder)
        super().__init__(folder, pa.table({}))

    def _schema(self) -> pa.Schema:
        kind = pq.read_schema(self.path / _INSTANTS).field("t").type
        return pa.schema([("t_in", kind), ("t_out", kind)])

    def _survey(self) -> None:
        told = pq.read_schema(self.path / _INSTANTS).metadata
        self.instants.base, self.rows = int(told[_BASE]), int(told[_ROWS])
        self.latest = self.instants.base + self.projection.span[1]
        self.persons, self.places = (
            Labels.restored(pq.read_table(self.path / _LABELS.format(name))) for name in ("persons", "places")
        )

    def stays(self, *, at_least: int = 0) -> Stays:
        """The stays, which are in tracing order already. Raises AnalysisError where shorter ones are asked for."""
        return self.projection.stays(at_least)

    def splits(self) -> list[tuple[Path, int] | None]:
        raise self._native_only()

    def pieces(self, split: tuple[Path, int] | None = None) -> Iterator[Piece]:
        raise self._native_only()

    def _native_only(self) -> AnalysisError:
        return AnalysisError(
            f"{self.path} 是为 native 引擎保留的停留，其他引擎请用原始停留记录",
            f"{self.path} was kept for the native engine; give other engines the stays themselves",
        )


def is_kept(path: Path) -> bool:
    """Whether this is a folder that `keep` wrote."""
    return (path / _INSTANTS).is_file()


def keep(file: StayFile, folder: Path, *, at_least: int) -> Stays:
    """Write the stays of a file that last `at_least` seconds, and what their numbers mean; gives the stays.

    The folder is there whole, or not at all. Raises AnalysisError where the folder exists.
    """

    def beside(half: Path) -> None:
        for name, labels in (("persons", file.persons), ("places", file.places)):
            pq.write_table(labels.learnt, half / _LABELS.format(name))
        told = {_BASE: str(file.instants.base), _ROWS: str(file.rows)}
        schema = pa.schema([("t", file.instants.type or pa.int64())], told)
        pq.write_table(schema.empty_table(), half / _INSTANTS)

    stays = file.stays(at_least=at_least)
    Projection.write(stays, folder, at_least=at_least, beside=beside)
    return stays
