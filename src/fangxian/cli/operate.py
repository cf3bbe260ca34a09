"""Running an installation: install, serve, work, sweep, doctor."""

import json
import time
from typing import Annotated

import typer

from fangxian.cli.started import console, say, start

Port = Annotated[int, typer.Option(help="Port on the loopback interface; 0 picks a free one")]


def add_to(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    for command in (install, serve, work, sweep, doctor):
        app.command()(command)


def install() -> None:
    """Make or bring up to date the database of this installation."""
    start()
    from fangxian.site.installing import install as make

    make()
    console.print(say("数据库已就绪", "The database is ready"), style="green")


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
