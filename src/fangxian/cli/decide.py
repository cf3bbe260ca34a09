"""`fangxian decide`: the frontier of effect against cost for a question, and a brief about it. Needs no installation."""

import csv
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.keeping import kept, line
from fangxian.cli.started import bar, console, language, say, start

if TYPE_CHECKING:
    from fangxian.analytics.deciding import Answer, Kept, Progress, Question

KEPT = "runs.jsonl"


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "辅助决策：在措施的各种组合中找出以最小代价取得最大效果的方案，给出前沿、建议与两页简报；可中断后继续",
            "Decide: which policies buy most for least, as a frontier, a recommendation and a two-page brief; may be stopped and resumed",
        )
    )(decide)


def decide(
    question: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help=say("决策问题（YAML）", "The question (YAML)"))
    ],
    out: Annotated[
        Path,
        typer.Option(
            file_okay=False,
            help=say(
                "结果写入此文件夹：frontier.csv、answer.json、frontier.svg、简报",
                "Results in this folder: frontier.csv, answer.json, frontier.svg, briefs",
            ),
        ),
    ],
    threads: Annotated[int, typer.Option(min=1, help=say("同时推演几次", "How many runs at once"))] = 2,
    full: Annotated[bool, typer.Option("--full", help=say("不淘汰，推演全部方案", "Drop no policy on the way"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    from fangxian.analytics import deciding
    from fangxian.analytics.deciding import wording

    asked = deciding.read(question)
    out.mkdir(parents=True, exist_ok=True)
    done = [deciding.Kept(**one) for one in kept(out / KEPT, asked.digest)]
    with bar() as progress, (out / KEPT).open("a", encoding="utf-8") as file:
        task = progress.add_task(say("建立城市", "Building the city"), total=None)

        def on_runs(runs: "Sequence[Kept]", at: "Progress") -> None:
            file.writelines(line(asked.digest, one._asdict()) for one in runs)
            file.flush()
            words = say(f"推演，剩 {at.policies} 种方案", f"Simulating, {at.policies} policies left")
            progress.update(task, description=words, total=at.most, completed=at.made)

        answer = deciding.decide(asked, threads=threads, kept=done, full=full, on_runs=on_runs)
    _write(out, asked, answer)
    if as_json:
        print(json.dumps(_told(asked, answer), ensure_ascii=False))
        return
    for one in (wording.headline(asked, answer), wording.method(asked, answer)):
        console.print(one.in_(language()), markup=False, highlight=False)
    console.print(say(f"结果在 {out}", f"Results are in {out}"), markup=False, highlight=False)


def _told(asked: "Question", answer: "Answer") -> dict[str, Any]:
    from fangxian.analytics.deciding import wording

    def policy(place: int) -> dict[str, Any]:
        one = answer.policies[place]
        return {
            "values": asked.values(one.setting),
            **{key: value for key, value in asdict(one).items() if key != "figures"},
        }

    said = {
        "headline": wording.headline(asked, answer), "method": wording.method(asked, answer),
        **{f"marginal.{one.choice}": wording.marginal(asked, one) for one in answer.marginals},
    }  # fmt: skip
    if answer.regret is not None:
        said["regret"] = wording.regret(asked, answer.regret)
    if answer.detection is not None:
        said["detection"] = wording.detection(asked, answer.detection)
    return {
        "question": asked.name.in_(language()), "people": answer.people, "policies": len(answer.policies), "runs": answer.made,
        "rounds": [asdict(one) for one in answer.rounds], "recommended": policy(answer.knee),
        "frontier": [policy(place) for place in answer.frontier], "least": policy(answer.policies.index(answer.policy(asked.least))),
        "marginals": [asdict(one) for one in answer.marginals], "regret": asdict(answer.regret) if answer.regret else None,
        "detection": asdict(answer.detection) if answer.detection else None, "compared": [asdict(one) for one in answer.compared],
        "words": {key: one.in_(language()) for key, one in said.items()},
    }  # fmt: skip


def _write(out: Path, asked: "Question", answer: "Answer") -> None:
    start("nothing")  # the brief is set as the daily report is
    from fangxian.command.decisions import brief, drawing, tables
    from fangxian.core import clock
    from fangxian.core.errors import Refusal

    (out / "answer.json").write_text(json.dumps(_told(asked, answer), ensure_ascii=False, indent=1), encoding="utf-8")
    with (out / "frontier.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(tables.policies(asked, answer))
    (out / "frontier.svg").write_text(drawing.frontier(asked, answer, language()), encoding="utf-8")
    stamp = clock.now()
    for tongue in ("zh", "en"):
        for form in ("pdf", "docx"):
            try:
                (out / f"brief.{tongue}.{form}").write_bytes(brief.write(asked, answer, tongue, form, stamp))
            except Refusal as fault:  # no font for it on this machine: everything else is written
                console.print(str(fault), style="yellow", markup=False, highlight=False)
