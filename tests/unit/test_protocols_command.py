"""`fangxian protocols`: what a person reads, what a program reads, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from fangxian.cli.protocols import app
from fangxian.protocols import load, vocabulary


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen on which nothing is broken into lines."""
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("LC_ALL", raising=False)


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_list_shows_what_is_superseded() -> None:
    shown = run("list", "--lang", "en").stdout
    assert "covid-19-cn-8" in shown
    assert "historical → covid-19-cn-9" in shown
    assert "luzhou-2022-10" in shown
    rows = json.loads(run("list", "--json").stdout)
    mers = next(row for row in rows if row["id"] == "mers-who")
    assert mers["base"] is None
    assert sum(mers["grades"].values()) > 40


def test_show_reads_like_the_guideline_with_its_grades() -> None:
    shown = run("show", "covid-19-cn-9", "--lang", "zh").stdout
    assert "发病前 2 天" in shown
    assert "时空伴随者（地方做法）（未启用）" in shown
    assert "集中隔离: 自 末次暴露, 7 天 [B]" in shown
    one = run("show", "covid-19-cn-9", "--duty", "contact2.observation", "--lang", "en").stdout
    assert "The close contact's first two tests" in one
    assert "day 1, 4, 7 [B]" in one
    assert "Three-level" not in one


def test_show_with_an_overlay() -> None:
    assert "发病前 4 天" in run("show", "covid-19-cn-9", "--overlay", "luzhou-2022-10", "--lang", "zh").stdout
    assert "发病前 4 天" in run("show", "luzhou-2022-10", "--lang", "zh").stdout


def test_show_as_json_can_be_loaded_again(tmp_path: Path) -> None:
    written = tmp_path / "measles.json"
    written.write_text(run("show", "measles", "--json").stdout, "utf-8")
    assert load(written).version == load("measles").version
    content = json.loads(written.read_text("utf-8"))
    assert content["duties"]["contact.observation"]["stages"]["exclusion"]["to"]["value"] == 21
    duty = json.loads(run("show", "measles", "--json", "--duty", "contact.prophylaxis").stdout)
    assert list(duty["steps"]) == ["vaccine", "immunoglobulin"]


def test_check_counts_grades_and_names_what_to_look_up() -> None:
    shown = run("check", "covid-19-cn-9", "--lang", "en").stdout
    assert "The pack is sound" in shown
    assert "duties/contact.notification/steps/transfer/due" in shown
    found = json.loads(run("check", "covid-19-cn-9", "--json").stdout)
    assert found["sound"] is True
    assert sum(found["grades"].values()) == found["values"]
    assert {"C", "G"} <= {value["grade"] for value in found["needs_primary"]}


def test_check_names_every_fault_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("id: x\nname: {zh: 甲, en: A}\nstatus: rumour\n", "utf-8")
    result = run("check", str(path), "--lang", "en")
    assert result.exit_code == 1
    assert f"{path}:3: status: 'rumour' is not allowed here" in result.stderr
    assert "the field 'duties' is missing" in result.stderr
    assert "Traceback" not in result.output
    assert "status：“rumour”不可用" in run("check", str(path), "--lang", "zh").stderr
    found = json.loads(run("check", str(path), "--json").stdout)
    assert found["sound"] is False
    assert {problem["field"] for problem in found["problems"]} >= {"status", "duties"}


def test_diff_shows_seven_and_three_against_fourteen_and_seven() -> None:
    lines = run("diff", "covid-19-cn-9", "covid-19-cn-8", "--lang", "en").stdout.splitlines()
    length = [line for line in lines if "close contact › " in line and "length" in line]
    assert [line.split()[-6:] for line in length] == [
        ["7", "days", "B", "14", "days", "B"], ["3", "days", "B", "7", "days", "B"],
    ]  # fmt: skip
    found = json.loads(run("diff", "covid-19-cn-9", "twenty-measures-2022-11", "--json").stdout)
    assert len(found) == 18
    assert "No difference" in run("diff", "measles", "measles", "--lang", "en").stdout


def test_a_name_that_is_none() -> None:
    result = run("show", "covid-19-cn-7")
    assert result.exit_code == 1
    assert "there is no such pack; did you mean 'covid-19-cn-" in result.stderr
    assert run("diff", "measles", "nowhere.yaml").exit_code == 1
    wrong = run("show", "measles", "--duty", "contact.tracing")
    assert wrong.exit_code == 2
    assert "contact.observation" in wrong.stderr


def test_every_word_of_the_vocabulary_has_both_languages() -> None:
    tables = yaml.safe_load(Path(vocabulary.__file__).with_name("vocabulary.yaml").read_text("utf-8"))
    known = {"zh", "en", "unit", "values", "measures", "seconds"}
    for section, rows in tables.items():
        for key, row in rows.items():
            assert set(row) <= known, (section, key)
            for texts in (row, *row.get("values", {}).values()):
                assert texts["zh"], (section, key)
                assert texts["en"], (section, key)
            assert row.get("unit") is None or row["unit"] in tables["units"]
    assert {fact.kind for fact in vocabulary.facts().values()} == {"yes/no", "number", "choice"}
