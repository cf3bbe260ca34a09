"""Tables that people fill in, column by column: what cannot be used is left out and named by row."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.copresence.instants import Instants
from fangxian.analytics.copresence.tables import NO_INSTANT, NO_VALUE, SHOWN, Fault, StayFile, read_rows
from fangxian.text import Text

Array = NDArray[Any]


class Sheet:
    """The rows of a CSV or Parquet file with the columns `wanted`, and those of `optional` that it has.

    `good`: which rows can be used so far. Raises AnalysisError where a wanted column is missing.
    """

    def __init__(self, path: Path, wanted: tuple[str, ...], optional: tuple[str, ...] = ()) -> None:
        self.path = path
        self._table = read_rows(path, wanted, optional)
        self.good = np.ones(len(self._table), bool)
        self._faults: list[tuple[int, str, Text, Text]] = []

    def __len__(self) -> int:
        return len(self._table)

    def has(self, name: str) -> bool:
        return name in self._table.column_names

    def labels(self, name: str) -> pa.ChunkedArray:
        """A column of names, none of which may be missing."""
        column = self._table.column(name)
        self.refuse(name, column.is_null().to_numpy(), *NO_VALUE)
        return column

    def words(self, name: str) -> list[str]:
        """A column that may be empty, or not there at all."""
        if not self.has(name):
            return [""] * len(self)
        return ["" if one is None else str(one).strip() for one in self._table.column(name).to_pylist()]

    def numbers(self, name: str) -> Array:
        """A column of numbers; NaN where there is none."""
        column = self._table.column(name)
        if not (pa.types.is_floating(column.type) or pa.types.is_integer(column.type)):
            column = pa.chunked_array([pa.array([_number(one) for one in column.to_pylist()], pa.float64())])
        values: Array = column.to_numpy().astype(float)
        return values

    def within(self, name: str, least: float, most: float, what: Text, remedy: Text) -> Array:
        """A column of numbers, all of them within bounds (both in them)."""
        values = self.numbers(name)
        self.refuse(name, ~((values >= least) & (values <= most)), what, remedy)
        return values

    def instants(self, *names: str, may_lack: tuple[str, ...] = ()) -> tuple[Instants, list[Array], list[Array]]:
        """Columns of instants: how they are written, their seconds, and which rows have none (refused but for `may_lack`)."""
        kind = Instants.of(self._table.schema, self.path, (names[0], names[-1]))
        columns, lacks = [], []
        for name in names:
            seconds, fits = kind.seconds(self._table.column(name))
            missing = self._table.column(name).is_null().to_numpy()
            self.refuse(name, ~fits & ~missing, *NO_INSTANT)
            if name not in may_lack:
                self.refuse(name, missing, *NO_VALUE)
            columns.append(seconds)
            lacks.append(missing)
        return kind, columns, lacks

    def refuse(self, name: str, wrong: Array, what: Text, remedy: Text) -> None:
        """Leave rows out, and say why."""
        self.remark(name, np.nonzero(wrong)[0].tolist(), what, remedy)
        self.good &= ~wrong

    def remark(self, name: str, rows: Iterable[int], what: Text, remedy: Text) -> None:
        """Say something of rows, counted from 0, that are used all the same."""
        self._faults += [(row, name, what, remedy) for row in rows]

    def file(self, person: pa.Array, place: pa.Array, instants: Instants, t_in: Array, t_out: Array) -> StayFile:
        """Stays that were made of the rows, as a file of them that knows what was left out of this one."""
        stays = pa.table(
            {"person": person, "place": place, "t_in": instants.written(t_in), "t_out": instants.written(t_out)}
        )
        file = StayFile(self.path, stays)
        file.rows, file.faulty = len(self), int(len(self) - np.count_nonzero(self.good))
        file.faults = [
            Fault(self.path.name, row + 2, name, what, remedy)
            for row, name, what, remedy in sorted(self._faults, key=lambda one: one[:2])[:SHOWN]
        ]
        return file


def _number(words: Any) -> float:
    try:
        return float(words)
    except (TypeError, ValueError):
        return float("nan")
