"""Laws of isolation: classes never meet, everybody in the loop is at exactly one link, nothing is lost or doubled by a crash."""

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from fangxian.containment.isolation import actions, passing
from fangxian.containment.isolation.models import Floor, HandOver, Placement, Room, Trip, Use
from fangxian.core import actions as core_actions
from fangxian.core import clock
from fangxian.core.errors import Refusal
from tests.support.county import START, with_pack
from tests.support.tracers import hand_on
from tests.support.wards import Wards

NOW = START + timedelta(hours=2)
SLOT = timedelta(minutes=30)
ORDER = ("told", "aboard", "arrived", "housed", "home", "closed")


class _Killed(Exception):
    """The process ends in the middle of what it does."""


class Site(RuleBasedStateMachine):
    """People of two classes are told, brought, housed, moved and let go in any order, by trip or not; the process may die."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.now = NOW
        self.people: list[str] = []
        self.trips: list[str] = []
        self.seen: dict[str, int] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.transaction.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        with clock.at(self.now):
            self.wards = Wards.ready(NOW)
            self.rooms = sorted(self.wards.rooms().items())

    def tried(self, do: Callable[[], Any]) -> None:
        """Done or refused; in either case the laws hold."""
        with clock.at(self.now):
            with suppress(Refusal):
                do()
            hand_on()

    def one(self, which: int) -> str:
        return self.people[which % len(self.people)]

    @rule(minutes=st.sampled_from([1, 5, 20, 45, 400]))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @precondition(lambda self: len(self.people) < 6)
    @rule(cls=st.sampled_from(["contact", "arrival"]))
    def somebody_is_told(self, cls: str) -> None:
        with clock.at(self.now):
            self.people.append(self.wards.told() if cls == "contact" else self.wards.traveller())

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9))
    def brought(self, which: int) -> None:
        self.tried(lambda: actions.bring(self.wards.actor("chief"), self.one(which), self.wards.ward))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9), cls=st.sampled_from(["contact", "arrival"]))
    def on_a_trip(self, which: int, cls: str) -> None:
        self.tried(lambda: self.trips.append(self.wards.trip(self.one(which), cls=cls)))

    @precondition(lambda self: self.trips)
    @rule(which=st.integers(0, 9), what=st.sampled_from([actions.start_trip, actions.end_trip, actions.cleaned]))
    def driven(self, which: int, what: Any) -> None:
        self.tried(lambda: what(self.wards.actor("chief"), self.trips[which % len(self.trips)]))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9), side=st.sampled_from([actions.send, actions.receive]))
    def confirmed(self, which: int, side: Any) -> None:
        self.tried(lambda: side(self.wards.actor("chief"), self.one(which)))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9), room=st.integers(0, 11))
    def given_a_room(self, which: int, room: int) -> None:
        self.tried(lambda: actions.keep_room(self.wards.actor("chief"), self.one(which), self.rooms[room][1].id))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9))
    def enters_the_room(self, which: int) -> None:
        self.tried(lambda: actions.settle_in(self.wards.actor("chief"), self.one(which)))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9), room=st.integers(0, 11))
    def goes_straight_to_a_room(self, which: int, room: int) -> None:
        chief, code = self.wards.actor("chief"), self.one(which)
        self.tried(lambda: actions.bring(chief, code, self.wards.ward))
        self.tried(lambda: actions.send(chief, code))
        self.tried(lambda: actions.receive(chief, code))
        self.tried(lambda: actions.keep_room(chief, code, self.rooms[room][1].id))
        self.tried(lambda: actions.settle_in(chief, code))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9))
    def let_go(self, which: int) -> None:
        self.tried(lambda: actions.release_early(self.wards.actor("chief"), self.one(which), "照护需要"))
        self.tried(lambda: actions.let_go(self.wards.actor("chief"), self.one(which)))

    @rule()
    def rooms_are_cleaned(self) -> None:
        for pk in Room.objects.filter(state=Room.CLEANING).values_list("pk", flat=True):
            self.tried(partial(actions.mark_room, self.wards.actor("chief"), self.wards.ward, pk, "ready"))

    @precondition(lambda self: self.people)
    @rule(which=st.integers(0, 9), side=st.sampled_from([actions.send, actions.receive]), at=st.integers(1, 4))
    def the_process_dies_in_a_hand_over(self, which: int, side: Any, at: int) -> None:
        """Wherever it dies, everything is as it was before; then it is done again and counts once."""
        code, before = self.one(which), _state()
        left = [at]
        record = core_actions.record

        def dying(*args: Any, **more: Any) -> None:
            left[0] -= 1
            if left[0] <= 0:
                raise _Killed
            record(*args, **more)

        with pytest.MonkeyPatch.context() as patch, clock.at(self.now):
            patch.setattr(passing, "record", dying)
            try:
                with transaction.atomic():
                    side(self.wards.actor("chief"), code)
                    raise _Killed
            except (_Killed, Refusal):
                pass
        assert _state() == before
        self.confirmed(which, side)

    @invariant()
    def classes_never_share_a_floor(self) -> None:
        there: dict[int, set[tuple[str, str]]] = defaultdict(set)
        for row in Placement.objects.filter(room__isnull=False, closed_at__isnull=True).select_related("room__floor"):
            assert row.room is not None
            there[row.room.floor_id].add((row.pack, row.cls))
            assert row.room.floor.zone == Floor.OBSERVATION
            there[row.room.floor_id].add((row.room.floor.pack, row.room.floor.cls))
        assert all(len(classes) == 1 for classes in there.values())

    @invariant()
    def classes_never_share_a_passage_at_one_time(self) -> None:
        uses = list(Use.objects.order_by("passage_id", "at", "pk"))
        for one in uses:
            for other in uses:
                if one.passage_id == other.passage_id and one.cls != other.cls:
                    assert abs(one.at - other.at) >= SLOT

    @invariant()
    def a_room_is_for_one_and_a_vehicle_for_its_seats(self) -> None:
        held = Counter(
            Placement.objects.filter(room__isnull=False, closed_at__isnull=True).values_list("room_id", flat=True)
        )
        assert all(number == 1 for number in held.values())
        for trip in Trip.objects.select_related("vehicle").prefetch_related("passengers"):
            riders = list(trip.passengers.all())
            assert len(riders) <= trip.vehicle.seats and {one.cls for one in riders} <= {trip.cls}

    @invariant()
    def everybody_is_at_exactly_one_link_and_both_sides_are_named(self) -> None:
        rows = {row.pk: row for row in Placement.objects.all()}
        assert len(rows) == len(self.people)
        way: dict[int, list[str]] = defaultdict(lambda: ["told"])
        for one in HandOver.objects.order_by("pk"):
            assert one.sender_name and one.receiver_name
            if one.ended_at is None or one.called_off:
                assert one.sent_at is None or one.received_at is None
                continue
            assert one.sent_at and one.received_at and one.sent_by_name and one.received_by_name
            assert way[one.placement_id][-1] == one.from_link, "a link follows from the one before it"
            way[one.placement_id].append(one.to_link)
        for pk, row in rows.items():
            assert way[pk][-1] == row.link and (row.link == "closed") == (row.closed_at is not None)
            assert ORDER.index(row.link) >= self.seen.get(row.code, 0), "nobody goes back"
            self.seen[row.code] = ORDER.index(row.link)
            assert (row.passing_since is None) == (row.passing_until is None)
            if row.link in Placement.PASSING:
                assert row.passing_until is not None


def _state() -> Any:
    return (
        sorted(Placement.objects.values_list("pk", "link", "since", "version", "room_id", "trip_id", "passing_until")),
        sorted(HandOver.objects.values_list("pk", "sent_at", "received_at", "ended_at"), key=str),
        sorted(Use.objects.values_list("pk", "at")), sorted(Room.objects.values_list("pk", "state")),
    )  # fmt: skip


@pytest.mark.django_db
def test_the_laws_of_isolation_hold_whatever_happens() -> None:
    with with_pack():
        run_state_machine_as_test(
            Site,
            settings=settings(
                max_examples=8,
                stateful_step_count=30,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            ),
        )
