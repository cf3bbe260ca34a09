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


#: Sums an array, compiled by a process whose numba takes its time between choosing a file's name and writing the file.
_SLOW = """
import sys, time, numpy as np
from numba.core.caching import IndexDataCacheFile
told, save = IndexDataCacheFile._load_index, IndexDataCacheFile.save
def slowly(self, key, data):
    known = told(self)
    time.sleep(0.5)
    self._load_index = lambda: known
    save(self, key, data)
    del self._load_index
IndexDataCacheFile.save = slowly
from summing import total
print(total(np.arange(10, dtype=sys.argv[1])))
"""


def test_two_processes_compile_one_kernel_at_once_and_nobody_reads_the_others_code(tmp_path: Path) -> None:
    (tmp_path / "summing.py").write_text(
        "from fangxian.analytics.kernel import kernel\n@kernel\ndef total(array):\n    return array.sum()\n"
    )
    kinds = ("int32", "int64")

    def all_at_once(program: str) -> list[str]:
        started = [
            subprocess.Popen([sys.executable, "-c", program, kind], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
            for kind in kinds
        ]
        return [process.communicate()[0].strip() for process in started]

    assert all_at_once(_SLOW) == ["45", "45"]
    kept = "import sys, numpy as np; from summing import total; print(total(np.arange(10, dtype=sys.argv[1])), *total.stats.cache_misses)"
    assert all_at_once(kept) == ["45", "45"], "each finds its own, and nothing is compiled again"


def test_a_kernel_is_compiled_again_when_one_that_it_calls_was_changed(tmp_path: Path) -> None:
    def write(step: str, by: int) -> None:
        head = "from fangxian.analytics.kernel import kernel\n"
        (tmp_path / "step.py").write_text(f"{head}@kernel\ndef step(number):\n    return number {step} {by}\n")
        (tmp_path / "walk.py").write_text(
            f"{head}from step import step\n@kernel\ndef walk(number):\n    return step(number)\n"
        )

    def walked() -> str:
        program = "from walk import walk; print(walk(1))"
        return subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    write("+", 10)
    assert walked() == "11"
    write("-", 10)
    assert walked() == "-9", "and not what its neighbour was before"
