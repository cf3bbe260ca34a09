"""Where it was caught: the place that several cases share before they fell ill stands first, whatever everybody visits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from fangxian.core import clock, jobs
from fangxian.core.errors import Conflict, NotAllowed, NotFound
from fangxian.tracing import actions, queries
from fangxian.tracing.schemas import StayForm
from tests.support.county import with_pack
from tests.support.night import Night, night

pytestmark = pytest.mark.django_db
WEEK = 7 * 24.0


@pytest.fixture
def town() -> Iterator[Night]:
    with with_pack(), override("en"), night() as town:
        yield town


def ill(town: Night, number: int) -> list[int]:
    """Cases who fell ill yesterday, by person."""
    onset = clock.today() - timedelta(days=1)
    return [town.case(person=town.person(), onset_on=onset).person_id for _ in range(number)]


def searched(town: Night) -> Any:
    by = town.actor("investigator")
    done = jobs.run(actions.find_shared_places(by, town.outbreak).pk)
    assert done.state == "done", done.error
    found = queries.shared_places(by, town.outbreak)
    assert found is not None
    return found


def test_a_planted_source_stands_first_among_what_everybody_visits(town: Night) -> None:
    sick, well = ill(town, 4), town.people(30)
    town.stay(*((one, "diner", WEEK, WEEK - 2) for one in sick), (well[0], "diner", WEEK, WEEK - 2))
    town.stay(*((one, "mall", WEEK + 30 + at / 3, WEEK + 29 + at / 3) for at, one in enumerate([*sick, *well])))
    town.stay(*((one, f"home {one}", WEEK + 12, WEEK + 2) for one in [*sick, *well]))
    found = searched(town)
    assert (found.state, found.cases, found.without_stays) == ("done", 5, 1)
    first = found.rows[0]
    assert (first.place, len(first.cases)) == (town.places["diner"].code, 4)
    assert first.lift > 1 and first.from_at == clock.now() - timedelta(hours=WEEK)
    assert {one.place for one in found.rows} <= {town.places["diner"].code, town.places["mall"].code}, (
        "no home is shared"
    )


def test_what_was_after_the_onset_is_no_source(town: Night) -> None:
    sick = ill(town, 3)
    town.stay(*((one, "diner", 10, 8) for one in sick))
    assert searched(town).rows == ()


def test_it_takes_two_cases_and_the_right(town: Night) -> None:
    with pytest.raises(Conflict):
        actions.find_shared_places(town.actor("investigator"), town.outbreak)
    with pytest.raises(NotAllowed):
        actions.find_shared_places(town.actor("grid"), town.outbreak)
    with pytest.raises(NotFound):
        actions.find_shared_places(town.actor("investigator"), "0000000000")
    assert queries.shared_places(town.actor("investigator"), town.outbreak) is None


def test_the_page(town: Night) -> None:
    sick = ill(town, 3)
    town.stay(*((one, "diner", WEEK, WEEK - 2) for one in sick))
    client = Client()
    client.force_login(town.staff.accounts["investigator"])
    address = f"{reverse('web:exposure_places')}?outbreak={town.outbreak}"
    assert client.get(address).status_code == 200
    client.post(reverse("web:exposure_places"), {"outbreak": town.outbreak})
    assert "hx-trigger" in client.get(address).content.decode()
    jobs.run_waiting()
    assert "河口小馆" in client.get(address).content.decode()


def test_a_place_that_only_cases_told_of_is_named_without_a_likelihood(town: Night) -> None:
    sick = [town.case(person=town.person(), onset_on=clock.today() - timedelta(days=1)) for _ in range(3)]
    by = town.actor("investigator")
    for one in sick[:2]:
        since = clock.now() - timedelta(hours=WEEK)
        form = StayForm(from_at=since, to_at=since + timedelta(hours=2), place=town.places["diner"].code)
        actions.add_stay(by, one.code, form)
    town.stay(*((one.person_id, "mall", WEEK + 30, WEEK + 29) for one in sick))
    found = searched(town)
    assert [(one.name, len(one.cases), one.lift is None) for one in found.rows] == [
        ("江城广场", 3, False),
        ("河口小馆", 2, True),
    ]
    client = Client()
    client.force_login(town.staff.accounts["investigator"])
    page = client.get(reverse("web:exposure_places"), {"outbreak": town.outbreak}).content.decode()
    assert page.index("江城广场") < page.index("仅据病例自述") < page.index("河口小馆") and 'id="places-map"' in page
    drawn = client.get(reverse("web:exposure_places_map"), {"outbreak": town.outbreak}).json()["features"]
    assert [(one["properties"]["label"], one["properties"]["dashed"]) for one in drawn] == [("1", False), ("2", True)]
    client.force_login(town.staff.accounts["grid"])
    assert client.get(reverse("web:exposure_places_map"), {"outbreak": town.outbreak}).status_code in (403, 404)
