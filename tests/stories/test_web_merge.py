"""Two records of one person, side by side: why they are proposed, what differs, merged with what is right on either, parted again."""

from datetime import date, timedelta
from typing import Any

import pytest

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as cases
from fangxian.cases.schemas import CaseForm
from fangxian.core import clock, jobs, journal, outbox
from fangxian.core.access import SYSTEM, Grant
from fangxian.core.accounts import create_account
from fangxian.core.errors import Conflict, Invalid
from fangxian.registry import actions, queries
from fangxian.tracing import actions as tracing
from fangxian.tracing import queries as contacts
from fangxian.tracing.schemas import ExposureForm
from tests.support import web
from tests.support.web import HTMX, signed_in
from tests.support.world import CITY, GRID, NAMES, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


@pytest.fixture(scope="module")
def city(city: World, django_db_blocker: Any) -> World:
    with django_db_blocker.unblock(), clock.at(web.NOW - timedelta(minutes=2)):
        city.staff["registrar"] = create_account(SYSTEM, "registrar", "卢栖迟", grants=[Grant("registrar", CITY)])
    return city


def entered(city: World, **differing: Any) -> tuple[Any, Any]:
    """The same woman entered twice, the second time with another day of birth and as she was misheard."""
    common: dict[str, Any] = {
        "name": "温如玉",
        "sex": "female",
        "birth_date": date(1988, 5, 4),
        "birth_year": None,
        "area": GRID,
    }
    again = common | {"name": "文如玉", "birth_date": date(1988, 4, 5), "occupation": "教师"} | differing
    forms = [city.person(**one) for one in (common, again)]
    first, second = actions.register_many(SYSTEM, forms)
    cards = queries.cards([first, second])
    return cards[first], cards[second]


def waiting(city: World, first: Any) -> int:
    actions.find_matches(SYSTEM, [first.id])
    (pair,) = [one for one in queries.waiting_matches(SYSTEM) if first.id in (one.first.id, one.second.id)]
    return pair.id


def told() -> None:
    while outbox.deliver():
        pass


def test_the_queue_says_why_and_the_pair_stands_side_by_side(city: World) -> None:
    first, second = entered(city)
    match = waiting(city, first)
    client = signed_in(city, "reviewer", "en")
    queue = client.get("/people/duplicates/").content.decode()
    assert f"/people/duplicates/{match}/" in queue and "sound the same" in queue
    page = client.get(f"/people/duplicates/{match}/")
    text = page.content.decode()
    rows = {str(row.name): row for row in page.context["rows"]}
    assert rows["Occupation"].differs and rows["Occupation"].take == "occupation" and not rows["Sex"].differs
    assert "speaks strongly for one person" in text and "nearly the same birth date" in text
    assert "温如玉" not in text and first.code in text and second.code in text
    assert signed_in(city, "stranger").get(f"/people/duplicates/{match}/").status_code == 404
    assert f"/people/duplicates/{match}/" not in signed_in(city, "stranger").get("/people/duplicates/").content.decode()
    assert signed_in(city, "grid").get("/people/duplicates/").status_code == 403


def test_those_entered_lately_are_compared_by_the_worker(city: World) -> None:
    first, second = entered(city)
    client = signed_in(city, "reviewer", "en")
    assert client.post("/people/duplicates/search/").status_code == 302
    assert "waits for the worker" in client.get("/people/duplicates/").content.decode()
    client.post("/people/duplicates/search/")
    assert jobs.Job.objects.filter(kind="duplicates").count() == 1, "one search at a time"
    done = jobs.run(jobs.Job.objects.get(kind="duplicates").pk)
    assert done.state == "done" and done.result["waiting"] >= 1 and done.result["people"] > 2, done.error
    assert any(
        {first.id, second.id} == {one.first.id, one.second.id}
        for one in queries.waiting_matches(city.actor("reviewer"))
    )
    assert signed_in(city, "grid").post("/people/duplicates/search/").status_code == 403


