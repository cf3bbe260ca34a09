"""The pages of high-risk posts: an employer keeps its roster, finds who is late, and sees nobody else's people."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.laboratory.screening import actions, queries
from fangxian.web.screening import rosters as pages
from tests.support.county import START, with_pack
from tests.support.posts import Posts, days

pytestmark = pytest.mark.django_db
BUDGET = 12
FILE = """姓名,身份证号,手机号,工号,工种,上岗日期,备注
范海,440304199003070018,13900001234,L-01,装卸工,2024-01-08,夜班
倪宁,440304199003070019,13900001235,L-02,装卸工,,
白露,,13900001236,L-03,叉车工,,
陆远,440304198805171238,13900001237,L-04,叉车工,去年,
"""


@pytest.fixture
def posts() -> Iterator[Posts]:
    with with_pack(), clock.at(START):
        yield Posts.at()


def opened(posts: Posts, post: str, language: str = "en") -> Client:
    account = posts.staff.accounts[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    return client


def test_an_employer_sends_its_roster_and_reads_what_was_wrong_by_row_and_column(posts: Posts) -> None:
    client, address = opened(posts, "store"), f"/screening/rosters/{posts.loaders}/enrol/"
    answer = client.post(address, {"file": SimpleUploadedFile("花名册.csv", FILE.encode())})
    page = answer.content.decode()
    assert answer.status_code == 200 and "1 people put on the roster" in page and "3 rows were left out" in page
    for line, column in (("3", "身份证号"), ("4", "身份证号"), ("5", "上岗日期")):
        assert f'<th scope="row" class="number">{line}</th><td data-label="Column">{column}</td>' in page, line
    assert "not used:</small>" not in page and "备注" in page
    again = client.post(address, {"file": SimpleUploadedFile("花名册.csv", FILE.encode())}).content.decode()
    assert "0 people put on the roster; 1 stood on it already" in again
    (row,) = queries.workers(posts.actor("store"))
    assert (row.number, row.job, row.name) == ("L-01", "装卸工", "范*")
    nothing = client.post(address, {"file": SimpleUploadedFile("x.csv", b"a,b\n1,2\n")})
    assert nothing.status_code == 422 and "姓名 / name" in nothing.content.decode()


def test_an_employer_begins_at_its_own_page_and_works_there(posts: Posts) -> None:
    client, here = opened(posts, "store"), f"/screening/rosters/{posts.loaders}/"
    assert client.get("/screening/")["Location"] == here
    typed = {"name": "范海", "document": "440304199003070018", "number": "L-01", "job": "loader"}
    assert client.post(here + "enrol/", typed)["Location"] == here
    (row,) = queries.workers(posts.actor("store"))
    page = client.get(here).content.decode()
    assert "once a day" in page and ">B</span>" in page and "L-01" in page and "范海" not in page
    worker = f"/screening/workers/{row.code}/"
    assert client.post(worker + "begin/", {"at": ""}).status_code == 302
    assert "in the closed loop" in client.get(worker).content.decode()
    refused = client.post(worker + "begin/", {"at": "yesterday"})
    assert refused.status_code == 422 and "no time" in refused.content.decode()
    assert client.post(worker + "end/", {"at": ""}).status_code == 302
    assert client.get(worker).content.decode().count("to be tested") == 3
    assert client.post(worker + "dance/").status_code == 404
    assert client.post(worker + "leave/", {"reason": "调离"}).status_code == 302
    assert "left on" in client.get(worker).content.decode()


def test_nobody_sees_the_people_of_another_employer(posts: Posts) -> None:
    (loader,) = posts.put(posts.loaders, posts.neighbours[:1])
    market, store = opened(posts, "market"), opened(posts, "store")
    for address in (f"/screening/rosters/{posts.loaders}/", f"/screening/workers/{loader}/"):
        assert store.get(address).status_code == 200
        assert market.get(address).status_code == 404
    assert (
        market.post(f"/screening/rosters/{posts.loaders}/enrol/", {"document": posts.neighbours[1]}).status_code == 404
    )
    with clock.at(START + days(1)):
        assert loader not in market.get("/screening/late/").content.decode()
        assert loader in store.get("/screening/late/").content.decode()
    assert opened(posts, "grid").get("/screening/").status_code == 403


def test_a_page_costs_the_same_for_more_people_and_goes_on_without_counting(
    posts: Posts, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts.put(posts.loaders, posts.neighbours[:1])
    client = opened(posts, "officer", "zh")
    here = f"/screening/rosters/{posts.loaders}/"
    addresses = ["/screening/", here, here + "?tab=late", here + "?tab=people", "/screening/late/"]
    costs: dict[str, list[int]] = {address: [] for address in addresses}
    for people in (posts.neighbours[:1], posts.neighbours):
        posts.put(posts.loaders, people)
        with clock.at(START + days(1.1)):
            actions.owe(SYSTEM)
            for address in addresses:
                client.get(address)
                with CaptureQueriesContext(connection) as asked:
                    assert client.get(address).status_code == 200, address
                assert not any(" OFFSET " in query["sql"] for query in asked), address
                costs[address].append(len(asked))
    assert all(few == many <= BUDGET for few, many in costs.values()), costs
    monkeypatch.setattr(pages, "PAGE", 4)
    with clock.at(START + days(1.1)):
        seen: list[str] = []
        for tab in ("late", "people"):
            told: Any = client.get(here, {"tab": tab})
            while True:
                seen += [one.worker for one in told.context.get("rows") or ()]
                seen += [one.code for one in told.context.get("workers") or ()]
                if not told.context["after"]:
                    break
                told = client.get(here, {"tab": tab, "after": told.context["after"]})
    assert sorted(seen) == sorted([one.code for one in queries.workers(SYSTEM)] * 2)


def test_the_officer_registers_an_employer(posts: Posts) -> None:
    client = opened(posts, "officer")
    page = client.post("/screening/", {"organisation": posts.clinic, "post": "closed_loop"})
    assert page.status_code == 302 and client.get(page["Location"]).status_code == 200
    assert client.post("/screening/", {"organisation": posts.clinic, "post": "astronaut"}).status_code == 422
    assert "all tested" not in client.get("/screening/").content.decode(), "nobody is on it yet"
