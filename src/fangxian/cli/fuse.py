"""`fangxian fuse`: many sources of many places into one alert for each place. Needs no installation."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.started import bar, console, language, say

if TYPE_CHECKING:
    from fangxian.analytics.multipoint import Alerts


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "多点触发：把各地多个来源融合为一个预警，每地每日一行：得分、胜算、颜色、各来源的贡献",
            "Multi-point trigger: fuse the sources of each place into one alert, a line per place and day with score, odds, colour and "
            "what each source had to do with it",
        )
    )(fuse)


def fuse(
    counts: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False,
            help=say("各来源的逐日计数（CSV 或 Parquet）：place,source,date,count；缺报留空或不写",
                     "Daily counts (CSV or Parquet): place,source,date,count; empty or no line if missing"),
        ),
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("结果写入此文件（.csv 或 .parquet）", "The result (.csv or .parquet)"))],
    level: Annotated[
        list[str] | None,
        typer.Option(help=say("报浓度而非例数的来源，如 wastewater；可写多次",
                              "A source of concentrations, not counts, such as wastewater; may be repeated")),
    ] = None,
    false_alerts: Annotated[
        float, typer.Option(help=say("无暴发时每地每周允许的误报数", "False alerts a place may have in a week without outbreaks"))
    ] = 1 / 52,
    rest: Annotated[int, typer.Option(min=0, help=say("一次预警后的间歇天数", "Days after an alert before the next"))] = 14,
    newest: Annotated[int | None, typer.Option(min=1, help=say("只写最近几日", "Write only the newest days"))] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    from fangxian.analytics import multipoint
    from fangxian.analytics.multipoint.reading import read_panel

    with bar() as progress:
        task = progress.add_task(say("读取", "Reading"), total=None)
        panel = read_panel(counts, level or ())
        progress.update(task, description=say("融合", "Fusing"), total=len(panel.days))
        alerts = multipoint.fuse(
            panel, false_alerts=false_alerts, rest=rest, on_progress=lambda done: progress.update(task, completed=done)
        )
        _write(alerts, out, newest)
    _report(alerts, newest, as_json=as_json)


def _write(alerts: "Alerts", out: Path, newest: int | None) -> None:
    import numpy as np
    import pyarrow as pa

    from fangxian.analytics.columns import needs_quotes, writing
    from fangxian.analytics.multipoint import Grade

    shown = slice(-newest if newest else None, None)
    days = alerts.days[shown]
    grade = alerts.grade[:, shown].ravel()
    columns: dict[str, Any] = {
        "place": np.repeat(alerts.places, len(days)), "date": np.tile(days.astype(str), len(alerts.places)),
        "score": alerts.score[:, shown].ravel(), "odds": alerts.odds[:, shown].ravel(),
        "grade": [Grade(code).name.lower() if code >= 0 else None for code in grade.tolist()],
        "alert": pa.array(alerts.alert[:, shown].ravel(), mask=grade < 0),
    }  # fmt: skip
    kinds = {"place": pa.string(), "date": pa.string(), "grade": pa.string(), "alert": pa.bool_()}
    for i, source in enumerate(alerts.sources):
        columns[source.name] = alerts.contributions[:, i, shown].ravel()
    schema = {name: kinds.get(name, pa.float64()) for name in columns}
    with writing(out, schema, quoted=needs_quotes([*alerts.places, *columns])) as write:
        write(columns)


def _report(alerts: "Alerts", newest: int | None, *, as_json: bool) -> None:
    first = alerts.days[-newest] if newest and newest <= len(alerts.days) else alerts.days[0]
    found = [one for one in alerts if one.day >= first]
    if as_json:
        rows = [
            {
                "place": one.place, "date": str(one.day), "grade": one.grade.name.lower(), "odds": one.odds,
                "why": one.why.in_(language()), "contributions": dict(one.contributions), "silent": list(one.silent),
            }
            for one in found
        ]  # fmt: skip
        print(json.dumps({"places": len(alerts.places), "days": len(alerts.days), "alerts": rows}, ensure_ascii=False))
        return
    for one in found[-20:]:
        console.print(
            f"{one.day} {one.place} {one.grade.text.in_(language())} {one.why.in_(language())}",
            markup=False,
            highlight=False,
        )
    console.print(
        say(
            f"{len(alerts.places)} 地 × {len(alerts.days)} 日，预警 {len(found)} 次。",
            f"{len(alerts.places)} places × {len(alerts.days)} days, {len(found)} alerts.",
        ),
        highlight=False,
    )
