"""`fangxian allocate`: people to trips and rooms, from a file into a file. Needs no installation."""

import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from types import FrameType
from typing import Annotated

import typer

from fangxian.cli.started import bar, console, language, say


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "分流转运：把人员分配到车次与房间，先求不逾时、再求路近；守住已作的承诺，说明缺什么",
            "Assign people to trips and rooms: lateness first, distance second; promises are kept, what is missing is named",
        )
    )(allocate)


def allocate(
    problem: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help=say("问题（JSON）：people、rooms、trips、sites、zones，可加 promises、floors",
                                                             "The problem (JSON): people, rooms, trips, sites, zones; promises, floors")),
    ],
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("方案写入此文件（JSON）", "The plan is written here (JSON)"))],
    seconds: Annotated[float, typer.Option(min=0.1, help=say("最多求解多少秒", "Seconds to search for at most"))] = 45.0,
    gap: Annotated[float, typer.Option(min=0, max=1, help=say("与下界相差不超过此值即停", "Stop when this close to the bound"))] = 0.01,
    explain: Annotated[str, typer.Option(help=say("说明此人为何如此安排", "Say why this person was assigned so"))] = "",
    as_json: Annotated[bool, typer.Option("--json", help=say("摘要以 JSON 输出", "Machine-readable summary on stdout"))] = False,
) -> None:  # fmt: skip
    from fangxian.analytics import allocation

    given, clock = allocation.read_problem(problem)
    if explain and explain not in {one.name for one in given.people}:
        raise typer.BadParameter(
            say(f"没有 {explain} 这个人", f"there is nobody called {explain}"), param_hint="--explain"
        )
    with bar() as progress, _stopped_by_hand() as stop:
        task = progress.add_task(
            say("分配（Ctrl-C：以目前最好的方案结束）", "Allocating (Ctrl-C: end with the best so far)"), total=100
        )
        done = allocation.plan(
            given, seconds=seconds, gap=gap, stop=stop,
            on_progress=lambda share: progress.update(task, completed=round(100 * share)),
        )  # fmt: skip
    whole = allocation.told(done, clock, language())
    out.write_text(json.dumps(whole, ensure_ascii=False, indent=1), encoding="utf-8")
    why = allocation.explain(given, done, explain).in_(language()) if explain else ""
    if as_json:
        short = {key: whole[key] for key in ("cost", "greedy", "objective", "bound", "gap", "seconds", "shortages")}
        print(json.dumps({"people": len(given.people), **short, **({"why": why} if why else {})}, ensure_ascii=False))
        return
    cost = done.cost
    console.print(
        say(f"{len(given.people)} 人：{len(done.assignments)} 人已安排，{cost.unplaced} 人没有位置；迟到合计 {cost.late:.1f} 小时，"
            f"{cost.kilometres:.0f} 人公里；离下界 {done.gap:.1%}，用时 {done.seconds:.1f} 秒。",
            f"{len(given.people)} people: {len(done.assignments)} assigned, {cost.unplaced} without a place;"
            f" {cost.late:.1f} hours late in all, {cost.kilometres:.0f} person-kilometres;"
            f" {done.gap:.1%} from the bound, {done.seconds:.1f} s."),
        highlight=False,
    )  # fmt: skip
    for shortage in done.shortages:
        since = clock.told(shortage.since)
        console.print(
            say(f"{shortage.text.zh}（自 {since} 起）", f"{shortage.text.en} (from {since})"),
            style="yellow", markup=False, highlight=False,
        )  # fmt: skip
    if why:
        console.print(why, markup=False, highlight=False)


@contextmanager
def _stopped_by_hand() -> Iterator[Callable[[], bool]]:
    """Whether somebody pressed Ctrl-C: once, to end with what there is; twice gives up."""
    asked = Event()

    def noted(_number: int, _frame: FrameType | None) -> None:
        asked.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, noted)
    try:
        yield asked.is_set
    finally:
        signal.signal(signal.SIGINT, before)
