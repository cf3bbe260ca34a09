"""The manifest: what belongs to the lake. It is replaced as a whole, last, so a file that it does not name was never there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from fangxian.lake import durable
from fangxian.lake.errors import Damaged, LakeError

NAME = "manifest.json"
#: The layout that is written. Older ones are read and brought up to it by the next writer; newer ones are refused.
#: 1: every batch stood in the manifest. 2: all but the latest stand in the ledger. 3: files and batches know their group.
VERSION = 3
#: Second 0 of every lake is the midnight that began this day, in the lake's own time zone.
EPOCH = date(2000, 1, 1)
DAY = 86_400
#: Unix seconds of that midnight, were the lake's time Greenwich's.
UNIX = (EPOCH - date(1970, 1, 1)).days * DAY


#: The lists of files of a manifest; each has a folder of its name.
FILES = ("persons", "places", "stays", "eligible", "ledger", "deletions")


@dataclass(frozen=True, slots=True)
class File:
    """A Parquet file of the lake. `checksum` is of its rows in whatever order; `earliest` and `latest` are lake seconds."""

    path: str
    rows: int
    size: int
    sha256: str
    checksum: str
    day: str = ""
    earliest: int = 0
    latest: int = 0
    #: Of a projection: the files that it was worked out from.
    over: tuple[str, ...] = ()
    #: Of stays: what they can be taken back with, as a whole; "" for those that stay until their time is over.
    group: str = ""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a source sent under one name: taken once, whatever happens. `days`: rows by day; `group`: see `File`."""

    source: str
    batch: str
    digest: str
    rows: int
    taken: int
    days: Mapping[str, int]
    group: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of the lake. `persons` and `places` are its dictionaries (number → key, code), in parts."""

    #: The lake's own hours east of Greenwich, in seconds: what makes an instant belong to a day.
    offset: int
    #: Seconds of the shortest stay that the projections keep.
    shortest: int
    version: int = VERSION
    next_person: int = 0
    next_place: int = 0
    serial: int = 0
    #: The first day that is kept: what is older was deleted, and is not taken again.
    begins: str = ""
    persons: tuple[File, ...] = ()
    places: tuple[File, ...] = ()
    stays: tuple[File, ...] = ()
    eligible: tuple[File, ...] = ()
    #: The batches that were taken: the latest here, those before them in the files of the ledger.
    batches: tuple[Batch, ...] = ()
    ledger: tuple[File, ...] = ()
    deletions: tuple[File, ...] = ()
    #: Files that a compaction has replaced, kept a little for those who are still reading them.
    retired: tuple[str, ...] = ()

    @property
    def epoch(self) -> datetime:
        """Second 0, as an aware instant."""
        zone = timezone(timedelta(seconds=self.offset)) if self.offset else UTC
        return datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=zone)

    def named(self) -> set[str]:
        """The files that belong to the lake now."""
        parts = [getattr(self, name) for name in FILES]
        return {file.path for part in parts for file in part}


def read(folder: Path) -> Manifest | None:
    """The manifest of a folder, None where there is none. Raises Damaged, or LakeError for one of a later version."""
    path = folder / NAME
    try:
        content = json.loads(path.read_bytes())
        stated = content.pop("sha256")
        version = int(content["version"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise _damaged(path, str(fault)) from None
    if version > VERSION:
        raise LakeError(
            f"{folder} 由更新版本的防线写成（格式 {version}，本版本只识 {VERSION}）；没有改动，请升级后再用",
            f"{folder} was written by a later version of Fangxian (format {version}, this one knows {VERSION}); "
            "nothing was changed, upgrade before using it",
        )
    if stated != _sum(content):
        raise _damaged(path, "sha256")
    return _of(content)


def write(folder: Path, manifest: Manifest) -> None:
    """Make this the state of the lake."""
    content = asdict(replace(manifest, version=VERSION))
    text = json.dumps(content | {"sha256": _sum(content)}, ensure_ascii=False, separators=(",", ":"))
    durable.write(folder / NAME, lambda half: half.write_text(text, encoding="utf-8"))


def _sum(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _of(content: Mapping[str, Any]) -> Manifest:
    known: dict[str, Any] = {one.name: content[one.name] for one in fields(Manifest) if one.name in content}
    for name in FILES:
        known[name] = tuple(File(**{**file, "over": tuple(file["over"])}) for file in known.get(name, ()))
    known["batches"] = tuple(Batch(**batch) for batch in known.get("batches", ()))
    known["retired"] = tuple(known.get("retired", ()))
    return Manifest(**known)


def _damaged(path: Path, why: str) -> Damaged:
    return Damaged(
        f"{path} 已损坏（{why}）：请从备份恢复这个文件；各日文件未动",
        f"{path} is damaged ({why}): restore it from its backup; the files of the days were not touched",
    )


def day_name(second: int) -> str:
    """The day of a lake second, as `2022-01-31`."""
    return (EPOCH + timedelta(days=second // DAY)).isoformat()


def day_second(day: date | str) -> int:
    """The lake second at which a day begins."""
    return ((date.fromisoformat(day) if isinstance(day, str) else day) - EPOCH).days * DAY
