"""`fangxian lake`: stays by the million taken in, looked after, and deleted when their time is over."""

import json
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from fangxian.cli.started import bar, console, language, say, start

if TYPE_CHECKING:
    from fangxian.lake import Deletion, Receipt

app = typer.Typer(no_args_is_help=True)
#: How many of the rows that were left out are shown on a screen.
SHOWN = 10
AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]


@app.command(
    help=say(
        "把停留记录收入数据湖，每批只收一次：已收过的文件再收一次，什么也不会改变。中断后重来即可接着收",
        "Take stays into the lake, each batch once: a file that was taken before changes nothing. Interrupted, start it again",
    )
)
def ingest(
    files: Annotated[
        list[Path],
        typer.Argument(
            exists=True, metavar="FILE…",
            help=say(
                "停留记录：person,place,t_in,t_out（CSV、Parquet，或 Parquet 文件夹）",
                "Stays: person,place,t_in,t_out (CSV, Parquet, or a folder of Parquet)",
            ),
        ),
    ],
    source: Annotated[str, typer.Option(help=say("来源的名称", "The name of their source"))],
    batch: Annotated[str, typer.Option(help=say("批次号；不写则由内容决定", "The name of the batch; its content names it otherwise"))] = "",
    people: Annotated[
        str,
        typer.Option(
            help=say(
                "人员列是什么：keys（数据湖的键）、code（人员编号）、id_number、phone 或 source_record（来源自己的编号）",
                "What the column of persons holds: keys (of the lake), code, id_number, phone or source_record (the source's own)",
            )
        ),
    ] = "keys",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    if batch and len(files) > 1:
        raise typer.BadParameter(
            say("只有一个文件时才能写批次号", "a batch can be named for one file only"), param_hint="--batch"
        )
    start()
    from fangxian.core.access import SYSTEM
    from fangxian.tracing import actions

    receipts = []
    with bar() as progress:
        task = progress.add_task(say("收入停留记录", "Taking stays"), total=len(files))
        for file in files:
            progress.update(task, description=file.name)
            receipts.append((file, actions.send_stays(SYSTEM, file, source, batch, people)))
            progress.advance(task)
            if not as_json:
                _told(file, receipts[-1][1])
    if as_json:
        print(json.dumps([_as_json(file, receipt) for file, receipt in receipts], ensure_ascii=False))


@app.command(
    help=say(
        "数据湖里有什么：各日行数、大小、保存到何时",
        "What the lake holds: rows by day, size, and until when it is kept",
    )
)
def status(as_json: AsJson = False) -> None:
    start()
    from fangxian.core.access import SYSTEM
    from fangxian.tracing import queries
    from fangxian.tracing.lakes import lake

    found = queries.lake_view(SYSTEM)
    if as_json:
        print(json.dumps(asdict(found) | {"folder": str(lake().folder)}, ensure_ascii=False, default=str))
        return
    table = Table(box=None)
    for name in (say("日期", "day"), say("行数", "rows"), "MB", say("文件", "files"), say("有精简投影", "projection")):
        table.add_column(name, justify="left" if name == say("日期", "day") else "right")
    for day in found.days:
        table.add_row(day.day, f"{day.rows:,}", f"{day.size / 1e6:.1f}", str(day.files), "✓" if day.projected else "–")
    console.print(table, soft_wrap=False)
    _say(
        f"{lake().folder}：{len(found.days)} 天 {found.rows:,} 条停留，{found.persons:,} 人，{found.places:,} 处场所",
        f"{lake().folder}: {found.rows:,} stays of {len(found.days)} days, {found.persons:,} persons, {found.places:,} places",
    )
    if found.kept_days is not None:
        _say(f"保存 {found.kept_days} 天（{found.kept_by}）", f"Kept for {found.kept_days} days ({found.kept_by})")
    if found.overdue:
        _say(f"逾期未删：{'、'.join(found.overdue)}", f"Past their time: {', '.join(found.overdue)}")


@app.command(
    help=say(
        "通读数据湖，列出每处不符及处理办法。有则以 1 退出",
        "Read the whole lake and name every fault with its remedy. Exits with 1 if there is one",
    )
)
def verify(as_json: AsJson = False) -> None:
    start()
    from fangxian.lake import LakeFault
    from fangxian.tracing.lakes import lake, signed

    faults, files = [], 0
    with bar() as progress:
        task = progress.add_task(say("核对数据湖", "Verifying the lake"), total=None)
        for found in lake().verify(signed):
            if isinstance(found, LakeFault):
                faults.append(found)
            else:
                files = found
                progress.update(task, completed=found)
    if as_json:
        listed = [
            {"path": one.path, "what": one.what.in_(language()), "remedy": one.remedy.in_(language())} for one in faults
        ]
        print(json.dumps({"files": files, "faults": listed}, ensure_ascii=False))
    elif not faults:
        console.print(say(f"数据湖完好：{files} 个文件", f"The lake is whole: {files} files"), style="green")
    for one in faults if not as_json else ():
        what, remedy = one.what.in_(language()), one.remedy.in_(language())
        console.print(
            say(f"{one.path}：{what}。{remedy}。", f"{one.path}: {what}. {remedy}."),
            style="red",
            markup=False,
            highlight=False,
        )
    raise typer.Exit(1 if faults else 0)


@app.command(
    help=say(
        "把每一天的多个文件并成一个，清除中断写入的残留；行不变",
        "Make one file of the many of each day, and sweep what interrupted writers left; the rows stay",
    )
)
def compact(as_json: AsJson = False) -> None:
    start()
    from fangxian.tracing.lakes import lake, refusing

    done = []
    with bar() as progress, refusing():
        house = lake()
        with house.writing():  # sweeps
            days = house.wanting()
        task = progress.add_task(say("整理", "Compacting"), total=len(days))
        for day in days:
            compaction = house.compact(day)
            done += [compaction] if compaction else []
            progress.advance(task)
    if as_json:
        print(json.dumps([asdict(one) for one in done]))
        return
    for one in done:
        _say(
            f"{one.day}：{one.files} 个文件 {one.size / 1e6:.1f} MB → 1 个 {one.size_now / 1e6:.1f} MB，{one.rows:,} 行",
            f"{one.day}: {one.files} files, {one.size / 1e6:.1f} MB → 1, {one.size_now / 1e6:.1f} MB; {one.rows:,} rows",
        )
    if not done:
        _say("没有需要整理的。", "There was nothing to compact.")


@app.command(
    help=say(
        "删除某日之前的停留；不写日期则按规程的保存期限。留下签名的删除记录，不可恢复",
        "Delete the stays before a day; without one, those whose time is over by the protocols. A signed record stays; the stays do not",
    )
)
def drop(
    before: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help=say("这一天之前的全部删除", "Everything before this day"))
    ] = None,
    reason: Annotated[str, typer.Option(help=say("理由，写入日志", "Why; kept in the journal"))] = "",
    yes: Annotated[bool, typer.Option("--yes", help=say("不再询问", "Do not ask"))] = False,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    start()
    from fangxian.core.access import SYSTEM
    from fangxian.tracing import actions

    if before is None:
        _dropped(actions.forget_stays(SYSTEM), as_json=as_json)
        return
    day: date = before.date()
    if not yes:
        typer.confirm(say(f"删除 {day} 之前的全部停留？", f"Delete all stays before {day}?"), abort=True, err=True)
    why = reason or say("由命令行删除", "dropped from the command line")
    _dropped(actions.drop_stays(SYSTEM, day, why), as_json=as_json)


