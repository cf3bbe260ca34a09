"""The lake knows people by random numbers; the way back needs a right, a purpose, and is seen by whom it concerns."""

from collections.abc import Iterator
from datetime import date

import pytest

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Invalid, NotAllowed
from fangxian.core.models import Entry
from fangxian.registry import actions, queries
from fangxian.registry.models import LakeKey, Person
from tests.support.town import EAST, NOW, actor, citizen_id, settle, villager

pytestmark = pytest.mark.django_db
SOURCE = actor("stay_source", EAST)


@pytest.fixture(autouse=True)
def town() -> Iterator[None]:
    with clock.at(NOW):
        settle()
        yield


def people(number: int) -> list[int]:
    return actions.register_many(SYSTEM, [villager(name=f"村民{one}") for one in range(number)])


def test_a_key_is_given_once_and_says_nothing():
    ids = people(200)
    keys = actions.lake_keys(SOURCE, ids[:150])
    assert actions.lake_keys(SOURCE, ids) | keys == actions.lake_keys(SOURCE, ids)
    given = list(actions.lake_keys(SOURCE, ids).values())
    assert len(set(given)) == 200 and min(given) > 0 and max(given) < 2**32
    assert given != sorted(given) and max(given) > 2**30, "in no order, and from the whole range"


def test_merged_records_are_one_person_in_the_lake():
    first, second, third = people(3)
    codes = dict(Person.objects.values_list("pk", "code"))
    before = actions.lake_keys(SOURCE, [first, second])
    actions.merge(SYSTEM, codes[first], codes[second], "同一人")
    root = queries.canonical([first])[first]
    keys = actions.lake_keys(SOURCE, [first, second, third])
    assert keys[first] == keys[second] == before[root]
    assert set(queries.lake_keys_of([second])[second]) == set(before.values()), (
        "what was sent under the other is theirs too"
    )
    opened = actions.open_keys(actor("investigator"), list(before.values()), "investigation")
    assert set(opened.values()) == {root}


def test_opening_needs_right_and_purpose_and_the_person_sees_it():
    (one,) = people(1)
    key = actions.lake_keys(SOURCE, [one])[one]
    for other in ("stay_source", "clinic", "grid_worker", "registrar", "leader"):
        with pytest.raises(NotAllowed):
            actions.open_keys(actor(other), [key], "investigation")
    with pytest.raises(Invalid):
        actions.open_keys(actor("investigator"), [key], "curiosity")
    assert not Entry.objects.filter(action="person.traced").exists()
    assert actions.open_keys(actor("investigator"), [key, 7], "investigation", "与病例同车") == {key: one}
    (look,) = queries.access_history(SYSTEM, Person.objects.get(pk=one).code)
    assert (look.purpose, look.fields, look.reason) == ("investigation", ("stays",), "与病例同车")
    assert str(key) not in Entry.objects.get(action="person.traced").data


def test_labels_of_a_source_lead_to_people_and_faulty_ones_to_nobody():
    number = citizen_id(date(1990, 2, 28), 123)
    known = actions.register_person(SYSTEM, villager(documents=(("", number),), phones=("13812345678",)))
    for name in ("甲", "乙"):
        actions.register_person(SYSTEM, villager(name=name, phones=("13900000001",)))
    other = citizen_id(date(1991, 2, 28), 124)
    first, second, none = actions.keys_of_labels(SOURCE, "id_number", [number, other, "330106199002281111"])
    assert first == LakeKey.objects.get(person=known).key and second and none == 0
    entered = LakeKey.objects.get(key=second).person
    assert (entered.name, entered.area, entered.birth_year) == ("", EAST, 1991)
    spelt = actions.keys_of_labels(SOURCE, "phone", ["13700000009", "137-0000-0009"])
    assert spelt[0] == spelt[1] != 0, "one number, however it is written, is one person"
    by_phone = actions.keys_of_labels(SOURCE, "phone", ["138 1234 5678", "13900000001", "13700000002", "12"])
    assert (by_phone[0], by_phone[1], by_phone[3]) == (first, 0, 0) and by_phone[2]
    assert actions.keys_of_labels(SOURCE, "code", [known.code.lower(), "0000000000"]) == [first, 0]
    twice = [actions.keys_of_labels(SOURCE, "source_record", ["gate:7", "gate:8"]) for _time in range(2)]
    assert twice[0] == twice[1] and len(set(twice[0])) == 2
    with pytest.raises(Invalid):
        actions.keys_of_labels(SOURCE, "name", ["张三"])


def test_forgotten_keys_lead_nowhere():
    first, second = people(2)
    keys = actions.lake_keys(SOURCE, [first, second])
    assert actions.forget_keys(SYSTEM, [keys[first]]) == 1
    assert actions.open_keys(actor("investigator"), list(keys.values()), "investigation") == {keys[first]: first}
    assert actions.lake_keys(SOURCE, [second])[second] != keys[second]
