"""The line list as its reader arranges it: columns, order, saved views, bulk edits seen before they are done, exports as seen."""

import csv
import io
import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as cases
from fangxian.cases.schemas import ORDERS, Filter
from fangxian.core import jobs, journal
from fangxian.core.access import SYSTEM, Grant
from fangxian.core.accounts import create_account
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.registry import actions as registry_actions
from fangxian.registry import queries as registry
from fangxian.registry.schemas import ViewForm
from tests.support.web import signed_in
from tests.support.world import NAMES, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def codes(answer: Any) -> list[str]:
    return [row.code for row in answer.context["rows"]]


def taken(answer: Any) -> list[list[str]]:
    """The lines of a CSV that was sent."""
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


# ── order ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("order", ORDERS)
def test_page_after_page_in_any_order_gives_every_line_once(order: Any) -> None:
    whole = [row.code for row in cases.line_list(SYSTEM, order=order).rows]
    found, cursor = [], ""
    while True:
        page = cases.line_list(SYSTEM, order=order, cursor=cursor, limit=2)
        found += [row.code for row in page.rows]
        cursor = page.cursor
        if not cursor:
            break
    assert found == whole and len(set(found)) == len(found) == cases.total(SYSTEM)


def test_a_deep_page_is_reached_by_key_and_a_list_is_not_counted_to_its_end(city: World) -> None:
    client = signed_in(city, "reviewer")
    cursor = cases.line_list(city.actor("reviewer"), order="area", limit=2).cursor
    with CaptureQueriesContext(connection) as counted:
        assert client.get("/cases/", {"order": "area", "cursor": cursor}).status_code == 200
    asked = [query["sql"] for query in counted.captured_queries]
    assert not any("OFFSET" in one for one in asked)
    assert all("LIMIT 10001" in one for one in asked if "COUNT(*)" in one)
    assert cases.total(SYSTEM, most=3) == 4, "one more than the bound says that there are more"


