"""A machine that dies in the middle of a trace changes nothing: what it had to do is done again elsewhere."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fangxian.analytics.copresence import Index
from fangxian.analytics.copresence.stays import Piece
from tests.support.engines import World, lines_of, native, needs_spark, people_of

if TYPE_CHECKING:
    from pyspark import SparkContext

pytestmark = pytest.mark.spark


def crowd() -> tuple[World, Index]:
    """A thousand people in thirty places, of whom three are index persons."""
    random = np.random.default_rng(4)
    start = random.integers(0, 5000, 4000)
    rows = zip(
        random.integers(0, 1000, 4000).tolist(), random.integers(0, 30, 4000).tolist(), start.tolist(),
        (start + random.integers(0, 200, 4000)).tolist(), strict=True,
    )  # fmt: skip
    return World.of(list(rows), 4), Index.of([1, 2, 3], [0, 0, 0], [3000, 2000, 9000])


@dataclass(frozen=True)
class Deadly(World):
    """A world whose third part kills the process that is the first to read it, when it has read half."""

    done: Path = Path()

    def pieces(self, split: int) -> Iterable[Piece]:
        person, place, arrival, departure = self.parts[split]
        half = len(person) // 2
        yield person[:half], place[:half], arrival[:half], departure[:half]
        if split == 2 and not self.done.exists():
            self.done.write_text(str(os.getpid()))
            os.kill(os.getpid(), signal.SIGKILL)
        yield person[half:], place[half:], arrival[half:], departure[half:]


def test_a_process_killed_while_it_sorts(spark: "SparkContext", tmp_path: Path) -> None:
    from fangxian.lake.spark import Database

    world, index = crowd()
    left = tmp_path / "kept" / "buckets" / "00077-000"  # by somebody who died here, and had more buckets
    left.mkdir(parents=True)
    database = Database(Deadly(world.parts, tmp_path / "died"), spark, tau=60, folder=tmp_path / "kept", number=4)
    dead = int((tmp_path / "died").read_text())
    assert dead != os.getpid() and not Path(f"/proc/{dead}").exists()
    assert not [*(tmp_path / "kept").glob("split-*"), *(tmp_path / "kept" / "buckets").glob(".*")], "it is cleared away"
    expected = native(world, index, 60, 3)
    found = database.trace(index, rings=3)
    assert (lines_of(found), people_of(found)) == (lines_of(expected), people_of(expected))


EXECUTORS = """
import json, os, signal, sys
from pathlib import Path
from fangxian.lake.spark import Database, context
from tests.conformance.test_killed import crowd
from tests.support.engines import lines_of, people_of

def executors():
    named = [p for p in Path("/proc").glob("[0-9]*") if b"CoarseGrainedExecutorBackend" in (p / "cmdline").read_bytes()]
    return [int(p.name) for p in named if spark.applicationId.encode() in (p / "cmdline").read_bytes()]

def kill(ring, _reached):
    if ring == 1:
        before.extend(executors())
        os.kill(before[0], signal.SIGKILL)

spark = context("local-cluster[2,1,512]", executor_memory="512m", driver_memory="512m")
world, index = crowd()
before = []
found = Database(world, spark, tau=60, number=6).trace(index, rings=3, on_ring=kill)
print(json.dumps([before, executors(), lines_of(found), people_of(found)]))
spark.stop()
"""


def test_an_executor_killed_between_rings(tmp_path: Path) -> None:
    """Two executors of a cluster on this machine, each a Java of its own."""
    needs_spark()
    import pyspark

    home = tmp_path / "spark"  # where the cluster leaves its logs
    home.mkdir()
    for part in Path(pyspark.__file__).parent.iterdir():
        (home / part.name).symlink_to(part)
    here = {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_HOSTNAME": "127.0.0.1"}
    root = Path(__file__).parents[2]
    path = os.pathsep.join([str(root / "src"), str(root), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", EXECUTORS], cwd=root, env=os.environ | here | {"PYTHONPATH": path},
        capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    before, after, lines, people = json.loads(done.stdout)
    assert len(before) == 2 and before[0] not in after
    world, index = crowd()
    expected = native(world, index, 60, 3)
    assert [tuple(row) for row in lines] == lines_of(expected)
    assert [tuple(row) for row in people] == people_of(expected)
    assert max(row[1] for row in people) >= 2, "there was a ring after the killing"
