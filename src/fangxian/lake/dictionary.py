"""The two dictionaries of a lake, which only grow: small numbers that stand for person keys and for the codes of places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.lake.errors import damaged
from fangxian.lake.manifest import Manifest

Ints = NDArray[Any]
PERSONS, PLACES = pa.uint32(), pa.string()


@dataclass(frozen=True, eq=False)
class Dictionary:
    """Numbers (uint32, ascending) and what each stands for; a number that was forgotten is never given out again.

    `values`: uint32 keys of persons (never 0), or codes of places (string). `following`: the number that comes next.
    """

    numbers: Ints
    values: pa.Array
    following: int

    @classmethod
    def of(cls, parts: Sequence[pa.Table], kind: pa.DataType, following: int) -> Dictionary:
        """From its parts, each with the columns `number` and `value`."""
        numbers = np.concatenate([np.zeros(0, np.uint32), *(part["number"].to_numpy() for part in parts)])
        values = pa.chunked_array([part["value"].combine_chunks() for part in parts], kind).combine_chunks()
        return cls(numbers, values, following)

    def find(self, values: pa.Array) -> tuple[Ints, Ints]:
        """The numbers of values (0 where there is none) and which of them are known."""
        if pa.types.is_integer(self.values.type):
            wanted = np.asarray(values.cast(pa.uint32()))
            if not len(self._sorted[0]):
                return np.zeros(len(wanted), np.uint32), np.zeros(len(wanted), bool)
            at = np.minimum(np.searchsorted(self._sorted[0], wanted), len(self._sorted[0]) - 1)
            known = self._sorted[0][at] == wanted
            return np.where(known, self.numbers[self._sorted[1][at]], 0).astype(np.uint32), known
        found = pc.index_in(values.cast(self.values.type), value_set=self.values)
        known = found.is_valid().to_numpy(zero_copy_only=False)
        at = found.fill_null(0).to_numpy(zero_copy_only=False)
        numbers = self.numbers[at] if len(self.numbers) else np.zeros(len(at), np.uint32)
        return np.where(known, numbers, 0).astype(np.uint32), known

    @cached_property
    def _sorted(self) -> tuple[Ints, Ints]:
        values = np.asarray(self.values)
        order = np.argsort(values)
        return values[order], order

    def learn(self, values: pa.Array) -> tuple[Ints, pa.Table | None]:
        """The numbers of distinct values, and the part that the dictionary has to grow by (None: by nothing)."""
        numbers, known = self.find(values)
        new = np.nonzero(~known)[0]
        if not len(new):
            return numbers, None
        numbers[new] = np.arange(self.following, self.following + len(new), dtype=np.uint32)
        part = pa.table({"number": pa.array(numbers[new]), "value": values.take(pa.array(new)).cast(self.values.type)})
        return numbers, part

    def dense(self) -> pa.Array:
        """Number → value for all numbers there have been; null where it was forgotten."""
        if len(self.numbers) == self.following:
            return self.values
        places = np.full(self.following, -1, np.int64)
        places[self.numbers] = np.arange(len(self.numbers))
        return self.values.take(pa.array(places, mask=places < 0))


def read_dictionary(folder: Path, state: Manifest, name: str) -> Dictionary:
    """The dictionary of `persons` or of `places`. Raises Damaged where a part of it is missing or not whole."""
    parts = [_part(folder, file.path) for file in getattr(state, name)]
    if name == "persons":
        return Dictionary.of(parts, PERSONS, state.next_person)
    return Dictionary.of(parts, PLACES, state.next_place)


def _part(folder: Path, path: str) -> pa.Table:
    try:
        return pq.read_table(folder / path, columns=["number", "value"])
    except (FileNotFoundError, pa.ArrowInvalid) as fault:
        raise damaged(folder, path, str(fault)) from None
