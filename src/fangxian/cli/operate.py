"""Running an installation: install, demo, serve, work, sweep, doctor."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from fangxian.cli.started import bar, console, say, settle, start

Port = Annotated[
    int, typer.Option(min=0, max=65535, help=say("回环接口上的端口；0 为任选", "Port on the loopback interface; 0 picks a free one"))
]  # fmt: skip
AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]


def add_to(app: typer.Typer) -> None:
    """Put these commands at the top level."""
    app.command(
        help=say("新建数据库，或将其更新到本版本", "Make the database of this installation, or bring it up to date")
    )(install)
    app.command(
        help=say(
            "演示：一座虚构城市正在处置疫情，数据单独存放（var/demo），每种角色一个账号",
            "Show the product: a fictional city with an outbreak in progress, in a home of its own, with an account per role",
        )
    )(demo)
    app.command(
        help=say(
            "用 granian 提供页面和接口；除非另行指定，只在回环接口上",
            "Serve the pages and the API, with granian, on the loopback interface unless told otherwise",
        )
    )(serve)
    app.command(
        help=say(
            "处理等候的事：递送事件、执行后台任务、每分钟检查逾期；可同时运行多个",
            "Do what waits: hand on events, run jobs, sweep for late steps every minute. Any number may run beside each other",
        )
    )(work)
    app.command(
        help=say(
            "立即检查一次：逾期上报、到期解除、汇总覆盖率",
            "Sweep once, now: escalate late steps, release whoever may go, fold the coverage counts",
        )
    )(sweep)
    app.command(
        help=say(
            "检查本安装：数据库、密钥、时钟、磁盘、规程、积压、缺漏。有问题时以 1 退出",
            "Look at the installation: database, keys, clock, disk, protocols, backlog, gaps. Exits with 1 if something is wrong",
        )
    )(doctor)


def install() -> None:
    start("nothing")
    from fangxian.site.installing import install as make

    make()
    console.print(say("数据库已就绪", "The database is ready"), style="green")


def demo(
    port: Port = 8000,
    home: Annotated[
        Path, typer.Option(file_okay=False, help=say("存放数据库和密钥的文件夹", "The folder of its database and keys"))
    ] = Path("var/demo"),
    serve: Annotated[bool, typer.Option(help=say("生成后启动服务", "Serve it when it is built"))] = True,
) -> None:
    settle(home, DEMO="1", PACKS="covid-19-cn-9,unknown-pneumonia,mers-who,measles")
    start("nothing")
    from fangxian.command import city
    from fangxian.command import demo as story
    from fangxian.site.installing import install as make
    from fangxian.site.serving import free_port
    from fangxian.site.serving import serve as run

    make()
    if not story.is_built():
        with bar() as progress:
            task = progress.add_task(
                say("正在生成虚构的汐州市", "Building the fictional city of Xizhou"), total=story.PIECES
            )
            story.build(lambda done, total: progress.update(task, completed=done, total=total))
    port = free_port("127.0.0.1", port)
    console.rule("Fangxian 防线")
    if serve:
        console.print(f"http://127.0.0.1:{port}/", style="bold cyan")
    table = Table(box=None)
    for name in (say("账号", "account"), say("密码", "password"), say("可以看到", "to see")):
        table.add_column(name)
    for one in city.ACCOUNTS:
        table.add_row(one.login, city.PASSWORD, say(one.zh, one.en))
    console.print(table, soft_wrap=False)
    if serve:
        console.print(say("按 Ctrl-C 结束。数据均为虚构。", "Ctrl-C ends it. All data are fictional."), style="dim")
        run("127.0.0.1", port)


def serve(
    host: Annotated[str, typer.Option(help=say("监听的地址", "The address to listen on"))] = "127.0.0.1",
    port: Port = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help=say("进程数", "Number of processes"))] = 1,
) -> None:
    start()
    from fangxian.site.serving import claim
    from fangxian.site.serving import serve as run

    port = claim(host, port)
    console.print(f"http://{host}:{port}/", style="bold cyan")
    run(host, port, workers)


def work(
    once: Annotated[bool, typer.Option(help=say("处理完等候的事就结束", "Do what is waiting, then end"))] = False,
) -> None:
    start()
    from fangxian.site.working import work_once

    while (busy := work_once()) or not once:
        if not busy:
            time.sleep(1)


def sweep() -> None:
    start()
    from fangxian.duties.sweep import sweep as run

    print(json.dumps(asdict(run())))


def doctor(
    deep: Annotated[
        bool,
        typer.Option(
            help=say(
                "另外核对日志、由日志重建所有任务、重数覆盖率",
                "Also verify the journal, rebuild every duty from it, and recount coverage",
            )
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    start("database")
    from fangxian.site.checking import examine

    findings = []
    for finding in examine(deep=deep):
        findings.append(finding)
        if not as_json:
            mark, style = ("✓", "green") if finding.good else ("✗", "red")
            console.print(f"{mark} {finding.what}", style=style, markup=False, highlight=False, soft_wrap=True)
            if finding.remedy and not finding.good:
                console.print(f"  → {finding.remedy}", markup=False, highlight=False, soft_wrap=True)
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    raise typer.Exit(0 if all(finding.good for finding in findings) else 1)
