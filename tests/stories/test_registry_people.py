"""People: entered once, shown masked, corrected without overwriting, revealed for a purpose that stays on record."""

import json
from collections.abc import Iterator
from datetime import date

import pytest
from django.utils import translation

from fangxian.core import clock, journal
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Entry
from fangxian.registry import actions, queries
from fangxian.registry.models import Alias, Document, MatchKey, Person, Phone
from fangxian.registry.schemas import PersonForm
from tests.support.town import EAST, NOW, VILLAGE, WEST, actor, citizen_id, settle, villager

pytestmark = pytest.mark.django_db
BORN = date(1990, 2, 28)
MAN = citizen_id(BORN, 123)


@pytest.fixture(autouse=True)
def town() -> Iterator[None]:
    with clock.at(NOW):
        settle()
        yield


def _held(person: Person) -> dict[str, list[str]]:
    card = queries.cards([person.pk])[person.pk]
    return {"documents": [number for _kind, number in card.documents], "phones": list(card.phones)}


def test_an_identity_number_fills_in_what_it_says_and_is_kept_sealed():
    person = actions.register_person(
        actor("clinic", EAST, 1), villager(documents=(("", MAN),), phones=("138 1234 5678",))
    )
    assert (person.sex, person.birth_date, person.birth_year, person.nationality) == ("male", BORN, 1990, "CHN")
    document, phone = Document.objects.get(), Phone.objects.get()
    assert (document.kind, document.masked, phone.masked) == ("citizen_id", f"3301**********{MAN[-4:]}", "138****5678")
    for sealed in (bytes(document.number_sealed), bytes(phone.number_sealed)):
        assert MAN.encode() not in sealed and b"13812345678" not in sealed
    assert MAN not in document.number_index
    assert person.pinyin == "zhangsanfeng"
    (line,) = journal.of("person", person.pk)
    assert (line.action, line.area) == ("person.registered", VILLAGE)
    assert "张" not in line.data and MAN not in line.data, "what can never be deleted must not hold personal data"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        (villager(documents=(("citizen_id", MAN[:-1] + ("1" if MAN[-1] != "1" else "2")),)), "documents"),
        (villager(documents=(("citizen_id", MAN),), sex="female"), "sex"),
        (villager(documents=(("citizen_id", MAN),), birth_date=date(1990, 2, 27)), "birth_date"),
        (villager(documents=(("citizen_id", MAN),), birth_year=1991), "birth_year"),
        (villager(documents=(("library_card", "12345"),)), "documents"),
        (villager(documents=(("other", "?!"),)), "documents"),
        (villager(phones=("12",)), "phones"),
        (villager(sex="unknown"), "sex"),
        (villager(nationality="China"), "nationality"),
        (villager(birth_date=date(2024, 3, 6)), "birth_date"),
        (villager(birth_date=BORN, birth_year=1989), "birth_year"),
        (villager(birth_year=1700), "birth_year"),
        (villager(area="9901010"), "area"),
        (villager(name="王" * 121), "name"),
        (villager(household="NOSUCHHOME"), "household"),
    ],
)
def test_what_cannot_be_right_is_refused_with_its_field_and_a_remedy(form: PersonForm, field: str):
    with pytest.raises(Invalid) as refused:
        actions.register_person(SYSTEM, form)
    assert refused.value.field == field
    assert str(refused.value.message)
    assert field == "household" or str(refused.value.remedy)
    assert not Person.objects.exists() and not Entry.objects.filter(action__startswith="person").exists()


def test_a_wrong_number_is_explained_in_the_readers_language():
    for language, word in (("zh-hans", "校验码"), ("en", "check digit")):
        with translation.override(language), pytest.raises(Invalid, match=word):
            actions.register_person(SYSTEM, villager(documents=(("citizen_id", MAN[:-1] + "0"),)))


def test_the_same_document_is_the_same_person_and_nothing_of_theirs_is_overwritten():
    first = actions.register_person(SYSTEM, villager(documents=(("citizen_id", MAN),), address="河口镇河口村1号"))
    again = actions.register_person(
        actor("investigator", WEST),
        villager(name="章三峰", area=WEST, documents=(("", MAN.lower()),), phones=("13900000000",)),
    )
    assert again.pk == first.pk
    kept = Person.objects.get()
    assert (kept.name, kept.area, kept.address) == ("张三丰", VILLAGE, "河口镇河口村1号")
    assert not Phone.objects.exists()


def test_the_document_of_a_merged_record_leads_to_the_one_that_stands_for_the_person():
    first = actions.register_person(SYSTEM, villager(documents=(("citizen_id", MAN),)))
    other = actions.register_person(SYSTEM, villager(name="张三峰"))
    actions.merge(SYSTEM, other.code, first.code)
    assert actions.register_person(SYSTEM, villager(documents=(("citizen_id", MAN),))).pk == other.pk


