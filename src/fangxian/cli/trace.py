"""`fangxian trace`: who was with whom, from a file of stays. Needs no installation."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fangxian.cli.started import bar, console, language, say

if TYPE_CHECKING:
    from fangxian.analytics.copresence.tables import Fault, StayFile
    from fangxian.analytics.copresence.tracing import Index, Traced

#: How many of the rows that were left out are shown on a screen.
SHOWN = 10
ENGINES = ("native", "duckdb")


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "查密接、次密接：与指示病例在同一场所同时停留达到时长的所有人，逐圈向外，每次交集一行",
            "Find everybody who shared a place with index persons for long enough, ring by ring, every overlap a line",
        )
    )(trace)


def trace(
    stays: Annotated[
        Path,
        typer.Argument(
            exists=True,
            help=say(
                "停留记录（CSV、Parquet，或 Parquet 文件夹）：person,place,t_in,t_out，整秒数或时间",
                "Stays (CSV, Parquet, or a folder of Parquet): person,place,t_in,t_out, whole seconds or timestamps",
            ),
        ),
    ],
    index: Annotated[
        Path,
        typer.Option(
            exists=True, dir_okay=False,
            help=say(
                "指示病例：person,from,to（开始有传染性；隔离，可空）",
                "Index persons: person,from,to (infectious from; isolated at, may be empty)",
            ),
        ),
    ],
    tau: Annotated[float, typer.Option(help=say("最短接触时间，分钟", "Shortest contact, in minutes"))] = 15,
    rings: Annotated[int, typer.Option(min=1, max=20, help=say("追踪几圈", "How many rings"))] = 2,
    engine: Annotated[
        str, typer.Option(help=say("计算引擎：native（内存索引）或 duckdb（SQL，可大于内存）",
                                   "Engine: native (an index in memory) or duckdb (SQL, may exceed memory)"))
    ] = "native",
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help=say("逐次接触写入此文件（.parquet 或 .csv）", "Every contact to this file")),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help=say("所涉人员写入此文件（.parquet 或 .csv）", "Everybody reached to this file")),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    if engine not in ENGINES:
        raise typer.BadParameter(say("只能是 ", "must be one of ") + ", ".join(ENGINES), param_hint="--engine")
    if not tau > 0:
        raise typer.BadParameter(say("须大于 0", "must be more than 0"), param_hint="--tau")
    from fangxian.analytics.copresence import tables

    with bar() as progress:
        task = progress.add_task(say("读取停留记录", "Reading the stays"), total=None)
        file = tables.StayFile(stays)
        cases, wrong, strangers = file.index(index)
        progress.update(task, description=say("追踪", "Tracing"))
        found = _run(engine, file, cases, max(1, round(tau * 60)), rings, lines=out is not None)
        progress.update(task, description=say("写出", "Writing"))
        if out is not None and found.lines is not None:
            tables.write(file.lines(found.lines), out)
        if people is not None:
            tables.write(file.people(found.people), people)
    _report(file, wrong, strangers, found, as_json=as_json)


def _run(engine: str, file: "StayFile", cases: "Index", tau: int, rings: int, *, lines: bool) -> "Traced":
    if engine == "duckdb":
        from fangxian.lake.duck import Database

        database = Database(file.pieces(), tau=tau)
        try:
            return database.trace(cases, rings=rings, lines=lines)
        finally:
            database.close()
    from fangxian.analytics import copresence

    return copresence.trace(file.stays(at_least=tau), cases, tau=tau, rings=rings, lines=lines)


def _report(file: "StayFile", wrong: "list[Fault]", strangers: int, found: "Traced", *, as_json: bool) -> None:
    rings = {int(ring): int((found.people.ring == ring).sum()) for ring in sorted(set(found.people.ring.tolist()))}
    faults = [*wrong, *file.faults]
    if as_json:
        listed = [
            {
                "file": one.file, "row": one.row, "column": one.column,
                "reason": one.what.in_(language()), "remedy": one.remedy.in_(language()),
            }
            for one in faults
        ]  # fmt: skip
        print(
            json.dumps(
                {
                    "stays": file.rows, "left_out": file.faulty + len({one.row for one in wrong}), "faults": listed,
                    "index_without_stays": strangers, "people": len(found.people), "rings": rings,
                    "lines": None if found.lines is None else len(found.lines),
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
        return
    for one in faults[:SHOWN]:
        console.print(
            say(f"{one.file} 第 {one.row} 行 {one.column}：{one.what.zh}。{one.remedy.zh}。",
                f"{one.file} row {one.row}, {one.column}: {one.what.en}. {one.remedy.en}."),
            style="yellow", markup=False, highlight=False,
        )  # fmt: skip
    if file.faulty:
        console.print(
            say(
                f"停留记录共 {file.rows} 条，{file.faulty} 条未用。",
                f"{file.faulty} of {file.rows} stays were left out.",
            )
        )
    if strangers:
        console.print(say(f"{strangers} 名指示病例没有停留记录。", f"{strangers} index persons have no stays."))
    for ring, number in rings.items():
        console.print(say(f"第 {ring} 圈：{number} 人", f"Ring {ring}: {number} people"))
    if not rings:
        console.print(say("没有找到接触者。", "Nobody was found."))
