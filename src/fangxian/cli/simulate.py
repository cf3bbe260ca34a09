"""`fangxian simulate`: what an epidemic does to a city under some measures, run many times. Needs no installation."""

import csv
import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.keeping import kept, line
from fangxian.cli.started import bar, console, language, say

if TYPE_CHECKING:
    from fangxian.analytics.simulation.runs import Outcome
    from fangxian.analytics.simulation.scenario import Scenario

RUNS, DAILY, KEPT = "runs.csv", "daily.csv", "runs.jsonl"
TOLD = ("infected", "deaths", "tests", "quarantined")
#: What is kept of a run and not shown with its figures.
KEPT_ONLY = ("people", "daily")
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
    scenarios: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCENARIO...", exists=True, dir_okay=False,
            help=say("推演方案（YAML），可写多个", "The scenario (YAML), or several"),
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            file_okay=False,
            help=say("结果写入此文件夹：runs.csv、daily.csv、infected.svg；多个方案时每个方案一个子文件夹",
                     "Results in this folder: runs.csv, daily.csv, infected.svg; a folder within it for each of several scenarios"),
        ),
    ],
    runs: Annotated[int, typer.Option(min=1, help=say("运行次数", "How many runs"))] = 20,
    seed: Annotated[int, typer.Option(min=0, help=say("第一次运行的随机数种子", "Seed of the first run"))] = 1,
    threads: Annotated[int, typer.Option(min=1, help=say("同时运行几次", "How many runs at once"))] = 2,
    engine: Annotated[str, typer.Option(help=say("native，或 spark（集群）", "native, or spark (clusters)"))] = "native",
    master: Annotated[
        str, typer.Option(envvar="FANGXIAN_SPARK_MASTER", help=say("Spark 的主节点", "Spark's master"))
    ] = "local[*]",
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    from fangxian.analytics.simulation import scenario as reading

    if engine not in ("native", "spark"):
        raise typer.BadParameter(say("应为 native 或 spark", "must be native or spark"), param_hint="--engine")
    asked = [reading.read(path) for path in scenarios]
    folders = [out / path.stem for path in scenarios] if len(asked) > 1 else [out]
    if len(set(folders)) < len(folders):
        raise typer.BadParameter(
            say("方案文件不能同名", "scenarios have file names of their own"), param_hint="SCENARIO"
        )
    done: list[dict[int, dict[str, Any]]] = [
        {one.pop("seed"): one for one in kept(folder / KEPT, of.digest) if set(KEPT_ONLY) <= set(one)}
        for of, folder in zip(asked, folders, strict=True)
    ]
    wanted = [(at, one) for at in range(len(asked)) for one in range(seed, seed + runs) if one not in done[at]]
    with bar() as progress, ExitStack() as files:
        total = runs * len(asked)
        task = progress.add_task(say("推演", "Simulating"), total=total, completed=total - len(wanted))
        into = []
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
            into.append(files.enter_context((folder / KEPT).open("a", encoding="utf-8")))
        for run in _on_spark(master, asked, wanted) if engine == "spark" else _here(asked, wanted, threads):
            done[run.scenario][run.seed] = told = _told(run)
            into[run.scenario].write(line(asked[run.scenario].digest, {"seed": run.seed, **told}))
            into[run.scenario].flush()
            progress.advance(task)
    results = [[of[one] for one in range(seed, seed + runs)] for of in done]
    for one, folder, found in zip(asked, folders, results, strict=True):
        _write(folder, one, seed, found)
    if as_json:
        shown = [_shown(one, found) for one, found in zip(asked, results, strict=True)]
        print(json.dumps(shown[0] if len(shown) == 1 else {"scenarios": shown}, ensure_ascii=False))
        return
    for one, found in zip(asked, results, strict=True):
        _sum_up(one.name.in_(language()) if len(asked) > 1 else "", found)
    console.print(say(f"结果在 {out}", f"Results are in {out}"), markup=False, highlight=False)


