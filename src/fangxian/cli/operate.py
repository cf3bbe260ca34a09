"""Running an installation: install, serve, work, sweep, doctor."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fangxian.cli.started import bar, console, say, settle, start

Port = Annotated[int, typer.Option(help="Port on the loopback interface; 0 picks a free one")]


def add_to(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    for command in (install, demo, serve, work, sweep, doctor):
        app.command()(command)


def install() -> None:
    """Make or bring up to date the database of this installation."""
    start()
    from fangxian.site.installing import install as make

    make()
    console.print(say("数据库已就绪", "The database is ready"), style="green")


def demo(
    port: Port = 8000,
    home: Annotated[Path, typer.Option(help="The folder of its database and keys")] = Path("var/demo"),
    serve: Annotated[bool, typer.Option(help="Serve it when it is built")] = True,
) -> None:
    """Show the product: a fictional city with an outbreak in progress, in a home of its own (var/demo), with an account per role."""
    settle(str(home), DEMO="1", PACKS="covid-19-cn-9,unknown-pneumonia,mers-who,measles")
    start()
    from fangxian.command import city
    from fangxian.command import demo as story
    from fangxian.site.installing import install as make
    from fangxian.site.serving import free_port
    from fangxian.site.serving import serve as run

    make()
    if not story.is_built():
        with bar() as progress:
            task = progress.add_task(
                say("正在生成虚构的汐州市", "Building the fictional city of Xizhou"), total=story.DAYS
            )
            story.build(lambda done, total: progress.update(task, completed=done, total=total))
    port = free_port("127.0.0.1", port)
    console.rule("Fangxian 防线")
    console.print(f"http://127.0.0.1:{port}/", style="bold cyan")
    table = Table(box=None)
    for name in (say("账号", "account"), say("密码", "password"), say("可以看到", "to see")):
        table.add_column(name)
    for one in city.ACCOUNTS:
        table.add_row(one.login, city.PASSWORD, say(one.zh, one.en))
    console.print(table)
    console.print(say("按 Ctrl-C 结束。数据均为虚构。", "Ctrl-C ends it. All data are fictional."), style="dim")
    if serve:
        run("127.0.0.1", port)


def serve(host: str = "127.0.0.1", port: Port = 8000, workers: int = 1) -> None:
    """Serve the pages and the API, with granian, on the loopback interface unless told otherwise."""
    start()
    from fangxian.site.installing import install as make
    from fangxian.site.serving import serve as run

    make()
    run(host, port, workers)


def work(once: Annotated[bool, typer.Option(help="Do what is waiting, then end")] = False) -> None:
    """Do what waits: hand on events, run jobs, and sweep for late steps every minute. Any number may run beside each other."""
    start()
    from fangxian.site.working import work_once

    while True:
        busy = work_once()
        if once:
            return
        if not busy:
            time.sleep(1)


def sweep() -> None:
    """Sweep once, now: escalate late steps, release whoever may go, fold the coverage counts."""
    start()
    from dataclasses import asdict

    from fangxian.duties.sweep import sweep as run

    print(json.dumps(asdict(run())))


def doctor(
    deep: Annotated[bool, typer.Option(help="Also rebuild every duty from the journal and recount coverage")] = False,
    as_json: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Look at the installation: database, keys, clock, disk, worker, stuck events, gaps. Exits with 1 if something is wrong."""
    start()
    from fangxian.site.checking import examine

    findings = list(examine(deep=deep))
    if as_json:
        print(json.dumps([finding.as_dict() for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            mark, style = ("✓", "green") if finding.good else ("✗", "red")
            console.print(f"{mark} {finding.what}", style=style, markup=False, highlight=False)
            if finding.remedy and not finding.good:
                console.print(f"  → {finding.remedy}", markup=False, highlight=False)
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)
