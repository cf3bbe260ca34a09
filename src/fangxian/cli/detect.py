"""`fangxian detect`: which counts of a file of series are too many. Needs no installation."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.started import bar, console, language, not_yet, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fangxian.analytics.detection import Detection, Method
    from fangxian.analytics.long_series import LongSeries
    from fangxian.text import Text

#: Series judged and written at a time, so that a nation's series need no more memory than their counts.
BATCH = 4096

AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "早期预警：用一种探测方法判断每条序列每一期的计数是否过多，每期一行：期望值、上限、预警",
            "Early warning: judge by a detection method which counts are too many, a line each with expected, upper bound, alarm",
        )
    )(detect)


def detect(
    series: Annotated[
        Path,
        typer.Argument(
            exists=True,
            help=say(
                "计数（CSV 或 Parquet）：series,date,count；缺报留空，日期为日、周（2024-W01）、月或序号",
                "Counts (CSV or Parquet): series,date,count; empty if missing; dates are days, weeks (2024-W01), months or numbers",
            ),
        ),
    ],
    method: Annotated[
        str, typer.Option(help=say("方法，如 ears-c1、farrington-flexible；写错时列出全部",
                                   "The method, such as ears-c1 or farrington-flexible; all are listed for an unknown one"))
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("结果写入此文件（.csv 或 .parquet）", "The result (.csv or .parquet)"))],
    compat: Annotated[
        str, typer.Option(help=say("定义有出入时以谁为准：R 或 paper", "Whose definition counts where they differ: R or paper"))
    ] = "R",
    alpha: Annotated[float | None, typer.Option(help=say("显著性水平；默认依方法而定", "Significance level; else the method's"))] = None,
    arl: Annotated[
        float | None,
        typer.Option(min=1, help=say("平均多少期一次误报（控制图：cusum、lr、glr）；阈值由此得出",
                                     "A false alarm once in so many times on average (charts: cusum, lr, glr); gives the threshold")),
    ] = None,
    freq: Annotated[
        int | None, typer.Option(min=1, help=say("一年几期；默认依日期，序号为 52", "Times a year; else by the dates, 52 for numbers"))
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE",
            help=say("方法的其他参数，如 baseline=14；可写多次", "Another parameter of the method, such as baseline=14; may be repeated"),
        ),
    ] = None,
    changed: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[SERIES=]DATE",
            help=say("病例定义自此日改变：此前的计数不作此后的基线；可写多次",
                     "The case definition changed on this day: earlier counts are no baseline for later ones; may be repeated"),
        ),
    ] = None,
    stream: Annotated[
        bool,
        typer.Option(help=say("分批读写 Parquet，内存不随文件增长；同一序列的行须相连，日期为日",
                              "Read and write Parquet in batches, in memory that does not grow; rows of a series stand together, by day")),
    ] = False,
    newest: Annotated[
        int | None, typer.Option(min=1, help=say("分批时每条序列只写最近几期", "When in batches, only the newest times of each series"))
    ] = None,
    engine: Annotated[
        str, typer.Option(help=say("native，或 spark（集群；可为 Parquet 文件夹）", "native, or spark (clusters; also folders of Parquet)"))
    ] = "native",
    master: Annotated[
        str, typer.Option(envvar="FANGXIAN_SPARK_MASTER", help=say("Spark 的主节点", "Spark's master"))
    ] = "local[*]",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    if engine not in ("native", "spark"):
        raise typer.BadParameter(say("应为 native 或 spark", "must be native or spark"), param_hint="--engine")
    if compat not in ("R", "paper"):
        raise typer.BadParameter(say("应为 R 或 paper", "must be R or paper"), param_hint="--compat")
    from fangxian.analytics import detection
    from fangxian.analytics.long_series import read_series

    chosen = detection.method(method)
    given = _settings(setting or []) | ({"arl": arl} if arl is not None else {})
    if arl is not None and "arl" not in chosen.parameters:
        charts = ", ".join(name for name, one in detection.METHODS.items() if "arl" in one.parameters)
        raise typer.BadParameter(say(f"只适用于：{charts}", f"is for: {charts}"), param_hint="--arl")
    if changed and (stream or engine == "spark"):
        raise typer.BadParameter(
            say("不能与 --stream、--engine spark 同用", "goes neither with --stream nor with --engine spark"),
            param_hint="--changed",
        )
    if newest and (engine == "spark" or not stream):
        raise typer.BadParameter(say("须与 --stream 同用", "goes with --stream"), param_hint="--newest")
    if stream or engine == "spark":
        asked = {"compat": compat, "freq": freq, "alpha": alpha}
        known = {
            name: value
            for name, value in asked.items()
            if value is not None and (name == "alpha" or name in chosen.parameters)
        }
        if engine == "spark":
            _on_spark(master, series, chosen, out, known | given, as_json=as_json)
        else:
            _stream(series, chosen, known | given, newest, out, as_json=as_json)
        return
    if series.is_dir():
        raise typer.BadParameter(say("文件夹须用 --engine spark", "a folder needs --engine spark"), param_hint="SERIES")
    with bar() as progress:
        task = progress.add_task(say("读取", "Reading"), total=None)
        data = read_series(series, "count")
        parameters = _suited(chosen, data, compat, freq) | given | ({"alpha": alpha} if alpha is not None else {})
        progress.update(task, description=say("判断", "Judging"), total=len(data.names))
        since = _changes(data, changed or [])
        tally = _judge(chosen, data, parameters, since, out, lambda done: progress.update(task, completed=done))
    _report(data, tally, [*data.notes, *not_yet(data.days)], as_json=as_json)


def _on_spark(
    master: str, series: Path, method: "Method", out: Path, parameters: dict[str, Any], *, as_json: bool
) -> None:
    """Judge a file or a folder of Parquet on many machines."""
    from fangxian.lake import series_spark, spark

    with bar() as progress:
        progress.add_task(say("在 Spark 上判断", "Judging on Spark"), total=None)
        context = spark.context(master)
        try:
            tally = series_spark.detect(context, series, method.name, out, **parameters)
        finally:
            context.stop()
    if as_json:
        print(json.dumps({name: tally[name] for name in ("series", "times", "judged", "alarms")}))
    else:
        _sum_up(tally["series"], tally)


def _settings(words: list[str]) -> dict[str, Any]:
    """NAME=VALUE as a dictionary; a value is a number, true, false, a list in brackets, or a word."""
    found: dict[str, Any] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise typer.BadParameter(
                say(f"“{word}”应写成 名称=值", f"“{word}” must be written NAME=VALUE"), param_hint="--set"
            )
        try:
            found[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            found[name.strip()] = value
    return found


def _suited(method: "Method", data: "LongSeries", compat: str, freq: int | None) -> dict[str, Any]:
    """What the file says of the series, as far as the method wants to know it."""
    known: dict[str, Any] = {"freq": freq or data.freq, "compat": compat}
    if data.days is not None:
        known["weekday"] = (int(data.days[0].astype("int64")) + 3) % 7  # 1970-01-01 was a Thursday
        if known["freq"] == data.freq:
            known["dates"] = data.days
        if data.period == "day":
            known["length"] = 7
    return {name: value for name, value in known.items() if name in method.parameters}


def _changes(data: "LongSeries", words: list[str]) -> "NDArray[np.int64]":
    """For each series the first time of a new case definition; 0 where it never changed."""
    import numpy as np

    from fangxian.analytics.long_series import read_date

    found = np.zeros(len(data.names), np.int64)
    for word in words:
        name, _, day = word.rpartition("=")
        if name and name not in data.names:
            raise typer.BadParameter(say(f"没有序列 {name}", f"there is no series {name}"), param_hint="--changed")
        wanted = str(read_date(day))
        later = [i for i, label in enumerate(data.labels) if label >= wanted] if data.days is not None else []
        at = later[0] if later else (data.labels.index(wanted) if wanted in data.labels else 0)
        if not at:
            raise typer.BadParameter(
                say(
                    f"{day} 应在 {data.labels[0]} 之后、{data.labels[-1]} 之前",
                    f"{day} is not after {data.labels[0]} and up to {data.labels[-1]}",
                ),
                param_hint="--changed",
            )
        found[data.names.index(name) if name else slice(None)] = at
    return found


def _judge(
    method: "Method", data: "LongSeries", parameters: dict[str, Any], since: "NDArray[np.int64]", out: Path, tell: Any
) -> "Counter[Any]":
    """Judge batch by batch and write what was found; counts alarms and reasons."""
    import numpy as np
    import pyarrow as pa

    from fangxian.analytics.columns import needs_quotes, writing
    from fangxian.analytics.detection import Alarm, across_definitions

    tally: Counter[Any] = Counter()
    labels, names = pa.array(data.labels), pa.array(data.names)
    times = np.arange(len(data.labels))
    schema = {
        "series": pa.string(), "date": pa.string(), "observed": pa.int64(), "expected": pa.float64(), "upperbound": pa.float64(),
        "alarm": pa.bool_(),
    }  # fmt: skip
    with writing(out, schema, quoted=needs_quotes(data.names)) as write:
        for start in range(0, len(data.names), BATCH):
            batch = slice(start, start + BATCH)
            found: Detection = (
                across_definitions(method, data.values[batch], since[batch], **parameters)
                if since[batch].any()
                else method(data.values[batch], **parameters)
            )
            kept = (times >= data.first[batch, None]) & (times <= data.last[batch, None])
            row, time = np.nonzero(kept)
            alarm, observed = found.alarm[kept], data.values[batch][kept]
            write(
                {
                    "series": names.take(pa.array(row + start)), "date": labels.take(pa.array(time)),
                    "observed": pa.array(np.nan_to_num(observed).astype(np.int64), mask=np.isnan(observed)),
                    "expected": _finite(found.expected[kept]), "upperbound": _finite(found.upperbound[kept]),
                    "alarm": pa.array(alarm == Alarm.YES, mask=alarm == Alarm.CANNOT_TELL),
                }
            )  # fmt: skip
            tally["alarms"] += int((alarm == Alarm.YES).sum())
            tally["judged"] += int((alarm != Alarm.CANNOT_TELL).sum())
            for reason, number in zip(
                *np.unique(found.reason[kept][alarm == Alarm.CANNOT_TELL], return_counts=True), strict=True
            ):
                tally[int(reason)] += int(number)
            tell(min(start + BATCH, len(data.names)))
    return tally


def _stream(
    path: Path, method: "Method", parameters: dict[str, Any], newest: int | None, out: Path, *, as_json: bool
) -> None:
    """Judge a Parquet file, long or packed, batch by batch."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from fangxian.analytics.columns import writing
    from fangxian.analytics.detection.streaming import FOUND, detect_stream
    from fangxian.analytics.errors import AnalysisError

    if out.suffix.lower() not in (".parquet", ".pq"):
        raise typer.BadParameter(say("分批时结果为 .parquet", "is .parquet when in batches"), param_hint="--out")
    try:
        file = pq.ParquetFile(path)
    except pa.ArrowInvalid:
        raise AnalysisError(f"{path}：不是完整的 Parquet 文件。", f"{path}: is no whole Parquet file.") from None
    tally = {"series": 0, "judged": 0, "alarms": 0}
    packed = "counts" in file.schema_arrow.names
    with file, bar() as progress, writing(out, dict(zip(FOUND.names, FOUND.types, strict=True))) as write:
        task = progress.add_task(say("判断", "Judging"), total=None)
        try:
            for found in detect_stream(
                file.iter_batches(2048 if packed else 1 << 18), method, newest=newest, **parameters
            ):
                write(dict(zip(FOUND.names, found.columns, strict=True)))
                tally["series"] += pc.count_distinct(found.column("series")).as_py()
                tally["judged"] += found.num_rows - found.column("alarm").null_count
                tally["alarms"] += pc.sum(found.column("alarm")).as_py() or 0
                progress.update(task, completed=tally["series"])
        except AnalysisError as fault:
            raise AnalysisError(f"{path}：{fault.zh}", f"{path}: {fault.en}") from None
    if as_json:
        print(json.dumps(tally))
        return
    _sum_up(tally["series"], tally)


