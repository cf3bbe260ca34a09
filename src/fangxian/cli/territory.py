"""`fangxian divisions | organisations | places`: the tables on which everything else stands, taken row by row."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fangxian.cli.started import console, say, start

if TYPE_CHECKING:
    from fangxian.registry.schemas import DivisionsImport, TableTaken

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help=say("CSV 或 Excel 表格，首行为表头", "A CSV or Excel table with a header"))
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]
#: How many of the rows that were left out are shown on a screen.
SHOWN = 10


def add_to(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    app.command(
        help=say(
            "导入区划表：代码（GB/T 2260）、名称；可重复导入，未录入的行逐行说明",
            "Take a table of divisions: code (GB/T 2260), name; safe to repeat, rows left out are told one by one",
        )
    )(divisions)
    app.command(
        help=say(
            "导入机构表：类别、名称、区划代码；可重复导入",
            "Take a table of organisations: kind, name, code of the jurisdiction; safe to repeat",
        )
    )(organisations)
    app.command(
        help=say(
            "导入场所表：类别、名称、区划代码，如有则加地址、经纬度、容量；可重复导入",
            "Take a table of places: kind, name, code of the jurisdiction; address, point and capacity where known; safe to repeat",
        )
    )(places)


def divisions(file: File, as_json: AsJson = False) -> None:
    start()
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions

    _tell(actions.import_divisions(SYSTEM, file), as_json)


def organisations(file: File, as_json: AsJson = False) -> None:
    start()
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions

    _tell(actions.import_organisations(SYSTEM, file), as_json)


def places(file: File, as_json: AsJson = False) -> None:
    start()
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions

    _tell(actions.import_places(SYSTEM, file), as_json)


def _tell(done: "DivisionsImport | TableTaken", as_json: bool) -> None:
    counts = {"created": done.created, "changed": done.changed, "unchanged": done.unchanged}
    if as_json:
        print(json.dumps({**counts, "left": [asdict(one) for one in done.left]}, ensure_ascii=False))
    else:
        console.print(
            say(
                f"录入 {done.created}，更改 {done.changed}，已有 {done.unchanged}，未录入 {len(done.left)}",
                f"{done.created} entered, {done.changed} changed, {done.unchanged} there already, {len(done.left)} left out",
            ),
            style="red" if done.left else "green",
        )
        for one in done.left[:SHOWN]:
            where = say(f"第 {one.row} 行", f"row {one.row}") + (f" {one.column}" if one.column else "")
            console.print(f"{where}: {one.message} {one.remedy}", markup=False, highlight=False, soft_wrap=True)
        if len(done.left) > SHOWN:
            console.print(say("其余可用 --json 查看", "the rest with --json"))
    raise typer.Exit(1 if done.left else 0)
