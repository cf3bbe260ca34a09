"""A second factor: set up with an app, asked for at sign-in on pages and by the API, lost and found, required of a role."""

import base64
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from fangxian.core import accounts, clock, factors, journal
from fangxian.core.access import SYSTEM, Grant
from fangxian.core.errors import NotAllowed
from fangxian.core.models import SecondFactor
from fangxian.site import checking
from fangxian.standards import totp
from tests.support.web import HTMX, signed_in
from tests.support.world import PASSWORD, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
PAGE = "/me/second-factor/"


def secret_on(page: str) -> bytes:
    shown = re.search(r'<code class="secret">([A-Z2-7]+)</code>', page)
    assert shown
    return base64.b32decode(shown[1] + "=" * (-len(shown[1]) % 8))


def code_now(secret: bytes, steps: int = 0) -> str:
    return totp.hotp(secret, totp.step(clock.now().timestamp()) + steps)


def set_up(client: Client) -> tuple[bytes, list[str]]:
    """Somebody sets one up: the secret in their app, and the recovery codes on their paper."""
    page = client.post(PAGE, {"do": "begin", "password": PASSWORD})
    assert page["Cache-Control"] == "no-store" and "<svg" in page.content.decode()
    secret = secret_on(page.content.decode())
    done = client.post(PAGE, {"do": "confirm", "code": code_now(secret)})
    return secret, re.findall(r"<li><code>([0-9A-Y]{5}-[0-9A-Y]{5})</code>", done.content.decode())


def sign_in(code: str = "", login: str = "reviewer", password: str = PASSWORD) -> tuple[Client, Any]:
    client = Client()
    first = client.post("/login/?next=/me/", {"login": login, "password": password, "next": "/me/"})
    if not code or first.status_code != 302:
        return client, first
    assert first["Location"] == "/login/code/" and client.get("/me/").status_code == 302, (
        "half signed in is not signed in"
    )
    return client, client.post("/login/code/", {"code": code})


