"""`fangxian import | export | replay`: line lists in, line lists out, and a real outbreak played through the platform."""

import json
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.started import bar, console, language, say, settle, start

if TYPE_CHECKING:
    from fangxian.core.jobs import Job

_RECIPE = say(
    "方案：哪个文件的哪一列是什么（docs/capabilities/recipes.zh-CN.md）",
    "A recipe: which columns of which files mean what (docs/capabilities/recipes.md)",
)
Data = Annotated[
    Path,
    typer.Option(
        "--data", exists=True, file_okay=False, help=say("方案所用文件所在的文件夹", "The folder in which the recipe's files are")
    ),
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]
#: How many of the rows that were left out are shown on a screen.
SHOWN = 10


def add_to(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    app.command(
        "import",
        help=say(
            "把病例一览表逐行导入本安装的一起疫情；未接收的逐行列出并说明如何更正",
            "Take a line list into an outbreak of this installation, row by row; what is not taken is listed with the remedy",
        ),
    )(import_list)
    app.command(
        "outlines",
        help=say(
            "导入区划与场所的轮廓（GeoJSON）；有一处错误就整个不写入，逐处说明",
            "Take outlines of divisions and places (GeoJSON); with any fault nothing is written, and each is told",
        ),
    )(import_outlines)
    app.command(
        help=say(
            "导出病例一览表（与屏幕上一样脱敏），表格软件不会把其中内容当作公式",
            "Write the line list, masked as on the screen, to a file that no spreadsheet will take for formulas",
        )
    )(export)
    app.command(
        help=say(
            "复盘：把一起真实疫情在虚拟时钟上逐日重演，使用单独的数据库",
            "Play a real outbreak through the platform, day by day on the virtual clock, in a database of its own",
        )
    )(replay)


def import_outlines(
    file: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False,
            help=say(
                "GeoJSON（FeatureCollection，WGS 84）；每个要素的属性 code 为区划或场所的代码",
                "GeoJSON (a FeatureCollection, WGS 84); the property `code` of each feature names a division or a place",
            ),
        ),
    ],
    as_json: AsJson = False,
) -> None:  # fmt: skip
    start()
    from fangxian.core.access import SYSTEM
    from fangxian.registry import actions

    done = actions.import_outlines(SYSTEM, file)
    tongue = language()
    if as_json:
        told = [{"where": one.where.text.in_(tongue), "message": one.text.in_(tongue)} for one in done.faults]
        counts = {"divisions": done.divisions, "places": done.places, "unchanged": done.unchanged}
        print(json.dumps({**counts, "faults": told}, ensure_ascii=False))
    elif done.faults:
        for one in done.faults[:SHOWN]:
            console.print(one.text.in_(tongue), style="red", markup=False, highlight=False, soft_wrap=True)
        if len(done.faults) > SHOWN:
            console.print(say(f"…共 {len(done.faults)} 处", f"… {len(done.faults)} in all"))
        console.print(say("没有写入任何内容。", "Nothing was written."))
    else:
        console.print(
            say(
                f"轮廓：区划 {done.divisions}，场所 {done.places}，未变 {done.unchanged}",
                f"Outlines: {done.divisions} divisions, {done.places} places, {done.unchanged} unchanged",
            ),
            style="green",
        )
    raise typer.Exit(1 if done.faults else 0)


def import_list(
    recipe: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help=_RECIPE + say("；用 --resume 时不写", "; leave it out with --resume")),
    ] = None,
    data: Data = Path(),
    outbreak: Annotated[
        str,
        typer.Option(help=say("疫情的代码；只有一起未结束的疫情时可不写", "Code of the outbreak; it may be left out if only one is open")),
    ] = "",
    trips: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False,
            help=say(
                "乘坐记录（航班、火车、客车的旅客名单，CSV 或 XLSX）：按列名识别，不需要方案",
                "A passenger list of a flight, train or coach (CSV or XLSX): its columns are known by their names, without a recipe",
            ),
        ),
    ] = None,
    resume: Annotated[
        str, typer.Option(help=say("被中断的导入的代码，从停下处继续", "Code of an import that was interrupted: go on where it was"))
    ] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    if sum(map(bool, (recipe, trips, resume))) != 1:
        raise typer.BadParameter(
            say(
                "请给出方案，或用 --trips 给出乘坐记录，或用 --resume 继续一次导入",
                "name a recipe, or a passenger list with --trips, or an import with --resume",
            ),
            param_hint="RECIPE",
        )
    if trips and len({one.parent.resolve() for one in trips}) > 1:
        raise typer.BadParameter(say("请把名单放在同一个文件夹", "put the lists into one folder"), param_hint="--trips")
    start()
    from fangxian.core import jobs
    from fangxian.core.access import SYSTEM
    from fangxian.tracing import importing

    if recipe is not None:
        job = _prepared(recipe, data, outbreak)
    elif trips:
        job = _boarding(trips, outbreak)
    else:
        job = importing.of_code(SYSTEM, resume)
    with bar() as progress:
        task = progress.add_task(say("导入", "Importing"), total=None)
        try:
            job = jobs.run(
                job.pk,
                lambda done, total: progress.update(task, completed=done, total=total or None),
                resume=bool(resume),
            )
        except KeyboardInterrupt:
            again = f"fangxian import --resume {job.code}"
            console.print(say(f"已停止，已导入的保留。继续：{again}", f"Stopped; what was taken stays. Go on: {again}"))
            raise typer.Exit(130) from None
    listing = importing.rejections_file(job.code)
    result = {"job": job.code, "state": job.state, **job.result, "error": job.error}
    result["rejections"] = str(listing) if listing.exists() else ""
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _report(result)
    raise typer.Exit(0 if job.state == job.DONE else 1)


