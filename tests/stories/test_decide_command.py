"""`fangxian decide`: a question answered with a frontier and a brief, stopped and resumed, and refused with words."""

import csv
import json
from pathlib import Path

import pytest
import yaml

from fangxian.analytics import deciding
from tests.properties.test_deciding_laws import TOWN
from tests.support.console import Inside

ROOT = Path(__file__).resolve().parents[2]
SMALL = yaml.safe_dump({**TOWN, "limits": [{"of": "peak_in_hospital", "most": 500}], "compare": {
    "none": {"name": {"zh": "不采取措施", "en": "nothing"}, "measures": []},
    "test": {"measures": [{"testing": {"symptomatic": 0.4, "since": "$detected"}}]},
}}, sort_keys=False)  # fmt: skip


@pytest.fixture
def console() -> Inside:
    return Inside()


@pytest.fixture
def town(tmp_path: Path) -> Path:
    path = tmp_path / "town.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_a_question_is_answered_and_nothing_is_run_twice(town: Path, console: Inside, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = json.loads(console.run("decide", town, "--out", out, "--json").stdout)
    assert told["policies"] == 18 and told["recommended"]["values"].keys() == {"testing", "tracing", "community"}
    assert [one["cost"]["value"] for one in told["frontier"]] == sorted(
        one["cost"]["value"] for one in told["frontier"]
    )
    assert told["detection"]["steps"][0]["days"] == 3 and told["regret"]["times"] == 1.3
    assert [one["key"] for one in told["compared"]] == ["none", "test"]
    rows = list(csv.DictReader((out / "frontier.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 18 and sum(row["recommended"] == "1" for row in rows) == 1
    assert (out / "frontier.svg").read_text(encoding="utf-8").startswith("<svg")
    assert all((out / f"brief.{tongue}.pdf").read_bytes().startswith(b"%PDF") for tongue in ("zh", "en"))
    kept = out / "runs.jsonl"
    before = kept.read_text(encoding="utf-8").splitlines()
    kept.write_text(
        "\n".join(before[: len(before) // 2]) + "\n" + before[-1][:30], encoding="utf-8"
    )  # ended while it wrote
    again = json.loads(console.run("decide", town, "--out", out, "--json").stdout)
    assert again == told
    town.write_text(SMALL.replace("days: 60", "days: 50"), encoding="utf-8")
    refused = console.run("decide", town, "--out", out, code=None)
    assert refused.returncode != 0 and "results of something else" in " ".join(refused.stderr.split())


@pytest.mark.parametrize(("wrong", "right", "said"), [
    ("- 0.5\n  tracing", "- 1.5\n  tracing", "scenario (testing = 1.5): measures[1].testing.symptomatic: is a number from 0 to 1, not 1.5"),
    ("symptomatic: $testing", "symptomatic: 0.2", "choices.testing: no measure has $testing"),
    ("symptomatic: $testing", "symptomatic: $tests", "choices.tests: the measures ask for $tests"),
    ("people: 1500", "people: $testing", "scenario: $testing: only values of measures may be open"),
    ("most: 500", "least: 500", "limits[1].least: there is no such field; there are of, most, share"),
    ("of: peak_in_hospital", "of: happiness", "limits[1].of: there is no figure happiness"),
    ("detected: 10", "detected: 60", "detected: is to lie before day 60"),
    ("first: 3", "first: 30", "runs.first: is a whole number from 2 to 8, not 30"),
    ("choices:", "options:", "options: there is no such field"),
    ("name: A town", "name: A town\nprices: {tests: -3}", "prices: The price of tests is a number of at least 0"),
    ("name: A town", "name: [", "no valid YAML"),
])  # fmt: skip
def test_a_wrong_question_is_refused_by_file_and_field(town: Path, wrong: str, right: str, said: str) -> None:
    assert wrong in SMALL, SMALL
    town.write_text(SMALL.replace(wrong, right, 1), encoding="utf-8")
    with pytest.raises(deciding.DecidingError) as refused:
        _all_of(town)
    assert said in refused.value.en and refused.value.zh


def _all_of(path: Path) -> None:
    question = deciding.read(path)
    deciding.decide(question)


def test_a_question_with_nothing_to_choose_is_refused(town: Path) -> None:
    for choices in ({}, {"testing": {"values": [0.1]}, "tracing": {"values": [0.5]}, "community": {"values": [1]}}):
        with pytest.raises(deciding.DecidingError, match="nothing to choose"):
            deciding.of({**TOWN, "choices": choices})


def test_a_limit_that_nobody_keeps_is_named_with_the_nearest() -> None:
    with pytest.raises(deciding.DecidingError) as refused:
        deciding.decide(
            deciding.of({**TOWN, "limits": [{"of": "infected", "most": 1}, {"of": "deaths", "most": 1000}]})
        )
    assert "No policy keeps “infections at most 1”: the nearest comes to" in refused.value.en
    assert "感染不超过 1" in refused.value.zh


@pytest.mark.parametrize("path", sorted((ROOT / "examples" / "questions").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_examples_can_be_read(path: Path) -> None:
    question = deciding.read(path)
    assert question.name.zh and question.name.en and len(question.policies) >= 20
