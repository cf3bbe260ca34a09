"""Where compiled kernels are kept between runs: beside the code or in the user's cache, and where neither can be written, elsewhere.

A container often runs as a user without a home, on code it may not change; numba would refuse to work at all.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path


def settle(code: Path) -> None:
    """Choose a folder for the compiled kernels, if numba would find none for the modules below `code`."""
    if _writable(code) or _writable_home():
        return
    from numba.core import config

    if not getattr(config, "CACHE_DIR", ""):  # numba makes its settings from the environment when it is imported
        setattr(config, "CACHE_DIR", str(_private()))  # noqa: B010


def _writable(folder: Path) -> bool:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)


def _writable_home() -> bool:
    try:
        return _writable(Path.home() / ".cache")
    except RuntimeError:  # a user without a home
        return False


def _private() -> Path:
    """A folder that is only this user's: what lies in it is loaded as code. The same for the next run, if nobody else holds the name."""
    folder = Path(tempfile.gettempdir()) / f"fangxian-kernels-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="fangxian-kernels-"))
    mine = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if mine else Path(tempfile.mkdtemp(prefix="fangxian-kernels-"))
