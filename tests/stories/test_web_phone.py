"""The pages as an application on a telephone: what it is given, what it takes along, and that none of it tells too much."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.templatetags.static import static
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fangxian.duties import queries
from tests.support.web import signed_in
from tests.support.world import NAMES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def test_the_duties_are_taken_along_masked_complete_and_cheaply(city: World) -> None:
    nurse = signed_in(city, "nurse")
    nurse.get("/duties/carry/")
    with CaptureQueriesContext(connection) as counted:
        answer = nurse.get("/duties/carry/")
    page = answer.content.decode()
    assert len(counted) <= 12
    assert answer["X-Account"] == str(city.staff["nurse"].pk) and "no-store" in answer["Cache-Control"]
    mine = queries.my_steps(city.actor("nurse"), limit=60)
    assert [int(pk) for pk in sorted(re.findall(r'id="step-(\d+)"', page), key=int)] == sorted(one.pk for one in mine)
    assert "data-carried" in page and not any(name in page for name in NAMES)


def test_only_whoever_has_signed_in_takes_duties_along(city: World) -> None:
    assert Client().get("/duties/carry/").status_code == 302
    assert signed_in(city, "resident").get("/duties/carry/").status_code == 403


@pytest.mark.parametrize("post", ["nurse", ""])
def test_the_page_without_a_connection_names_nobody(city: World, post: str) -> None:
    page = (signed_in(city, post) if post else Client()).get("/offline/").content.decode()
    assert "没有网络" in page and 'data-account=""' in page
    assert "沈清越" not in page and "<nav" not in page


def test_the_worker_serves_every_page_and_names_the_edition_of_its_files() -> None:
    answer = Client().get("/worker.js")
    assert answer["Content-Type"].startswith("text/javascript") and "no-cache" in answer["Cache-Control"]
    assert f'import {{ kept }} from "{static("web/js/vault.js")}"' in answer.content.decode()
    assert "worker-src 'self'" in Client().get("/login/")["Content-Security-Policy"]


@pytest.mark.parametrize(("language", "name"), [("zh-hans", "防线"), ("en", "Fangxian")])
def test_it_can_be_put_on_the_home_screen_in_the_language_of_the_account(city: World, language: str, name: str) -> None:
    told = signed_in(city, "nurse", language).get("/app.webmanifest").json()
    assert (told["name"], told["start_url"], told["display"]) == (name, "/", "standalone")
    for icon in told["icons"]:
        assert finders.find(icon["src"].removeprefix(static("")))
