"""Trains, badges and dirty registers: other files than clean stays, asked of the same command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.csv as pa_csv
import pytest
from typer.testing import CliRunner

from fangxian.cli import app

Ask = Callable[..., dict[str, Any]]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Trace a file, lines and people written beside it; gives what was told, or what was said of a fault."""
    monkeypatch.setenv("FANGXIAN_LANGUAGE", "en")
    monkeypatch.setenv("COLUMNS", "300")

    def asking(stays: str, index: str, *more: str, fault: bool = False) -> dict[str, Any]:
        for name, words in (("file", stays), ("index", index)):
            (tmp_path / f"{name}.csv").write_text(words, encoding="utf-8")
        names = {name: str(tmp_path / f"{name}.csv") for name in ("index", "lines", "people")}
        files = ["--index", names["index"], "--out", names["lines"], "--people", names["people"]]
        done = CliRunner().invoke(app, ["trace", str(tmp_path / "file.csv"), *files, *more, "--json"])
        assert (done.exit_code != 0) is fault, done.output
        return {"said": f"{done.stderr} {done.exception}"} if fault else json.loads(done.stdout)

    return asking


def table(folder: Path, name: str) -> list[dict]:
    return pa_csv.read_csv(folder / f"{name}.csv").to_pylist()


def test_who_sat_near_the_case_on_the_train(ask: Ask, tmp_path: Path) -> None:
    """Four in carriage 3 and one in carriage 8; one who got off before the case got on; one whose seat nobody can read."""
    rows = (
        "case,G7/G8,2022-03-05 08:00:00,2022-03-05 12:00:00,03车,12F,高铁", "near,G8,2022-03-05 10:00:00,2022-03-05 13:00:00,3号车厢,10A,",
        "far,G7,2022-03-05 10:00:00,2022-03-05 13:00:00,03车02C,,", "next,G7,2022-03-05 08:00:00,2022-03-05 13:00:00,8号车厢,12A,",
        "early,G7,2022-03-05 06:00:00,2022-03-05 08:00:00,03,12D,", "odd,G7,2022-03-05 08:00:00,2022-03-05 09:00:00,3号车厢,靠门,",
        "crew,G7,2022-03-05 06:00:00,2022-03-05 13:00:00,1-4号车厢,列车员,",
    )  # fmt: skip
    trips = "\n".join(["person,trip,t_in,t_out,carriage,seat,transport", *rows])
    index = "person,from,to\ncase,2022-03-04 00:00:00,\n"
    told = ask(trips, index, "--travel", "--rows", "3", "--rings", "1")
    assert [(one["row"], one["column"]) for one in told["faults"]] == [(7, "seat")] and "靠门" in told["faults"][0][
        "reason"
    ]
    found = {
        one["person"]: (one["rows_apart"], one["same_carriage"], one["minutes"]) for one in table(tmp_path, "lines")
    }
    assert found == {"near": (2, True, 120), "odd": (None, True, 60), "crew": (None, True, 240)}
    assert [one["crew_serving"] for one in table(tmp_path, "lines") if one["person"] == "crew"] == [True]
    everybody = ask(trips, index, "--travel", "--rings", "1", "--category", "covid-19-cn-9")
    assert everybody["people"] == 5
    judged = {one["person"]: (one["category"], one["criterion"][:18]) for one in table(tmp_path, "lines")}
    assert judged["far"] == judged["near"] == ("Close contact", "Sealed train: same")
    assert judged["crew"][0] == "Close contact" and judged["next"][0] == "Exposed person at a venue"
    assert all(one["source"] for one in table(tmp_path, "lines"))
    assert "needs --rings 1" in ask(trips, index, "--travel", "--rows", "3", fault=True)["said"]


def test_badges_that_saw_each_other_within_two_metres(ask: Ask, tmp_path: Path) -> None:
    sightings = [f"a,b,{at},1.5" for at in range(0, 1200, 60)] + [f"c,a,{at},6" for at in range(0, 1200, 60)]
    sightings += [f"b,d,{at},1" for at in range(1500, 3000, 60)] + ["a,a,60,1", "a,b,soon,1", "a,b,60,-1"]
    log = "\n".join(["person,other,t,distance", *sightings])
    told = ask(log, "person,from,to\na,0,\n", "--proximity", "--distance", "2", "--tau", "15")
    assert told["rings"] == {"1": 1, "2": 1} and told["left_out"] == 3
    assert {one["column"] for one in told["faults"]} == {"other", "t", "distance"}
    assert [(one["person"], one["place"], one["minutes"]) for one in table(tmp_path, "lines")] == [
        ("b", "a~b", 20),
        ("d", "b~d", 25),
    ]


