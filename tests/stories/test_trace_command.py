"""A county has a file of stays from venue check-ins and three cases: who was with them, and with those? No installation needed."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from tests.support.console import Console, Inside

#: Zhang was in the noodle shop with Li for half an hour; Li met Wang in the market afterwards; Zhao had been there before.
STAYS = """person,place,t_in,t_out
zhang,noodles,2022-03-05 12:00:00,2022-03-05 12:40:00
li,noodles,2022-03-05 12:10:00,2022-03-05 13:00:00
li,market,2022-03-05 14:00:00,2022-03-05 15:00:00
wang,market,2022-03-05 14:30:00,2022-03-05 14:50:00
zhao,market,2022-03-05 14:05:00,2022-03-05 14:12:00
zhao,noodles,2022-03-05 11:00:00,2022-03-05 12:10:00
"""
INDEX = "person,from,to\nzhang,2022-03-04 00:00:00,2022-03-05 20:00:00\n"


@pytest.fixture
def console(tmp_path: Path) -> Inside:
    (tmp_path / "stays.csv").write_text(STAYS, encoding="utf-8")
    (tmp_path / "index.csv").write_text(INDEX, encoding="utf-8")
    return Inside()


def table(path: Path) -> list[dict]:
    return (pa_csv.read_csv(path) if path.suffix == ".csv" else pq.read_table(path)).to_pylist()


def test_it_needs_no_installation(console: Inside, tmp_path: Path) -> None:
    words = ("trace", tmp_path / "stays.csv", "--index", tmp_path / "index.csv", "--json")
    assert json.loads(Console(tmp_path / "none").run(*words).stdout)["rings"] == {"1": 1, "2": 1}
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("engine", ["native", "duckdb"])
def test_both_rings_with_place_minutes_and_by_whom(console: Inside, tmp_path: Path, engine: str) -> None:
    out, people = tmp_path / "lines.parquet", tmp_path / "people.csv"
    done = console.run(
        "trace", tmp_path / "stays.csv", "--index", tmp_path / "index.csv", "--tau", "15", "--rings", "2",
        "--engine", engine, "--out", out, "--people", people, "--json",
    )  # fmt: skip
    assert json.loads(done.stdout) == {
        "stays": 6, "left_out": 0, "faults": [], "index_without_stays": 0, "people": 2, "rings": {"1": 1, "2": 1}, "lines": 2,
    }  # fmt: skip
    first, second = table(out)
    assert (first["person"], first["ring"], first["via"], first["place"], first["minutes"]) == (
        "li",
        1,
        "zhang",
        "noodles",
        30,
    )
    assert f"{first['t_in']:%H:%M}–{first['t_out']:%H:%M}" == "12:10–12:40"
    assert (second["person"], second["ring"], second["via"], second["minutes"]) == ("wang", 2, "li", 20)
    assert [(one["person"], one["ring"], f"{one['exposed_at']:%H:%M}") for one in table(people)] == [
        ("li", 1, "12:10"), ("wang", 2, "14:30"),
    ]  # fmt: skip


def test_what_was_kept_is_traced_again_without_the_file(console: Inside, tmp_path: Path) -> None:
    """The same lines and people, whoever is asked about next; what the folder cannot answer is refused with the way out."""
    ways = (
        "--index",
        tmp_path / "index.csv",
        "--people",
        tmp_path / "people.csv",
        "--out",
        tmp_path / "lines.csv",
        "--json",
    )
    first = console.run("trace", tmp_path / "stays.csv", *ways, "--keep", tmp_path / "kept")
    expected = [json.loads(first.stdout), table(tmp_path / "people.csv"), table(tmp_path / "lines.csv")]
    (tmp_path / "stays.csv").unlink()
    again = console.run("trace", tmp_path / "kept", *ways)
    assert [json.loads(again.stdout), table(tmp_path / "people.csv"), table(tmp_path / "lines.csv")] == expected
    assert json.loads(console.run("trace", tmp_path / "kept", *ways, "--tau", "30").stdout)["rings"] == {"1": 1}
    for more, words in (
        (("--tau", "5"), "900"), (("--cumulative",), "900"), (("--engine", "duckdb"), "native"),
        (("--keep", tmp_path / "kept"), "kept"),
    ):  # fmt: skip
        refused = console.run("trace", tmp_path / "kept", *ways, *more, code=None)
        assert refused.returncode and words in refused.stderr


def test_whole_seconds_and_numbers_stay_what_they_were(console: Inside, tmp_path: Path) -> None:
    stays = pa.table({"person": [70, 9, 9], "place": [5, 5, 5], "t_in": [0, 600, 3000], "t_out": [4000, 1200, 3600]})
    (tmp_path / "days").mkdir()
    for day in range(3):
        pq.write_table(stays.slice(day, 1), tmp_path / "days" / f"day{day}.parquet")
    (tmp_path / "index.csv").write_text("person,from,to\n70,700,\n5,0,9\n", encoding="utf-8")
    done = console.run(
        "trace",
        tmp_path / "days",
        "--index",
        tmp_path / "index.csv",
        "--tau",
        "8",
        "--out",
        tmp_path / "lines.csv",
        "--json",
    )
    assert json.loads(done.stdout)["index_without_stays"] == 1
    assert table(tmp_path / "lines.csv") == [
        {"person": 9, "ring": 1, "via": 70, "place": 5, "t_in": 700, "t_out": 1200, "minutes": 500 / 60},
        {"person": 9, "ring": 1, "via": 70, "place": 5, "t_in": 3000, "t_out": 3600, "minutes": 10.0},
    ]


def test_categories_are_read_as_what_they_stand_for(console: Inside, tmp_path: Path) -> None:
    words = [line.split(",") for line in STAYS.splitlines()[1:]]
    person, place = (pa.array([row[at] for row in words]).dictionary_encode() for at in (0, 1))
    begin, end = (pa.array([row[at] for row in words]).cast(pa.timestamp("s")) for at in (2, 3))
    stays = pa.table({"person": person, "place": place, "t_in": begin, "t_out": end})
    pq.write_table(stays, tmp_path / "stays.parquet")
    done = console.run("trace", tmp_path / "stays.parquet", "--index", tmp_path / "index.csv", "--json")
    assert json.loads(done.stdout)["rings"] == {"1": 1, "2": 1}


def test_rows_at_fault_are_named_and_the_rest_is_traced(console: Inside, tmp_path: Path) -> None:
    bad = (
        "sun,market,2022-03-05 15:00:00,2022-03-05 14:00:00",
        "qian,market,yesterday,2022-03-05 15:00:00",
        ",market,2022-03-05 14:00:00,2022-03-05 15:00:00",
        "zhou,market,2022-03-05 14:00:00,2023-03-05 15:00:00",
    )
    (tmp_path / "stays.csv").write_text(STAYS + "\n".join(bad), encoding="utf-8")
    people = tmp_path / "people.parquet"
    command: list[str | Path] = ["trace", tmp_path / "stays.csv", "--index", tmp_path / "index.csv", "--people", people]
    told = json.loads(console.run(*command, "--json").stdout)
    assert (told["left_out"], told["people"]) == (4, 2)
    assert [(one["row"], one["column"]) for one in told["faults"]] == [
        (9, "t_in"), (10, "person"), (8, "t_out"), (11, "t_out"),
    ]  # fmt: skip
    words = console.run(*command).stderr
    assert "stays.csv row 8, t_out: the person leaves before arriving. Check both instants" in words
    console.language = "zh"
    assert "第 9 行 t_in：不是时间。请写成整秒数" in console.run(*command).stderr


def test_files_that_cannot_be_meant_are_refused_in_words(console: Inside, tmp_path: Path) -> None:
    def said(*more: str, stays: str = STAYS, index: str = INDEX, code: int = 1) -> str:
        (tmp_path / "stays.csv").write_text(stays, encoding="utf-8")
        (tmp_path / "index.csv").write_text(index, encoding="utf-8")
        return console.run("trace", tmp_path / "stays.csv", "--index", tmp_path / "index.csv", *more, code=code).stderr

    assert "lacks the column t_out" in said(stays="person,place,t_in\na,b,1\n")
    assert "must be as in the stays" in said(index="person,from,to\nzhang,0,7\n")
    nobody = said(stays="person,place,t_in,t_out\na,b,9,1\n", index="person,from,to\na,0,9\n", code=0)
    assert "1 of 1 rows were left out" in nobody and "Nobody was found" in nobody
    assert "must be one of native, duckdb" in said("--engine", "abacus", code=2)
    assert "more than 0" in said("--tau", "0", code=2)
    assert "ends in" in said(stays="") or "CSV" in said(stays="")
    (tmp_path / "half.parquet").write_bytes(b"PAR1 and then the power failed")
    words = console.run("trace", tmp_path / "half.parquet", "--index", tmp_path / "index.csv", code=1).stderr
    assert "is no whole Parquet file" in words


def test_quarter_hours_of_a_day_add_up_when_the_protocol_says_so(console: Inside, tmp_path: Path) -> None:
    short = [
        "a,gate,0,300",
        "b,gate,0,300",
        "a,lift,4000,4360",
        "b,lift,4000,4400",
        "a,yard,90000,91000",
        "c,yard,90500,91000",
    ]
    (tmp_path / "stays.csv").write_text("\n".join(["person,place,t_in,t_out", *short]), encoding="utf-8")
    (tmp_path / "index.csv").write_text("person,from,to\na,0,\n", encoding="utf-8")
    command: list[str | Path] = [
        "trace",
        tmp_path / "stays.csv",
        "--index",
        tmp_path / "index.csv",
        "--tau",
        "11",
        "--json",
    ]
    assert json.loads(console.run(*command).stdout)["people"] == 0
    out = tmp_path / "lines.csv"
    assert json.loads(console.run(*command, "--cumulative", "--out", out).stdout)["people"] == 1
    assert [(one["person"], one["place"], one["minutes"]) for one in table(out)] == [("b", "gate", 5), ("b", "lift", 6)]
    assert "only native" in console.run(*command, "--cumulative", "--engine", "duckdb", code=2).stderr


def test_companions_by_positions_and_places_that_cases_share(console: Inside, tmp_path: Path) -> None:
    rows = ["person,t,lon,lat", *(f"{who},{at},112.00{who},3.90" for who in (1, 2) for at in range(0, 3601, 300))]
    rows += ["3,0,113.0,3.9", "3,later,112.001,3.9", "4,60,3.9,112.001"]
    (tmp_path / "positions.csv").write_text("\n".join(rows), encoding="utf-8")
    (tmp_path / "index.csv").write_text("person,from,to\n1,0,3600\n", encoding="utf-8")
    told = json.loads(
        console.run(
            "trace", tmp_path / "positions.csv", "--index", tmp_path / "index.csv", "--companions", "--cell", "800",
            "--minutes", "10", "--people", tmp_path / "people.csv", "--json",
        ).stdout
    )  # fmt: skip
    assert table(tmp_path / "people.csv") == [{"person": 2, "ring": 1, "exposed_at": 0}]
    assert [(one["row"], one["column"]) for one in told["faults"]] == [(29, "t"), (30, "lat")]

    shared = "person,place,t_in,t_out\na,hall,0,3600\nb,hall,1800,5400\na,home,7200,9000\nc,home,7200,9000\n"
    (tmp_path / "stays.csv").write_text(shared, encoding="utf-8")
    (tmp_path / "index.csv").write_text("person,from,to\na,0,9000\nb,0,9000\n", encoding="utf-8")
    out = tmp_path / "places.csv"
    console.run("trace", tmp_path / "stays.csv", "--index", tmp_path / "index.csv", "--backward", "--out", out)
    assert [(one["place"], one["cases"]) for one in table(out)] == [("hall", 2)]
