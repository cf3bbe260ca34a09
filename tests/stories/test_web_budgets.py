"""What every page costs, for everybody who may open it: at most twelve queries, and never a list that is counted through.

The addresses are those that the house knows itself: a page that was added yesterday is asked too.
"""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from fangxian.cases import queries as cases
from fangxian.core.access import SYSTEM
from fangxian.duties import queries as duties
from fangxian.registry import actions as register
from fangxian.registry import queries as registry
from fangxian.registry.actions import PlaceForm
from fangxian.tracing import queries as tracing
from tests.support.addresses import filled, pages, variables
from tests.support.web import signed_in
from tests.support.world import GRID, WANGCHAO, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_the_hour")]
BUDGET = 12
#: What the city has none of; the tests of these pages make what they need.
ELSEWHERE = (
    "/imports/<", "/situation/reports/<", "/lists/<", "/duties/<int:step_id>/photos/", "/design/map/", "/zones/<",
    "/people/duplicates/<", "/public/<str:language>/notice/", "/searches/<", "/sources/<",
    "/surveillance/<", "/jobs/<", "/samples/<", "/samples/boxes/<", "/samples/points/<", "/samples/members/<",
    "/samples/unmatched/<", "/surveillance/series/<",
    "/isolation/people/<", "/isolation/sites/<", "/isolation/neighbours/<",
    "/public/<str:language>/neighbours/", "/trips/<", "/screening/rosters/<",
    "/screening/workers/<", "/rounds/<",
)  # fmt: skip
#: Who is signed in, and in what post: the same on every page.
WHO = re.compile(rb'<a class="who".*?</a>', re.DOTALL)
ROLES = ("grid", "nurse", "clinic", "investigator", "reviewer", "duty", "leader", "auditor", "resident")


def city_person(case: str) -> str:
    """The code of the person of a case."""
    return next(row.person for row in cases.line_list(SYSTEM).rows if row.code == case)


@pytest.fixture
def samples(city: World) -> dict[str, list[Any]]:
    """Something of everything that an address may name."""
    case = city.cases[0]
    return {
        "language": ["zh", "en"], "number": ["1"], "code": [case], "contacts.code": city.contacts[:1], "kind": ["contact.observation"],
        "step_id": [step.pk for step in duties.open_steps(SYSTEM)][:1],
        "stay_id": [stay.id for stay in tracing.track(SYSTEM, case).stays],
        "appointment": [one.pk for one in registry.appointments(SYSTEM)][:1], "account": [city.staff["grid"].pk],
        "name": ["covid-19-cn-9"], "key": ["curve"], "form": ["svg"], "people.code": [city_person(case)],
        "exposure_id": [one.id for one in tracing.exposures(SYSTEM, case=case)],
        "organisation": [city.bodies["clinic"]], "areas.code": [WANGCHAO],
        "places.code": [register.create_place(SYSTEM, PlaceForm(kind="market", name_zh="海鲜市场", area=GRID, lon=112.0, lat=3.9)).code],
        "households.code": [register.create_household(SYSTEM, GRID, "渔港路 7 号").code],
    }  # fmt: skip


def test_there_is_something_to_ask_every_page_about(samples: dict[str, list[Any]]) -> None:
    unknown = {
        route: variables(route) for route in pages() if not filled(route, samples) and not route.startswith(ELSEWHERE)
    }
    assert unknown == {}, "add a sample of each of these variables above"


@pytest.mark.parametrize("role", ROLES)
def test_no_page_costs_more_than_twelve_queries(city: World, samples: dict[str, list[Any]], role: str) -> None:
    client = signed_in(city, role)
    client.raise_request_exception = False
    over: list[str] = []
    counted: list[str] = []
    heads: dict[bytes, str] = {}
    opened = 0
    for route in pages():
        for address in filled(route, samples):
            for _time in range(2):
                with CaptureQueriesContext(connection) as captured:
                    answer = client.get(address)
                asked = [query["sql"] for query in captured if "SAVEPOINT" not in query["sql"]]
                if len(asked) <= BUDGET:
                    break  # else once more, as what is read once and kept does not count
            if answer.status_code != 200:
                assert answer.status_code < 500, f"{address} as {role}: {answer.status_code}"
                continue
            opened += 1
            if head := WHO.search(answer.content):
                heads.setdefault(head[0], address)
            if len(asked) > BUDGET:
                over += [f"{len(asked)} queries: {address}", *(f"    {sql[:160]}" for sql in asked)]
            counted += [f"{address}: {sql[:500]}" for sql in asked if " OFFSET " in sql]
    assert opened > 3
    assert len(heads) == 1, f"who one is, is said otherwise on {list(heads.values())}: a page took a word of the frame"
    if over or counted:
        pytest.fail(
            "\n".join([f"As {role}, more than {BUDGET} queries, or a list that is counted through:", *over, *counted]),
            pytrace=False,
        )
