"""What leaves the lake: days whose time is over, dropped as folders, and batches taken back. A signed record says what went, when,
by whom and under which rule."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fangxian.lake import compacting, ledger
from fangxian.lake import days as day_files
from fangxian.lake.dictionary import read_dictionary
from fangxian.lake.errors import damaged
from fangxian.lake.manifest import Batch, File, Manifest
from fangxian.lake.writing import Writer

#: Signs bytes; and says whether a signature is that of these bytes.
Sign = Callable[[bytes], bytes]
Signed = Callable[[bytes, bytes], bool]


@dataclass(frozen=True, slots=True)
class Deletion:
    """What a deletion took: rows by day, how many persons and places are no longer known to the lake, and its record's digest.

    All days `before` one went, or a `group` of batches.
    """

    before: str
    group: str
    days: dict[str, int]
    persons: int
    places: int
    path: str
    sha256: str

    @property
    def rows(self) -> int:
        return sum(self.days.values())


def drop(writer: Writer, before: date, *, sign: Sign, by: str, under: str, at: datetime) -> Deletion | None:
    """Delete all stays that began before a day; None where there are none. See `Lake.drop`."""
    state, limit = writer.state, before.isoformat()
    gone = [file for file in state.stays if file.day < limit]
    projected = [file for file in state.eligible if file.day < limit]
    late = tuple(path for path in state.retired if _day(path) < limit)
    left = replace(
        state,
        begins=max(limit, state.begins),
        stays=tuple(file for file in state.stays if file.day >= limit),
        eligible=tuple(file for file in state.eligible if file.day >= limit),
        retired=tuple(path for path in state.retired if path not in late),
    )
    if not gone:
        if left != state:
            writer.commit(left)
            writer.sweep()
        return None
    # batches of whose rows none is left are no longer known: what they held would be refused as too old
    left = _struck(writer, left, lambda batch: any(day >= limit for day in batch.days))
    told = {"before": limit, "at": at.isoformat(), "by": by, "under": under}
    return _recorded(writer, left, gone, [*gone, *projected], told, sign)


def withdraw(writer: Writer, group: str, *, sign: Sign, by: str, under: str, at: datetime) -> Deletion | None:
    """Delete the stays of a group of batches; None where there are none. See `Lake.withdraw`.

    The projections of its days go with it, and are made anew of what is left.
    """
    state = writer.state
    gone = [file for file in state.stays if group and file.group == group]
    if not gone:
        return None
    days = {file.day for file in gone}
    projected = [file for file in state.eligible if file.day in days]
    left = replace(
        state,
        stays=tuple(file for file in state.stays if file not in gone),
        eligible=tuple(file for file in state.eligible if file.day not in days),
        retired=tuple(path for path in state.retired if _day(path) not in days),
    )
    left = _struck(writer, left, lambda batch: batch.group != group)
    told = {"group": group, "at": at.isoformat(), "by": by, "under": under}
    deletion = _recorded(writer, left, gone, [*gone, *projected], told, sign)
    for day in sorted(days):
        compacting.compact(writer, day)
    return deletion


def _recorded(
    writer: Writer, left: Manifest, gone: Sequence[File], files: Sequence[File], told: Mapping[str, str], sign: Sign
) -> Deletion:
    """Make it so, with the record of it: the stays of `gone` are no more; `files` are all that went."""
    left, persons, places = _forgotten(writer, left)
    days: dict[str, int] = {}
    for file in sorted(gone, key=lambda file: file.day):
        days[file.day] = days.get(file.day, 0) + file.rows
    record = {
        "what": "stays", **told, "days": days, "persons": persons, "places": places,
        "files": [{"path": one.path, "rows": one.rows, "sha256": one.sha256} for one in files],
        "previous": left.deletions[-1].sha256 if left.deletions else "",
    }  # fmt: skip
    body = canonical(record)
    text = json.dumps(
        {"record": record, "signature": base64.b64encode(sign(body)).decode()}, ensure_ascii=False, indent=1
    )
    kept = writer.put("deletions", lambda path: path.write_text(text, encoding="utf-8"), sum(days.values()), "json")
    writer.commit(replace(left, deletions=(*left.deletions, kept)))
    writer.sweep()  # what the manifest no longer names goes now
    return Deletion(told.get("before", ""), told.get("group", ""), days, persons, places, kept.path, kept.sha256)


def canonical(record: dict[str, Any]) -> bytes:
    """The bytes of a record that are signed."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def record_of(folder: Path, file: File) -> tuple[dict[str, Any], bytes]:
    """A deletion's record and its signature. Raises Damaged."""
    try:
        content = json.loads((folder / file.path).read_text(encoding="utf-8"))
        return content["record"], base64.b64decode(content["signature"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise damaged(folder, file.path, str(fault)) from None


def _day(path: str) -> str:
    """The day that a file's path names; the last of all where it names none."""
    return next((part[4:] for part in path.split("/") if part.startswith("day=")), "9999")


def _forgotten(writer: Writer, state: Manifest) -> tuple[Manifest, int, int]:
    """Both dictionaries without what no stay uses any more; how many persons and places went."""
    used = {"persons": np.zeros(state.next_person, bool), "places": np.zeros(state.next_place, bool)}
    for file in state.stays:
        for rows in day_files.pieces(writer.folder, file):
            used["persons"][rows.person] = True
            used["places"][rows.place] = True
    went = []
    for name, seen in used.items():
        known = read_dictionary(writer.folder, state, name)
        kept = seen[known.numbers]
        went.append(int(len(kept) - np.count_nonzero(kept)))
        if went[-1]:
            table = pa.table({"number": known.numbers[kept], "value": known.values.filter(pa.array(kept))})
            parts = _one(writer, name, table) if len(table) else ()
            state = replace(state, persons=parts) if name == "persons" else replace(state, places=parts)
    return state, went[0], went[1]


def _one(writer: Writer, name: str, table: pa.Table) -> tuple[File, ...]:
    return (writer.put(name, lambda path: pq.write_table(table, path, compression="zstd"), len(table)),)


def _struck(writer: Writer, state: Manifest, lasts: Callable[[Batch], bool]) -> Manifest:
    """The manifest, in which no batches are known but those that last."""
    parts = []
    for part in state.ledger:
        before = ledger.read(writer.folder, part)
        after = tuple(filter(lasts, before))
        if len(after) == len(before):
            parts.append(part)
        elif after:
            parts.append(writer.put("ledger", lambda path, rows=after: ledger.fill(path, rows), len(after)))  # type: ignore[misc]
    return replace(state, batches=tuple(filter(lasts, state.batches)), ledger=tuple(parts))
