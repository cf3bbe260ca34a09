"""A line list arrives with everything that is ever wrong with one: what is right is kept, what is wrong is listed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter

from fangxian.standards.linelist import (
    CaseRow,
    ContactRow,
    ExposureRow,
    LineListRow,
    Rejection,
    StopRow,
    day_of,
    moment_of,
    parse_recipe,
    read,
)

TODAY = dt.date(2020, 3, 1)
HEAD = """
title: {zh: 岚江市疫情, en: Lanjiang outbreak}
pack: covid-19-cn-9
missing: [NA, 不详]
"""
FIELDS = """
      id: id
      sex: sex
      age: age
      onset: onset
      reported_at: {first_of: [reported, confirmed]}
      exposure_start: from
      exposure_end: to
      outcome: outcome
      outcome_at: ended
      died_at: died
"""
COLUMNS = "id,sex,age,onset,reported,confirmed,from,to,outcome,ended,died"
CASES = HEAD + "tables:\n  - rows: cases\n    file: cases.csv\n    fields:" + FIELDS.replace("\n      ", "\n      ")
CONTACTS = """
  - rows: contacts
    file: contacts.csv
    contacts_are: infections
    fields: {from_id: from, to_id: to, setting: where}
"""

Reading = Callable[..., tuple[list[LineListRow], list[Rejection]]]


@pytest.fixture
def reading(tmp_path: Path) -> Reading:
    """Write some files, read them by a recipe, and part what was taken from what was listed."""

    def go(recipe: str, **files: str) -> tuple[list[LineListRow], list[Rejection]]:
        for name, text in files.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        rows = list(read(parse_recipe(recipe), tmp_path, today=TODAY))
        for row in rows:
            if isinstance(row, Rejection):
                assert row.file and row.row and row.reason.zh and row.reason.en and row.remedy.zh and row.remedy.en
        return [row for row in rows if not isinstance(row, Rejection)], [r for r in rows if isinstance(r, Rejection)]

    return go


def cases(*rows: str) -> str:
    return "\n".join([COLUMNS, *rows]) + "\n"


def listed(rejections: list[Rejection]) -> list[tuple[int, str, str, str]]:
    return [(each.row, each.column, each.code, each.severity) for each in rejections]


def test_good_rows_pass_without_a_word(reading: Reading) -> None:
    rows, rejections = reading(
        CASES, cases=cases("A,M,35,2020-01-19,,2020-01-22,2020-01-10,2020-01-15,recovered,2020-02-10,")
    )
    assert rejections == []
    assert rows == [
        CaseRow(
            file="cases.csv",
            row=2,
            id="A",
            sex="male",
            age=35,
            onset=dt.date(2020, 1, 19),
            reported_at=dt.date(2020, 1, 22),
            exposure_start=dt.date(2020, 1, 10),
            exposure_end=dt.date(2020, 1, 15),
            outcome="recovered",
            outcome_at=dt.date(2020, 2, 10),
        )
    ]


@pytest.mark.parametrize(
    ("row", "column", "code", "severity", "dropped"),
    [
        ("A,X,35,,,,,,,,", "sex", "unmapped_value", "dropped_value", {"sex": None}),
        ("A,M,999,,,,,,,,", "age", "age_absurd", "dropped_value", {"age": None}),
        ("A,M,,1/2/2020,,,,,,,", "onset", "ambiguous_date", "dropped_value", {"onset": None}),
        ("A,M,,2020-02-30,,,,,,,", "onset", "impossible_date", "dropped_value", {"onset": None}),
        ("A,M,,2020-04-01,,,,,,,", "onset", "future_date", "dropped_value", {"onset": None}),
        ("A,M,,2020-02,,,,,,,", "onset", "partial_date", "dropped_value", {"onset": None}),
        ("A,M,,43849,,,,,,,", "onset", "unreadable_date", "dropped_value", {"onset": None}),
        (
            "A,M,,2020-02-10,,,,,died,2020-02-01,2020-02-01",
            "died",
            "onset_after_death",
            "dropped_value",
            {"died_at": None, "outcome_at": None, "outcome": "died", "onset": dt.date(2020, 2, 10)},
        ),
        (
            "A,M,,2020-02-10,,,,,recovered,2020-02-01,",
            "ended",
            "outcome_before_onset",
            "dropped_value",
            {"outcome_at": None, "outcome": "recovered"},
        ),
        (
            "A,M,,2020-02-10,,,2020-02-12,2020-02-14,,,",
            "from",
            "exposure_after_onset",
            "dropped_value",
            {"exposure_start": None, "exposure_end": None, "onset": dt.date(2020, 2, 10)},
        ),
        (
            "A,M,,,,,2020-02-14,2020-02-12,,,",
            "to",
            "exposure_reversed",
            "dropped_value",
            {"exposure_start": None, "exposure_end": None},
        ),
        (
            "A,M,,2020-02-10,,,2020-02-10,2020-02-10,,,",
            "from",
            "no_incubation",
            "warning",
            {"exposure_start": dt.date(2020, 2, 10)},
        ),
        ("A,M,,,,,,,recovered,,2020-02-10", "outcome", "outcome_conflict", "warning", {"outcome": "recovered"}),
    ],
)
def test_a_wrong_value_costs_that_value_and_not_the_case(
    reading: Reading, row: str, column: str, code: str, severity: str, dropped: dict[str, object]
) -> None:
    rows, rejections = reading(CASES, cases=cases("Z,F,20,,,,,,,,", row))
    assert listed(rejections) == [(3, column, code, severity)]
    assert rejections[0].person == "A"
    assert [case.id for case in rows if isinstance(case, CaseRow)] == ["Z", "A"]
    assert {name: getattr(rows[1], name) for name in dropped} == dropped


def test_dates_of_death_and_outcome_complete_each_other(reading: Reading) -> None:
    rows, rejections = reading(CASES, cases=cases("A,,,,,,,,,,2020-02-10", "B,,,,,,,,died,2020-02-11,"))
    assert rejections == []
    assert [(c.outcome, c.outcome_at, c.died_at) for c in rows if isinstance(c, CaseRow)] == [
        ("died", dt.date(2020, 2, 10), dt.date(2020, 2, 10)),
        ("died", dt.date(2020, 2, 11), dt.date(2020, 2, 11)),
    ]


def test_an_identical_row_is_kept_once_and_a_conflicting_one_is_listed_with_its_columns(reading: Reading) -> None:
    rows, rejections = reading(CASES, cases=cases("A,M,35,,,,,,,,", "A,M,35,,,,,,,,", "A,F,36,,,,,,,,", "B,,,,,,,,,,"))
    assert [case.id for case in rows if isinstance(case, CaseRow)] == ["A", "B"]
    assert listed(rejections) == [
        (3, "id", "duplicate_case", "dropped_row"),
        (4, "id", "conflicting_case", "dropped_row"),
    ]
    assert "sex、age" in rejections[1].reason.zh
    assert "cases.csv 2" in rejections[1].reason.en


def test_a_row_without_its_identifier_is_listed_or_passed_over(reading: Reading) -> None:
    table = cases("A,M,35,,,,,,,,", ",F,36,,,,,,,,", "NA,F,36,,,,,,,,")
    _, rejections = reading(CASES, cases=table)
    assert listed(rejections) == [
        (3, "id", "missing_required", "dropped_row"),
        (4, "id", "missing_required", "dropped_row"),
    ]
    passed_over = CASES.replace("id: id", "id: {column: id, when_missing: skip}")
    rows, rejections = reading(passed_over, cases=table + ",X,,,,,,,,,\n")
    assert (len(rows), rejections) == (1, [])


def test_a_required_value_that_is_wrong_costs_the_row(reading: Reading) -> None:
    recipe = CASES.replace("onset: onset", "onset: {column: onset, when_missing: reject}")
    rows, rejections = reading(recipe, cases=cases("A,,,soon,,,,,,,", "B,,,2020-01-19,,,,,,,"))
    assert [case.id for case in rows if isinstance(case, CaseRow)] == ["B"]
    assert [code for _, _, code, _ in listed(rejections)] == ["unreadable_date", "missing_required"]


def test_a_broken_row_costs_only_itself(reading: Reading) -> None:
    rows, rejections = reading(
        CASES, cases=cases("A,M,35,,,,,,,,", 'B,"M,35,,,,,,,,', "C,M,3,5,,,,,,,,,x", "D,F,36,,,,,,,,")
    )
    assert [case.id for case in rows if isinstance(case, CaseRow)] == ["A", "D"]
    assert [(row, code) for row, _, code, _ in listed(rejections)] == [(3, "row_fault"), (4, "row_fault")]


def test_the_recipe_decides_how_serious_a_contradiction_is(reading: Reading) -> None:
    table = cases("A,M,,2020-02-10,,,2020-02-10,2020-02-10,,,")
    for severity, kept, count in (("dropped_row", 0, 1), ("dropped_value", 1, 1), ("warning", 1, 1), ("off", 1, 0)):
        rows, rejections = reading(CASES + f"checks: {{no_incubation: {severity}}}\n", cases=table)
        assert (len(rows), len(rejections)) == (kept, count)
        if kept:
            assert isinstance(rows[0], CaseRow)
            assert (rows[0].exposure_start is None) == (severity == "dropped_value")


CHAIN = cases(
    "A,,,2020-01-01,,,,,,,", "B,,,2020-01-05,,,,,,,", "C,,,2020-01-10,,,,,,,", "D,,,2020-01-03,,,,,,,", "E,,,,,,,,,,"
)


def chain(reading: Reading, *links: str, recipe: str = CASES + CONTACTS) -> tuple[list[str], list[tuple[int, str]]]:
    rows, rejections = reading(recipe, cases=CHAIN, contacts="\n".join(["from,to,where", *links]) + "\n")
    kept = [f"{row.from_id}{row.to_id}" for row in rows if isinstance(row, ContactRow)]
    return kept, [(each.row, each.code) for each in rejections]


def test_a_contact_of_nobody_is_listed(reading: Reading) -> None:
    assert chain(reading, "A,B,home", "X,B,home", "A,Y,home", ",B,home") == (
        ["AB", "AY"],
        [(3, "contact_without_case"), (5, "missing_required")],
    )


def test_identifiers_match_however_they_were_typed(reading: Reading) -> None:
    assert chain(reading, "Ａ,B\u200b,home", '" A ",\u3000C,home') == (["AB", "AC"], [])


def test_a_recipe_may_keep_links_from_people_who_are_not_listed(reading: Reading) -> None:
    recipe = CASES + CONTACTS + "checks: {contact_without_case: warning}\n"
    assert chain(reading, "X,B,home", recipe=recipe) == (["XB"], [(2, "contact_without_case")])


def test_loops_are_broken_at_the_link_that_runs_against_the_dates(reading: Reading) -> None:
    assert chain(reading, "C,A,home", "A,B,home", "B,C,home", "E,E,home") == (
        ["AB", "BC"],
        [(5, "self_infection"), (2, "infection_loop")],
    )
    assert chain(reading, "A,E,home", "E,A,home") == (["AE"], [(3, "infection_loop")])


def test_a_loop_is_spelled_out(reading: Reading) -> None:
    _, rejections = reading(CASES + CONTACTS, cases=CHAIN, contacts="from,to,where\nA,B,\nB,C,\nC,A,\n")
    assert rejections[0].reason.en.endswith("A → B → C → A")


def test_a_negative_serial_interval_is_kept_and_listed(reading: Reading) -> None:
    assert chain(reading, "B,D,home") == (["BD"], [(2, "negative_serial_interval")])


def test_the_same_contact_twice_is_one_and_in_two_settings_two(reading: Reading) -> None:
    assert chain(reading, "A,B,home", "A,B,home", "A,B,work") == (["AB", "AB"], [(3, "duplicate_contact")])


def test_contacts_need_not_be_cases_and_may_go_both_ways(reading: Reading) -> None:
    recipe = CASES + CONTACTS.replace("infections", "contacts")
    assert chain(reading, "A,B,home", "B,A,home", "A,P1,bus", recipe=recipe) == (["AB", "BA", "AP1"], [])


def test_links_without_direction_are_told_once(reading: Reading) -> None:
    recipe = CASES + CONTACTS.replace("infections", "links")
    assert chain(reading, "A,B,home", "B,A,home", "B,C,home", recipe=recipe) == (["AB", "BC"], [])


def test_several_infectors_in_one_cell_or_several_columns(reading: Reading) -> None:
    recipe = HEAD + (
        "tables:\n  - rows: cases\n    file: cases.csv\n"
        "    fields: {id: id, onset: onset, infected_by: {all_of: [by, also], find: 'TJ(\\d+)', prefix: T}}\n"
    )
    table = "id,onset,by,also\nT1,2020-01-01,,\nT2,2020-01-02,,\nT3,2020-01-03,family of TJ1 and TJ2,TJ1\nT4,,TJ9,\n"
    rows, rejections = reading(recipe, cases=table)
    links = [(row.from_id, row.to_id, row.kind, row.row) for row in rows if isinstance(row, ContactRow)]
    assert links == [("T1", "T3", "infections", 4), ("T2", "T3", "infections", 4)]
    assert listed(rejections) == [(5, "by + also", "contact_without_case", "dropped_row")]


def test_an_infector_told_twice_is_one_link(reading: Reading) -> None:
    recipe = CASES.replace("id: id", "id: id\n      infected_by: confirmed").replace(
        "[reported, confirmed]", "[reported]"
    )
    rows, rejections = reading(
        recipe + CONTACTS, cases=cases("A,,,,,,,,,,", "B,,,,,A,,,,,"), contacts="from,to,where\nA,B,home\n"
    )
    assert [(row.from_id, row.setting) for row in rows if isinstance(row, ContactRow)] == [("A", "home")]
    assert rejections == []


def test_stops_and_exposures_belong_to_someone(reading: Reading) -> None:
    recipe = (
        CASES
        + CONTACTS.replace("infections", "contacts")
        + """
  - rows: stops
    file: stops.csv
    fields: {person_id: who, place: where, lon: x, lat: y, start: from, end: to}
  - rows: exposures
    file: stops.csv
    fields: {person_id: who, setting: {column: why, when_missing: skip}, start: from}
