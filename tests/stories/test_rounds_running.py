"""Rounds that go on, as the leader reads them: the goal's clock, who came, positive pools, clean rounds and what the rule still asks."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from fangxian.core import clock
from fangxian.laboratory.rounds import actions, queries, standing
from fangxian.laboratory.rounds.models import Round
from fangxian.laboratory.rounds.schemas import RoundForm
from tests.support.county import COUNTY, START, with_pack
from tests.support.laboratory import Laboratory
from tests.support.tracers import hand_on

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=1)


@pytest.fixture
def town() -> Iterator[Laboratory]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Laboratory.at(NOW)


class Held:
    """A round of some of the neighbours."""

    def __init__(self, town: Laboratory, people: list[str], row: Round | None = None) -> None:
        self.town, self.people, by = town, people, town.actor("officer")
        form = RoundForm(name_zh="一轮", name_en="A round", people=people, outbreak=town.outbreak)
        self.row = actions.start_round(by, (row or actions.plan_round(by, form)).code)

    def swab(self, code: str, *places: int, value: str = "") -> "Held":
        people = [self.people[place] for place in places]
        self.town.collect(code, people, **({"capacity": 5} if len(people) > 1 else {}))
        if value:
            self.town.tell(code, value)
        hand_on()
        return self

    def over(self) -> "Held":
        self.row = actions.end_round(self.town.actor("officer"), self.row.code, "到时")
        hand_on()
        return self

    def again(self) -> "Held":
        return Held(self.town, self.people, actions.another_round(self.town.actor("officer"), self.row.code))


def test_how_far_it_is_and_which_pools_are_positive(town: Laboratory) -> None:
    folk = town.neighbours
    row = Held(town, folk).swab("RUNPOOL001", 0, 1, 2, value="positive").swab("RUNPOOL002", 3, 4, value="negative").row
    Held(town, folk[:2])
    (first, second) = queries.running(town.actor("officer"), COUNTY)
    assert (first.round.code, first.pools, first.round.due_at) == (row.code, 1, NOW + timedelta(hours=24))
    told = first.round.count
    assert (told.people, told.tested, told.missing, told.waiting) == (10, 5, 5, 3), (
        "of the pool three wait for their own"
    )
    assert first.proposal is not None and first.proposal.what == "wait"
    assert (second.pools, second.round.count.tested) == (0, 0)
    assert queries.running(town.actor("officer"), COUNTY, limit=1) == [first]
    assert (
        not queries.any_running(town.actor("other_investigator")) and queries.running(town.actor("lab"), COUNTY) == []
    )


def test_clean_rounds_count_on_until_the_rule_is_met(town: Laboratory) -> None:
    clean = Held(town, town.neighbours[:3]).swab("RUNCLEAN01", 0, 1, 2, value="negative").over()
    ill = (
        Held(town, town.neighbours[5:8])
        .swab("RUNPOS0001", 0, value="positive")
        .swab("RUNNEG0001", 1, 2, value="negative")
    )
    ill.over()
    found = {one.round.code: one for one in queries.running(town.actor("officer"), COUNTY)}
    wanted = found[clean.row.code].wanted
    assert wanted == 3, "three in a row (rules of November 2022)"
    assert (found[clean.row.code].clean, found[ill.row.code].clean) == (1, 0), (
        "a positive of other people is none of its own"
    )
    with clock.at(NOW + timedelta(days=1)):
        second = clean.again()
        found = {one.round.code: one for one in queries.running(town.actor("officer"), COUNTY)}
        assert set(found) == {second.row.code, ill.row.code}, "what is decided on goes on no more"
        assert found[second.row.code].clean == 1, "one is over, the second is under way"
        rows = list(Round.objects.order_by("pk"))
        told = standing.series_of(rows)
        assert {pk: one[0] for pk, one in told.items()} == {row.pk: standing.proposal(row) for row in rows}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_leaders_page_and_the_wall_show_them(town: Laboratory, language: str) -> None:
    client = _opened(town, "officer", language)
    assert "/situation/rounds/" not in client.get("/situation/").content.decode(), "nothing to show"
    row = Held(town, town.neighbours).swab("RUNPOOL003", 0, 1, 2, value="positive").row
    for address in ("/situation/", "/situation/?wall=1"):
        assert f"/situation/rounds/?area={COUNTY}&amp;outbreak={town.outbreak}" in _asked(client, address)
    part = _asked(client, f"/situation/rounds/?area={COUNTY}&outbreak={town.outbreak}")
    assert f"/rounds/{row.code}/" in part
    assert ("clean rounds in a row" if language == "en" else "连续无阳性轮次") in part
    other = _asked(client, f"/situation/rounds/?area={COUNTY}&outbreak=OTHER")
    assert row.code not in other, "it is of another outbreak"
    assert _opened(town, "investigator", language).get("/situation/rounds/").status_code == 403


def _opened(town: Laboratory, post: str, language: str) -> Client:
    account = town.staff.accounts[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    return client


def _asked(client: Client, address: str) -> Any:
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(address)
    assert page.status_code == 200
    assert len(asked) <= 12, [one["sql"][:150] for one in asked]
    return page.content.decode()
