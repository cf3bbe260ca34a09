"""`fangxian calibrate`: what an epidemic that was seen says of a scenario's parameters. Needs no installation."""

import csv
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.keeping import kept, line
from fangxian.cli.started import bar, console, language, say

if TYPE_CHECKING:
    from fangxian.analytics.calibration import Check, Estimate, Fit, Generation, Question

KEPT = "generations.jsonl"
#: Epidemics that are drawn from what was learnt, to be held beside the one that was seen.
DRAWN = 200
_TAILS = {
    "total": ("总数", "the total"), "peak": ("最高的一天", "the largest day"), "peak_day": ("最高那天的日期", "the day of it"),
}  # fmt: skip


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "参数校准：已发生的疫情对推演方案的参数说明了什么，哪些说明不了；可中断后继续",
            "Calibrate: what an epidemic that was seen says of a scenario's parameters, and what it does not; may be stopped and resumed",
        )
    )(calibrate)


def calibrate(
    question: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help=say("校准问题（YAML）", "The calibration (YAML)"))
    ],
    out: Annotated[
        Path,
        typer.Option(
            file_okay=False,
            help=say(
                "结果写入此文件夹：posterior.csv、answer.json、seen.svg",
                "Results in this folder: posterior.csv, answer.json, seen.svg",
            ),
        ),
    ],
    best: Annotated[
        bool, typer.Option("--best", help=say("只求最优拟合，不求区间", "Only the best fit, without intervals"))
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help=say("同时推演几次", "How many runs at once"))] = 2,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    from fangxian.analytics import calibration

    asked = calibration.read(question)
    out.mkdir(parents=True, exist_ok=True)
    with bar() as progress:
        task = progress.add_task(say("建立城市", "Building the city"), total=None)
        people = len(asked.city)
        if best:
            progress.update(task, description=say("寻找最优拟合", "Looking for the best fit"))
            fitted = calibration.fit(asked.distance, asked.priors, most=asked.most, seed=asked.seed)
            _tell({"people": people, **asdict(fitted)}, _fit_words(fitted), out, as_json)
            return
        last = _learnt(asked, out, threads, lambda **now: progress.update(task, **now))
        progress.update(task, description=say("与所见对照", "Comparing with what was seen"))
        found, drawn = calibration.estimates(asked.priors, last), calibration.drawn(asked, last, DRAWN)
        checked = calibration.check(asked.seen, drawn)
    _write(out, asked, last, checked)
    answer = {
        "calibration": asked.name.in_(language()), "people": people, "epidemics": last.spent, "generations": last.number + 1,
        "tolerance": last.tolerance, "effective_particles": round(last.effective, 1),
        "parameters": [_parameter(one) for one in found], "check": {"covered": checked.covered, "tails": checked.tails},
    }  # fmt: skip
    _tell(answer, [*map(_words, found), *_check_words(checked)], out, as_json)


def _learnt(asked: "Question", out: Path, threads: int, show: Any) -> "Generation":
    """The last generation, from where an earlier command was interrupted."""
    import numpy as np

    from fangxian.analytics import calibration

    last: Generation | None = None
    for one in kept(out / KEPT, asked.digest):
        arrays: dict[str, Any] = {name: np.array(one.pop(name)) for name in ("places", "weights", "distances")}
        last = calibration.Generation(**one, **arrays)
    with (out / KEPT).open("a", encoding="utf-8") as file:
        for made in calibration.generations(
            asked.distance, asked.priors, particles=asked.particles, most=asked.most, seed=asked.seed, threads=threads, after=last,
            on_tried=lambda tried: show(completed=tried, total=asked.most),
        ):  # fmt: skip
            last = made
            whole = {
                name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in vars(made).items()
            }
            file.write(line(asked.digest, whole))
            file.flush()
            near = f"{made.tolerance:.3g}"
            show(
                description=say(
                    f"第 {made.number + 1} 代，距离 {near}", f"Generation {made.number + 1}, distance {near}"
                )
            )
    assert last is not None, "the first generation needs no more candidates than particles"
    return last


def _parameter(one: "Estimate") -> dict[str, Any]:
    reason = one.reason.in_(language()) if one.reason else None
    return {
        "name": one.name, "identified": one.identified, "median": one.median, "low": one.low, "high": one.high, "reason": reason,
    }  # fmt: skip


def _words(one: "Estimate") -> str:
    if one.reason is not None:
        return f"{one.name}: {one.reason.in_(language())}"
    return f"{one.name}: {one.median:.4g} ({one.low:.4g}–{one.high:.4g})"


def _fit_words(fitted: "Fit") -> list[str]:
    words = [f"{name}: {value:.4g}" for name, value in fitted.values.items()]
    return [
        *words,
        say(
            f"推演 {fitted.runs} 次，距离 {fitted.distance:.3g}",
            f"{fitted.runs} epidemics, distance {fitted.distance:.3g}",
        ),
    ]


def _check_words(checked: "Check") -> list[str]:
    share = f"{100 * checked.covered:.0f} %"
    told = [say(f"所见的日子有 {share} 落在 95% 区间内", f"{share} of the days seen lie within the 95 % band")]
    for name, tail in checked.tails.items():
        if not 0.025 <= tail <= 0.975:
            zh, en = _TAILS[name]
            told.append(
                say(
                    f"模型做不出所见的{zh}：{100 * tail:.0f} % 的推演不及它；方案缺了什么",
                    f"The model cannot do {en} that was seen ({100 * tail:.0f} % of epidemics stay below): the scenario lacks something",
                )
            )
    return told


def _tell(answer: dict[str, Any], words: list[str], out: Path, as_json: bool) -> None:
    (out / "answer.json").write_text(json.dumps(answer, ensure_ascii=False, indent=1), encoding="utf-8")
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    for one in (*words, say(f"结果在 {out}", f"Results are in {out}")):
        console.print(one, markup=False, highlight=False)


def _write(out: Path, asked: "Question", last: "Generation", checked: "Check") -> None:
    from fangxian.drawing import Band, Bars, Layer, Line, Words, draw

    with (out / "posterior.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*(prior.name for prior in asked.priors), "weight", "distance"])
        for place, weight, distance in zip(last.places, last.weights, last.distances, strict=True):
            values = (f"{prior.at(share):.8g}" for prior, share in zip(asked.priors, place, strict=True))
            writer.writerow([*values, f"{weight:.8g}", f"{distance:.6g}"])
    words = Words(
        asked.name.in_(language()), say("所见与校准后推演的每日人数", "Seen each day, and after calibration"), "",
        say("人数", "People"), language().startswith("zh"),
    )  # fmt: skip
    bands = checked.bands.tolist()
    layers: list[Layer] = [
        Bars(say("所见", "seen"), asked.seen.tolist()),
        Band(say("95% 的推演", "95 % of runs"), bands[0], bands[4], faint=True),
        Band(say("一半的推演", "half of them"), bands[1], bands[3]),
        Line(say("中位数", "median"), bands[2]),
    ]
    (out / "seen.svg").write_text(draw("seen", list(asked.days), layers, words), encoding="utf-8")