def test_merged_with_what_is_right_on_either_side_and_parted_as_it_was(city: World) -> None:
    first, second = entered(city)
    match = waiting(city, first)
    client = signed_in(city, "reviewer", "en")
    url = f"/people/duplicates/{match}/"
    assert client.post(url, {}).status_code == 422
    with clock.at(web.NOW + timedelta(minutes=1)):
        given = {
            "decision": "same",
            "kept": first.code,
            "take-occupation": "right",
            "take-name": "left",
            "reason": "asked by phone",
        }
        assert client.post(url, given)["Location"] == f"/people/{first.code}/"
    now = queries.cards([first.id, second.id])
    assert now[first.id].occupation == "教师" and now[second.id].canonical == first.code
    assert now[first.id].name == first.name, "what was not chosen from the other stays"
    text = client.get(f"/people/{first.code}/").content.decode()
    assert second.code in text
    assert f"/people/duplicates/{match}/" in client.get("/people/duplicates/?show=merged").content.decode()
    with clock.at(web.NOW + timedelta(minutes=2)):
        assert client.post(f"{url}part/", {"reason": ""}).status_code == 422
        assert client.post(f"{url}part/", {"reason": "two sisters after all"}).status_code == 302
    again = queries.cards([first.id, second.id])
    assert again[first.id].occupation == "" and not again[second.id].canonical
    assert client.get(url).context["pair"].state == "different"


def test_what_somebody_corrected_after_the_merge_stands_when_they_are_parted(city: World) -> None:
    first, second = entered(city)
    by = city.actor("reviewer")
    root = actions.merge(by, first.code, second.code, "one person", ["occupation"])
    actions.amend_person(by, first.code, root.version, {"occupation": "护士"})
    actions.unmerge(by, second.code, "two people")
    assert queries.cards([first.id])[first.id].occupation == "护士"
    with pytest.raises(Invalid):
        actions.merge(by, first.code, entered(city, name="温如")[1].code, "x", ["documents"])


def test_two_people_are_told_apart_for_good(city: World) -> None:
    first, second = entered(city)
    match = waiting(city, first)
    client = signed_in(city, "reviewer", "en")
    assert client.post(f"/people/duplicates/{match}/", {"decision": "different"}).status_code == 422
    done = client.post(f"/people/duplicates/{match}/", {"decision": "different", "reason": "sisters"})
    assert done.status_code == 302 and not queries.cards([second.id])[second.id].canonical
    assert actions.find_matches(SYSTEM, [first.id]).waiting == 0
    assert client.post(f"/people/duplicates/{match}/", {"decision": "same"}).status_code == 409


def test_both_ill_in_one_outbreak_is_refused_until_one_case_is_ruled_out(city: World) -> None:
    first, second = entered(city)
    facts = {"pcr_positive": True, "symptomatic": True}
    forms = [
        CaseForm(person=one.code, outbreak=city.outbreak, facts=facts, onset_on=date(2026, 3, 2))
        for one in (first, second)
    ]
    one, other = (case_actions.report(SYSTEM, form).code for form in forms)
    told()
    match = waiting(city, first)
    client = signed_in(city, "reviewer", "en")
    refused = client.post(f"/people/duplicates/{match}/", {"decision": "same", "reason": "the same"})
    text = refused.content.decode()
    assert (
        refused.status_code == 409
        and "Both have a case in the same outbreak" in text
        and "rule one of them out" in text
    )
    assert f"/cases/{one}/" in text and f"/cases/{other}/" in text
    with pytest.raises(Conflict):
        actions.merge(SYSTEM, first.code, second.code)
    with clock.at(web.NOW + timedelta(minutes=1)):
        case_actions.discard(city.actor("reviewer"), other, "entered twice")
        assert (
            client.post(f"/people/duplicates/{match}/", {"decision": "same", "reason": "the same"}).status_code == 302
        )
    told()
    assert [
        row.code for row in cases.of_people(SYSTEM, queries.same_person(first.id)) if row.classification != "discarded"
    ] == [one]


