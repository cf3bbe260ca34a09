"""The other pages: what each shows, whom it refuses, and how many queries it may cost."""

import csv
import io
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as cases
from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.tracing import queries as tracing
from tests.support import web
from tests.support.web import HTMX, signed_in
from tests.support.world import LANYUE, NAMES, PASSWORD, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
#: More than nearly any page needs; a page that asks once for each line is found out by it.
BUDGET = 12
#: Pages whose stage asks more: a subject's duties are read with five queries, late steps of contacts with one a kind of duty.
DEARER = {"me": 14}


def _addresses(city: World) -> dict[str, tuple[str, str]]:
    """Every page: its address and who opens it."""
    case, contact = city.cases[0], city.contacts[2]
    return {
        "home": ("/", "nurse"),
        "late": ("/?show=late", "duty"),
        "line list": ("/cases/", "reviewer"),
        "line list filtered": ("/cases/?classification=confirmed&origin=local&reviewed=reported", "reviewer"),
        "case": (f"/cases/{case}/", "investigator"),
        "case duties": (f"/cases/{case}/duties/", "investigator"),
        "case contacts": (f"/cases/{case}/contacts/", "investigator"),
        "case chain": (f"/cases/{case}/chain/", "investigator"),
        "case track": (f"/cases/{case}/track/", "investigator"),
        "case edit": (f"/cases/{case}/edit/", "reviewer"),
        "case person": (f"/cases/{case}/person/", "investigator"),
        "case reveal": (f"/cases/{case}/reveal/", "reviewer"),
        "report": ("/cases/report/", "clinic"),
        "contacts": ("/contacts/", "investigator"),
        "contact": (f"/contacts/{contact}/", "investigator"),
        "contact person": (f"/contacts/{contact}/person/", "nurse"),
        "contact duties": (f"/contacts/{contact}/duties/", "nurse"),
        "contact calendar": (f"/contacts/{contact}/calendar/", "nurse"),
        "contact as case": (f"/contacts/{contact}/case/", "investigator"),
        "protocols": ("/protocols/", "grid"),
        "protocol": ("/protocols/covid-19-cn-9/", "reviewer"),
        "protocols compared": ("/protocols/compare/?a=covid-19-cn-8&b=covid-19-cn-9", "leader"),
        "imports": ("/imports/", "investigator"),
        "people": ("/people/", "reviewer"),
        "duplicates": ("/people/duplicates/", "reviewer"),
        "coverage": ("/coverage/?hours=0", "leader"),
        "situation": ("/situation/", "leader"),
        "situation of a county": ("/situation/?area=990101&per=report", "duty"),
        "situation on a wall": ("/situation/?wall=1", "leader"),
        "situation missing": ("/situation/missing/?area=990101&kind=case.review", "duty"),
        "missing": ("/coverage/case.review/?area=990101", "duty"),
        "journal": (f"/journal/?kind=case&code={case}", "auditor"),
        "me": ("/me/", "resident"),
        "password": ("/me/password/", "grid"),
        "components": ("/design/", "grid"),
    }


PAGES = sorted(_addresses(World(web.NOW, cases=["c"], contacts=["a", "b", "c"])))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_in_both_languages_within_its_budget(city: World, page: str, language: str) -> None:
    address, post = _addresses(city)[page]
    client = signed_in(city, post, language)
    client.get(address)  # the packs are read once for each process
    with CaptureQueriesContext(connection) as counted:
        answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()[-2000:]
    listed = "\n".join(query["sql"][:160] for query in counted.captured_queries)
    assert len(counted) <= DEARER.get(page, BUDGET), f"{len(counted)} queries\n{listed}"
    text = answer.content.decode()
    assert f'<html lang="{"en" if language == "en" else "zh-CN"}">' in text
    assert "style=" not in text and not re.search(r"<script(?![^>]*src=)", text) and " onclick" not in text
    for name in (NAMES[0], NAMES[1], NAMES[6], NAMES[7]):
        assert name not in text, "people are masked"


@pytest.mark.parametrize("page", PAGES)
def test_a_stranger_learns_nothing_from_any_page(city: World, page: str) -> None:
    """A reviewer of another county: no code, no masked name, no count of this one's people."""
    address, _post = _addresses(city)[page]
    answer = signed_in(city, "stranger").get(address)
    text = answer.content.decode()
    asked = re.findall(r"(?<=/)[0-9A-Z]{10}(?=/|$)|(?<=code=)[0-9A-Z]{10}", address)
    for code in [*city.cases[:6], *city.contacts]:
        assert code not in text or code in asked
    assert "江**" not in text.replace("<bdi>江**</bdi>", "") or page == "components"
    if asked:
        assert answer.status_code in (403, 404)


