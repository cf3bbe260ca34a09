"""Files that are there whole or not at all: written beside their place, forced to the disk, then moved to it."""

from __future__ import annotations

import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fangxian.lake.errors import Busy

#: How a file is called that is being written.
HALF = ".part"


def write(path: Path, fill: Callable[[Path], object]) -> None:
    """Let `fill` write a file, and put it in its place; what stood there before stays until then, or for good if it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + HALF)
    try:
        fill(half)
        with half.open("rb") as file:
            os.fsync(file.fileno())
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise
    force(path.parent)


def force(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def alone(path: Path, wait: float) -> Iterator[None]:
    """Hold a lock that ends with this process at the latest. Raises Busy when it is not free within `wait` seconds."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _take(handle, path, wait)
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path, wait: float) -> None:
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                holder = os.pread(handle, 20, 0).decode() or "?"
                raise Busy(
                    f"进程 {holder} 正在写入数据湖 {path.parent}；没有写入任何内容，请稍后重试",
                    f"process {holder} is writing into the lake {path.parent}; nothing was written, try again later",
                ) from None
            time.sleep(0.02)
