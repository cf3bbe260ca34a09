"""The public page: everything that was published and nothing else; the same for everybody, without a cookie, in both languages."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fangxian.command.situation import actions as sitreps
from fangxian.command.situation import queries as situation
from fangxian.containment.venues import actions as venues
from fangxian.containment.venues.schemas import VenueForm
from fangxian.containment.zones import actions as zones
from fangxian.containment.zones.schemas import NoticeForm, UnitForm, ZoneForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.registry import actions as registry_actions
from fangxian.registry import queries as registry
from fangxian.registry.schemas import Division
from fangxian.tracing import queries as tracing
from tests.support import web
from tests.support.web import signed_in
from tests.support.world import CITY, COMMUNITY, NAMES, STREET, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
BUDGET = 12


def _zone(city: World, units: tuple[str, ...] = (COMMUNITY,), level: str = "high") -> Any:
    form = ZoneForm(level=level, units=tuple(UnitForm(kind="area", ref=code) for code in units))
    return zones.propose(city.actor("investigator"), city.outbreak, form, "两例病例共同居住")


def _told(city: World, units: tuple[str, ...] = (COMMUNITY,)) -> Any:
    """A zone in force of which the public was told."""
    by, zone = city.actor("duty"), _zone(city, units)
    zone = zones.decide(by, zone.code, zone.version, True, "同意")
    return zones.publish(by, zone.code, zone.version)


def _venue(city: World, **more: Any) -> Any:
    told = {
        "outbreak": city.outbreak, "kind": "market", "name_zh": "渔港海鲜市场", "name_en": "Yugang seafood market", "area": WANGCHAO,
        "from_at": web.NOW - timedelta(hours=30), "to_at": web.NOW - timedelta(hours=28),
        "advice_zh": "请联系社区", "advice_en": "Call your community",
    }  # fmt: skip
    return venues.publish(city.actor("duty"), VenueForm(**{**told, **more}))


def _secrets(city: World) -> list[str]:
    """Whatever would tell of a person: names, masked names, codes of cases, contacts and people, who works there."""
    people = [tracing.contact(SYSTEM, code).person_id for code in city.contacts]
    codes = [card.code for card in registry.cards(people).values()]
    return [*NAMES, "江**", *city.cases, *city.contacts, *codes, "苏望", "陆远山", "139"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_tells_what_was_published_in_both_languages_and_of_nobody(city: World, language: str) -> None:
    notice = _told(city)
    _venue(city)
    pages = [f"/public/{language}/", f"/public/{language}/notice/{notice.zone.code}-1/", f"/public/{language}/map.json"]
    texts = [Client().get(page).content.decode() for page in pages]
    assert ("渔港海鲜市场" if language == "zh" else "Yugang seafood market") in texts[0]
    assert ("高风险区" if language == "zh" else "High-risk area") in texts[0]
    assert ("足不出户" if language == "zh" else "at home") in texts[0], "what holds there is said"
    assert (notice.title_zh if language == "zh" else notice.title_en) in texts[0]
    for text in texts:
        assert [one for one in _secrets(city) if one in text] == []


def test_nothing_that_waits_or_was_declined_or_only_decided_is_told(city: World) -> None:
    by, zone = city.actor("duty"), _zone(city)
    _quiet(zone)
    zone = zones.decide(by, zone.code, zone.version, True, "同意")
    _quiet(zone)
    other = _zone(city, (STREET,), "medium")
    zones.decide(by, other.code, other.version, False, "仅一例且已转运")
    _quiet(other)


def _quiet(zone: Any) -> None:
    for address in ("/public/zh/", "/public/zh/map.json"):
        text = Client().get(address).content.decode()
        assert zone.code not in text and zone.name_zh not in text, address
    assert Client().get(f"/public/zh/notice/{zone.code}-1/").status_code == 404


def test_what_is_lifted_or_withdrawn_is_gone_and_its_notice_stays(city: World) -> None:
    registry_actions.import_divisions(
        SYSTEM, [Division(code=f"{WANGCHAO}002", name="望海街道", name_en="Wanghai Subdistrict")]
    )
    notice = _told(city, (f"{WANGCHAO}002",))  # where no case is
    assert "高风险区" in Client().get("/public/zh/").content.decode().split('id="venues"')[0]
    zone = notice.zone
    zone.refresh_from_db()
    zones.annul(city.actor("duty"), zone.code, zone.version, "划定有误", NoticeForm())
    page = Client().get("/public/zh/").content.decode()
    assert "目前没有区域实行管控措施" in page and notice.title_zh in page


def test_venues_tell_nobodys_way(city: World) -> None:
    """Published in the order of one person's day: shown by place, without the time of publishing."""
    for hours, name in ((30, "丙超市"), (27, "甲餐馆"), (24, "乙影院")):
        _venue(
            city,
            name_zh=name,
            name_en="",
            from_at=web.NOW - timedelta(hours=hours),
            to_at=web.NOW - timedelta(hours=hours - 1),
        )
    text = Client().get("/public/zh/").content.decode()
    assert sorted(["丙超市", "甲餐馆", "乙影院"], key=text.index) == sorted(["丙超市", "甲餐馆", "乙影院"])
    shown = text.split('id="venues"')[1].split('id="told"')[0]
    assert not re.search(r"\b[0-9A-HJKMNP-Y]{10}\b", shown), "no code by which to group them"


