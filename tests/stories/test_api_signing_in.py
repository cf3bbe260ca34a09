"""Who may ask: sessions of the pages, tokens of machines, and whoever is neither."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from fangxian.core import accounts, clock, tokens
from fangxian.core.access import SYSTEM, actor_for
from fangxian.core.errors import Invalid, NotAllowed
from tests.support.exchange import NOW, Exchange
from tests.support.world import PASSWORD


@pytest.fixture
def browser() -> Client:
    """A browser that is held to the rules against forged requests."""
    return Client(enforce_csrf_checks=True, headers={"Accept-Language": "en"})


def _sign_in(browser: Client, login: str = "reviewer", password: str = PASSWORD) -> Any:
    return browser.post("/api/v1/session", {"login": login, "password": password}, "application/json")


def test_a_session_signs_in_and_out(exchange: Exchange, browser: Client) -> None:
    assert browser.get("/api/v1/session").status_code == 401
    me = _sign_in(browser)
    assert me.status_code == 200, me.content
    assert [(one["role"], one["area"]) for one in me.json()["grants"]] == [("reviewer", "990101")]
    assert browser.get("/api/v1/cases").status_code == 200

    url = f"/api/v1/cases/{exchange.city.cases[3]}/review"
    forged = browser.post(url, {"decision": "approve"}, "application/json")
    assert (forged.status_code, forged.json()["code"]) == (403, "csrf")
    token = browser.get("/api/v1/session").json()["csrf_token"]
    meant = browser.post(url, {"decision": "approve"}, "application/json", headers={"X-CSRFToken": token})
    assert meant.status_code == 200, meant.content

    assert browser.delete("/api/v1/session", headers={"X-CSRFToken": token}).status_code == 204
    assert browser.get("/api/v1/cases").status_code == 401


def test_a_form_of_another_site_cannot_be_posted(exchange: Exchange, browser: Client) -> None:
    answer = browser.post("/api/v1/session", {"login": "reviewer", "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


def test_wrong_passwords_are_told_alike_and_cost_time(exchange: Exchange, browser: Client) -> None:
    unknown, wrong = _sign_in(browser, "nobody"), _sign_in(browser, password="a guess at it")
    assert (unknown.status_code, wrong.status_code) == (403, 403)
    assert unknown.json() == wrong.json()
    for _try in range(accounts.FREE_TRIES):
        _sign_in(browser, password="a guess at it")
    assert _sign_in(browser).json()["code"] == "locked", "the right one comes too late"
    with clock.at(NOW + accounts.LONGEST):
        assert _sign_in(browser).status_code == 200


def test_a_token_acts_as_its_account_until_it_ends(exchange: Exchange, browser: Client) -> None:
    _sign_in(browser)
    csrf = {"X-CSRFToken": browser.get("/api/v1/session").json()["csrf_token"]}
    issued = browser.post(
        "/api/v1/tokens", {"label": "LIS of the lab", "days": 2}, "application/json", headers=csrf
    ).json()
    machine = {"Authorization": f"Bearer {issued['secret']}"}
    assert Client().get("/api/v1/session", headers=machine).json()["name"] == "顾明舟"
    with clock.at(NOW + timedelta(days=1, hours=23)):
        assert Client().get("/api/v1/session", headers=machine).status_code == 200
    with clock.at(NOW + timedelta(days=2)):
        assert Client().get("/api/v1/session", headers=machine).status_code == 401

    assert issued["secret"] not in browser.get("/api/v1/tokens").content.decode()
    more = Client().post("/api/v1/tokens", {"label": "another"}, "application/json", headers=machine)
    assert more.status_code == 401, "a token cannot make a token"
    assert Client().delete(f"/api/v1/tokens/{issued['id']}", headers=machine).status_code == 204
    assert Client().get("/api/v1/session", headers=machine).status_code == 401


def test_a_token_ends_with_its_account_and_only_its_digest_is_kept(exchange: Exchange) -> None:
    account = exchange.city.staff["investigator"]
    token, secret = tokens.issue(SYSTEM, account.pk, "field phone")
    assert secret not in str(token.__dict__)
    assert tokens.account_of(secret) == account
    assert tokens.account_of(secret[:-1]) is None and tokens.account_of("") is None
    accounts.deactivate(actor_for(exchange.city.staff["registrar"], "web"), account.pk, "left the service")
    assert tokens.account_of(secret) is None


def test_tokens_of_others_need_the_right_everywhere_they_reach(exchange: Exchange) -> None:
    city, staff = exchange.city, exchange.city.staff
    registrar, reviewer = actor_for(staff["registrar"], "web"), city.actor("reviewer")
    token, _secret = tokens.issue(registrar, staff["grid"].pk, "tablet of the grid")
    with pytest.raises(NotAllowed):
        tokens.issue(reviewer, staff["grid"].pk, "not mine to give")
    with pytest.raises(NotAllowed):  # the auditor's province lies above the registrar's city
        tokens.issue(registrar, staff["auditor"].pk, "too high")
    with pytest.raises(NotAllowed):
        tokens.revoke(reviewer, token.pk)
    tokens.revoke(city.actor("grid"), token.pk)
    with pytest.raises(Invalid):
        tokens.issue(reviewer, staff["reviewer"].pk, "for ever", lasts=timedelta(days=3650))
    with pytest.raises(Invalid):
        tokens.issue(reviewer, staff["reviewer"].pk, " ")


def test_the_answer_is_in_the_language_asked_for_or_that_of_the_account(exchange: Exchange) -> None:
    secret = exchange.line("reviewer").token
    asked = {
        language: Client()
        .get("/api/v1/cases/NOSUCHCASE", headers={"Authorization": f"Bearer {secret}", **header})
        .json()
        for language, header in (("", {}), ("zh", {"Accept-Language": "zh-CN"}), ("en", {"Accept-Language": "en"}))
    }
    assert asked["en"]["message"] == "There is no such case."
    assert asked[""] == asked["zh"]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed"),
        (b"\xff\xfe", "application/json", 400, "malformed"),
        (b'{"person": "\\ud800"}', "application/json", 400, "malformed"),
        (b'{"minutes": NaN}', "application/json", 400, "malformed"),
        (b"[" * 100_000, "application/json", 400, "malformed"),
        (b"", "application/json", 422, "invalid"),
        (b"[]", "application/json", 422, "invalid"),
        (b"null", "application/json", 422, "invalid"),
        (b'{"person": "x"}', "text/plain", 415, "not_json"),
        (b'{"person": "a\\u0000b", "outbreak": "x"}', "application/json", 422, "invalid"),
        (b'{"person": "x", "organisation": 1' + b"0" * 4000 + b"}", "application/json", 422, "invalid"),
        (b'{"person": "x", "organisation": 99999999999999999999}', "application/json", 422, "invalid"),
        (b'{"person": "x", "diagnosed_at": "0001-01-01T00:00:00+14:00"}', "application/json", 422, "invalid"),
        (b'{"person": "x", "diagnosed_at": "2026-03-04T09:30:00"}', "application/json", 422, "invalid"),
        (b'{"person": "x", "diagnosed_at": 1772588400}', "application/json", 422, "invalid"),
        (b'{"person": "x", "facts": {"fever": {"deep": []}}}', "application/json", 422, "invalid"),
    ],
)
def test_what_is_no_request_is_refused_in_words(
    exchange: Exchange, body: bytes, kind: str, status: int, code: str
) -> None:
    sent = {"Authorization": f"Bearer {exchange.line('clinic').token}", "Accept-Language": "en"}
    answer = Client().generic("POST", "/api/v1/cases", body, kind, headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    assert answer.json()["message"]


def test_a_body_that_is_too_large_is_refused_before_it_is_read(exchange: Exchange, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    answer = exchange.line("clinic").call("POST", "/cases", b"{" + b" " * 1000)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_addresses_and_methods_there_are_not(exchange: Exchange) -> None:
    line = exchange.line("clinic")
    assert line.get("/no/such/thing").json()["code"] == "not_found"
    wrong = line.call("DELETE", "/cases")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, PATCH, POST")
    assert wrong.json()["remedy"] == "Use GET, PATCH, POST."
    for path in (
        "/cases?cursor=AAAA",
        "/steps/mine?cursor=WzFd",
        "/people/x%00y",
        "/steps/99999999999999999999",
        "/cases?limit=501",
    ):
        assert line.get(path).status_code in (404, 422), path