def _here(asked: list["Scenario"], wanted: list[tuple[int, int]], threads: int) -> Iterator["Outcome"]:
    """The runs on this machine, those of a scenario together; a city that the next scenario has too is built once."""
    from fangxian.analytics import simulation
    from fangxian.analytics.simulation.runs import Outcome, load

    city, built, setup = None, None, 0.0
    for at, one in enumerate(asked):
        seeds = [seed for of, seed in wanted if of == at]
        if seeds and (city is None or one.population != built):
            city = None  # before the next one takes its room
            begun = time.process_time()
            load()
            city, built = one.build(), one.population
            setup = time.process_time() - begun
        if city is not None:
            for run in simulation.simulate_many(
                city, one.disease, one.measures, days=one.days, seeds=one.seeds, runs=seeds, threads=threads
            ):
                yield Outcome(at, run.seed, len(city), run.daily, run.cpu_seconds, setup)


def _on_spark(master: str, asked: list["Scenario"], wanted: list[tuple[int, int]]) -> Iterator["Outcome"]:
    from fangxian.lake import runs_spark, spark

    context = spark.context(master)
    try:
        yield from runs_spark.simulated(context, asked, wanted)
    finally:
        context.stop()


def _told(run: "Outcome") -> dict[str, Any]:
    from fangxian.analytics.simulation import DAILY

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {
        **{name: int(run.daily[:, DAILY.index(name)].sum()) for name in TOLD}, "peak_day": int(run.daily[:, 0].argmax()),
        "cpu_seconds": round(run.cpu_seconds, 4), "setup_cpu_seconds": round(run.setup_cpu_seconds, 4), "peak_mb": round(peak, 1),
        "people": run.people, "daily": run.daily.tolist(),
    }  # fmt: skip


def _shown(asked: "Scenario", results: list[dict[str, Any]]) -> dict[str, Any]:
    runs = [{name: value for name, value in one.items() if name not in KEPT_ONLY} for one in results]
    return {"scenario": asked.name.in_(language()), "people": results[0]["people"], "runs": runs}


def _sum_up(name: str, results: list[dict[str, Any]]) -> None:
    import numpy as np

    if name:
        console.print(name, markup=False, highlight=False)
    for column, words in zip(
        TOLD,
        (say("感染", "infected"), say("死亡", "deaths"), say("检测", "tests"), say("隔离", "quarantined")),
        strict=True,
    ):
        low, middle, high = np.quantile([one[column] for one in results], (0.025, 0.5, 0.975))
        console.print(f"{words}: {middle:,.0f} ({low:,.0f}–{high:,.0f})", markup=False, highlight=False)


def _write(out: Path, asked: "Scenario", seed: int, results: list[dict[str, Any]]) -> None:
    import numpy as np

    from fangxian.analytics.simulation import DAILY as COLUMNS
    from fangxian.drawing import Band, Layer, Line, Words, draw

    heads = [name for name in results[0] if name not in KEPT_ONLY]
    _table(
        out / RUNS,
        ["seed", *heads],
        [[seed + place, *(one[name] for name in heads)] for place, one in enumerate(results)],
    )
    quantiles = np.quantile(np.array([one["daily"] for one in results]), QUANTILES, axis=0)
    names = [f"{column}_q{round(1000 * q):03}" for column in COLUMNS for q in QUANTILES]
    _table(
        out / DAILY,
        ["day", *names],
        [[day, *(f"{v:g}" for v in quantiles[:, day].T.ravel())] for day in range(asked.days)],
    )
    infected = quantiles[:, :, COLUMNS.index("infected")].tolist()
    words = Words(
        asked.name.in_(language()), say("每日新感染：中位数与区间", "New infections a day: median and intervals"), say("第几天", "Day"),
        say("新感染", "Infected"), language().startswith("zh"),
    )  # fmt: skip
    layers: list[Layer] = [
        Band(say("95% 的运行", "95 % of runs"), infected[0], infected[4], faint=True),
        Band(say("一半的运行", "half of them"), infected[1], infected[3]),
        Line(say("中位数", "median"), infected[2]),
    ]
    (out / "infected.svg").write_text(
        draw("infected", [str(day) for day in range(asked.days)], layers, words), encoding="utf-8"
    )


def _table(path: Path, heads: list[str], rows: list[list[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heads)
        writer.writerows(rows)
