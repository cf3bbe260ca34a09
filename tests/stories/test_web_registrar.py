"""The registrar's desk: posts given, handed over and ended; accounts entered with a password shown once, roles given and taken."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from fangxian.core import accounts, clock
from fangxian.core.access import SYSTEM, Grant
from fangxian.core.errors import NotFound
from fangxian.registry import queries
from tests.support import web
from tests.support.web import signed_in
from tests.support.world import LANYUE, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


@pytest.fixture(scope="module")
def city(city: World, django_db_blocker: Any) -> World:
    with django_db_blocker.unblock(), clock.at(web.NOW - timedelta(minutes=2)):
        for login, area in (("registrar", WANGCHAO), ("far", LANYUE)):
            city.staff[login] = accounts.create_account(SYSTEM, login, "卢栖迟", grants=[Grant("registrar", area)])
    return city


def test_a_post_is_given_handed_over_and_ended(city: World) -> None:
    client = signed_in(city, "registrar", "en")
    card = {
        "role": "duty_officer",
        "area": WANGCHAO,
        "organisation": city.bodies["cdc"],
        "name": "宋值守",
        "phone": "0571",
    }
    assert client.post("/posts/", card).status_code == 302
    by = city.actor("registrar")
    row = next(one for one in queries.appointments(by, WANGCHAO) if one.name == "宋值守")
    assert "宋值守" in client.get("/posts/").content.decode()
    again = client.post("/posts/", card)
    assert again.status_code == 409 and "宋值守" in again.content.decode()
    with clock.at(web.NOW + timedelta(minutes=1)):
        held = {"do": "hand_over", "account": city.staff["duty"].pk, "reason": "night shift"}
        assert client.post(f"/posts/{row.pk}/", held).status_code == 409, "who holds it already cannot be given it"
        to = {"do": "hand_over", "name": "许接班", "reason": "night shift"}
        assert client.post(f"/posts/{row.pk}/", to).status_code == 302
    with clock.at(web.NOW + timedelta(minutes=2)):
        names = {one.name for one in queries.appointments(by, WANGCHAO, role="duty_officer")}
        assert "许接班" in names and "宋值守" not in names
        last = next(one for one in queries.appointments(by, WANGCHAO) if one.name == "许接班")
        assert client.post(f"/posts/{last.pk}/", {"do": "end", "reason": "left"}).status_code == 302
    with clock.at(web.NOW + timedelta(minutes=3)):
        assert client.get(f"/posts/{last.pk}/").status_code == 404
    assert client.post("/posts/", card | {"area": LANYUE}).status_code == 403
    assert signed_in(city, "reviewer").get("/posts/").status_code == 403


def test_an_account_is_entered_and_its_password_shown_once(city: World) -> None:
    client = signed_in(city, "registrar", "en")
    card = {"login": "newcomer", "name": "新来者", "role": "investigator", "area": WANGCHAO}
    page = client.post("/accounts/", card)
    text = page.content.decode()
    password = re.search(r"\b(?:[0-9A-Y]{4}-){3}[0-9A-Y]{4}\b", text)
    assert page.status_code == 200 and password and page["Cache-Control"] == "no-store"
    assert accounts.sign_in("newcomer", password[0]).name == "新来者"
    assert password[0] not in client.get("/accounts/").content.decode()
    assert "newcomer" in client.get("/accounts/?text=new").content.decode()
    taken = client.post("/accounts/", card)
    assert taken.status_code == 422 and "taken" in taken.content.decode() and "新来者" in taken.content.decode()
    assert client.post("/accounts/", card | {"login": "other", "area": LANYUE}).status_code == 403
    assert "newcomer" not in signed_in(city, "far").get("/accounts/").content.decode()


def test_roles_are_given_and_taken_away_with_a_reason_and_never_ones_own(city: World) -> None:
    client = signed_in(city, "registrar", "en")
    account = city.staff["investigator"].pk
    url = f"/accounts/{account}/"
    assert client.post(url, {"do": "grant", "role": "reviewer", "area": WANGCHAO}).status_code == 302
    with clock.at(web.NOW + timedelta(minutes=1)):
        grant = next(one for one in accounts.grants_of(account) if one.role == "reviewer")
        assert client.post(url, {"do": "revoke", "grant": grant.pk, "reason": ""}).status_code == 422
        assert client.post(url, {"do": "revoke", "grant": grant.pk, "reason": "moved on"}).status_code == 302
    with clock.at(web.NOW + timedelta(minutes=2)):
        assert not [one for one in accounts.grants_of(account) if one.role == "reviewer"]
    mine = f"/accounts/{city.staff['registrar'].pk}/"
    assert client.post(mine, {"do": "grant", "role": "leader", "area": WANGCHAO}).status_code == 403
    bound = client.post(url, {"do": "grant", "role": "clinic", "area": WANGCHAO})
    assert bound.status_code == 422 and "held for an organisation" in bound.content.decode()
    assert (
        client.post(
            url, {"do": "grant", "role": "clinic", "area": WANGCHAO, "organisation": city.bodies["clinic"]}
        ).status_code
        == 302
    )
    assert signed_in(city, "far").get(url).status_code == 404
    assert signed_in(city, "grid").get(url).status_code == 403


def test_a_forgotten_password_is_set_anew_and_an_account_closed(city: World) -> None:
    client = signed_in(city, "registrar", "en")
    url = f"/accounts/{city.staff['grid'].pk}/"
    page = client.post(url, {"do": "password"})
    password = re.search(r"\b(?:[0-9A-Y]{4}-){3}[0-9A-Y]{4}\b", page.content.decode())
    assert password and accounts.sign_in("grid", password[0])
    assert client.post(url, {"do": "close", "reason": "left the service"}).status_code == 302
    assert Client().post("/login/", {"login": "grid", "password": password[0]}).status_code == 403


def test_roles_and_accounts_refer_to_what_there_is(city: World) -> None:
    with pytest.raises(NotFound):
        accounts.grant(SYSTEM, city.staff["grid"].pk, "clinic", WANGCHAO, organisation_id=987_654)
    with pytest.raises(NotFound):
        accounts.create_account(SYSTEM, "nobody", "无名", person_id=987_654)