def test_a_register_with_gaps_a_crowd_and_a_wrong_clock(ask: Ask, tmp_path: Path) -> None:
    """Missing check-outs are assumed, the gate's clock is put right, the mall is told by notice, the rest is ranked with reasons."""
    rows = [f"v{k},MALL,2022-03-05 14:00:00,2022-03-05 15:00:00,door" for k in range(12)]
    rows += [
        "case,MALL,2022-03-05 14:30:00,2022-03-05 15:30:00,door", "case,bar,2022-03-05 20:00:00,,door",
        "li,bar,2022-03-05 20:10:00,2022-03-05 21:00:00,gate-3", "wu,bar,2022-03-05 20:30:00,2022-03-05 22:30:00,door",
        "wu,gym,2022-03-05 21:00:00,2022-03-05 21:30:00,door",
    ]  # fmt: skip
    stays = "\n".join(["person,place,t_in,t_out,source", *rows])
    (tmp_path / "venues.csv").write_text("place,air\nbar,closed\nMALL,indoors\nelsewhere,outdoors\n", encoding="utf-8")
    index = "person,from,to,onset\ncase,2022-03-05 00:00:00,,2022-03-06 08:00:00\n"
    told = ask(
        stays, index, "--assume", "90", "--closing", "23:00",
        "--venues", str(tmp_path / "venues.csv"),
        "--skew", "gate-3=600", "--explain", "--cap", "10", "--notices", str(tmp_path / "notices.csv"), "--rank", "covid-19-cn-9",
    )  # fmt: skip
    assert {key: told[key] for key in ("people", "crowded_places", "notices", "noticed")} == {
        "people": 2, "crowded_places": 1, "notices": 1, "noticed": 12,
    }  # fmt: skip
    assert [(one["person"], one["minutes"], one["doubt"]) for one in table(tmp_path, "lines")] == [
        ("li", 50, "assumed"), ("wu", 60, "assumed+two_places"),
    ]  # fmt: skip
    notice = table(tmp_path, "notices")[0]
    assert (notice["place"], f"{notice['from']:%H:%M}–{notice['to']:%H:%M}", notice["visitors"]) == (
        "MALL",
        "14:00–16:00",
        "10–49",
    )
    people = table(tmp_path, "people")
    assert [one["person"] for one in people] == ["wu", "li"] and people[0]["risk"] > people[1]["risk"] > 0
    assert people[0]["why"] == "60 min in closed air on the day before onset: 100 %"
    (tmp_path / "venues.csv").write_text("place,air\nbar,fresh\n", encoding="utf-8")
    odd = ask(
        stays, index, "--assume", "9", "--rank", "covid-19-cn-9", "--venues", str(tmp_path / "venues.csv"), fault=True
    )
    assert "row 2, air: fresh must be one of closed, indoors, ventilated, outdoors" in odd["said"]
    assert "no numbers" in ask(stays, index, "--assume", "9", "--rank", "ebola-who", fault=True)["said"]
    assert "write as 22:00" in ask(stays, index, "--closing", "late", fault=True)["said"]


def test_the_time_and_place_that_explain_the_cases(ask: Ask, tmp_path: Path) -> None:
    rows = [f"{who},hall,2022-03-05 18:00:00,2022-03-05 21:00:00" for who in ("a", "b", "c", "waiter")]
    rows += [f"v{k},hall,2022-03-06 1{k % 9}:00:00,2022-03-06 1{k % 9}:20:00" for k in range(40)]
    rows += [f"{who},own {who},2022-03-05 08:00:00,2022-03-05 17:00:00" for who in ("a", "b", "c", "waiter")]
    stays, window = "\n".join(["person,place,t_in,t_out", *rows]), "2022-03-04 00:00:00,2022-03-07 00:00:00"
    index = "\n".join(["person,from,to", *(f"{who},{window}" for who in "abc")])
    told = ask(stays, index, "--backward", "--common-source")
    assert (told["places"], told["people"]) == (1, 1)
    found = table(tmp_path, "lines")[0]
    assert (found["place"], f"{found['from']:%d %H}–{found['to']:%H}", found["cases"], found["visitors"]) == (
        "hall",
        "05 18–21",
        3,
        4,
    )
    assert 0 < found["p"] < 0.2 and found["share"] == 1
    assert [(one["person"], one["cases"]) for one in table(tmp_path, "people")] == [("waiter", 3)]
    assert "goes with --backward" in ask(stays, index, "--common-source", fault=True)["said"]


def test_raw_positions_become_stays_that_are_traced(ask: Ask, tmp_path: Path) -> None:
    """Two sit in a park for an hour, a jogger runs through; a jump of one position to the sea is noise."""
    rows = [
        f"{who},{at},{112.0002 + k * 0.0003:.4f},3.9001" for k, who in enumerate("ab") for at in range(0, 3601, 120)
    ]
    rows += [f"runner,{at},{111.98 + at / 60 * 0.002:.4f},3.9001" for at in range(0, 1801, 60)] + [
        "a,1801,115.0,3.9",
        "b,60,200,3.9",
    ]
    told = ask(
        "\n".join(["person,t,lon,lat", *rows]), "person,from,to\na,0,\n", "--staypoints", "150", "--minutes", "20"
    )
    assert (told["people"], told["lines"], told["left_out"]) == (1, 1, 1)
    assert [(one["person"], one["via"], one["minutes"]) for one in table(tmp_path, "lines")] == [("b", "a", 60)]
