"""`fangxian import | export | replay`: line lists in, line lists out, and a real outbreak played through the platform."""

import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from fangxian.cli.started import bar, console, language, say, settle, start

Recipe = Annotated[
    Path, typer.Argument(help="A recipe: which columns of which files mean what (docs/capabilities/recipes.md)")
]
Data = Annotated[Path, typer.Option("--data", help="The folder in which the recipe's files are")]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable result on stdout")]


def add_to(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    app.command("import")(import_list)
    app.command()(export)
    app.command()(replay)


def import_list(
    recipe: Annotated[Path | None, typer.Argument(help="A recipe; leave it out with --resume")] = None,
    data: Data = Path(),
    outbreak: Annotated[str, typer.Option(help="Code of the outbreak; it may be left out if only one is open")] = "",
    resume: Annotated[str, typer.Option(help="Code of an import that was interrupted")] = "",
    as_json: AsJson = False,
) -> None:
    """Take a line list into an outbreak of this installation, row by row; what is not taken is listed with the remedy."""
    start()
    from fangxian.cases import queries
    from fangxian.core import jobs
    from fangxian.core.access import SYSTEM
    from fangxian.core.errors import Invalid
    from fangxian.standards.linelist import load_recipe
    from fangxian.tracing import importing

    if resume:
        job = jobs.by_code(SYSTEM, resume)
    elif recipe is None:
        raise typer.BadParameter(say("请给出方案", "name a recipe"), param_hint="RECIPE")
    else:
        if not outbreak:
            there = queries.outbreaks(SYSTEM, open_only=True)
            if len(there) != 1:
                codes = ", ".join(one.code for one in there) or "–"
                raise Invalid(say(f"请用 --outbreak 指明疫情：{codes}", f"Say which outbreak with --outbreak: {codes}"))
            outbreak = there[0].code
        job = importing.prepare(SYSTEM, load_recipe(recipe), recipe.read_text(encoding="utf-8"), data, outbreak)
    with bar() as progress:
        task = progress.add_task(say("导入", "Importing"), total=None)
        try:
            job = jobs.run(job.pk, lambda done, total: progress.update(task, completed=done, total=total or None))
        except KeyboardInterrupt:
            again = f"fangxian import --resume {job.code}"
            console.print(say(f"已停止，已导入的保留。继续：{again}", f"Stopped; what was taken stays. Go on: {again}"))
            raise typer.Exit(130) from None
    result = {"job": job.code, "state": job.state, **job.result, "error": job.error}
    listing = importing.rejections_file(job.code)
    if listing.exists():
        result["rejections"] = str(listing)
    if as_json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        for name, value in result.items():
            if value not in ("", None):
                console.print(f"{name}: {value}", markup=False, highlight=False)
    raise typer.Exit(0 if job.state == job.DONE else 1)


def export(
    out: Annotated[Path, typer.Argument(help="A file to write: .csv or .xlsx")],
    outbreak: Annotated[str, typer.Option(help="Only this outbreak")] = "",
    area: Annotated[str, typer.Option(help="Only this jurisdiction")] = "",
) -> None:
    """Write the line list, masked as on the screen, to a file that no spreadsheet will take for formulas."""
    start()
    from fangxian.cases import actions
    from fangxian.cases.schemas import Filter
    from fangxian.core.access import SYSTEM

    rows = actions.export(SYSTEM, Filter(outbreak=outbreak, area=area), out)
    console.print(say(f"{out}：{rows} 行", f"{out}: {rows} rows"), style="green")


def replay(
    recipe: Recipe,
    data: Data = Path(),
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Stop at the end of this day")] = None,
    as_json: AsJson = False,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the database in this folder, to look at with `fangxian serve`")
    ] = None,
) -> None:
    """Play a real outbreak through the platform, day by day on the virtual clock, in a database of its own."""
    from fangxian.standards.linelist import load_recipe

    loaded = load_recipe(recipe)
    with tempfile.TemporaryDirectory(prefix="fangxian-replay-") as scratch:
        home = keep or Path(scratch)
        if keep and (keep / "fangxian.sqlite3").exists():
            raise typer.BadParameter(
                say(f"{keep} 中已有数据库，请换一个文件夹", f"{keep} already has a database; name another folder"),
                param_hint="--keep",
            )
        settle(str(home), PACKS=loaded.pack, TIME_ZONE=str(loaded.time_zone))
        start()
        from fangxian.command.replay import replay as play
        from fangxian.core import clock
        from fangxian.site.installing import install

        install()
        with bar() as progress:
            task = progress.add_task(loaded.title.within(language()), total=None)
            result = play(
                loaded,
                data,
                until=as_of.date() if as_of else None,
                today=clock.today(),
                on_progress=lambda what, done, total: progress.update(
                    task, description=what, completed=done, total=total
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
    chains, serial = result["chains"], result["serial_interval"]
    facts.add_row(say("传播链", "chains"), say(
        f"{chains['count']} 条，最大 {chains['largest']} 例，最深 {chains['depth']} 代",
        f"{chains['count']}, the largest of {chains['largest']} cases, the deepest of {chains['depth']} generations",
    ))  # fmt: skip
    if serial["n"]:
        facts.add_row(say("代际间隔", "serial interval"), say(
            f"平均 {serial['mean']:.2f} 天（标准差 {serial['sd']:.2f}，n={serial['n']}）",
            f"mean {serial['mean']:.2f} d (sd {serial['sd']:.2f}, n={serial['n']})",
        ))  # fmt: skip
    console.print(facts)
    duties = Table(title=say("任务", "Duties"))
    for name in (
        say("类别", "kind"),
        say("开启", "opened"),
        say("完成", "done"),
        say("逾期", "late"),
        say("未结", "open"),
    ):
        duties.add_column(name, justify="left" if name in ("kind", "类别") else "right")
    for kind, row in sorted(result["duties"].items()):
        duties.add_row(kind, *(f"{row[key]:,}" for key in ("opened", "done", "late", "open")))
    console.print(duties)
    rejected = result["rejected_rows"]
    if rejected:
        console.print(
            say(f"未接收或已更正：{len(rejected)} 处", f"Not taken, or corrected: {len(rejected)}"), style="yellow"
        )
        for one in rejected[:10]:
            console.print(
                f"  {one['file']}:{one['row']} {one['column']}: {one['reason']}", markup=False, highlight=False
            )
        if len(rejected) > 10:
            console.print(say("  …（--json 可见全部）", "  … (--json lists them all)"))
