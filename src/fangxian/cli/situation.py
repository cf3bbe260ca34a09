"""`fangxian sitrep`: the daily report as a file."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fangxian.cli.started import console, say, start

FORMS = ("pdf", "docx", "html")


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "疫情日报：取某日的日报（没有就按当日数据起草），写成 PDF、Word 或 HTML",
            "The daily situation report: take that of a day (drafted from its figures if there is none), written as PDF, Word or HTML",
        )
    )(sitrep)


def sitrep(
    date: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help=say("哪一天，如 2026-03-04", "Which day, such as 2026-03-04"))
    ],
    out: Annotated[
        Path, typer.Option(dir_okay=False, help=say("要写的文件：.pdf、.docx 或 .html", "A file to write: .pdf, .docx or .html"))
    ],
    lang: Annotated[str, typer.Option(help=say("日报的语言：zh 或 en", "The language of the report: zh or en"))] = "zh",
    area: Annotated[
        str, typer.Option(help=say("辖区代码；不写为疫情所在辖区", "Division code; that of the outbreak if left out"))
    ] = "",
    outbreak: Annotated[
        str,
        typer.Option(help=say("疫情的代码；只有一起未结束的疫情时可不写", "Code of the outbreak; it may be left out if only one is open")),
    ] = "",
) -> None:  # fmt: skip
    form = out.suffix.removeprefix(".").lower()
    if form not in FORMS:
        raise typer.BadParameter(
            say("文件名要以 .pdf、.docx 或 .html 结尾", "the name must end in .pdf, .docx or .html"), param_hint="--out"
        )
    if lang not in ("zh", "en"):
        raise typer.BadParameter(say("请写 zh 或 en", "write zh or en"), param_hint="--lang")
    start()
    from fangxian.cases import queries as cases
    from fangxian.command.situation import actions, files
    from fangxian.core.access import SYSTEM
    from fangxian.core.errors import Invalid

    there = cases.outbreaks(SYSTEM, open_only=True) if not outbreak else [cases.outbreak(SYSTEM, outbreak)]
    if len(there) != 1:
        codes = "; ".join(f"{one.code} {one.name}" for one in there) or say("一起也没有", "there is none")
        raise Invalid(say(f"请用 --outbreak 指明疫情（{codes}）。", f"Say which outbreak with --outbreak ({codes})."))
    row = actions.draft(SYSTEM, there[0].code, area or there[0].area, date.date())
    made = files.produce(SYSTEM, row.code, lang, form)
    out.write_bytes(made)
    signed = (
        say(f"已由{row.signed_name}签发", f"signed by {row.signed_name}") if row.signed_at else say("草稿", "a draft")
    )
    console.print(
        say(
            f"{out}：{row.day} 第{row.version}版，{signed}，{len(made):,} 字节",
            f"{out}: {row.day}, version {row.version}, {signed}, {len(made):,} bytes",
        ),
        style="green", highlight=False, soft_wrap=True,
    )  # fmt: skip
