"""`fangxian estimate`: how an outbreak goes, from files of counts. Needs no installation."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from fangxian.cli.started import bar, console, language, not_yet, say

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fangxian.analytics.long_series import LongSeries

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help=say("结果以 JSON 输出", "Machine-readable result on stdout"))]


Out = Annotated[
    Path, typer.Option(dir_okay=False, help=say("结果写入此文件（.csv 或 .parquet）", "The result (.csv or .parquet)"))
]
Cases = Annotated[
    Path,
    typer.Argument(
        exists=True, dir_okay=False,
        help=say("病例（CSV 或 Parquet）：event,report 两列日期", "Cases (CSV or Parquet): event,report, two dates"),
    ),
]  # fmt: skip
Now = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"],
        help=say("数据截止日；默认为最晚的报告日", "The date of the data; by default that of the last report"),
    ),
]


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
    out: Out,
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
    notes = [note.in_(language()) for note in [*data.notes, *not_yet(data.days)]]
    if not windows:
        notes.append(
            say(
                f"无法判断：{window} 天的窗口需要 {window + 1} 天的数据。",
                f"Cannot tell: windows of {window} days need {window + 1} days.",
            )
        )
    if as_json:
        result = {"series": len(data.names), "days": len(data.labels), "windows": windows, "notes": notes}
        print(json.dumps(result, ensure_ascii=False))
        return
    for note in notes:
        console.print(note, style="yellow", markup=False, highlight=False)
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


NOWCASTS = ("chain-ladder", "bayes")

# ── from the dates of cases ────────────────────────────────────────────────────────────────────────────────────────────


@app.command(
    help=say(
        "现时预测：最近几天待全部报告到齐后的例数与区间；链梯法，或贝叶斯（Höhle 与 an der Heiden 2014）",
        "Nowcast: the newest days when all their reports are in; by chain ladder, or Bayesian (Höhle and an der Heiden 2014)",
    )
)
def nowcast(
    cases: Cases,
    out: Out,
    now: Now = None,
    longest: Annotated[
        int, typer.Option(min=1, help=say("最长报告延迟，天", "Longest delay of a report in days"))
    ] = 15,
    days: Annotated[int, typer.Option(min=2, help=say("用最近多少天", "So many days up to the date of the data"))] = 60,
    method: Annotated[str, typer.Option(help="chain-ladder | bayes")] = "chain-ladder",
) -> None:
    if method not in NOWCASTS:
        raise typer.BadParameter(say("应为 ", "must be one of ") + ", ".join(NOWCASTS), param_hint="--method")
    import numpy as np
    import pyarrow as pa

    from fangxian.analytics.columns import writing
    from fangxian.analytics.nowcasting import bayesian, chain_ladder, reporting_triangle

    events, reports = _dates(cases)
    today = _now(now, reports)
    triangle = reporting_triangle(events, reports, now=today, days=max(days, longest + 1), longest=longest)
    found = bayesian(triangle) if method == "bayes" else chain_ladder(triangle)
    columns = {
        "date": (today - np.arange(len(found.reported))[::-1]).astype(str), "reported": found.reported.astype(np.int64),
        "share": found.share, "expected": found.expected, "lower": found.lower, "upper": found.upper,
    }  # fmt: skip
    kinds = {"date": pa.string(), "reported": pa.int64()}
    with writing(out, {name: kinds.get(name, pa.float64()) for name in columns}) as write:
        write(columns)


@app.command(
    help=say(
        "延迟的分布（潜伏期、发病至报告、代间隔），校正右截断",
        "The distribution of a delay, right truncation allowed for",
    )
)
def delays(
    cases: Cases,
    out: Out,
    now: Now = None,
    family: Annotated[str, typer.Option(help="gamma | lognormal | weibull")] = "gamma",
) -> None:
    import pyarrow as pa

    from fangxian.analytics.columns import writing
    from fangxian.analytics.nowcasting import fit_delay

    events, reports = _dates(cases)
    today = _now(now, reports)
    seen = reports <= today
    fitted = fit_delay(
        (reports - events).astype("int64")[seen],
        (today - events).astype("int64")[seen],
        family=cast("Literal['gamma']", family),
    )
    columns = {
        "family": fitted.family, "shape": fitted.shape, "scale": fitted.scale, "mean": fitted.mean, "sd": fitted.sd,
        "mean_low": fitted.mean_interval[0], "mean_high": fitted.mean_interval[1], "n": fitted.n,
    }  # fmt: skip
    kinds = {"family": pa.string(), "n": pa.int64()}
    with writing(out, {name: kinds.get(name, pa.float64()) for name in columns}) as write:
        write({name: [value] for name, value in columns.items()})


def _dates(path: Path) -> "tuple[NDArray[np.datetime64], NDArray[np.datetime64]]":
    """The dates of event and report of each case, in the order of the file."""
    import numpy as np

    from fangxian.analytics.columns import read_column, read_table, require_columns
    from fangxian.analytics.errors import AnalysisError
    from fangxian.analytics.long_series import read_date

    def day(word: str) -> np.datetime64:
        if isinstance(found := read_date(word), int):
            raise AnalysisError(f"“{word}”不是日期；请写成 2024-01-05。", f"“{word}” is no date; write 2024-01-05.")
        return np.datetime64(found)

    table = read_table(path)
    require_columns(path, table, "event", "report")
    if not table.num_rows:
        raise AnalysisError(f"{path}：没有数据行；请检查文件。", f"{path}: there are no rows. Check the file.")
    found = []
    for name in ("event", "report"):
        words, rows = read_column(path, table, name, day)
        found.append(np.array(words, "datetime64[D]")[rows])
    early = np.flatnonzero(found[1] < found[0])
    if len(early):
        row = int(early[0])
        raise AnalysisError(
            f"{path} 第 {row + 2} 行 report：{found[1][row]} 早于 event {found[0][row]}；请核对。",
            f"{path}, row {row + 2}, report: {found[1][row]} is before event, {found[0][row]}. Check the dates.",
        )
    return found[0], found[1]


def _now(given: datetime | None, reports: "NDArray[np.datetime64]") -> "np.datetime64":
    import numpy as np

    latest: np.datetime64 = reports.max() if given is None else np.datetime64(given.date())
    return latest


# ── what comes next ────────────────────────────────────────────────────────────────────────────────────────────────────

FORECASTS = ("persistence", "seasonal", "exponential")


@app.command(
    help=say(
        "短期预测：每条序列每期 23 个分位数；persistence（如前）、seasonal（如往年同期）或 exponential（照目前的增长）",
        "Forecast 23 quantiles a time: persistence (as before), seasonal (as in earlier years) or exponential (as it grows now)",
    )
)
def forecast(
    series: Annotated[
        Path,
        typer.Argument(
            exists=True, dir_okay=False, help=say("计数（CSV 或 Parquet）：series,date,count", "Counts (CSV or Parquet): series,date,count")
        ),
    ],
    out: Out,
    horizon: Annotated[int, typer.Option(min=1, help=say("预测几期", "So many times ahead"))] = 4,
    method: Annotated[str, typer.Option(help="persistence | seasonal | exponential")] = "persistence",
) -> None:  # fmt: skip
    if method not in FORECASTS:
        raise typer.BadParameter(say("应为 ", "must be one of ") + ", ".join(FORECASTS), param_hint="--method")
    import numpy as np
    import pyarrow as pa

    from fangxian.analytics import forecasting
    from fangxian.analytics.columns import needs_quotes, writing
    from fangxian.analytics.errors import AnalysisError
    from fangxian.analytics.long_series import read_series

    data = read_series(series, "count", "incidence")
    steps = np.arange(1, horizon + 1)
    probabilities = list(forecasting.PROBABILITIES)
    schema = {"series": pa.string(), "date": pa.string(), "probability": pa.float64(), "value": pa.float64()}
    with bar() as progress, writing(out, schema, quoted=needs_quotes(data.names)) as write:
        for i, name in enumerate(progress.track(data.names, description=say("预测", "Forecasting"))):
            past = data.values[i, data.first[i] : data.last[i] + 1]
            try:
                if method == "seasonal":
                    values = forecasting.seasonal(past, horizon, freq=data.freq)
                else:
                    values = getattr(forecasting, method)(past, horizon)
            except AnalysisError as fault:
                raise AnalysisError(f"{series} {name}：{fault.zh}", f"{series}, {name}: {fault.en}") from None
            dates = data.after(int(data.last[i]), steps)
            write(
                {
                    "series": [name] * values.size, "date": np.repeat(dates, len(probabilities)),
                    "probability": probabilities * horizon, "value": values.ravel(),
                }
            )  # fmt: skip