# ── what is said ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _dropped(deletion: "Deletion | None", *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(None if deletion is None else asdict(deletion) | {"rows": deletion.rows}, ensure_ascii=False))
    elif deletion is None:
        _say("没有需要删除的。", "There was nothing to delete.")
    else:
        _say(
            f"删除了 {deletion.before} 之前 {len(deletion.days)} 天 {deletion.rows:,} 条停留；{deletion.persons:,} 人已不可追溯。"
            f"记录：{deletion.path}",
            f"Deleted {deletion.rows:,} stays of {len(deletion.days)} days before {deletion.before}; {deletion.persons:,} persons "
            f"can no longer be traced. Record: {deletion.path}",
        )


def _told(file: Path, receipt: "Receipt") -> None:
    for one in receipt.faults[:SHOWN]:
        _say(
            f"{one.file} 第 {one.row} 行 {one.column}：{one.what.zh}。{one.remedy.zh}。",
            f"{one.file} row {one.row}, {one.column}: {one.what.en}. {one.remedy.en}.",
        )
    if receipt.repeated:
        _say(f"{file}：这一批已收过，没有改动", f"{file}: this batch was taken before; nothing changed")
        return
    _say(
        f"{file}：收入 {receipt.taken:,} 条，{len(receipt.days)} 天；{receipt.faulty:,} 条未用",
        f"{file}: {receipt.taken:,} stays of {len(receipt.days)} days taken; {receipt.faulty:,} rows were left out",
    )


def _as_json(file: Path, receipt: "Receipt") -> dict[str, Any]:
    faults = [
        {"file": one.file, "row": one.row, "column": one.column, "reason": one.what.in_(language()), "remedy": one.remedy.in_(language())}
        for one in receipt.faults
    ]  # fmt: skip
    return asdict(receipt) | {"file": str(file), "faults": faults}


def _say(zh: str, en: str) -> None:
    console.print(say(zh, en), markup=False, highlight=False)
