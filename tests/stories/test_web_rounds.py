"""Pages of testing rounds: what each costs, the grid worker's list, planning and deciding, and whom they refuse."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.core import clock
from fangxian.laboratory.rounds.models import Listed, Round
from tests.support import rounds, web
from tests.support.rounds import Rounds
from tests.support.web import signed_in
from tests.support.world import GRID, STREET, World

pytestmark = pytest.mark.django_db
BUDGET = 12


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[tuple[World, Rounds]]:
    with django_db_blocker.unblock(), web.city() as world, clock.at(web.NOW):
        yield world, rounds.begin(world)


@pytest.fixture(autouse=True)
def at_the_hour(built: tuple[World, Rounds]) -> Iterator[None]:
    with web.a_test():
        yield


@pytest.fixture
def city(built: tuple[World, Rounds]) -> World:
    return built[0]


@pytest.fixture
def there(built: tuple[World, Rounds]) -> Rounds:
    return built[1]


def test_every_page_is_there_for_whom_it_is_for_and_within_its_budget(city: World, there: Rounds) -> None:
    at = f"/rounds/{there.code}/"
    pages = {
        "/rounds/": "leader", "/rounds/new/": "duty", at: "duty", f"{at}?area={GRID[:12]}": "duty", f"{at}map/": "leader",
        f"{at}points/": "leader", f"{at}workers/": "duty", f"{at}next/": "duty", f"{at}notice/": "grid",
        f"{at}missing/?area={STREET}": "duty", f"{at}missing/?answer=none": "reviewer", f"{at}exempt/": "grid",
        f"{at}newcomers/{GRID}/": "grid",
        f"{at}doors/?area={GRID}": "grid", f"{at}mop-up/{GRID}/": "grid", f"/rounds/{there.planned}/": "duty",
    }  # fmt: skip
    for language in ("en", "zh-hans"):
        costs = {}
        for address, post in pages.items():
            client = signed_in(city, post, language)
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                answer = client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            costs[address] = sum("SAVEPOINT" not in query["sql"] for query in asked)
            assert not any(" OFFSET " in query["sql"] for query in asked), address
        assert {address: cost for address, cost in costs.items() if cost > BUDGET} == {}


def test_names_are_masked_and_only_for_those_who_go_and_ask(city: World, there: Rounds) -> None:
    page = signed_in(city, "grid").get(f"/rounds/{there.code}/mop-up/{GRID}/").content.decode()
    assert "柳**" in page
    assert "柳闻莺" not in page
    assert signed_in(city, "leader").get(f"/rounds/{there.code}/missing/").status_code == 403
    assert signed_in(city, "leader").get(f"/rounds/{there.code}/mop-up/{GRID}/").status_code == 403
    assert signed_in(city, "stranger").get(f"/rounds/{there.code}/").status_code == 404
    assert signed_in(city, "clinic").get("/rounds/").status_code == 403
    notice = signed_in(city, "grid").get(f"/rounds/{there.code}/notice/").content.decode()
    assert "渔港小学采样点" in notice
    assert "*" not in notice.split("<article")[1].split("</article")[0], "nobody is named"


def test_a_family_is_asked_at_its_door_without_a_script(city: World, there: Rounds) -> None:
    client, address = signed_in(city, "grid", "en"), f"/rounds/{there.code}/mop-up/{GRID}/"
    family = [
        str(one) for one in Listed.objects.filter(round__code=there.code, door__gt=0).values_list("pk", flat=True)
    ]
    assert len(family) == 3
    assert client.post(address, {"listed": family, "answer": "door", "note": "行动不便"}).status_code == 302
    assert set(Listed.objects.filter(pk__in=family).values_list("answer", flat=True)) == {"door"}
    sheet = client.get(f"/rounds/{there.code}/doors/?area={GRID}&answer=door").content.decode()
    assert sheet.count('class="write-in"') == 3
    refused = client.post(address, {"listed": family[:1], "answer": "exempt", "why": "ill", "note": ""})
    assert (refused.status_code, b"A reason is needed" in refused.content) == (422, True)
    assert (
        client.post(address, {"listed": family[:1], "answer": "exempt", "why": "ill", "note": "发热卧床"}).status_code
        == 302
    )
    wrong = {"listed": family[1:2], "answer": "exempt", "why": "elsewhere", "note": "市医院", "tested_at": "yesterday"}
    assert client.post(address, wrong).status_code == 422
    assert Listed.objects.get(pk=family[0]).exempt == "ill"
    assert client.get(f"{address}?after=nonsense").status_code == 422


def test_a_round_is_planned_started_ended_and_decided_on_its_pages(city: World, there: Rounds) -> None:
    client = signed_in(city, "duty", "en")
    form = {
        "name_zh": "一轮", "area": GRID[:12], "goal": "complete", "points": [there.point], "per_hour": "60", "opens": "8",
        "closes": "20",
    }  # fmt: skip
    assert client.post("/rounds/new/", form | {"per_hour": ""}).status_code == 422
    made = client.post("/rounds/new/", form)
    code = Round.objects.order_by("-pk").values_list("code", flat=True)[0]
    assert made.headers["Location"] == f"/rounds/{code}/"
    assert client.post(f"/rounds/{code}/start/").status_code == 302
    assert b"have not come" in client.post(f"/rounds/{code}/end/").content
    assert client.post(f"/rounds/{code}/end/", {"reason": "试运行"}).status_code == 302
    assert b"Plan one more round" in client.get(f"/rounds/{code}/next/").content
    early = client.post(f"/rounds/{code}/stop/", {"reason": "够了"})
    assert (early.status_code, b"Not yet" in early.content) == (409, True)
    following = client.post(f"/rounds/{code}/go-on/")
    assert following.headers["Location"] != f"/rounds/{code}/"
    assert signed_in(city, "grid").post(f"/rounds/{code}/start/").status_code in (403, 404)
    assert client.post(f"/rounds/{code}/nothing/").status_code == 404
