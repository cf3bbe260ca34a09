"""The same person entered twice: found across scripts, merged or put before a person, and parted again without loss."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from fangxian.analytics import linkage
from fangxian.core import clock, journal, outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import actions, queries
from fangxian.registry.events import PersonsMerged, PersonsUnmerged
from fangxian.registry.models import Match, Person
from fangxian.registry.schemas import Found, PersonForm
from tests.support.town import EAST, NOW, VILLAGE, WEST, actor, citizen_id, settle, villager

pytestmark = pytest.mark.django_db
BORN = date(1988, 5, 4)


@pytest.fixture(autouse=True)
def town() -> Iterator[None]:
    with clock.at(NOW):
        settle()
        yield


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks) -> Iterator[list[outbox.Event]]:
    heard: list[outbox.Event] = []
    monkeypatch.setattr(
        outbox,
        "_handlers",
        {event.kind: [("test.told", event, heard.append)] for event in (PersonsMerged, PersonsUnmerged)},
    )
    with django_capture_on_commit_callbacks(execute=True):
        yield heard
    outbox.deliver()


def _enter(*forms: PersonForm) -> list[Person]:
    found = actions.register_many(SYSTEM, forms)
    rows = Person.objects.in_bulk(found)
    return [rows[pk] for pk in found]


@pytest.mark.parametrize(
    ("first", "second"),
    [("曾丽华", "Zeng Lihua"), ("Lihua Zeng", "Zeng, Lihua"), ("张伟", "章威")],
    ids=["characters and pinyin", "surname moved", "misheard"],
)
def test_a_sure_pair_is_merged_unasked_and_on_record(first: str, second: str):
    one, other = _enter(*(villager(name=name, birth_date=BORN, phones=("13812345678",)) for name in (first, second)))
    found = actions.find_matches(actor("reviewer", EAST), [other.pk])
    assert found == Found(compared=1, merged=1, waiting=0)
    assert queries.canonical([one.pk, other.pk]) == {one.pk: one.pk, other.pk: one.pk}
    assert journal.of("person", other.pk)[-1].action == "person.merged"
    match = Match.objects.get()
    assert match.state == Match.MERGED and match.probability > linkage.DEFAULT.merge_above
    assert actions.find_matches(SYSTEM).merged == 0, "what is decided is not decided again"


def test_a_doubtful_pair_waits_for_a_person_with_the_evidence(django_assert_max_num_queries):
    one, other = _enter(villager(name="王小明", birth_year=1988), villager(name="王晓明", birth_year=1988))
    assert actions.find_matches(SYSTEM, [one.pk]) == Found(compared=1, merged=0, waiting=1)
    assert actions.find_matches(SYSTEM, [other.pk]).waiting == 0, "it waits once"
    reviewer = actor("reviewer", EAST)
    with django_assert_max_num_queries(7):
        (pair,) = queries.waiting_matches(reviewer)
    assert {pair.first.id, pair.second.id} == {one.pk, other.pk}
    assert "name" in {reason["field"] for reason in pair.evidence}
    assert queries.waiting_matches(actor("reviewer", WEST)) == []
    assert actions.say_same(reviewer, pair.id, other.code, "called both").pk == other.pk
    assert queries.same_person(one.pk) == (other.pk, one.pk)
    assert queries.waiting_matches(reviewer) == []


def test_two_identity_cards_are_two_people_however_alike():
    twins = [
        villager(name="李明", birth_date=BORN, phones=("13812345678",), documents=(("", citizen_id(BORN, serial)),))
        for serial in (11, 13)
    ]
    one, _other = _enter(*twins)
    assert actions.find_matches(SYSTEM, [one.pk]).merged == 0
    (pair,) = queries.waiting_matches(SYSTEM)
    actions.say_different(actor("reviewer", EAST), pair.id, "twins")
    assert actions.find_matches(SYSTEM, [one.pk]) == Found(compared=1)
    assert queries.waiting_matches(SYSTEM) == []
    with pytest.raises(Conflict):
        actions.say_different(SYSTEM, pair.id, "twins")


def test_a_record_in_between_does_not_join_two_who_hold_different_cards():
    forms = [villager(name="李明", birth_date=BORN, phones=("13812345678",)) for _ in range(3)]
    cards = [(("", citizen_id(BORN, 11)),), (("", citizen_id(BORN, 13)),)]
    one, other, between = _enter(replace(forms[0], documents=cards[0]), replace(forms[1], documents=cards[1]), forms[2])
    actions.find_matches(SYSTEM)
    roots = queries.canonical([one.pk, other.pk, between.pk])
    assert roots[one.pk] != roots[other.pk]
    assert roots[between.pk] in (one.pk, other.pk)


def test_only_those_registered_since_are_looked_at():
    form = villager(name="曾丽华", birth_date=BORN, phones=("13812345678",))
    _enter(form)
    with clock.at(NOW + timedelta(hours=1)):
        _enter(form, villager(name="无关"))
        assert actions.find_matches(SYSTEM, since=NOW + timedelta(minutes=1)).merged == 1


def test_merging_tells_the_house_and_parting_tells_it_again(told: list[outbox.Event]):
    one, other = _enter(villager(name="甲"), villager(name="乙"))
    actions.merge(SYSTEM, one.code, other.code, "same face")
    actions.unmerge(SYSTEM, other.code, "brothers")
    outbox.deliver()
    assert told == [PersonsMerged(one.pk, other.pk), PersonsUnmerged(one.pk, other.pk)]


def test_parted_records_are_as_they_were_and_stay_apart():
    one, other = _enter(*(villager(name="曾丽华", birth_date=BORN, phones=("13812345678",)) for _ in range(2)))
    before = list(Person.objects.order_by("pk").values())
    assert actions.find_matches(SYSTEM).merged == 1
    merged = queries.cards([one.pk, other.pk])
    assert merged[other.pk].canonical == one.code and merged[one.pk].duplicates == (other.code,)
    actions.unmerge(actor("reviewer", EAST), other.code, "mother and daughter")
    assert list(Person.objects.order_by("pk").values()) == before
    assert actions.find_matches(SYSTEM) == Found(compared=1)


def test_what_cannot_be_merged_or_parted():
    one, other = _enter(villager(name="甲"), villager(name="乙"))
    with pytest.raises(Conflict):
        actions.merge(SYSTEM, one.code, one.code)
    with pytest.raises(Conflict):
        actions.unmerge(SYSTEM, one.code, "never merged")
    with pytest.raises(NotFound):
        actions.merge(SYSTEM, one.code, "NOSUCHCODE")
    actions.merge(SYSTEM, one.code, other.code)
    with pytest.raises(Conflict):
        actions.merge(SYSTEM, other.code, one.code)
    with pytest.raises(Invalid):
        actions.unmerge(SYSTEM, other.code, " ")
    with pytest.raises(NotFound):
        actions.say_different(SYSTEM, 10**6, "no such pair")


def test_choosing_the_record_to_go_on_with_is_a_choice_of_the_two():
    one, _other = _enter(villager(name="王小明", birth_year=1988), villager(name="王晓明", birth_year=1988))
    stranger = actions.register_person(SYSTEM, villager(name="赵六"))
    actions.find_matches(SYSTEM, [one.pk])
    (pair,) = queries.waiting_matches(SYSTEM)
    with pytest.raises(Invalid):
        actions.say_same(SYSTEM, pair.id, stranger.code)


def test_a_pair_across_counties_is_for_the_city_to_decide():
    form = villager(name="曾丽华", birth_date=BORN, phones=("13812345678",))
    one, _other = _enter(form, replace(form, area="990102001"))
    assert actions.find_matches(actor("reviewer", EAST), [one.pk]) == Found(compared=1, waiting=1)
    assert queries.waiting_matches(actor("reviewer", EAST)) == []
    (pair,) = queries.waiting_matches(actor("reviewer", "9901"))
    actions.say_same(actor("reviewer", "9901"), pair.id, one.code)


def test_the_list_of_pairs_page_by_page():
    names = [("王小明", "王晓明"), ("刘芳芳", "刘方方"), ("赵建国", "赵健国"), ("陈思雨", "陈思语")]
    people = _enter(*(villager(name=name, birth_year=1988) for pair in names for name in pair))
    assert actions.find_matches(SYSTEM, [one.pk for one in people]).waiting == 4
    whole = [pair.id for pair in queries.waiting_matches(SYSTEM)]
    seen: list[int] = []
    after = None
    while page := queries.waiting_matches(SYSTEM, VILLAGE, after=after, limit=3):
        seen += [pair.id for pair in page]
        after = (page[-1].probability, page[-1].id)
    assert seen == whole and len(whole) == 4