"""
    )
    stops = (
        "who,where,x,y,from,to,why\nA,market,114.3,30.6,2020-01-19 08:00,2020-01-19 09:30,food\n"
        "P,bus,200,30.6,2020-01-20,2020-01-19,\nQ,bar,,,2020-01-20,,\n"
    )
    rows, rejections = reading(recipe, cases=CHAIN, contacts="from,to,where\nA,P,bus\n", stops=stops)
    zone = ZoneInfo("Asia/Shanghai")
    first, second = [row for row in rows if isinstance(row, StopRow)]
    assert first.start == dt.datetime(2020, 1, 19, 8, tzinfo=zone)
    assert first.end is not None
    assert moment_of(first.end, zone) - moment_of(first.start, zone) == dt.timedelta(minutes=90)
    assert (second.lon, second.lat, second.start, second.end) == (None, 30.6, None, None)
    assert [row.setting for row in rows if isinstance(row, ExposureRow)] == ["food"]
    assert listed(rejections) == [
        (3, "x", "bad_coordinate", "dropped_value"),
        (3, "to", "times_reversed", "dropped_value"),
        (4, "who", "unknown_person", "dropped_row"),
    ]


def test_days_last_until_midnight() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    day = dt.date(2020, 1, 19)
    assert moment_of(day, zone, end=True) - moment_of(day, zone) == dt.timedelta(days=1)
    assert day_of(moment_of(day, zone)) == day


def test_joins_lookups_templates_and_defaults(reading: Reading) -> None:
    recipe = (
        HEAD
        + """
