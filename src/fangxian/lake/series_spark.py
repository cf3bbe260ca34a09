"""Early warning on Spark, for more series than one machine holds: the same pure function of record batches, under `mapInArrow`."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fangxian.analytics.columns import require_columns, writing
from fangxian.analytics.detection.streaming import FOUND, Period, detect_stream
from fangxian.analytics.errors import AnalysisError
from fangxian.lake.spark import told

if TYPE_CHECKING:
    from pyspark import SparkContext
    from pyspark.sql import DataFrame

_FOUND = "series string, date date, observed bigint, expected double, upperbound double, alarm boolean"
#: Rows in a record batch: series are judged some hundreds at a time.
_ROWS = "200000"


def detect(spark: SparkContext, series: Path, method: str, out: Path, **parameters: Any) -> Counter[str]:
    """Judge the counts of `series,date,count` (CSV, Parquet, or a folder of Parquet), and write what was found.

    The columns are those of `fangxian detect`, the rows in no promised order. Gives how many `series` and `times` there are, how
    many counts were `judged`, and how many `alarms` there were. Raises AnalysisError for what cannot be meant; then nothing is written.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what pyspark says to developers of the pandas that is installed
        return _detect(spark, series, method, out, parameters)


def _detect(spark: SparkContext, series: Path, method: str, out: Path, parameters: dict[str, Any]) -> Counter[str]:
    frame = told(lambda: _frame(spark, series))
    tally: Counter[str]
    tally, period = told(lambda: _checked(series, frame))
    rows = frame.select("series", "date", "count").repartition("series").sortWithinPartitions("series", "date")
    found = rows.mapInArrow(partial(_judged, method, period, parameters), _FOUND)
    between = tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.absolute().parent)
    try:
        _judging(lambda: found.write.mode("overwrite").parquet(between))
        schema = {field.name: field.type for field in FOUND}
        with writing(out, schema, quoted=True) as write:
            for file in sorted(Path(between).glob("*.parquet")):
                for batch in pq.ParquetFile(file).iter_batches():
                    write({name: batch.column(name) for name in schema})
                    tally["judged"] += len(batch) - batch.column("alarm").null_count
                    tally["alarms"] += pc.sum(batch.column("alarm")).as_py() or 0
        return tally
    finally:
        shutil.rmtree(between)


def _frame(spark: SparkContext, series: Path) -> DataFrame:
    """The rows: series, date and count, null where they are none, and the words that stand there."""
    from pyspark.sql import SparkSession

    session = SparkSession(spark)
    session.conf.set("spark.sql.shuffle.partitions", str(4 * spark.defaultParallelism))
    session.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", _ROWS)
    path = str(series.absolute())
    read = session.read.csv(path, header=True) if series.suffix.lower() == ".csv" else session.read.parquet(path)
    require_columns(series, pa.table({name: pa.nulls(0) for name in read.columns}), "series", "date", "count")
    return read.selectExpr(
        "cast(series as string) series", "try_cast(date as date) date", "try_cast(count as double) count",
        "coalesce(cast(date as string), '') day", "trim(coalesce(cast(count as string), '')) number",
    )  # fmt: skip


def _checked(series: Path, frame: DataFrame) -> tuple[Counter[str], Period]:
    """How many series and dates there are, and how far apart. Refuses the first row that cannot be meant."""
    row = frame.selectExpr(
        "count(distinct series) series", "collect_set(date) dates", "count_if(series is null or trim(series) = '') unnamed",
        "first(if(date is null, struct(series, day), null), true) undated",
        "first(if(count is null and number not in ('', 'NA', 'NaN'), struct(series, day, number), null), true) uncounted",
    ).first()  # fmt: skip
    assert row is not None
    if row.unnamed:
        raise AnalysisError(
            f"{series}：{row.unnamed} 行没有 series；请填上名称。",
            f"{series}: {row.unnamed} rows have no series; fill in the name.",
        )
    if row.undated is not None:
        raise AnalysisError(
            f"{series}：序列 {row.undated.series} 的“{row.undated.day}”不是日期；请写成 2024-01-05，或改用 --engine native。",
            f"{series}: “{row.undated.day}” of series {row.undated.series} is no date; write 2024-01-05, or use the engine native.",
        )
    if row.uncounted is not None:
        name, day, number = row.uncounted
        raise AnalysisError(
            f"{series}：序列 {name} 在 {day} 的“{number}”不是数；请填例数，缺报留空。",
            f"{series}: “{number}” of series {name} on {day} is no number; give a count, or nothing where none was reported.",
        )
    if not row.dates:
        raise AnalysisError(f"{series}：没有数据行；请检查文件。", f"{series}: there are no rows. Check the file.")
    days = np.unique(np.array(row.dates, "datetime64[D]"))
    steps = np.diff(days).astype(int)
    if len(steps) and steps.min() >= 28:
        raise AnalysisError(
            f"{series}：按月的序列请用 --engine native。", f"{series}: series of months need the engine native."
        )
    weekly = len(steps) > 0 and bool((steps % 7 == 0).all())
    times = int((days[-1] - days[0]).astype(int)) // (7 if weekly else 1) + 1
    return Counter(series=row.series, times=times), "week" if weekly else "day"


# ── what runs on other machines ────────────────────────────────────────────────────────────────────────────────────────


def _judged(
    method: str, period: Period, parameters: dict[str, Any], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """A fault of the counts goes back in both languages."""
    try:
        yield from detect_stream(batches, method, period=period, **parameters)
    except AnalysisError as fault:
        raise RuntimeError(json.dumps([fault.zh, fault.en])) from None


def _judging(work: Callable[[], Any]) -> None:
    try:
        told(work)
    except AnalysisError as fault:
        if said := re.search(r"RuntimeError: (\[\".+\"\])", str(fault.__cause__)):
            raise AnalysisError(*json.loads(said.group(1))) from None
        raise
