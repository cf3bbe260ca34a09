"""Jurisdictions: tables of divisions in, good rows kept and bad ones told; codes that end and what follows them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from django.utils import translation

from fangxian.core import clock, journal, outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import actions, divisions, queries, romanised
from fangxian.registry.events import DivisionAbolished
from fangxian.registry.models import Jurisdiction, Organisation
from fangxian.registry.queries import Responsibility
from fangxian.registry.schemas import Division
from tests.support.town import (
    CITY,
    DIVISIONS,
    EAST,
    GRID,
    NOW,
    PROVINCE,
    TOWNSHIP,
    VILLAGE,
    WEST,
    actor,
    settle,
    villager,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town() -> Iterator[None]:
    with clock.at(NOW):
        settle()
        yield


def _import(text: str, tmp_path: Path, encoding: str = "utf-8"):
    file = tmp_path / "divisions.csv"
    file.write_text(text, encoding=encoding)
    return actions.import_divisions(SYSTEM, file)


def test_every_jurisdiction_has_a_headquarters_and_the_whole_has_one():
    for row in DIVISIONS:
        found = queries.headquarters(row.code)
        assert found.name_zh == f"{row.name}疫情防控指挥部" and found.is_active
    assert queries.headquarters("").name_en == "Outbreak-control headquarters"
    assert queries.headquarters(TOWNSHIP).name_en.startswith("Hekou Zhen: ")
    count = Organisation.objects.count()
    actions.install(SYSTEM)
    assert Organisation.objects.count() == count


def test_the_same_table_twice_changes_nothing():
    entries = len(list(journal.read()))
    again = actions.import_divisions(SYSTEM, reversed(DIVISIONS))
    assert (again.created, again.changed, again.unchanged, again.faults) == (0, 0, len(DIVISIONS), ())
    assert len(list(journal.read())) == entries


def test_a_file_is_read_whatever_its_order_encoding_and_padding(tmp_path: Path):
    rows = "区划代码,名称,人口,lon,lat\n990203001,南街,1200,120.1,30.2\n990203,南区,,,\n990200,海城市,,,\n"
    done = _import(rows, tmp_path, "gbk")
    assert (done.created, done.faults) == (3, ())
    found = queries.area("990203001")
    assert (found.level, found.name, found.population, found.lon) == ("township", "南街", 1200, 120.1)
    assert queries.area("9902").level == "city"


def test_bad_rows_are_told_with_row_column_and_remedy_and_the_good_ones_are_kept(tmp_path: Path):
    done = _import(
        "code,name,population,lat,valid_from,valid_until,successor\n"
        "990103,南县,,,,,\n"
        "99x,错,,,,,\n"
        "990104,,,,,,\n"
        "990105,北县,many,,,,\n"
        "990106,远县,,95,,,\n"
        "990107,旧县,,,2001-13-01,,\n"
        "990108,倒县,,,2010-01-01,2009-01-01,\n"
        "990199001,孤镇,,,,,\n"
        "990109,撤县,,,,2020-01-01,990177\n"
        "990103,南城县,,,,,\n",
        tmp_path,
    )
    assert done.created == 2
    told = [(fault.where.row, fault.where.column) for fault in done.faults]
    assert told == [
        (3, "code"), (4, "name"), (5, "population"), (6, "lat"), (7, "valid_from"), (8, "valid_until"), (9, "code"),
        (10, "successor"), (11, "code"),
    ]  # fmt: skip
    for fault in done.faults:
        assert fault.zh != fault.en and str(fault.where.row) in fault.en and fault.remedy.en
    assert set(Jurisdiction.objects.filter(code__startswith="9901").values_list("code", flat=True)) >= {
        "990103",
        "990109",
    }
    assert Jurisdiction.objects.get(pk="990103").name_zh == "南县"


def test_a_file_that_is_no_table_of_divisions_is_refused_whole(tmp_path: Path):
    with pytest.raises(Invalid, match=r"divisions\.csv"):
        _import("area,title\n33,浙江\n", tmp_path)
    with pytest.raises(Invalid, match=r"nothing\.csv"):
        actions.import_divisions(SYSTEM, tmp_path / "nothing.csv")


def test_summary_codes_that_tables_leave_out_are_made():
    done = actions.import_divisions(
        SYSTEM,
        [Division(code="11", name="北京市"), Division(code="110101", name="东城区"), Division(code="429004", name="仙桃市"),
         Division(code="420000", name="湖北省"), Division(code="441900003", name="南城街道"), Division(code="44", name="广东省"),
         Division(code="4419", name="东莞市"), Division(code="110501", name="无处区")],
    )  # fmt: skip
    assert done.created == 9 and [fault.where.row for fault in done.faults] == [8]
    assert queries.area("1101").name == "市辖区" and queries.area("4290").name == "直辖县级行政区划"
    assert queries.full_area_names(["110101", "441900003"]) == {
        "110101": "北京市东城区",
        "441900003": "广东省东莞市南城街道",
    }
    assert [one.code for one in queries.children("4419")] == ["441900003"], "a city without counties"


def test_a_registrar_enters_their_own_jurisdiction_only():
    done = actions.import_divisions(
        actor("registrar", EAST), [Division(code="990101002", name="山前镇"), Division(code="990102001", name="山后镇")]
    )
    assert done.created == 1 and "outside" in done.faults[0].en
    assert not Jurisdiction.objects.filter(pk="990102001").exists()


def test_an_import_that_says_something_new_is_on_record():
    done = actions.import_divisions(SYSTEM, [{"code": EAST, "name": "东区", "population": "52000"}])
    assert done.changed == 1
    assert queries.area(EAST).name == "东区" and queries.headquarters(EAST).name_zh.startswith("东区")
    assert [entry.action for entry in journal.of("area", int(EAST))] == ["division.changed"]


def test_names_in_both_languages_for_many_in_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        assert queries.area_names([EAST, TOWNSHIP, "88"], "zh-hans") == {EAST: "东县", TOWNSHIP: "河口镇", "88": "88"}
    assert queries.area_names([EAST, TOWNSHIP], "en") == {EAST: "Dong", TOWNSHIP: "Hekou Zhen"}
    with django_assert_num_queries(1):
        assert queries.full_area_names([GRID], "zh") == {GRID: "江省江城市东县河口镇河口村第一网格"}
    assert queries.full_area_names([TOWNSHIP], "en") == {TOWNSHIP: "Hekou Zhen, Dong, Jiangcheng, Jiang"}
    with translation.override("en"):
        assert queries.area_names([""]) == {"": "the whole country"}


@pytest.mark.parametrize(
    ("name", "latin"),
    [("西安市", "Xi'an Shi"), ("余杭区", "Yuhang Qu"), ("重庆市", "Chongqing Shi"), ("广西壮族自治区", "Guangxizhuangzu Zizhiqu"),
     ("文三路街道", "Wensanlu Jiedao"), ("市辖区", "Shixiaqu")],
)  # fmt: skip
def test_names_in_letters(name: str, latin: str):
    assert romanised.division(name) == latin


def test_the_tree_below_a_jurisdiction():
    assert [one.code for one in queries.children(CITY)] == [EAST, WEST]
    assert [one.code for one in queries.children("")] == [PROVINCE]
    assert [one.code for one in queries.below(PROVINCE, "grid")] == [GRID]
    assert queries.children(GRID) == []


def test_renaming_keeps_the_code_and_renames_the_headquarters():
    actions.rename_division(actor("registrar", CITY), WEST, "西海区", "Xihai District")
    assert queries.area(WEST).name == "西海区"
    assert queries.headquarters(WEST).name_en == "Xihai District: outbreak-control headquarters"
    with pytest.raises(Invalid):
        actions.rename_division(SYSTEM, WEST, " ")
    with pytest.raises(NotFound):
        actions.rename_division(SYSTEM, "990177", "无")


def test_a_county_that_swallowed_another_counts_its_past(monkeypatch: pytest.MonkeyPatch):
    told: list[DivisionAbolished] = []
    monkeypatch.setattr(
        outbox, "_handlers", {"registry.division_abolished": [("test.told", DivisionAbolished, told.append)]}
    )
    actions.abolish_division(SYSTEM, WEST, date(2024, 3, 1), EAST)
    assert queries.prefixes(EAST) == (EAST, WEST)
    assert queries.prefixes(CITY) == (CITY,), "what lies within is not named twice"
    assert queries.current(WEST) == EAST and queries.current("990102005") == EAST
    assert [one.code for one in queries.children(CITY)] == [EAST]
    assert len(queries.children(CITY, with_abolished=True)) == 2
    assert not queries.headquarters(WEST).is_active
    assert Responsibility().of("reviewer", "990102001").area == EAST, "its people are answered for by the successor"
    people = [actions.register_person(SYSTEM, villager(area=area)).pk for area in (VILLAGE, "990102001", "990201")]
    from fangxian.registry.models import Person

    assert set(Person.objects.filter(queries.in_any(queries.prefixes(EAST))).values_list("pk", flat=True)) == set(
        people[:2]
    )


def test_a_chain_of_successors_is_followed_and_a_circle_refused():
    actions.import_divisions(SYSTEM, [Division(code="9902", name="海城市"), Division(code="990201", name="新区")])
    actions.abolish_division(SYSTEM, WEST, date(2020, 1, 1), "990201")
    actions.abolish_division(SYSTEM, "990201", date(2022, 1, 1), EAST)
    assert queries.current(WEST) == EAST
    assert queries.prefixes(EAST) == (EAST, WEST, "990201")
    with pytest.raises(Invalid) as refused:
        actions.abolish_division(SYSTEM, EAST, date(2024, 1, 1), WEST)
    assert refused.value.field == "successor"
    with pytest.raises(Invalid):
        actions.abolish_division(SYSTEM, EAST, date(2024, 1, 1), "990177")


def test_lists_of_several_years_become_one_history():
    lists = {
        date(1990, 12, 31): {"990000": "江省", "990100": "江城市", "990101": "东县", "990102": "西县"},
        date(2000, 12, 31): {
            "990000": "江省",
            "990100": "江城市",
            "990111": "西县",
            "990101": "东县",
            "990112": "新县",
        },
        date(2010, 12, 31): {"990000": "江省", "990100": "江城市", "990111": "西海区", "990112": "新县"},
    }
    rows = {row.code: row for row in divisions.history(lists)}
    assert rows["99"].valid_from is None and rows["99"].valid_until is None
    assert (rows["990102"].valid_until, rows["990102"].successor) == (date(2000, 12, 31), "990111")
    assert (rows["990101"].valid_until, rows["990101"].successor) == (date(2010, 12, 31), "")
    assert (rows["990112"].valid_from, rows["990111"].name) == (date(2000, 12, 31), "西海区")


def test_a_database_that_sorts_by_language_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(divisions, "after", lambda code: code)  # as a collation does that puts ":" before the digits
    with pytest.raises(Invalid, match="LC_COLLATE"):
        actions.install(SYSTEM)
