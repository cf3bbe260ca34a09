"""Pages of zones: what each shows and whom it refuses, deciding, drawing, two at once, the past, what was typed is kept."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.schemas import UnitForm, ZoneForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.registry import actions as registry
from tests.support import web
from tests.support.web import HTMX, signed_in
from tests.support.world import COMMUNITY, GRID, NAMES, STREET, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
BUDGET = 12


@pytest.fixture
def buildings(city: World) -> list[str]:
    """Three buildings of the community, on the map; their codes."""
    made = [
        registry.create_place(
            SYSTEM, registry.PlaceForm(kind="building", name_zh=f"{n}号楼", name_en=f"Building {n}", area=GRID, lon=112 + n / 1000, lat=3.9)
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    return [one.code for one in made]


def proposed(city: World, *codes: str, level: str = "high", area: str = COMMUNITY) -> Any:
    """A proposal of these buildings, or of the whole area."""
    units = tuple(UnitForm(kind="place", ref=code) for code in codes) or (UnitForm(kind="area", ref=area),)
    return actions.propose(city.actor("investigator"), city.outbreak, ZoneForm(level=level, units=units), "同楼两例")


def in_force(city: World, *codes: str, **more: Any) -> Any:
    zone = proposed(city, *codes, **more)
    return actions.decide(city.actor("duty"), zone.code, zone.version, True, "同意")


def _pages(city: World, code: str) -> dict[str, tuple[str, str]]:
    return {
        "list": ("/zones/", "duty"),
        "list filtered": (f"/zones/?state=in_force&level=high&area={STREET}", "leader"),
        "list in the past": ("/zones/?on=2026-03-03", "investigator"),
        "map": ("/zones/map.json", "duty"),
        "zone": (f"/zones/{code}/", "duty"),
        "zone map": (f"/zones/{code}/map.json", "grid"),
        "inside": (f"/zones/{code}/inside/", "investigator"),
        "history": (f"/zones/{code}/history/", "grid"),
        "edit": (f"/zones/{code}/edit/", "duty"),
        "pieces": (f"/zones/pieces.json?area={COMMUNITY}&zone={code}", "duty"),
        "where": ("/zones/new/", "investigator"),
        "venues": ("/zones/venues/", "duty"),
        "notice": (f"/zones/{code}/notice/1/", "grid"),
    }


PAGES = sorted(_pages(World(web.NOW), "c"))
#: What is read of a zone comes from more tables than a page usually asks.
DEARER = {"zone": 14, "pieces": 13}


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_in_both_languages(city: World, buildings: list[str], page: str, language: str) -> None:
    zone = in_force(city, *buildings)
    actions.publish(city.actor("duty"), zone.code, zone.version)
    proposed(city, level="medium", area=STREET)
    address, post = _pages(city, zone.code)[page]
    client = signed_in(city, post, language)
    client.get(address)
    with CaptureQueriesContext(connection) as counted:
        answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    listed = "\n".join(query["sql"][:150] for query in counted.captured_queries)
    assert len(counted) <= DEARER.get(page, BUDGET), f"{len(counted)} queries\n{listed}"
    text = answer.content.decode()
    assert "style=" not in text and not re.search(r"<script(?![^>]*src=)", text)
    assert [name for name in NAMES if name in text] == [], "people are masked"
    if "json" in page or "map" in page or page == "pieces":
        assert "no-store" in answer["Cache-Control"] and json.loads(text)["type"] == "FeatureCollection"


def test_a_stranger_learns_nothing(city: World, buildings: list[str]) -> None:
    zone = in_force(city, *buildings)
    for page, (address, _post) in _pages(city, zone.code).items():
        for post in ("stranger", "clinic"):
            answer = signed_in(city, post).get(address)
            text = answer.content.decode()
            assert zone.name_zh not in text and "号楼" not in text, (page, post)
            if zone.code in address and page != "notice":  # a notice is public
                assert answer.status_code == 404, (page, post, answer.status_code)


def test_a_proposal_is_for_those_who_draw_and_decide(city: World) -> None:
    zone = proposed(city)
    assert signed_in(city, "grid").get(f"/zones/{zone.code}/").status_code == 404
    assert zone.code not in signed_in(city, "grid").get("/zones/").content.decode()
    assert (
        signed_in(city, "grid").post(f"/zones/{zone.code}/decide/", {"decision": "accept", "version": 1}).status_code
        == 404
    )


def test_proposals_stand_first_then_what_is_in_force_with_what_is_missing(city: World, buildings: list[str]) -> None:
    waiting, running = proposed(city, buildings[0]), in_force(city, buildings[1])
    text = signed_in(city, "duty", "en").get("/zones/").content.decode()
    assert 0 < text.index(waiting.code) < text.index(running.code)
    assert "Still missing" in text and "at the earliest" in text
    line = queries.zone(SYSTEM, running.code)
    assert line.row.missing[0].en in text


def test_it_is_decided_with_a_reason_and_told(city: World, buildings: list[str]) -> None:
    zone, client = proposed(city, buildings[0]), signed_in(city, "duty", "en")
    address = f"/zones/{zone.code}/"
    refused = client.post(f"{address}decide/", {"decision": "decline", "version": zone.version, "reason": " "})
    assert refused.status_code == 422 and "A reason is needed" in refused.content.decode()
    assert client.post(f"{address}decide/", {"version": zone.version}).status_code == 422
    assert (
        client.post(f"{address}decide/", {"decision": "accept", "version": zone.version, "reason": "同意"}).status_code
        == 302
    )
    page = client.get(address)
    text = page.content.decode()
    assert "Put into force" not in text and page.context["draft"]["title_zh"] in text
    draft = page.context["draft"] | {"text_zh": "自今日起足不出户。", "version": page.context["row"].version}
    assert client.post(f"{address}publish/", draft).status_code == 302
    printed = client.get(f"{address}notice/1/").content.decode()
    assert "自今日起足不出户。" in printed and page.context["draft"]["title_en"] in printed
    assert "自今日起足不出户。" in client.get("/public/zh/").content.decode()


def test_what_was_typed_is_kept_where_it_is_refused(city: World, buildings: list[str]) -> None:
    zone, client = in_force(city, buildings[0]), signed_in(city, "duty", "en")
    typed = {"day": "2026-03-04", "tested": "120", "positives": "121", "untested": "3"}
    text = client.post(f"/zones/{zone.code}/round/", typed).content.decode()
    assert "no more positives than tested" in text and 'value="121"' in text and 'value="3"' in text
    text = client.post(f"/zones/{zone.code}/round/", typed | {"tested": "about 100"}).content.decode()
    assert "“about 100” is no number of people" in text and 'value="about 100"' in text
    long = {"version": zone.version, "title_zh": "公告", "title_en": "T", "text_zh": "长" * 8001, "text_en": "x"}
    again = client.post(f"/zones/{zone.code}/publish/", long)
    assert again.status_code == 422 and "长" * 8001 in again.content.decode()
    early = client.post(
        f"/zones/{zone.code}/lift/", {"version": zone.version, "rule": "high_to_medium", "reason": "群众要求"}
    )
    assert early.status_code == 409 and "The earliest possible day is" in early.content.decode()


def test_a_round_is_on_the_checklist_the_day_it_was_held(city: World, buildings: list[str]) -> None:
    zone, client = in_force(city, buildings[0]), signed_in(city, "investigator", "en")
    told = {"day": "2026-03-04", "tested": "120", "positives": "0", "untested": ""}
    assert client.post(f"/zones/{zone.code}/round/", told).status_code == 302
    assert "everybody negative" in client.get(f"/zones/{zone.code}/").content.decode()


def test_it_comes_down_by_the_page_on_the_day_and_not_before(city: World, buildings: list[str]) -> None:
    zone = in_force(city, buildings[0])
    (way, *_others) = queries.lift_status(SYSTEM, zone.code)
    assert way.earliest is not None
    for before in (1, 0):
        day = clock.local_noon(way.earliest - timedelta(days=before))
        with clock.at(day):
            client = signed_in(city, "duty", "en")
            if before == 0:
                told = {"day": day.date().isoformat(), "tested": "90", "positives": "0"}
                assert client.post(f"/zones/{zone.code}/round/", told).status_code == 302
            page = client.get(f"/zones/{zone.code}/")
            assert ("met today" in page.content.decode()) == (before == 0)
            sent = {"version": page.context["row"].version, "rule": way.rule, "reason": "满足解除条件"}
            assert client.post(f"/zones/{zone.code}/lift/", sent).status_code == (302 if before == 0 else 409)


def _form(page: Any, **more: Any) -> dict[str, Any]:
    """The form of drawing as the browser would send it."""
    form, board = page.context["form"], page.context["board"]
    sent = {name: form[name].value() or "" for name in form.fields}
    return sent | {"units": sorted(board.chosen), "outline": board.drawn, "around": page.context["around"]} | more


def test_a_zone_is_drawn_by_ticking_pieces_or_by_hand(city: World, buildings: list[str]) -> None:
    zone, client = proposed(city, buildings[0]), signed_in(city, "investigator", "en")
    address = f"/zones/{zone.code}/edit/"
    page = client.get(address)
    offered = {one.key for one, _ticked in page.context["board"].lines}
    assert {f"place:{code}" for code in buildings} <= offered
    assert page.context["board"].chosen == {f"place:{buildings[0]}"}
    more = _form(
        page,
        units=[f"place:{code}" for code in buildings[:2]],
        outline="112.0005, 3.8995\n112.0035, 3.8995\n112.0035, 3.9005",
    )
    assert client.post(address, more).status_code == 302, client.post(address, more).content.decode()[-1500:]
    kinds = sorted(one.kind for one in queries.zone(SYSTEM, zone.code).units)
    assert kinds == ["outline", "place", "place"]
    kept = client.get(address)
    assert client.post(address, _form(kept)).status_code == 302, "an outline drawn before is kept by its tick"
    assert sorted(one.kind for one in queries.zone(SYSTEM, zone.code).units) == kinds


def test_what_cannot_be_drawn_is_said_and_stays_in_the_form(city: World, buildings: list[str]) -> None:
    zone, client = proposed(city, buildings[0]), signed_in(city, "investigator", "en")
    address = f"/zones/{zone.code}/edit/"
    page = client.get(address)
    for wrong, said in (
        ({"outline": "112.0, 3.9\n112.1; 3.9"}, "Line 2 of the corners cannot be read"),
        ({"units": [], "outline": ""}, "pieces of land"),
        ({"outline": "-100, -30\n100, -30\n0, 60"}, "km²"),  # half the world: told at once, not looked up cell by cell
        ({"units": ["place:0000000000"]}, "0000000000"),
        ({"level": "purple"}, "Not complete yet"),
    ):
        answer = client.post(address, _form(page, name_zh="渔港北区", **wrong))
        text = answer.content.decode()
        assert answer.status_code in (404, 422) and said in text and "渔港北区" in text, (wrong, answer.status_code)
    assert queries.zone(SYSTEM, zone.code).row.version == zone.version


def test_other_pieces_are_shown_without_losing_what_was_chosen(city: World, buildings: list[str]) -> None:
    zone, client = proposed(city, buildings[0]), signed_in(city, "investigator", "en")
    page = client.get(f"/zones/{zone.code}/edit/")
    sent = _form(page, units=[f"place:{code}" for code in buildings[:2]], kind="grid", show="1", name_en="North")
    again = client.post(f"/zones/{zone.code}/edit/", sent)
    assert again.status_code == 200 and 'value="North"' in again.content.decode()
    assert re.search(rf'type="hidden" name="units" value="place:{buildings[1]}"', again.content.decode())


def test_two_draw_at_once_and_the_second_sees_both(city: World, buildings: list[str]) -> None:
    zone = proposed(city, buildings[0])
    address = f"/zones/{zone.code}/edit/"
    one, other = signed_in(city, "investigator", "en"), signed_in(city, "reviewer", "en")
    first, second = one.get(address), other.get(address)
    assert one.post(address, _form(first, name_en="Yugang north")).status_code == 302
    answer = other.post(
        address, _form(second, name_en="Yugang south", units=[f"place:{code}" for code in buildings[:2]])
    )
    text = answer.content.decode()
    assert answer.status_code == 409 and "Yugang north" in text and "Yugang south" in text and "陆远山" in text
    assert other.post(address, _form(answer)).status_code == 302
    saved = queries.zone(SYSTEM, zone.code)
    assert saved.row.name.en == "Yugang south" and len(saved.units) == 2


def test_a_decision_on_what_has_moved_on_is_not_taken(city: World, buildings: list[str]) -> None:
    zone = proposed(city, buildings[0])
    stale = zone.version
    actions.edit(
        city.actor("investigator"), zone.code, stale,
        ZoneForm(level="medium", units=(UnitForm(kind="place", ref=buildings[1]),)), "改划",
    )  # fmt: skip
    answer = signed_in(city, "duty", "en").post(
        f"/zones/{zone.code}/decide/", {"decision": "accept", "version": stale, "reason": "看过原图"}
    )
    text = answer.content.decode()
    assert answer.status_code == 409 and "was changed since you read it" in text and "看过原图" in text
    assert queries.zone(SYSTEM, zone.code).row.state == "proposed"


def test_one_is_proposed_from_the_first_page_on(city: World, buildings: list[str]) -> None:
    client = signed_in(city, "investigator", "en")
    assert city.outbreak in client.get("/zones/new/").content.decode()
    page = client.get("/zones/new/", {"outbreak": city.outbreak, "area": COMMUNITY})
    sent = _form(
        page,
        units=[f"place:{buildings[2]}"],
        level="medium",
        reason="阳性同住人未转运",
        outbreak=city.outbreak,
        area=COMMUNITY,
    )
    assert "A reason is needed" in client.post("/zones/new/", sent | {"reason": ""}).content.decode()
    made = client.post("/zones/new/", sent)
    assert made.status_code == 302, made.content.decode()[-1500:]
    zone = queries.zone(SYSTEM, made["Location"].split("/")[2])
    assert (zone.row.level, zone.row.state, zone.reason) == ("medium", "proposed", "阳性同住人未转运")
    assert client.get("/zones/new/", {"outbreak": city.outbreak, "area": "990103"}).status_code == 403


def test_the_past_is_shown_as_it_was(city: World, buildings: list[str]) -> None:
    zone = in_force(city, buildings[0])
    client = signed_in(city, "duty", "en")
    assert zone.code not in client.get("/zones/?on=2026-03-03").content.decode()
    assert zone.code in client.get("/zones/?on=2026-03-04").content.decode()
    assert client.get("/zones/?on=0001-01-01").status_code == 200
    assert client.get("/zones/?on=yesterday").status_code == 200


def test_inside_lists_everybody_masked_and_who_has_no_building(city: World, buildings: list[str]) -> None:
    zone = in_force(city, buildings[0])
    page = signed_in(city, "investigator", "en").get(f"/zones/{zone.code}/inside/", **HTMX)
    assert page.context["inside"].roofless > 0 and "ddress without building" in page.content.decode()
    assert page.context["housed"] == [] and len(page.context["roofless"]) == page.context["inside"].roofless


def test_a_county_sees_only_its_own_on_the_map(city: World, buildings: list[str]) -> None:
    zone = in_force(city, *buildings)
    seen = json.loads(signed_in(city, "leader").get("/zones/map.json").content)
    told = [one["properties"] for one in seen["features"]]
    assert [one["key"] for one in told if one["mark"] == "zone-1" and not one["dashed"]] == [zone.code]
    other = json.loads(signed_in(city, "stranger").get("/zones/map.json").content)
    assert zone.code not in json.dumps(other)
    assert signed_in(city, "stranger").get(f"/zones/pieces.json?area={COMMUNITY}").status_code == 403
    assert WANGCHAO not in json.dumps(other)
