"""Pages of sources, series and alerts: what each shows and costs, whom it refuses, and that nothing typed is lost."""

from collections.abc import Iterator
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.core.access import SYSTEM
from fangxian.surveillance import actions, queries
from fangxian.surveillance.models import Source
from fangxian.surveillance.schemas import ReportForm
from tests.support import sentinels, web
from tests.support.web import signed_in
from tests.support.world import GRID, WANGCHAO, World

pytestmark = pytest.mark.django_db
BUDGET = 12
TODAY, YESTERDAY = date(2026, 3, 4), date(2026, 3, 3)


@pytest.fixture(scope="module")
def city(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), web.city() as built:
        yield built


@pytest.fixture(autouse=True)
def at_the_hour(city: World) -> Iterator[None]:
    with web.a_test():
        yield


@pytest.fixture
def clinic(city: World) -> Source:
    one = sentinels.source(city, since=date(2025, 12, 15), owed_from=YESTERDAY)
    sentinels.history(one, 40)
    return one


@pytest.fixture
def alert(city: World) -> str:
    one = sentinels.source(city, "hotline", "cdc", since=date(2025, 12, 15))
    sentinels.history(one, 60)
    actions.report(SYSTEM, ReportForm(source=one.code, day=TODAY, values={"calls": 44}, confirmed=True))
    actions.detect(SYSTEM, [one.pk])
    return queries.alerts(SYSTEM)[0].code


def test_every_page_is_there_for_whom_it_is_for_and_within_its_budget(city: World, clinic: Source, alert: str) -> None:
    pages = {
        "/sources/": "clinic", f"/sources/{clinic.code}/": "clinic", f"/sources/{clinic.code}/?day=2026-03-01": "duty",
        f"/sources/{clinic.code}/versions/?day=2026-03-01": "clinic", "/sources/new/": "duty", "/sources/file/": "clinic",
        "/surveillance/": "duty", f"/surveillance/?area={WANGCHAO}": "leader", "/surveillance/series/": "investigator",
        "/surveillance/series/?kind=hotline&signals=1": "duty", f"/surveillance/series/{clinic.code}/ili/": "duty",
        f"/surveillance/series/{clinic.code}/ili_share/": "reviewer", f"/surveillance/series/{clinic.code}/visits/": "clinic",
        "/surveillance/late/": "duty", "/surveillance/alerts/?state=open": "auditor", f"/surveillance/{alert}/": "duty",
        "/surveillance/heard/": "investigator",
    }  # fmt: skip
    for address, post in pages.items():
        client = signed_in(city, post)
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            answer = client.get(address)
        asked = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
        assert answer.status_code == 200, f"{address} as {post}: {answer.status_code}"
        assert len(asked) <= BUDGET, "\n".join([f"{len(asked)} for {address} as {post}", *asked])
        assert "style=" not in answer.content.decode() and "<script>" not in answer.content.decode()


def test_what_is_not_for_somebody_is_not_there(city: World, clinic: Source, alert: str) -> None:
    for address, post, status in (
        (f"/sources/{clinic.code}/", "stranger", 404), (f"/surveillance/{alert}/", "stranger", 404),
        (f"/surveillance/series/{clinic.code}/ili/", "stranger", 404), ("/surveillance/", "clinic", 403),
        ("/surveillance/", "grid", 403), ("/sources/", "grid", 403), ("/sources/new/", "clinic", 403),
        ("/surveillance/heard/", "auditor", 403), (f"/surveillance/series/{clinic.code}/nothing/", "duty", 404),
        (f"/surveillance/series/{clinic.code}/ili/exe", "duty", 404),
    ):  # fmt: skip
        assert signed_in(city, post).get(address).status_code == status, f"{address} as {post}"
    assert signed_in(city, "duty").post(f"/surveillance/{alert}/explode/", {}).status_code == 404
    assert GRID not in signed_in(city, "clinic").get("/sources/").content.decode()


def test_the_numbers_of_the_day_are_entered_and_the_rest_is_zero(city: World, clinic: Source) -> None:
    client = signed_in(city, "clinic", "en")
    address = f"/sources/{clinic.code}/"
    page = client.get(address).content.decode()
    assert 'inputmode="numeric"' in page and "2 Mar: " in page, "what was told before stands beside the field"
    answer = client.post(address, {"day": "2026-03-03", "visits": "118", "zero": "1"})
    assert answer.status_code == 302
    (told,) = queries.reports(SYSTEM, clinic.code, YESTERDAY, YESTERDAY)
    assert (told.state, told.values["visits"], told.values["ili"]) == ("received", 118, 0)


def test_a_wrong_number_is_marked_and_nothing_typed_is_lost(city: World, clinic: Source) -> None:
    client = signed_in(city, "clinic", "en")
    address = f"/sources/{clinic.code}/"
    answer = client.post(address, {"day": "2026-03-04", "visits": "12o", "ili": "7"})
    page = answer.content.decode()
    assert answer.status_code == 422 and "12o” is no number" in page and 'value="7"' in page and 'value="12o"' in page
    asked = client.post(address, {"day": "2026-03-04", "visits": "9999"})
    assert asked.status_code == 409 and 'name="confirmed"' in asked.content.decode()
    assert client.post(address, {"day": "2026-03-04", "visits": "9999", "confirmed": "1"}).status_code == 302


