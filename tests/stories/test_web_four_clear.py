"""The four clear on a page: for whoever has contacts, also for those who see no case; what is missing, and who answers."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import NotFound
from fangxian.tracing import actions, queries
from fangxian.tracing.schemas import ContactFilter, ExposureForm
from tests.support.web import signed_in
from tests.support.world import LANYUE, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]


def test_a_grid_worker_opens_the_contacts_of_the_grid_and_learns_of_no_case(city: World) -> None:
    client = signed_in(city, "grid")
    page = client.get("/contacts/")
    assert page.status_code == 200
    assert {row.code for row in page.context["rows"]} == set(city.contacts)
    assert 'href="/contacts/"' in page.content.decode(), "and finds the way there in the menu"
    pages = [page, *(client.get(f"/contacts/{code}/") for code in city.contacts)]
    pages += [
        client.get(f"/contacts/{code}/{part}/") for code in city.contacts for part in ("duties", "calendar", "person")
    ]
    for one in pages:
        assert one.status_code == 200
        assert not any(case in one.content.decode() for case in city.cases)
    became = queries.contact(city.actor("grid"), city.contacts[4])
    assert became.row.state == "case" and became.row.case == ""
    assert all(one.of == "" and one.infected == "" for one in became.exposures)
    named = queries.contact(city.actor("investigator"), city.contacts[4])
    assert named.row.case == city.cases[4] and named.exposures[0].of == city.cases[0]


def test_the_api_says_no_more_than_the_page(city: World) -> None:
    by = city.actor("grid")
    told = json.dumps(
        [str(queries.contact(by, code)) for code in city.contacts] + [str(queries.four_clear(by, city.outbreak))]
    )
    assert not any(case in told for case in city.cases)


@pytest.mark.parametrize("post", ["stranger", "clinic", "auditor", "resident"])
def test_others_get_no_contact_and_no_count(city: World, post: str) -> None:
    answer = signed_in(city, post).get("/contacts/", {"outbreak": city.outbreak})
    assert answer.status_code in (200, 403, 404)
    text = answer.content.decode()
    assert not any(code in text for code in city.contacts)
    if answer.status_code == 200:
        assert answer.context["numbers"][0][1] == 0
    for code in city.contacts:
        assert signed_in(city, post).get(f"/contacts/{code}/").status_code == 404


def test_an_outbreak_in_which_one_has_no_contacts_is_unknown_to_whoever_sees_no_cases(city: World) -> None:
    assert [one.code for one in queries.watched_outbreaks(city.actor("grid"))] == [city.outbreak]
    assert queries.watched_outbreaks(city.actor("resident")) == []
    with pytest.raises(NotFound):
        queries.four_clear(city.actor("resident"), city.outbreak)
    with pytest.raises(NotFound):
        queries.four_clear(city.actor("grid"), "0000000000")


@pytest.mark.parametrize("post", ["grid", "nurse", "investigator"])
def test_the_table_costs_no_more_for_more_rows(city: World, post: str) -> None:
    client = signed_in(city, post)
    client.get("/contacts/")
    with CaptureQueriesContext(connection) as counted:
        client.get("/contacts/")
    assert len(counted) <= 12, "\n".join(query["sql"][:120] for query in counted.captured_queries)


def test_each_line_says_who_answers_and_whether_the_person_was_moved(city: World) -> None:
    table = queries.four_clear(city.actor("investigator"), city.outbreak)
    rows = {row.code: row for row in table.rows}
    assert rows[city.contacts[0]].holder in ("周小满", "沈清越") and rows[city.contacts[0]].transport == "late"
    assert rows[city.contacts[5]].transport == "", "who was merely exposed is not moved"
    assert rows[city.contacts[4]].holder == "", "nothing is owed to whom became a case"
    text = signed_in(city, "investigator", "en").get("/contacts/").content.decode()
    assert "Transport" in text and "Who answers" in text and "周小满" in text


def test_what_is_missing_is_found_by_any_respect_or_by_all(city: World) -> None:
    by = city.actor("investigator")

    def lacking(what: str) -> set[str]:
        return {row.code for row in queries.four_clear(by, city.outbreak, wanted=ContactFilter(lacking=what)).rows}

    assert lacking("any") == lacking("person") | lacking("place") | lacking("control")
    held = city.contacts[0]
    assert held in lacking("any") and held not in lacking("control")
    actions.clear(SYSTEM, held, "place")
    assert held not in lacking("any")
    page = signed_in(city, "investigator").get("/contacts/", {"lacking": "any"})
    assert {row.code for row in page.context["rows"]} == lacking("any")


def test_the_counts_are_those_of_the_watched_whatever_else_is_on_record(city: World) -> None:
    by = city.actor("investigator")
    whole, watched = (queries.four_clear(by, city.outbreak, watched_only=only) for only in (False, True))
    assert whole.clear == watched.clear == queries.clearance(by, city.outbreak)
    assert whole.by_state == {"watched": 7, "case": 1} and watched.by_state == {"watched": 7}


def test_a_contact_of_a_contact_elsewhere_is_not_named(city: World) -> None:
    far = actions.expose(SYSTEM, ExposureForm(
        person=city.person("远方的人", area=LANYUE), case=city.cases[0], setting="home", facts={"household": True},
        from_at=clock.now() - clock.DAY, to_at=clock.now() - clock.DAY / 2, area=LANYUE,
    )).contact  # fmt: skip
    near = actions.expose(SYSTEM, ExposureForm(
        person=city.person("近处的人"), contact_of=far, setting="home",
        facts={"household": True, "higher_risk_contact": True}, from_at=clock.now() - clock.HOUR, to_at=clock.now(),
    )).contact  # fmt: skip
    assert far and near
    (view,) = queries.contact(city.actor("grid"), near).exposures
    assert (view.of_kind, view.of) == ("contact", "")
    text = signed_in(city, "grid").get(f"/contacts/{near}/").content.decode()
    assert far not in text and "对一名接触者" in text