def _finite(values: Any) -> Any:
    """NaN and infinities are no numbers to write."""
    import numpy as np

    return np.where(np.isfinite(values), values, np.nan)


def _report(data: "LongSeries", tally: "Counter[Any]", notes: "list[Text]", *, as_json: bool) -> None:
    from fangxian.analytics.detection import Reason

    reasons = {reason: tally[reason.value] for reason in Reason if tally[reason.value]}
    if as_json:
        result = {
            "series": len(data.names), "times": len(data.labels), "judged": tally["judged"], "alarms": tally["alarms"],
            "cannot_tell": {reason.name.lower(): number for reason, number in reasons.items()},
            "notes": [note.in_(language()) for note in notes],
        }  # fmt: skip
        print(json.dumps(result, ensure_ascii=False))
        return
    for note in notes:
        console.print(note.in_(language()), style="yellow", markup=False, highlight=False)
    _sum_up(len(data.names), tally)
    for reason, number in reasons.items():
        console.print(
            say(f"  无法判断 {number} 期：{reason.text.zh}", f"  cannot tell of {number}: {reason.text.en}"),
            markup=False, highlight=False,
        )  # fmt: skip


def _sum_up(series: int, tally: "Mapping[Any, int]") -> None:
    judged, alarms = tally["judged"], tally["alarms"]
    words = say(
        f"{series} 条序列，判断 {judged} 期，预警 {alarms} 期。",
        f"{series} series, {judged} counts judged, {alarms} alarms.",
    )
    console.print(words, highlight=False)
