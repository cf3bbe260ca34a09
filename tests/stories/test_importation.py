"""Risk from outside: our own ports, a table as a file or typed, and by API; what cannot be is named by row, and nothing is kept."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.command.trend import importation
from fangxian.command.trend.importation import OriginForm, OriginsForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Invalid, NotAllowed, NotFound
from fangxian.surveillance import actions
from fangxian.surveillance.schemas import ObservationForm
from tests.support import sentinels, web
from tests.support.web import signed_in
from tests.support.world import LANYUE, WANGCHAO, World

pytestmark = pytest.mark.django_db
TABLE = "place,cases,population,travellers,detected\n甲国,350,1000000,4000,0.5\n乙国,0,100000,50000,1\n"


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), web.city() as built:
        yield built


@pytest.fixture(autouse=True)
def at_the_hour(city: World) -> Iterator[None]:
    with web.a_test():
        yield


def port(city: World, days: int = 28, **values: float) -> None:
    """A port that has told the same every day; on one day it told arrivals only."""
    one = sentinels.source(city, "port", "cdc", since=date(2025, 12, 1))
    rows = [
        ObservationForm(
            source=one.code, day=clock.today() - timedelta(days=back), measure=measure, value=value, confirmed=True
        )
        for back in range(1, days + 1)
        for measure, value in values.items()
        if back > 1 or measure == "arrivals"
    ]
    assert not actions.report_many(SYSTEM, rows).refused


def test_our_own_ports_say_what_a_week_may_bring(city: World) -> None:
    port(city, arrivals=100, symptomatic=1, positive=1)
    found = importation.from_ports(city.actor("leader"))
    (one,) = found.places
    assert one.name.en == "Wangchao port"
    assert one.mean == pytest.approx(26.5 / 2600 * 700), "26 days on which both were told, and as many arrivals a day"
    assert one.low < one.mean < one.high and found.total is not None and found.total.mean == pytest.approx(one.mean)


def test_without_ports_it_says_so_and_elsewhere_is_not_there(city: World) -> None:
    found = importation.from_ports(city.actor("leader"))
    assert (found.places, found.total) == ((), None)
    with pytest.raises(NotFound):
        importation.from_ports(city.actor("duty"), LANYUE)
    with pytest.raises(NotAllowed):
        importation.importation(city.actor("grid"), OriginsForm((OriginForm("甲", 1, 10, 1),)))
    port(city, arrivals=100, symptomatic=0, positive=1)
    assert importation.from_ports(city.actor("leader"), WANGCHAO).places


def test_places_that_cannot_be_are_refused(city: World) -> None:
    leader = city.actor("leader")
    for wrong in (OriginForm("甲", 11, 10, 1), OriginForm("甲", -1, 10, 1), OriginForm("甲", 1, 10, 1, detected=0)):
        with pytest.raises(Invalid, match="甲"):
            importation.importation(leader, OriginsForm((wrong,)))
    with pytest.raises(Invalid):
        importation.importation(leader, OriginsForm(()))
    with pytest.raises(Invalid, match=r"at most|至多"):
        importation.importation(leader, OriginsForm((OriginForm("甲", 1, 10, 1),) * (importation.MOST + 1)))


@pytest.mark.parametrize("way", ["typed", "sent"])
def test_a_table_is_answered_on_the_page_and_as_a_file(city: World, way: str) -> None:
    leader = signed_in(city, "leader", "en")
    port(city, arrivals=100, symptomatic=1, positive=1)
    given = {"table": TABLE} if way == "typed" else {"file": SimpleUploadedFile("places.csv", TABLE.encode("gb18030"))}
    leader.get("/trend/importation/")
    with CaptureQueriesContext(connection) as captured:
        page = leader.post("/trend/importation/", given)
    assert page.status_code == 200 and len([one for one in captured if "SAVEPOINT" not in one["sql"]]) <= 12
    assert [row[0].name.en for row in page.context["found"]] == ["甲国", "乙国"]
    assert page.context["total"].mean == pytest.approx(350.5 / 0.5 / 1e6 * 4000 + 0.25)
    if way == "typed":
        told = leader.post("/trend/importation/", {"table": TABLE, "form": "csv"})
        rows = list(csv.DictReader(io.StringIO(b"".join(told.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
        assert [row["place"] for row in rows] == ["甲国", "乙国", "all"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "There is no table."), ({"table": "place,cases\n甲,1\n"}, "population"),
        ({"table": "place,cases,population,travellers\n甲,many,10,1\n"}, "row 2"),
        ({"table": "place,cases,population,travellers\n甲,11,10,1\n"}, "more cases than people"),
        ({"table": "place,cases,population,travellers\n"}, "no place of origin"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_is_told_and_kept_in_the_field(
    city: World, given: dict[str, str], said: str
) -> None:
    page = signed_in(city, "leader", "en").post("/trend/importation/", given)
    text = page.content.decode()
    assert page.status_code == 422 and said in text and "/tmp" not in text
    assert given.get("table", "").strip() in text


def test_it_is_for_those_who_may_see_the_situation(city: World) -> None:
    assert signed_in(city, "grid").get("/trend/importation/").status_code == 403
    assert signed_in(city, "duty").get(f"/trend/importation/?area={LANYUE}").status_code == 404
