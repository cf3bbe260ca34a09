"""The night of a positive pool to noon: ten held, ten sampled alone, one case, nine free, 34 contacts housed in three classes that
never meet; and the page on which every clock of it is drawn."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from fangxian.cases import queries as cases
from fangxian.cases.schemas import CaseForm
from fangxian.command.clocks import Lane, from_tube_to_rooms
from fangxian.containment.isolation import actions as isolation
from fangxian.containment.isolation.forms import PlacementForm
from fangxian.core import clock
from fangxian.core.errors import Conflict, NotFound
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from fangxian.laboratory import actions, queries
from fangxian.laboratory.schemas import BoxForm
from fangxian.tracing import actions as tracing
from fangxian.tracing.schemas import ExposureForm
from tests.support import kept
from tests.support.county import START, with_pack
from tests.support.laboratory import Laboratory
from tests.support.tracers import books_agree, hand_on
from tests.support.wards import Wards

pytestmark = pytest.mark.django_db
EVENING = START + timedelta(hours=12)  # 20:00
POOL = "POOL000010"


class Both(Laboratory, Wards):
    """The county with its swab point, its laboratory, and a site with twenty rooms on each of three floors."""

    ROOMS = 20


@pytest.fixture
def town() -> Iterator[Both]:
    with with_pack(), override("en"), clock.at(EVENING):
        yield kept.once(("tube to rooms", EVENING), lambda: Both(EVENING))


def at(hours: int, minutes: int = 0) -> datetime:
    """An hour of the next day, local."""
    return START + timedelta(hours=16 + hours, minutes=minutes)


def night(town: Both) -> str:
    """From the swab to the case; the case's code."""
    town.collect(POOL, town.neighbours)
    box = actions.seal_box(town.actor("sampler"), BoxForm(tubes=[POOL], point=town.point, seal="A-77"))
    with clock.at(EVENING + timedelta(hours=1)):
        actions.hand_over_box(town.actor("sampler"), box.code, "司机赵 江A·10086")
        actions.receive_box(town.actor("lab"), box.code)
    with clock.at(at(2, 10)):
        town.tell(POOL, "positive", cts={"orf1ab": 31.2, "n": 29.8})
        hand_on()
    for minute in range(2):
        with clock.at(at(2, 13 + 2 * minute)):
            holds = [one for one in duties.my_steps(town.actor("grid")) if one.kind == "pool.followup"]
            for step in holds[: 5 if minute == 0 else None]:
                duty_actions.complete(town.actor("grid"), step.pk, {"phone_reached": True})
    with clock.at(at(4)):
        for place, code in enumerate(town.neighbours):
            town.collect(f"SINGLE{place:04}", [code], reason="retest", again=POOL)
    with clock.at(at(5, 50)):
        for place in range(10):
            told: dict[str, Any] = {"cts": {"orf1ab": 24.0, "n": 22.5}} if place == 3 else {}
            town.tell(f"SINGLE{place:04}", "" if told else "negative", **told)
        hand_on()
    with clock.at(at(6, 20)):
        case = actions.open_case(
            town.actor("investigator"), "SINGLE0003", CaseForm(person="", facts={"symptomatic": False})
        )
        hand_on()
    return case


def morning(town: Both, case: str) -> dict[str, list[str]]:
    """34 contacts are identified and told: close contacts, those of them with special needs, contacts of contacts; by class."""
    exposed: dict[str, Any] = {"setting": "home", "facts": {"household": True}}
    groups: dict[str, list[str]] = {"contact": [], "special": [], "contact2": []}
    with clock.at(at(7)):
        form = exposed | {"from_at": at(-6), "to_at": at(-4)}
        first = [
            tracing.expose(town.actor("investigator"), ExposureForm(person=town.person(), case=case, **form)).contact
            for _number in range(24)
        ]
        onward = form | {"facts": {"household": True, "higher_risk_contact": True}}
        second = [
            tracing.expose(
                town.actor("investigator"), ExposureForm(person=town.person(), contact_of=first[0], **onward)
            ).contact
            for _number in range(10)
        ]
        hand_on()
    with clock.at(at(8)):
        for place, contact in enumerate([*first, *second]):
            cls = "contact" if place < 20 else "special" if place < 24 else "contact2"
            more: dict[str, Any] = {"cls": "special", "needs": ("dialysis",)} if cls == "special" else {}
            groups[cls].append(isolation.tell(town.actor("grid"), PlacementForm(contact=contact, **more)).code)
    return groups


