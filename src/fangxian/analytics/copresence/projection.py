"""The stays that are long enough to matter, on disk in tracing order: rings straight from Parquet, with no index in memory.

A folder holds `stays.parquet` (place, person, arrival, seconds; sorted by place and arrival, a row group never parting a place, about
8 bytes a row) and `places.parquet` (how many rows each place has). A ring is one pass: each thread decodes a row group while the
other is in the kernel, and memory is that of a few row groups and the tables of persons, however many the stays.
"""

from __future__ import annotations

import json
import shutil
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from fangxian.analytics.copresence import kernels
from fangxian.analytics.copresence.frontier import Tables
from fangxian.analytics.copresence.kernels import Blocks, summarised
from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index, Lines, Progress, Ring, Traced, outwards, waves
from fangxian.analytics.errors import AnalysisError

Ints = NDArray[Any]
#: Rows in a group, about: small enough to stay near the processor between decoding and the kernel.
GROUP = 1 << 19
_STAYS, _PLACES, _VERSION = "stays.parquet", "places.parquet", 1
_COLUMNS = ["person", "arrival", "seconds"]


@dataclass(frozen=True, eq=False)
class Projection:
    """A folder of stays that last `at_least` seconds. `place_rows` (L + 1) and `persons` as in `Stays`.

    `groups` (G + 1): the first place of each row group, and the end of the last. `span`: the first and last arrival.
    """

    folder: Path
    place_rows: Ints
    groups: Ints
    persons: int
    at_least: int
    span: tuple[int, int]

    @classmethod
    def write(
        cls,
        stays: Stays,
        folder: Path,
        *,
        at_least: int,
        group: int = GROUP,
        beside: Callable[[Path], None] = lambda _folder: None,
    ) -> Projection:
        """Write stays that were built with this `at_least`; the folder is there whole, or not at all.

        `beside` may write more files into the folder before it gets its name. Raises AnalysisError where the folder exists.
        """
        if folder.exists():
            raise AnalysisError(f"{folder} 已存在，请另选文件夹", f"{folder} exists; choose another folder")
        half = folder.with_name(folder.name + ".part")
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        told = {"version": _VERSION, "persons": stays.persons, "at_least": at_least, "span": stays.span}
        schema = pa.schema(
            [("place", pa.uint32()), ("person", pa.uint32()), ("arrival", pa.int32()), ("seconds", pa.int32())],
            {"fangxian": json.dumps(told)},
        )
        delta = dict.fromkeys(("arrival", "seconds"), "DELTA_BINARY_PACKED") | {"person": "PLAIN"}
        with pq.ParquetWriter(
            half / _STAYS, schema, use_dictionary=["place"], column_encoding=delta, compression="none"
        ) as writer:
            for first, last in _groups(stays.place_rows, group):
                bounds = stays.place_rows[first : last + 1]
                rows = slice(int(bounds[0]), int(bounds[-1]))
                if rows.start == rows.stop:
                    continue
                arrival = stays.arrival[rows]
                place = np.repeat(np.arange(first, last, dtype=np.uint32), np.diff(bounds))
                columns = (place, stays.person[rows], arrival, stays.departure[rows] - arrival)
                writer.write_table(pa.table(list(columns), schema=schema), row_group_size=max(1, len(place)))
        pq.write_table(pa.table({"rows": np.diff(stays.place_rows)}), half / _PLACES)
        beside(half)
        half.rename(folder)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path) -> Projection:
        """Raises AnalysisError for a folder that holds none, or one of a later version."""
        try:
            file = pq.ParquetFile(folder / _STAYS)
            told = json.loads((file.schema_arrow.metadata or {})[b"fangxian"])
            rows = pq.read_table(folder / _PLACES)["rows"].to_numpy()
        except (OSError, pa.ArrowInvalid, KeyError, ValueError):
            raise AnalysisError(
                f"{folder} 不是完整的停留投影文件夹，请重新生成",
                f"{folder} holds no whole projection of stays; write it again",
            ) from None
        if told["version"] > _VERSION:
            raise AnalysisError(
                f"{folder} 由更新的版本写成，请升级", f"{folder} was written by a later version; upgrade"
            )
        place_rows = np.r_[0, np.cumsum(rows)]
        ends = np.cumsum(
            [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)], dtype=np.int64
        )
        # The place after a group's last row; places without rows belong to the group before them.
        groups = np.r_[0, np.searchsorted(place_rows, ends, side="left")]
        return cls(folder, place_rows, groups, told["persons"], told["at_least"], tuple(told["span"]))

    def __len__(self) -> int:
        return int(self.place_rows[-1])

    def trace(
        self,
        index: Index,
        *,
        tau: int,
        rings: int = 1,
        lines: bool = True,
        latent: int = 0,
        until: Ints | None = None,
        threads: int = 2,
        on_ring: Progress = lambda _ring, _reached: None,
    ) -> Traced:
        """As `copresence.trace`, from the folder. Raises AnalysisError for a `tau` below what was left out."""
        if tau <= 0:
            raise AnalysisError("最短接触时间须大于 0", "the shortest contact must be longer than 0 seconds")
        self._holds(tau)

        def ring_of(around: Index, tables: Tables, ring: int) -> Ring:
            exposed: Ints = np.full(self.persons, kernels.NEVER, np.int32)
            met: list[Lines] = []
            for wave in waves(around):
                frontier = tables.frontier(wave)
                for earliest, found in self._everywhere(frontier, tau, ring if lines else None, threads):
                    np.minimum(exposed, earliest, out=exposed)
                    met += found
                tables.settle(wave.person)
            return [_by_via(met)] if met else [], exposed

        tables = Tables.over(self.persons, *self.span)
        return outwards(
            ring_of, tables, index, rings, lines=lines, latent=latent, until=until, threads=threads, on_ring=on_ring
        )

    def stays(self, at_least: int = 0) -> Stays:
        """The stays in memory, not sorted again. Raises AnalysisError where shorter ones are asked for than there are."""
        self._holds(at_least)
        size = len(self)
        person, arrival, departure = np.empty(size, np.uint32), np.empty(size, np.int32), np.empty(size, np.int32)
        longest = np.zeros(len(self.place_rows) - 1, np.int32)
        file = pq.ParquetFile(self.folder / _STAYS, memory_map=True)
        for group, first in enumerate(self.groups[:-1].tolist()):
            rows = slice(int(self.place_rows[first]), int(self.place_rows[self.groups[group + 1]]))
            person[rows], arrival[rows], departure[rows] = _decoded(file, group)
        visited = np.flatnonzero(np.diff(self.place_rows))
        if size:
            longest[visited] = np.maximum.reduceat(departure - arrival, self.place_rows[visited])
        return Stays(self.place_rows, person, arrival, departure, longest, self.persons)

    def _holds(self, seconds: int) -> None:
        if seconds < self.at_least:
            raise AnalysisError(
                f"{self.folder} 只含 {self.at_least} 秒以上的停留，不能用于更短的接触；请用原始停留记录",
                f"{self.folder} holds stays of {self.at_least} seconds and more, and serves no shorter contact; "
                "use the stays themselves",
            )

    def _everywhere(
        self, frontier: kernels.Frontier, tau: int, ring: int | None, threads: int
    ) -> Iterator[tuple[Ints, list[Lines]]]:
        """What each thread found in its share of the row groups: who is reached when, and (if `ring` is given) by whom."""
        todo = deque(np.argsort(-np.diff(self.place_rows[self.groups]), kind="stable").tolist())  # the largest first

        def work(_thread: int) -> tuple[Ints, list[Lines]]:
            file = pq.ParquetFile(self.folder / _STAYS, memory_map=True)
            own = frontier._replace(code=frontier.code.copy())
            exposed, met = np.full(self.persons, kernels.NEVER, np.int32), []
            while todo:
                try:
                    group = todo.popleft()
                except IndexError:  # another thread took the last
                    break
                person, arrival, departure = _decoded(file, group)
                first, last = self.groups[group], self.groups[group + 1]
                bounds = self.place_rows[first : last + 1] - self.place_rows[first]
                if ring is None:
                    places = np.arange(last - first)
                    kernels.reach(places, bounds, person, arrival, departure, own, np.int32(tau), exposed)
                else:
                    lines = _lines(bounds, person, arrival, departure, frontier, tau, ring)
                    lines.place[:] += np.uint32(first)
                    kernels.first(lines.person, lines.t_in, exposed)
                    met.append(lines)
            return exposed, met

        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(work, range(threads))


