"""How a file writes instants: read into seconds, written back as they were given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fangxian.analytics.errors import AnalysisError


@dataclass(slots=True)
class Instants:
    """How a file writes instants: whole seconds (`type` None) or timestamps. `base`: the second that counts as 0."""

    type: pa.DataType | None
    base: int = 0

    @classmethod
    def of(cls, schema: pa.Schema, path: Path, columns: tuple[str, str], like: Instants | None = None) -> Instants:
        """Raises AnalysisError where one column has seconds and the other timestamps, or other than the stays have."""
        kinds = [schema.field(name).type for name in columns]
        types = [kind for kind in kinds if pa.types.is_timestamp(kind)]
        seconds = [kind for kind in kinds if pa.types.is_integer(kind) or pa.types.is_floating(kind)]
        found = types[0] if types else None
        wanted = like.type if like else found
        mixed = (types and seconds) or (like and ((wanted is None) != (found is None)) and (types or seconds))
        if mixed or (wanted is not None and any((wanted.tz is None) != (one.tz is None) for one in types)):
            raise AnalysisError(
                f"{path}: {columns[0]} 与 {columns[1]} 须与停留记录一样，都是整秒数，或都是（带或不带时区的）时间",
                f"{path}: {columns[0]} and {columns[1]} must be as in the stays: both whole seconds, "
                "or both timestamps (all with, or all without a time zone)",
            )
        return cls(wanted, like.base if like else 0)

    def seconds(self, column: pa.Array) -> tuple[NDArray[Any], NDArray[Any]]:
        """Instants as int64 seconds (0 where there is none) and which of them are instants."""
        if isinstance(column, pa.ChunkedArray):
            column = column.combine_chunks()
        if pa.types.is_timestamp(column.type):
            column = column.cast(pa.timestamp("s", column.type.tz), safe=False).cast(pa.int64())
        elif not pa.types.is_integer(column.type):
            column = self._of_words(column)
        fits = column.is_valid().to_numpy(zero_copy_only=False)
        return column.cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False), fits

    def _of_words(self, column: pa.Array) -> pa.Array:
        """Text (or fractions, or nothing at all) as seconds, null where it is none: a column with one bad row reads as text."""
        if pa.types.is_null(column.type):
            return pa.nulls(len(column), pa.int64())
        if pa.types.is_floating(column.type):
            whole = pc.and_(pc.is_finite(column), pc.equal(pc.floor(column), column))
            return pc.if_else(whole, column, None).cast(pa.int64(), safe=False)
        words = pc.utf8_trim_whitespace(column.cast(pa.string()))
        if self.type is None:
            plain = pc.match_substring_regex(words, r"^[+-]?\d{1,12}$")
            return pc.if_else(plain, words, None).cast(pa.int64())
        zone = "" if self.type.tz is None else r"(Z|[+-]\d{2}:?\d{2})"  # without one it could be hours away
        shape = pc.match_substring_regex(words, rf"^\d{{4}}-\d{{2}}-\d{{2}}([ T]\d{{2}}:\d{{2}}(:\d{{2}})?)?{zone}$")
        return pa.array([_instant(one) for one in pc.if_else(shape, words, None).to_pylist()], pa.int64())

    def written(self, seconds: NDArray[Any]) -> pa.Array:
        """Seconds from the base as the file writes instants."""
        whole = pa.array(seconds.astype(np.int64) + self.base)
        return whole if self.type is None else whole.cast(pa.timestamp("s", self.type.tz))


def _instant(words: str | None) -> int | None:
    try:
        return None if words is None else int(_aware(datetime.fromisoformat(words)).timestamp())
    except (ValueError, OverflowError):
        return None


def _aware(instant: datetime) -> datetime:
    """Local times count as if of UTC: all of a file are of one zone, and only their differences matter."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
