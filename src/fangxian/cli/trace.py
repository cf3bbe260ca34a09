"""`fangxian trace`: who was with whom, from a file of stays or of positions. Needs no installation."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli import engines
from fangxian.cli import trace_ways as ways
from fangxian.cli.started import bar, console, language, say

if TYPE_CHECKING:
    from fangxian.analytics.copresence import Traced
    from fangxian.analytics.copresence.tables import Fault

#: How many of the rows that were left out are shown on a screen.
SHOWN = 10
DAY = 86_400


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
                "停留记录（CSV、Parquet，或 Parquet 文件夹）：person,place,t_in,t_out，整秒数或时间；或数据湖文件夹",
                "Stays (CSV, Parquet, or a folder of Parquet): person,place,t_in,t_out, whole seconds or timestamps; or a lake",
            ),
        ),
    ],
    index: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help=say(
                "指示病例：person,from,to（开始有传染性；隔离，可空）",
                "Index persons: person,from,to (infectious from; isolated at, may be empty)",
            ),
        ),
    ],
    tau: Annotated[float, typer.Option(help=say("最短接触时间，分钟", "Shortest contact, in minutes"))] = 15,
    rings: Annotated[int, typer.Option(min=1, max=20, help=say("追踪几圈", "How many rings"))] = 2,
    engine: Annotated[
        str,
        typer.Option(
            help=say(
                "计算引擎：native（内存索引）、duckdb（SQL，可大于内存）或 spark（集群）",
                "Engine: native (an index in memory), duckdb (SQL, may exceed memory) or spark (many machines)",
            )
        ),
    ] = "native",
    master: Annotated[
        str,
        typer.Option(
            envvar="FANGXIAN_SPARK_MASTER",
            help=say("Spark 的主节点：local[*] 为本机，或如 spark://主机:7077", "Spark's master: local[*] is this machine; or spark://host:7077"),
        ),
    ] = "local[*]",
    keep: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help=say(
                "把排好序的停留存于此文件夹：native 下次直接以它为停留记录；spark 下次同样给出即可，集群上须各机器都能读写",
                "Keep the sorted stays in this folder: give it to native as STAYS next time; to spark as --keep again, "
                "on a cluster one that all machines see",
            ),
        ),
    ] = None,
    cumulative: Annotated[
        bool,
        typer.Option("--cumulative", help=say("两人 24 小时内的接触累计达到时长即可", "Overlaps of two persons add up over 24 hours")),
    ] = False,
    companions: Annotated[
        bool,
        typer.Option(
            "--companions",
            help=say("时空伴随者：第一个文件为位置记录 person,t,lon,lat", "Companions; the first file: person,t,lon,lat"),
        ),
    ] = False,
    cell: Annotated[
        str, typer.Option(help=say("伴随网格：边长（米），或 h3:8", "Grid of companions: metres a side, or h3:8"))
    ] = "800",
    minutes: Annotated[float, typer.Option(help=say("伴随时长，分钟", "How long together, in minutes"))] = 10,
    hours: Annotated[
        float, typer.Option(help=say("任一方在该网格累计停留，小时；0 为不限", "Hours that either was in the cell; 0: any"))
    ] = 0,
    both: Annotated[
        bool, typer.Option("--both", help=say("累计停留时长须双方都达到", "Both must have been there for --hours, not either"))
    ] = False,
    backward: Annotated[
        bool,
        typer.Option(
            "--backward",
            help=say("溯源：from、to 为可能的感染时段；列出共同到过的场所", "Infected between from and to: places that cases share"),
        ),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help=say("逐次接触写入此文件（.parquet 或 .csv）", "Every contact to this file (.parquet or .csv)")),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help=say("所涉人员写入此文件（.parquet 或 .csv）", "Everybody reached to this file")),
    ] = None,
    common: ways.Common = False,
    travel: ways.Travel = False,
    rows: ways.Rows = None,
    category: ways.Category = None,
    proximity: ways.Proximity = False,
    distance: ways.Distance = None,
    staypoints: ways.Staypoints = None,
    assume: ways.Assume = None,
    closing: ways.Closing = None,
    skew: ways.Skew = None,
    explain: ways.Explain = False,
    cap: ways.Cap = None,
    notices: ways.Notices = None,
    rank: ways.Rank = None,
    venues: ways.Venues = None,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    _refuse(tau > 0, "--tau", "须大于 0", "must be more than 0")
    known = engines.ENGINES
    _refuse(engine in known, "--engine", f"只能是 {'、'.join(known)}", f"must be one of {', '.join(known)}")
    other = cumulative or companions or backward or cap is not None
    _refuse(engine == "native" or not other, "--engine", "只有 native 能这样算", "only native can do this")
    _refuse(cumulative + companions + backward < 2, "--backward", "一次只能选一种", "choose one of these at a time")
    _refuse(backward or not common, "--common-source", "须与 --backward 并用", "goes with --backward")
    _refuse(rows is None or rings == 1, "--rows", "须同时给 --rings 1", "needs --rings 1")
    _refuse(
        companions + travel + proximity + (staypoints is not None) < 2,
        "--travel",
        "一次只能读一种文件",
        "the file is of one kind only",
    )
    _refuse(
        cap is None or not (cumulative or companions or backward), "--cap", "不能与此并用", "does not go with these"
    )
    from fangxian.analytics import copresence

    with bar() as progress:
        task = progress.add_task(say("读取停留记录", "Reading the stays"), total=None)
        if companions:
            source = ways.of_cells(stays, cell)
        elif staypoints is not None:
            source = ways.of_staypoints(stays, staypoints, minutes, cell)
        elif travel:
            source = ways.of_trips(stays, rows, category)
        elif proximity:
            source = ways.of_proximity(stays, distance)
        else:
            source = ways.of_stays(stays, assume, closing, skew, explain=explain)
        file = source.file
        cases, wrong, strangers = file.index(index)
        progress.update(task, description=say("追踪", "Tracing"))
        told: dict[str, Any] = {"stays": file.rows, "index_without_stays": strangers} | source.told
        if backward:
            shared, met = ways.backward(file, cases, max(1, round(tau * 60)), common=common)
            _write(out, shared)
            _write(people, met)
            told |= {"places": len(shared), "people": len(met)}
        else:
            if companions:
                lines = copresence.companions(
                    file.stays(), cases, minutes=minutes, hours=hours or None, by="both" if both else "either"
                )
                found = copresence.Traced(lines.people(), lines)
            elif cap is not None:
                found, table, more = ways.notices(file, cases, cap, tau=max(1, round(tau * 60)), rings=rings)
                _write(notices, table)
                told |= more
            else:
                lined = out is not None or rank is not None or rows is not None

                def tell(ring: int, reached: int) -> None:
                    progress.update(
                        task, description=say(f"第 {ring} 圈：{reached} 人", f"Ring {ring}: {reached} people")
                    )

                found = engines.traced(
                    engine, file, cases, tau=max(1, round(tau * 60)), rings=rings, lines=lined,
                    within=DAY if cumulative else None, on_ring=tell, master=master, keep=keep,
                )  # fmt: skip
            found = source.kept(found)
            progress.update(task, description=say("写出", "Writing"))
            _write(out, source.lines(found.lines) if found.lines is not None else None)
            everybody = file.people(found.people)
            _write(people, ways.ranked(file, found, rank, everybody, index, venues) if rank else everybody)
            told |= _counted(found)
    _report(told, [*wrong, *file.faults], file.faulty + len({one.row for one in wrong}), as_json=as_json)


def _refuse(fine: bool, option: str, zh: str, en: str) -> None:
    if not fine:
        raise typer.BadParameter(say(zh, en), param_hint=option)


def _write(path: Path | None, table: Any) -> None:
    if path is not None and table is not None:
        from fangxian.analytics.copresence import tables

        tables.write(table, path)


def _counted(found: "Traced") -> dict[str, Any]:
    rings = {str(ring): int((found.people.ring == ring).sum()) for ring in sorted(set(found.people.ring.tolist()))}
    return {"people": len(found.people), "rings": rings, "lines": None if found.lines is None else len(found.lines)}


def _report(told: dict[str, Any], faults: "Sequence[Fault]", left_out: int, *, as_json: bool) -> None:
    if as_json:
        listed = [
            {
                "file": one.file, "row": one.row, "column": one.column,
                "reason": one.what.in_(language()), "remedy": one.remedy.in_(language()),
            }
            for one in faults
        ]  # fmt: skip
        print(json.dumps(told | {"left_out": left_out, "faults": listed}, ensure_ascii=False))
        return
    for one in faults[:SHOWN]:
        _say(
            f"{one.file} 第 {one.row} 行 {one.column}：{one.what.zh}。{one.remedy.zh}。",
            f"{one.file} row {one.row}, {one.column}: {one.what.en}. {one.remedy.en}.",
        )
    if left_out:
        _say(f"共 {told['stays']} 条，{left_out} 条未用。", f"{left_out} of {told['stays']} rows were left out.")
    if strangers := told["index_without_stays"]:
        _say(f"{strangers} 名指示病例没有停留记录。", f"{strangers} index persons have no stays.")
    for clock in told.get("clocks", []):
        _say(
            f"{clock['source']} 的时钟似乎快 {clock['ahead']} 秒（{clock['journeys']} 次往返）；如属实请用 --skew 校正。",
            f"The clock of {clock['source']} seems {clock['ahead']} s ahead ({clock['journeys']} journeys); if so, correct it with --skew.",
        )
    if "places" in told:
        _say(f"病例共同到过的场所：{told['places']} 处", f"Places that cases share: {told['places']}")
        return
    if told.get("notices"):
        _say(
            f"另有 {told['notices']} 条场所公告（{told['crowded_places']} 处人流超过上限），涉及 {told['noticed']} 人。",
            f"{told['notices']} venue notices besides ({told['crowded_places']} places above the cap), for {told['noticed']} people.",
        )
    for ring, number in told["rings"].items():
        _say(f"第 {ring} 圈：{number} 人", f"Ring {ring}: {number} people")
    if not told["rings"]:
        _say("没有找到接触者。", "Nobody was found.")


def _say(zh: str, en: str) -> None:
    console.print(say(zh, en), markup=False, highlight=False)
