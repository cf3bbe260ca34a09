"""Labels of persons and places, and the small numbers that stand for them while tracing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

#: Whole numbers up to this many times their count stand for themselves; no dictionary is needed.
_SPARSE = 4
_SMALL = 4_000_000


class Labels:
    """A dictionary that grows while a file is read for the first time, and codes what is read the second time."""

    def __init__(self) -> None:
        self._values: pa.Array | None = None
        self._present = np.zeros(0, bool)  # which whole numbers were seen, while they stand for themselves
        self._seen = 0

    @property
    def type(self) -> pa.DataType:
        """The type of the labels; that of whole numbers before anything was read."""
        return pa.int64() if self._values is None else self._values.type

    @property
    def _plain(self) -> bool:
        """Whether labels are whole numbers from 0 that are dense enough to be used as they are."""
        return len(self._present) > 0

    def learn(self, column: pa.Array) -> None:
        """Take note of the labels of a column without nulls."""
        self._seen += len(column)
        if pa.types.is_integer(column.type) and (self._values is None or self._plain):
            bounds = pc.min_max(column).as_py()
            size = max(bounds["max"] + 1, len(self._present))
            if bounds["min"] >= 0 and size <= max(_SPARSE * self._seen, _SMALL):
                self._present = np.concatenate([self._present, np.zeros(size - len(self._present), bool)])
                self._present[np.asarray(column)] = True
                self._values = pa.array([], column.type)
                return
            if self._plain:  # no longer dense: what stood for itself gets a dictionary
                self._values = pa.array(np.nonzero(self._present)[0], column.type)
                self._present = np.zeros(0, bool)
        new = pc.unique(column)
        if self._values is None:
            self._values = new
            return
        new = new.cast(self._values.type)
        self._values = pa.concat_arrays([self._values, new.filter(pc.invert(pc.is_in(new, value_set=self._values)))])

    @property
    def learnt(self) -> pa.Table:
        """The labels, from which `restored` makes the same dictionary, with the same numbers."""
        known = pa.array(np.flatnonzero(self._present)).cast(self.type) if self._plain else self._values
        column = pa.array([], self.type) if known is None else known
        return pa.table({"label": column}).replace_schema_metadata({"plain": str(self._plain)})

    @classmethod
    def restored(cls, learnt: pa.Table) -> Labels:
        """The dictionary that was `learnt`."""
        labels, values = cls(), learnt["label"].combine_chunks()
        labels._values = values
        if (learnt.schema.metadata or {}).get(b"plain") == b"True":
            numbers = np.asarray(values)
            labels._present = np.zeros(int(numbers.max()) + 1, bool)
            labels._present[numbers] = True
            labels._values = pa.array([], values.type)
        return labels

    def __len__(self) -> int:
        return len(self._present) if self._plain or self._values is None else len(self._values)

    def seen(self) -> NDArray[Any]:
        """The numbers (uint32) that stand for a label that was learnt; ascending."""
        return np.nonzero(self._present)[0].astype(np.uint32) if self._plain else np.arange(len(self), dtype=np.uint32)

    def codes(self, column: pa.Array) -> NDArray[Any]:
        """The numbers (uint32) of labels that were learnt."""
        if self._plain:
            return np.asarray(column, np.uint32)
        if self._values is None:  # nothing was learnt, so nothing can be asked for
            return np.zeros(len(column), np.uint32)
        return np.asarray(pc.index_in(column, value_set=self._values), np.uint32)

    def find(self, column: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """The numbers of labels from another file, and which of them are known at all."""
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if self._values is None:
            return np.zeros(len(column), np.uint32), np.zeros(len(column), bool)
        if column.type != self.type:
            column = pa.array([_like(one, self.type) for one in column.to_pylist()], self.type)
        if self._plain:
            numbers = column.cast(pa.int64(), safe=False).fill_null(-1).to_numpy(zero_copy_only=False)
            within = np.where((numbers >= 0) & (numbers < len(self._present)), numbers, 0)
            known = (within == numbers) & self._present[within]
            return within.astype(np.uint32), known
        found = pc.index_in(column, value_set=self._values, skip_nulls=True)
        return found.fill_null(0).to_numpy().astype(np.uint32), found.is_valid().to_numpy(zero_copy_only=False)

    def of(self, codes: NDArray[Any]) -> pa.Array:
        """The labels of numbers."""
        if self._plain or self._values is None:
            return pa.array(codes).cast(self.type)
        return self._values.take(pa.array(codes))


def _like(label: Any, type_: pa.DataType) -> Any:
    """A label as the stays write it (7 and "7" are the same person), or None where it cannot be one."""
    try:
        return int(label) if pa.types.is_integer(type_) else str(label)
    except (TypeError, ValueError):
        return None
