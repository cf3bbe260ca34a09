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
    app.command()(replay)


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
