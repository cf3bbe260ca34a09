"""Laws of risk areas: nobody missed, never lifted before the rule, the past that leads to the present, no piece of land twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fangxian import protocols
from fangxian.cases import actions as case_actions
from fangxian.cases.models import Case
from fangxian.containment.zones import actions, queries, standing
from fangxian.containment.zones.models import Change, Ground, Unit, Zone
from fangxian.containment.zones.standing import Round, Standing
from fangxian.core import clock
from fangxian.core.access import SYSTEM
from fangxian.core.errors import Conflict
from tests.support.quarter import Quarter
from tests.support.tracers import hand_on

DAY0 = date(2022, 9, 1)
START = datetime(2022, 9, 1, 2, tzinfo=UTC)
PACKS = {
    "covid-19-cn-9": ("high", "medium"), "covid-19-cn-8": ("lockdown", "control"), "twenty-measures-2022-11": ("high",),
}  # fmt: skip

#: Days without an infection that each way down asks for, as the guidelines are quoted.
LEAST = {
    "high_to_medium": 7, "high_to_low": 5, "medium_to_low": 7, "downgraded_to_low": 10, "lockdown_lifted": 14,
    "control_lifted": 14,
}  # fmt: skip

days = st.integers(0, 30).map(lambda n: DAY0 + timedelta(days=n))
rounds = st.lists(st.builds(Round, days, st.booleans(), st.booleans()), max_size=4).map(tuple)


@st.composite
def standings(draw: Callable[..., Any]) -> tuple[protocols.Pack, Standing]:
    name = draw(st.sampled_from(sorted(PACKS)))
    return protocols.load(name), Standing(
        level=draw(st.sampled_from(PACKS[name])), drawn=DAY0, level_since=draw(days), downgraded=draw(st.booleans()),
        infections=tuple(draw(st.lists(days, max_size=4))), rounds=draw(rounds), last_contact=draw(st.none() | days),
        contact_negative=draw(st.none() | st.booleans()), others_lifted=draw(st.booleans()),
    )  # fmt: skip


@given(standings(), st.integers(0, 45))
def test_never_before_the_days_of_the_rule_are_over(given: tuple[protocols.Pack, Standing], ahead: int) -> None:
    pack, stand = given
    today = DAY0 + timedelta(days=ahead)
    known = [one for one in stand.infections if one <= today]
    positive = [one.day for one in stand.rounds if one.positive and one.day <= today]
    last = max([stand.drawn, *known, *positive])
    for way in standing.status(pack, stand, today):
        if way.met:
            assert (today - last).days >= LEAST[way.rule]
            assert way.missing == () and way.earliest == today
            if way.rule in ("high_to_medium", "medium_to_low", "lockdown_lifted", "control_lifted"):
                clean = [one for one in stand.rounds if one.complete and not one.positive and last < one.day <= today]
                assert clean, "nobody is let go without a round in which everybody was tested and negative"
        else:
            assert way.missing, "what is not met names what is missing"
            assert way.earliest is None or way.earliest >= today


@given(standings(), st.integers(0, 20))
def test_the_day_that_is_promised_is_the_day_it_can_be_met_and_not_one_sooner(
    given: tuple[protocols.Pack, Standing], ahead: int
) -> None:
    pack, stand = given
    today = DAY0 + timedelta(days=ahead)
    stand = replace(
        stand, infections=tuple(one for one in stand.infections if one <= today),
        rounds=tuple(one for one in stand.rounds if one.day <= today), last_contact=None,
    )  # fmt: skip
    for way in standing.status(pack, stand, today):
        if way.earliest is None:
            continue
        for day in (way.earliest - timedelta(days=1), way.earliest):
            if day < today:
                continue
            held = replace(stand, rounds=(*stand.rounds, Round(day, positive=False, complete=True)))
            met = next(one.met for one in standing.status(pack, held, day) if one.rule == way.rule)
            assert met is (day == way.earliest)


class Outbreak(RuleBasedStateMachine):
    """Cases come, are ruled out, zones are decided on and lifted, in any order; time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = START
        self.cases: list[Any] = []

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        with clock.at(self.now):
            self.quarter = Quarter.now()

    def rows(self, state: str) -> list[Any]:
        return list(Zone.objects.filter(state=state).order_by("pk"))

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(building=st.sampled_from(["A1", "A2", "B1", "C2", ""]))
    def a_case(self, building: str) -> None:
        with clock.at(self.now):
            person = self.quarter.resident(building)
            self.cases.append(self.quarter.case(person=person))

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 50), minutes=st.sampled_from([10, 40, 300]), place=st.sampled_from(["cafe", "B", "C1"]))
    def a_stay(self, which: int, minutes: int, place: str) -> None:
        with clock.at(self.now):
            case = self.cases[which % len(self.cases)]
            self.quarter.stay(case, place, case.reported_at - timedelta(hours=8), minutes)

    @precondition(lambda self: self.cases)
    @rule(which=st.integers(0, 50))
    def ruled_out(self, which: int) -> None:
        with clock.at(self.now):
            case = self.cases.pop(which % len(self.cases))
            case_actions.discard(SYSTEM, case.code, "复核阴性")
            hand_on()

    @precondition(lambda self: self.rows(Zone.PROPOSED))
    @rule(accept=st.booleans(), which=st.integers(0, 20), publish=st.booleans())
    def decided(self, accept: bool, which: int, publish: bool) -> None:
        with clock.at(self.now):
            waiting = self.rows(Zone.PROPOSED)
            zone = waiting[which % len(waiting)]
            zone = actions.decide(SYSTEM, zone.code, zone.version, accept, "理由")
            if accept and publish:
                actions.publish(SYSTEM, zone.code, zone.version)

    @precondition(lambda self: self.rows(Zone.IN_FORCE))
    @rule(which=st.integers(0, 20), positives=st.sampled_from([0, 0, 0, 1]))
    def a_round(self, which: int, positives: int) -> None:
        with clock.at(self.now):
            standing_now = self.rows(Zone.IN_FORCE)
            actions.record_round(SYSTEM, standing_now[which % len(standing_now)].code, clock.today(), 5, positives)

    @precondition(lambda self: self.rows(Zone.IN_FORCE))
    @rule(which=st.integers(0, 20))
    def lifted_if_it_may_be(self, which: int) -> None:
        with clock.at(self.now):
            standing_now = self.rows(Zone.IN_FORCE)
            zone = standing_now[which % len(standing_now)]
            for way in queries.lift_status(SYSTEM, zone.code):
                if way.met:
                    actions.lift(SYSTEM, zone.code, zone.version, way.rule, "理由")
                    return
                before = Change.objects.filter(zone=zone).count()
                with pytest.raises(Conflict):
                    actions.lift(SYSTEM, zone.code, zone.version, way.rule, "理由")
                assert Change.objects.filter(zone=zone).count() == before, "what is refused leaves nothing"

    @invariant()
    def nobody_is_missed(self) -> None:
        """Every case has its home in a zone, a proposal, or a decision against one."""
        cases = Case.objects.exclude(classification=Case.DISCARDED)
        placed = set(Ground.objects.exclude(zone__state=Zone.WITHDRAWN).values_list("case_id", flat=True))
        assert {case.pk for case in cases} <= placed

    @invariant()
    def the_past_leads_to_the_present(self) -> None:
        with clock.at(self.now):
            then = {one.code: one for one in queries.zones_at(SYSTEM, self.now)}
        for zone in Zone.objects.all():
            units = list(Unit.objects.filter(zone=zone, dropped=False).order_by("pk").values_list("key", flat=True))
            seen = then[zone.code]
            assert (seen.state, seen.level, list(seen.units)) == (zone.state, zone.level, units)
            assert len(units) == len(set(units)), "no piece of land twice"

    @invariant()
    def states_follow_one_another(self) -> None:
        follows = {
            "proposed": {"proposed", "declined", "in_force", "withdrawn"}, "in_force": {"in_force", "lifted", "withdrawn"},
            "declined": {"declined"}, "lifted": {"lifted"}, "withdrawn": {"withdrawn"},
        }  # fmt: skip
        for zone in Zone.objects.all():
            states = list(Change.objects.filter(zone=zone).order_by("at", "pk").values_list("state", flat=True))
            assert states[0] == "proposed"
            assert all(after in follows[before] for before, after in pairwise(states))


@pytest.mark.django_db
def test_an_outbreak_keeps_the_laws_of_zones() -> None:
    run_state_machine_as_test(
        Outbreak,
        settings=settings(
            max_examples=6, stateful_step_count=12, deadline=None,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        ),
    )  # fmt: skip
