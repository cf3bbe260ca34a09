"""The pages that teach recipes cannot lie: their examples work, and they name every field, key and check."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest

from fangxian.standards.linelist import CaseRow, Rejection, parse_recipe, read
from fangxian.standards.linelist.checks import CHECKS
from fangxian.standards.linelist.loading import FIELD_KEYS
from fangxian.standards.linelist.recipe import FIELDS

PAGES = [Path(__file__).parents[2] / "docs" / "capabilities" / name for name in ("recipes.md", "recipes.zh-CN.md")]


def examples(page: Path) -> list[str]:
    return re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_example_is_a_recipe(page: Path) -> None:
    assert len(examples(page)) == 3
    for text in examples(page):
        assert parse_recipe(text).tables


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_first_example_reads_the_table_above_it(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"^\|.*\|$", text, flags=re.M)[:4]
    ]
    recipe = parse_recipe(examples(page)[0])
    lines = [",".join(row) for row in (rows[0], *rows[2:])]
    (tmp_path / recipe.tables[0].file.path).write_text("\n".join(lines), encoding="utf-8")
    taken = list(read(recipe, tmp_path, today=dt.date(2020, 3, 1)))
    assert not [row for row in taken if isinstance(row, Rejection)]
    first, second = (row for row in taken if isinstance(row, CaseRow))
    assert (first.id, first.sex, first.age, first.onset) == ("L-001", "female", 34, dt.date(2020, 1, 19))
    assert (first.reported_at, first.outcome) == (dt.date(2020, 1, 22), "recovered")
    assert (second.age_band, second.onset, second.outcome) == ((50, 59), None, "in_care")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_field_key_and_check_is_on_the_page(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`([^`\n]+)`", text))))
    named = {name for fields in FIELDS.values() for name in fields} | set(CHECKS) | set(FIELD_KEYS)
    assert named - words == set()
