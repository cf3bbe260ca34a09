"""A real wave: Wenzhou in January and February 2020. What a simple city can say of it, and what it says it cannot."""

import csv
import gzip
from pathlib import Path

import pytest

from fangxian.analytics import calibration
from tests.support.reference import ABSENT, DATA

WENZHOU = "330300"
QUESTION = """
scenario:
  population: {people: 20000}
  disease: sars-cov-2-wild
  seeds: 10
  measures:
    - closure: {layer: school, left: 0, since: 0}
    - closure: {layer: work, left: 0.2, since: 18}
    - closure: {layer: community, left: 0.2, since: 18}
    - testing: {symptomatic: 0.2, delay: 1}
seen: {file: wave.csv, day: day, count: cases, column: onsets, delay: {mean: 6, sd: 3.5}, lead: 12}
parameters:
  transmission: {of: disease.transmission, low: 0.002, high: 0.06, log: true}
  seeds: {low: 1, high: 300, log: true, whole: true}
particles: 30
most: 280
"""


@pytest.fixture
def wave(tmp_path: Path) -> calibration.Question:
    source = DATA / "china_daily_prefecture" / "wuhan_2019_ncov_daily.csv.gz"
    if not source.exists():
        pytest.skip(ABSENT)
    with gzip.open(source, "rt", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["cityCode"] == WENZHOU][:31]
    before = 0
    with (tmp_path / "wave.csv").open("w") as out:
        out.write("day,cases\n")
        for row in rows:
            now = int(row["confirmed"])
            out.write(f"{row['date']},{max(0, now - before)}\n")
            before = max(now, before)
    (tmp_path / "wave.yaml").write_text(QUESTION)
    return calibration.read(tmp_path / "wave.yaml")


def test_wenzhou_is_learnt_from_and_its_steep_peak_is_said_to_be_beyond_a_city_without_arrivals(
    wave: calibration.Question,
) -> None:
    assert wave.seen.sum() == 504
    first, *_between, last = calibration.generations(
        wave.distance, wave.priors, particles=wave.particles, most=wave.most
    )
    assert last.tolerance < first.tolerance / 3
    checked = calibration.check(wave.seen, calibration.drawn(wave, last, 40))
    assert checked.covered > 0.5 and 0.025 < checked.tails["total"] < 0.975
    assert checked.tails["peak"] > 0.9, "most of its cases came infected from elsewhere within days"
