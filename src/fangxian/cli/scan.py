"""`fangxian scan`: clusters of cases in space and time. Needs no installation."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from fangxian.cli.started import bar, console, language, not_yet, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fangxian.analytics.long_series import LongSeries
    from fangxian.analytics.scan import Cluster

MODELS = ("permutation", "poisson")


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "时空扫描：何时何地的病例多于预期，每个聚集一行：地点、日期、观察、期望、对数似然比、p",
            "Space-time scan: where and when there are more cases than expected, a line per cluster with its p-value",
        )
    )(scan)


def scan(
    cases: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help=say("病例（CSV 或 Parquet）：place,date,count；同地同日相加",
                                                             "Cases (CSV or Parquet): place,date,count; those of a place and date add up")),
    ],
    places: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help=say("地点：place,x,y（平面坐标）；poisson 另需 population",
                                                           "Places: place,x,y (plane coordinates); population besides for poisson")),
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("结果写入此文件（.csv 或 .parquet）", "The result (.csv or .parquet)"))],
    model: Annotated[
        str, typer.Option(help=say("permutation（时空排列，无须人口）或 poisson（只有一期时为纯空间扫描）",
                                   "permutation (no population needed) or poisson (purely spatial where there is one date)"))
    ] = "permutation",
    share: Annotated[float, typer.Option(help=say("圆内最多占病例（或人口）的多少", "Most cases (or population) in a circle"))] = 0.5,
    longest: Annotated[
        int | None, typer.Option(min=1, help=say("聚集最长几期；默认为总期数的一半", "Longest cluster in times; half of them by default"))
    ] = None,
    retrospective: Annotated[
        bool, typer.Option(help=say("聚集可止于任何时候，而不只是最后一期", "Clusters may end at any time, not only at the last"))
    ] = False,
    replications: Annotated[int, typer.Option(min=0, help=say("蒙特卡洛重复次数", "Monte Carlo replications"))] = 999,
    seed: Annotated[int, typer.Option(min=0, help=say("随机数种子", "Seed of the random numbers"))] = 1,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    if model not in MODELS:
        raise typer.BadParameter(say("应为 ", "must be one of ") + ", ".join(MODELS), param_hint="--model")
    from fangxian.analytics.long_series import read_series
    from fangxian.analytics.scan import scan as look

    with bar() as progress:
        task = progress.add_task(say("读取", "Reading"), total=None)
        names, coordinates, population = _places(places, needs_population=model == "poisson")
        data = read_series(cases, "count", name="place", add_up=True)
        counts = _counts(cases, places, data, names)
        progress.update(task, description=say("扫描", "Scanning"), total=replications or None)
        found = look(
            counts, coordinates, model=cast("Literal['permutation', 'poisson']", model), population=population, share=share,
            longest=longest, retrospective=retrospective, replications=replications, seed=seed,
            on_progress=lambda done, _: progress.update(task, completed=done),
        )  # fmt: skip
    for note in not_yet(data.days):
        console.print(note.in_(language()), style="yellow", markup=False, highlight=False)
    rows = [_row(number, cluster, names, data.labels) for number, cluster in enumerate(found.clusters, 1)]
    _write(out, rows, names)
    if as_json:
        print(
            json.dumps(
                {"places": len(names), "times": len(data.labels), "cases": int(counts.sum()), "clusters": rows},
                ensure_ascii=False,
            )
        )
        return
    console.print(
        say(f"{len(names)} 个地点，{int(counts.sum())} 例，{len(rows)} 个聚集。",
            f"{len(names)} places, {int(counts.sum())} cases, {len(rows)} clusters."),
        highlight=False,
    )  # fmt: skip


def _places(
    path: Path, *, needs_population: bool
) -> "tuple[tuple[str, ...], NDArray[np.float64], NDArray[np.float64] | None]":
    """Names, coordinates and, if needed, population of the places, each once."""
    import numpy as np

    from fangxian.analytics.columns import read_column, read_names, read_table, require_columns
    from fangxian.analytics.errors import AnalysisError

    table = read_table(path)
    numbers = ["x", "y", "population"] if needs_population else ["x", "y"]
    require_columns(path, table, "place", *numbers)
    names, rows = read_names(path, table, "place")
    again = np.flatnonzero(np.bincount(rows, minlength=len(names)) > 1)
    if len(again):
        row = int(np.flatnonzero(rows == again[0])[1]) + 2
        raise AnalysisError(
            f"{path} 第 {row} 行 place：{names[again[0]]} 重复；请删去一行。",
            f"{path}, row {row}, place: {names[again[0]]} is listed twice. Drop one of the rows.",
        )
    columns = []
    for name in numbers:
        values, which = read_column(path, table, name, _number)
        columns.append(np.array(values)[which])
    return names, np.stack(columns[:2], axis=1), columns[2] if needs_population else None


def _number(word: str) -> float:
    from fangxian.analytics.errors import AnalysisError

    try:
        number = float(word)
    except ValueError:
        number = float("nan")
    if not abs(number) < 1e15:
        raise AnalysisError(f"“{word}”不是数；请填数。", f"“{word}” is no number; fill one in.")
    return number


def _counts(path: Path, places: Path, data: "LongSeries", names: tuple[str, ...]) -> "NDArray[np.int64]":
    """Cases by place, in the order of the places, and time; a place or date without a row has none."""
    import numpy as np

    from fangxian.analytics.errors import AnalysisError

    number = {name: i for i, name in enumerate(names)}
    strangers = [name for name in data.names if name not in number]
    if strangers:
        shown = "、".join(strangers[:3])
        raise AnalysisError(
            f"{path}：{len(strangers)} 个地点不在 {places} 中（{shown}）；请补上坐标。",
            f"{path}: {len(strangers)} places are not in {places} ({shown}). Add their coordinates.",
        )
    counts = np.zeros((len(names), len(data.labels)), np.int64)
    counts[[number[name] for name in data.names]] = np.nan_to_num(data.values)
    return counts


def _row(number: int, cluster: "Cluster", names: tuple[str, ...], labels: tuple[str, ...]) -> dict[str, Any]:
    return {
        "cluster": number, "places": ";".join(names[i] for i in cluster.places), "start": labels[cluster.start], "end": labels[cluster.end],
        "observed": cluster.observed, "expected": cluster.expected, "llr": cluster.llr, "p": cluster.p, "p_gumbel": cluster.p_gumbel,
        "radius": cluster.radius,
    }  # fmt: skip


def _write(out: Path, rows: list[dict[str, Any]], names: tuple[str, ...]) -> None:
    import pyarrow as pa

    from fangxian.analytics.columns import needs_quotes, writing

    schema = {
        "cluster": pa.int64(), "places": pa.string(), "start": pa.string(), "end": pa.string(), "observed": pa.int64(),
        "expected": pa.float64(), "llr": pa.float64(), "p": pa.float64(), "p_gumbel": pa.float64(), "radius": pa.float64(),
    }  # fmt: skip
    with writing(out, schema, quoted=needs_quotes(names)) as write:
        write({name: [row[name] for row in rows] for name in schema})