def test_it_is_the_same_for_everybody_and_may_be_kept(city: World) -> None:
    _told(city)
    stranger, officer = Client(), signed_in(city, "duty")
    for address in ("/public/", "/public/en/", "/public/zh/map.json", "/robots.txt"):
        first = stranger.get(address)
        assert first.status_code == 200 and not first.cookies and not stranger.cookies, address
        assert "Cookie" not in first.get("Vary", ""), address
        assert "public" in first["Cache-Control"] and "max-age=60" in first["Cache-Control"], address
        assert officer.get(address).content == first.content, "whoever is signed in sees the same"
        again = stranger.get(address, headers={"If-None-Match": first["ETag"]})
        assert again.status_code == 304 and not again.content, address
    text = stranger.get("/public/").content.decode()
    assert "csrf" not in text and "style=" not in text and not re.search(r"<script(?![^>]*src=)", text)


def test_the_language_is_that_of_the_address_else_of_the_browser(city: World) -> None:
    assert '<html lang="en">' in Client().get("/public/en/", headers={"Accept-Language": "zh-CN"}).content.decode()
    assert '<html lang="en">' in Client().get("/public/", headers={"Accept-Language": "en-GB"}).content.decode()
    assert '<html lang="zh-CN">' in Client().get("/public/").content.decode()
    assert Client().get("/public/fr/").status_code == 404


def test_anonymous_reaches_nothing_else(city: World) -> None:
    zone = _zone(city)
    for address in ("/zones/", "/zones/map.json", f"/zones/{zone.code}/", f"/zones/{zone.code}/map.json", "/zones/venues/",
                    f"/zones/{zone.code}/inside/", "/zones/pieces.json?area=990101001001", "/cases/"):  # fmt: skip
        answer = Client().get(address)
        assert answer.status_code == 302 and answer["Location"].startswith("/login/"), address
    assert Client().post("/public/").status_code == 405
    robots = Client().get("/robots.txt").content.decode()
    assert "Allow: /public/" in robots and "Disallow: /\n" in robots
    assert "/public/" in Client().get("/login/").content.decode()


def test_it_costs_few_queries_however_many_areas_there_are(city: World) -> None:
    by = city.actor("duty")

    def cost() -> int:
        Client().get("/public/en/")
        with CaptureQueriesContext(connection) as counted:
            assert Client().get("/public/en/").status_code == 200
        return len(counted)

    _told(city)
    _venue(city)
    one = cost()
    more = [Division(code=f"{WANGCHAO}00{number}", name=f"街道{number}") for number in (3, 4, 5)]
    registry_actions.import_divisions(SYSTEM, more)
    for code in (one.code for one in more):
        zone = _zone(city, (code,), "medium")
        zone = zones.decide(by, zone.code, zone.version, True, "同意")
        zones.publish(by, zone.code, zone.version)
        _venue(city, name_zh=f"场所{code}", area=code[:6])
    assert cost() == one <= BUDGET


def _signed(city: World, *, released: bool) -> Any:
    """The report of yesterday of the city, signed by the commander."""
    day = (web.NOW - timedelta(days=1)).astimezone(clock.zone()).date()
    row = sitreps.draft(SYSTEM, city.outbreak, CITY, day)
    row = sitreps.remark(city.actor("leader"), row.code, row.edition, remarks_zh="请少聚集。", is_public=released)
    return sitreps.sign(city.actor("leader"), row.code, row.edition)


def test_numbers_are_those_that_were_signed_and_released_and_few_people_are_not_counted_out(city: World) -> None:
    _signed(city, released=False)
    assert 'id="numbers"' not in Client().get("/public/zh/").content.decode()
    row = sitreps.reissue(city.actor("leader"), situation.sitreps(SYSTEM)[0].code, "公开发布")
    row = sitreps.remark(city.actor("leader"), row.code, row.edition, remarks_zh="请少聚集。", is_public=True)
    assert 'id="numbers"' not in Client().get("/public/zh/").content.decode(), "a draft is nobody's"
    sitreps.sign(city.actor("leader"), row.code, row.edition)
    text = Client().get("/public/zh/").content.decode()
    assert 'id="numbers"' in text and "请少聚集。" in text and "方知行" not in text
    (told,) = situation.published(None)
    values = {one.key: (one.value, one.fewer_than) for one in told.figures}
    counted = {one.key: one.value for one in situation.sitrep(SYSTEM, row.code).situation.figures if one.is_public}
    few = {key for key, value in counted.items() if 0 < value < 3 and key.startswith(("cases.", "contacts."))}
    assert few and {key for key, (value, _least) in values.items() if value is None} == few
    assert all(values[key] == (None, 3) for key in few) and "少于3" in text
    assert all(values[key] == (counted[key], 0) for key in counted.keys() - few)
    (numbers,) = Client().get("/api/v1/public/numbers").json()["rows"]
    assert {one["key"]: one["value"] for one in numbers["figures"]} == {
        key: value for key, (value, _least) in values.items()
    }


def test_the_api_tells_the_same_to_anybody(city: World) -> None:
    notice = _told(city)
    _venue(city)
    areas = Client().get("/api/v1/public/areas")
    assert areas.status_code == 200 and [one["code"] for one in areas.json()["rows"]] == [notice.zone.code]
    assert "Cookie" not in areas.get("Vary", "")
    (told,) = Client().get("/api/v1/public/notices").json()["rows"]
    assert told["title"]["zh"] == notice.title_zh and told["by_name"] == ""
    (venue,) = Client().get("/api/v1/public/venues").json()["rows"]
    assert venue["name"]["en"] == "Yugang seafood market"
    whole = (
        Client().get("/api/v1/public/areas").content.decode() + Client().get("/api/v1/public/venues").content.decode()
    )
    assert [one for one in _secrets(city) if one in whole] == []
