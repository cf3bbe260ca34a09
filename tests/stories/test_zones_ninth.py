"""Risk areas by the 9th edition: proposed with the reason, decided once, told, and lifted on the very day the rule is met."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fangxian.cases import actions as cases
from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.schemas import NoticeForm, UnitForm, ZoneFilter, ZoneForm, ZoneRow
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict, Invalid, NotAllowed, NotFound
from fangxian.core.models import Entry
from fangxian.duties import actions as duty_actions
from fangxian.duties import queries as duties
from tests.support.quarter import COUNTY, VILLAGE, Quarter, actor
from tests.support.tracers import books_agree, hand_on

pytestmark = pytest.mark.django_db
START = datetime(2022, 9, 1, 2, tzinfo=UTC)  # ten in the morning
CHIEF, INVESTIGATOR = actor("duty_officer"), actor("investigator")


@pytest.fixture
def quarter() -> Iterator[Quarter]:
    with clock.at(START):
        yield Quarter.now()


@contextmanager
def day(number: int, hours: float = 0) -> Iterator[None]:
    with clock.at(START + timedelta(days=number, hours=hours)):
        yield


def drawn(row: ZoneRow) -> str:
    """The proposal is in force and told; its code."""
    version = actions.decide(CHIEF, row.code, row.version, True, "同意").version
    actions.publish(CHIEF, row.code, version)
    return row.code


def investigated(case: Any) -> None:
    """The team was there and has the core of it."""
    for key in ("on_site", "core"):
        step = duties.open_step("case.investigation", ("case", case.pk), key)
        assert step is not None
        told = dict.fromkeys(duties.evidence_wanted(duties.rule(step.duty), key), "是")
        duty_actions.complete(SYSTEM, step.pk, told)


def lift(code: str, rule: str = "") -> Any:
    (way, *_others) = queries.lift_status(SYSTEM, code)
    version = queries.zone(SYSTEM, code).row.version
    return actions.lift(CHIEF, code, version, rule or way.rule, "符合条件")


class TestProposals:
    def test_where_a_case_lives_is_high_and_the_reason_is_written_out(self, quarter: Quarter):
        case = quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        assert (row.level, row.name.zh, row.area, row.cases) == ("high", "金桥社区A小区", VILLAGE, 1)
        view = queries.zone(CHIEF, row.code)
        (ground,) = view.grounds
        assert ground.fact == "case_lives_here" and ground.case == case.code
        assert f"病例 {case.code}居住于金桥社区A小区1号楼" in ground.why.zh
        assert "grade B" in ground.why.en and "9+" in ground.why.en and "high-risk area" in ground.why.en
        assert [one.key for one in view.measures] == ["stay_home", "to_the_door"]
        assert view.draft is not None and case.code not in view.draft.text.zh

    def test_stays_count_by_the_pack(self, quarter: Quarter):
        case = quarter.case("A1")
        quarter.stay(case, "cafe", START - timedelta(hours=9), 20)
        assert [row.level for row in queries.proposals(CHIEF)] == ["high"], "20 minutes is not a while"
        quarter.stay(case, "cafe", START - timedelta(hours=7), 20)
        rows = {row.level: row for row in queries.proposals(CHIEF)}
        assert set(rows) == {"high", "medium"}
        (why,) = [ground.why for ground in queries.zone(CHIEF, rows["medium"].code).grounds]
        assert "2 次共 40 分钟" in why.zh and "（G 级）" in why.zh and "2 visits, 40 minutes" in why.en
        quarter.stay(case, "cafe", START - timedelta(hours=5), 20)  # the third visit: frequently active
        cafe = [row for row in queries.proposals(CHIEF) if "桥头餐馆" in row.name.zh]
        assert sorted(row.level for row in cafe) == ["high", "medium"]

    def test_a_stay_before_the_infectious_window_counts_for_nothing(self, quarter: Quarter):
        case = quarter.case("A1")
        quarter.stay(case, "cafe", START - timedelta(days=6), 300)
        assert [row.level for row in queries.proposals(CHIEF)] == ["high"]

    def test_two_buildings_of_a_compound_are_one_area_and_two_compounds_are_two(self, quarter: Quarter):
        for building in ("A1", "A2", "B1"):
            quarter.case(building)
        rows = {row.name.zh: row.cases for row in queries.proposals(CHIEF)}
        assert rows == {"金桥社区A小区": 2, "金桥社区B小区": 1}

    def test_without_a_building_it_is_the_community(self, quarter: Quarter):
        quarter.case(person=quarter.resident())
        (row,) = queries.proposals(CHIEF)
        assert (row.area, row.name.zh) == (VILLAGE, "金桥社区")

    def test_what_has_no_place_on_the_map_is_listed(self, quarter: Quarter):
        from fangxian.tracing import actions as tracing
        from fangxian.tracing.schemas import StayForm

        case = quarter.case("A1")
        form = StayForm(from_at=START - timedelta(hours=5), to_at=START - timedelta(hours=1), place_text="老李家")
        tracing.add_stay(SYSTEM, case.code, form)
        hand_on()
        (loose,) = queries.unplaced(INVESTIGATOR, quarter.outbreak)
        assert loose.case == case.code and "老李家" in loose.what.zh

    def test_a_declined_proposal_is_not_brought_up_again_for_the_same_case_but_is_for_another(self, quarter: Quarter):
        case = quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        with pytest.raises(Invalid):
            actions.decide(CHIEF, row.code, row.version, False)
        actions.decide(CHIEF, row.code, row.version, False, "病例已入院十日，楼内无人居住")
        actions.evaluate(SYSTEM, [case.pk])
        assert queries.proposals(CHIEF) == []
        quarter.case("A2")
        (again,) = queries.proposals(CHIEF)
        assert again.code != row.code and again.cases == 1

    def test_a_case_that_was_ruled_out_takes_its_proposal_along(self, quarter: Quarter):
        case = quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        cases.discard(SYSTEM, case.code, "复核阴性")
        hand_on()
        assert queries.proposals(CHIEF) == []
        assert queries.zone(CHIEF, row.code).row.state == "withdrawn"


class TestDeciding:
    def test_in_force_it_is_owed_for_told_and_the_case_is_done_with(self, quarter: Quarter):
        case = quarter.case("A1")
        investigated(case)
        (row,) = queries.proposals(CHIEF)
        version = actions.decide(CHIEF, row.code, row.version, True, "同意").version
        assert queries.public_areas() == [], "what was not told is not known"
        owed = {duty.kind for duty in duties.of_subject("zone", row.id)}
        assert owed == {"zone.notice", "zone.roll", "zone.testing", "zone.review"}
        assert duties.open_step("case.investigation", ("case", case.pk), "zones") is not None
        actions.publish(CHIEF, row.code, version)
        assert duties.open_step("zone.notice", ("zone", row.id), "publish") is None
        assert duties.open_step("case.investigation", ("case", case.pk), "zones") is None, (
            "the golden 24 hours: drawn, told"
        )
        (area,) = queries.public_areas()
        (notice,) = queries.public_notices()
        assert (area.code, area.notice) == (row.code, notice.number) and area.geometry[0]["type"] == "Polygon"
        for told_to_all in (repr(area), repr(notice)):
            assert case.code not in told_to_all and "居民" not in told_to_all
        books_agree()

    def test_told_before_the_investigation_had_come_that_far(self, quarter: Quarter):
        case = quarter.case("A1")
        drawn(queries.proposals(CHIEF)[0])
        actions.catch_up(SYSTEM)
        assert duties.open_step("case.investigation", ("case", case.pk), "zones") is not None, "the core comes first"
        investigated(case)
        actions.catch_up(SYSTEM)
        assert duties.open_step("case.investigation", ("case", case.pk), "zones") is None
        books_agree()

    def test_of_two_who_decide_at_once_the_second_is_told(self, quarter: Quarter):
        quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        actions.decide(CHIEF, row.code, row.version, True)
        with pytest.raises(Conflict) as second:
            actions.decide(actor("leader", "9901", "指挥长"), row.code, row.version, False, "不同意")
        assert second.value.code == "moved_on" and CHIEF.name in str(second.value.message)
        assert queries.zone(CHIEF, row.code).row.state == "in_force"

    def test_a_new_case_meanwhile_is_to_be_seen_first(self, quarter: Quarter):
        quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        quarter.case("A2")
        with pytest.raises(Conflict):
            actions.decide(CHIEF, row.code, row.version, True)
        (seen,) = queries.proposals(CHIEF)
        assert seen.cases == 2
        drawn(seen)

    def test_who_may(self, quarter: Quarter):
        quarter.case("A1")
        (row,) = queries.proposals(INVESTIGATOR)
        with pytest.raises(NotAllowed):
            actions.decide(INVESTIGATOR, row.code, row.version, True)
        for outsider in (actor("duty_officer", "990102"), actor("grid_worker", VILLAGE), actor("auditor", "99")):
            with pytest.raises(NotFound):
                queries.zone(outsider, row.code)
            assert queries.zones(outsider).rows == () and queries.geojson(outsider)["features"] == []
        code = drawn(row)
        grid = actor("grid_worker", VILLAGE + "001")
        (ground,) = queries.zone(grid, code).grounds
        assert ground.case == "" and ground.why.zh.startswith("一名感染者"), "the case's code is for who may see cases"

    def test_edited_before_it_is_decided(self, quarter: Quarter):
        quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        units = tuple(UnitForm(kind="place", ref=quarter.places[key]) for key in ("A", "B1"))
        form = ZoneForm(level="high", units=units, name_zh="河口一带", name_en="Around Hekou")
        zone = actions.edit(INVESTIGATOR, row.code, row.version, form, "两小区共用围墙")
        assert (zone.name_zh, zone.area) == ("河口一带", VILLAGE)
        assert [unit.name.zh for unit in queries.zone(CHIEF, row.code).units] == ["金桥社区A小区", "金桥社区B小区1号楼"]
        with pytest.raises(Conflict):
            actions.edit(CHIEF, row.code, row.version, form)
        quarter.case("B1")
        (seen,) = queries.proposals(CHIEF)
        assert seen.cases == 2, "a case in what was added belongs to it"

    @pytest.mark.parametrize(
        "unit",
        [
            UnitForm(kind="place", ref="NOSUCHCODE"), UnitForm(kind="cell", ref="zz"), UnitForm(kind="street", ref="1"),
            UnitForm(kind="outline", outline={"type": "Point", "coordinates": [1, 2]}),
            UnitForm(kind="outline", outline={"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}),
            UnitForm(kind="outline", outline={"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}),
            UnitForm(kind="area", ref="99"),
        ],
    )  # fmt: skip
    def test_land_that_is_not_there(self, quarter: Quarter, unit: UnitForm):
        before = Entry.objects.count()
        with pytest.raises((Invalid, NotFound)) as refused:
            actions.propose(SYSTEM, quarter.outbreak, ZoneForm(level="high", units=(unit,)), "现场判断")
        assert str(refused.value.message)
        assert queries.zones(SYSTEM).rows == () and Entry.objects.count() == before

    def test_a_stricter_level_takes_over(self, quarter: Quarter):
        case = quarter.case("A1")
        quarter.stay(case, "cafe", START - timedelta(hours=9), 40)
        rows = {row.level: row for row in queries.proposals(CHIEF)}
        medium = drawn(rows["medium"])
        for hours in (7, 5):
            quarter.stay(case, "cafe", START - timedelta(hours=hours), 40)
        (cafe,) = [row for row in queries.proposals(CHIEF) if "桥头餐馆" in row.name.zh]
        assert cafe.level == "high"
        drawn(cafe)
        view = queries.zone(CHIEF, medium)
        assert (view.row.state, view.units) == ("withdrawn", ())
        assert queries.history(CHIEF, medium)[0].what == "absorbed"
        assert "place" in queries.history(CHIEF, medium)[1].units[0], "what it once was stays on record"

    def test_the_county_around_is_proposed_once(self, quarter: Quarter):
        quarter.case("A1")
        quarter.case("B1")
        for row in queries.proposals(CHIEF):
            drawn(row)
        (low,) = queries.proposals(CHIEF)
        assert (low.level, low.area) == ("low", COUNTY)


class TestLifting:
    def test_day_by_day(self, quarter: Quarter):
        quarter.case("A1")
        code = drawn(queries.proposals(CHIEF)[0])
        for number in range(1, 8):
            with day(number):
                (way,) = queries.lift_status(CHIEF, code)
                assert not way.met and way.earliest == date(2022, 9, 8)
                with pytest.raises(Conflict) as early:
                    lift(code)
                assert early.value.code == "not_due" and early.value.detail["earliest"] == "2022-09-08"
                actions.record_round(INVESTIGATOR, code, clock.today(), 3, 0, untested=1 if number == 7 else 0)
        with day(7, 2):
            assert queries.due_for_lift(CHIEF) == [], "somebody was not tested"
            actions.record_round(INVESTIGATOR, code, clock.today(), 4, 0)
            assert [row.code for row in queries.due_for_lift(CHIEF)] == [code]
            lift(code)
            assert queries.zone(CHIEF, code).row.level == "medium" and queries.zone(CHIEF, code).downgraded
        with day(9):
            (way,) = queries.lift_status(CHIEF, code)[:1]
            assert not way.met
        with day(10):
            lift(code, "downgraded_to_low")
            assert queries.zone(CHIEF, code).row.level == "low"
            lift(code, "low_lifted")
            view = queries.zone(CHIEF, code)
            assert (view.row.state, [notice.kind for notice in view.notices]) == (
                "lifted", ["lifted", "downgraded", "downgraded", "drawn"],
            )  # fmt: skip
            assert {step.state for duty in duties.of_subject("zone", view.row.id) for step in duty.steps.all()} <= {
                "done", "missed", "void",
            }  # fmt: skip
            books_agree()

    def test_a_new_infection_or_a_positive_round_begins_the_days_anew(self, quarter: Quarter):
        quarter.case("A1")
        code = drawn(queries.proposals(CHIEF)[0])
        with day(5):
            quarter.case("A2")
            (way,) = queries.lift_status(CHIEF, code)
            assert way.earliest == date(2022, 9, 13)
            assert queries.history(CHIEF, code)[0].what == "infection"
            step = duties.open_step("zone.review", ("zone", queries.zone(CHIEF, code).row.id), "first")
            assert step is not None and step.due_at is not None
            assert step.due_at.astimezone(clock.zone()).date() == date(2022, 9, 13)
        with day(8):
            actions.record_round(INVESTIGATOR, code, clock.today(), 9, 1)
            (way,) = queries.lift_status(CHIEF, code)
            assert way.earliest == date(2022, 9, 16)

    def test_a_case_reported_a_moment_before_is_seen(self, quarter: Quarter, settings: Any):
        quarter.case("A1")
        code = drawn(queries.proposals(CHIEF)[0])
        with day(7):
            actions.record_round(INVESTIGATOR, code, clock.today(), 4, 0)
            settings.INLINE = False  # the events wait for the worker
            person = quarter.resident("A2")
            from fangxian.cases.schemas import CaseForm

            cases.report(
                SYSTEM,
                CaseForm(
                    person=person, outbreak=quarter.outbreak, organisation=quarter.clinic, area=COUNTY, classification="confirmed"
                ),
            )  # fmt: skip
            with pytest.raises(Conflict):
                lift(code)

    def test_a_zone_in_force_is_not_made_smaller_by_drawing(self, quarter: Quarter):
        quarter.case("A1")
        code = drawn(queries.proposals(CHIEF)[0])
        version = queries.zone(CHIEF, code).row.version
        for form in (
            ZoneForm(level="high", units=(UnitForm(kind="place", ref=quarter.places["A1"]),)),
            ZoneForm(level="medium", units=(UnitForm(kind="place", ref=quarter.places["A"]),)),
        ):
            with pytest.raises(Conflict) as refused:
                actions.edit(CHIEF, code, version, form, "改小")
            assert refused.value.code == "not_due"
        wider = ZoneForm(
            level="high", units=tuple(UnitForm(kind="place", ref=quarter.places[key]) for key in ("A", "cafe"))
        )
        actions.edit(CHIEF, code, version, wider, "餐馆与小区相通")
        assert len(queries.zone(CHIEF, code).units) == 2

    def test_annulled_only_when_no_case_stands_behind_it(self, quarter: Quarter):
        case = quarter.case("A1")
        code = drawn(queries.proposals(CHIEF)[0])
        version = queries.zone(CHIEF, code).row.version
        with pytest.raises(Conflict):
            actions.annul(CHIEF, code, version, "误划")
        cases.discard(SYSTEM, case.code, "复核阴性")
        hand_on()
        actions.annul(CHIEF, code, queries.zone(CHIEF, code).row.version, "病例已排除")
        assert queries.public_notices()[0].kind == "withdrawn"


class TestAround:
    def test_who_is_inside_and_nobody_is_missed(self, quarter: Quarter):
        quarter.case("A1")
        for _n in range(3):
            quarter.resident("A2")
        quarter.resident("B1")
        roofless = {quarter.resident(), quarter.resident()}
        code = drawn(queries.proposals(CHIEF)[0])
        seen: list[tuple[str, bool]] = []
        cursor = ""
        while True:
            page = queries.inside(CHIEF, code, cursor, limit=2)
            seen += [(one.code, housed) for one, housed in page.rows]
            assert (page.households, page.people, page.roofless) == (4, 4, 2)
            if not (cursor := page.cursor):
                break
        assert len(seen) == len(set(seen)) == 6
        assert {person for person, housed in seen if not housed} == roofless
        assert all("*" in one.name for one, _housed in queries.inside(CHIEF, code).rows)
        with pytest.raises(Invalid):
            queries.inside(CHIEF, code, "x9")

    def test_the_past_is_as_it_was(self, quarter: Quarter):
        quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        with day(1):
            drawn(row)
            drawn(queries.proposals(CHIEF)[0])
        states = [
            {one.code: one.state for one in queries.zones_at(CHIEF, START + timedelta(hours=h))} for h in (-1, 1, 30)
        ]
        assert [one.get(row.code) for one in states] == [None, "proposed", "in_force"]
        assert queries.geojson(None, START + timedelta(hours=1))["features"] == []
        with day(2):
            assert [f["properties"]["zone"] for f in queries.geojson(CHIEF)["features"]][-1] == row.code, (
                "the stricter above"
            )
            assert queries.geojson(None) == queries.geojson(None, clock.now())

    def test_notices_are_edited_before_and_versioned_after(self, quarter: Quarter):
        quarter.case("A1")
        code = drawn(queries.proposals(CHIEF)[0])
        version = queries.zone(CHIEF, code).row.version
        actions.publish(
            CHIEF, code, version, NoticeForm(text_zh="补充：南门设物资点。", text_en="Goods at the south gate.")
        )
        texts = [notice.text.zh for notice in queries.zone(CHIEF, code).notices]
        assert texts[0] == "补充：南门设物资点。" and "足不出户" in texts[1]
        with pytest.raises(Conflict):
            actions.publish(CHIEF, code, version)
        assert queries.public_notice(f"{code}-2").text.en == "Goods at the south gate."

    def test_the_list_page_by_page(self, quarter: Quarter):
        for building in ("A1", "B1", "C1"):
            quarter.case(building)
        codes: list[str] = []
        cursor = ""
        while True:
            page = queries.zones(CHIEF, ZoneFilter(state=("proposed",)), cursor=cursor, limit=2)
            codes += [row.code for row in page.rows]
            if not (cursor := page.cursor):
                break
        assert len(codes) == len(set(codes)) == 3
        for wanted in (ZoneFilter(state=("open",)),):
            with pytest.raises(Invalid):
                queries.zones(CHIEF, wanted)
