"""Recipes: everything that is wrong with one is said at once, by line and field, with what was probably meant."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from fangxian.standards.linelist import RecipeError, dump, guess, jurisdictions, load_recipe, parse_recipe, read
from fangxian.standards.tables import TableError, open_table

REPLAYS = sorted((Path(__file__).parents[2] / "examples" / "replays").glob("*.yaml"))
TODAY = dt.date(2021, 1, 1)
MINIMAL = """
title: {zh: 试, en: A try}
pack: mers-who
tables:
  - rows: cases
    file: cases.csv
    fields: {id: id}
"""


def faults(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(text)
    for problem in caught.value.problems:
        assert problem.what.zh and problem.what.en and problem.remedy.zh and problem.remedy.en
        assert problem.where.file == "recipe.yaml"
    return [(problem.where.line, problem.where.field) for problem in caught.value.problems]


def test_the_smallest_recipe() -> None:
    recipe = parse_recipe(MINIMAL)
    assert (recipe.title.zh, recipe.outbreak.en, recipe.pack, recipe.time_zone.key) == (
        "试",
        "A try",
        "mers-who",
        "Asia/Shanghai",
    )
    assert recipe.tables[0].fields["id"].label == "id"


@pytest.mark.parametrize("path", REPLAYS, ids=lambda path: path.stem)
def test_every_replay_recipe_loads_and_is_written_back_as_the_same(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.title.zh != recipe.title.en
    assert parse_recipe(dump(recipe)) == recipe


def test_all_mistakes_are_reported_at_once() -> None:
    text = """
titel: {zh: 试, en: A try}
pack: ""
time_zone: Mars/Olympus
dates: [mdy, ydm]
checks: {no_incubatoin: warning, self_infection: dropped_value, infection_loop: off}
jurisdictions:
  - {code: "9", name: {zh: 甲, en: A}}
  - {code: "90", name: {zh: 乙}}
tables:
  - rows: case
    file: cases.csv
    fields: {id: id}
  - rows: cases
    file: cases.csv
    header_row: two
    delimiter: "::"
    fields:
      onst: dt_onset
      age: {column: age, constant: "3"}
      sex: {column: sex, values: {M: man, Q: other}, find: "("}
      area: {text: "{province/{city}", lookup: regions}
      place: {all_of: [a, b]}
      name: [a]
  - rows: contacts
    file: contacts.csv
    contacts_are: enemies
    fields: {from_id: {column: a, when_missing: cry}}
"""
    assert faults(text) == [
        (2, "titel"),
        (2, "title"),
        (3, "pack"),
        (4, "time_zone"),
        (5, "dates.ydm"),
        (6, "checks.no_incubatoin"),
        (6, "checks.self_infection.dropped_value"),
        (8, "jurisdictions[1].code"),
        (9, "jurisdictions[2].name.en"),
        (11, "tables[1].rows.case"),
        (16, "tables[2].header_row"),
        (17, "tables[2].delimiter"),
        (19, "tables[2].fields.onst"),
        (19, "tables[2].fields.id"),
        (20, "tables[2].fields.age"),
        (21, "tables[2].fields.sex.find"),
        (21, "tables[2].fields.sex.other"),
        (22, "tables[2].fields.area.text"),
        (22, "tables[2].fields.area.lookup.regions"),
        (23, "tables[2].fields.place.all_of"),
        (24, "tables[2].fields.name"),
        (27, "tables[3].contacts_are.enemies"),
        (28, "tables[3].fields.from_id.when_missing.cry"),
        (28, "tables[3].fields.to_id"),
    ]


def test_a_mistyped_key_is_met_with_the_right_one() -> None:
    with pytest.raises(RecipeError) as caught:
        parse_recipe(MINIMAL.replace("fields: {id: id}", "fields: {id: id, onst: dt, exposure_strat: e}"))
    assert [problem.remedy.en for problem in caught.value.problems] == [
        "Perhaps “onset” was meant",
        "Perhaps “exposure_start” was meant",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a list",
        "just words",
        "a: [unclosed",
        "\ta: tab",
        "a: 1\na: 2",
        "a: &a [*a]",
        "tables: *nowhere",
        "? [complex, key]\n: 1",
        "title: !!python/object:os.system {}",
        "\x00",
        "a: " + "[" * 3000,
    ],
)
def test_what_is_no_recipe_is_refused_in_words(text: str) -> None:
    faults(text)


def test_aliases_cannot_be_made_to_explode() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    with pytest.raises(RecipeError, match="aliases"):
        parse_recipe(bomb)


def test_values_are_taken_as_they_are_written() -> None:
    recipe = parse_recipe(MINIMAL.replace("{id: id}", "{id: id, area: {column: c, values: {no: 0101, 1.0: ~}}}"))
    assert recipe.tables[0].fields["area"].values == {"no": "0101", "1.0": None}


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be opened"):
        load_recipe(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("title: 疫情".encode("gbk"))
    with pytest.raises(RecipeError, match="UTF-8"):
        load_recipe(tmp_path / "gbk.yaml")


def test_missing_columns_of_all_tables_are_named_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("id,dt_onset\n1,2020-01-01\n")
    text = MINIMAL.replace("{id: id}", "{id: case, onset: dt_onst, address: {text: '{street}, {id}'}}")
    with pytest.raises(RecipeError) as caught:
        read(parse_recipe(text), tmp_path, today=TODAY)
    found = [(problem.where.line, problem.where.field, problem.remedy.en) for problem in caught.value.problems]
    assert found[1] == (7, "tables[1].fields.onset", "Perhaps “dt_onset” was meant")
    assert [field for _, field, _ in found] == [f"tables[1].fields.{name}" for name in ("id", "onset", "address")]


def test_files_are_found_from_the_folder_above_and_below(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "outbreak"
    folder.mkdir(parents=True)
    (folder / "cases.csv").write_text("id\n1\n")
    deep = parse_recipe(MINIMAL.replace("cases.csv", "outbreak/cases.csv"))
    flat = parse_recipe(MINIMAL)
    for recipe, start in (
        (deep, tmp_path / "data"),
        (deep, folder),
        (deep, tmp_path),
        (flat, tmp_path),
        (flat, folder),
    ):
        assert len(list(read(recipe, start, today=TODAY))) == 1


def test_a_name_in_two_places_is_not_guessed(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "cases.csv").write_text("id\n1\n")
    with pytest.raises(RecipeError, match="several files"):
        read(parse_recipe(MINIMAL), tmp_path, today=TODAY)


@pytest.mark.parametrize("path", ["../cases.csv", "/etc/hosts", "a/../../cases.csv", "..\\\\cases.csv"])
def test_a_recipe_cannot_reach_outside_the_data_folder(tmp_path: Path, path: str) -> None:
    (tmp_path / "cases.csv").write_text("id\n1\n")
    (tmp_path / "data").mkdir()
    with pytest.raises(RecipeError, match="within the data folder"):
        read(parse_recipe(MINIMAL.replace("cases.csv", f'"{path}"')), tmp_path / "data", today=TODAY)


def test_jurisdictions_come_parents_first_and_complete(tmp_path: Path) -> None:
    (tmp_path / "regions.csv").write_text("n,name\n01,Old Town\n02,Harbour\n")
    listed = """
