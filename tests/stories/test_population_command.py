"""`fangxian population build`: a city from a table, kept in a file, simulated, and its stays taken by the lake."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from fangxian.analytics import simulation
from fangxian.analytics.simulation import scenario, synthesis, whereabouts
from fangxian.lake import Lake
from tests.support.console import Inside

TABLE = "code,name,people\n330102001,江畔街道,1800\n330102002,山前镇,1200\n"
CITY = simulation.synthesise(6_000, seed=2)


@pytest.fixture
def console() -> Inside:
    return Inside()


def test_a_table_becomes_a_city_that_a_scenario_names(console: Inside, tmp_path: Path) -> None:
    table, out = tmp_path / "townships.csv", tmp_path / "city.npz"
    table.write_text(TABLE, encoding="utf-8")
    stays = tmp_path / "stays"
    asked = (
        "population",
        "build",
        table,
        "--out",
        out,
        "--stays",
        stays,
        "--from",
        "2026-03-02",
        "--days",
        "2",
        "--json",
    )
    told = json.loads(console.run(*asked).stdout)
    assert told["people"] == 3_000 and told["places"]["township"] == 2 and len(told["stays"]) == 2
    question = tmp_path / "town.yaml"
    question.write_text("population: {file: city.npz}\ndisease: influenza\ndays: 60\nseeds: 10\n", encoding="utf-8")
    asked_for = scenario.read(question)
    city = asked_for.build()
    assert np.array_equal(city.met, synthesis.synthesise(synthesis.townships(table)).met), (
        "the same seed gives the same city"
    )
    assert np.bincount(city.zone("township")).tolist() == [1800, 1200]
    run = simulation.simulate(city, asked_for.disease, days=asked_for.days, seeds=asked_for.seeds)
    assert run.total("infected") > 10
    lake = Lake(tmp_path / "lake")
    for file in sorted(stays.glob("*.parquet")):
        receipt = lake.ingest(file, source="city", batch=file.stem)
        assert receipt.taken == pq.read_metadata(file).num_rows > 6_000


def test_people_are_where_their_contacts_are() -> None:
    (_day, table), (_saturday, weekend) = list(whereabouts.stays(CITY, date(2026, 3, 6), 2))
    rows = table.to_pydict()
    inside: dict[str, set[int]] = {}
    for person, place in zip(rows["person"], rows["place"], strict=True):
        inside.setdefault(place, set()).add(person - 1)
    for one in range(0, 6_000, 97):
        for layer, kind in ((0, "home-"), (1, "class-")):
            for other in CITY.contacts(one, layer).tolist():
                assert any(kind in place and {one, other} <= there for place, there in inside.items()), (
                    one,
                    other,
                    kind,
                )
    assert all(came < left for came, left in zip(rows["t_in"], rows["t_out"], strict=True))
    assert not any(place.startswith(("class-", "team-")) for place in weekend.column("place").to_pylist())


def test_households_are_of_people_who_might_live_together() -> None:
    city = simulation.synthesise(40_000, seed=4)
    household, age = city.places["household"], city.age.astype(int)
    size = np.bincount(household)
    shares = np.bincount(size, minlength=8)[1:8] / len(size)
    told = synthesis.profile("cn")["households"]
    assert shares == pytest.approx(np.asarray(told) / sum(told), abs=0.01)
    assert not (age[size[household] == 1] < 18).any(), "no child lives alone"
    assert (age >= 60).mean() == pytest.approx(sum(synthesis.profile("cn")["ages"][12:]), abs=0.01)
    assert (city.degree[1] > 0).sum() == pytest.approx(((age >= 6) & (age < 18)).sum(), rel=0.02)
    in_care = city.places["care_home"] >= 0
    assert (city.degree[0][in_care & (age >= 75)] == 0).all() and (city.degree[2][in_care] > 0).all()
    for name in ("building", "compound"):
        zone = city.zone(name)
        assert all(len(set(zone[household == one].tolist())) == 1 for one in range(0, len(size), 501))


@pytest.mark.parametrize(("table", "said"), [
    ("code,people\n1,5\n", "townships.csv: lacks the column name"),
    ("code,name,people\n1,a,0\n", "A city has from 1 to 2147483647 people, not 0"),
    ("code,name,people\n1,a,5\n1,b,5\n", "townships.csv, row 3, code: every jurisdiction has a code of its own, not “1”"),
    ("code,name,people\n,a,5\n", "townships.csv, row 2, code: every jurisdiction has a code of its own, not “”"),
])  # fmt: skip
def test_a_wrong_table_is_refused(tmp_path: Path, table: str, said: str) -> None:
    path = tmp_path / "townships.csv"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(simulation.SimulationError) as refused:
        synthesis.synthesise(synthesis.townships(path))
    assert said in refused.value.en and refused.value.zh


def test_a_table_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "townships.csv"
    path.write_bytes("code,name,people\n1,街道,50\n".encode("gbk"))
    with pytest.raises(simulation.SimulationError, match=r"townships\.csv: is no CSV in UTF-8"):
        synthesis.townships(path)


@pytest.mark.parametrize(("age", "pairs", "said"), [
    ([], {}, "at least one person"),
    ([-1, 5], {}, "from 0 to 130"),
    ([float("nan"), 5], {}, "from 0 to 130"),
    ([1, 2], {"home": ([0], [5])}, r"do not exist \(0, 5\)"),
    ([1, 2], {"home": ([0], [2**33])}, "do not exist"),
    ([1, 2], {"home": ([0], [0.5])}, "numbers of people"),
    ([1, 2], {"home": (["a"], ["b"])}, "numbers of people"),
    ([1, 2], {"pub": ([0], [1])}, "one of home, school, work, community"),
])  # fmt: skip
def test_a_network_of_people_who_do_not_exist_is_refused(age: Any, pairs: Any, said: str) -> None:
    with pytest.raises(simulation.SimulationError, match=said):
        simulation.of_pairs(age, pairs)


@pytest.mark.parametrize("changed", [
    {"age": np.empty(0, np.uint8)}, {"age": np.full(50, 200)}, {"age": np.zeros((50, 2), np.uint8)}, {"met": np.array(["a"] * 9)},
    {"place.building": np.zeros(3, int)}, {"place.building": np.zeros(50)},
])  # fmt: skip
def test_a_damaged_file_is_refused(tmp_path: Path, changed: dict[str, Any]) -> None:
    city, path = simulation.build(50), tmp_path / "city.npz"
    arrays: dict[str, Any] = {name: getattr(city, name) for name in ("age", "met", "begin", "degree", "own")} | changed
    np.savez(path, **arrays)
    with pytest.raises(simulation.SimulationError, match="Make it anew"):
        simulation.Population.load(path)


def test_a_city_too_small_for_its_scenario_is_refused_before_anything_is_begun(tmp_path: Path) -> None:
    simulation.build(50).save(tmp_path / "city.npz")
    path = tmp_path / "town.yaml"
    for told, said in (
        ("seeds: 60", "town.yaml: seeds: is a whole number from 0 to 50, not 60"),
        ("seeds: 1\nmeasures: [{capacity: {hospital_beds: 60}}]", "There are 60 hospital beds for 50 people"),
    ):
        path.write_text(f"population: {{file: city.npz}}\ndisease: measles\n{told}\n", encoding="utf-8")
        with pytest.raises(simulation.SimulationError) as refused:
            scenario.read(path)
        assert said in refused.value.en


def test_a_refusal_leaves_nothing_behind(console: Inside, tmp_path: Path) -> None:
    path = tmp_path / "townships.csv"
    path.write_text("code,name,people\n1,a,many\n", encoding="utf-8")
    refused = console.run("population", "build", path, "--out", tmp_path / "city.npz", code=1)
    assert "townships.csv, row 2, people: is a whole number of at least 0, not “many”" in " ".join(
        refused.stderr.split()
    )
    assert not list(tmp_path.glob("city*"))


def test_a_file_that_is_no_city_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "city.npz"
    path.write_bytes(b"no archive")
    with pytest.raises(simulation.SimulationError, match="no saved population"):
        simulation.Population.load(path)
    CITY.save(path)
    assert np.array_equal(simulation.Population.load(path).degree, CITY.degree)
    CITY.met[5], kept = 9_999, CITY.met[5]
    CITY.save(path)
    CITY.met[5] = kept
    with pytest.raises(simulation.SimulationError, match="people that do not exist among 6000"):
        simulation.Population.load(path)
