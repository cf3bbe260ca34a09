"""Posts: who answers for a place, from the county to the door, and what is vacant."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fangxian.core import accounts, clock, outbox
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import actions, queries
from fangxian.registry.events import AppointmentEnded
from fangxian.registry.models import Organisation
from fangxian.registry.queries import Post, Responsibility
from fangxian.registry.schemas import Division
from tests.support.town import CITY, EAST, GRID, NOW, PROVINCE, TOWNSHIP, VILLAGE, WEST, actor, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def town() -> Iterator[None]:
    with clock.at(NOW):
        settle()
        yield


@pytest.fixture
def cdc() -> Organisation:
    return actions.create_organisation(SYSTEM, "cdc", "东县疾控中心", EAST)


def _hq(area: str) -> int:
    return queries.headquarters(area).pk


class TestWhoAnswers:
    def test_the_post_nearest_above_then_the_duty_officer_then_the_headquarters(self, cdc: Organisation):
        wang = accounts.create_account(SYSTEM, "wang", "王")
        assert Responsibility().of("reviewer", GRID) == Post(GRID, _hq(GRID), None)
        actions.appoint(SYSTEM, "duty_officer", CITY, _hq(CITY), name="值班室")
        assert Responsibility().of("reviewer", GRID) == Post(CITY, _hq(CITY), None)
        actions.appoint(SYSTEM, "reviewer", EAST, cdc.pk, account_id=wang.pk)
        assert Responsibility().of("reviewer", GRID) == Post(EAST, cdc.pk, wang.pk)
        assert Responsibility().of("reviewer", GRID, "city") == Post(CITY, _hq(CITY), None)
        assert Responsibility().of("reviewer", WEST) == Post(CITY, _hq(CITY), None)
        assert Responsibility().of("reviewer", "88") == Post("", _hq(""), None)
        assert Responsibility().of("reviewer", EAST, "nation") == Post("", _hq(""), None)

    def test_a_post_that_has_not_begun_or_has_ended_does_not_answer(self, cdc: Organisation):
        actions.appoint(SYSTEM, "lab", EAST, cdc.pk, name="早", begins_at=NOW + timedelta(days=1))
        actions.appoint(SYSTEM, "lab", EAST, cdc.pk, name="短", begins_at=NOW, ends_at=NOW + timedelta(hours=1))
        assert Responsibility().of("lab", EAST).organisation_id == cdc.pk
        with clock.at(NOW + timedelta(hours=2)):
            assert Responsibility().of("lab", EAST) == Post(EAST, _hq(EAST), None)

    def test_an_account_that_was_closed_leaves_its_organisation_to_answer(self, cdc: Organisation):
        wang = accounts.create_account(SYSTEM, "wang", "王")
        actions.appoint(SYSTEM, "reviewer", EAST, cdc.pk, account_id=wang.pk)
        accounts.deactivate(SYSTEM, wang.pk, "left")
        assert Responsibility().of("reviewer", EAST) == Post(EAST, cdc.pk, None)

    def test_without_any_headquarters_it_says_so(self):
        Organisation.objects.filter(kind="headquarters").delete()
        with pytest.raises(LookupError):
            Responsibility().of("reviewer", EAST)

    def test_one_report_costs_three_small_queries_and_a_county_two_more(self, django_assert_max_num_queries):
        grids = [f"{VILLAGE}{n:03}" for n in range(2, 400)]
        actions.import_divisions(SYSTEM, [Division(code=code, name="网格") for code in grids])
        with django_assert_max_num_queries(3):
            assert Responsibility().of("grid_worker", GRID).area == GRID
        with django_assert_max_num_queries(1 + 2 * 9):
            who = Responsibility()
            for code in grids:
                for role in ("grid_worker", "investigator"):
                    assert who.of(role, code, "grid").area == code
        whole, single = Responsibility(), {}
        for code in grids:
            single[code] = Responsibility().of("lab", code)
            assert whole.of("lab", code) == single[code], "read one by one or by the county, the answer is the same"


class TestAppointing:
    @pytest.mark.parametrize(
        ("role", "area", "values", "field"),
        [
            ("king", EAST, {"name": "王"}, "role"),
            ("reviewer", EAST, {}, "name"),
            ("reviewer", "9x", {"name": "王"}, "area"),
            ("reviewer", EAST, {"name": "王", "ends_at": NOW - timedelta(days=1)}, "ends_at"),
            ("grid_chief", VILLAGE, {"name": "王"}, "area"),
            ("county_leader", CITY, {"name": "王"}, "area"),
            ("household_keeper", VILLAGE, {"name": "王"}, "household"),
            ("household_keeper", WEST, {"name": "王", "household": "HOME"}, "household"),
        ],
    )
    def test_what_does_not_hold(self, cdc: Organisation, role: str, area: str, values: dict[str, Any], field: str):
        if values.get("household"):
            values = values | {"household": actions.create_household(SYSTEM, VILLAGE, "1号").code}
        with pytest.raises(Invalid) as refused:
            actions.appoint(SYSTEM, role, area, cdc.pk, **values)
        assert refused.value.field == field

    def test_the_same_twice_or_for_nobody(self, cdc: Organisation):
        actions.appoint(SYSTEM, "reviewer", EAST, cdc.pk, name="王")
        with pytest.raises(Conflict):
            actions.appoint(SYSTEM, "reviewer", EAST, cdc.pk, name="王")
        with pytest.raises(NotFound):
            actions.appoint(SYSTEM, "reviewer", EAST, 10**6, name="李")
        with pytest.raises(NotFound):
            actions.appoint(SYSTEM, "reviewer", EAST, cdc.pk, account_id=10**6)

    def test_ending_a_post_tells_those_who_must_find_a_new_owner(
        self, cdc: Organisation, monkeypatch, django_capture_on_commit_callbacks
    ):
        told: list[AppointmentEnded] = []
        monkeypatch.setattr(
            outbox, "_handlers", {AppointmentEnded.kind: [("test.told", AppointmentEnded, told.append)]}
        )
        wang = accounts.create_account(SYSTEM, "wang", "王")
        post = actions.appoint(SYSTEM, "reviewer", EAST, cdc.pk, account_id=wang.pk)
        assert [one.pk for one in queries.posts_of(wang.pk)] == [post.pk]
        with clock.at(NOW + timedelta(hours=1)), django_capture_on_commit_callbacks(execute=True):
            actions.end_appointment(actor("registrar", EAST), post.pk, "moved to the city")
        assert told == [AppointmentEnded(post.pk, "reviewer", EAST, wang.pk, cdc.pk)]
        with clock.at(NOW + timedelta(hours=2)):
            assert queries.posts_of(wang.pk) == []
            with pytest.raises(Conflict):
                actions.end_appointment(SYSTEM, post.pk)
        with pytest.raises(NotFound):
            actions.end_appointment(SYSTEM, 10**6)

    def test_the_posts_of_an_area(self, cdc: Organisation, django_assert_num_queries):
        for role in ("reviewer", "investigator", "lab"):
            actions.appoint(SYSTEM, role, EAST, cdc.pk, name="王")
        with django_assert_num_queries(1):
            found = queries.appointments(actor("leader", CITY), PROVINCE)
        assert [one.role for one in found] == ["reviewer", "investigator", "lab"]
        assert queries.appointments(actor("leader", WEST)) == []
        assert [one.role for one in queries.appointments(SYSTEM, EAST, role="lab")] == ["lab"]


class TestTheView:
    def test_four_levels_and_three_members_with_one_chief(self, django_assert_max_num_queries):
        office = actions.create_organisation(SYSTEM, "community", "河口镇政府", TOWNSHIP)
        home = actions.create_household(SYSTEM, VILLAGE, "1号")
        door = actions.create_household(SYSTEM, VILLAGE, "2号")
        for role, area, name, household in (
            ("county_leader", EAST, "县长赵", ""), ("township_cadre", TOWNSHIP, "镇长钱", ""), ("village_cadre", VILLAGE, "村官孙", ""),
            ("household_keeper", VILLAGE, "包户李", home.code), ("household_keeper", VILLAGE, "包户周", door.code),
            ("grid_chief", GRID, "指挥吴", ""), ("grid_worker", GRID, "网格郑", ""), ("grid_worker", GRID, "网格王", ""),
        ):  # fmt: skip
            actions.appoint(SYSTEM, role, area, office.pk, name=name, household=household, phone="13800000000")
        with django_assert_max_num_queries(4):
            view = queries.responsibility(actor("leader", CITY), GRID, household_id=home.pk)
        held = {post.role: [holder.name for holder in post.holders] for post in (*view.four_levels, *view.grid)}
        assert held == {
            "county_leader": ["县长赵"], "township_cadre": ["镇长钱"], "village_cadre": ["村官孙"], "household_keeper": ["包户李"],
            "grid_chief": ["指挥吴"], "grid_guide": [], "grid_worker": ["网格郑", "网格王"], "grid_guard": [],
        }  # fmt: skip
        assert [post.role for post in view.vacant] == ["grid_guide", "grid_guard"]
        assert view.four_levels[0].area_name == "东县" and view.four_levels[0].name == "包县领导"
        county = queries.responsibility(SYSTEM, EAST)
        assert [post.role for post in county.four_levels] == ["county_leader"] and county.grid == ()

    def test_which_grids_lack_which_post(self, django_assert_max_num_queries):
        other = f"{VILLAGE}002"
        actions.import_divisions(SYSTEM, [Division(code=other, name="第二网格")])
        for role in ("grid_chief", "grid_guide", "grid_worker", "grid_guard"):
            actions.appoint(SYSTEM, role, GRID, _hq(TOWNSHIP), name="王")
        actions.appoint(SYSTEM, "grid_worker", other, _hq(TOWNSHIP), name="李")
        with django_assert_max_num_queries(2):
            vacant = queries.vacant_posts(actor("leader", EAST), VILLAGE)
        assert [(post.area, post.role) for post in vacant] == [
            (VILLAGE, "village_cadre"), (other, "grid_chief"), (other, "grid_guide"), (other, "grid_guard"),
        ]  # fmt: skip
        assert vacant[1].area_name == "第二网格"
        assert len(queries.vacant_posts(SYSTEM, "", limit=2)) == 2