def test_nobody_sees_a_page_without_signing_in(city: World) -> None:
    for page, (address, _post) in _addresses(city).items():
        if page == "components":
            continue
        answer = Client().get(address)
        assert answer.status_code == 302 and answer["Location"].startswith("/login/?next="), page
        assert Client().get(address, **HTMX).status_code == 401, page


def test_signing_in_is_refused_in_words_and_does_not_lead_elsewhere(city: World) -> None:
    client = Client()
    answer = client.post("/login/", {"login": "grid", "password": "wrong", "next": "/"})
    assert answer.status_code == 403 and "密码错误" in answer.content.decode()
    answer = client.post("/login/", {"login": "grid", "password": PASSWORD, "next": "https://elsewhere.example/"})
    assert answer.status_code == 302 and answer["Location"] == "/"
    assert client.get("/").status_code == 200
    assert client.post("/logout/").status_code == 302 and client.get("/").status_code == 302


def test_whoever_asks_for_no_page_begins_at_what_they_need_most(city: World) -> None:
    for login, begins in (("grid", "/"), ("leader", "/situation/"), ("auditor", "/coverage/")):
        answer = Client().post("/login/", {"login": login, "password": PASSWORD})
        assert answer["Location"] == begins, login


def test_demonstration_accounts_are_offered_in_the_demonstration_only(city: World, settings: Any) -> None:
    assert "fangxian-demo" not in Client().get("/login/").content.decode()
    settings.DEMO = True
    assert "fangxian-demo" in Client().get("/login/").content.decode()


def test_the_language_stays_with_the_account(city: World) -> None:
    client = signed_in(city, "grid")
    assert "我的任务" in client.get("/").content.decode()
    client.post("/language/", {"language": "en", "next": "/"})
    another_browser = Client()
    another_browser.force_login(city.staff["grid"])
    assert "My duties" in another_browser.get("/").content.decode()


def test_a_session_that_ended_says_that_nothing_is_lost(city: World) -> None:
    answer = Client().post("/cases/report/", {"name": "江晚晴"})
    assert answer.status_code == 401 and "填写的内容保留在本窗口" in answer.content.decode()