def _prepared(recipe: Path, data: Path, outbreak: str) -> "Job":
    from fangxian.core.access import SYSTEM
    from fangxian.standards.linelist import load_recipe
    from fangxian.tracing import importing

    loaded = load_recipe(recipe)
    return importing.prepare(SYSTEM, loaded, recipe.read_text(encoding="utf-8-sig"), data, _outbreak(outbreak))


def _boarding(trips: list[Path], outbreak: str) -> "Job":
    """An import of passenger lists by the recipe that their headings make."""
    from fangxian.cases import queries
    from fangxian.core.access import SYSTEM
    from fangxian.standards.linelist import dump, guess, parse_recipe
    from fangxian.standards.tables import open_table
    from fangxian.tracing import importing

    of = queries.outbreak(SYSTEM, _outbreak(outbreak))
    text = dump(guess([open_table(one) for one in trips], title=trips[0].name, pack=of.pack, kind="trips").recipe)
    return importing.prepare(SYSTEM, parse_recipe(text, "--trips"), text, trips[0].parent, of.code)


def _outbreak(outbreak: str) -> str:
    """The outbreak that is named, or the only one that is open."""
    from fangxian.cases import queries
    from fangxian.core.access import SYSTEM
    from fangxian.core.errors import Invalid

    if not outbreak:
        there = queries.outbreaks(SYSTEM, open_only=True)
        if len(there) != 1:
            codes = "; ".join(f"{one.code} {one.name}" for one in there) or say("一起也没有", "there is none")
            raise Invalid(
                say(f"请用 --outbreak 指明疫情（{codes}）。", f"Say which outbreak with --outbreak ({codes}).")
            )
        outbreak = there[0].code
    return outbreak


def _report(result: dict[str, Any]) -> None:
    """What came of an import, as a person reads it."""
    states = {
        "done": say("导入完成", "Imported"), "stopped": say("已停止", "Stopped"), "failed": say("导入失败", "The import failed"),
    }  # fmt: skip
    console.print(states[result["state"]], style="green" if result["state"] == "done" else "red")
    words = {
        "cases": say("病例", "cases"), "links": say("接触关系", "links"), "stops": say("轨迹点", "stops"),
        "trips": say("乘坐记录", "journeys"), "rejected": say("未接收或已更正", "not taken, or corrected"),
    }  # fmt: skip
    for name, word in words.items():
        if result.get(name):
            console.print(f"  {word}: {result[name]:,}", highlight=False)
    if result["rejections"]:
        console.print(
            say("逐行说明：", "Row by row: ") + result["rejections"], style="yellow", markup=False, soft_wrap=True
        )
    if result["error"]:
        console.print(result["error"], markup=False, highlight=False)
    if result["state"] != "done":
        console.print(say("继续：", "Go on: ") + f"fangxian import --resume {result['job']}", markup=False)


def export(
    out: Annotated[Path, typer.Argument(dir_okay=False, help=say("要写的文件：.csv 或 .xlsx", "A file to write: .csv or .xlsx"))],
    outbreak: Annotated[str, typer.Option(help=say("只要这起疫情", "Only this outbreak"))] = "",
    area: Annotated[str, typer.Option(help=say("只要这个辖区", "Only this jurisdiction"))] = "",
) -> None:  # fmt: skip
    start()
    from fangxian.cases import actions
    from fangxian.cases.schemas import Filter
    from fangxian.core.access import SYSTEM

    rows = actions.export(SYSTEM, Filter(outbreak=outbreak, area=area), out)
    console.print(say(f"{out}：{rows} 行", f"{out}: {rows} rows"), style="green")


