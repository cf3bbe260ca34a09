"""A testing round held in a zone is its evidence: once all results are in, without a positive and without anybody missing."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils.translation import override

from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.models import Round as ZoneRound
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor, Grant
from fangxian.laboratory import actions as laboratory
from fangxian.laboratory.rounds import actions as rounds
from fangxian.laboratory.rounds import queries as round_queries
from fangxian.laboratory.rounds.schemas import Homes, RoundForm
from fangxian.laboratory.schemas import ResultForm, TubeForm
from fangxian.registry import actions as registry
from tests.support.quarter import COUNTY, Quarter, actor
from tests.support.tracers import books_agree, hand_on

pytestmark = pytest.mark.django_db
START = datetime.fromisoformat("2022-09-01T10:00+08:00")
CHIEF = actor("duty_officer")


class Zone:
    """A high-risk zone in force around a case, with three more people in its compound, and a laboratory."""

    def __init__(self) -> None:
        self.quarter = Quarter.now()
        self.people = [self.quarter.resident("A1") for _number in range(3)]
        self.case = self.quarter.case("A1")
        (row,) = queries.proposals(CHIEF)
        version = actions.decide(CHIEF, row.code, row.version, True, "同意").version
        actions.publish(CHIEF, row.code, version)
        self.code = row.code
        lab = registry.create_organisation(SYSTEM, "laboratory", "东区实验室", COUNTY).pk
        self.lab = Actor(None, "检验许", (Grant("lab", COUNTY, lab),), "web")
        self.tubes = 0

    def begun(self) -> Any:
        """A round of everybody inside begins; the case is excused, being in hospital."""
        buildings, areas, communities = queries.membership(CHIEF, self.code)
        homes = Homes(tuple(buildings), tuple(areas), tuple(communities))
        form = RoundForm(name_zh="金桥社区一轮", outbreak=self.quarter.outbreak)
        row = rounds.start_round(CHIEF, rounds.plan_round(CHIEF, form, homes, self.code).code)
        ill = [one.id for one in round_queries.missing(CHIEF, row.code) if one.code not in self.people]
        rounds.excuse(CHIEF, ill, "isolated", "市医院")
        return row

    def swab(self, *people: str) -> str:
        self.tubes += 1
        code = f"ZONE{self.tubes:06}"
        kind = "pool" if len(people) > 1 else "single"
        form = TubeForm(
            code=code, people=people, kind=kind, organisation=self.quarter.clinic, capacity=5 if kind == "pool" else 1,
            outbreak=self.quarter.outbreak, area=COUNTY,
        )  # fmt: skip
        laboratory.collect(SYSTEM, form)
        hand_on()
        return code

    def tell(self, code: str, value: str) -> None:
        laboratory.report_result(self.lab, ResultForm(code=code, value=value))
        hand_on()

    def way(self) -> Any:
        return queries.lift_status(CHIEF, self.code)[0]

    def shown(self) -> Any:
        return queries.zone(CHIEF, self.code).rounds


@pytest.fixture
def zone() -> Iterator[Zone]:
    with override("en"), clock.at(START):
        yield Zone()


def day(number: int, hours: float = 0) -> Any:
    return clock.at(START + timedelta(days=number, hours=hours))


def test_a_round_counts_once_its_last_result_is_in(zone: Zone) -> None:
    with day(7):
        assert not zone.way().met
        row = zone.begun()
        tubes = [zone.swab(*zone.people[:2]), zone.swab(zone.people[2])]
        zone.tell(tubes[0], "negative")
        assert zone.shown() == (), "a round that is not over says nothing"
        rounds.end_round(CHIEF, row.code)
        hand_on()
        (told,) = zone.shown()
        assert (told.held, told.tested, told.waiting, told.clean) == (row.code, 3, 1, False)
        assert not zone.way().met, "a result is awaited"
    with day(7, 3):
        zone.tell(tubes[1], "negative")
        (told,) = zone.shown()
        assert (told.day, told.tested, told.positives, told.untested, told.waiting) == (clock.today(), 3, 0, 0, 0)
        assert told.clean
        way = zone.way()
        assert way.met and all(part.met for part in way.parts)
        changes = [one for one in queries.history(CHIEF, zone.code) if one.what == "round"]
        assert [one.data["waiting"] for one in changes] == [0, 1]
        assert all(one.data["round"] == row.code for one in changes)
    with day(7, 4):
        laboratory.cancel_result(zone.lab, tubes[1], "wrong plate")
        hand_on()
        assert not zone.way().met, "a result that is cancelled is awaited again"
        zone.tell(tubes[1], "negative")
        assert zone.way().met
        assert ZoneRound.objects.count() == 1, "however often it is told"
        books_agree()


def test_a_round_with_a_positive_does_not_count_and_begins_the_days_anew(zone: Zone) -> None:
    with day(7):
        row = zone.begun()
        pool, single = zone.swab(*zone.people[:2]), zone.swab(zone.people[2])
        rounds.end_round(CHIEF, row.code)
        zone.tell(pool, "negative")
        zone.tell(single, "positive")
        (told,) = zone.shown()
        assert (told.positives, told.waiting, told.clean) == (1, 0, False)
        assert not zone.way().met
        assert zone.way().earliest == clock.today() + timedelta(days=7)
        laboratory.decline_positive(CHIEF, single, "康复者，既往感染")
        hand_on()
        assert zone.way().met, "a past infection is no positive of the round"


def test_members_of_a_positive_pool_are_awaited_until_their_own_tubes_tell(zone: Zone) -> None:
    with day(7):
        row = zone.begun()
        pool, single = zone.swab(*zone.people[:2]), zone.swab(zone.people[2])
        zone.tell(single, "negative")
        zone.tell(pool, "positive")
        rounds.end_round(CHIEF, row.code)
        hand_on()
        (told,) = zone.shown()
        assert (told.waiting, told.positives) == (2, 0), "a pool decides nobody"
        alone = [zone.swab(one) for one in zone.people[:2]]
        for code in alone:
            zone.tell(code, "negative")
        assert zone.way().met


def test_a_round_in_which_somebody_was_missed_is_incomplete(zone: Zone) -> None:
    with day(7):
        row = zone.begun()
        zone.tell(zone.swab(*zone.people[:2]), "negative")
        rounds.end_round(CHIEF, row.code, "一人联系不上")
        hand_on()
        (told,) = zone.shown()
        assert (told.untested, told.clean) == (1, False)
        assert not zone.way().met


def test_a_round_begun_before_the_zone_was_drawn_is_not_its_own(zone: Zone) -> None:
    quarter, people = zone.quarter, [zone.quarter.resident("C1")]
    form = RoundForm(name_zh="早先的一轮", people=people, outbreak=quarter.outbreak)
    with day(-1):
        early = rounds.plan_round(CHIEF, form, None, zone.code)
        rounds.start_round(CHIEF, early.code)
        zone.tell(zone.swab(*people), "negative")
    with day(1):
        rounds.end_round(CHIEF, early.code)
        hand_on()
        assert zone.shown() == ()
