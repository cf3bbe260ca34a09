"""The pages of the situation and of the daily report: what they show, whom they refuse, what they keep."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.cases import actions as cases
from fangxian.cases import queries as case_queries
from fangxian.command.situation import actions, keeping, queries
from fangxian.command.situation.models import Picture
from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM
from tests.support.web import HTMX, signed_in
from tests.support.world import CITY, LANYUE, PROVINCE, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def drafted(city: World, area: str = CITY) -> Any:
    return actions.draft(SYSTEM, city.outbreak, area, clock.today() - clock.DAY)


def test_the_numbers_of_the_page_are_those_of_the_house(city: World) -> None:
    told = queries.situation(city.actor("leader"))
    answer = signed_in(city, "leader", "en").get("/situation/")
    text = answer.content.decode()
    for card in answer.context["cards"]:
        assert card.figure.value == told.value(card.figure.key)
        assert re.search(rf'id="f-{re.escape(card.figure.key)}".*?<b>{card.figure.value}</b>', text, re.DOTALL)
    listed = re.findall(r'class="number-link" href="([^"]+)"', text)
    assert listed
    for address in listed:
        assert signed_in(city, "leader").get(address.replace("&amp;", "&")).status_code in (200, 404), address
    for one in told.figures:
        assert f'id="f-{one.key}"' in text, "every figure has its place, and a number in a sentence leads there"
    for ref in re.findall(r'href="#(f-[^"]+)"', text):
        assert f'id="{ref}"' in text


def test_each_looks_at_their_own_place_only(city: World) -> None:
    leader, officer = signed_in(city, "leader"), signed_in(city, "duty")
    assert leader.get("/situation/").context["told"].area == CITY
    assert officer.get("/situation/").context["told"].area == WANGCHAO
    for address in (
        f"/situation/?area={CITY}",
        f"/situation/?area={PROVINCE}",
        "/situation/?area=",
        f"/situation/?area={LANYUE}",
    ):
        assert officer.get(address).status_code == 404, address
        assert officer.get(address.replace("?", "missing/?kind=case.review&")).status_code == 404
        assert officer.get(address.replace("?", "map/?")).status_code == 404
    assert officer.get(f"/situation/?outbreak=7K2M9QXTB4&area={WANGCHAO}").status_code == 404
    for post in ("grid", "clinic", "nurse"):
        assert signed_in(city, post).get("/situation/").status_code == 403
        assert signed_in(city, post).get("/situation/reports/").status_code == 403
    above = leader.get(f"/situation/?area={WANGCHAO}").context["above"]
    assert [url for _name, url in above] == [f"/situation/?area={CITY}"], "up to the own place, not beyond"


def test_names_of_what_is_missing_are_masked_and_come_by_themselves(city: World) -> None:
    page = signed_in(city, "duty").get("/situation/").content.decode()
    assert "/situation/missing/?area=" in page
    part = signed_in(city, "duty").get(f"/situation/missing/?area={WANGCHAO}&kind=case.review", **HTMX)
    assert part.status_code == 200 and "江晚晴" not in part.content.decode() and "江**" in part.content.decode()


def test_the_wall_refreshes_itself_and_needs_no_script_of_ours(city: World) -> None:
    text = signed_in(city, "leader").get("/situation/?wall=1").content.decode()
    assert 'hx-trigger="every 60s"' in text and 'hx-select="#wall"' in text
    assert "style=" not in text and not re.search(r"<script(?![^>]*src=)", text)


def test_deep_and_shallow_pages_cost_few_queries(city: World) -> None:
    row = drafted(city)
    for post, address in (
        ("leader", "/situation/?per=report"), ("leader", f"/situation/?area={WANGCHAO}"), ("duty", "/situation/reports/"),
        ("leader", f"/situation/reports/{row.code}/"), ("leader", f"/situation/reports/{row.code}/zh.html"),
    ):  # fmt: skip
        client = signed_in(city, post)
        client.get(address)
        with CaptureQueriesContext(connection) as counted:
            assert client.get(address).status_code == 200, address
        assert len(counted) <= 12, (address, [query["sql"][:120] for query in counted.captured_queries])


def cost(client: Any, address: str) -> list[str]:
    """Queries of a page on which nothing that this process has kept is of any help."""
    client.get(address)  # what a process reads once: packs, words
    cache.clear()
    with CaptureQueriesContext(connection) as counted:
        assert client.get(address).status_code == 200, address
    return [query["sql"] for query in counted]


def test_whoever_answers_for_a_place_finds_it_counted(city: World) -> None:
    leader, officer = signed_in(city, "leader"), signed_in(city, "duty")
    asked = [
        (leader, "/situation/"), (leader, "/situation/?wall=1"), (leader, f"/situation/?area={WANGCHAO}"), (officer, "/situation/"),
        (leader, "/situation/map/"),
    ]  # fmt: skip
    for client, address in asked:
        costs = cost(client, address)
        assert len(costs) <= 12 and any("cases_judgement" in one for one in costs), "nobody has counted it yet"
    while queries.keep_pictures():
        pass
    for client, address in asked:
        costs = cost(client, address)
        assert len(costs) <= 12 and not any("cases_judgement" in one for one in costs), address


def test_what_is_kept_is_what_was_counted_and_says_as_of_when(city: World) -> None:
    counted = queries.situation(city.actor("leader"))
    with clock.at(clock.now() + timedelta(minutes=1)):
        while queries.keep_pictures():
            pass
        later = clock.now()
    with clock.at(later + timedelta(minutes=2)):
        cache.clear()
        told, _choices = queries.picture(city.actor("leader"))
        assert told.until == later, "as of when it was counted, not of now"
        assert {one.key: one.value for one in told.figures} == {one.key: one.value for one in counted.figures}
        assert all(one.arguments["until"] == later.isoformat() for one in told.figures)
        assert "14:31" in signed_in(city, "leader").get("/situation/").content.decode()
        with clock.at(later + keeping.STALE):
            assert queries.picture(city.actor("leader"))[0].until == clock.now(), (
                "a worker that died keeps nobody in the past"
            )
        cases.close_outbreak(SYSTEM, city.outbreak, "疫情已经平息")  # something was written in the drill
        assert queries.picture(city.actor("leader"))[0].until == clock.now()


def test_pictures_are_counted_the_oldest_first_and_dropped_with_the_right(city: World) -> None:
    held = {CITY, WANGCHAO, LANYUE}
    assert queries.keep_pictures() == len(held)
    assert queries.keep_pictures() == 0, "not twice within the minute"
    with clock.at(clock.now() + keeping.EVERY):
        assert [queries.keep_pictures(2) for _round in range(3)] == [2, 1, 0]
        for one in accounts.grants_of(city.staff["stranger"].pk):
            accounts.revoke(SYSTEM, one.pk, "调离")
        queries.keep_pictures()
        assert {row.area for row in Picture.objects.all()} == held - {LANYUE}


def test_a_report_is_drafted_remarked_on_signed_and_taken_away(city: World) -> None:
    officer, leader = signed_in(city, "duty", "en"), signed_in(city, "leader", "en")
    day = (clock.today() - clock.DAY).isoformat()
    answer = officer.post("/situation/reports/draft/", {"day": day, "area": WANGCHAO})
    address = answer["Location"]
    assert officer.post("/situation/reports/draft/", {"day": day, "area": WANGCHAO})["Location"] == address
    assert officer.post("/situation/reports/draft/", {"day": "2026-02-30", "area": WANGCHAO}).status_code == 422
    assert officer.post("/situation/reports/draft/", {"day": day, "area": CITY}).status_code == 422
    page = officer.get(address).content.decode()
    assert "Remarks in Chinese" in page and f"{address}sign/" not in page, "a duty officer does not sign"
    edition = queries.sitrep(SYSTEM, address.split("/")[3]).row.edition
    given = {"remarks_zh": "夜间加强流调", "remarks_en": "", "is_public": "on", "edition": edition}
    assert officer.post(f"{address}edit/", given).status_code == 302
    stale = leader.post(f"{address}edit/", {**given, "remarks_zh": "我的研判"})
    assert stale.status_code == 409 and "我的研判" in stale.content.decode(), "what was typed stays typed"
    assert leader.post(f"{address}sign/", {"edition": edition}).status_code == 409
    assert officer.post(f"{address}sign/", {"edition": edition + 1}).status_code == 403
    assert leader.post(f"{address}sign/", {"edition": edition + 1}).status_code == 302
    text = leader.get(address).content.decode()
    assert "Signed by 方知行" in text and "夜间加强流调" in text and "Remarks in Chinese" not in text
    for language, form in (("zh", "pdf"), ("en", "docx"), ("zh", "html")):
        first = leader.get(f"{address}{language}.{form}")
        assert first.status_code == 200 and f"-{language}.{form}" in first["Content-Disposition"]
        assert officer.get(f"{address}{language}.{form}").content == first.content
    assert leader.get(f"{address}fr.pdf").status_code == 422
    assert signed_in(city, "stranger").get(address).status_code == 404
    assert signed_in(city, "stranger").get(f"{address}zh.pdf").status_code == 404


def test_a_correction_needs_its_reason_and_stands_beside_what_it_corrects(city: World) -> None:
    leader = signed_in(city, "leader")
    row = drafted(city)
    actions.sign(city.actor("leader"), row.code, row.edition)
    address = f"/situation/reports/{row.code}/"
    refused = leader.post(f"{address}correct/", {"reason": " "})
    assert refused.status_code == 422 and "原因" in refused.content.decode()
    second = leader.post(f"{address}correct/", {"reason": "更正一例来源"})["Location"]
    assert "更正一例来源" in leader.get(second).content.decode()
    again = leader.post(f"{address}correct/", {"reason": "再来一次"})
    assert again.status_code == 409 and "再来一次" in again.content.decode()
    listed = leader.get("/situation/reports/").context["rows"]
    assert [(one.version, one.state) for one, _words in listed] == [(2, "draft"), (1, "signed")]


def test_where_no_outbreak_is_in_progress_the_last_one_is_shown(city: World) -> None:
    cases.close_outbreak(SYSTEM, city.outbreak, "疫情已经平息")
    assert signed_in(city, "leader").get("/situation/").status_code == 200


def test_where_there_never_was_one_the_page_says_what_to_do(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case_queries, "outbreaks", lambda by, open_only=False: [])
    text = signed_in(city, "leader", "en").get("/situation/").content.decode()
    assert "No outbreak is being handled here." in text
