"""Many cities out of the files of one: as many stays as one likes on little disk, and every reader can read them in parts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from fangxian.analytics.copresence import Index
from fangxian.analytics.copresence.stays import Piece

#: Which city, and a row group of a file.
Split = tuple[int, Path, int]


@dataclass(frozen=True)
class Cities:
    """A city as often as one likes: persons and places of each with numbers of their own."""

    files: tuple[Path, ...]
    number: int
    people: int
    places: int
    once: int

    @property
    def rows(self) -> int:
        return self.once * self.number

    def splits(self) -> list[Split]:
        return [
            (city, file, group)
            for city in range(self.number)
            for file in self.files
            for group in range(pq.ParquetFile(file).num_row_groups)
        ]

    def pieces(self, split: Split) -> Iterator[Piece]:
        city, file, group = split
        table = pq.ParquetFile(file).read_row_group(group)
        person, place, arrival, departure = (table[name].to_numpy() for name in ("person", "place", "t_in", "t_out"))
        yield person + np.uint32(city * self.people), place + np.uint32(city * self.places), arrival, departure

    def every(self) -> Iterator[Piece]:
        return (piece for split in self.splits() for piece in self.pieces(split))

    def index(self, person: np.ndarray, since: np.ndarray, until: np.ndarray) -> Index:
        parts = [person + np.uint32(city * self.people) for city in range(self.number)]
        return Index.of(np.concatenate(parts), np.tile(since, self.number), np.tile(until, self.number))
