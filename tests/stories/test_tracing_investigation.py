"""The field investigation (流调): open for every case, held by a team, closed when nothing is owed; and the activity track."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Message
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.tracing import actions, queries
from fangxian.tracing.models import Activity, Investigation
from fangxian.tracing.schemas import StayForm
from tests.support.county import COUNTY, START, with_pack
from tests.support.tracers import Tracers, hand_on

pytestmark = pytest.mark.django_db
NOW = START + timedelta(hours=10)
FOUND = {
    "visited_at": "18:30",
    "findings": "met at a meal",
    "contacts_listed": "3",
    "risk_assessed": "medium",
    "report_file": "r.pdf",
}


@pytest.fixture
def town() -> Iterator[Tracers]:
    with with_pack(), override("en"), clock.at(NOW):
        yield Tracers.at(NOW)


def owed(town: Tracers) -> dict[str, Any]:
    (duty,) = [one for one in duties.of_subject("case", town.index.pk) if one.kind == "case.investigation"]
    return {step.key: step for step in duty.steps.all()}


def test_every_case_is_investigated_by_whoever_answers_for_its_place(town: Tracers) -> None:
    view = queries.investigation(town.actor("investigator"), town.index.code)
    assert view is not None
    assert (view.team_id, view.lead, view.opened_at, view.closed_at) == (town.cdc, "流调孙", NOW, None)
    assert owed(town)["on_site"].due_at == NOW + timedelta(hours=2)
    assert owed(town)["core"].due_at == NOW + timedelta(hours=4)
    Message.objects.update(delivered_at=None)
    hand_on()
    assert Investigation.objects.count() == 1, "told twice opens once"


def test_a_team_takes_over_with_the_open_steps(town: Tracers) -> None:
    team = registry.create_organisation(SYSTEM, "cdc", "市疾控流调队", COUNTY).pk
    by = town.actor("investigator")
    for post in ("grid", "other_investigator"):
        with pytest.raises((NotAllowed, NotFound)):
            actions.assign(town.actor(post), town.index.code, team)
    for nobody in ((10**9, None), (team, 10**9)):
        with pytest.raises((Invalid, NotFound)):
            actions.assign(by, town.index.code, *nobody)
    with pytest.raises(NotFound):
        actions.assign(by, "NOSUCHCASE", team)
    lead = town.staff.accounts["investigator"].pk
    found = actions.assign(by, town.index.code, team, lead, "the city sends its team")
    assert (found.team_id, found.lead_id) == (team, lead)
    assert {step.organisation_id for step in owed(town).values() if step.role == "investigator"} == {team}
    assert actions.assign(by, town.index.code, team, lead).pk == found.pk, "once more changes nothing"


def test_it_closes_when_nothing_is_owed_any_more(town: Tracers) -> None:
    by = town.actor("investigator")
    with pytest.raises(Conflict) as owing:
        actions.close_investigation(by, town.index.code, "infected at a family meal")
    assert "on_site" in str(owing.value.message)
    for key in ("on_site", "core", "contacts", "zones", "report"):
        duty_actions.complete(SYSTEM, owed(town)[key].pk, FOUND)
    with pytest.raises(Invalid):
        actions.close_investigation(by, town.index.code, "")
    with pytest.raises((NotAllowed, NotFound)):
        actions.close_investigation(town.actor("grid"), town.index.code, "infected at a family meal")
    assert actions.close_investigation(by, town.index.code, "infected at a family meal").closed_at == NOW
    with pytest.raises(Conflict):
        actions.close_investigation(by, town.index.code, "again")


def stay(hours: float, length: float = 1, **more: Any) -> StayForm:
    begin = NOW - timedelta(hours=hours)
    return StayForm(**{"place_text": "tea house", "from_at": begin, "to_at": begin + timedelta(hours=length), **more})


def test_the_track_is_in_order_and_says_what_is_doubtful_and_what_nobody_knows(town: Tracers) -> None:
    by = town.actor("investigator")
    home = registry.create_place(
        SYSTEM, registry.PlaceForm(kind="restaurant", name_zh="Noodle shop", area=COUNTY, lon=120.0, lat=30.0)
    )
    first = actions.add_stay(
        by, town.index.code, stay(30, 2, place=home.code, place_text="", masked=False, with_whom="two colleagues")
    )
    second = actions.add_stay(by, town.index.code, stay(29, 2, lon=120.01, lat=30.0))
    far = actions.add_stay(
        by, town.index.code, stay(26.5, 1, place_text="airport", lon=87.6, lat=43.8, source="ticket")
    )
    track = queries.track(by, town.index.code)
    assert [one.id for one in track.stays] == [first.pk, second.pk, far.pk]
    assert [one.place_name for one in track.stays] == ["Noodle shop", "tea house", "airport"]
    assert all(one.in_window for one in track.stays)
    assert [(one.kind, one.stays) for one in track.doubts] == [
        ("overlap", (first.pk, second.pk)),
        ("too_fast", (second.pk, far.pk)),
    ]
    assert track.window is not None
    assert track.unaccounted[0] == (track.window[0], first.from_at)
    assert track.unaccounted[-1] == (far.to_at, NOW)


def test_stays_are_corrected_and_taken_off(town: Tracers) -> None:
    by = town.actor("investigator")
    one = actions.add_stay(by, town.index.code, stay(30))
    edited = actions.edit_stay(by, one.pk, stay(28, place_text="tea house, upper floor"), "she called back")
    assert (edited.pk, edited.place_text, edited.from_at) == (
        one.pk,
        "tea house, upper floor",
        NOW - timedelta(hours=28),
    )
    with pytest.raises(Invalid):
        actions.remove_stay(by, one.pk, "")
    for act in (
        lambda who: actions.edit_stay(who, one.pk, stay(3), "asked again"),
        lambda who: actions.remove_stay(who, one.pk, "wrong"),
    ):
        for post in ("grid", "other_investigator"):
            with pytest.raises((NotFound, NotAllowed)):
                act(town.actor(post))
    actions.remove_stay(by, one.pk, "it was her sister")
    assert Activity.objects.count() == 0
    with pytest.raises(NotFound):
        actions.remove_stay(by, one.pk, "it was her sister")


def test_who_may_see_a_track_and_which_stays_cannot_be(town: Tracers) -> None:
    by = town.actor("investigator")
    for post in ("grid", "other_investigator"):
        with pytest.raises((NotFound, NotAllowed)):
            actions.add_stay(town.actor(post), town.index.code, stay(30))
        with pytest.raises((NotFound, NotAllowed)):
            queries.track(town.actor(post), town.index.code)
    for wrong, field in (
        (stay(30, -1), "to_at"),
        (stay(-1), "from_at"),
        (stay(30, place_text=" "), "place_text"),
        (stay(30, place_text="x" * 161), "place_text"),
        (stay(30, lon=200, lat=0), "lon"),
        (stay(30, lon=120), "lon"),
        (stay(30, source="rumour"), "source"),
    ):
        with pytest.raises(Invalid) as refused:
            actions.add_stay(by, town.index.code, wrong)
        assert refused.value.field == field
    with pytest.raises(NotFound):
        actions.add_stay(by, town.index.code, stay(30, place="NOSUCHPLAC"))
    left_out = actions.add_stays(by, town.index.code, [stay(30), stay(30, -1), stay(20)])
    assert [(index, one.field) for index, one in left_out] == [(1, "to_at")]
    assert Activity.objects.count() == 2
