"""Lockdown, control and precaution zones (封控区、管控区、防范区) of the 8th edition's time; high-risk buildings of the twenty measures."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.schemas import UnitForm, ZoneForm
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from fangxian.tracing import actions as tracing
from fangxian.tracing.schemas import ExposureForm
from tests.support.quarter import EIGHTH, LAT, LON, Quarter, actor, box
from tests.support.tracers import books_agree, hand_on

pytestmark = pytest.mark.django_db
START = datetime(2022, 3, 20, 2, tzinfo=UTC)
CHIEF = actor("leader", "9901", "指挥长")


def in_force(code: str, version: int) -> None:
    actions.publish(CHIEF, code, actions.decide(CHIEF, code, version, True).version)


class TestThreeZones:
    @pytest.fixture(autouse=True)
    def eighth(self, settings: Any) -> None:
        settings.PACKS = [EIGHTH]

    def test_home_is_locked_down_and_a_venue_is_controlled_where_tracing_is_hard(self):
        with clock.at(START):
            quarter = Quarter.now(EIGHTH)
            case = quarter.case("A1")
            quarter.stay(case, "cafe", START - timedelta(hours=9), 60)
            assert [row.level for row in queries.proposals(CHIEF)] == ["lockdown"], "nobody said that tracing is hard"
            other = quarter.case("B1", facts={"tracing_hard": True})
            quarter.stay(other, "cafe", START - timedelta(hours=9), 60)
            rows = {row.level: row for row in queries.proposals(CHIEF) if "餐馆" in row.name.zh}
            assert set(rows) == {"control"}
            for row in queries.proposals(CHIEF):
                in_force(row.code, row.version)
            (around,) = queries.proposals(CHIEF)
            assert (around.level, around.area) == ("precaution", "990101")
            kinds = {
                row.level: {duty.kind for duty in duties.of_subject("zone", row.id)}
                for row in queries.zones(CHIEF).rows
                if row.state == "in_force"
            }
            assert "zone.lockdown.testing" in kinds["lockdown"] and "zone.control.testing" in kinds["control"]
            books_agree()

    def test_lifted_after_fourteen_days_with_the_last_contact_and_a_round_of_two_days(self):
        with clock.at(START):
            quarter = Quarter.now(EIGHTH)
            case = quarter.case("A1")
            (row,) = queries.proposals(CHIEF)
            in_force(row.code, row.version)
        with clock.at(START + timedelta(days=3)):
            met = clock.now() - timedelta(hours=2)
            judged = tracing.expose(
                SYSTEM,
                ExposureForm(
                    person=quarter.resident("A2"), case=case.code, from_at=met, to_at=met + timedelta(hours=1), setting="home",
                    facts={"household": True, "in_window": True},
                ),
            )  # fmt: skip
            hand_on()
            assert judged.category == "contact"
        with clock.at(START + timedelta(days=14)):
            (way,) = queries.lift_status(CHIEF, row.code)
            facts = {part.fact: part.met for part in way.parts}
            assert facts == {
                "days_without_infection": True, "last_contact_days": False, "last_contact_negative": None, "negative_round_age": None,
            }  # fmt: skip
            assert way.earliest == date(2022, 3, 20) + timedelta(days=3 + 15), (
                "more than fourteen days after the last exposure"
            )
        with clock.at(START + timedelta(days=18)):
            actions.record_round(SYSTEM, row.code, clock.today() - timedelta(days=1), 4, 0)
            (way,) = queries.lift_status(CHIEF, row.code)
            assert [part.fact for part in way.parts if not part.met] == ["last_contact_negative"]
            steps = [
                step
                for step in duties.open_steps(SYSTEM, kinds=("contact.observation",))
                if step.key.startswith("test")
            ]
            for step in steps:
                duty_actions.complete(SYSTEM, step.pk, {"result": "negative"})
            assert [one.code for one in queries.due_for_lift(CHIEF)] == [row.code]
            zone = queries.zone(CHIEF, row.code)
            assert actions.lift(CHIEF, row.code, zone.row.version, way.rule, "符合标准").state == "lifted"
        with clock.at(START + timedelta(days=18, hours=1)):
            (around,) = queries.proposals(CHIEF)
            in_force(around.code, around.version)
            assert [one.code for one in queries.due_for_lift(CHIEF)] == [around.code], "all others are lifted"


class TestBuildings:
    @pytest.fixture(autouse=True)
    def twenty(self, settings: Any) -> None:
        settings.OVERLAYS = ["twenty-measures-2022-11"]

    def test_a_building_not_its_compound_and_five_days(self):
        with clock.at(START):
            quarter = Quarter.now()
            case = quarter.case("A1")
            quarter.stay(case, "cafe", START - timedelta(hours=9), 45)
            (row,) = queries.proposals(CHIEF)
            assert (row.level, row.name.zh) == ("high", "金桥社区A小区1号楼"), "and there is no medium level any more"
            in_force(row.code, row.version)
            quarter.case("A2")
            (second, low) = sorted(queries.proposals(CHIEF), key=lambda one: one.rank)
            assert (second.name.zh, low.level) == ("金桥社区A小区2号楼", "low")
        with clock.at(START + timedelta(days=4)):
            version = queries.zone(CHIEF, row.code).row.version
            with pytest.raises(Conflict):
                actions.lift(CHIEF, row.code, version, "high_to_low", "提前")
        with clock.at(START + timedelta(days=5)):
            (way,) = queries.lift_status(CHIEF, row.code)
            assert (way.rule, way.to, way.met, way.grade) == ("high_to_low", "low", True, "B")
            assert actions.lift(CHIEF, row.code, version, "high_to_low", "五天无新增").level == "low"

    def test_wider_where_a_person_says_so(self):
        with clock.at(START):
            quarter = Quarter.now()
            quarter.case("A1")
            (row,) = queries.proposals(CHIEF)
            whole = ZoneForm(level="high", units=(UnitForm(kind="place", ref=quarter.places["A"]),))
            actions.edit(CHIEF, row.code, row.version, whole, "风险不明，适度扩大")
            quarter.case("A2")
            (seen,) = queries.proposals(CHIEF)
            assert (seen.name.zh, seen.cases) == ("金桥社区A小区", 2), "the neighbour lies in it already"


class TestDrawnByHand:
    def test_cells_and_outlines_hold_the_buildings_in_them(self):
        with clock.at(START):
            quarter = Quarter.now()
            inside = {quarter.resident("A1"), quarter.resident("A2")}
            quarter.resident("C1")
            free = UnitForm(kind="outline", outline=box(LON - 0.0005, LAT - 0.0005, 0.006))
            zone = actions.propose(SYSTEM, quarter.outbreak, ZoneForm(level="medium", units=(free, free)), "现场划定")
            assert len(queries.zone(CHIEF, zone.code).units) == 1, "no piece of land twice"
            found = queries.inside(CHIEF, zone.code)
            assert {one.code for one, housed in found.rows if housed} == inside
            (feature,) = queries.geojson(CHIEF, code=zone.code)["features"]
            assert feature["geometry"]["type"] == "Polygon"
            in_force(zone.code, zone.version)
            quarter.case("A2")
            assert queries.zone(CHIEF, zone.code).row.cases == 0, "its home has a stricter proposal of its own"
            high = next(row for row in queries.proposals(CHIEF) if row.level == "high")
            assert high.name.zh == "金桥社区A小区"

    def test_the_cell_of_a_stay_that_is_only_a_point(self):
        from fangxian.tracing.schemas import StayForm

        with clock.at(START):
            quarter = Quarter.now()
            case = quarter.case("A1")
            begin = START - timedelta(hours=8)
            form = StayForm(
                from_at=begin, to_at=begin + timedelta(minutes=50), place_text="河边凉亭", lon=LON + 0.05, lat=LAT
            )
            tracing.add_stay(SYSTEM, case.code, form)
            hand_on()
            medium = next(row for row in queries.proposals(CHIEF) if row.level == "medium")
            (unit,) = queries.zone(CHIEF, medium.code).units
            assert unit.kind == "cell"
            picked = queries.pickable(CHIEF, "990101", "compound")["features"]
            assert [one["properties"]["what"] for one in picked] == ["compound"] * 3