def test_headings_sort_and_say_so(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    up = client.get("/cases/?order=onset")
    days = [row.onset_on for row in up.context["rows"]]
    assert days == sorted(days) and 'data-column="onset_on" aria-sort="ascending"' in up.content.decode()
    assert codes(client.get("/cases/?order=nonsense")) == codes(client.get("/cases/")), "what is no order is none"
    with pytest.raises(Invalid, match=r"ordered by|排序"):
        cases.line_list(SYSTEM, order="nonsense")  # type: ignore[arg-type]
    for cursor in ("x", "bnVsbA", "WzEsMl0"):
        assert client.get("/cases/", {"cursor": cursor, "order": "area"}).status_code == 422


# ── columns ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_columns_chosen_are_kept_and_the_code_is_always_there(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    client.post("/lists/cases/columns/", {"column": ["name", "hospital", "no such column"], "query": "order=-onset"})
    page = client.get("/cases/")
    assert [column.key for column in page.context["table"].columns] == ["code", "name", "hospital"]
    assert 'data-column="severity"' not in page.content.decode()
    assert [column.key for column in signed_in(city, "investigator").get("/cases/").context["table"].columns][
        -1
    ] == "outcome"
    client.post("/lists/cases/columns/", {"usual": "1"})
    assert len(client.get("/cases/").context["table"].columns) == 11


# ── views ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_view_is_kept_shared_put_first_renamed_and_deleted(city: World) -> None:
    reviewer, investigator = signed_in(city, "reviewer", "en"), signed_in(city, "investigator", "en")
    seen = "classification=confirmed&text=%E6%B1%9F&order=-onset&columns=code,name,onset_on"
    cdc = city.bodies["cdc"]
    kept = reviewer.post(
        "/lists/cases/views/", {"name": "Confirmed", "organisation": cdc, "first": "on", "query": seen}
    )
    number = int(kept["Location"].rpartition("=")[2])
    page = reviewer.get("/cases/")
    table = page.context["table"]
    assert table.view.name == "Confirmed" and table.order == "-onset" and table.keys == "code,name,onset_on"
    assert table.given.dict() == {"classification": "confirmed"}, "a text searched for may be a name"
    assert reviewer.get("/cases/?view=all").context["table"].view is None
    shared = investigator.get(f"/cases/?view={number}")
    assert shared.context["table"].view.owner == "顾明舟" and not shared.context["table"].view.mine
    assert investigator.get("/cases/").context["table"].view is None, "it opens the list of whoever put it first"
    assert investigator.post(f"/lists/cases/views/{number}/", {"do": "delete"}).status_code == 404
    assert signed_in(city, "stranger").get(f"/cases/?view={number}").status_code == 404
    reviewer.post(f"/lists/cases/views/{number}/", {"do": "rename", "name": "All confirmed"})
    reviewer.post(f"/lists/cases/views/{number}/", {"do": "not_first"})
    assert reviewer.get("/cases/").context["table"].view is None
    assert [one.name for one in registry.list_kept(city.actor("reviewer"), "cases").views] == ["All confirmed"]
    reviewer.post(f"/lists/cases/views/{number}/", {"do": "delete"})
    assert not registry.list_kept(city.actor("reviewer"), "cases").views


def test_views_refuse_what_does_not_hold(city: World) -> None:
    by = city.actor("reviewer")
    with pytest.raises(NotAllowed):
        registry_actions.save_view(by, ViewForm(page="cases", name="theirs", organisation=city.bodies["hospital"]))
    with pytest.raises(Invalid):
        registry_actions.save_view(by, ViewForm(page="cases", name="  "))
    with pytest.raises(Invalid):
        registry_actions.save_view(by, ViewForm(page="weather", name="x"))
    with pytest.raises(NotAllowed):
        registry_actions.save_view(city.actor("grid"), ViewForm(page="cases", name="x"))
    one = registry_actions.save_view(by, ViewForm(page="cases", name="one"))
    registry_actions.save_view(by, ViewForm(page="cases", name="two"))
    with pytest.raises(Conflict):
        registry_actions.rename_view(by, one.pk, "two")
    with pytest.raises(NotFound):
        registry_actions.begin_with(city.actor("stranger"), "cases", one.pk)
    assert signed_in(city, "reviewer").post("/lists/weather/columns/", {}).status_code == 404


# ── bulk edit ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bulk_edit_is_seen_before_it_is_done_and_leaves_its_reason(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    first, second, theirs = city.cases[0], city.cases[2], city.cases[6]
    case_actions.amend(city.actor("reviewer"), second, {"severity": "severe"}, 1 + 1)
    asked = {"code": [first, second, theirs], "severity": "severe", "query": "order=-onset"}
    page = client.post("/cases/bulk/", asked)
    assert page.status_code == 200 and [one.code for one in page.context["changing"]] == [first]
    assert [one.code for one in page.context["same"]] == [second]
    assert [one.code for one in page.context["refused"]] == [theirs]
    assert cases.case(SYSTEM, first).row.severity == "mild", "nothing has changed yet"
    version = page.context["changing"][0].version
    confirm = {"code": [first], "severity": "severe", "confirmed": "1", f"version-{first}": version}
    assert client.post("/cases/bulk/", confirm).status_code == 422, "without a reason it is not done"
    done = client.post("/cases/bulk/", confirm | {"reason": "ward round of today"})
    assert done.status_code == 302 and cases.case(SYSTEM, first).row.severity == "severe"
    entry = journal.of("case", cases.id_of(first) or 0)[-1]
    assert entry.content["reason"] == "ward round of today"


def test_a_case_that_changed_after_the_preview_is_not_changed_by_it(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    code = city.cases[0]
    page = client.post("/cases/bulk/", {"code": [code], "severity": "critical"})
    version = page.context["changing"][0].version
    case_actions.amend(city.actor("investigator"), code, {"severity": "severe"}, version)
    confirm = {"code": [code], "severity": "critical", "confirmed": "1", "reason": "seen", f"version-{code}": version}
    told = client.post("/cases/bulk/", confirm, follow=True).content.decode()
    assert "changed meanwhile" in told and cases.case(SYSTEM, code).row.severity == "severe"


def every(city: World, **more: str) -> dict[str, str]:
    return {"all": "1", "query": "order=-reported", "severity": "severe", **more}


def test_all_that_a_filter_finds_are_changed_by_a_job_that_is_watched(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    by = city.actor("reviewer")
    total = cases.total(by)
    page = client.post("/cases/bulk/", every(city))
    assert page.context["total"] == total and f"Change {total} cases" in page.content.decode()
    assert client.post("/cases/bulk/", every(city, confirmed="1", total=str(total))).status_code == 422, "no reason"
    asked = every(city, confirmed="1", total=str(total), reason="ward round of today")
    assert client.post("/cases/bulk/", asked | {"total": str(total + 1)}).status_code == 422, "not what was read"
    address = client.post("/cases/bulk/", asked)["Location"]
    waiting = client.get(address).content.decode()
    assert 'hx-trigger="every 1s"' in waiting and "ward round of today" in waiting
    case_actions.amend(city.actor("investigator"), city.cases[0], {"severity": "critical"}, version_of(city.cases[0]))
    job = jobs.run(jobs.by_code(by, address.split("/")[2]).pk)
    assert job.state == job.DONE and (job.cursor, job.total) == (total, total)
    told = client.get(address)
    assert "hx-trigger" not in told.content.decode().split('id="progress"')[1].split("</section>")[0]
    assert job.result["changed"] + job.result["same"] == total - 1 and job.result["refused"] == 1
    assert [code for code, _why in told.context["refusals"]] == [city.cases[0]], "changed since: left alone, and named"
    assert "changed meanwhile" in told.context["refusals"][0][1]
    severities = {row.code: row.severity for row in cases.line_list(by).rows}
    assert severities.pop(city.cases[0]) == "critical" and set(severities.values()) == {"severe"}
    entry = journal.of("case", cases.id_of(city.cases[2]) or 0)[-1]
    assert entry.content["reason"] == "ward round of today" and entry.actor == "顾明舟"
    assert cases.case(SYSTEM, city.cases[6]).row.severity == "mild", "what lies elsewhere is not found"


def test_a_stopped_change_goes_on_and_changes_nothing_twice(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fangxian.cases.actions.editing.CHUNK", 2)
    by = city.actor("reviewer")
    job = case_actions.start_edit_all(
        by, Filter(), {"outcome": "recovered", "outcome_on": date(2026, 3, 4)}, "痊愈出院"
    )

    def stop_once(done: int, _total: int) -> None:
        if done == 2:
            jobs.stop(by, job.code)

    stopped = jobs.run(job.pk, stop_once)
    assert stopped.state == stopped.STOPPED and stopped.cursor < stopped.total
    client = signed_in(city, "reviewer", "en")
    client.post(f"/jobs/{job.code}/resume/")
    ended = jobs.run(job.pk)
    assert ended.state == ended.DONE and ended.result["changed"] == ended.total
    for code in city.cases[:3]:
        lines = [one for one in journal.of("case", cases.id_of(code) or 0) if one.content.get("reason") == "痊愈出院"]
        assert len(lines) == 1
    assert {row.outcome_on for row in cases.line_list(by).rows} == {date(2026, 3, 4)}


def test_who_may_not_edit_starts_no_such_change_and_nobody_watches_anothers(city: World) -> None:
    assert signed_in(city, "leader").post("/cases/bulk/", every(city)).status_code == 403
    with pytest.raises(NotAllowed):
        case_actions.start_edit_all(city.actor("leader"), Filter(), {"severity": "severe"}, "看看")
    for wanted, changes, reason in (
        (Filter(), {"severity": "severe"}, " "), (Filter(), {}, "看看"), (Filter(outbreak="7K2M9QXTB4"), {"severity": "severe"}, "看看"),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            case_actions.start_edit_all(city.actor("reviewer"), wanted, changes, reason)
    job = case_actions.start_edit_all(city.actor("reviewer"), Filter(), {"severity": "severe"}, "看看")
    for post in ("investigator", "leader"):
        assert signed_in(city, post).get(f"/jobs/{job.code}/").status_code == 404
        assert signed_in(city, post).post(f"/jobs/{job.code}/stop/").status_code == 404


def version_of(code: str) -> int:
    return case_actions.preview_edit(SYSTEM, [code], {})[0].version


# ── export ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_file_has_the_columns_the_order_and_the_words_that_are_seen(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    query = "classification=confirmed&order=onset&columns=code,classification,onset_on,review"
    page = client.get(f"/cases/?{query}")
    rows = taken(client.post("/cases/export/", {"kind": "csv", "query": query}))
    assert rows[0] == ["Code", "Class", "Onset", "Review"], "no column of it is about a person: no purpose is asked"
    assert [row[0] for row in rows[1:]] == codes(page)
    text = page.content.decode()
    for row in rows[1:]:
        assert row[1] == "confirmed" and row[3] in text and re.fullmatch(r"\d{4}-\d\d-\d\d", row[2])
    chinese = taken(signed_in(city, "reviewer").post("/cases/export/", {"kind": "csv", "query": query}))
    assert chinese[0][0] == "编号" or "码" in chinese[0][0]
    assert chinese[1][1] == "确诊"


def test_a_file_about_persons_is_taken_for_a_purpose_and_stays_masked(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    assert client.post("/cases/export/", {"kind": "csv", "query": ""}).status_code == 422
    assert client.post("/cases/export/", {"kind": "csv", "query": "", "purpose": "curiosity"}).status_code == 422
    rows = taken(client.post("/cases/export/", {"kind": "csv", "query": "", "purpose": "review"}))
    assert len(rows) > 4 and not any(name in cell for row in rows for cell in row for name in NAMES)
    entry = list(journal.read(prefix="cases.exported"))[-1]
    assert entry.purpose == "review" and entry.content["columns"][:2] == ["code", "name"]
    assert signed_in(city, "clinic").post("/cases/export/", {"kind": "csv", "query": ""}).status_code == 403


def test_a_view_that_opens_the_list_does_not_narrow_a_file_of_something_else(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    client.post("/lists/cases/views/", {"name": "none", "first": "on", "query": "outcome=died"})
    assert codes(client.get("/cases/")) == []
    rows = taken(client.post("/cases/export/", {"kind": "csv", "query": "order=-reported&columns=code"}))
    assert len(rows) == 1 + cases.total(city.actor("reviewer"), Filter())


def test_columns_can_be_kept_by_whoever_has_no_organisation(city: World) -> None:
    account = create_account(SYSTEM, "alone", "独行", grants=[Grant("reviewer", WANGCHAO)])
    city.staff["alone"] = account
    form = signed_in(city, "alone", "en").get("/cases/").context["view_form"]
    assert [label for _key, label in form.fields["organisation"].choices] == ["only me"]
