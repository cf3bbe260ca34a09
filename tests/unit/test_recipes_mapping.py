"""What the import page makes of a file: guesses with their grounds, and a recipe changed column by column without losing the rest."""

from datetime import date
from pathlib import Path

import pytest

from fangxian.standards import cn_ids
from fangxian.standards.linelist import dump, guess, parse_recipe, read
from fangxian.standards.linelist.mapping import Choice, describe, edited
from fangxian.standards.linelist.rows import CaseRow, Rejection
from fangxian.standards.linelist.shapes import by_values
from fangxian.standards.tables import open_table

BODIES = [f"33010119{60 + n}0101{n:03}" for n in range(6)]
IDS = [body + cn_ids.citizen_check_digit(body) for body in BODIES]


def written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_guess_says_how_sure_it_is_and_why(tmp_path: Path) -> None:
    lines = [f"N{n},{one},138000000{n:02},{'男女'[n % 2]},2024-03-0{1 + n}" for n, one in enumerate(IDS)]
    path = written(tmp_path, "list.csv", "病例编号,列甲,列乙,列丙,发病日", *lines)
    grounds = guess([open_table(path)]).grounds["list.csv"]
    assert (grounds["id"].column, grounds["id"].why, grounds["id"].sure) == ("病例编号", "name", 1.0)
    assert {field: (one.column, one.why) for field, one in grounds.items() if one.why == "values"} == {
        "id_number": ("列甲", "values"), "phone": ("列乙", "values"), "sex": ("列丙", "values"),
    }  # fmt: skip
    assert all(0 < one.sure < 0.75 for one in grounds.values() if one.why == "values")


@pytest.mark.parametrize("values", [["1", "2", "3"], ["13800000000"] * 9, ["王小明"], ["男"] * 2, ["2024-01-01"] * 9])
def test_shapes_that_anything_may_have_are_not_believed(values: list[str]) -> None:
    assert by_values(["id_number", "phone", "name", "onset", "age", "sex"], {"x": values}) == {}


def test_a_column_is_given_another_meaning_and_the_rest_stays_as_written(tmp_path: Path) -> None:
    path = written(
        tmp_path, "c.csv", "case_id,who,fell ill,seen,state", "L1,江,2024-03-01,2024-03-02,odd", "L2,河,,2024-03-02,odd"
    )
    text = dump(guess([open_table(path)], pack="mers-who").recipe)
    text += "checks: {no_incubation: 'off'}\n"
    table = describe(text, [open_table(path)])[0]
    assert table.columns[0].samples == ("L1", "L2") and table.columns[0].field == "id"
    columns = {"case_id": "id", "who": "name", "fell ill": "onset", "seen": "reported_at", "state": "outcome"}
    choice = Choice("cases", columns=columns, constants={"classification": "confirmed"})
    text = edited(text, {"c.csv": choice})
    assert describe(text, [open_table(path)])[0].questions == {"outcome": ("odd",)}
    text = edited(text, {"c.csv": Choice("cases", columns=columns, words={"outcome": {"odd": "in_care"}})})
    table = describe(text, [open_table(path)])[0]
    assert not table.questions and not table.lacking and table.constants == {}
    assert "no_incubation" in text
    recipe = parse_recipe(text, "x.yaml")
    rows = list(read(recipe, tmp_path, today=date(2024, 4, 1)))
    assert [(row.id, row.name, row.outcome) for row in rows if isinstance(row, CaseRow)] == [
        ("L1", "江", "in_care"), ("L2", "河", "in_care"),
    ]  # fmt: skip


def test_a_column_used_twice_is_shown_once_and_kept_twice(tmp_path: Path) -> None:
    path = written(tmp_path, "c.csv", "病例编号,确诊日期", "L1,2024-03-01")
    text = dump(guess([open_table(path)], pack="mers-who").recipe)
    table = describe(text, [open_table(path)])[0]
    assert {one.name: one.field for one in table.columns} == {"病例编号": "id", "确诊日期": "confirmed_at"}
    assert table.written == ("reported_at",)
    again = edited(text, {"c.csv": Choice("cases", columns={one.name: one.field for one in table.columns})})
    assert parse_recipe(again, "x").tables == parse_recipe(text, "x").tables


def test_what_is_put_right_stands_for_what_the_file_says(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "c.csv",
        "id,onset,reported",
        "L1,2024-02-31,2024-03-02",
        "L2,2024-03-01,2024-03-02",
        "L3,2024-03-01,2024-03-02",
    )
    before = path.read_bytes()
    recipe = parse_recipe(dump(guess([open_table(path)], pack="mers-who").recipe), "x.yaml")

    def rows(**corrections: str) -> list[object]:
        given = {"c.csv": {2: corrections}} if corrections else None
        return list(read(recipe, tmp_path, today=date(2024, 4, 1), corrections=given))

    faulty = [one for one in rows() if isinstance(one, Rejection)]
    assert [(one.row, one.column, one.value) for one in faulty] == [(2, "onset", "2024-02-31")]
    first = rows(onset="2024-02-29")[0]
    assert isinstance(first, CaseRow) and first.onset == date(2024, 2, 29)
    emptied = rows(onset="")[0]
    assert isinstance(emptied, CaseRow) and emptied.onset is None and path.read_bytes() == before


def test_a_recipe_that_is_no_yaml_has_no_tables(tmp_path: Path) -> None:
    path = written(tmp_path, "c.csv", "id", "L1")
    for text in ("", "[1, 2", "tables: 7", "tables: [7]"):
        assert describe(text, [open_table(path)]) == ()
