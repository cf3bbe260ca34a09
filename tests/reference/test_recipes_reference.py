"""The replay recipes on the real lists: every row is accounted for, and the corrected lists agree with their references."""

from __future__ import annotations

import csv
import datetime as dt
import statistics
from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from fangxian.standards import cn_ids
from fangxian.standards.linelist import (
    CaseRow,
    ContactRow,
    ExposureRow,
    Rejection,
    StopRow,
    jurisdictions,
    load_recipe,
    read,
)
from fangxian.standards.linelist.recipe import Recipe

REPLAYS = Path(__file__).parents[2] / "examples" / "replays"
TODAY = dt.date(2024, 1, 1)


class Outcome:
    """What reading one recipe gave, by kind."""

    def __init__(self, recipe: Recipe, data: Path) -> None:
        rows = list(read(recipe, data, today=TODAY))
        self.cases = {row.id: row for row in rows if isinstance(row, CaseRow)}
        self.contacts = [row for row in rows if isinstance(row, ContactRow)]
        self.exposures = [row for row in rows if isinstance(row, ExposureRow)]
        self.stops = [row for row in rows if isinstance(row, StopRow)]
        self.rejections = [row for row in rows if isinstance(row, Rejection)]

    def codes(self) -> Counter[str]:
        return Counter(each.code for each in self.rejections)

    def serial_intervals(self) -> list[int]:
        onsets = {case.id: case.onset for case in self.cases.values() if case.onset}
        pairs = [(onsets.get(link.from_id), onsets.get(link.to_id)) for link in self.contacts]
        return [(second - first).days for first, second in pairs if first and second]

    def cluster_sizes(self) -> list[int]:
        """People per connected component of the links, whether listed as cases or not; largest first."""
        above: dict[str, str] = {}

        def root(person: str) -> str:
            while above.get(person, person) != person:
                person = above[person]
            return person

        for link in self.contacts:
            above[root(link.from_id)] = root(link.to_id)
        people = {*self.cases, *(person for link in self.contacts for person in (link.from_id, link.to_id))}
        return sorted(Counter(root(person) for person in people).values(), reverse=True)

    def max_out_degree(self) -> int:
        return max(Counter(link.from_id for link in self.contacts).values())


@cache
def outcome(name: str, data: Path) -> Outcome:
    return Outcome(load_recipe(REPLAYS / f"{name}.yaml"), data)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_mers_korea_agrees_with_epicontacts(data_dir: Path) -> None:
    found = outcome("mers_korea_2015", data_dir)
    assert (len(found.cases), len(found.contacts)) == (162, 98)
    assert found.codes() == {"no_incubation": 1}
    intervals = found.serial_intervals()
    assert len(intervals) == 98
    assert statistics.mean(intervals) == pytest.approx(14.469387755102)
    assert statistics.stdev(intervals) == pytest.approx(5.1995322581715)
    assert found.max_out_degree() == 38
    assert (found.cluster_sizes()[0], len(found.cluster_sizes())) == (94, 67)
    assert sum(case.outcome == "died" for case in found.cases.values()) == 19


def test_mers_korea_reads_the_same_from_any_folder(data_dir: Path) -> None:
    recipe = load_recipe(REPLAYS / "mers_korea_2015.yaml")
    inside = Outcome(recipe, data_dir / "linelists")
    assert inside.cases == outcome("mers_korea_2015", data_dir).cases


def without_source(row: CaseRow | ContactRow) -> CaseRow | ContactRow:
    return replace(row, file="", row=0)


def test_ebola_raw_agrees_with_its_clean_version_but_for_the_listed_differences(data_dir: Path) -> None:
    """The authors deleted 59 cases infected on the day of onset; we keep the case and drop the date, and say so."""
    raw, clean = outcome("ebola_sim", data_dir), outcome("ebola_sim_clean", data_dir)
    listed = {each.person for each in raw.rejections if each.code == "no_incubation"}
    folder = data_dir / "linelists"
    deleted = {row["case_id"] for row in table(folder / "ebola_sim_linelist.csv")} - {
        row["case_id"] for row in table(folder / "ebola_sim_clean_linelist.csv")
    }

    # Cases: ours are theirs and exactly the 59 that we list.
    assert len(deleted) == 59
    assert listed == deleted
    assert raw.cases.keys() == clean.cases.keys() | deleted
    assert all(raw.cases[person].exposure_start is None for person in deleted)
    for person, case in clean.cases.items():
        assert without_source(raw.cases[person]) == without_source(case)

    # Links: all of them, also those from people who are no cases (of the clean list, the 59 are such people).
    ours, theirs = (Counter(map(without_source, found.contacts)) for found in (raw, clean))
    assert ours == theirs
    assert ours.total() == 3800
    strangers = [
        sum(isinstance(link, ContactRow) and link.from_id not in found.cases for link in found.contacts)
        for found in (raw, clean)
    ]
    assert strangers == [1639, 1657]

    # What is listed besides: outcomes before onset (all that are in the file), and those links.
    assert raw.codes() == {"no_incubation": 59, "outcome_before_onset": 200, "contact_without_case": 1639}
    assert clean.codes() == {"outcome_before_onset": 197, "contact_without_case": 1657}
    early = {each.person for each in raw.rejections if each.code == "outcome_before_onset"}
    assert len(early & deleted) == 3


