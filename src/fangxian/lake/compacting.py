"""Many small files of a day become one, and its projection is brought up to date; the rows stay what they were."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from fangxian.lake import choosing
from fangxian.lake import days as day_files
from fangxian.lake.days import Rows
from fangxian.lake.errors import Damaged
from fangxian.lake.manifest import File, Manifest, day_second
from fangxian.lake.writing import Writer


@dataclass(frozen=True, slots=True)
class Compaction:
    """What became of a day: its rows, and in how many files and bytes they lay before and lie now."""

    day: str
    rows: int
    files: int
    size: int
    size_now: int


def wanting(state: Manifest) -> list[str]:
    """The days that lie in several files of one group, or whose projection does not stand."""
    parts = {(file.day, file.group) for file in state.stays}
    many = Counter(file.day for file in state.stays) - Counter(day for day, _group in parts)
    standing = {one.day for one in state.eligible if choosing.stands(state, one)}
    return sorted({day for day, _group in parts if day in many or day not in standing})


def compact(writer: Writer, day: str) -> Compaction | None:
    """Compact a day, what can be taken back apart from the rest; None where there is nothing to do.

    Raises Damaged, and changes nothing, where its files are not whole.
    """
    state = writer.state
    files = [file for file in state.stays if file.day == day]
    if not files or day not in wanting(state):
        return None
    groups: dict[str, list[File]] = {}
    for file in files:
        groups.setdefault(file.group, []).append(file)
    parts: dict[str, Rows] = {}
    for group, mine in groups.items():
        parts[group] = Rows.joined([day_files.read(writer.folder, file) for file in mine])
        _must_be(parts[group], mine, day)
    inside, bounds = day_files.ordered(Rows.joined(list(parts.values())), day, state.next_place)
    old = [one for one in state.eligible if one.day == day]
    for group, mine in groups.items():
        if len(mine) == 1:
            continue
        rows = inside if len(groups) == 1 else day_files.ordered(parts[group], day, state.next_place)[0]
        whole = replace(day_files.store(writer.folder, writer.path("stays", day), rows, day), group=group)
        _must_be(rows, mine, day)
        old += mine
        state = replace(
            state,
            stays=(*(one for one in state.stays if one not in mine), whole),
            eligible=tuple(_renamed(one, mine, whole) for one in state.eligible),
        )
    state = writer.project(state, day, inside, bounds)
    writer.commit(writer.retire(state, old))
    now = [file for file in state.stays if file.day == day]
    return Compaction(day, len(inside), len(files), sum(one.size for one in files), sum(one.size for one in now))


def _renamed(projection: File, files: list[File], whole: File) -> File:
    """A later day's projection that saw all of these files that run into it saw the one that they became."""
    start = day_second(projection.day)
    seen, gone = set(projection.over), {file.path for file in files}
    if whole.latest < start or not {file.path for file in files if file.latest >= start} <= seen:
        return projection
    return replace(projection, over=(*(path for path in projection.over if path not in gone), whole.path))


def _must_be(rows: Rows, files: list[File], day: str) -> None:
    if day_files.checksum(rows) != day_files.added([file.checksum for file in files]):
        raise Damaged(
            f"{day} 的停留与清单不符；没有改动，请运行 fangxian lake verify",
            f"the stays of {day} are not those of the manifest; nothing was changed, run `fangxian lake verify`",
        )
