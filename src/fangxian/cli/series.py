"""`fangxian series export`: the series of all sources as a file that DuckDB, Spark and `fangxian detect` read."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fangxian.cli.started import console, say, start

app = typer.Typer(no_args_is_help=True)
#: Sources written at a time.
_PIECE = 200


@app.callback()
def group() -> None:
    """A group with one command so far."""


@app.command(
    help=say(
        "导出监测序列：series,date,count 三列，另有来源、类别、辖区、指标",
        "Export the series of surveillance: series, date and count, with source, kind, area and measure beside them",
    )
)
def export(
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("写入此文件（.parquet 或 .csv）", "The file to write (.parquet or .csv)"))],
    area: Annotated[str, typer.Option(help=say("辖区代码；不写为全部", "Division code; all if left out"))] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=say("从哪天起；默认近 400 天", "From which day; else the last 400 days"))
    ] = None,
) -> None:  # fmt: skip
    start()
    import pyarrow as pa

    from fangxian.analytics.columns import writing
    from fangxian.core.access import SYSTEM
    from fangxian.surveillance import queries

    words = ("series", "source", "kind", "area", "measure", "unit")
    schema = dict.fromkeys(words, pa.string()) | {"date": pa.date32(), "count": pa.float64()}
    rows = last = 0
    with writing(out, schema, quoted=True) as write:
        while page := queries.sources(SYSTEM, area, after=last, limit=_PIECE, ended=True):
            last = page[-1].id
            known = {one.code: one for one in page}
            for one in queries.series(
                SYSTEM, area, first=since.date() if since else None, after=page[0].id - 1, limit=len(page)
            ):
                source, n = known[one.source], len(one.days)
                name = ":".join(part for part in (one.source, one.measure, one.unit) if part)
                told = (name, one.source, source.kind.key, source.area, one.measure, one.unit)
                write(
                    {key: [word] * n for key, word in zip(words, told, strict=True)}
                    | {
                        "date": one.days.tolist(),
                        "count": [None if value != value else value for value in one.values.tolist()],
                    }
                )
                rows += n
    console.print(
        say(f"{out}：{rows:,} 行。", f"{out}: {rows:,} rows."), style="green", highlight=False, soft_wrap=True
    )
