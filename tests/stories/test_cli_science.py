"""`fangxian detect` and `fangxian estimate`: files in, files out, and every fault named by file, row and column."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from fangxian.analytics import detection
from fangxian.analytics.reproduction import estimate_r_parametric
from fangxian.cli import app
from tests.support.console import Console

START = date(2024, 1, 1)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    """Run a command to the exit code that is expected; gives what it printed and what it remarked."""

    def running(*words: str | Path, language: str = "en", code: int = 0) -> tuple[str, str]:
        monkeypatch.setenv("FANGXIAN_LANGUAGE", language)
        monkeypatch.setenv("COLUMNS", "300")
        done = CliRunner().invoke(app, [str(word) for word in words])
        assert done.exit_code == code, done.output
        return done.stdout, done.stderr

    return running


def test_it_needs_no_installation(tmp_path: Path) -> None:
    source = daily(tmp_path / "in.csv", a=[1] * 9)
    Console(tmp_path / "none").run("detect", source, "--method", "ears-c1", "--out", tmp_path / "out.csv")
    assert len(rows(tmp_path / "out.csv")) == 9
    assert not (tmp_path / "none").exists()


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def daily(path: Path, **series: list[int | None]) -> Path:
    """A file of daily series that begin on the same day; None is an empty cell."""
    lines = ["series,date,count"]
    for name, counts in series.items():
        lines += [f"{name},{START + timedelta(t)},{'' if c is None else c}" for t, c in enumerate(counts)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_counts_become_bounds_and_alarms(run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    counts: list[int | None] = [2, 4, 4, 4, 5, 5, 7, 30, None, 5]
    said, remarks = run(
        "detect",
        daily(tmp_path / "in.csv", 一中=counts, B=[1] * 10),
        "--method",
        "ears-c1",
        "--out",
        tmp_path / "out.csv",
        "--json",
    )
    found = rows(tmp_path / "out.csv")
    assert list(found[0]) == ["series", "date", "observed", "expected", "upperbound", "alarm"]
    assert len(found) == 20
    assert [row["alarm"] for row in found[:10]] == [""] * 7 + ["true", "", ""]
    assert found[7]["date"] == "2024-01-08"
    assert float(found[7]["upperbound"]) == detection.ears_c1([2, 4, 4, 4, 5, 5, 7, 30]).upperbound[7]
    assert found[8]["observed"] == ""
    assert [row["alarm"] for row in found[10:]] == [""] * 7 + ["false"] * 3
    told = json.loads(said)
    assert (told["series"], told["alarms"], told["judged"]) == (2, 1, 4)
    assert told["cannot_tell"] == {"history": 14, "missing": 2}
    assert "一中 2024-01-09" in told["notes"][0]
    assert "Traceback" not in remarks


def test_weeks_by_the_calendar_and_parquet(run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    counts = random.poisson(9, 330)
    days = [START + timedelta(7 * t) for t in range(330)]
    table = pa.table({"series": ["x"] * 330, "date": pa.array(days, pa.date32()), "count": counts})
    pq.write_table(table, tmp_path / "in.parquet")
    run("detect", tmp_path / "in.parquet", "--method", "farrington-flexible", "--alpha", "0.01", "--set", "threshold=muan",
        "--compat", "paper", "--out", tmp_path / "out.parquet")  # fmt: skip
    found = pq.read_table(tmp_path / "out.parquet")
    ours = detection.farrington_flexible(
        counts, dates=np.array(days, "datetime64[D]"), alpha=0.01, threshold="muan", compat="paper"
    )
    assert np.allclose(found["upperbound"].to_numpy(), ours.upperbound, equal_nan=True)
    assert found["alarm"].null_count == int((~ours.judged).sum()) > 200


def test_a_file_that_is_larger_than_memory_is_judged_in_batches(
    run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    counts = np.random.default_rng(2).poisson(6, (5, 60))
    days = pa.array(np.tile(np.datetime64(START) + np.arange(60), 5))
    table = pa.table({"series": np.repeat(list("abcde"), 60), "date": days, "count": counts.ravel()})
    pq.write_table(table, tmp_path / "in.parquet", row_group_size=70)
    words = [tmp_path / "in.parquet", "--method", "ears-c2", "--alpha", "0.01"]
    said, _ = run("detect", *words, "--stream", "--out", tmp_path / "s.parquet", "--json")
    whole, _ = run("detect", *words, "--out", tmp_path / "w.parquet", "--json")
    told = json.loads(whole)
    assert json.loads(said) == {name: told[name] for name in ("series", "judged", "alarms")}
    streamed, read = pq.read_table(tmp_path / "s.parquet"), pq.read_table(tmp_path / "w.parquet")
    assert streamed.drop_columns("date").equals(read.drop_columns("date"))
    run("detect", *words, "--stream", "--newest", "1", "--out", tmp_path / "n.parquet")
    assert pq.read_table(tmp_path / "n.parquet").num_rows == 5
    pq.write_table(table.take(np.arange(299, -1, -1) % 7 * 40), tmp_path / "in.parquet")
    _, remarks = run("detect", *words, "--stream", "--out", tmp_path / "x.parquet", code=1)
    assert f"{tmp_path / 'in.parquet'}: Series" in remarks
    assert not (tmp_path / "x.parquet").exists()


@pytest.mark.parametrize("method", detection.METHODS)
def test_every_method_can_be_asked_for(method: str, run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    source = daily(tmp_path / "in.csv", a=[3] * 40, b=list(range(40)))
    run("detect", source, "--method", method, "--out", tmp_path / "out.csv")
    assert len(rows(tmp_path / "out.csv")) == 80


def test_reproduction_numbers(run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    cases = [1, 0, 2, 3, 5, 4, 8, 9, 12, 15, 11, 9]
    lines = [f"{START + timedelta(t)},{c}" for t, c in enumerate(cases)]
    (tmp_path / "in.csv").write_text("date,incidence\n" + "\n".join(lines), encoding="utf-8")
    run(
        "estimate",
        "rt",
        tmp_path / "in.csv",
        "--mean-si",
        "2.6",
        "--sd-si",
        "1.5",
        "--window",
        "7",
        "--out",
        tmp_path / "out.csv",
    )
    found = rows(tmp_path / "out.csv")
    assert list(found[0]) == ["series", "t_start", "t_end", "mean", "sd", "q025", "median", "q975"]
    assert [(row["t_start"], row["t_end"]) for row in found] == [(str(t), str(t + 6)) for t in range(2, 7)]
    ours = estimate_r_parametric(cases, mean_si=2.6, sd_si=1.5)
    assert [float(row["mean"]) for row in found] == pytest.approx(ours.mean.tolist(), rel=1e-12)
    assert [float(row["q975"]) for row in found] == pytest.approx(ours.quantile(0.975).tolist(), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("series,date,count\na,2024-01-01,-3\n", "row 2, count: -3 is negative"),
        ("series,date,count\na,2024-01-01,3\na,2024-01-02,2.5\n", "row 3, count: 2.5 is not a whole number"),
        ("series,date,count\na,2024-01-01,three\n", "row 2, count: “three” is no number"),
        (
            "series,date,count\na,2024-01-01,3\nb,2024-01-01,3\na,2024-01-01,4\n",
            "row 4, date: 2024-01-01 of a is in row 2 already",
        ),
        ("series,date,count\na,2024-02-30,3\n", "row 2, date: “2024-02-30” is no date"),
        ("series,date,count\na,2024-01-01T08:00:00+08:00,3\n", "no time of day, no time zone"),
        ("series,date,count\na,1,3\na,2024-01-01,3\n", "row 3, date: dates and numbers are mixed"),
        ("series,date,count\n,2024-01-01,3\n", "row 2, series: it is empty"),
        ("series,date,count\n", "there are no rows"),
        ("place,day,n\nx,y,z\n", "lacks the column date, count (found: place, day, n)"),
        ("series,date,count\na,2024-01-01,3,4\n", "cannot be read as CSV"),
        ("", "cannot be read as CSV"),
    ],
)
def test_a_fault_is_named_and_nothing_is_written(
    text: str, says: str, run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text(text, encoding="utf-8")
    _, remarks = run("detect", source, "--method", "ears-c1", "--out", out, code=1)
    assert says in remarks
    assert str(source) in remarks
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]


def test_faults_are_told_in_chinese_too(run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes("series,date,count\n一中,2024-01-01,-3\n".encode("gb18030"))
    _, remarks = run("detect", source, "--method", "ears-c1", "--out", tmp_path / "o.csv", language="zh", code=1)
    assert "第 2 行 count：-3 是负数；请改为 0 或留空。" in remarks


def test_a_changed_case_definition_is_told(run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    source = daily(tmp_path / "in.csv", a=[3, 4, 5, 4, 3, 4, 5, 4, 12, 13, 12, 13], b=[5] * 12)
    words = ["detect", source, "--method", "ears-c1", "--json", "--out", tmp_path / "o.csv"]
    said, _ = run(*words, "--changed", "a=2024-01-09")
    assert json.loads(said)["alarms"] == 0
    assert json.loads(said)["cannot_tell"] == {"history": 14, "definition": 4}
    assert rows(tmp_path / "o.csv")[8]["observed"] == "12"
    assert json.loads(run(*words)[0])["alarms"] == 1
    for word, says in (
        ("c=2024-01-09", "there is no series c"),
        ("2025-01-09", "is not after 2024-01-01"),
        ("soon", "no date"),
    ):
        _, remarks = run(*words, "--changed", word, code=1 if word == "soon" else 2)
        assert says in remarks


@pytest.mark.parametrize("command", ["detect", "rt", "scan"])
def test_days_that_are_yet_to_come_are_named(
    command: str, town: tuple[Path, Path], run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    lines = [f"{{}}{date(2990, 1, 1) + timedelta(t)},{3 + t % 3}" for t in range(20)]
    source = tmp_path / "in.csv"
    head = {"detect": "series,date,count", "rt": "date,incidence", "scan": "place,date,count"}[command]
    name = {"detect": "a,", "rt": "", "scan": "学校,"}[command]
    source.write_text(head + "\n" + "\n".join(line.format(name) for line in lines), encoding="utf-8")
    options: dict[str, list[str | Path]] = {
        "detect": ["--method", "ears-c1"], "rt": ["--mean-si", "4", "--sd-si", "2"], "scan": ["--places", town[1]],
    }  # fmt: skip
    words = ["estimate", "rt"] if command == "rt" else [command]
    _, remarks = run(*words, source, *options[command], "--out", tmp_path / "o.csv")
    assert "Dates that are yet to come; check them: 2990-01-20" in remarks


def test_too_few_days_for_a_reproduction_number_are_told(run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("date,incidence\n2024-01-01,3\n2024-01-02,4\n", encoding="utf-8")
    _, remarks = run("estimate", "rt", source, "--mean-si", "4", "--sd-si", "2", "--out", tmp_path / "o.csv")
    assert "Cannot tell: windows of 7 days need 8 days" in remarks


@pytest.mark.parametrize(
    ("command", "text", "says"),
    [
        ("rt", "date,incidence\n2024-01-01,-3\n", "row 2, incidence: -3 is negative"),
        ("rt", "date,incidence\n2024-01-01,2.5\n", "row 2, incidence: 2.5 is not a whole number"),
        ("rt", "date,incidence\n2024-01-01,3\n2024-01-01,4\n", "row 3, date: 2024-01-01 of the series is in row 2"),
        ("rt", "date,incidence\n2024-01-01T08:00:00+08:00,3\n", "no time of day, no time zone"),
        ("scan", "place,date,count\n学校,2024-01-01,-1\n", "row 2, count: -1 is negative"),
        ("scan", "place,date,count\n学校,2024-01-01,1.5\n", "row 2, count: 1.5 is not a whole number"),
        ("scan", "place,date,count\n学校,2024-01-01 08:00+08,1\n", "no time of day, no time zone"),
    ],
)
def test_faults_of_incidence_and_of_cases_are_named(
    command: str, text: str, says: str, town: tuple[Path, Path], run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(text, encoding="utf-8")
    more: list[str | Path] = ["--mean-si", "4", "--sd-si", "2"] if command == "rt" else ["--places", town[1]]
    words = ["estimate", "rt"] if command == "rt" else [command]
    _, remarks = run(*words, source, *more, "--out", tmp_path / "o.csv", code=1)
    assert says in remarks
    assert not (tmp_path / "o.csv").exists()


@pytest.mark.parametrize(
    ("words", "says", "code"),
    [
        (["--method", "ears-c4"], "There is no method ears-c4; there are: ears-c1, ears-c2", 1),
        (
            ["--method", "ears-c1", "--set", "years=2"],
            "has no parameter years; it has: alpha, baseline, min_sigma, z",
            1,
        ),
        (
            ["--method", "ears-c1", "--set", "baseline=week"],
            "Parameter baseline of method ears-c1 is a whole number, not 'week'",
            1,
        ),
        (["--method", "ears-c1", "--set", "baseline"], "must be written NAME=VALUE", 2),
        (["--method", "ears-c1", "--compat", "S"], "must be R or paper", 2),
        (["--method", "ears-c1", "--alpha", "2"], "alpha lies between 0 and 1", 1),
    ],
)
def test_what_cannot_be_asked_for(
    words: list[str], says: str, code: int, run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    _, remarks = run("detect", daily(tmp_path / "in.csv", a=[1] * 9), *words, "--out", tmp_path / "o.csv", code=code)
    assert says in " ".join(remarks.split())
    assert not (tmp_path / "o.csv").exists()


def test_weekly_cases_have_no_daily_reproduction_number(run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("date,incidence\n2024-01-01,3\n2024-01-08,4\n", encoding="utf-8")
    _, remarks = run("estimate", "rt", source, "--mean-si", "4", "--sd-si", "2", "--out", tmp_path / "o.csv", code=1)
    assert "need daily data, and these are by week" in remarks


# ── clusters ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def town(tmp_path: Path) -> tuple[Path, Path]:
    """Cases and places: two neighbouring markets have an outbreak on the last day."""
    places, cases = tmp_path / "places.csv", tmp_path / "cases.csv"
    places.write_text(
        "place,x,y,population\n东市场,0,0,100\n西市场,1,0,100\n学校,9,9,100\n医院,9,8,100\n", encoding="utf-8"
    )
    lines = [f"{place},{START + timedelta(t)},1" for t in range(6) for place in ("学校", "医院")]
    lines += [
        f"东市场,{START + timedelta(5)},4",
        f"东市场,{START + timedelta(5)},3",
        f"西市场,{START + timedelta(5)},6",
    ]
    cases.write_text("place,date,count\n" + "\n".join(lines), encoding="utf-8")
    return cases, places


@pytest.mark.parametrize("model", ["permutation", "poisson"])
def test_clusters_have_places_dates_and_p(
    model: str, town: tuple[Path, Path], run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    cases, places = town
    said, _ = run(
        "scan", cases, "--places", places, "--model", model, "--share", "0.6", "--out", tmp_path / "o.csv", "--json"
    )
    first = rows(tmp_path / "o.csv")[0]
    assert list(first)[:8] == ["cluster", "places", "start", "end", "observed", "expected", "llr", "p"]
    assert set(first["places"].split(";")) == {"东市场", "西市场"}
    assert (first["start"], first["end"], first["observed"]) == ("2024-01-06", "2024-01-06", "13")
    assert float(first["p"]) < 0.01
    assert json.loads(said)["cases"] == 25


@pytest.mark.parametrize(
    ("places", "says"),
    [
        ("place,x,y\n东市场,0,0\n", "3 places are not in"),
        ("place,x,y\n东市场,0,0\n东市场,1,1\n", "row 3, place: 东市场 is listed twice"),
        ("place,x,y\n东市场,zero,0\n", "row 2, x: “zero” is no number"),
        ("place,lat\n东市场,0\n", "lacks the column x, y"),
    ],
)
def test_places_that_cannot_be_used_are_named(
    places: str, says: str, town: tuple[Path, Path], run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    cases, listed = town
    listed.write_text(places, encoding="utf-8")
    _, remarks = run("scan", cases, "--places", listed, "--out", tmp_path / "o.csv", code=1)
    assert says in remarks
    assert not (tmp_path / "o.csv").exists()


# ── dates of cases, and what comes next ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("method", ["chain-ladder", "bayes"])
def test_a_nowcast_and_the_delays_behind_it(method: str, run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    lines = ["event,report"]
    for t in range(40):
        lines += [f"{START + timedelta(t)},{START + timedelta(t + d)}" for d in random.geometric(0.4, 30).tolist()]
    source = tmp_path / "in.csv"
    source.write_text("\n".join(lines), encoding="utf-8")
    run(
        "estimate",
        "nowcast",
        source,
        "--now",
        "2024-02-09",
        "--out",
        tmp_path / "now.csv",
        "--days",
        "30",
        "--method",
        method,
    )
    found = rows(tmp_path / "now.csv")
    assert list(found[0]) == ["date", "reported", "share", "expected", "lower", "upper"]
    assert (found[0]["date"], found[-1]["date"]) == ("2024-01-11", "2024-02-09")
    three_days_ago = found[-4]
    assert float(three_days_ago["lower"]) <= 30 <= float(three_days_ago["upper"])
    assert int(three_days_ago["reported"]) < 30
    run("estimate", "delays", source, "--now", "2024-02-09", "--family", "lognormal", "--out", tmp_path / "delay.csv")
    delay = rows(tmp_path / "delay.csv")[0]
    assert delay["family"] == "lognormal"
    assert float(delay["mean_low"]) < 2.5 < float(delay["mean_high"]) * 1.1


@pytest.mark.parametrize("method", ["persistence", "seasonal", "exponential"])
def test_a_forecast(method: str, run: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    lines = [f"x,{START + timedelta(7 * t)},{20 + t % 5}" for t in range(60)]
    source = tmp_path / "in.csv"
    source.write_text("series,date,count\n" + "\n".join(lines), encoding="utf-8")
    run("estimate", "forecast", source, "--method", method, "--horizon", "3", "--out", tmp_path / "o.csv")
    found = rows(tmp_path / "o.csv")
    assert list(found[0]) == ["series", "date", "probability", "value"]
    assert len(found) == 3 * 23
    assert found[-1]["date"] == str(START + timedelta(7 * 62))
    middle = [float(row["value"]) for row in found if row["probability"] == "0.5"]
    assert all(15 <= value <= 30 for value in middle)


@pytest.mark.parametrize(
    ("command", "text", "says"),
    [
        ("nowcast", "event,report\n2024-01-05,2024-01-01\n", "row 2, report: 2024-01-01 is before event, 2024-01-05"),
        ("delays", "event,report\n2024-01-05,soon\n", "row 2, report: “soon” is no date"),
        ("delays", "event,report\n2024-01-05,7\n", "row 2, report: “7” is no date"),
        ("nowcast", "event,reported\n", "lacks the column report"),
        ("nowcast", "event,report\n", "there are no rows"),
        ("forecast", "series,date,count\na,2024-01-01,3\na,2024-01-03,3\n", "a: A forecast needs one series"),
    ],
)
def test_what_cannot_be_estimated_is_named(
    command: str, text: str, says: str, run: Callable[..., tuple[str, str]], tmp_path: Path
) -> None:
    source = tmp_path / "in.csv"
    source.write_text(text, encoding="utf-8")
    _, remarks = run("estimate", command, source, "--out", tmp_path / "o.csv", code=1)
    assert says in remarks
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv"]
