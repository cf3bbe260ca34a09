"""What arrives: a file or a table of stays, read into rows of the lake, with the rows that cannot be taken named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from fangxian.analytics.copresence.stays import Piece
from fangxian.analytics.copresence.tables import STAYS, Fault, StayFile
from fangxian.lake import durable
from fangxian.lake.errors import LakeError
from fangxian.lake.manifest import UNIX, Manifest, day_second
from fangxian.text import Text

Ints = NDArray[Any]
#: Labels of persons → their lake keys (uint32), 0 for whoever is not known.
Keys = Callable[[pa.Array], Ints]
#: How far from the epoch instants may lie: what int32 seconds hold, less the longest stay.
_FAR = 2**31 - 32 * 86_400

_UNKNOWN = (
    Text(
        "认不出是哪个人（未登记、号码有误，或多人共用）",
        "names nobody (not registered, a faulty number, or one that several share)",
    ),
    Text("请核对，或改用证件号码", "Check it, or send identity numbers"),
)
_NO_KEY = (
    Text("不是人员键（1 至 4294967295 的整数）", "is no person key (a whole number from 1 to 4294967295)"),
    Text("请说明人员列是什么（--people）", "Say what the column of persons holds (--people)"),
)
_OLD = (
    Text("早于保存期限，该日数据已删除", "is older than what is kept; the data of that day were deleted"),
    Text("不必再送", "There is no need to send it again"),
)
_FAR_OFF = (
    Text("时间超出数据湖的范围（1932 至 2067 年）", "lies outside what the lake can hold (1932 to 2067)"),
    Text("请核对时间单位（整数为 Unix 秒）", "Check the unit of the instants (whole numbers are Unix seconds)"),
)


@dataclass(eq=False)
class Arrivals:
    """Rows that have arrived, the unusable ones left out; `digest` names their content as it was sent."""

    file: StayFile
    digest: str
    #: Raises LakeError if the file is no longer what it was when it was opened.
    check: Callable[[], None]

    @property
    def faults(self) -> list[Fault]:
        return self.file.faults

    def settle(self, manifest: Manifest, keys: Keys | None) -> Ints:
        """Leave out what this lake cannot take, and give the lake keys of the persons, by their code in the file."""
        shift = self._shift(manifest)
        first, last = self.file.instants.base + shift, self.file.latest + shift
        if first < -_FAR or last > _FAR:
            self.file.refuse(lambda _batch, at: np.abs(at + shift) > _FAR, "t_in", *_FAR_OFF)
        begins = day_second(manifest.begins) if manifest.begins else -_FAR
        if first < begins:
            self.file.refuse(lambda _batch, at: at + shift < begins, "t_in", *_OLD)
        codes = self.file.persons.seen()
        labels = self.file.persons.of(codes)
        given = _as_keys(labels) if keys is None else np.asarray(keys(labels), np.uint32)
        if not given.all():
            strangers = labels.filter(pa.array(given == 0))

            def unknown(batch: pa.RecordBatch, _at: Ints) -> Ints:
                return np.asarray(pc.is_in(batch.column("person"), value_set=strangers))

            self.file.refuse(unknown, "person", *(_NO_KEY if keys is None else _UNKNOWN))
        found = np.zeros(len(self.file.persons), np.uint32)
        found[codes] = given
        return found

    def pieces(self, manifest: Manifest) -> Iterator[Piece]:
        """Person and place as codes of the file, arrival in lake seconds, duration in seconds."""
        base = self.file.instants.base + self._shift(manifest)
        for person, place, arrival, departure in self.file.pieces():
            yield person, place, (arrival.astype(np.int64) + base).astype(np.int32), departure - arrival

    def _shift(self, manifest: Manifest) -> int:
        """What turns the instants of the file into lake seconds. Those without a zone are the lake's own time."""
        written = self.file.instants.type
        local = written is not None and written.tz is None
        return -UNIX if local else manifest.offset - UNIX


def _as_keys(labels: pa.Array) -> Ints:
    """Labels that are keys already; 0 for those that cannot be."""
    if not pa.types.is_integer(labels.type):
        words = pc.utf8_trim_whitespace(labels.cast(pa.string()))
        labels = pc.if_else(pc.match_substring_regex(words, r"^\d{1,10}$"), words, "0").cast(pa.int64())
    numbers = np.asarray(labels.cast(pa.int64(), safe=False))
    return np.where((numbers > 0) & (numbers < 2**32), numbers, 0).astype(np.uint32)


def opened(rows: Path | pa.Table) -> Arrivals:
    """Read what has arrived for the first time: which labels there are, which rows are at fault."""
    if isinstance(rows, Path):
        unchanged = _watch(rows)
        digest = content_digest(rows)
        try:
            return Arrivals(StayFile(rows), digest, unchanged)
        finally:
            unchanged()
    missing = [name for name in STAYS if name not in rows.column_names]
    if missing:
        raise LakeError(f"缺少列 {'、'.join(missing)}", f"lacks the column {', '.join(missing)}")
    return Arrivals(StayFile(Path("batch"), rows.select(list(STAYS))), _digest_of_table(rows), lambda: None)


def content_digest(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder in their order."""
    if path.is_file():
        return durable.digest(path)
    sums = [durable.digest(file) for file in sorted(path.glob("**/*.parquet"))]
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()


def _digest_of_table(table: pa.Table) -> str:
    """Of the values, whatever chunks they lie in."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema.remove_metadata()) as stream:
        stream.write_table(table.replace_schema_metadata(None).combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _watch(path: Path) -> Callable[[], None]:
    """A check that the files have not changed since now."""

    def state() -> list[tuple[str, int, int, int, int]]:
        files = sorted(path.glob("**/*.parquet")) if path.is_dir() else [path]
        found = [(str(file), file.stat()) for file in files if file.exists()]
        return [(name, one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for name, one in found]

    before = state()

    def check() -> None:
        if state() != before:
            raise LakeError(
                f"{path} 在读取时被改动；没有写入任何内容，请等它写完后重试",
                f"{path} changed while it was read; nothing was written, try again when it is complete",
            )

    return check