def test_two_who_are_ill_are_never_merged_unasked(city: World) -> None:
    first, second = entered(city, name="温如玉", birth_date=date(1988, 5, 4), occupation="")
    facts = {"pcr_positive": True, "symptomatic": True}
    for one in (first, second):
        case_actions.report(
            SYSTEM, CaseForm(person=one.code, outbreak=city.outbreak, facts=facts, onset_on=date(2026, 3, 2))
        )
    assert actions.find_matches(SYSTEM, [first.id]).merged == 0


def test_two_contacts_become_one_and_are_two_again(city: World) -> None:
    first, second = entered(city)
    by = city.actor("investigator")
    for hours, one in ((5, first), (9, second)):
        at = web.NOW - timedelta(hours=40 + hours)
        tracing.expose(
            by,
            ExposureForm(
                person=one.code, case=city.cases[0], from_at=at, to_at=at + timedelta(hours=1), setting="home",
                facts={"household": True, "in_window": True, "protected": False},
            ),
        )  # fmt: skip
    told()
    assert len([one for one in contacts.of_people(SYSTEM, [first.id, second.id]) if one.state == "watched"]) == 2
    actions.merge(city.actor("reviewer"), first.code, second.code, "one person")
    told()
    assert len([one for one in contacts.of_people(SYSTEM, [first.id, second.id]) if one.state == "watched"]) == 1
    actions.unmerge(city.actor("reviewer"), second.code, "two people")
    told()
    assert len([one for one in contacts.of_people(SYSTEM, [first.id, second.id]) if one.state == "watched"]) == 2


def test_to_see_both_in_full_takes_a_reason_and_both_can_read_it(city: World) -> None:
    first, _second = entered(city)
    match = waiting(city, first)
    client = signed_in(city, "reviewer", "en")
    assert client.post(f"/people/duplicates/{match}/reveal/", {"reason": ""}, **HTMX).status_code == 422
    shown = client.post(f"/people/duplicates/{match}/reveal/", {"reason": "which is right?"}, **HTMX)
    assert (
        "温如玉" in shown.content.decode()
        and "文如玉" in shown.content.decode()
        and shown["Cache-Control"] == "no-store"
    )
    assert {entry.purpose for entry in journal.read(prefix="person.revealed") if "which" in entry.data} == {"matching"}
    registrar = signed_in(city, "registrar", "en")
    assert registrar.get(f"/people/duplicates/{match}/").context["may_reveal"] is False
    assert registrar.post(f"/people/duplicates/{match}/reveal/", {"reason": "curious"}, **HTMX).status_code == 403


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("text", ["温如", "wenruyu", "13700001234"])
def test_people_are_found_by_name_pinyin_and_number_and_stay_masked(city: World, text: str) -> None:
    (person,) = actions.register_many(SYSTEM, [city.person("温如玉", phones=("13700001234",))])
    first = queries.cards([person])[person]
    page = signed_in(city, "reviewer", "en").post("/people/", {"text": text})
    assert first.code in page.content.decode() and "温如玉" not in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert first.code not in signed_in(city, "stranger").post("/people/", {"text": text}).content.decode()


def test_a_person_leads_to_what_the_reader_may_see_of_them(city: World) -> None:
    person = contacts.contact(SYSTEM, city.contacts[4]).person_id
    code = queries.cards([person])[person].code
    text = signed_in(city, "investigator", "en").get(f"/people/{code}/").content.decode()
    assert city.contacts[4] in text and "/cases/" in text and not any(name in text for name in NAMES)
    plain = signed_in(city, "registrar", "en").get(f"/people/{code}/")
    assert plain.status_code == 200 and city.contacts[4] not in plain.content.decode()
    assert signed_in(city, "stranger").get(f"/people/{code}/").status_code == 404
    found = signed_in(city, "investigator", "en").post(f"/people/{code}/duplicates/", follow=True)
    assert "No other record is like this one." in found.content.decode()
    ask = {"purpose": "investigation", "fields_wanted": ["name"], "reason": "to call"}
    assert signed_in(city, "investigator").post(f"/people/{code}/reveal/", ask, **HTMX).status_code == 200
    assert signed_in(city, "registrar").post(f"/people/{code}/reveal/", ask, **HTMX).status_code == 403