jurisdictions:
  - {code: "90", name: {zh: 甲省, en: A}}
  - {code: "9001", name: {zh: 岚江市, en: Lanjiang}}
  - {code: "900101", name: {zh: 江北区, en: North}}
lookups:
  areas: {file: areas.csv, key: {text: "{city}/{district}"}, value: code}
tables:
  - rows: cases
    file: cases.csv
    joins: [{file: counts.csv, on: {id: case}, prefix: n_}]
    fields:
      id: id
      contact_count: n_contacts
      classification: {constant: confirmed}
      address: {text: "{city}, {district}"}
      area: {text: "{city}/{district}", lookup: areas, default: "90"}
      sex: {column: sex, values: {"1": male, "2": female, "9": ~}}
      origin: {column: travel, values: {abroad: imported, "*": local}}
"""
    )
    rows, rejections = reading(
        recipe,
        cases="id,city,district,sex,travel\n1,Lan,North,1,abroad\n2,Lan,South,2,bus\n3,,,9,\n4,Lan,Far,3,x\n",
        counts="case,contacts\n1,12\n2.0,7\n2,8\n",
        areas="city,district,code\nLan,North,900101\nLan,South,900102\n",
    )
    found = [(c.id, c.contact_count, c.area, c.sex, c.origin, c.address) for c in rows if isinstance(c, CaseRow)]
    assert found == [
        ("1", 12, "900101", "male", "imported", "Lan, North"),
        ("2", 7, "90", "female", "local", "Lan, South"),
        ("3", None, "90", None, None, None),
        ("4", None, "90", None, "local", "Lan, Far"),
    ]
    assert [(each.file, *listed([each])[0]) for each in rejections] == [
        ("counts.csv", 4, "case", "join_conflict", "warning"),
        ("cases.csv", 3, "city + district", "unknown_area", "dropped_value"),
        ("cases.csv", 5, "city + district", "unknown_lookup", "dropped_value"),
        ("cases.csv", 5, "sex", "unmapped_value", "dropped_value"),
    ]


def test_identity_numbers_speak_for_themselves(reading: Reading) -> None:
    recipe = (
        HEAD + "tables: [{rows: cases, file: cases.csv, fields: {id: id, sex: sex, id_number: idno, phone: tel}}]\n"
    )
    rows, rejections = reading(
        recipe,
        cases="id,sex,idno,tel\n1,,11010519491231002x,138 1234 5678\n2,男,11010519491231002X,call me\n3,,1.10105E+17,\n",
    )
    found = [(c.sex, c.birth_date, c.id_number, c.phone) for c in rows if isinstance(c, CaseRow)]
    assert found == [
        ("female", dt.date(1949, 12, 31), "11010519491231002X", "+8613812345678"),
        ("male", None, "11010519491231002X", "call me"),
        (None, None, None, None),
    ]
    assert listed(rejections) == [
        (3, "tel", "bad_phone", "warning"),
        (3, "sex", "identity_conflict", "warning"),
        (4, "idno", "damaged_number", "dropped_value"),
    ]


@pytest.mark.parametrize("date1904", [False, True])
def test_a_workbook_reads_as_its_csv_does(reading: Reading, tmp_path: Path, date1904: bool) -> None:
    book = xlsxwriter.Workbook(tmp_path / "cases.xlsx", {"date_1904": date1904})
    page = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    page.write_row(0, 0, COLUMNS.split(","))
    page.write_row(1, 0, [1000000001, "M", 35])
    page.write_datetime(1, 3, dt.datetime(2020, 1, 19), day)
    page.write_number(1, 4, 43852 - (1462 if date1904 else 0))  # a date that lost its format
    page.write_string(1, 5, "22/1/2020")
    book.close()
    recipe = CASES.replace("cases.csv", "cases.xlsx")
    (from_xlsx,) = list(read(parse_recipe(recipe), tmp_path, today=TODAY))
    (from_csv,), _ = reading(CASES, cases=cases("1000000001.0,M,35.0,2020-01-19,2020/1/22,22/1/2020,,,,,"))
    assert isinstance(from_xlsx, CaseRow)
    assert from_xlsx == CaseRow(
        file="cases.xlsx",
        row=2,
        id="1000000001",
        sex="male",
        age=35,
        onset=dt.date(2020, 1, 19),
        reported_at=dt.date(2020, 1, 22),
    )
    assert isinstance(from_csv, CaseRow)
    assert (from_csv.id, from_csv.age, from_csv.onset, from_csv.reported_at) == (
        from_xlsx.id,
        from_xlsx.age,
        from_xlsx.onset,
        from_xlsx.reported_at,
    )


def test_progress_is_told_for_every_file(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text(cases(*(f"{number},,,,,,,,,," for number in range(2500))))
    told: list[tuple[str, int]] = []
    rows = list(
        read(parse_recipe(CASES), tmp_path, today=TODAY, progress=lambda name, count: told.append((name, count)))
    )
    assert len(rows) == 2500
    assert told == [("cases.csv", 1000), ("cases.csv", 2000), ("cases.csv", 2500)]