def _decoded(file: pq.ParquetFile, group: int) -> tuple[Ints, Ints, Ints]:
    """Person, arrival and departure of a row group."""
    table = file.read_row_group(group, columns=_COLUMNS, use_threads=False)
    # Copies, since kernels are compiled apart for arrays that cannot be written to.
    person, arrival, seconds = (np.array(column.chunk(0)) for column in table.columns)
    return person, arrival, np.add(arrival, seconds, out=seconds)


def _lines(
    bounds: Ints, person: Ints, arrival: Ints, departure: Ints, frontier: kernels.Frontier, tau: int, ring: int
) -> Lines:
    """The contacts of the frontier at the places of one row group."""
    code = frontier.code[person]
    rows = np.flatnonzero((code >= kernels.FRONTIER) & (code < kernels.SETTLED))
    rows = rows[np.argsort(person[rows], kind="stable")]
    via, starts = np.unique(person[rows], return_index=True)
    number = -(-len(person) >> kernels.BLOCK)
    blocks = Blocks(np.empty(number, np.uint32), np.empty(number, np.int32), np.empty(number, np.int32))
    summarised(bounds, departure, *blocks)
    who, by, where, t_in, t_out = kernels.lines(
        via, frontier.since[via], frontier.until[via], starts, np.r_[starts[1:], len(rows)], rows.astype(np.uint32), bounds,
        person, arrival, departure, blocks, frontier.code, np.int32(tau),
    )  # fmt: skip
    return Lines(who, np.full(len(who), ring, np.uint8), by, where, t_in, t_out)


def _by_via(met: list[Lines]) -> Lines:
    """The lines of all row groups in one, in order of via and place."""
    one = Lines(*(np.concatenate(column) for column in zip(*(line.columns() for line in met), strict=True)))
    return one.where(np.lexsort((one.t_in, one.place, one.via)))


def _groups(place_rows: Ints, group: int) -> Iterator[tuple[int, int]]:
    """First and last place (not included) of groups of about so many rows, places without rows at a group's end."""
    places, first = len(place_rows) - 1, 0
    while first < places:
        last = int(np.searchsorted(place_rows, place_rows[first] + group, side="right")) - 1
        last = min(places, max(last, first + 1))
        last = places if place_rows[last] == place_rows[-1] else last
        yield first, last
        first = last
