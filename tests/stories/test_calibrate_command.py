"""A wave is over: what does it say of the measures? `fangxian calibrate` answers, and says where it cannot."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.console import Inside

EXAMPLES = Path(__file__).parents[2] / "examples" / "calibrations"


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    """The example, with fewer people and particles than one would want."""
    shutil.copy(EXAMPLES / "wave.csv", tmp_path)
    return changed(tmp_path / "wave.yaml", scenario={"population": {"people": 5000}}, particles=20, most=120)


def changed(path: Path, **other: Any) -> Path:
    raw = yaml.safe_load((EXAMPLES / "wave.yaml").read_text(encoding="utf-8"))
    for name, value in other.items():
        raw[name] = raw[name] | value if isinstance(value, dict) else value
    path.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path


def test_a_wave_is_calibrated_and_gone_on_with(tmp_path: Path, asked: Path) -> None:
    console = Inside()
    first = json.loads(console.run("calibrate", str(asked), "--out", str(tmp_path / "answer"), "--json").stdout)
    assert [one["name"] for one in first["parameters"]] == ["transmission", "seeds", "contacts_left"]
    assert all(one["identified"] == (one["median"] is not None) != bool(one["reason"]) for one in first["parameters"])
    assert set(first["check"]["tails"]) == {"total", "peak", "peak_day"}
    rows = (tmp_path / "answer" / "posterior.csv").read_text().splitlines()
    assert rows[0] == "transmission,seeds,contacts_left,weight,distance" and len(rows) == 21
    drawing = (tmp_path / "answer" / "seen.svg").read_text(encoding="utf-8")
    assert "Seen each day, and after calibration" in drawing

    kept = (tmp_path / "answer" / "generations.jsonl").read_text().splitlines()
    (tmp_path / "answer" / "generations.jsonl").write_text(
        kept[0] + "\n" + kept[0][:99]
    )  # ended in the middle of a line
    again = json.loads(console.run("calibrate", str(asked), "--out", str(tmp_path / "answer"), "--json").stdout)
    assert again == first

    other = changed(tmp_path / "other.yaml", seed=7)
    told = console.run("calibrate", str(other), "--out", str(tmp_path / "answer"), code=2).stderr
    assert "results of something else" in " ".join(told.split())


def test_the_best_fit_alone(tmp_path: Path, asked: Path) -> None:
    told = Inside().run("calibrate", str(asked), "--out", str(tmp_path / "answer"), "--best").stderr
    assert "transmission: 0.0" in told and "distance" in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parameters": {"x": {"of": "measures.9.closure.left", "low": 0, "high": 1}}}, "parameters.x.of: the scenario has no measures.9"),
        ({"parameters": {"x": {"of": "measures.1.closure.left", "low": 0, "high": 2}}}, "parameters.x: measures[1].closure.left"),
        ({"parameters": {"x": {"of": "population.people", "low": 1, "high": 2}}}, "the city is given, not learnt"),
        ({"parameters": {"x": {"of": "disease.smell", "low": 0, "high": 1}}}, "the disease has no smell"),
        ({"parameters": {"x": {"low": 1}}}, "parameters.x.high: this is needed"),
        ({"seen": {"column": "smell"}}, "seen.column: is to be one of infected"),
        ({"seen": {"count": "people"}}, "seen: wave.csv has no column people"),
        ({"seen": {"file": "gone.csv"}}, "seen.file: gone.csv cannot be read"),
        ({"seen": {"share": 0}}, "the share that is told above 0"),
        ({"particles": 5}, "particles: is a number from 20"),
        ({"scenario": {"disease": "plague"}}, "There is no disease plague"),
        ({"smell": 1}, "smell: there is no such field"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, asked: Path, change: dict[str, Any], said: str) -> None:
    from fangxian.analytics import calibration

    with pytest.raises(calibration.CalibrationError) as refused:
        calibration.read(changed(asked, **change))
    assert "wave.yaml: " in refused.value.en and said in refused.value.en


@pytest.mark.parametrize(
    ("rows", "said"),
    [("2031-03-01,five", "row 2: a day is written"), ("2031-03-01,-4", "row 2: cases is to be at least 0"), ("2031-03-01,5", "three days")],
)  # fmt: skip
def test_a_series_that_is_none(tmp_path: Path, asked: Path, rows: str, said: str) -> None:
    from fangxian.analytics import calibration

    (tmp_path / "wave.csv").write_text("day,cases\n" + rows + "\n")
    with pytest.raises(calibration.CalibrationError) as refused:
        calibration.read(asked)
    assert said in refused.value.en
