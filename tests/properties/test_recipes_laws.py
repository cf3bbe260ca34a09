"""Laws of reading by recipe: no table breaks it, no row vanishes unlisted, what comes out is consistent."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fangxian.standards.linelist import (
    CaseRow,
    ContactRow,
    LineListRow,
    RecipeError,
    Rejection,
    day_of,
    dump,
    guess,
    parse_recipe,
    read,
)
from fangxian.standards.tables import TableError, open_table

TODAY = dt.date(2020, 6, 1)
RECIPE = parse_recipe("""
title: {zh: 试, en: Try}
pack: mers-who
missing: [NA]
tables:
  - rows: cases
    file: cases.csv
    fields:
      id: id
      age: age
      onset: onset
      died_at: died
      exposure_start: from
      exposure_end: to
      id_number: idno
      phone: tel
      infected_by: {column: by, find: '[A-F]'}
  - rows: contacts
    file: contacts.csv
    contacts_are: infections
    fields: {from_id: from, to_id: to, start: when}
""")
CASE_COLUMNS = ["id", "age", "onset", "died", "from", "to", "idno", "tel", "by"]

people = st.sampled_from("ABCDEF")
dates = st.sampled_from(
    [
        "",
        "NA",
        "2020-01-01",
        "2020-01-05",
        "2020-02-01",
        "2021-01-01",
        "1/2/20",
        "2020年1月3日",
        "2020-01",
        "43849",
        "x",
    ]
)
ages = st.sampled_from(["", "35", "50s", "999", "-3", "6个月", "x"])
odd = st.text(max_size=6) | st.sampled_from(["11010519491231002X", "13812345678", "=1+1", "1.1E+17"])
case_lines = st.lists(
    st.tuples(people | st.just(""), ages, dates, dates, dates, dates, odd, odd, st.text("ABCDEF,x", max_size=3)),
    max_size=12,
)
contact_lines = st.lists(st.tuples(people | odd, people | odd, dates), max_size=15)


def csv_text(columns: list[str], lines: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows(lines)
    return out.getvalue()


def outcome(
    cases: list[tuple[str, ...]], contacts: list[tuple[str, ...]]
) -> tuple[list[LineListRow | Rejection], int, int]:
    """What reading gave, and how many case and contact rows there were to read."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "cases.csv").write_text(csv_text(CASE_COLUMNS, cases), encoding="utf-8", newline="")
        (folder / "contacts.csv").write_text(csv_text(["from", "to", "when"], contacts), encoding="utf-8", newline="")
        counts = [sum(1 for _ in open_table(folder / f"{table}.csv")) for table in ("cases", "contacts")]
        return list(read(RECIPE, folder, today=TODAY)), counts[0], counts[1]


@given(cases=case_lines, contacts=contact_lines)
def test_every_row_is_taken_or_listed(cases: list[tuple[str, ...]], contacts: list[tuple[str, ...]]) -> None:
    rows, case_count, contact_count = outcome(cases, contacts)
    taken = [row.row for row in rows if isinstance(row, CaseRow)]
    dropped = [
        row.row
        for row in rows
        if isinstance(row, Rejection)
        and row.file == "cases.csv"
        and row.severity == "dropped_row"
        and row.field != "infected_by"
    ]
    assert len(taken) + len(dropped) == case_count == len({*taken, *dropped})
    linked = {row.row for row in rows if isinstance(row, ContactRow) and row.file == "contacts.csv"}
    listed = {row.row for row in rows if isinstance(row, Rejection) and row.file == "contacts.csv"}
    assert len(linked | listed) == contact_count


@given(cases=case_lines, contacts=contact_lines)
def test_what_is_taken_is_consistent(cases: list[tuple[str, ...]], contacts: list[tuple[str, ...]]) -> None:
    rows, _, _ = outcome(cases, contacts)
    seen: set[str] = set()
    infectors: dict[str, list[str]] = {}
    for row in rows:
        if isinstance(row, CaseRow):
            assert row.id not in seen
            seen.add(row.id)
            for when in (row.onset, row.died_at, row.exposure_start, row.exposure_end):
                assert when is None or day_of(when) <= TODAY
            if row.onset and row.died_at:
                assert day_of(row.onset) <= day_of(row.died_at)
            if row.exposure_start and row.onset:
                assert day_of(row.exposure_start) <= day_of(row.onset)
            if row.exposure_start and row.exposure_end:
                assert day_of(row.exposure_start) <= day_of(row.exposure_end)
            assert row.age is None or 0 <= row.age <= 120
        elif isinstance(row, ContactRow):
            assert row.from_id in seen
            infectors.setdefault(row.to_id, []).append(row.from_id)
    for person in infectors:  # nobody is among those who infected him, however far back
        waiting, above = list(infectors[person]), set()
        while waiting:
            one = waiting.pop()
            assert one != person
            if one not in above:
                above.add(one)
                waiting.extend(infectors.get(one, ()))


@given(cases=case_lines)
def test_reading_twice_gives_the_same_and_doubling_adds_no_case(cases: list[tuple[str, ...]]) -> None:
    once, _, _ = outcome(cases, [])
    again, _, _ = outcome(cases, [])
    assert once == again
    doubled, _, _ = outcome(cases + cases, [])
    assert [row for row in doubled if isinstance(row, CaseRow)] == [row for row in once if isinstance(row, CaseRow)]
    taken = sum(isinstance(row, CaseRow) for row in once)
    codes = Counter(row.code for row in doubled if isinstance(row, Rejection))
    assert codes["duplicate_case"] >= taken


@given(data=st.binary(max_size=300))
def test_any_bytes_under_a_recipe_are_rows_or_an_error_in_words(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        for table in ("cases", "contacts"):
            (Path(name) / f"{table}.csv").write_bytes(data)
        fault = None
        try:
            list(read(RECIPE, Path(name), today=TODAY))
        except (RecipeError, TableError) as error:
            fault = error
        assert fault is None or (fault.what.zh and fault.remedy.zh)


@given(columns=st.lists(st.text(max_size=8), min_size=1, max_size=6), cells=st.lists(odd | dates | ages, max_size=12))
def test_a_guess_is_always_a_recipe(columns: list[str], cells: list[str]) -> None:
    width = len(columns)
    lines = [tuple(cells[start : start + width]) for start in range(0, len(cells), width)]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "list.csv"
        path.write_text(csv_text(columns, lines), encoding="utf-8", newline="")
        try:
            draft = guess([open_table(path)], title="x", pack="p")
        except TableError:
            return
        if all(table.rows == "cases" and "id" in table.fields for table in draft.recipe.tables):
            assert parse_recipe(dump(draft.recipe)) == draft.recipe


@given(text=st.text(max_size=80) | st.text("title:pack{}[]&*-\n ab!|>\"'#", max_size=80))
def test_any_text_is_a_recipe_or_its_mistakes(text: str) -> None:
    fault = None
    try:
        parse_recipe(text)
    except RecipeError as error:
        fault = error
    assert fault is not None  # so little text cannot be a recipe
    assert all(problem.what.zh and problem.remedy.zh for problem in fault.problems)
