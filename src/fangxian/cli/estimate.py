"""`fangxian estimate`: how an outbreak goes, from files of counts. Needs no installation."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fangxian.cli.started import bar, console, language, say

if TYPE_CHECKING:
    from fangxian.analytics.long_series import LongSeries

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]


@app.callback()
def estimates() -> None:
    """A group, although there is one command so far."""


@app.command(
    help=say(
        "实时再生数 Rt（EpiEstim）：滑动窗口内的均值、标准差与区间；t_start、t_end 为各序列自第 1 天起的日序",
        "The reproduction number Rt (EpiEstim) in sliding windows; t_start and t_end number the days of each series from 1",
    )
)
def rt(
    incidence: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False,
            help=say("每日发病数（CSV 或 Parquet）：date,incidence 或 series,date,incidence",
                     "Cases a day (CSV or Parquet): date,incidence or series,date,incidence"),
        ),
    ],
    mean_si: Annotated[float, typer.Option(help=say("代间隔均值，天（大于 1）", "Mean serial interval in days (above 1)"))],
    sd_si: Annotated[float, typer.Option(help=say("代间隔标准差，天", "Its standard deviation in days"))],
    out: Annotated[Path, typer.Option(dir_okay=False, help=say("结果写入此文件（.csv 或 .parquet）", "The result (.csv or .parquet)"))],
    window: Annotated[int, typer.Option(min=1, help=say("窗口长度，天", "Length of the window in days"))] = 7,
    as_json: AsJson = False,
) -> None:  # fmt: skip
    from fangxian.analytics.errors import AnalysisError
    from fangxian.analytics.long_series import read_series

    with bar() as progress:
        task = progress.add_task(say("读取", "Reading"), total=None)
        data = read_series(incidence, "incidence", "count")
        if data.period not in ("day", "number"):
            raise AnalysisError(
                f"{incidence}：再生数需要每日数据，这里是按周或月；请给出每日发病数。",
                f"{incidence}: reproduction numbers need daily data, and these are by {data.period}. Give cases a day.",
            )
        progress.update(task, description=say("估计", "Estimating"), total=len(data.names))
        windows = _estimate(data, mean_si, sd_si, window, out, lambda done: progress.update(task, completed=done))
    if as_json:
        notes = [note.in_(language()) for note in data.notes]
        result = {"series": len(data.names), "days": len(data.labels), "windows": windows, "notes": notes}
        print(json.dumps(result, ensure_ascii=False))
        return
    for note in data.notes:
        console.print(note.in_(language()), style="yellow", markup=False, highlight=False)
    console.print(
        say(f"{len(data.names)} 条序列，{windows} 个窗口。", f"{len(data.names)} series, {windows} windows."),
        highlight=False,
    )


def _estimate(data: "LongSeries", mean_si: float, sd_si: float, window: int, out: Path, tell: Any) -> int:
    """Estimate series by series (each has days of its own) and write the windows; gives their number."""
    import pyarrow as pa

    from fangxian.analytics.columns import needs_quotes, writing
    from fangxian.analytics.reproduction import estimate_r_parametric

    schema = {"series": pa.string(), "t_start": pa.int64(), "t_end": pa.int64()}
    schema |= {name: pa.float64() for name in ("mean", "sd", "q025", "median", "q975")}
    windows = 0
    with writing(out, schema, quoted=needs_quotes(data.names)) as write:
        for i, name in enumerate(data.names):
            cases = data.values[i, data.first[i] : data.last[i] + 1]
            found = estimate_r_parametric(
                cases, mean_si=mean_si, sd_si=sd_si, window=window, quantiles=(0.025, 0.5, 0.975)
            )
            windows += len(found.start)
            columns = {"series": [name] * len(found.start), "t_start": found.start + 1, "t_end": found.end + 1}
            columns |= {"mean": found.mean, "sd": found.sd}
            write(columns | dict(zip(("q025", "median", "q975"), found.quantiles.T, strict=True)))
            tell(i + 1)
    return windows
