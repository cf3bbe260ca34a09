"""`fangxian pools`: which pools to mix, and who the carriers are. Needs no installation."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer
from rich.table import Table

from fangxian.cli.started import console, language, say
from fangxian.text import Text

if TYPE_CHECKING:
    from fangxian.analytics.pooling import Assay, Forecast

app = typer.Typer(no_args_is_help=True)

Limit = Annotated[float, typer.Option(min=20, max=50, help=say("Ct 大于此值为阴性", "A Ct beyond this is negative"))]
Swabs = Annotated[
    bool, typer.Option("--swabs", help=say("多支拭子放入同一管（混采），不稀释", "Swabs share a tube, so that nothing is diluted"))
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]


@app.command(
    help=say(
        "选混检方案：在要求的灵敏度下管数或用时最少，给出期望与 95% 范围",
        "Choose a design: the fewest tubes or hours at a wanted sensitivity, with expected figures and their 95 % range",
    )
)
def design(
    samples: Annotated[int, typer.Option(min=1, help=say("样本数", "How many samples"))],
    prevalence: Annotated[
        float,
        typer.Option(min=0, max=1, help=say("预计感染率，如 0.01",
                                            "Expected share of carriers, such as 0.01")),
    ],
    sensitivity: Annotated[
        float, typer.Option(min=0, max=1, help=say("要求的灵敏度：单检能检出者至少检出的比例",
                                                   "Wanted sensitivity: share of those found who single tests would find"))
    ] = 0.95,
    max_pool: Annotated[int, typer.Option(min=1, help=say("每管最多几份", "Most samples in a tube"))] = 20,
    minimise: Annotated[
        str,
        typer.Option(help=say("求最少：tubes（管数）或 hours（用时）",
                              "What is to be least: tubes or hours")),
    ] = "tubes",
    turnaround: Annotated[float, typer.Option(min=0, help=say("一轮检测用时（小时）", "Hours that one run takes"))] = 6.0,
    capacity: Annotated[
        float | None, typer.Option(min=0.001, help=say("每小时可检管数；不写为不限", "Tests per hour; as many as come if left out"))
    ] = None,
    household: Annotated[
        int | None,
        typer.Option(min=2, help=say("每户人数：也考虑按户混采",
                                     "People in a household: tubes of households too")),
    ] = None,
    attack: Annotated[
        float, typer.Option(min=0, max=1, help=say("感染者同户另一人也感染的概率",
                                                 "Chance that another one of a carrier's household is a carrier"))
    ] = 0.2,
    limit: Limit = 40.0,
    swabs: Swabs = False,
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help=say("方案写入此表：pool,sample",
                                              "Write the design here: pool,sample")),
    ] = None,
    drawing: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help=say("方案图（SVG）",
                                              "A picture of it (SVG)")),
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    aim = _aim(minimise)
    from fangxian.analytics import pooling

    choice = pooling.choose(
        samples, prevalence, sensitivity=sensitivity, largest=max_pool, assay=_assay(limit, swabs), aim=aim,
        laboratory=pooling.Laboratory(turnaround, capacity), household=None if household is None else (household, attack),
    )  # fmt: skip
    if out is not None:
        pooling.write_design(out, *choice.chosen.design.layout(samples))
    if drawing is not None:
        drawing.write_text(pooling.drawn(choice, language()), encoding="utf-8")
    if as_json:
        told = {
            **_told(choice.chosen), "samples": samples, "prevalence": prevalence, "wanted_sensitivity": sensitivity,
            "alternatives": [_told(one) for one in choice.others],
            "too_insensitive": [_told(one) for one in choice.refused],
        }  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))
        return
    _show([choice.chosen, *choice.others], len(choice.refused))


@app.command(
    help=say(
        "由混检结果推断感染者：每份样本的概率、确定者与须复检者",
        "Tell the carriers from the results of pools: a probability for each sample, who is sure, and whom to test again",
    )
)
def decode(
    design: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help=say("方案表：pool,sample",
                                                           "The design: pool,sample")),
    ],
    results: Annotated[
        Path,
        typer.Option(exists=True, dir_okay=False, help=say("结果表：pool,positive 或 pool,ct",
                                                           "The results: pool,positive or pool,ct")),
    ],
    prevalence: Annotated[
        float | None, typer.Option(help=say("预计感染率；不写则由结果估计",
                                            "Expected share of carriers; learnt from the results if left out"))
    ] = None,
    sure: Annotated[
        float,
        typer.Option(min=0.5, max=1, help=say("概率达到此值为感染者",
                                              "A carrier from this probability on")),
    ] = 0.95,
    clear: Annotated[
        float,
        typer.Option(min=0, max=0.5, help=say("概率低于此值为非感染者",
                                              "No carrier below this probability")),
    ] = 0.02,
    limit: Limit = 40.0,
    swabs: Swabs = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    from fangxian.analytics import pooling

    layout = pooling.read_design(design)
    positive, ct = pooling.read_results(results, layout.tubes)
    found = pooling.decode(
        layout.tube, layout.sample, positive=positive, ct=ct, prevalence=prevalence, assay=_assay(limit, swabs)
    )
    carriers = _in_order(layout.samples[i] for i in found.carriers(sure).tolist())
    undecided = _in_order(layout.samples[i] for i in found.undecided(clear, sure).tolist())
    untested = [
        name
        for name, *said in zip(layout.tubes, positive.tolist(), ct.tolist(), strict=True)
        if said[0] != said[0] and said[1] != said[1]
    ]
    if as_json:
        chances = {name: round(p, 6) for name, p in zip(layout.samples, found.probability.tolist(), strict=True)}
        print(
            json.dumps(
                {
                    "carriers": carriers, "undecided": undecided, "probability": chances,
                    "prevalence": round(found.prevalence, 6), "pools_without_result": untested,
                },
                ensure_ascii=False,
            )
        )  # fmt: skip
        return
    if untested:
        few = "、".join(untested[:10]), ", ".join(untested[:10])
        console.print(
            say(f"{len(untested)} 管没有结果：{few[0]}", f"{len(untested)} pools have no result: {few[1]}"),
            style="yellow", markup=False, highlight=False,
        )  # fmt: skip
    table = Table(say("样本", "Sample"), say("感染概率", "Probability"), say("判断", "Verdict"))
    for i in sorted(
        (*found.carriers(sure).tolist(), *found.undecided(clear, sure).tolist()), key=lambda i: -found.probability[i]
    ):
        p = float(found.probability[i])
        verdict = (
            say("感染者；单管复核", "carrier; confirm alone")
            if p >= sure
            else say("未定；单管复检", "undecided; test alone")
        )
        table.add_row(layout.samples[i], f"{p:.1%}", verdict)
    console.print(
        say(f"{len(layout.samples)} 份样本，{len(layout.tubes)} 管：感染者 {len(carriers)}，未定 {len(undecided)}。",
            f"{len(layout.samples)} samples in {len(layout.tubes)} pools: {len(carriers)} carriers, {len(undecided)} undecided."),
        highlight=False,
    )  # fmt: skip
    if carriers or undecided:
        console.print(table)


def _in_order(names: Iterable[str]) -> list[str]:
    """Names as people count: 72 before 142, numbers before words."""
    return sorted(names, key=lambda name: (0, int(name), name) if name.isdecimal() else (1, 0, name))


def _aim(word: str) -> Literal["tubes", "hours"]:
    if word in ("tubes", "hours"):
        return cast('Literal["tubes", "hours"]', word)
    raise typer.BadParameter(say("应为 tubes 或 hours", "must be tubes or hours"), param_hint="--minimise")


def _assay(limit: float, swabs: bool) -> "Assay":
    from fangxian.analytics.pooling import Assay

    return Assay(limit=limit, dilution=0.0 if swabs else 1.0)


def _told(one: "Forecast") -> dict[str, Any]:
    """What a program wants to know of a design."""
    import dataclasses

    return {
        "method": one.design.name, "pools": one.pools, "pool_size": one.design.pool_size, "stages": one.design.stages,
        "expected_tests_per_sample": round(one.tests_per_sample, 6), "tests": _range(one.tests),
        "tests_by_stage": [round(tests, 3) for tests in one.by_stage], "hours": _range(one.hours),
        "sensitivity": round(one.sensitivity, 6), "expected_missed": round(one.missed, 4),
        "parameters": dataclasses.asdict(one.design),
    }  # fmt: skip


def _range(estimate: Any) -> dict[str, float]:
    return {"expected": round(estimate.expected, 3), "low": round(estimate.low, 3), "high": round(estimate.high, 3)}


def _show(fit: "list[Forecast]", refused: int) -> None:
    from fangxian.analytics.pooling.drawing import NAMES

    names = ("方案", "Design"), ("管数", "Tubes"), ("每管", "In one"), ("检测总数（95%）", "Tests in all (95 %)"), ("每份", "Per sample"), \
        ("用时（时）", "Hours"), ("灵敏度", "Sensitivity")  # fmt: skip
    table = Table(*(say(*name) for name in names))
    for one in fit:
        table.add_row(
            NAMES[one.design.name].in_(language()), str(one.pools), str(one.design.pool_size),
            f"{one.tests.expected:.0f} ({one.tests.low:.0f}–{one.tests.high:.0f})", f"{one.tests_per_sample:.3f}",
            f"{one.hours.expected:.1f}", f"{one.sensitivity:.1%}",
        )  # fmt: skip
    console.print(table)
    if refused:
        note = Text(
            f"另有 {refused} 种方法灵敏度不足（--json 可见）。",
            f"{refused} other methods find too few (--json shows them).",
        )
        console.print(note.in_(language()), highlight=False)
