"""`fangxian`: the command line. A group of commands per stage; Django is started only by those that need the database."""

import sys
from typing import Any

import typer
from rich.console import Console
from typer import rich_utils
from typer.core import TyperGroup

from fangxian.cli import (
    account,
    allocate,
    calibrate,
    decide,
    detect,
    estimate,
    fuse,
    importation,
    journal,
    lab,
    lake,
    lists,
    operate,
    pools,
    population,
    protocols,
    scan,
    series,
    simulate,
    situation,
    territory,
    trace,
)
from fangxian.cli.faults import told
from fangxian.cli.started import say


class House(TyperGroup):
    """The group of all commands. A refusal is printed in red with what to do and exits with 1 (2: not understood)."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except Exception as fault:
            if (words := told(fault)) is None:
                raise
            Console(stderr=True).print(words, style="red", markup=False, highlight=False, soft_wrap=True)
            code = getattr(fault, "exit_code", 1)
        sys.exit(code if isinstance(code, int) else 0)


# The frame of every help page, in the user's language like the rest of it.
rich_utils.ARGUMENTS_PANEL_TITLE = say("参数", "Arguments")
rich_utils.OPTIONS_PANEL_TITLE = say("选项", "Options")
rich_utils.COMMANDS_PANEL_TITLE = say("命令", "Commands")

app = typer.Typer(
    cls=House, no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_show_locals=False,
    help=say("防线：开放的疫情防控平台", "Fangxian 防线: an open outbreak-control platform"),
)  # fmt: skip
app.add_typer(
    protocols.app,
    name="protocols",
    help=say("规程包：列表、查看、检查、比较", "Protocol packs: list, show, check, compare"),
)
app.add_typer(
    journal.app, name="journal", help=say("操作日志：核对、签名头", "The append-only journal: verify it, sign its head")
)
app.add_typer(
    estimate.app,
    name="estimate",
    help=say(
        "疫情形势：再生数、现时预测、延迟、短期预测",
        "How the outbreak goes: reproduction numbers, nowcast, delays, forecast",
    ),
)
importation.add_to(estimate.app)
app.add_typer(
    series.app,
    name="series",
    help=say("监测序列：导出", "The series of surveillance: export them"),
)
app.add_typer(
    lake.app,
    name="lake",
    help=say("停留数据湖：收入、状态、核对、整理、删除", "The lake of stays: take in, status, verify, compact, drop"),
)
app.add_typer(
    lab.app,
    name="lab",
    help=say("实验室：收检验结果", "Laboratories: take their results"),
)
app.add_typer(
    pools.app,
    name="pools",
    help=say("混检：选方案、由混检结果推断感染者", "Pooled testing: choose a design, tell the carriers from the pools"),
)
app.add_typer(
    population.app,
    name="population",
    help=say("合成人口：生成城市文件与停留记录", "Synthetic cities: a file, and the stays of its people"),
)
operate.add_to(app)
allocate.add_to(app)
account.add_to(app)
territory.add_to(app)
lists.add_to(app)
situation.add_to(app)
trace.add_to(app)
detect.add_to(app)
scan.add_to(app)
simulate.add_to(app)
decide.add_to(app)
calibrate.add_to(app)
fuse.add_to(app)


def main() -> None:
    """Run a command."""
    app()
