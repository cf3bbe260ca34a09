"""`fangxian journal`: is it whole, and what is its signed head?"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fangxian.cli.started import bar, console, say, start

app = typer.Typer(no_args_is_help=True)


@app.command(
    help=say(
        "通读操作日志，找出被改动、删去、移动或截断的条目。有则以 1 退出",
        "Read the whole journal and find any entry that was altered, dropped, moved or cut off. Exits with 1 if there is one",
    )
)
def verify(
    head: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help=say("以前由 journal head 输出的签名头", "A signed head printed earlier by `journal head`")
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))
    ] = False,
) -> None:  # fmt: skip
    start("database")
    from fangxian.core import journal
    from fangxian.core.errors import Invalid

    given = None
    if head is not None:
        try:
            given = journal.SignedHead(**json.loads(head.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise Invalid(say(f"{head}：不是签名头（{error}）", f"{head}: not a signed head ({error})")) from error
    faults, entries = [], 0
    with bar() as progress:
        task = progress.add_task(say("核对日志", "Verifying the journal"), total=None)
        for found in journal.verify(given):
            if isinstance(found, journal.Fault):
                faults.append(found)
            else:
                entries = found
                progress.update(task, completed=found)
    if as_json:
        print(json.dumps({"entries": entries, "faults": [asdict(fault) for fault in faults]}, ensure_ascii=False))
    elif not faults:
        console.print(say(f"日志完整：{entries} 条", f"The journal is whole: {entries} entries"), style="green")
    for fault in faults if not as_json else ():
        console.print(f"#{fault.seq}: {fault.what}", style="red", markup=False, highlight=False)
    raise typer.Exit(1 if faults else 0)


@app.command(
    "head",
    help=say(
        "以 JSON 输出日志的签名头。请另处保存：日志日后若被整体改写，凭它可以发现",
        "Print the signed head of the journal as JSON. Keep it elsewhere: with it a later rewrite of the journal is found",
    ),
)
def print_head() -> None:
    start()
    from fangxian.core import journal

    print(json.dumps(journal.signed_head().as_dict(), indent=2))