def test_foreign_passports_of_two_countries_may_share_a_number():
    german, thai, unknown = (
        actions.register_person(
            SYSTEM, villager(name=name, nationality=land, documents=(("foreign_passport", "C01X00T47"),))
        )
        for name, land in (("Anna Weber", "DEU"), ("Somchai", "THA"), ("Anna Weber", ""))
    )
    assert german.pk != thai.pk
    assert unknown.pk == german.pk, "a passport whose country is not known is taken for the first with its number"


def test_many_at_once_keep_their_order_and_meet_those_known_and_each_other():
    known = actions.register_person(SYSTEM, villager(documents=(("citizen_id", MAN),)))
    other = citizen_id(date(1970, 1, 5), 4)
    forms = [
        villager(name="甲乙"),
        villager(documents=(("citizen_id", other),), aliases=("小李",)),
        villager(documents=(("citizen_id", MAN),)),
        villager(documents=(("citizen_id", other),)),
    ]
    found = actions.register_many(SYSTEM, forms)
    assert found[2] == known.pk and found[1] == found[3] and len(set(found)) == 3
    assert Alias.objects.get().person_id == found[1]
    assert set(MatchKey.objects.values_list("person_id", flat=True)) == set(found)
    assert Entry.objects.filter(action="person.registered").count() == 3


def test_many_at_once_are_entered_wholly_or_not_at_all():
    with pytest.raises(Invalid) as refused:
        actions.register_many(SYSTEM, [villager(), villager(phones=("12",)), villager()])
    assert refused.value.detail == {"position": 1}
    assert not Person.objects.exists()


def test_somebody_of_whom_nothing_is_known_can_be_entered_where_the_finder_works():
    person = actions.register_person(actor("grid_worker", VILLAGE), PersonForm())
    assert (person.area, queries.names([person.pk])[person.pk] != "") == (VILLAGE, True)


def test_two_who_correct_at_once_the_second_is_told_who_changed_what():
    person = actions.register_person(SYSTEM, villager())
    actions.amend_person(actor("reviewer", EAST), person.code, 1, {"occupation": "教师"})
    with pytest.raises(Conflict) as refused:
        actions.amend_person(actor("investigator", EAST), person.code, 1, {"occupation": "医生"})
    assert "reviewer of 990101" in str(refused.value.message) and "occupation" in str(refused.value.message)
    assert Person.objects.get().occupation == "教师"
    assert actions.amend_person(SYSTEM, person.code, 2, {"occupation": "医生"}).version == 3


def test_a_correction_must_go_on_fitting_the_documents():
    person = actions.register_person(SYSTEM, villager(documents=(("citizen_id", MAN),)))
    for changes, field in (
        ({"sex": "female"}, "sex"),
        ({"birth_date": date(1980, 1, 1)}, "birth_date"),
        ({"height": 180}, "height"),
    ):
        with pytest.raises(Invalid) as refused:
            actions.amend_person(SYSTEM, person.code, 1, changes)
        assert refused.value.field == field
    assert Person.objects.get().version == 1


def test_correcting_adds_numbers_and_names_and_the_search_for_duplicates_follows():
    person = actions.register_person(SYSTEM, villager(birth_year=1990))
    before = set(MatchKey.objects.values_list("key", flat=True))
    changed = actions.amend_person(
        SYSTEM, person.code, 1,
        {"name": "章三丰", "phones": ("13812345678",), "documents": (("", MAN),), "aliases": ("老张",)}, "misheard",
    )  # fmt: skip
    assert (changed.version, changed.pinyin) == (2, "zhangsanfeng")
    assert _held(person) == {"documents": [f"3301**********{MAN[-4:]}"], "phones": ["138****5678"]}
    assert before < set(MatchKey.objects.values_list("key", flat=True))
    data = json.loads(journal.of("person", person.pk)[-1].data)
    filled_in = {"sex", "birth_date", "nationality"}  # by the identity number
    assert (
        set(data["fields"]) == {"aliases", "documents", "name", "phones", *filled_in} and data["reason"] == "misheard"
    )
    assert actions.amend_person(SYSTEM, person.code, 2, {"phones": ("13812345678",)}).version == 2, (
        "nothing new, nothing written"
    )


def test_a_document_of_somebody_else_is_not_added_and_the_two_are_named():
    holder = actions.register_person(SYSTEM, villager(documents=(("citizen_id", MAN),)))
    other = actions.register_person(SYSTEM, villager(name="李四"))
    with pytest.raises(Conflict, match=holder.code):
        actions.amend_person(SYSTEM, other.code, 1, {"documents": (("citizen_id", MAN),)})


