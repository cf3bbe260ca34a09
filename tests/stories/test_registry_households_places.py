"""Households, places and organisations."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import h3  # type: ignore[import-untyped]
import pytest

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import actions, queries
from fangxian.registry.actions import PlaceForm
from fangxian.registry.models import Household, MatchKey, Person
from tests.support.town import CITY, EAST, NOW, TOWNSHIP, VILLAGE, WEST, actor, settle, villager

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town() -> Iterator[None]:
    with clock.at(NOW):
        settle()
        yield


class TestHouseholds:
    def test_people_move_in_out_and_one_is_the_head(self):
        one, two = (actions.create_household(SYSTEM, VILLAGE, f"河口村{n}号") for n in (1, 2))
        father, child = (
            actions.register_person(SYSTEM, villager(name=name, household=one.code)) for name in ("张大", "张小")
        )
        assert queries.household_members([one.pk, two.pk]) == {one.pk: [father.pk, child.pk], two.pk: []}
        actions.set_head(SYSTEM, one.code, father.code)
        actions.move_in(SYSTEM, two.code, father.code)
        assert queries.household_members([one.pk, two.pk]) == {one.pk: [child.pk], two.pk: [father.pk]}
        assert Household.objects.get(pk=one.pk).head is None, "who has moved away heads it no longer"
        moved = Person.objects.get(pk=father.pk)
        assert (moved.area, moved.address, moved.version) == (VILLAGE, "河口村2号", 2)
        actions.move_out(SYSTEM, father.code)
        assert queries.household_members([two.pk]) == {two.pk: []}
        assert Person.objects.get(pk=father.pk).address == "河口村2号"

    def test_moving_where_one_lives_already_or_out_of_nowhere_is_nothing(self):
        home = actions.create_household(SYSTEM, VILLAGE, "河口村1号")
        person = actions.register_person(SYSTEM, villager(household=home.code))
        actions.move_in(SYSTEM, home.code, person.code)
        assert Person.objects.get().version == 1
        actions.move_out(SYSTEM, person.code)
        actions.move_out(SYSTEM, person.code)
        assert Person.objects.get().version == 2

    def test_what_does_not_hold(self):
        home = actions.create_household(SYSTEM, VILLAGE, "河口村1号")
        guest = actions.register_person(SYSTEM, villager())
        with pytest.raises(Invalid):
            actions.set_head(SYSTEM, home.code, guest.code)
        with pytest.raises(NotFound):
            actions.move_in(SYSTEM, "NOSUCHCODE", guest.code)
        with pytest.raises(Invalid):
            actions.create_household(SYSTEM, VILLAGE, " ")

    def test_people_of_one_household_are_candidates_for_being_one(self):
        home = actions.create_household(SYSTEM, VILLAGE, "河口村1号")
        one = actions.register_person(SYSTEM, villager(name="张大", household=home.code))
        two = actions.register_person(SYSTEM, villager(name="Peter"))
        keys = lambda pk: set(MatchKey.objects.filter(person_id=pk).values_list("key", flat=True))  # noqa: E731
        assert not keys(one.pk) & keys(two.pk)
        actions.move_in(SYSTEM, home.code, two.code)
        assert keys(one.pk) & keys(two.pk)

    def test_the_households_of_an_area_page_by_page(self, django_assert_num_queries):
        made = [actions.create_household(SYSTEM, VILLAGE, f"{n}号").pk for n in range(5)]
        actions.create_household(SYSTEM, "990102001", "9号")
        worker = actor("grid_worker", EAST)
        with django_assert_num_queries(1):
            first = queries.households(worker, limit=3)
        assert [one.pk for one in first] == made[:3]
        assert [one.pk for one in queries.households(worker, TOWNSHIP, after=first[-1].pk)] == made[3:]
        assert queries.households(actor("resident", "")) == []


class TestPlaces:
    MARKET = PlaceForm(
        kind="market", name_zh="河口市场", area=TOWNSHIP, lon=120.15, lat=30.28, capacity=800, indoor=True
    )

    def test_a_place_has_a_cell_and_is_entered_once(self):
        place = actions.create_place(SYSTEM, self.MARKET)
        assert h3.get_resolution(place.cell) == 9
        assert h3.great_circle_distance(h3.cell_to_latlng(place.cell), (30.28, 120.15), unit="m") < 250
        assert actions.create_place(SYSTEM, self.MARKET).pk == place.pk
        assert queries.place(place.code.lower()).capacity == 800
        assert queries.place_ids([place.code, "NOSUCH"]) == {place.code: place.pk}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [({"kind": "cave"}, "kind"), ({"name_zh": ""}, "name_zh"), ({"lat": None}, "lat"), ({"lon": 200.0}, "lon"),
         ({"capacity": -1}, "capacity"), ({"area": "12x"}, "area")],
    )  # fmt: skip
    def test_what_cannot_be(self, changes: dict[str, Any], field: str):
        with pytest.raises(Invalid) as refused:
            actions.create_place(SYSTEM, replace(self.MARKET, **changes))
        assert refused.value.field == field

    def test_amending_moves_its_cell(self):
        place = actions.create_place(SYSTEM, self.MARKET)
        moved = actions.amend_place(SYSTEM, place.code, replace(self.MARKET, lon=120.5))
        assert moved.cell != place.cell
        with pytest.raises(NotFound):
            actions.amend_place(SYSTEM, "NOSUCHCODE", self.MARKET)

    def test_the_nearest_places_with_their_distance(self, django_assert_num_queries):
        for n in range(6):
            actions.create_place(SYSTEM, replace(self.MARKET, name_zh=f"店{n}", kind="shop", lat=30.28 + n * 0.005))
        actions.create_place(SYSTEM, self.MARKET)
        with django_assert_num_queries(1):
            found = queries.nearest(120.15, 30.2801, kinds=["shop"], within_m=1500)
        assert [place.name_zh for place, _far in found] == ["店0", "店1", "店2"]
        assert [round(far) for _place, far in found] == pytest.approx([11, 545, 1101], abs=3)  # 0.005° is 556 m
        assert len(queries.nearest(120.15, 30.28, limit=2)) == 2

    def test_places_are_found_by_area_kind_and_part_of_the_name(self):
        place = actions.create_place(SYSTEM, self.MARKET)
        assert queries.places(EAST, kind="market", text="市场") == [place]
        assert queries.places(WEST) == [] and queries.places(EAST, kind="shop") == []


class TestOrganisations:
    def test_made_renamed_closed(self):
        made = actions.create_organisation(
            SYSTEM, "clinic", "东县发热门诊", EAST, name_en="Dong clinic", phone="0571-1234"
        )
        assert queries.organisations(CITY, kind="clinic") == [made]
        with pytest.raises(Conflict):
            actions.create_organisation(SYSTEM, "clinic", "东县发热门诊", EAST)
        actions.rename_organisation(SYSTEM, made.pk, "东区发热门诊")
        assert queries.organisation(made.pk).name_zh == "东区发热门诊"
        assert queries.organisation_names([made.pk]) == {made.pk: "东区发热门诊"}
        actions.deactivate_organisation(SYSTEM, made.pk)
        assert queries.organisations(CITY, kind="clinic") == [] and queries.organisation_ids({made.pk}) == set()
        assert queries.organisations(CITY, kind="clinic", with_closed=True) != []

    def test_what_does_not_hold(self):
        for kind, name, area, field in (
            ("headquarters", "又一个", EAST, "kind"), ("circus", "马戏团", EAST, "kind"),
            ("cdc", "疾", EAST, "name_zh"), ("cdc", "疾控", "x", "area"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                actions.create_organisation(SYSTEM, kind, name, area)
            assert refused.value.field == field
        with pytest.raises(Invalid):
            actions.deactivate_organisation(SYSTEM, queries.headquarters(EAST).pk)
        with pytest.raises(NotFound):
            actions.rename_organisation(SYSTEM, 10**6, "无此单位")

    def test_one_that_people_still_work_for_is_not_closed(self):
        made = actions.create_organisation(SYSTEM, "cdc", "东县疾控中心", EAST)
        post = actions.appoint(SYSTEM, "reviewer", EAST, made.pk, name="王医生")
        with pytest.raises(Conflict):
            actions.deactivate_organisation(SYSTEM, made.pk)
        actions.end_appointment(SYSTEM, post.pk)
        actions.deactivate_organisation(SYSTEM, made.pk)
