"""Is the lake what its manifest says? Every fault is named, with what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fangxian.lake import days as day_files
from fangxian.lake import durable, ledger, manifest
from fangxian.lake.deleting import Signed, canonical, record_of
from fangxian.lake.dictionary import Dictionary, read_dictionary
from fangxian.lake.errors import Damaged, LakeError
from fangxian.lake.manifest import DAY, FILES, NAME, File, Manifest
from fangxian.text import Text

_RESTORE = Text("请从备份恢复这个文件", "Restore this file from its backup")
_AGAIN = Text(
    "请从备份恢复；没有备份时，删除该日（fangxian lake drop）后请来源重送",
    "Restore it from its backup; without one, drop the days up to it (fangxian lake drop) and have the source send them again",
)


@dataclass(frozen=True, slots=True)
class LakeFault:
    """What is wrong with the lake: where, what, and what to do about it."""

    path: str
    what: Text
    remedy: Text


def verify(folder: Path, signed: Signed | None = None) -> Iterator[LakeFault | int]:
    """Read everything; the faults as they are found, and between them the number of files that were read.

    `signed` says whether a signature is this installation's; without it only the records themselves are compared.
    """
    try:
        state = manifest.read(folder)
    except LakeError as fault:
        yield LakeFault(NAME, fault.text, _RESTORE)
        return
    if state is None:
        return
    seen = 0
    dictionaries: dict[str, Dictionary] = {}
    for part in FILES:
        for file in getattr(state, part):
            faults = list(_bytes(folder, file))
            yield from faults
            if not faults and part in ("stays", "eligible"):
                yield from _rows(folder, state, file, dictionaries)
            seen += 1
            yield seen
        if part in ("persons", "places") and all((folder / one.path).exists() for one in getattr(state, part)):
            try:
                dictionaries[part] = read_dictionary(folder, state, part)
            except Damaged as fault:
                yield LakeFault(part, fault.text, _RESTORE)
    yield from _batches(folder, state)
    yield from _deletions(folder, state, signed)
    yield from _strays(folder, state)


def _bytes(folder: Path, file: File) -> Iterator[LakeFault]:
    path = folder / file.path
    if not path.is_file():
        yield LakeFault(file.path, Text("缺少这个文件", "this file is missing"), _AGAIN)
    elif path.stat().st_size != file.size or durable.digest(path) != file.sha256:
        yield LakeFault(file.path, Text("内容与清单的摘要不符", "the content is not that of its digest"), _AGAIN)


def _rows(folder: Path, state: Manifest, file: File, dictionaries: Mapping[str, Dictionary]) -> Iterator[LakeFault]:
    """What the digest cannot tell: rows that the manifest states wrongly, or that lie in a day that is not theirs."""
    try:
        rows = day_files.read(folder, file)
    except Damaged as fault:
        yield LakeFault(file.path, fault.text, _AGAIN)
        return
    if len(rows) != file.rows or day_files.checksum(rows) != file.checksum:
        yield LakeFault(
            file.path,
            Text(f"有 {len(rows)} 行，清单为 {file.rows} 行，或内容不同", f"has {len(rows)} rows, or others than the {file.rows} stated"),
            _AGAIN,
        )  # fmt: skip
        return
    start = manifest.day_second(file.day)
    outside = np.nonzero((rows.t_in < start) | (rows.t_in >= start + DAY) | (rows.seconds < 0))[0]
    if len(outside):
        yield LakeFault(
            file.path,
            Text(f"{len(outside)} 行不属于这一天（首见第 {outside[0] + 1} 行）",
                 f"{len(outside)} rows are not of this day (the first is row {outside[0] + 1})"),
            _AGAIN,
        )  # fmt: skip
    for name, numbers in (("persons", rows.person), ("places", rows.place)):
        known = dictionaries.get(name)
        if known is not None and not np.isin(np.unique(numbers), known.numbers, assume_unique=True).all():
            yield LakeFault(
                file.path, Text(f"有词典 {name} 中没有的编号", f"has numbers that the dictionary {name} lacks"), _AGAIN
            )


def _batches(folder: Path, state: Manifest) -> Iterator[LakeFault]:
    """Each day holds as many rows as the batches brought into it."""
    brought: dict[str, int] = {}
    try:
        batches = [*state.batches, *(one for part in state.ledger for one in ledger.read(folder, part))]
    except Damaged as fault:
        yield LakeFault("ledger", fault.text, _RESTORE)
        return
    for batch in batches:
        for day, rows in batch.days.items():
            if day >= state.begins:
                brought[day] = brought.get(day, 0) + rows
    there: dict[str, int] = {}
    for file in state.stays:
        there[file.day] = there.get(file.day, 0) + file.rows
    for day in sorted(set(brought) | set(there)):
        if brought.get(day, 0) != there.get(day, 0):
            yield LakeFault(
                f"stays/day={day}",
                Text(f"各批次共 {brought.get(day, 0)} 行，文件中 {there.get(day, 0)} 行",
                     f"the batches brought {brought.get(day, 0)} rows, the files have {there.get(day, 0)}"),
                _RESTORE,
            )  # fmt: skip


def _deletions(folder: Path, state: Manifest, signed: Signed | None) -> Iterator[LakeFault]:
    previous = ""
    for file in state.deletions:
        try:
            record, signature = record_of(folder, file)
        except Damaged as fault:
            yield LakeFault(file.path, fault.text, _RESTORE)
            continue
        if signed is not None and not signed(canonical(record), signature):
            yield LakeFault(
                file.path,
                Text("删除记录的签名不符", "the signature of this record of deletion does not hold"),
                _RESTORE,
            )
        if record.get("previous") != previous:
            yield LakeFault(
                file.path, Text("与上一份删除记录接不上", "does not follow the record of deletion before it"), _RESTORE
            )
        previous = file.sha256
        for gone in record.get("files", ()):
            if (folder / gone["path"]).exists():
                yield LakeFault(
                    gone["path"],
                    Text("已记录为删除，但文件仍在", "was recorded as deleted, but is still there"),
                    Text("请运行 fangxian lake compact", "Run `fangxian lake compact`"),
                )


def _strays(folder: Path, state: Manifest) -> Iterator[LakeFault]:
    belonging = state.named() | set(state.retired)
    for part in FILES:
        for path in sorted((folder / part).glob("**/*")):
            name = str(path.relative_to(folder))
            if path.is_file() and name not in belonging:
                yield LakeFault(
                    name,
                    Text("不属于数据湖（写入中断的残留）", "does not belong to the lake (left by a writer that was interrupted)"),
                    Text("请运行 fangxian lake compact，残留会被清除", "Run `fangxian lake compact`; it is swept away"),
                )  # fmt: skip
