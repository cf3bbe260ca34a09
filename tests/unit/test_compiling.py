"""Compiled kernels find a folder, whoever runs the product and wherever it may write."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fangxian.analytics import compiling


def test_where_nothing_else_can_be_written_kernels_lie_in_a_private_folder(tmp_path: Path) -> None:
    """A process for which neither the code nor the home can be written: it traces, and leaves its kernels where only it reads."""
    program = f"""
import os, tempfile
tempfile.tempdir = {str(tmp_path)!r}
real = os.access
os.access = lambda path, mode, **more: str(path).startswith({str(tmp_path)!r}) and real(path, mode, **more)
import fangxian.analytics
from numba.core import config
print(config.CACHE_DIR)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    folder = Path(done.stdout.strip())
    assert folder.parent == tmp_path
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_may_write_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    planted = tmp_path / f"fangxian-kernels-{os.getuid()}"
    planted.mkdir(mode=0o777)
    planted.chmod(0o777)
    assert compiling._private() not in (planted, None)
    planted.chmod(0o700)
    assert compiling._private() == planted