def test_it_is_set_up_and_asked_for_from_then_on(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    assert "Second factor" in client.get("/me/").content.decode()
    assert client.post(PAGE, {"do": "begin", "password": "a guess at it"}).status_code == 422
    page = client.post(PAGE, {"do": "begin", "password": PASSWORD})
    secret = secret_on(page.content.decode())
    assert "style=" not in page.content.decode().split("qr-frame")[1].split("</div>")[0], (
        "the page allows no style inline"
    )
    assert "secret" not in client.get(PAGE).content.decode(), "it is shown to whoever has just given the password"
    assert sign_in()[1]["Location"] == "/me/", "it does not count before its first code"
    wrong = client.post(PAGE, {"do": "confirm", "code": "000000"})
    assert wrong.status_code == 422 and secret_on(wrong.content.decode()) == secret, "one more try with the same"
    done = client.post(PAGE, {"do": "confirm", "code": code_now(secret)})
    assert len(set(re.findall(r"[0-9A-Y]{5}-[0-9A-Y]{5}", done.content.decode()))) == factors.RECOVERY
    assert sign_in()[1]["Location"] == "/login/code/"
    with clock.at(clock.now() + timedelta(seconds=30)):
        inside, answer = sign_in(code_now(secret))
        assert answer["Location"] == "/me/" and inside.get("/me/").status_code == 200
    stored = SecondFactor.objects.get(account=city.staff["reviewer"])
    assert secret not in bytes(stored.secret) and totp.shared(secret) not in str(stored.recovery)


def test_a_code_is_taken_once_and_guesses_cost_time(city: World) -> None:
    secret, _recovery = set_up(signed_in(city, "reviewer"))
    with clock.at(clock.now() + timedelta(minutes=1)):
        code = code_now(secret)
        assert sign_in(code)[1].status_code == 302
        assert sign_in(code)[1].status_code == 403, "whoever looked over the shoulder cannot use it"
        for _guess in range(accounts.FREE_TRIES):
            assert sign_in("123456")[1].status_code == 403
        locked = sign_in()[1]
        assert (locked.status_code == 403 and "密码" in locked.content.decode()) or "口令" in locked.content.decode()
    with clock.at(clock.now() + timedelta(hours=1)):
        assert sign_in(code_now(secret))[1].status_code == 302


def test_the_password_comes_first_and_the_code_soon_after(city: World) -> None:
    secret, _recovery = set_up(signed_in(city, "reviewer"))
    assert Client().get("/login/code/")["Location"] == "/login/"
    assert Client().post("/login/code/", {"code": code_now(secret, 1)})["Location"] == "/login/"
    assert sign_in("123456", password="a guess at it")[1].status_code == 403
    client, _answer = sign_in()
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert client.post("/login/code/", {"code": code_now(secret)})["Location"] == "/login/"


def test_recovery_codes_work_once_each_and_can_be_renewed(city: World) -> None:
    browser = signed_in(city, "reviewer", "en")
    _secret, recovery = set_up(browser)
    assert sign_in(recovery[0].lower().replace("-", " "))[1].status_code == 302
    assert sign_in(recovery[0])[1].status_code == 403
    assert "9 recovery codes are left" in browser.get(PAGE).content.decode()
    renewed = re.findall(
        r"<li><code>([0-9A-Y-]{11})</code>", browser.post(PAGE, {"do": "renew", "password": PASSWORD}).content.decode()
    )
    assert len(renewed) == factors.RECOVERY and sign_in(recovery[1])[1].status_code == 403
    assert sign_in(renewed[0])[1].status_code == 302
    told = [one.action for one in journal.of("account", city.staff["reviewer"].pk)]
    assert told.count("account.recovery_used") == 2 and "account.factor_set" in told


def test_a_program_signs_in_with_a_code_too(city: World) -> None:
    secret, _recovery = set_up(signed_in(city, "reviewer"))
    body = {"login": "reviewer", "password": PASSWORD}
    asked = Client().post("/api/v1/session", body, content_type="application/json")
    assert asked.status_code == 403 and asked.json()["code"] == "second_factor"
    wrong = Client().post("/api/v1/session", body | {"code": "123456"}, content_type="application/json")
    assert wrong.json()["code"] == "wrong_code"
    body["code"] = code_now(secret, 1)
    assert Client().post("/api/v1/session", body, content_type="application/json").status_code == 200


def test_whose_role_needs_one_gets_nowhere_without(city: World, settings: Any) -> None:
    settings.SECOND_FACTOR = frozenset({"reviewer"})
    assert signed_in(city, "investigator").get("/cases/").status_code == 200
    client = sign_in()[0]
    assert client.get("/cases/")["Location"] == PAGE and client.get("/")["Location"] == PAGE
    assert client.get("/cases/", **HTMX).status_code == 403
    assert client.post("/cases/bulk/", {}).status_code == 403
    assert client.get("/api/v1/cases").json()["code"] == "second_factor_missing"
    assert client.get(PAGE).status_code == 200
    secret, _recovery = set_up(client)
    assert client.get("/cases/").status_code == 200 and client.get("/api/v1/cases").status_code == 200
    older = signed_in(city, "reviewer")  # a session from before, without the factor
    assert older.get("/cases/")["Location"] == PAGE
    with clock.at(clock.now() + timedelta(seconds=30)):
        assert older.post(PAGE, {"do": "prove", "code": "123456"}).status_code == 403
        assert older.post(PAGE, {"do": "prove", "code": code_now(secret)})["Location"] == "/"
        assert older.get("/cases/").status_code == 200
        assert older.post(PAGE, {"do": "remove", "password": PASSWORD})["Location"] == PAGE
        assert older.get("/cases/")["Location"] == PAGE, "at once, not at the next sign-in"


def test_a_role_that_there_is_not_is_found_by_the_doctor(settings: Any) -> None:
    settings.SECOND_FACTOR = frozenset({"reviewr", "leader"})
    found = list(checking._second_factor())
    assert len(found) == 1 and "reviewr" in found[0].what and "leader" not in found[0].what and not found[0].good


def test_a_lost_telephone_is_a_matter_for_the_registrar(city: World) -> None:
    set_up(signed_in(city, "reviewer"))
    city.staff["registrar"] = accounts.create_account(
        SYSTEM, "registrar", "卢栖迟", grants=[Grant("registrar", WANGCHAO)]
    )
    client = signed_in(city, "registrar", "en")
    address = f"/accounts/{city.staff['reviewer'].pk}/"
    assert "Signs in with a second factor" in client.get(address).content.decode()
    assert client.post(address, {"do": "factor", "reason": ""}).status_code == 422
    with pytest.raises(NotAllowed):
        accounts.forget_factor(city.actor("investigator"), city.staff["reviewer"].pk, "借口")
    assert client.post(address, {"do": "factor", "reason": "telephone lost"}).status_code == 302
    assert sign_in()[1]["Location"] == "/me/"
    entry = journal.of("account", city.staff["reviewer"].pk, actions=["account.factor_forgotten"])[-1]
    assert entry.content == {"reason": "telephone lost"} and entry.actor == "卢栖迟"
