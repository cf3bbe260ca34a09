"""`fangxian journal`: is it whole, and what is its signed head?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from fangxian.cli.started import bar, console, say, start

app = typer.Typer(no_args_is_help=True)


@app.command()
def verify(
    head: Annotated[Path | None, typer.Option(help="A signed head printed earlier by `journal head`")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable result")] = False,
) -> None:
    """Read the whole journal and find any entry that was altered, dropped, moved or cut off. Exits with 1 if there is one."""
    start()
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
        print(
            json.dumps(
                {"entries": entries, "faults": [{"seq": f.seq, "what": f.what} for f in faults]}, ensure_ascii=False
            )
        )
    elif not faults:
        console.print(say(f"日志完整：{entries} 条", f"The journal is whole: {entries} entries"), style="green")
    for fault in faults if not as_json else ():
        console.print(f"#{fault.seq}: {fault.what}", style="red", markup=False)
    raise typer.Exit(1 if faults else 0)


@app.command("head")
def print_head() -> None:
    """Print the signed head of the journal as JSON. Keep it elsewhere: with it a later rewrite of the journal is found."""
    start()
    from fangxian.core import journal

    print(json.dumps(journal.signed_head().as_dict(), indent=2))
