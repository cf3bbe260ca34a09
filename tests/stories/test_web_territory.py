"""A county's first hour: divisions, organisations, places and households, from tables that it has and by hand."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from fangxian.core import accounts, journal
from fangxian.core.access import SYSTEM, Grant
from fangxian.registry import actions, queries
from tests.support.web import signed_in
from tests.support.world import CITY, COMMUNITY, GRID, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


@pytest.fixture
def registrar(city: World) -> Any:
    """A browser of the registrar of the city."""
    city.staff["registrar"] = accounts.create_account(SYSTEM, "ce", "徐册", grants=[Grant("registrar", CITY)])
    return signed_in(city, "registrar", "en")


def table(*lines: str, name: str = "table.csv", encoding: str = "utf-8") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "\n".join(lines).encode(encoding))


def test_the_table_of_divisions_is_taken_and_what_is_wrong_is_told_by_row(registrar: Any) -> None:
    file = table(
        "行政区划代码,名称", "990104,望岳县", "990104001,山门镇", "880101,外地", "99010400x,什么", encoding="gb18030"
    )
    page = registrar.post("/areas/", {"do": "table", "file": file})
    text = page.content.decode()
    assert "2 entered, 0 changed, 0 stood there already" in text
    assert "2 rows were left out" in text
    assert [one.row for one in page.context["left"]] == [4, 5]
    assert queries.area("990104001", "zh").name == "山门镇"
    below = registrar.get(f"/areas/{CITY}/").content.decode()
    assert "/areas/990104/" in below


def test_a_division_by_hand_renamed_and_ended(registrar: Any) -> None:
    typed = {"do": "add", "code": "990105", "name": "临江区", "name_en": "Linjiang District"}
    assert registrar.post(f"/areas/{CITY}/", typed).status_code == 302
    assert registrar.post("/areas/990105/", {"do": "rename", "name": "新江区"}).status_code == 302
    assert queries.area("990105", "zh").name == "新江区"
    assert registrar.post("/areas/990105/", {"do": "end", "on": "2026-03-01", "successor": WANGCHAO}).status_code == 302
    page = registrar.get("/areas/990105/").content.decode()
    assert "ended on" in page and f"/areas/{WANGCHAO}/" in page
    for typed, status in (
        ({"do": "add", "code": "770101", "name": "外地"}, 422),
        ({"do": "add", "code": "12", "name": ""}, 422),
        ({"do": "end", "on": "yesterday"}, 422),
        ({"do": "sing"}, 422),
    ):
        answer = registrar.post(f"/areas/{WANGCHAO}/", typed)
        assert answer.status_code == status and 'data-tone="late"' in answer.content.decode()


def test_organisations_from_a_table_with_the_words_that_people_use(registrar: Any) -> None:
    rows = ("类别,名称,区划代码,电话", "医院,望潮中心医院,990101,020-1", "实验室,望潮检测所,990101,", "学校,灯塔小学,990101001,",
            "飞船,不明,990101,", "医院,无此地医院,990199,")  # fmt: skip
    page = registrar.post("/organisations/", {"do": "table", "file": table(*rows)})
    assert "3 entered, 0 changed, 0 stood there already" in page.content.decode()
    assert [(one.row, one.column) for one in page.context["left"]] == [(5, "kind"), (6, "area")]
    kinds = {one.name_zh: one.kind for one in queries.organisations(WANGCHAO)}
    assert (kinds["望潮中心医院"], kinds["望潮检测所"], kinds["灯塔小学"]) == ("hospital", "laboratory", "school")
    again = registrar.post("/organisations/", {"do": "table", "file": table(*rows[:4])})
    assert "0 entered, 0 changed, 3 stood there already" in again.content.decode()
    shown = registrar.get("/organisations/", {"kind": "school", "area": WANGCHAO}).content.decode()
    assert "灯塔小学" in shown and "望潮检测所" not in shown


def test_an_organisation_by_hand_is_renamed_and_is_closed_only_when_nobody_holds_a_post_for_it(
    city: World, registrar: Any
) -> None:
    made = registrar.post("/organisations/", {"do": "add", "kind": "clinic", "name_zh": "听松门诊", "area": "990102"})
    assert made.status_code == 302
    assert registrar.post(made["Location"], {"name_zh": "听松发热门诊"}).status_code == 302
    assert registrar.post(made["Location"], {"do": "close"}).status_code == 302
    assert "closed" in registrar.get(made["Location"]).content.decode()
    held = registrar.post(f"/organisations/{city.bodies['community']}/", {"do": "close"})
    assert held.status_code == 409 and "End or move their appointments first" in held.content.decode()


def test_places_from_a_table_and_by_hand_found_and_corrected(registrar: Any) -> None:
    page = registrar.post(
        "/places/",
        {"do": "table", "file": table("kind,name,area,lon,lat,capacity", f"compound,Lighthouse Court,{COMMUNITY},112.02,3.91,",
                                      f"market,Fish market,{COMMUNITY},east,3.9,", f"school,No point,{COMMUNITY},,,many")},
    )  # fmt: skip
    assert [(one.row, one.column) for one in page.context["left"]] == [(3, "lon"), (4, "capacity")]
    court = queries.places(COMMUNITY, text="Lighthouse")[0]
    typed = {"do": "add", "kind": "building", "name_zh": "3 幢", "area": COMMUNITY, "parent": court.code}
    made = registrar.post("/places/", typed)
    assert made.status_code == 302
    assert court.name in registrar.get(made["Location"]).content.decode()
    moved = {"kind": "building", "name_zh": "3 幢", "area": COMMUNITY, "lon": "112.021", "lat": "3.911"}
    assert registrar.post(made["Location"], moved | {"parent": court.code}).status_code == 302
    shown = registrar.get(made["Location"] + "map.json").json()
    assert shown["features"][0]["geometry"]["coordinates"] == [112.021, 3.911]
    wrong = registrar.post(made["Location"], moved | {"lat": ""})
    assert wrong.status_code == 422 and "longitude and latitude" in wrong.content.decode()


def test_a_household_its_people_and_its_head(city: World, registrar: Any) -> None:
    person = actions.register_person(SYSTEM, city.person("严霜序")).code
    made = registrar.post("/households/", {"area": GRID, "address": "渔港路 7 号 301"})
    assert made.status_code == 302
    grid = signed_in(city, "grid", "en")
    assert "渔港路" not in grid.get(made["Location"]).content.decode(), "an address tells who is behind a masked name"
    city.staff["editor"] = accounts.create_account(SYSTEM, "edit", "孟改", grants=[Grant("investigator", WANGCHAO)])
    desk = signed_in(city, "editor", "en")
    for do in ("in", "head"):
        assert desk.post(made["Location"], {"do": do, "person": person}).status_code == 302
    page = desk.get(made["Location"]).content.decode()
    assert "严**" in page and "严霜序" not in page and "head" in page and "渔港路 7 号 301" in page
    assert desk.post(made["Location"], {"do": "in", "person": "0000000000"}).status_code in (404, 422)
    assert desk.post(made["Location"], {"do": "out", "person": person}).status_code == 302
    assert "严**" not in desk.get(made["Location"]).content.decode()


def test_rubbish_is_refused_in_words_and_nothing_is_written(registrar: Any) -> None:
    before = journal.signed_head().size
    for address in ("/areas/", "/organisations/", "/places/"):
        for file in (None, table(), table("nothing,known", "1,2"), SimpleUploadedFile("a.pdf", b"%PDF-1.4 rubbish")):
            sent: dict[str, Any] = {"do": "table"} | ({"file": file} if file else {})
            answer = registrar.post(address, sent)
            assert answer.status_code == 422, (address, file)
            assert 'data-tone="late"' in answer.content.decode()
    for address in ("/areas/990", "/areas/xx/", "/organisations/?area=abc", "/places/?area=1", "/households/?area=%00"):
        assert registrar.get(address, follow=True).status_code in (404, 422)
    assert journal.signed_head().size == before


def test_whoever_only_looks_finds_no_form_and_is_refused(city: World) -> None:
    clinic = signed_in(city, "clinic", "en")
    for address in ("/organisations/", "/places/"):
        page = clinic.get(address)
        assert page.status_code == 200 and 'enctype="multipart/form-data"' not in page.content.decode()
        assert (
            clinic.post(address, {"do": "table", "file": table("kind,name,area", "clinic,A clinic,990101")}).status_code
            == 403
        )
    assert clinic.post(f"/areas/{WANGCHAO}/", {"do": "rename", "name": "别名"}).status_code == 403
    assert signed_in(city, "resident").get("/areas/").status_code == 403


@pytest.mark.parametrize("address", [f"/areas/{WANGCHAO}/", "/organisations/", "/places/", "/households/"])
def test_the_pages_ask_little(city: World, registrar: Any, address: str, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(12):
        assert registrar.get(address).status_code == 200
