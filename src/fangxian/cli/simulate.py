"""`fangxian simulate`: what an epidemic does to a city under some measures, run many times. Needs no installation."""

import csv
import json
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.keeping import kept, line
from fangxian.cli.started import bar, console, language, say

if TYPE_CHECKING:
    from fangxian.analytics.simulation import Run
    from fangxian.analytics.simulation.scenario import Scenario

RUNS, DAILY, KEPT = "runs.csv", "daily.csv", "runs.jsonl"
TOLD = ("infected", "deaths", "tests", "quarantined")
QUANTILES = (0.025, 0.25, 0.5, 0.75, 0.975)


def add_to(app: typer.Typer) -> None:
    """Put the command at the top level."""
    app.command(
        help=say(
            "仿真推演：一个城市的疫情在若干措施下会怎样，多次运行，给出逐日中位数与区间；可中断后继续",
            "Simulate an epidemic in a city under measures, many runs: medians and intervals by day; may be stopped and resumed",
        )
    )(simulate)


def simulate(
    scenario: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help=say("推演方案（YAML）", "The scenario (YAML)"))
    ],
    out: Annotated[
        Path,
        typer.Option(
            file_okay=False,
            help=say("结果写入此文件夹：runs.csv、daily.csv、infected.svg", "Results in this folder: runs.csv, daily.csv, infected.svg"),
        ),
    ],
    runs: Annotated[int, typer.Option(min=1, help=say("运行次数", "How many runs"))] = 20,
    seed: Annotated[int, typer.Option(min=0, help=say("第一次运行的随机数种子", "Seed of the first run"))] = 1,
    threads: Annotated[int, typer.Option(min=1, help=say("同时运行几次", "How many runs at once"))] = 2,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    from fangxian.analytics import simulation
    from fangxian.analytics.simulation import scenario as scenarios

    asked = scenarios.read(scenario)
    out.mkdir(parents=True, exist_ok=True)
    done = {one.pop("seed"): one for one in kept(out / KEPT, asked.digest)}
    wanted = [one for one in range(seed, seed + runs) if one not in done]
    with bar() as progress:
        task = progress.add_task(say("建立城市", "Building the city"), total=runs, completed=runs - len(wanted))
        begun = time.process_time()
        city = asked.build()
        setup = time.process_time() - begun
        progress.update(task, description=say("推演", "Simulating"))
        with (out / KEPT).open("a", encoding="utf-8") as file:
            for run in simulation.simulate_many(
                city, asked.disease, asked.measures, days=asked.days, seeds=asked.seeds, runs=wanted, threads=threads
            ):
                done[run.seed] = _told(run, setup)
                file.write(line(asked.digest, {"seed": run.seed, **done[run.seed]}))
                file.flush()
                progress.advance(task)
    results = [done[one] for one in range(seed, seed + runs)]
    _write(out, asked, seed, results)
    if as_json:
        shown = [{name: value for name, value in one.items() if name != "daily"} for one in results]
        print(
            json.dumps({"scenario": asked.name.in_(language()), "people": len(city), "runs": shown}, ensure_ascii=False)
        )
        return
    for name, words in zip(
        TOLD,
        (say("感染", "infected"), say("死亡", "deaths"), say("检测", "tests"), say("隔离", "quarantined")),
        strict=True,
    ):
        low, middle, high = _quantiles([one[name] for one in results], (0.025, 0.5, 0.975))
        console.print(f"{words}: {middle:,.0f} ({low:,.0f}–{high:,.0f})", markup=False, highlight=False)
    console.print(say(f"结果在 {out}", f"Results are in {out}"), markup=False, highlight=False)


def _told(run: "Run", setup: float) -> dict[str, Any]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {
        **{name: run.total(name) for name in TOLD}, "peak_day": run.peak_day, "cpu_seconds": round(run.cpu_seconds, 4),
        "setup_cpu_seconds": round(setup, 4), "peak_mb": round(peak, 1), "daily": run.daily.tolist(),
    }  # fmt: skip


def _write(out: Path, asked: "Scenario", seed: int, results: list[dict[str, Any]]) -> None:
    from fangxian.analytics.simulation import DAILY as COLUMNS
    from fangxian.drawing import Band, Layer, Line, Words, draw

    heads = [name for name in results[0] if name != "daily"]
    _table(
        out / RUNS,
        ["seed", *heads],
        [[seed + place, *(one[name] for name in heads)] for place, one in enumerate(results)],
    )
    days = [
        [_quantiles([one["daily"][day][column] for one in results], QUANTILES) for column in range(len(COLUMNS))]
        for day in range(asked.days)
    ]
    names = [f"{column}_q{round(1000 * q):03}" for column in COLUMNS for q in QUANTILES]
    _table(
        out / DAILY,
        ["day", *names],
        [[day, *(f"{v:g}" for column in row for v in column)] for day, row in enumerate(days)],
    )
    infected = [row[0] for row in days]
    words = Words(
        asked.name.in_(language()), say("每日新感染：中位数与区间", "New infections a day: median and intervals"), say("第几天", "Day"),
        say("新感染", "Infected"), language().startswith("zh"),
    )  # fmt: skip
    layers: list[Layer] = [
        Band(say("95% 的运行", "95 % of runs"), [q[0] for q in infected], [q[4] for q in infected], faint=True),
        Band(say("一半的运行", "half of them"), [q[1] for q in infected], [q[3] for q in infected]),
        Line(say("中位数", "median"), [q[2] for q in infected]),
    ]
    (out / "infected.svg").write_text(
        draw("infected", [str(day) for day in range(asked.days)], layers, words), encoding="utf-8"
    )


def _table(path: Path, heads: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)


def _quantiles(values: list[float], at: tuple[float, ...]) -> list[float]:
    import numpy as np

    return [float(one) for one in np.quantile(values, at)]
