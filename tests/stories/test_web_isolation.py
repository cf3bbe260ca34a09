"""The pages of isolation: the loop from page to page, the round and the driver, what nobody may see, what a page costs."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.forms import PlacementErrandForm
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.registry import actions as registry
from fangxian.registry.actions import PlaceForm
from fangxian.registry.models import Person
from fangxian.tracing import actions as tracing
from fangxian.web.isolation import lists, places
from tests.support.county import START, with_pack
from tests.support.tracers import GRID, hand_on
from tests.support.wards import Wards

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=2)
BUDGET = 12
WELL = {"temperature": "36.5", "symptoms": "none", "mood": "calm"}


@pytest.fixture
def wards() -> Iterator[Wards]:
    with with_pack(), clock.at(NOW):
        yield Wards.ready(NOW)


def opened(wards: Wards, post: str, language: str = "en") -> Client:
    account = wards.staff.accounts[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    return client


def test_the_whole_way_is_walked_on_pages(wards: Wards) -> None:
    grid, driver, nurse, chief = (opened(wards, post) for post in ("grid", "driver", "nurse", "chief"))
    contact = tracing.expose(wards.actor("investigator"), wards.met()).contact
    assert contact in chief.get("/isolation/waiting/").content.decode()
    answer = grid.post("/isolation/people/new/", {"contact": contact, "cls": ""})
    code = answer["Location"].split("/")[-2]
    trip = wards.trip()
    here = f"/isolation/people/{code}/"
    assert "Put on the list" in chief.get(here + "choose/").content.decode()
    assert chief.post(here + "board/", {"trip": trip}).status_code == 302
    assert driver.post(f"/trips/{trip}/start/").status_code == 302
    assert grid.post(here + "send/").status_code == 302
    assert "Got in" in driver.get(f"/trips/{trip}/").content.decode()
    json = {
        "HTTP_ACCEPT": "application/json",
        "HTTP_IDEMPOTENCY_KEY": "a-key-of-the-telephone",
        "HTTP_X_KEPT_SECONDS": "60",
    }
    with clock.at(NOW + timedelta(minutes=30)):
        for _twice in range(2):
            assert driver.post(here + "receive/", **json).json()["said"]  # type: ignore[arg-type]
    assert queries.placement(SYSTEM, code).row.link == "aboard", "sent twice, done once"
    with clock.at(NOW + timedelta(minutes=50)):
        driver.post(here + "send/")
        nurse.post(here + "receive/")
        room = wards.rooms()["A-301"].id
        assert "A-301" in nurse.get(here + "choose/").content.decode()
        nurse.post(here + "assign/", {"room": room})
        nurse.post(here + "house/")
        assert queries.placement(SYSTEM, code).row.room == "A-301"
        nurse.post(here + "check/", WELL)
        assert "36.5" in nurse.get(here).content.decode()
        page = nurse.get(f"/isolation/sites/{wards.ward}/round/").content.decode()
        assert f'id="step-{code}"' in page and "1 of 2 today" in page
        refused = chief.post(here + "let_go/")
        assert refused.status_code == 409 and "not over" in refused.content.decode()
        hand_on()
    assert f'href="{here}"' in nurse.get(f"/isolation/sites/{wards.ward}/").content.decode()


def test_an_overdue_release_is_the_loudest_thing_on_the_page(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    hand_on()
    with clock.at(NOW + timedelta(days=8)):
        page = opened(wards, "chief").get("/isolation/").content.decode()
        assert 'class="overdue"' in page and code in page
        assert code in opened(wards, "nurse").get("/isolation/releases/").content.decode()
    page = opened(wards, "chief").get("/isolation/").content.decode()
    assert 'class="overdue"' not in page


def test_what_is_typed_wrongly_is_told_and_nothing_is_lost(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    nurse = opened(wards, "nurse")
    answer = nurse.post(f"/isolation/people/{code}/check/", {"temperature": "365", "symptoms": "none"})
    assert answer.status_code == 422 and "365" in answer.content.decode()
    assert nurse.post(f"/isolation/people/{code}/assign/", {"room": "x"}).status_code == 422
    assert nurse.post(f"/isolation/people/{code}/dance/").status_code == 404
    assert nurse.get("/isolation/people/?link=nowhere").status_code == 422
    for address in (
        "/isolation/?after=x",
        "/isolation/between/?after=x",
        f"/isolation/sites/{wards.ward}/round/?after=x",
    ):
        assert nurse.get(address).status_code == 422, address
    answer = opened(wards, "chief").post("/isolation/people/new/", {"contact": "NOBODY"})
    assert answer.status_code == 404 and "There is no such contact" in answer.content.decode()


def test_who_may_not_know_of_somebody_does_not(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    stranger, driver = opened(wards, "stranger"), opened(wards, "driver")
    for client in (stranger, driver):
        assert client.get(f"/isolation/people/{code}/").status_code == 404
        assert client.get(f"/isolation/sites/{wards.ward}/").status_code == 404
        assert client.post(f"/isolation/people/{code}/let_go/").status_code == 404
    assert code not in stranger.get("/isolation/people/").content.decode()
    assert "东县隔离点" not in stranger.get("/isolation/").content.decode()
    assert driver.get("/isolation/").status_code == 403 and driver.get("/trips/").status_code == 200


def test_names_are_masked_until_revealed_for_a_purpose(wards: Wards) -> None:
    code = wards.told()
    trip = wards.trip(code)
    name = Person.objects.get(pk=queries.placement(SYSTEM, code).person_id).name
    driver = opened(wards, "driver")
    assert name not in driver.get(f"/trips/{trip}/").content.decode()
    answer = driver.post(
        f"/isolation/people/{code}/reveal/",
        {"purpose": "care", "fields_wanted": ["name", "address"], "reason": "到门口接人"},
    )
    assert name in answer.content.decode()
    actions.start_trip(wards.actor("driver"), trip)
    actions.end_trip(wards.actor("driver"), trip)
    assert driver.get(f"/isolation/people/{code}/reveal/").status_code == 404, "no longer on the trip"


def test_the_certificate_is_given_to_whoever_was_let_go(wards: Wards) -> None:
    code = wards.brought(wards.told(), "A-301")
    nurse = opened(wards, "nurse")
    assert nurse.get(f"/isolation/people/{code}/certificate/").status_code == 409
    actions.release_early(wards.actor("chief"), code, "照护家人")
    with clock.at(NOW + timedelta(hours=1)):
        actions.let_go(wards.actor("nurse"), code)
        actions.send(wards.actor("nurse"), code)
        actions.receive(wards.actor("grid"), code)
        for language in ("en", "zh-hans"):
            answer = opened(wards, "nurse", language).get(f"/isolation/people/{code}/certificate/")
            assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("post", ["grid", "nurse", "driver", "chief"])
def test_no_page_costs_more_than_twelve_queries_however_many_people(wards: Wards, post: str) -> None:
    """Looked at with one person and with eight: the same number of queries."""
    people = [wards.brought(wards.told(), "A-301")]
    on_way = wards.told()
    trip = wards.trip(on_way)
    actions.start_trip(wards.actor("driver"), trip)
    actions.send(wards.actor("grid"), on_way)
    actions.ask_errand(
        wards.actor("nurse"), people[0], PlacementErrandForm(kind="other", what="书", due_at=NOW + timedelta(hours=3))
    )
    addresses = [
        "/isolation/", "/isolation/people/", "/isolation/between/", "/isolation/releases/", "/isolation/waiting/",
        f"/isolation/people/{people[0]}/", f"/isolation/people/{on_way}/", f"/isolation/people/{people[0]}/choose/",
        f"/isolation/sites/{wards.ward}/",
        f"/isolation/sites/{wards.ward}/round/", "/isolation/people/new/", "/isolation/sites/new/", "/trips/", "/trips/new/",
        f"/trips/{trip}/",
    ]  # fmt: skip
    client = opened(wards, post)
    first = {address: _cost(client, address) for address in addresses}
    people += [wards.brought(wards.told(), f"A-30{number}") for number in range(2, 5)]
    for _more in range(2):
        actions.board(wards.actor("chief"), trip, wards.told())
    second = {address: _cost(client, address) for address in addresses}
    assert {address: cost for address, cost in second.items() if cost > BUDGET} == {}
    assert {address: (first[address], cost) for address, cost in second.items() if cost > first[address] + 1} == {}


def _cost(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code in (200, 403, 404), (address, answer.status_code)
    return len([one for one in captured if "SAVEPOINT" not in one["sql"]]) if answer.status_code == 200 else 0


def test_every_list_goes_on_where_it_ended(wards: Wards, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    monkeypatch.setattr(places, "PAGE", 2)
    people = [wards.brought(wards.told(), f"A-30{number}") for number in range(1, 5)]
    client = opened(wards, "nurse")
    seen = _all(client, "/isolation/people/") + _all(client, f"/isolation/sites/{wards.ward}/round/")
    assert sorted(seen) == sorted(people * 2)


_SOMEBODY = re.compile(r'<a class="code" href="/isolation/people/(\w+)/"|<li class="card duty" id="step-(\w+)"')


def _all(client: Client, address: str) -> list[str]:
    found: list[str] = []
    following: Any = address
    while following:
        page = client.get(following).content.decode()
        found += [one or other for one, other in _SOMEBODY.findall(page)]
        more = re.search(r'<a class="button" href="(\?[^"]*after=[^"]+)"', page)
        following = address + more.group(1).replace("&amp;", "&") if more else None
    return found


def housed_in_a_tower(wards: Wards) -> str:
    """Somebody isolated at home in a building of eleven homes."""
    tower = registry.create_place(
        SYSTEM, PlaceForm(kind="building", name_zh="望江一号楼", name_en="River Tower", area=GRID)
    ).code
    for door in range(11):
        household = registry.create_household(SYSTEM, GRID, f"{door + 1}01", tower).code
        last = registry.register_person(SYSTEM, wards.person(household=household)).code
    code = wards.told(person=last)
    actions.keep_at_home(SYSTEM, code)
    actions.send(SYSTEM, code)
    actions.receive(SYSTEM, code)
    hand_on()
    return code


def test_neighbours_are_told_on_pages(wards: Wards) -> None:
    code = housed_in_a_tower(wards)
    chief, grid = opened(wards, "chief"), opened(wards, "grid")
    assert "Tell the neighbours" in chief.get(f"/isolation/people/{code}/").content.decode()
    assert "Tell the neighbours" not in grid.get(f"/isolation/people/{code}/").content.decode()
    here = f"/isolation/people/{code}/neighbours/"
    assert "11 homes are in the building" in chief.get(here).content.decode()
    assert grid.get(here).status_code == 403 and grid.post(here, {"measures": "lift"}).status_code == 403
    refused = chief.post(here, {"phone": "0510-8000111"})
    assert refused.status_code == 422 and "at least one measure" in refused.content.decode()
    answer = chief.post(here, {"measures": ["lift", "delivery"], "phone": "0510-8000111"})
    assert answer.status_code == 302
    paper = answer["Location"]
    for client in (chief, grid):
        with CaptureQueriesContext(connection) as made:
            said = client.get(paper).content.decode()
        assert len(made) <= BUDGET
        assert "River Tower" in said and "0510-8000111" in said and "<svg" in said and code not in said
    with CaptureQueriesContext(connection) as made:
        listed = grid.get("/isolation/neighbours/").content.decode()
    assert len(made) <= BUDGET and "River Tower" in listed and code not in listed
    assert opened(wards, "stranger").get(paper).status_code == 404
    public = re.search(r"/public/en/neighbours/\w+/", said)
    assert public is not None
    with CaptureQueriesContext(connection) as made:
        assert "River Tower" in Client().get(public[0]).content.decode()
    assert len(made) <= BUDGET
    assert grid.post(f"{paper}withdraw/", {"reason": "wrong"}).status_code == 403
    assert chief.post(f"{paper}withdraw/", {"reason": "the wrong building"}).status_code == 302
    assert "holds no more" in grid.get(paper).content.decode()
    assert code in chief.get("/isolation/neighbours/").content.decode(), "and somebody is to be told again"


def test_the_letter_is_printed_once_and_its_code_is_in_no_address_that_a_server_sees(wards: Wards) -> None:
    code = wards.told()
    grid = opened(wards, "grid")
    here = f"/isolation/people/{code}/letter/"
    assert grid.get(here).status_code == 302 and opened(wards, "stranger").post(here).status_code == 404
    with CaptureQueriesContext(connection) as made:
        page = grid.post(here)
    said = page.content.decode()
    assert page["Cache-Control"] == "private, no-store" and len(made) <= 25
    secret = re.search(r"[0-9A-Y]{4}(?:-[0-9A-Y]{4}){3}", said)
    assert secret is not None and said.count(f"#{secret[0]}") == 1, "behind the # of the QR code alone"
    assert Client().post("/mine/en/open/", {"code": secret[0]}).status_code == 302
    for line in journal.read(prefix="isolation.letter"):
        assert secret[0] not in str(line.content)
