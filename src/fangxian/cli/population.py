"""`fangxian population`: a synthetic city in a file, and the stays of its people. Needs no installation."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from fangxian.cli.started import bar, console, say

app = typer.Typer(no_args_is_help=True)


@app.callback()
def _population() -> None:
    """A group, though it has one command."""


@app.command(
    help=say(
        "合成人口：由辖区人口表或人口数生成有家庭、学校、单位、养老院、医院、市场的城市，保存为文件；可同时写出停留记录",
        "A synthetic city of households, schools, workplaces, care homes, hospitals and markets, from a table of jurisdictions or a "
        "number of people, in a file; its stays too, if asked for",
    )
)
def build(
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("写入的文件（.npz）", "The file to write (.npz)"))],
    table: Annotated[
        Path | None,
        typer.Argument(exists=True, dir_okay=False, help=say("辖区表（CSV：code,name,people）", "Jurisdictions (CSV: code,name,people)")),
    ] = None,
    people: Annotated[int, typer.Option(min=0, help=say("人口数（没有辖区表时）", "How many people, without a table"))] = 0,
    profile: Annotated[str, typer.Option(help=say("人口构成：cn 或 generic", "What it is made of: cn or generic"))] = "cn",
    seed: Annotated[int, typer.Option(min=0, help=say("随机数种子", "Seed"))] = 1,
    stays: Annotated[
        Path | None,
        typer.Option(file_okay=False, help=say("停留记录写入此文件夹，每日一个文件", "Write its stays into this folder, a file a day")),
    ] = None,
    first: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help=say("停留记录的第一日", "First day of the stays"))
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=366, help=say("停留记录的天数", "Days of stays"))] = 1,
    as_json: Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))] = False,
) -> None:  # fmt: skip
    from fangxian.analytics.simulation import synthesis, whereabouts

    if (table is None) == (people == 0):
        raise typer.BadParameter(
            say("请给出辖区表或人口数（--people）之一", "Give either a table or --people"), param_hint="TABLE"
        )
    if stays is not None and first is None:
        raise typer.BadParameter(say("请给出停留记录的第一日", "Give the first day of the stays"), param_hint="--from")
    begun = time.process_time()
    city = synthesis.synthesise(synthesis.townships(table) if table else people, profile, seed=seed)
    out.parent.mkdir(parents=True, exist_ok=True)
    city.save(out)
    seconds = time.process_time() - begun
    written = []
    if stays is not None and first is not None:
        with bar() as progress:
            task = progress.add_task(say("写出停留记录", "Writing stays"), total=days)
            for file in whereabouts.write(city, stays, first.date(), days, seed=seed):
                written.append(str(file))
                progress.advance(task)
    places = {name: int(of.max()) + 1 for name, of in sorted(city.places.items())}
    if as_json:
        told = {
            "people": len(city),
            "pairs": city.edges,
            "places": places,
            "cpu_seconds": round(seconds, 3),
            "stays": written,
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    console.print(
        say(
            f"{len(city):,} 人，人均接触 {2 * city.edges / len(city):.1f} 人；写入 {out}（{seconds:.1f} 秒）",
            f"{len(city):,} people, who meet {2 * city.edges / len(city):.1f} others on average; in {out} ({seconds:.1f} s)",
        ),
        markup=False, highlight=False,
    )  # fmt: skip