def test_ebola_values_are_those_of_the_clean_file(data_dir: Path) -> None:
    """Field by field against the authors' own clean file, read without any of our code."""
    raw = outcome("ebola_sim", data_dir)
    sexes, outcomes = {"m": "male", "f": "female"}, {"Recover": "recovered", "Death": "died", "NA": None}

    def date(text: str) -> dt.date | None:
        return None if text == "NA" else dt.date.fromisoformat(text)

    for row in table(data_dir / "linelists" / "ebola_sim_clean_linelist.csv"):
        case = raw.cases[row["case_id"]]
        onset, ended = date(row["date_of_onset"]), date(row["date_of_outcome"])
        assert onset is not None
        believed = ended if ended is not None and ended >= onset else None
        assert (case.onset, case.hospitalised_at) == (onset, date(row["date_of_hospitalisation"]))
        assert case.exposure_start == case.exposure_end == date(row["date_of_infection"])
        assert (case.sex, case.outcome, case.outcome_at) == (sexes[row["gender"]], outcomes[row["outcome"]], believed)
        assert case.place == (None if row["hospital"] == "NA" else row["hospital"])
        assert (case.lon, case.lat) == (float(row["lon"]), float(row["lat"]))


def test_ebola_chains_agree_with_epicontacts_when_links_from_unlisted_people_are_kept(data_dir: Path) -> None:
    recipe = load_recipe(REPLAYS / "ebola_sim_clean.yaml")
    found = Outcome(replace(recipe, checks={"contact_without_case": "warning"}), data_dir)
    assert (len(found.cases), len(found.contacts)) == (5829, 3800)
    intervals = found.serial_intervals()
    assert len(intervals) == 2116
    assert statistics.mean(intervals) == pytest.approx(11.0604914933837)
    assert statistics.stdev(intervals) == pytest.approx(8.07787911591125)
    assert found.max_out_degree() == 6
    assert (found.cluster_sizes()[0], len(found.cluster_sizes())) == (14, 3247)


def test_korea_accounts_for_every_row(data_dir: Path) -> None:
    found = outcome("korea_covid_2020", data_dir)
    folder = data_dir / "korea_covid_2020"
    patients = table(folder / "kaggle_v8" / "PatientInfo.csv")
    dropped = Counter(each.code for each in found.rejections if each.severity == "dropped_row")
    assert len(found.cases) + dropped["conflicting_case"] == len(patients) == 5165
    named = Counter(len(row["infected_by"].split(",")) for row in patients if row["infected_by"])
    links = sum(count * people for count, people in named.items())
    lost = dropped["infection_loop"] + dropped["contact_without_case"] + dropped["self_infection"]
    assert len(found.contacts) + lost == links
    assert len(found.stops) == len(table(folder / "kaggle_route_full" / "PatientRoute.csv"))
    assert found.codes() == {
        "unknown_lookup": 31,
        "negative_serial_interval": 11,
        "infection_loop": 9,
        "contact_without_case": 7,
        "self_infection": 4,
        "bad_number": 3,
        "conflicting_case": 1,
    }
    # Three contact counts are really identifiers of other patients, typed into the wrong column.
    assert all(len(each.value) == 10 for each in found.rejections if each.code == "bad_number")
    assert sum(case.outcome == "died" for case in found.cases.values()) == sum(
        row["state"] == "deceased" for row in patients
    )
    first = found.cases["1000000001"]
    assert (first.age_band, first.area, first.contact_count) == ((50, 59), "921004", 75)
    assert (first.onset, first.confirmed_at) == (dt.date(2020, 1, 22), dt.date(2020, 1, 23))
    # Day first in this file, month first in the other.
    assert found.stops[0].start == dt.date(2020, 1, 22)


def test_tianjin_and_singapore(data_dir: Path) -> None:
    tianjin, singapore = outcome("tianjin_2020", data_dir), outcome("singapore_2020", data_dir)
    folder = data_dir / "clusters_tianjin_singapore"
    edges = table(folder / "tianjin_edges_clean.csv")
    named = sum(bool(row[f"edge{number}"].strip()) for row in edges for number in range(1, 5))
    assert len(tianjin.cases) == 135
    assert len(tianjin.contacts) + tianjin.codes()["infection_loop"] == named == 89
    assert tianjin.codes() == {"negative_serial_interval": 11, "infection_loop": 2}
    assert {case.id for case in tianjin.cases.values() if case.outcome == "died"} == {"TJ44", "TJ50", "TJ68"}
    assert len(singapore.cases) == 93
    assert singapore.codes() == {"self_infection": 1}
    assert all(link.kind == "links" for link in singapore.contacts)


@pytest.mark.parametrize("name", sorted(path.stem for path in REPLAYS.glob("*.yaml")))
def test_every_case_lies_in_a_listed_area_and_every_link_starts_from_a_case(name: str, data_dir: Path) -> None:
    found = outcome(name, data_dir)
    areas = {area.code for area in jurisdictions(load_recipe(REPLAYS / f"{name}.yaml"), data_dir)}
    assert {case.area for case in found.cases.values()} <= areas
    assert all(cn_ids.parent(code) in areas or len(code) == 2 for code in areas)
    assert all(int(code[:2]) >= 90 for code in areas)
    if not name.startswith("ebola_sim"):  # whose recipes keep infectors who are no cases
        assert {link.from_id for link in found.contacts} <= found.cases.keys()
    assert all(case.reported_at for case in found.cases.values() if case.onset or case.confirmed_at)
