"""A day of an outbreak by API: a hospital's system reports, the county reviews, an investigator traces, a phone loses its network."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from fangxian.core import clock
from fangxian.core.access import PURPOSES
from fangxian.duties import queries as duties
from fangxian.duties import subjects
from fangxian.duties.models import Duty
from tests.support.exchange import NOW, Exchange
from tests.support.tracers import hand_on
from tests.support.world import GRID, WANGCHAO


def _card(exchange: Exchange, **more: Any) -> dict[str, Any]:
    return {
        "outbreak": exchange.city.outbreak,
        "person": {"name": "纪云舒", "sex": "female", "birth_date": "1990-01-01", "area": GRID, "phones": ["13812345678"]},
        "facts": {"pcr_positive": True, "symptomatic": True},
        "onset_on": "2026-03-02",
        "diagnosed_at": "2026-03-04T09:30:00+08:00",
        **more,
    }  # fmt: skip


def test_a_report_opens_its_review_and_each_level_decides(exchange: Exchange) -> None:
    answer = exchange.line("clinic").post("/cases", _card(exchange))
    assert answer.status_code == 201, answer.content
    kept = answer.json()
    assert (kept["classification"], kept["review"], kept["version"]) == ("confirmed", "reported", 1)
    code = kept["code"]
    (review,) = [
        one
        for one in exchange.line("reviewer").get(f"/cases/{code}/duties").json()["rows"]
        if one["kind"] == "case.review"
    ]
    assert [(step["key"], step["state"]) for step in review["steps"][:2]] == [("card", "done"), ("county", "open")]

    early = exchange.line("city_reviewer").post(f"/cases/{code}/review", {"decision": "approve"})
    assert early.status_code == 200, "a city's reviewer may decide for the county below"
    again = exchange.line("reviewer").post(f"/cases/{code}/review", {"decision": "approve", "version": 1})
    assert (again.status_code, again.json()["code"]) == (409, "stale")
    seen = exchange.line("reviewer").get(f"/cases/{code}").json()
    assert (seen["row"]["review"], seen["version"], seen["row"]["name"]) == ("county", 2, "纪**")
    refused = exchange.line("reviewer").post(f"/cases/{code}/review", {"decision": "approve"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed"), "it is the city's turn now"


def test_who_reports_twice_is_told_which_case_it_is(exchange: Exchange) -> None:
    person = {"name": "纪云舒", "area": GRID, "documents": [["", "33010619900101123X"]]}
    first = exchange.line("clinic").post("/cases", _card(exchange, person=person))
    assert first.status_code == 201, first.content
    again = exchange.line("clinic").post("/cases", _card(exchange, person=person))
    told = again.json()
    assert (again.status_code, told["code"], told["field"]) == (409, "already_reported", "person")
    assert told["detail"] == {"case": first.json()["code"]}


def test_a_request_that_is_sent_again_is_done_once(exchange: Exchange) -> None:
    clinic, key = exchange.line("clinic"), str(uuid4())
    first = clinic.post("/cases", _card(exchange), Idempotency_Key=key)
    again = clinic.post("/cases", _card(exchange), Idempotency_Key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers and again.headers["Idempotent-Replayed"] == "true"

    other = clinic.post("/cases", _card(exchange, severity="severe"), Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    somebody_else = exchange.line("investigator").post("/cases", _card(exchange), Idempotency_Key=key)
    assert somebody_else.status_code == 201, "a key is its sender's own"
    with clock.at(NOW + timedelta(hours=73)):
        assert clinic.get("/session").status_code == 401, "the token has ended by then"


def test_what_was_refused_may_be_put_right_under_the_same_key(exchange: Exchange) -> None:
    clinic, key = exchange.line("clinic"), str(uuid4())
    wrong = clinic.post("/cases", _card(exchange, onset_on="2026-03-09"), Idempotency_Key=key)
    assert (wrong.status_code, wrong.json()["field"]) == (422, "onset_on")
    right = clinic.post("/cases", _card(exchange), Idempotency_Key=key)
    assert right.status_code == 201


def test_a_batch_keeps_the_good_rows_and_names_the_others(exchange: Exchange) -> None:
    card = {name: value for name, value in _card(exchange).items() if name != "outbreak"}
    rows = [
        {**card, "source_ref": "A-1"},
        {**card, "source_ref": "A-2", "onset_on": "the second of March"},
        {**card, "source_ref": "A-3", "onset_on": "2026-03-30"},
        {**card, "source_ref": "A-1"},
        {**card, "source_ref": "A-4"},
        "not a row",
    ]
    answer = exchange.line("clinic").post("/cases/batch", {"outbreak": exchange.city.outbreak, "cases": rows})
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert [one["index"] for one in told["cases"]] == [0, 4]
    assert [(one["index"], one["problem"]["field"]) for one in told["refused"]] == [
        (1, "onset_on"), (2, "onset_on"), (3, "source_ref"), (5, ""),
    ]  # fmt: skip
    listed = exchange.line("reviewer").post("/cases/search", {"wanted": {"text": "A-4"}})
    assert [one["source_ref"] for one in listed.json()["rows"]] == ["A-4"]


def test_contacts_are_exposed_visited_and_held(exchange: Exchange) -> None:
    investigator, index = exchange.line("investigator"), exchange.city.cases[0]
    before = investigator.get(f"/outbreaks/{exchange.city.outbreak}/contacts").json()["clear"]["number"]
    met = {
        "person": {"name": "柏清川", "area": GRID}, "case": index, "setting": "home", "facts": {"household": True},
        "from_at": "2026-03-01T18:00:00+08:00", "to_at": "2026-03-01T20:00:00+08:00",
    }  # fmt: skip
    answer = investigator.post("/exposures", met)
    assert answer.status_code == 201, answer.content
    judged = answer.json()
    assert judged["category"] == "contact" and judged["basis"].startswith("covid-19-cn-9@")
    code = judged["contact"]

    rows = [{**met, "person": {"name": f"邻居{n}", "area": GRID}} for n in range(3)]
    rows[1]["case"] = "NOSUCHCASE"
    batch = investigator.post("/exposures/batch", {"outbreak": exchange.city.outbreak, "exposures": rows}).json()
    assert [one["index"] for one in batch["exposures"]] == [0, 2]
    assert [(one["index"], one["problem"]["field"]) for one in batch["refused"]] == [(1, "case")]
    assert sorted(batch["contacts"]) == sorted(one["exposure"]["contact"] for one in batch["exposures"])

    held = investigator.post(f"/contacts/{code}/hold", {"where": "site", "organisation": exchange.city.bodies["site"]})
    assert (held.status_code, held.json()["held"]) == (200, "site")
    nurse = exchange.line("nurse")
    assert nurse.get(f"/contacts/{code}").status_code == 200, "who holds a contact sees it"
    table = investigator.get(f"/outbreaks/{exchange.city.outbreak}/contacts?limit=4").json()
    more = investigator.get(f"/outbreaks/{exchange.city.outbreak}/contacts?limit=4&cursor={table['cursor']}").json()
    assert len(table["rows"]) == 4 and table["clear"]["number"] == before + 3
    assert {row["code"] for row in table["rows"]} & {row["code"] for row in more["rows"]} == set()


def test_a_step_is_completed_once_and_only_with_its_evidence(exchange: Exchange) -> None:
    hand_on()
    line = exchange.line("investigator")
    steps = line.get("/steps?limit=500").json()["rows"]
    step = next(one for one in steps if one["kind"] == "case.investigation" and one["key"] != "release")
    bare = line.post(f"/steps/{step['id']}/completion", {})
    assert (bare.status_code, bare.json()["field"]) == (422, step["evidence_wanted"][0])
    evidence = dict.fromkeys(step["evidence_wanted"], "some")
    done = line.post(f"/steps/{step['id']}/completion", {"evidence": evidence}, Idempotency_Key="phone-0001")
    assert (done.status_code, done.json()["state"]) == (200, "done"), done.content
    again = line.post(f"/steps/{step['id']}/completion", {"evidence": evidence}, Idempotency_Key="phone-0001")
    assert again.content == done.content
    twice = line.post(f"/steps/{step['id']}/completion", {"evidence": evidence})
    assert twice.status_code == 409


def test_coverage_counts_what_is_missing_and_names_it(exchange: Exchange) -> None:
    covered = exchange.line("leader").get("/coverage").json()["rows"]
    row = next(one for one in covered if one["kind"] == "case.review" and one["area"] == WANGCHAO)
    assert row["due"] == row["in_time"] + row["late"] + row["waived"] + row["missing"]
    missing = exchange.line("duty").get(f"/steps/missing?kind=case.review&area={WANGCHAO}&limit=500").json()["rows"]
    assert missing and all(one["late"] for one in missing)
    assert duties.gaps() == []
    for kind in subjects.kinds():
        nobody = exchange.line("leader").get(f"/coverage/gaps?area={WANGCHAO}&subject={kind}")
        assert nobody.json() == {"rows": [], "cursor": ""}, kind
    Duty.objects.filter(subject_kind="contact").update(subject_kind="nobody")  # as if they had been forgotten
    lacking = exchange.line("leader").get(f"/coverage/gaps?area={WANGCHAO}&subject=contact&limit=500").json()["rows"]
    assert len({one["id"] for one in lacking}) == len(exchange.city.contacts)
    assert {one["subject"] for one in lacking} == {"contact"}
    wrong = exchange.line("leader").get(f"/coverage/gaps?area={WANGCHAO}&subject=dragon")
    assert (wrong.status_code, wrong.json()["field"]) == (422, "subject") and "contact" in wrong.json()["remedy"]


def test_somebody_is_seen_in_full_for_a_purpose_only_and_can_see_who_looked(exchange: Exchange) -> None:
    investigator, contact = exchange.line("investigator"), exchange.city.contacts[0]
    masked = investigator.get(f"/contacts/{contact}/person").json()
    asking = {"fields": ["name", "phones"], "reason": "电话核实行程"}
    without = investigator.post(f"/contacts/{contact}/person/reveal", asking)
    assert (without.status_code, without.json()["field"]) == (422, "X-Purpose")
    invented = investigator.post(f"/contacts/{contact}/person/reveal", asking, X_Purpose="curiosity")
    assert invented.status_code == 422 and all(purpose in invented.json()["remedy"] for purpose in PURPOSES)
    full = investigator.post(f"/contacts/{contact}/person/reveal", asking, X_Purpose="follow_up")
    assert full.status_code == 200 and full.json()["name"] != masked["name"]
    looks = exchange.line("resident").get(f"/people/{masked['code']}/looks").json()["rows"]
    assert (looks[0]["purpose"], looks[0]["channel"], looks[0]["who"]) == ("follow_up", "api", "陆远山")
    own = exchange.line("resident").get("/people/me").json()
    assert own["code"] == masked["code"]