jurisdictions:
  - {file: regions.csv, code: {column: n, prefix: "9001"}, name: name}
  - {code: "9001", name: {zh: 岚江市, en: Lanjiang}}
  - {code: "900000", name: {zh: 甲省, en: A}}
"""
    areas = jurisdictions(parse_recipe(MINIMAL + listed), tmp_path)
    assert [(area.code, area.name.en) for area in areas] == [
        ("90", "A"),
        ("9001", "Lanjiang"),
        ("900101", "Old Town"),
        ("900102", "Harbour"),
    ]
    orphan = MINIMAL + 'jurisdictions: [{code: "9001", name: {zh: 岚江市, en: Lanjiang}}]\n'
    (tmp_path / "cases.csv").write_text("id\n1\n")
    with pytest.raises(RecipeError, match="lies in 90"):
        read(parse_recipe(orphan), tmp_path, today=TODAY)


def test_a_recipe_is_guessed_from_chinese_headers(tmp_path: Path) -> None:
    (tmp_path / "病例.csv").write_text(
        "病例编号,姓名,性别,年龄(岁),发病日期,确诊日期,联系电话,身份证号码,转归,猫\n"
        "A1,张薇,女,70岁,2020年1月19日,2020-01-21,13812345678,11010519491231002X,治愈,黑\n"
        "A2,李娜,女,不详,2020年1月20日,2020-01-22,13912345678,,在院观察,白\n",
        encoding="gb18030",
    )
    (tmp_path / "密接.csv").write_text(
        "病例编号,密接编号,关系,末次接触时间\nA1,B1,同事,13/1/2020\nA1,B2,家人,3/1/2020\n"
    )
    draft = guess([open_table(tmp_path / f"{name}.csv") for name in ("病例", "密接")], title="x", pack="p")
    cases, contacts = draft.recipe.tables
    assert {name: field.label for name, field in cases.fields.items()} == {
        "id": "病例编号",
        "name": "姓名",
        "sex": "性别",
        "age": "年龄(岁)",
        "onset": "发病日期",
        "confirmed_at": "确诊日期",
        "phone": "联系电话",
        "id_number": "身份证号码",
        "outcome": "转归",
        "reported_at": "确诊日期",
    }
    assert draft.unused == {"病例.csv": ("猫",), "密接.csv": ()}
    assert draft.questions == {"病例.csv": {"outcome": ("在院观察",)}}
    assert draft.recipe.missing == ("不详",)
    assert (contacts.rows, contacts.dates) == ("contacts", ("dmy",))
    assert parse_recipe(dump(draft.recipe)) == draft.recipe
    rows = list(read(draft.recipe, tmp_path, today=TODAY))
    assert [type(row).__name__ for row in rows] == ["CaseRow", "Rejection", "CaseRow", "ContactRow", "ContactRow"]


def test_dates_that_nothing_decides_are_asked_about(tmp_path: Path) -> None:
    (tmp_path / "cases.csv").write_text("id,onset\n1,3/4/2020\n2,5/6/2020\n")
    draft = guess([open_table(tmp_path / "cases.csv")])
    assert draft.ambiguous == {"cases.csv": ("onset",)}


def test_a_table_that_is_gone_is_an_error_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"cases\.csv"):
        read(parse_recipe(MINIMAL), tmp_path, today=TODAY)
    with pytest.raises(TableError):
        open_table(tmp_path / "cases.csv")
