"""Many small files of a day become one, and its projection is brought up to date; the rows stay what they were."""

from __future__ import annotations

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
    """The days that lie in several files, or whose projection does not stand."""
    days: dict[str, int] = {}
    for file in state.stays:
        days[file.day] = days.get(file.day, 0) + 1
    standing = {one.day for one in state.eligible if choosing.stands(state, one)}
    return sorted(day for day, files in days.items() if files > 1 or day not in standing)


def compact(writer: Writer, day: str) -> Compaction | None:
    """Compact a day; None where there is nothing to do. Raises Damaged, and changes nothing, where its files are not whole."""
    state = writer.state
    files = [file for file in state.stays if file.day == day]
    if not files or day not in wanting(state):
        return None
    rows = Rows.joined([day_files.read(writer.folder, file) for file in files])
    _must_be(rows, files, day)
    inside, bounds = day_files.ordered(rows, day, state.next_place)
    old = [one for one in state.eligible if one.day == day]
    if len(files) > 1:
        whole = day_files.store(writer.folder, writer.path("stays", day), inside, day)
        _must_be(inside, files, day)
        old += files
        state = replace(
            state,
            stays=(*(one for one in state.stays if one.day != day), whole),
            eligible=tuple(_renamed(one, files, whole) for one in state.eligible),
        )
    state = writer.project(state, day, inside, bounds)
    writer.commit(writer.retire(state, old))
    now = [file for file in state.stays if file.day == day]
    return Compaction(day, len(rows), len(files), sum(one.size for one in files), sum(one.size for one in now))


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
