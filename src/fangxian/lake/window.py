"""Some days of the lake, ready to be traced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from fangxian.analytics.copresence import Stays
from fangxian.lake.dictionary import Dictionary

Ints = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Window:
    """Stays of some days in tracing order, and what their numbers mean.

    `stays` counts persons and places as the lake's dictionaries number them, and seconds from `epoch` (an aware instant).
    """

    stays: Stays
    epoch: datetime
    persons: Dictionary
    places: Dictionary

    @cached_property
    def person_keys(self) -> Ints:
        """Number of a person → lake key (uint32); 0 for one that was forgotten."""
        return np.asarray(self.persons.dense().fill_null(0), np.uint32)

    @cached_property
    def place_codes(self) -> pa.Array:
        """Number of a place → its code (string); null for one that was forgotten."""
        return self.places.dense()

    def persons_of(self, keys: Sequence[int] | Ints) -> tuple[Ints, Ints]:
        """The numbers (uint32) of persons with these lake keys, and which of them the lake knows."""
        return self.persons.find(pa.array(np.asarray(keys, np.uint32)))

    def places_of(self, codes: Sequence[str]) -> tuple[Ints, Ints]:
        """The numbers (uint32) of places with these codes, and which of them the lake knows."""
        return self.places.find(pa.array(list(codes), pa.string()))

    def second(self, at: datetime) -> int:
        """An aware instant in seconds of the window."""
        return int((at - self.epoch).total_seconds())

    def instant(self, second: int) -> datetime:
        """A second of the window as an aware instant, in the lake's own time."""
        return self.epoch + timedelta(seconds=int(second))