def test_a_number_entered_wrongly_is_taken_away_with_a_reason():
    person = actions.register_person(SYSTEM, villager(phones=("13812345678",)))
    phone = Phone.objects.get()
    with pytest.raises(Invalid):
        actions.withdraw(SYSTEM, person.code, "phone", phone.pk, "")
    with pytest.raises(NotFound):
        actions.withdraw(SYSTEM, person.code, "document", phone.pk, "wrong person")
    actions.withdraw(SYSTEM, person.code, "phone", phone.pk, "wrong person")
    assert not Phone.objects.exists() and Person.objects.get().version == 2


def test_a_card_shows_enough_to_tell_two_apart_and_not_enough_to_find_either():
    person = actions.register_person(
        SYSTEM,
        villager(
            documents=(("", MAN),), phones=("13812345678",), address="东县河口镇河口村3组12号", aliases=("张老三",)
        ),
    )
    card = queries.person(actor("leader", "9901"), person.code)
    assert (card.name, card.age, card.sex) == ("张**", 34, "male")
    assert card.address == "东县河口镇河口村***" and card.aliases == ("张**",)
    shown = repr(card)
    for secret in ("三丰", "老三", MAN, "1234", "12号", "1990"):
        assert secret not in shown


def test_a_look_needs_a_purpose_and_a_reason_and_the_person_sees_it():
    person = actions.register_person(SYSTEM, villager(documents=(("", MAN),), phones=("13812345678",)))
    nurse = actor("investigator", EAST)
    for fields, purpose, reason in (
        (["name"], "curiosity", "to know"), (["name"], "investigation", ""), ([], "care", "to call"), (["faith"], "care", "to call"),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            actions.reveal(nurse, person.code, fields, purpose, reason)
    assert queries.access_history(SYSTEM, person.code) == []
    seen = actions.reveal(
        nurse, person.code, ["name", "documents", "phones", "birth_date"], "investigation", "first interview"
    )
    assert seen == {
        "name": "张三丰", "documents": [("citizen_id", MAN)], "phones": ["+8613812345678"], "birth_date": BORN
    }  # fmt: skip
    resident = actor("resident", "", person_id=person.pk)
    (look,) = queries.access_history(resident, person.code)
    assert (look.who, look.purpose, look.reason, look.at) == (nurse.name, "investigation", "first interview", NOW)
    assert look.fields == ("name", "documents", "phones", "birth_date")


def test_looks_at_a_merged_record_are_in_the_history_of_the_person():
    person = actions.register_person(SYSTEM, villager())
    other = actions.register_person(SYSTEM, villager(name="张三峰"))
    actions.reveal(SYSTEM, other.code, ["name"], "matching", "compare the two")
    actions.merge(SYSTEM, person.code, other.code)
    assert len(queries.access_history(actor("auditor", "99"), person.code)) == 1
    assert len(queries.access_history(actor("resident", "", person_id=other.pk), person.code)) == 1


def test_residents_see_their_own_record_and_nobody_elses():
    mine, other = (actions.register_person(SYSTEM, villager(name=name)) for name in ("张三丰", "李四"))
    resident = actor("resident", "", person_id=mine.pk)
    assert queries.person(resident, mine.code).id == mine.pk
    assert actions.reveal(resident, mine.code, ["name"], "own_request", "my own data") == {"name": "张三丰"}
    with pytest.raises(NotFound):
        queries.person(resident, other.code)
    with pytest.raises(NotFound):
        queries.access_history(resident, other.code)
    with pytest.raises(NotAllowed):
        actions.reveal(resident, other.code, ["name"], "own_request", "curious")


def test_the_stage_that_knows_the_person_by_a_case_may_open_them_for_its_own_area():
    person = actions.register_person(SYSTEM, villager(area=WEST))
    investigator = actor("investigator", EAST)
    with pytest.raises(NotAllowed):
        actions.reveal(investigator, person.code, ["name"], "investigation", "case here")
    assert (
        actions.reveal(investigator, person.code, ["name"], "investigation", "case here", under=EAST)["name"]
        == "张三丰"
    )
    with pytest.raises(NotFound):
        queries.person(investigator, person.code)
    assert queries.person(investigator, person.code, known=True).code == person.code
    with pytest.raises(NotAllowed):
        actions.reveal(investigator, person.code, ["name"], "investigation", "case there", under=WEST)


def test_a_line_list_is_revealed_with_one_line_a_person():
    people = actions.register_many(SYSTEM, [villager(name=f"张{char}") for char in "甲乙丙丁"])
    seen = actions.reveal_many(actor("reviewer", EAST), people, ["name"], "quality", "export for the city")
    assert [seen[pk]["name"] for pk in people] == ["张甲", "张乙", "张丙", "张丁"]
    assert Entry.objects.filter(action="person.revealed").count() == 4


class TestSearch:
    """By the beginning of a name or its pinyin, by a whole number, by code; within the actor's areas; page by page."""

    @pytest.fixture(autouse=True)
    def people(self) -> None:
        names = ["张伟", "张伟丽", "章威", "欧阳娜娜", "单雄信", "李张伟"]
        actions.register_many(SYSTEM, [villager(name=name) for name in names])
        actions.register_many(
            SYSTEM,
            [
                villager(name="Maria de Souza", nationality="BRA", documents=(("foreign_passport", "FX123456"),)),
                villager(name="张伟", area=WEST, documents=(("", MAN),), phones=("13812345678",)),
            ],
        )

    @staticmethod
    def _found(text: str, area: str = "9901") -> list[str]:
        page = queries.search(actor("investigator", area), text)
        named = dict(Person.objects.values_list("pk", "name"))
        return [named[card.id] for card in page.people]

    def test_by_the_beginning_of_a_name(self):
        assert self._found("张伟") == ["张伟", "张伟", "张伟丽"]
        assert self._found("张伟", EAST) == ["张伟", "张伟丽"]
        assert self._found("丽") == []

    def test_by_pinyin_with_surnames_as_they_are_read(self):
        assert self._found("Zhang Wei") == ["张伟", "章威", "张伟", "张伟丽"]
        assert self._found("ouyang") == ["欧阳娜娜"]
        assert self._found("shanx") == ["单雄信"]
        assert self._found("MARIA") == ["Maria de Souza"]

    def test_by_a_whole_number_only(self):
        assert self._found(MAN) == ["张伟"] and self._found(MAN, EAST) == []
        assert self._found("+86 138-1234-5678") == ["张伟"] and self._found("1381234") == []
        assert self._found("fx123456") == ["Maria de Souza"]

    def test_by_code_however_it_is_typed(self):
        code = Person.objects.get(name="单雄信").code
        assert self._found(f" {code[:5].lower()} {code[5:]}") == ["单雄信"]

    def test_nobody_is_found_without_the_right_or_the_text(self):
        assert queries.search(actor("resident", ""), "张").people == ()
        assert queries.search(actor("clinic", EAST, 1), "张").people == ()
        assert queries.search(SYSTEM, "  ").people == ()

    def test_pages_follow_each_other_without_gap_or_repetition(self):
        whole = [card.id for card in queries.search(SYSTEM, "zhang").people]
        assert len(whole) == 4
        for size in (1, 2, 3, 4):
            seen: list[int] = []
            page = queries.search(SYSTEM, "zhang", limit=size)
            while True:
                seen += [card.id for card in page.people]
                if page.after is None:
                    break
                page = queries.search(SYSTEM, "zhang", limit=size, after=page.after)
            assert seen == whole

    def test_however_many_are_found_the_queries_are_as_few(self, django_assert_max_num_queries):
        for start in range(0, 200, 50):
            actions.register_many(
                SYSTEM,
                [villager(name=f"赵{chr(0x4E00 + start + n)}", phones=(f"139{start + n:08}",)) for n in range(50)],
            )
        with django_assert_max_num_queries(8):
            assert len(queries.search(actor("reviewer", EAST), "赵").people) == 50
        with django_assert_max_num_queries(8):
            assert len(queries.search(actor("reviewer", EAST), "13900000007").people) == 1

    def test_a_merged_record_leads_to_the_person(self):
        kept, other = Person.objects.get(name="张伟", area=VILLAGE), Person.objects.get(name="章威")
        actions.merge(SYSTEM, kept.code, other.code)
        assert [card.id for card in queries.search(SYSTEM, "章威").people] == [kept.pk]
        assert [card.id for card in queries.search(actor("reviewer", EAST), "zhangwei").people].count(kept.pk) == 1


def test_what_protocols_ask_is_read_for_many_in_one_query(django_assert_num_queries):
    people = actions.register_many(SYSTEM, [villager(birth_year=1980), villager(documents=(("", MAN),))])
    with django_assert_num_queries(1):
        traits = queries.traits(people)
    assert traits[people[0]].age_on(date(2024, 1, 1)) == 44
    assert [traits[people[1]].age_on(day) for day in (date(2024, 2, 27), date(2024, 2, 28))] == [33, 34]
    codes = dict(Person.objects.values_list("pk", "code"))
    assert {one.id for one in queries.by_codes([codes[people[0]].lower(), "NOSUCH"]).values()} == {people[0]}
