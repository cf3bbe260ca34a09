"""Compiled kernels: without Python's lock, kept on disk between runs, and compiled by one process at a time.

Two processes that compile one kernel for two kinds of arrays at the same moment would leave numba's folder with the code of one under the
name of the other, and the next process would read arrays as what they are not. Besides, the second has nothing to do but to wait.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from numba import njit
from numba.core.compiler_lock import global_compiler_lock

try:
    import fcntl
except ImportError:  # Windows: only what its users start at the same time is at risk
    fcntl = None  # type: ignore[assignment]


def kernel(
    function: Callable[..., Any] | None = None, *, borrows: bool = False, inner: bool = False, **options: Any
) -> Any:
    """Decorate a function as a kernel; `options` are those of `numba.njit`.

    One that `borrows` its arrays from its caller counts no references to them, which in short calls costs more than the work; it cannot
    make arrays. An `inner` one does that too and is called by kernels only: what Python would call it by takes as long to compile again.
    """
    if borrows or inner:
        options["_nrt"] = False
    if inner:
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    if function is None:
        return lambda function: kernel(function, **options)
    compiled = njit(nogil=True, cache=True, **options)(function)
    kept = getattr(compiled._cache, "_cache_file", None)
    if kept is not None:  # None: where nothing can be kept
        kept._source_stamp = (kept._source_stamp, _beside(Path(function.__code__.co_filename).parent))
    compile_ = compiled.compile
    name = f"{function.__module__}.{function.__qualname__}"

    def alone(signature: Any) -> Any:
        # First the lock among threads, then that among processes: what is called is locked after what calls it, everywhere.
        with global_compiler_lock, _only_process(Path(compiled.stats.cache_path) / f"{name}.lock"):
            return compile_(signature)

    compiled.compile = alone
    return compiled


@cache
def _beside(folder: Path) -> str:
    """A digest of the modules of a folder.

    What a kernel calls is compiled into it, and numba looks at the kernel's own file only: after an upgrade in place it would go
    on with the old code of its neighbours.
    """
    digest = hashlib.sha256()
    for file in sorted(folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@contextmanager
def _only_process(file: Path) -> Iterator[None]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:  # where nothing can be written, nothing can be mixed up
        yield
        return
    try:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
