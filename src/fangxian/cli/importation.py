"""`fangxian estimate importation`: how many cases travellers may bring in, from a table of places. Needs no installation."""

import json
from pathlib import Path
from typing import Annotated

import typer

from fangxian.cli.started import console, say


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
    from fangxian.analytics.importation import importations, read_origins

    found = importations(read_origins(places), level=level)
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