def housed(town: Both, groups: dict[str, list[str]]) -> None:
    """Everybody is brought, received, and led to a room: two classes through the east passage an hour apart, one through the west."""
    nurse, rooms = town.actor("nurse"), town.rooms()
    for cls, hour, floor in (("contact", 9, "A-3"), ("contact2", 9, "B-2"), ("special", 10, "A-2")):
        for place, code in enumerate(groups[cls], 1):
            with clock.at(at(hour)):
                isolation.bring(town.actor("grid"), code, town.ward)
                isolation.send(town.actor("grid"), code)
            with clock.at(at(hour, 40)):
                isolation.receive(nurse, code)
                isolation.keep_room(nurse, code, rooms[f"{floor}{place:02}"].id)
            with clock.at(at(hour + 1)):
                isolation.settle_in(nurse, code)


def test_from_the_tube_at_ten_past_two_to_the_rooms_at_noon(town: Both) -> None:
    case = night(town)
    groups = morning(town, case)
    assert {cls: len(found) for cls, found in groups.items()} == {"contact": 20, "special": 4, "contact2": 10}
    one, other = groups["contact"][0], groups["contact2"][0]
    with clock.at(at(8, 30)):
        for code in (one, other):
            isolation.bring(town.actor("grid"), code, town.ward)
            isolation.send(town.actor("grid"), code)
            isolation.receive(town.actor("nurse"), code)
        isolation.keep_room(town.actor("nurse"), one, town.rooms()["A-301"].id)
        with pytest.raises(Conflict) as refused:
            isolation.keep_room(town.actor("nurse"), other, town.rooms()["A-302"].id)
    assert refused.value.code == "kept_apart", "it cannot be entered, not merely warned of"
    groups["contact"].remove(one)
    groups["contact2"].remove(other)
    with clock.at(at(8, 40)):
        isolation.keep_room(town.actor("nurse"), one, town.rooms()["A-320"].id)
        isolation.settle_in(town.actor("nurse"), one)
        isolation.keep_room(town.actor("nurse"), other, town.rooms()["B-220"].id)
        isolation.settle_in(town.actor("nurse"), other)
    housed(town, groups)
    with clock.at(at(12)):
        hand_on()
        chain = from_tube_to_rooms(town.actor("chief"), POOL)
        assert (chain.people, chain.free, chain.positive, chain.cases) == (10, 9, 1, (case,))
        assert (chain.contacts, chain.housed, chain.crossings) == (34, 34, 0)
        lanes = {lane.key: lane for lane in chain.lanes}
        assert lanes["told"].times == (at(2, 10),)
        assert (lanes["held"].times[0], lanes["held"].times[-1], lanes["held"].of) == (at(2, 13), at(2, 15), 10)
        assert lanes["own"].times[-1] <= at(6) and not any(lane.late for lane in chain.lanes)
        assert {key: len(lane.times) for key, lane in lanes.items() if key.startswith("housed")} == {
            "housed-contact": 20, "housed-contact2": 10, "housed-special": 4,
        }  # fmt: skip
        assert max(at for lane in chain.lanes for at in lane.times) <= at(12)
        books_agree()
        _page(town, chain.lanes)


def _page(town: Both, lanes: Sequence[Lane]) -> None:
    address = f"/samples/{POOL}/clocks/"
    for language in ("en", "zh"):
        client = _opened(town, "chief", language)
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            page = client.get(address).content.decode()
        assert len(asked) <= 12, [one["sql"][:150] for one in asked]
        assert page.count("<circle") == sum(len(lane.times) for lane in lanes)
        assert "34 / 34" in page and "20 / 20" in page
    assert address in client.get(f"/samples/{POOL}/").content.decode()
    blind = _opened(town, "lab", "en").get(address).content.decode()
    assert "members told to stay" not in blind and "contacts identified" not in blind, "a laboratory reads tubes alone"
    assert _opened(town, "stranger", "en").get(address).status_code == 404


def _opened(town: Both, post: str, language: str) -> Client:
    account = town.staff.accounts[post]
    get_user_model().objects.filter(pk=account.pk).update(language=language)
    client = Client()
    client.force_login(account)
    return client


def test_who_may_not_see_a_part_of_the_chain_does_not_see_it_in_numbers_either(town: Both) -> None:
    night(town)
    lab = from_tube_to_rooms(town.actor("lab"), POOL)
    assert (lab.free, lab.positive, lab.cases, lab.contacts) == (0, 0, (), 0)
    assert [lane.of for lane in lab.lanes if lane.key in ("held", "alone", "own", "decided")] == [0, 0, 0, 0]
    with pytest.raises(NotFound):
        from_tube_to_rooms(town.actor("stranger"), POOL)
    with pytest.raises(NotFound):
        queries.pool_clocks(town.actor("other_lab"), POOL)
    assert cases.line_list(town.actor("chief")).rows
