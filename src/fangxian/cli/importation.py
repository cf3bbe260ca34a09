"""`fangxian estimate importation`: how many cases travellers may bring in, from a table of places. Needs no installation."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.started import console, say

if TYPE_CHECKING:
    from fangxian.analytics.importation import Origin


def add_to(app: typer.Typer) -> None:
    """Put the command into the group `estimate`."""
    app.command(
        help=say(
            "输入风险：各来源地一周内预期输入病例数与区间，每地一行，末行为合计",
            "Risk from outside: cases expected to be imported in a week with their interval, a line a place, the last for all",
        )
    )(importation)


def importation(
    places: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False,
            help=say("来源地（CSV 或 Parquet）：place,cases,population,travellers，可加 detected,days,infectious",
                     "Places (CSV or Parquet): place,cases,population,travellers, and if known detected,days,infectious"),
        ),
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("结果写入此文件（.csv 或 .parquet）", "The result (.csv or .parquet)"))],
    level: Annotated[float, typer.Option(help=say("区间水平", "Level of the interval"))] = 0.95,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    import pyarrow as pa

    from fangxian.analytics.columns import needs_quotes, writing
    from fangxian.analytics.importation import importations

    found = importations(_origins(places), level=level)
    schema = {"place": pa.string(), **dict.fromkeys(("mean", "low", "high", "at_least_one"), pa.float64())}
    all_of = say("合计", "all")
    with writing(out, schema, quoted=needs_quotes([*found.names, all_of])) as write:
        write(
            {
                "place": [*found.names, all_of], "mean": [*found.mean, found.total_mean], "low": [*found.low, found.total_low],
                "high": [*found.high, found.total_high], "at_least_one": [*found.any, found.total_any],
            }
        )  # fmt: skip
    total = {
        "mean": found.total_mean,
        "low": found.total_low,
        "high": found.total_high,
        "at_least_one": found.total_any,
    }
    if as_json:
        print(json.dumps({"places": len(found.names), "level": level, "all": total}, ensure_ascii=False))
        return
    console.print(
        say(
            f"{len(found.names)} 地，一周预期输入 {found.total_mean:.1f} 例（{found.total_low:.0f}–{found.total_high:.0f}）。",
            f"{len(found.names)} places, {found.total_mean:.1f} cases a week expected ({found.total_low:.0f} to {found.total_high:.0f}).",
        ),
        highlight=False,
    )


def _origins(path: Path) -> "list[Origin]":
    """The places of the file. Raises AnalysisError naming row and column of what cannot be."""
    from fangxian.analytics.columns import read_column, read_table, require_columns
    from fangxian.analytics.importation import Origin

    table = read_table(path)
    require_columns(path, table, "place", "cases", "population", "travellers")
    columns: dict[str, list[Any]] = {}
    for name, read in (
        ("place", str),
        ("cases", _number(int)),
        ("population", _number(int)),
        ("travellers", _number(float)),
    ):
        values, rows = read_column(path, table, name, read)
        columns[name] = [values[row] for row in rows]
    for name in ("detected", "days", "infectious"):
        if name in table.column_names:
            values, rows = read_column(path, table, name, _number(float))
            columns[name] = [values[row] for row in rows]
    names = [name if name != "place" else "name" for name in columns]
    return [Origin(**dict(zip(names, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def _number(kind: type[int] | type[float]) -> Callable[[str], Any]:
    def read(word: str) -> Any:
        from fangxian.analytics.errors import AnalysisError

        try:
            return kind(word)
        except ValueError:
            raise AnalysisError(f"“{word}”不是数；请填数字。", f"“{word}” is no number; write one.") from None

    return read
