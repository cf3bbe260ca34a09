"""Tracing on Spark, for more stays than one machine holds: a task a bucket of places, each running the same kernels.

The stays never travel: tasks read their bucket from a folder that all machines see (`lake.buckets`), are sent who is traced from,
and send back who was reached when, which is brought together by a minimum; or, where they are asked for, the contacts. A task
that is lost with its machine is run again.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fangxian.analytics.copresence import Index, Lines, Traced
from fangxian.analytics.copresence.tracing import Progress
from fangxian.analytics.errors import AnalysisError
from fangxian.lake import buckets, durable
from fangxian.lake.buckets import Bucket, Ints, Source
from fangxian.lake.outward import Earliest, earliest, lines_of, outward

if TYPE_CHECKING:
    from pyspark import RDD, SparkContext
    from pyspark.core.broadcast import Broadcast

#: Stays in a bucket, about, unless told; and in the largest place that is left in one piece.
ROWS = 4_000_000
#: How often a task is tried before the trace is given up.
TRIES = 4
_MOST = 4096
#: Buckets are shared out among so many tasks for each processor: few enough to cost little, enough to even out their sizes.
_AT_ONCE = 3
#: What is found is brought together in one go up to so many buckets, beyond in two stages.
_MANY = 256
#: Seconds to wait for another process that prepares the same buckets.
_WAIT = 600
_BUCKETS, _WHOLE = "buckets", "whole"


def context(master: str = "local[*]", **settings: str) -> SparkContext:
    """A connection to Spark, or a Spark of its own on this machine that nobody else can reach.

    `settings`: properties of Spark, with _ for the dots. Raises AnalysisError where pyspark or Java 17 is missing, or the master
    cannot be reached.
    """
    try:
        from pyspark import SparkConf, SparkContext
        from pyspark.errors import PySparkException
        from pyspark.java_gateway import launch_gateway
    except ImportError:
        raise AnalysisError(
            "没有安装 pyspark：请运行 pip install 'fangxian[spark]'（并安装 Java 17），或改用 --engine native、duckdb",
            "pyspark is not installed: run `pip install 'fangxian[spark]'` (and install Java 17), or choose the engine native or duckdb",
        ) from None
    from py4j.protocol import Py4JError

    conf = SparkConf().setMaster(re.sub(r"^local\[([^],]+)\]$", rf"local[\1,{TRIES}]", master)).setAppName("fangxian")
    given = {"pyspark_python": sys.executable, "ui_enabled": "false", "ui_showConsoleProgress": "false"}
    if master.startswith("local"):
        given |= {"driver_host": "127.0.0.1", "driver_bindAddress": "127.0.0.1"}
    for name, value in (given | settings).items():
        conf.set("spark." + name.replace("_", "."), value)
    with tempfile.TemporaryFile() as said, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # pyspark leaves a pipe behind where Java does not start
        try:
            spark = SparkContext(conf=conf, gateway=launch_gateway(conf, {"stderr": said}))  # type: ignore[no-untyped-call]
            if spark.pythonExec == "python3":  # nobody said which: the first on the path may not know this product
                spark.pythonExec = (given | settings)["pyspark_python"]
            return spark
        except (PySparkException, Py4JError, OSError) as fault:
            said.seek(0)
            words = said.read().decode(errors="replace") or str(fault)
    raise _not_started(master, words)


class Database:
    """Stays in buckets, and a Spark that traces them."""

    def __init__(
        self,
        source: Source,
        spark: SparkContext,
        *,
        tau: int,
        folder: Path | None = None,
        number: int | None = None,
        largest: int = ROWS,
    ) -> None:
        """`folder`: where all machines can read and write; one of its own, deleted with it, unless told.

        Buckets that are in the folder already are used as they are. `number` of buckets: by the number of stays.
        """
        self.tau = tau
        self._spark = spark
        self._own = None if folder else tempfile.mkdtemp(prefix="fangxian-trace-")
        self._folder = folder or Path(self._own or "")
        try:
            with durable.alone(self._folder / "lock", _WAIT):
                if not (self._folder / _WHOLE).exists():
                    self._prepare(source, number, largest)
        except BaseException:
            self.close()
            raise
        self._buckets = sorted(file.name for file in (self._folder / _BUCKETS).glob("[0-9]*"))

    def close(self) -> None:
        if self._own:
            shutil.rmtree(self._own, ignore_errors=True)

    def _prepare(self, source: Source, number: int | None, largest: int) -> None:
        width = self._spark.defaultParallelism
        number = number or max(2 * width, min(_MOST, source.rows // ROWS))
        into = self._folder / _BUCKETS
        for left in (
            into,
            *self._folder.glob("split-*"),
        ):  # by a process that was killed, and dealt out otherwise perhaps
            shutil.rmtree(left, ignore_errors=True)
        into.mkdir()
        with tempfile.TemporaryDirectory(prefix="split-", dir=self._folder) as between:
            splits = list(source.splits())
            folders = [Path(between) / f"{part:06}" for part in range(len(splits))]
            shared = self._spark.broadcast(source)
            work = self._spark.parallelize(zip(splits, folders, strict=True), max(1, min(len(splits), 8 * width)))
            told(work.mapPartitions(partial(_split, shared, number)).collect)
            shared.unpersist()
            made = self._spark.parallelize(range(number), min(number, 8 * width))
            told(made.mapPartitions(partial(_gather, folders, into, self.tau, largest)).collect)
        for half in into.glob(".*"):  # of tasks that were lost, and done again
            shutil.rmtree(half)
        (self._folder / _WHOLE).touch()

    def trace(
        self, index: Index, *, rings: int, lines: bool = True, on_ring: Progress = lambda _ring, _reached: None
    ) -> Traced:
        """As `copresence.trace`, with the shortest contact that the buckets were made for."""
        return outward(index, rings, self._contacts if lines else self._people, on_ring)

    def _contacts(self, frontier: Index, settled: Ints) -> tuple[Earliest, Lines]:
        """The contacts of a ring, in order of via."""
        met = lines_of(self._everywhere(frontier, settled, _met, lambda work: work.collect()))
        met = met.where(np.lexsort((met.person, met.t_in, met.place, met.via)))
        return earliest(met.person, met.t_in), met

    def _people(self, frontier: Index, settled: Ints) -> tuple[Earliest, None]:
        """Who is met in a ring, without by whom: little is sent, whatever the number of contacts."""
        stages = 1 if len(self._buckets) <= _MANY else 2
        return self._everywhere(
            frontier, settled, _reached, lambda work: work.treeReduce(buckets.earlier, stages)
        ), None

    def _everywhere(
        self, frontier: Index, settled: Ints, task: Callable[..., Iterator[Any]], finish: Callable[[RDD[Any]], Any]
    ) -> Any:
        """What a task finds in all buckets, brought together as `finish` says."""
        shared = self._spark.broadcast(buckets.known(frontier, settled))
        tasks = min(len(self._buckets), _AT_ONCE * self._spark.defaultParallelism)
        try:
            work = self._spark.parallelize(self._buckets, max(1, tasks))
            return told(lambda: finish(work.mapPartitions(partial(task, self._folder / _BUCKETS, shared, self.tau))))
        finally:
            shared.unpersist()


# ── what runs on other machines ────────────────────────────────────────────────────────────────────────────────────────


def _split(shared: Broadcast[Source], number: int, work: Iterable[tuple[Any, Path]]) -> Iterator[int]:
    for split, folder in work:
        yield buckets.split(shared.value.pieces(split), number, folder)


def _gather(between: list[Path], into: Path, at_least: int, largest: int, work: Iterable[int]) -> Iterator[str]:
    for bucket in work:
        yield from buckets.gather(between, bucket, into, at_least=at_least, largest=largest)


def _met(folder: Path, shared: Broadcast[Index], tau: int, names: Iterable[str]) -> Iterator[Lines]:
    for name in names:
        yield Bucket.open(folder / name).met(shared.value, tau)


def _reached(folder: Path, shared: Broadcast[Index], tau: int, names: Iterable[str]) -> Iterator[Earliest]:
    """One list for all buckets of the task, so that little is sent."""
    found: Earliest = np.empty(0, np.uint32), np.empty(0, np.int32)
    for name in names:
        found = buckets.earlier(found, Bucket.open(folder / name).reached(shared.value, tau))
    yield found


# ── faults ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _not_started(master: str, words: str) -> AnalysisError:
    reason = _reason(words)
    if "SparkException" in words and "UnsupportedClassVersion" not in words:
        return AnalysisError(
            f"Spark 连不上 {master}：{reason}。请核对 --master，或改用 --engine native、duckdb",
            f"Spark cannot work with {master}: {reason}. Check --master, or choose the engine native or duckdb",
        )
    return AnalysisError(
        f"Spark 无法启动：{reason}。它需要 Java 17（Debian：apt-get install openjdk-17-jre-headless）；或改用 --engine native、duckdb",
        f"Spark cannot be started: {reason}. It needs Java 17 (Debian: apt-get install openjdk-17-jre-headless); "
        "or choose the engine native or duckdb",
    )


def told(work: Callable[[], Any]) -> Any:
    """Do it; a task that failed again and again is told of in words."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        return work()
    except (PySparkException, Py4JError) as fault:
        reason = _reason(str(fault))
        raise AnalysisError(
            f"Spark 的一个任务尝试 {TRIES} 次都没有完成：{reason}。没有写出结果；排除原因后重试",
            f"a task of Spark was tried {TRIES} times and could not be done: {reason}. "
            "No result was written; mend this, then try again",
        ) from fault


def _reason(words: str) -> str:
    """The line that says it, of what Java and Python print when something fails."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    named = [found.group(1) for line in lines if (found := _NAMED.search(line))]
    return named[-1] if named else (lines or ["?"])[0]


#: The name of a fault and what it says, as Java and Python write it.
_NAMED = re.compile(r"\b(?:\w+\.)*(\w*(?:Error|Exception|Failure): .+)")
