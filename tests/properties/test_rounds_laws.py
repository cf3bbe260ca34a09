"""Laws of testing rounds: whoever lives in the area is exactly one of tested, exempt with a reason, missing by name; a stop is
proposed when the rule is met and never before; everybody gets an hour, and no point is filled far beyond the others."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Refusal
from fangxian.laboratory import actions as laboratory
from fangxian.laboratory.models import Swab, Tube
from fangxian.laboratory.rounds import actions, queries
from fangxian.laboratory.rounds.booking import Desk, Door, hours, spread
from fangxian.laboratory.rounds.models import Listed, Patch
from fangxian.laboratory.rounds.repeating import Held, Stopping, judge
from fangxian.laboratory.rounds.schemas import RoundForm
from fangxian.registry import actions as registry
from fangxian.registry import queries as people
from tests.support.county import COUNTY, START, VILLAGE, with_pack
from tests.support.laboratory import Laboratory
from tests.support.tracers import GRID, hand_on

NOW = START + timedelta(hours=1)
RULE = Stopping(clean=3, pause=3, every=1, covered=0.9, source="testing-2022-11", grade="B")


class Round(RuleBasedStateMachine):
    """People are swabbed, alone or together, tubes are lost, people are asked, exempt, counted in, joined, parted; in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now, self.tubes = NOW, 0
        self.there: set[int] = set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        with clock.at(self.now):
            self.town = Laboratory.at(NOW)
            officer = self.town.actor("officer")
            form = RoundForm(name_zh="一轮", areas=[VILLAGE], outbreak=self.town.outbreak)
            self.there = set(people.living_in(areas=[VILLAGE], limit=100))
            self.round = actions.start_round(officer, actions.plan_round(officer, form).code)
            self.who = sorted(people.codes_of(self.there).items())

    def tried(self, do: Any) -> None:
        self.now += timedelta(minutes=3)
        with clock.at(self.now):
            with suppress(Refusal):
                do()
            hand_on()

    def one(self, which: int) -> tuple[int, str]:
        return self.who[which % len(self.who)]

    @rule(which=st.lists(st.integers(0, 20), min_size=1, max_size=4, unique=True), ago=st.sampled_from([0, 2, 600]))
    def swabbed(self, which: Sequence[int], ago: int) -> None:
        self.tubes += 1
        folk = sorted({self.one(one)[1] for one in which})
        self.tried(
            lambda: self.town.collect(
                f"LAW{self.tubes:07}", folk, sampled_at=self.now - timedelta(minutes=ago),
                **({} if len(folk) == 1 else {"capacity": 5}),
            )
        )  # fmt: skip

    @rule(which=st.integers(1, 20))
    def a_tube_is_lost(self, which: int) -> None:
        self.tried(lambda: laboratory.lose_tube(self.town.actor("sampler"), f"LAW{which:07}", "打碎"))

    @rule(which=st.integers(0, 20), why=st.sampled_from(["ill", "isolated", "away"]))
    def exempt(self, which: int, why: str) -> None:
        self.tried(lambda: actions.excuse(self.town.actor("grid"), [self._row(which)], why, "已核实"))

    @rule(which=st.integers(0, 20))
    def counted_in(self, which: int) -> None:
        self.tried(lambda: actions.count_in(self.town.actor("grid"), self._row(which), "可以采样"))

    @rule(which=st.integers(0, 20), answer=st.sampled_from(["comes", "door", "absent"]))
    def asked(self, which: int, answer: str) -> None:
        self.tried(lambda: actions.note_answer(self.town.actor("grid"), [self._row(which)], answer))

    @rule(which=st.integers(0, 20), other=st.integers(0, 20))
    def joined(self, which: int, other: int) -> None:
        self.tried(lambda: registry.merge(SYSTEM, self.one(which)[1], self.one(other)[1], "同一人"))

    @rule(which=st.integers(0, 20))
    def parted(self, which: int) -> None:
        self.tried(lambda: registry.unmerge(SYSTEM, self.one(which)[1], "误并"))

    @rule(which=st.integers(0, 20))
    def moved(self, which: int) -> None:
        code = self.one(which)[1]
        self.tried(lambda: registry.amend_person(SYSTEM, code, people.person(SYSTEM, code).version, {"area": COUNTY}))

    @invariant()
    def everybody_is_exactly_one_of_three(self) -> None:
        if not self.there:
            return
        with clock.at(self.now):
            grid = self.town.actor("officer")
            state = queries.on_roll(grid, self.round.code, sorted(self.there))
            assert state.keys() == self.there, "whoever lived there is on the roll, wherever they live now"
            assert {pk for pk, told in state.items() if told == "tested"} == self._swabbed_and_counting(state)
            by_name = {one.code for one in queries.missing(grid, self.round.code, limit=100)}
            codes = dict(self.who)
            assert by_name == {codes[pk] for pk, told in state.items() if told == "missing"}
            excused = queries.exempt(grid, self.round.code)
            assert {one.code for one in excused} == {codes[pk] for pk, told in state.items() if told == "exempt"}
            assert all(one.exempt for one in excused)
            (patch,) = Patch.objects.filter(round=self.round, area=GRID)
            told = list(state.values())
            assert (patch.people, patch.tested, patch.exempt) == (len(told), told.count("tested"), told.count("exempt"))

    def _swabbed_and_counting(self, state: dict[int, str]) -> set[int]:
        """From the swabs alone: a tube of the round that came to something, of any record of the person."""
        good = Swab.objects.filter(tube__sampled_at__gte=self.round.started_at).exclude(
            tube__state__in=[Tube.LOST, Tube.REJECTED]
        )
        kin = people.canonical({*state, *(folk := set(good.values_list("person", flat=True)))})
        swabbed = {kin[one] for one in folk}
        counting = {
            root: root if root in state else min(one for one in state if kin[one] == root)
            for root in {kin[one] for one in state}
        }
        return {one for root, one in counting.items() if root in swabbed}

    def _row(self, which: int) -> int:
        return Listed.objects.get(round=self.round, person=self.one(which)[0]).pk