def replay(
    recipe: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=_RECIPE)],
    data: Data = Path(),
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help=say("演到这一天结束为止，如 2015-06-01", "Stop at the end of this day, such as 2015-06-01")
        ),
    ] = None,
    as_json: AsJson = False,
    keep: Annotated[
        Path | None,
        typer.Option(
            file_okay=False,
            help=say(
                "把数据库留在这个文件夹，以便用 fangxian serve 查看",
                "Keep the database in this folder, to look at with `fangxian serve`",
            ),
        ),
    ] = None,
) -> None:  # fmt: skip
    from fangxian.standards.linelist import load_recipe

    loaded = load_recipe(recipe)
    with tempfile.TemporaryDirectory(prefix="fangxian-replay-") as scratch:
        if keep and (keep / "fangxian.sqlite3").exists():
            raise typer.BadParameter(
                say(f"{keep} 中已有数据库，请换一个文件夹", f"{keep} already has a database; name another folder"),
                param_hint="--keep",
            )
        settle(keep or Path(scratch), keep=keep is not None, PACKS=loaded.pack, TIME_ZONE=str(loaded.time_zone))
        start("nothing")
        from fangxian.command.replay import replay as play
        from fangxian.core import clock
        from fangxian.site.installing import install

        today = clock.today()
        with clock.at(clock.local_midnight(date(1800, 1, 1))):  # before whatever a list may tell of
            install()
        with bar() as progress:
            task = progress.add_task(loaded.title.in_(language()), total=None)
            result = play(
                loaded,
                data,
                until=as_of.date() if as_of else None,
                today=today,
                on_progress=lambda what, done, total: progress.update(
                    task, description=what, completed=done, total=total or None
                ),
            )
        if as_json:
            print(json.dumps(result.as_dict(), ensure_ascii=False, default=str))
        else:
            show(result.as_dict())


def show(result: dict[str, Any]) -> None:
    """The result of a replay as a person reads it."""
    from rich.table import Table

    words = {
        "cases": say("病例", "cases"), "contacts": say("接触者", "contacts"), "exposures": say("暴露", "exposures"),
        "coverage_gaps": say("缺任务的对象", "subjects without a duty"), "double_zero_days": say("双零天数", "double-zero days"),
        "max_out_degree": say("最多续发", "most secondary cases of one"),
    }  # fmt: skip
    facts = Table(show_header=False, box=None)
    for key, word in words.items():
        facts.add_row(word, str(result[key]))
    zones = result["zones"]
    facts.add_row(say("风险区", "zones"), say(
        f"提出 {zones['proposed']} 个，解除 {zones['lifted']} 个", f"{zones['proposed']} proposed, {zones['lifted']} lifted"
    ))  # fmt: skip
    chains, serial = result["chains"], result["serial_interval"]
    facts.add_row(say("传播链", "chains"), say(
        f"{chains['count']} 条，最大 {chains['largest']} 例，最深 {chains['depth']} 代",
        f"{chains['count']}, the largest of {chains['largest']} cases, the deepest of {chains['depth']} generations",
    ))  # fmt: skip
    if serial["n"]:
        spread = f"{serial['sd']:.2f}" if serial["sd"] is not None else "–"
        facts.add_row(say("代际间隔", "serial interval"), say(
            f"平均 {serial['mean']:.2f} 天（标准差 {spread}，n={serial['n']}）",
            f"mean {serial['mean']:.2f} d (sd {spread}, n={serial['n']})",
        ))  # fmt: skip
    for one in result["seven_one_seven"]["intervals"]:
        if one["days"] is not None:
            facts.add_row(
                one["name"][language()[:2]],
                say(f"{one['days']} 天（目标 {one['target_days']} 天）", f"{one['days']} d (target {one['target_days']} d)"),
            )  # fmt: skip
    console.print(facts, soft_wrap=False)
    duties = Table(title=say("任务", "Duties"))
    duties.add_column(say("类别", "kind"))
    for name in (say("开启", "opened"), say("完成", "done"), say("逾期", "late"), say("未结", "open")):
        duties.add_column(name, justify="right")
    for kind, row in sorted(result["duties"].items()):
        duties.add_row(kind, *(f"{row[key]:,}" for key in ("opened", "done", "late", "open")))
    console.print(duties, soft_wrap=False)
    rejected = result["rejected_rows"]
    if rejected:
        console.print(
            say(f"未接收或已更正：{len(rejected)} 处", f"Not taken, or corrected: {len(rejected)}"), style="yellow"
        )
        for one in rejected[:SHOWN]:
            console.print(
                f"  {one['file']}:{one['row']} {one['column']}: {one['reason']}", markup=False, highlight=False
            )
        if len(rejected) > SHOWN:
            console.print(say("  …（--json 可见全部）", "  … (--json lists them all)"))