def test_a_file_is_taken_row_by_row(city: World, clinic: Source) -> None:
    text = (
        "来源,日期,指标,数值\n"
        f"{clinic.code},2026-03-02,visits,90\n"
        f"望潮fever_clinic,2026/3/4,流感样病例,6\n"
        f"{clinic.code},2026-03-02,visits,\n"
        f"{clinic.code},2026-02-30,ili,1\n"
        "别人的门诊,2026-03-02,ili,1\n"
    )
    file = BytesIO(text.encode("gb18030"))
    file.name = "numbers.csv"
    answer = signed_in(city, "clinic", "en").post("/sources/file/", {"file": file})
    page = answer.content.decode()
    assert answer.status_code == 200 and "3 rows were left out" in page
    assert "“2026-02-30” is no day" in page and "There is no source 别人的门诊" in page
    assert queries.reports(SYSTEM, clinic.code, TODAY, TODAY)[0].values["ili"] == 6
    wrong = BytesIO(b"a,b\n1,2\n")
    wrong.name = "wrong.csv"
    refused = signed_in(city, "clinic", "en").post("/sources/file/", {"file": wrong})
    assert refused.status_code == 422 and "has no column “source”" in refused.content.decode()


def test_a_source_registers_closes_and_ends(city: World) -> None:
    client = signed_in(city, "duty", "en")
    form = {
        "kind": "hotline",
        "area": WANGCHAO,
        "organisation": str(city.bodies["cdc"]),
        "name_zh": "12320 热线",
        "weekday": "0",
    }
    refused = client.post("/sources/new/", {**form, "since": "2027-01-01"})
    assert refused.status_code == 422 and "12320 热线" in refused.content.decode()
    assert client.post("/sources/new/", form).status_code == 302
    one = Source.objects.get(name_zh="12320 热线")
    assert (
        client.post(f"/sources/{one.code}/closure/", {"first": "2026-03-05", "last": "2026-03-06"}).status_code == 302
    )
    note = {"measure": "calls", "day": "2026-03-04", "note": "合并 12345"}
    assert client.post(f"/sources/{one.code}/break/", note).status_code == 302
    assert client.post(f"/sources/{one.code}/retire/", {"reason": "合并"}).status_code == 302
    one.refresh_from_db()
    assert (one.closures, one.until) == ([["2026-03-05", "2026-03-06"]], TODAY)


def test_an_alert_is_taken_to_its_end_on_its_page(city: World, alert: str) -> None:
    duty, field = signed_in(city, "duty", "en"), signed_in(city, "investigator", "en")

    def version() -> str:
        return str(queries.alert(SYSTEM, alert).version)

    assert "Verify in the field" in duty.get(f"/surveillance/{alert}/").content.decode()
    assert "Verify in the field" not in field.get(f"/surveillance/{alert}/").content.decode()
    assert duty.post(f"/surveillance/{alert}/triage/", {"version": version()}).status_code == 302
    refused = field.post(f"/surveillance/{alert}/verify/", {"version": version(), "ill": "many", "seen": "看到多人"})
    assert (
        refused.status_code == 422
        and "看到多人" in refused.content.decode()
        and 'value="many"' in refused.content.decode()
    )
    assert (
        field.post(f"/surveillance/{alert}/verify/", {"version": version(), "ill": "6", "seen": "多人"}).status_code
        == 302
    )
    stale = duty.post(
        f"/surveillance/{alert}/confirm/", {"version": "1", "assessment": "属实", "outbreak": city.outbreak}
    )
    assert stale.status_code == 409 and "属实" in stale.content.decode()
    form = {"version": version(), "assessment": "属实", "outbreak": city.outbreak}
    assert duty.post(f"/surveillance/{alert}/confirm/", form).status_code == 302
    assert queries.alert(SYSTEM, alert).row.state == "confirmed"


def test_what_was_heard_is_entered_on_a_page(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    refused = client.post("/surveillance/heard/", {"area": WANGCHAO, "told": "渔港村多人腹泻", "ill": "some"})
    assert refused.status_code == 422 and "渔港村多人腹泻" in refused.content.decode()
    answer = client.post("/surveillance/heard/", {"area": WANGCHAO, "told": "渔港村多人腹泻", "ill": "7"})
    assert answer.status_code == 302 and queries.alerts(SYSTEM)[0].origin == "rumour"


def test_a_figure_leaves_with_its_method(city: World, clinic: Source) -> None:
    client = signed_in(city, "duty", "en")
    csv = b"".join(client.get(f"/surveillance/series/{clinic.code}/ili/csv")).decode("utf-8-sig")
    assert csv.splitlines()[0] == '"source","measure","date","observed","expected","upperbound","alarm","method"'
    assert "switch baseline=28 alpha=0.001" in csv
    svg = client.get(f"/surveillance/series/{clinic.code}/ili/svg")
    assert svg["Content-Type"] == "image/svg+xml" and b"upper bound" in svg.content
    assert client.get(f"/surveillance/series/{clinic.code}/ili/png").content.startswith(b"\x89PNG")
