"""Addresses of static files that change when any of the files does, so that a browser may keep them for ever.

One name for all of them (`/static/3f2a9c1b7e/web/js/page.js`) needs no build step, and modules that import each other by
relative paths come from the same edition.
"""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path


def of(folders: Iterable[Path], packages: Iterable[str]) -> str:
    """Ten hex digits that stand for the content of these folders and the versions of these installed packages."""
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    for name in packages:
        digest.update(f"{name} {version(name)}\0".encode())
    return digest.hexdigest()[:10]