@pytest.mark.django_db
def test_everybody_is_tested_exempt_or_missing_and_only_one_of_them() -> None:
    with with_pack():
        run_state_machine_as_test(
            Round,
            settings=settings(
                max_examples=4, stateful_step_count=10, deadline=None, phases=(Phase.generate,), derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip


@st.composite
def held(draw: st.DrawFn) -> list[Held]:
    days = sorted(draw(st.lists(st.integers(0, 30), min_size=1, max_size=9, unique=True)))
    return [
        Held(
            number, date(2026, 3, 1) + timedelta(days=day), draw(st.sampled_from([0, 0, 0, 1])),
            draw(st.sampled_from([0, 0, 0, 0, 2])), draw(st.sampled_from([1.0, 0.95, 0.5])),
        )
        for number, day in enumerate(days, 1)
    ]  # fmt: skip


@given(held())
def test_a_stop_is_proposed_when_the_rule_is_met_and_never_before(rounds: list[Held]) -> None:
    told = judge(rounds, RULE)
    clean = [one.positives == 0 and one.waiting == 0 and one.share >= RULE.covered for one in rounds]
    row = list(reversed([one for one, _ok in _trailing(rounds, clean)]))
    met = len(row) > 3 and any(one.day >= row[2].day + timedelta(days=3) for one in row[3:])  # type: ignore[operator]
    assert (told.what == "stop") == met
    assert (told.what == "wait") == bool(rounds[-1].waiting)
    assert told.why
    if told.what == "next":
        assert told.on is not None
        assert told.on > rounds[-1].day - timedelta(days=3)  # type: ignore[operator]


def _trailing(rounds: list[Held], clean: list[bool]) -> list[tuple[Held, bool]]:
    found: list[tuple[Held, bool]] = []
    for one, ok in zip(reversed(rounds), reversed(clean), strict=True):
        if not ok:
            break
        found.append((one, ok))
    return found


GRIDS = ("990101001001001", "990101001001002", "990101001002001", "990101002001001")


@given(
    st.lists(st.tuples(st.sampled_from(GRIDS), st.integers(0, 3), st.integers(1, 6)), max_size=60),
    st.lists(st.tuples(st.sampled_from(GRIDS), st.integers(1, 40)), min_size=1, max_size=4),
)
def test_everybody_gets_one_hour_and_points_fill_alike(
    homes: list[tuple[str, int, int]], points: list[tuple[str, int]]
) -> None:
    morning = datetime(2026, 3, 4, 8, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
    slots = hours(morning, morning + timedelta(hours=24), 9, 12)
    assert [at.hour for at in slots] == [9, 10, 11]
    doors = [Door(area, building, number, n) for number, (area, building, n) in enumerate(sorted(homes))]
    desks = [Desk(number, area, per_hour, slots) for number, (area, per_hour) in enumerate(points)]
    seats = spread(doors, desks)
    assert [one.door for one in seats] == doors, "nobody is left out, nobody has two"
    most = max(
        (
            sum(one.people for one in doors if (one.area, one.building) == key)
            for key in {(d.area, d.building) for d in doors}
        ),
        default=0,
    )
    filled = {desk.id: sum(one.door.people for one in seats if one.desk == desk.id) for desk in desks}
    room = {desk.id: desk.per_hour * len(desk.hours) for desk in desks}
    if sum(filled.values()) > sum(room.values()) + most * len(desks):  # more than all can take: they go over alike
        shares = [(filled[desk] - most) / room[desk] for desk in filled]
        assert max(shares) <= min((filled[desk] + most) / room[desk] for desk in filled) + 1e-9
