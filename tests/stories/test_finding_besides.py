"""Who was beside a case otherwise than at a place: fellow travellers by their seats, companions by the cell of the grid."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import override_settings
from django.utils.translation import override

from fangxian.core.access import SYSTEM
from fangxian.duties import packs
from fangxian.duties import queries as duties
from fangxian.registry import actions as registry
from fangxian.registry.actions import PlaceForm
from fangxian.tracing import actions, queries
from fangxian.tracing.finds import SearchForm
from fangxian.tracing.models import Candidate, Contact
from fangxian.tracing.schemas import StayForm
from tests.support.county import COUNTY, with_pack
from tests.support.night import NOW, Night, by_person, night
from tests.support.tracers import books_agree, hand_on

pytestmark = pytest.mark.django_db
CHENGDU = "chengdu-2021-11"


@pytest.fixture
def town() -> Iterator[Night]:
    with with_pack(), override("en"), night() as town:
        yield town


@pytest.fixture
def chengdu(monkeypatch: pytest.MonkeyPatch) -> Iterator[Night]:
    """The county under the rule of companions."""
    monkeypatch.setattr(packs, "_covers", lambda overlay, base: ("CN",) if base == "covid-19-cn-8" else ())
    with with_pack(), override("en"), override_settings(OVERLAYS=(CHENGDU,)), night("covid-19-cn-8") as town:
        yield town


def test_fellow_travellers_are_contacts_by_their_seats(town: Night) -> None:
    behind, far, other, later, unseated = town.people(5)
    town.stay(
        (town.patient, "CA1646/31A", 30, 28), (behind, "CA1646/33F", 30, 28), (far, "CA1646/40C", 30, 28),
        (other, "CA1647/31B", 30, 28), (later, "CA1646/31B", 6, 4), (unseated, "CA1646", 30, 28),
    )  # fmt: skip
    by, search = town.actor("investigator"), town.search()
    found = by_person(search)
    assert set(found) == {behind, far, unseated}, "the next day's flight of the number, and another flight, are others"
    assert (found[behind].category, found[behind].basis.split()[1]) == ("contact", "contact.aircraft")
    assert {found[far].category, found[unseated].category} == {"exposed"}, "aboard, but not within three rows"
    line = queries.candidate(by, queries.search(by, search.code), found[behind].pk)
    (meeting,) = line.meetings
    assert (meeting.place_name, meeting.minutes, meeting.category) == ("aboard CA1646", 120, "contact")
    ranks = [found[person].rank for person in (unseated, behind, far)]
    assert ranks == [1, 2, 3], "who may have sat anywhere first, then two rows away before nine"
    assert actions.confirm(by, search.code, [found[behind].pk]).done == 1
    hand_on()
    contact = Contact.objects.get(person_id=behind)
    assert (contact.category, contact.facts["rows_apart"], contact.facts["transport"]) == ("contact", 2, "aircraft")
    assert {duty.kind for duty in duties.of_subject("contact", contact.pk)} >= {"contact.observation"}
    books_agree()


def test_whom_a_near_passenger_met_next_is_looked_for_and_a_far_ones_friends_are_not(town: Night) -> None:
    near, far, friend, stranger = town.people(4)
    town.stay(
        (town.patient, "G1234/03车07F", 30, 26), (near, "G1234/3车12A", 28, 26), (far, "G1234/8车07F", 30, 26),
        (near, "diner", 20, 17), (friend, "diner", 20, 17), (far, "office", 20, 17), (stranger, "office", 20, 17),
    )  # fmt: skip
    found = by_person(town.search())
    assert {person: one.ring for person, one in found.items()} == {near: 1, far: 1, friend: 2}
    assert found[near].first_at == NOW - timedelta(hours=28), "from where the later of the two got on"


def test_a_journey_told_in_the_interview_finds_the_passengers(town: Night) -> None:
    (beside,) = town.people(1)
    town.stay((beside, "大巴 川A12345/2A", 29, 27))
    by = town.actor("investigator")
    told = StayForm(
        from_at=NOW - timedelta(hours=29), to_at=NOW - timedelta(hours=27), place_text="大巴 川A12345/1B", place_kind="vehicle"
    )  # fmt: skip
    actions.add_stay(by, town.index.code, told)
    (one,) = Candidate.objects.filter(search=town.search())
    assert (one.person_id, one.basis.split()[1]) == (beside, "contact.coach")


def test_companions_are_named_where_the_local_rule_is_in_force(chengdu: Night) -> None:
    far = registry.create_place(SYSTEM, PlaceForm(kind="home", name_zh="远村", area=COUNTY, lon=112.2, lat=3.9)).code
    resident, passer, brief, away, guest = chengdu.people(5)
    chengdu.stay(
        (chengdu.patient, "office", 30, 27), (resident, "home", 200, 165), (resident, "street", 28, 27.8),
        (passer, "street", 28, 27.7), (brief, "home", 160, 120), (brief, "street", 27.1, 26.5), (away, far, 80, 10),
        (chengdu.patient, "mall", 20, 18), (guest, "mall", 20, 18), (guest, "home", 100, 65),
    )  # fmt: skip
    search = chengdu.search()
    found = by_person(search)
    assert set(found) == {resident, guest}, (
        "the resident dwells in the cell; who passed does not, nor does the patient; six minutes are too few; another cell is another"
    )
    one = found[resident]
    assert (one.category, one.basis.split()[1], one.minutes) == ("companion", "companion.signal", 12)
    assert one.rank == 2 and one.risk is None, "after whoever met somebody"
    assert found[guest].category == "general" and len(found[guest].meetings) == 1, "one shop tells more than one cell"
    by = chengdu.actor("investigator")
    (meeting,) = queries.candidate(by, queries.search(by, search.code), one.pk).meetings
    assert (
        meeting.lon is not None and abs(meeting.lon - 112.0) < 0.01 and meeting.place_name.startswith("the cell around")
    )
    assert "Chengdu" in meeting.clause.en
    assert actions.confirm(by, search.code, [one.pk]).done == 1
    hand_on()
    contact = Contact.objects.get(person_id=resident)
    assert contact.category == "companion" and contact.facts["stay_hours_14d"] == pytest.approx(35.2)
    assert [duty.kind for duty in duties.of_subject("contact", contact.pk)] == ["companion.testing"]
    books_agree()


def test_positions_of_telephones_lie_in_cells_without_any_register(chengdu: Night) -> None:
    (neighbour,) = chengdu.people(1)
    chengdu.stay((chengdu.patient, "112.50010,3.90010", 30, 28), (neighbour, "112.50020,3.90020", 80, 29))
    (one,) = by_person(chengdu.search()).values()
    assert (one.person_id, one.category, one.minutes) == (neighbour, "companion", 60)


def test_what_will_be_done_names_the_rule_of_companions_only_where_there_is_one(chengdu: Night) -> None:
    plan = queries.plan(chengdu.actor("investigator"), SearchForm(cases=[chengdu.index.code], why=""))
    told = {one.key: (one.number, one.unit.en) for one in plan.values}
    assert (told["grid_minutes"], told["stay_hours"]) == ((10.0, "min"), (30.0, "h"))
    with override_settings(OVERLAYS=()):
        plan = queries.plan(chengdu.actor("investigator"), SearchForm(cases=[chengdu.index.code], why=""))
        assert "grid_minutes" not in {one.key for one in plan.values}
        chengdu.stay(
            (chengdu.patient, "112.50010,3.90010", 30, 28),
            *((one, "112.50020,3.90020", 80, 29) for one in chengdu.people(1)),
        )
        assert by_person(chengdu.search()) == {}


def test_places_are_named_in_the_language_of_the_reader_where_the_register_has_it(town: Night) -> None:
    place = registry.create_place(
        SYSTEM, PlaceForm(kind="restaurant", name_zh="江边茶馆", name_en="River tea house", area=COUNTY)
    )
    (guest,) = town.people(1)
    town.stay((town.patient, place.code, 30, 28), (guest, place.code, 30, 28))
    by, search = town.actor("investigator"), town.search()
    for language, name in (("en", "River tea house"), ("zh-hans", "江边茶馆")):
        with override(language):
            (row,) = queries.found(by, queries.search(by, search.code))
            assert row.places == (name,)