def test_headers_forbid_what_is_not_ours(city: World) -> None:
    policy = signed_in(city, "grid").get("/")["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "unsafe" not in policy


# ── cases ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_line_list_narrows_and_says_when_nothing_fits(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    assert [row.code for row in client.get("/cases/?reviewed=returned").context["rows"]] == [city.cases[1]]
    assert [row.code for row in client.get("/cases/", {"text": "欧阳"}).context["rows"]] == [city.cases[3]]
    assert "No case fits this filter." in client.get("/cases/?outcome=died").content.decode()
    wrong = client.get("/cases/?onset_from=2026-03-04&onset_to=2026-03-01")
    assert wrong.status_code == 422 and "ends before it begins" in wrong.content.decode()


def test_the_export_is_masked_and_on_record(city: World) -> None:
    client = signed_in(city, "reviewer")
    asked = {"kind": "csv", "query": "reviewed=returned", "purpose": "review"}
    answer: Any = client.post("/cases/export/", asked)
    rows = list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 2 and city.cases[1] in rows[1]
    assert not any("𠮷川" in cell for cell in rows[1])
    assert any(entry.action == "cases.exported" and entry.actor == "顾明舟" for entry in journal.read(prefix="cases."))
    assert signed_in(city, "clinic").post("/cases/export/", {"kind": "csv"}).status_code == 403


def test_a_bulk_edit_changes_the_ticked_lines_and_tells_which_refused(city: World) -> None:
    client = signed_in(city, "reviewer", "en")
    asked = {"code": [city.cases[0], city.cases[6]], "severity": "severe"}
    answer = client.post("/cases/bulk/", asked | {"confirmed": "1", "reason": "ward round"}, follow=True)
    text = answer.content.decode()
    assert "1 case changed." in text and city.cases[6] in text, "the other county's case is refused by name of its code"
    assert cases.case(SYSTEM, city.cases[0]).row.severity == "severe"
    assert client.post("/cases/bulk/", {"severity": "mild"}).status_code == 422


def test_a_review_needs_its_reason_to_return_and_keeps_what_was_typed(city: World) -> None:
    code = city.cases[3]
    client = signed_in(city, "reviewer", "en")
    version = cases.case(SYSTEM, code).version
    refused = client.post(f"/cases/{code}/review/", {"decision": "return", "reason": "", "version": version})
    assert refused.status_code == 422 and "A reason is needed." in refused.content.decode()
    stale = client.post(
        f"/cases/{code}/review/", {"decision": "approve", "reason": "checked by phone", "version": version - 1}
    )
    assert stale.status_code == 409 and "checked by phone" in stale.content.decode()
    assert client.post(f"/cases/{code}/review/", {"decision": "approve", "version": version}).status_code == 302
    assert cases.case(SYSTEM, code).row.review == "county"
    again = client.post(f"/cases/{code}/review/", {"decision": "approve", "version": version + 1})
    assert again.status_code in (403, 409), "the city is next, and the county is not the city"


def test_two_people_edit_one_case_and_both_values_are_shown(city: World) -> None:
    code = city.cases[0]
    page = signed_in(city, "reviewer", "en").get(f"/cases/{code}/edit/")
    form: dict[str, Any] = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
    posted = {name: _posted(value) for name, value in form.items()}
    posted |= {f"initial-{name}": value for name, value in posted.items()}
    unexplained = signed_in(city, "reviewer", "en").post(f"/cases/{code}/edit/", posted | {"severity": "critical"})
    assert unexplained.status_code == 422 and "reason" in unexplained.context["form"].errors
    posted["reason"] = "the ward called"
    case_actions.amend(city.actor("investigator"), code, {"severity": "severe", "origin": "local"}, form["version"])
    client = signed_in(city, "reviewer", "en")
    conflict = client.post(f"/cases/{code}/edit/", posted | {"severity": "critical", "note": "asked the ward"})
    text = conflict.content.decode()
    assert conflict.status_code == 409 and "nothing you typed is lost" in text
    rows = {row["name"]: row for row in conflict.context["rows"]}
    assert (rows["severity"]["now"], rows["severity"]["mine"], rows["severity"]["who"]) == (
        "severe",
        "critical",
        "陆远山",
    )
    assert rows["severity"]["both"] and not rows["origin"]["both"]
    again = conflict.context["form"]
    saved = client.post(f"/cases/{code}/edit/", dict(again.data))
    assert saved.status_code == 302
    detail = cases.case(SYSTEM, code)
    assert (detail.row.severity, detail.row.origin, detail.note) == ("critical", "local", "asked the ward")
    assert detail.history[-1].reason == "the ward called"
    assert "the ward called" in client.get(f"/cases/{code}/").content.decode()


def _posted(value: Any) -> str:
    return value.astimezone(clock.zone()).strftime("%Y-%m-%dT%H:%M") if hasattr(value, "hour") else str(value)


def test_a_returned_case_is_corrected_and_handed_in_again(city: World) -> None:
    code = city.cases[1]
    client = signed_in(city, "clinic", "en")
    page = client.get(f"/cases/{code}/edit/")
    assert "住址写到楼栋" in page.content.decode(), "the reason of the return stands above the form"
    form = {name: _posted(page.context["form"][name].value() or "") for name in page.context["form"].fields}
    form |= {f"initial-{name}": value for name, value in form.items()}
    assert client.post(f"/cases/{code}/edit/", form | {"note": "3 幢"}).status_code == 302
    assert cases.case(SYSTEM, code).row.review == "reported"


def test_a_report_opens_the_review_and_faults_stand_at_their_fields(city: World) -> None:
    client = signed_in(city, "clinic", "en")
    card = {
        "name": "顾南风", "area": "990101001001", "outbreak": city.outbreak, "onset_on": "2026-03-03",
        "diagnosed_at": "2026-03-04T13:50", "origin": "local", "facts": ["pcr_positive", "symptomatic"], "phone": "13900001111",
    }  # fmt: skip
    wrong = client.post("/cases/report/", card | {"onset_on": "2026-03-09", "document": "990101198801011234"})
    text = wrong.content.decode()
    assert wrong.status_code == 422 and "顾南风" in text and 'aria-invalid="true"' in text
    done = client.post("/cases/report/", card)
    assert done.status_code == 302
    code = done["Location"].split("/")[2]
    assert cases.case(SYSTEM, code).row.classification == "confirmed"
    twice = client.post("/cases/report/", card | {"classification": "no such class"})
    assert twice.status_code == 422


def test_to_see_a_person_takes_a_purpose_and_a_reason_and_the_person_sees_it(city: World) -> None:
    code = city.contacts[0]
    client = signed_in(city, "investigator", "en")
    ask = {"purpose": "investigation", "fields_wanted": ["name"], "reason": ""}
    assert client.post(f"/contacts/{code}/reveal/", ask, **HTMX).status_code == 422
    shown = client.post(f"/contacts/{code}/reveal/", ask | {"reason": "asked who shared the room"}, **HTMX)
    assert NAMES[6] in shown.content.decode() and shown["Cache-Control"] == "no-store"
    assert "asked who shared the room" in signed_in(city, "resident", "en").get("/me/").content.decode()
    assert signed_in(city, "clinic").post(f"/contacts/{code}/reveal/", ask | {"reason": "curious"}).status_code == 404


def test_the_chain_is_drawn_with_its_links(city: World) -> None:
    text = signed_in(city, "investigator", "en").get(f"/cases/{city.cases[0]}/chain/").content.decode()
    assert text.count('class="link') == 1 and text.count('class="node') == 2 and "generation 1" in text


# ── contacts, coverage, journal ────────────────────────────────────────────────────────────────────────────────────────


def test_the_four_clear_are_counted_and_narrow_the_table(city: World) -> None:
    client = signed_in(city, "investigator", "en")
    numbers = {name: (count, of) for name, count, of, _hint in client.get("/contacts/").context["numbers"]}
    assert numbers["Number"] == (7, 7) and numbers["Control"] == (2, 7) and numbers["All four"] == (0, 7)
    lacking = {row.code for row in client.get("/contacts/?lacking=control").context["rows"]}
    assert lacking == {*city.contacts} - {city.contacts[0], city.contacts[2], city.contacts[4]}


def test_a_contact_is_ticked_held_and_ended_with_a_reason(city: World) -> None:
    code = city.contacts[5]
    client = signed_in(city, "investigator")
    for which in ("person", "place"):
        assert client.post(f"/contacts/{code}/clear/", {"which": which}).status_code == 302
    assert client.post(f"/contacts/{code}/hold/", {}).status_code == 422
    assert client.post(f"/contacts/{code}/hold/", {"where": "home"}).status_code == 302
    assert tracing.contact(SYSTEM, code).row.clear
    assert client.post(f"/contacts/{code}/end/", {"how": "dismissed", "reason": ""}).status_code == 422
    assert client.post(f"/contacts/{code}/end/", {"how": "dismissed", "reason": "当天不在场"}).status_code == 302
    assert tracing.contact(SYSTEM, code).row.state == "dismissed"


def test_a_contact_becomes_a_case_without_typing_who_again(city: World) -> None:
    code = city.contacts[2]
    client = signed_in(city, "investigator")
    card = {
        "onset_on": "2026-03-03",
        "diagnosed_at": "2026-03-04T14:00",
        "origin": "local",
        "facts": ["pcr_positive", "symptomatic"],
    }
    answer = client.post(f"/contacts/{code}/case/", card)
    assert answer.status_code == 302, answer.content.decode()[-1500:]
    case = answer["Location"].split("/")[2]
    contact = tracing.contact(SYSTEM, code)
    assert (contact.row.state, contact.row.case, cases.case(SYSTEM, case).person_id) == (
        "case",
        case,
        contact.person_id,
    )


def test_the_calendar_tells_the_missed_day_from_the_day_kept(city: World) -> None:
    days = signed_in(city, "nurse").get(f"/contacts/{city.contacts[0]}/calendar/").context["days"]
    states = [{entry["state"] for entry in day["entries"]} for day in days]
    assert {"behind"} in states and any("done" in one for one in states) and {"open"} in states
    assert sum(day["today"] for day in days) == 1


def test_coverage_adds_up_and_leads_to_names_only_for_who_may_act(city: World) -> None:
    context = signed_in(city, "leader").get("/coverage/?hours=0").context
    total = context["total"]
    assert total.due == sum(one.due for _code, _name, one, _kinds in context["counties"]) > 0
    assert total.missing == total.due - total.in_time - total.late - total.waived
    officer = signed_in(city, "duty").get("/coverage/case.review/?area=990101")
    assert city.cases[1] in officer.content.decode()
    auditor = signed_in(city, "auditor").get("/coverage/case.review/?area=990101")
    assert auditor.status_code == 200 and not auditor.context["cards"] and city.cases[1] not in auditor.content.decode()


def test_the_auditor_reads_who_looked_and_why(city: World) -> None:
    person = tracing.contact(SYSTEM, city.contacts[0]).person_id
    code = registry.cards([person])[person].code
    text = signed_in(city, "auditor").get("/journal/", {"kind": "person", "code": code}).content.decode()
    assert "电话核实共同居住情况" in text and "个案调查" in text
    nothing = signed_in(city, "auditor").get("/journal/", {"kind": "case", "code": "0000000000"})
    assert nothing.status_code == 404 and "日志中没有相关记录" in nothing.content.decode()
    assert signed_in(city, "duty").get("/journal/").status_code == 403


def test_unknown_pages_and_faults_of_ours_have_a_page_each(city: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in(city, "grid")
    assert client.get("/no/such/page/").status_code == 404
    assert "没有这个页面" in client.get("/no/such/page/").content.decode()
    monkeypatch.setattr(packs, "by_reference", lambda ref: 1 / 0)
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500 and "没有保存" in answer.content.decode()


def test_the_stranger_sees_their_own_county(city: World) -> None:
    rows = signed_in(city, "stranger").get("/cases/").context["rows"]
    assert [row.area for row in rows] == [LANYUE]
