"""The real divisions of China: nine lists from 1980 to 2019 as one history, and the townships of 2023."""

import csv
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from fangxian.core.access import SYSTEM
from fangxian.registry import actions, divisions, queries
from fangxian.registry.models import Jurisdiction, Organisation
from fangxian.registry.schemas import Division
from fangxian.standards import cn_ids

pytestmark = pytest.mark.django_db


def _lists(folder: Path) -> dict[date, Mapping[str, str]]:
    lists: dict[date, Mapping[str, str]] = {}
    for path in sorted(folder.glob("*.tsv")):
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        lists[date(int(path.stem[:4]), int(path.stem[4:6]), 1)] = {row["Code"]: row["Name"] for row in rows}
    return lists


@pytest.fixture(scope="module")
def lists(data_dir: Path) -> dict[date, Mapping[str, str]]:
    return _lists(data_dir / "china_admin" / "gb2260_history" / "mca")


@pytest.fixture(scope="module")
def history(lists: dict[date, Mapping[str, str]]) -> list[Division]:
    return divisions.history(lists)


def test_every_code_of_every_list_is_in_the_history_with_its_days(
    lists: dict[date, Mapping[str, str]], history: list[Division]
):
    rows = {row.code: row for row in history}
    for day, codes in lists.items():
        standing = {
            code
            for code, row in rows.items()
            if (row.valid_from is None or row.valid_from <= day) and (row.valid_until is None or row.valid_until > day)
        }
        listed = {cn_ids.area_code(code) for code in codes}
        assert listed <= standing
        returned = standing - listed  # left out for a time, then listed again
        assert all(
            any(code in {cn_ids.area_code(c) for c in other} for later, other in lists.items() if later > day)
            for code in returned
        )


def test_the_history_is_imported_and_again_changes_nothing(history: list[Division]):
    actions.install(SYSTEM)
    done = actions.import_divisions(SYSTEM, history)
    # The lists name no prefecture for these: the counties of 2221 and 2225 (1980) and 340901.
    assert len(done.faults) == 11
    assert {fault.what.en.split()[0].strip(",") for fault in done.faults} == {"2221", "2225", "3409"}
    made = Jurisdiction.objects.count()
    assert done.created == made >= len(history) - 11
    summaries = set(Jurisdiction.objects.values_list("code", flat=True)) - {row.code for row in history}
    assert all(len(code) == 4 and code[2:] in ("01", "02", "90") for code in summaries)
    assert Organisation.objects.filter(kind="headquarters").count() == made + 1
    again = actions.import_divisions(SYSTEM, history)
    assert (again.created, again.changed, len(again.faults)) == (0, 0, 11)
    standing = [area for level in ("province", "city", "county") for area in queries.below("", level)]
    assert Jurisdiction.objects.filter(valid_until__isnull=False).count() == made - len(standing)


def test_well_known_changes_are_in_it(lists: dict[date, Mapping[str, str]], history: list[Division]):
    rows = {row.code: row for row in history}
    assert rows["50"].name == "重庆市" and rows["50"].valid_from == date(2000, 12, 1), "a province since 1997"
    assert rows["5102"].valid_until == date(2000, 12, 1), "Chongqing as a city of Sichuan"
    assert rows["330184"].name == "余杭市" and rows["330110"].name == "余杭区"
    actions.install(SYSTEM)
    actions.import_divisions(SYSTEM, history)
    actions.abolish_division(SYSTEM, "330184", date(2001, 2, 2), "330110")
    assert queries.prefixes("330110") == ("330110", "330184")
    followed = {row.code: row.successor for row in history if row.successor}
    assert len(followed) > 100
    for old, new in followed.items():
        ended = rows[old].valid_until
        assert ended is not None and lists[ended][f"{new:0<6}"] == rows[old].name
    there = set(Jurisdiction.objects.values_list("code", flat=True))
    for old, now in queries.current_codes(followed).items():
        assert now != old or old not in there


def test_the_townships_of_2023_from_their_files(data_dir: Path):
    actions.install(SYSTEM)
    folder = data_dir / "china_admin" / "modood_2023"
    counts = [
        actions.import_divisions(SYSTEM, folder / f"{name}.csv") for name in ("provinces", "cities", "areas", "streets")
    ]
    assert [fault.en for done in counts for fault in done.faults] == []
    assert counts[3].created > 40_000
    assert queries.full_area_names(["330106109", "441900003", "110101001"]) == {
        "330106109": queries.full_area_names(["330106"])["330106"] + queries.area("330106109").name,
        "441900003": "广东省东莞市" + queries.area("441900003").name,
        "110101001": "北京市东城区东华门街道",
    }
    assert len(queries.children("3301")) == 13
    assert Organisation.objects.filter(kind="headquarters").count() == Jurisdiction.objects.count() + 1
