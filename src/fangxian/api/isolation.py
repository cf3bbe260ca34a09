"""Isolation (集中隔离、居家隔离): sites and rooms, the loop link by link, the round, decisions, errands, trips."""

from typing import Any

from ninja import Router

from fangxian.api.jobs import JobView
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown, shown
from fangxian.containment.isolation import actions, queries
from fangxian.containment.isolation.papers import NeighbourNoticeView
from fangxian.containment.isolation.schemas import (
    ErrandView,
    IsolationSiteView,
    PlacementCheck,
    PlacementDecision,
    PlacementView,
    TripView,
    VehicleView,
)
from fangxian.core.access import Actor

router = Router(tags=["isolation"])


class FloorKept(Shown):
    """A floor as it stands after it was written."""

    id: int
    building: str
    level: int
    zone: str
    cls: str
    pack: str


class RoomKept(Shown):
    """A room as it stands after it was written."""

    id: int
    number: str
    beds: int
    state: str
    why: str


def _person(by: Actor, row: Any) -> PlacementView:
    return queries.placement(by, row.code)


def _site(by: Actor, row: Any) -> IsolationSiteView:
    return queries.site(by, row.code)


def _trip(by: Actor, row: Any) -> TripView:
    return queries.trip(by, row.code)


def _vehicle(by: Actor, row: Any) -> VehicleView:
    return next(one for one in queries.vehicles(by, after=row.pk - 1, limit=1))


def _look(_by: Actor, one: Any) -> PlacementCheck:
    return PlacementCheck(one.at, one.temperature, one.symptoms, one.mood, one.medicine, one.note, one.by_name)


def _decision(_by: Actor, one: Any) -> PlacementDecision:
    return queries.decision_view(one)


def _errand(_by: Actor, one: Any) -> ErrandView:
    return queries.errand_view(one)


PERSON, SITE, TRIP, VEHICLE = shown(PlacementView), shown(IsolationSiteView), shown(TripView), shown(VehicleView)
NOTICE = shown(NeighbourNoticeView)
LOOK, DECISION, ERRAND = shown(PlacementCheck), shown(PlacementDecision), shown(ErrandView)


def _notice(by: Actor, one: Any) -> NeighbourNoticeView:
    return queries.neighbour_notice(by, one.code)


def _leave(row: Any) -> Any:
    return row.leave_at, row.id


offer(router, "GET", "/isolation-sites", queries.sites, after=lambda row: row.id)
offer(router, "POST", "/isolation-sites", actions.open_site, SITE, status=201, keyed=True, then=_site)
offer(router, "GET", "/isolation-sites/{code}", queries.site)
for name, action in (("readiness", actions.set_readiness), ("closing", actions.close_site)):
    offer(router, "POST", f"/isolation-sites/{{site}}/{name}", action, SITE, keyed=True, then=_site)
offer(router, "POST", "/isolation-sites/{site}/floors", actions.add_floor, FloorKept, status=201, keyed=True)
offer(router, "POST", "/isolation-sites/{site}/floors/{floor_id}/class", actions.designate, FloorKept, keyed=True)
offer(router, "POST", "/isolation-sites/{site}/rooms/{room_id}", actions.mark_room, RoomKept, keyed=True)
offer(
    router, "GET", "/isolation-sites/{site}/round", queries.rounds,
    after=lambda row: tuple(map(int, row.after.split("_"))),
)  # fmt: skip
offer(router, "GET", "/isolation-reserve", queries.reserve)
offer(router, "GET", "/placements", queries.people, after=lambda row: row.id)
offer(router, "GET", "/placements/numbers", queries.numbers)
offer(router, "GET", "/placements/untold", queries.untold, after=lambda row: row.id)
offer(router, "GET", "/placements/between", queries.between, after=lambda row: (row.passing_until, row.id))
offer(router, "GET", "/placements/releases", queries.releases, after=_leave)
offer(router, "GET", "/placements/waiting", queries.waiting, after=lambda row: (row.due_at, row.step))
offer(router, "GET", "/placements/errands", queries.errands, after=lambda row: (row.due_at, row.id))
offer(router, "POST", "/placements", actions.tell, PERSON, status=201, keyed=True, then=_person)
offer(router, "GET", "/placements/{code}", queries.placement)
offer(router, "GET", "/placements/{code}/options", queries.options)
for name, step in (
    ("withdrawal", actions.take_out), ("bringing", actions.bring), ("home", actions.keep_at_home), ("room", actions.keep_room),
    ("housing", actions.settle_in), ("leaving", actions.let_go), ("sending", actions.send), ("receiving", actions.receive),
    ("calling-off", actions.call_off),
):  # fmt: skip
    offer(router, "POST", f"/placements/{{code}}/{name}", step, PERSON, keyed=True, then=_person)
offer(router, "POST", "/placements/{code}/checks", actions.check, LOOK, status=201, keyed=True, then=_look)
offer(router, "POST", "/placements/{code}/errands", actions.ask_errand, ERRAND, status=201, keyed=True, then=_errand)
offer(router, "POST", "/errands/{errand_id}/outcome", actions.finish_errand, ERRAND, keyed=True, then=_errand)
for name, decide in (
    ("extension", actions.extend), ("early-release", actions.release_early), ("together", actions.stay_together)
):  # fmt: skip
    offer(router, "POST", f"/placements/{{code}}/{name}", decide, DECISION, status=201, keyed=True, then=_decision)
offer(
    router, "POST", "/isolation-decisions/{decision_id}/dispute", actions.dispute, DECISION, keyed=True, then=_decision
)
offer(router, "POST", "/isolation-decisions/{decision_id}/answer", actions.answer, DECISION, keyed=True, then=_decision)
offer(
    router, "POST", "/placements/{code}/objection", actions.object_to, DECISION, status=201, keyed=True, then=_decision
)
offer(
    router, "POST", "/placements/{code}/neighbour-notice", actions.tell_neighbours, NOTICE,
    status=201, keyed=True, then=_notice,
)  # fmt: skip
offer(router, "GET", "/neighbour-notices", queries.neighbour_notices, after=lambda row: row.id)
offer(router, "GET", "/neighbour-notices/{code}", queries.neighbour_notice)
offer(router, "POST", "/neighbour-notices/{code}/withdrawal", actions.withdraw_notice, NOTICE, keyed=True, then=_notice)
offer(router, "POST", "/placements/{code}/letter", actions.hand_letter, status=201, keyed=False)
offer(router, "GET", "/own/isolation", queries.own)
offer(router, "POST", "/placements/{code}/certificate", actions.certify, keyed=True)
offer(router, "GET", "/allocations", queries.allocations, JobView, after=lambda row: row.pk)
offer(router, "POST", "/allocations", actions.allocate, JobView, status=202, keyed=True)
offer(router, "GET", "/allocations/{code}", queries.allocation)
offer(router, "GET", "/allocations/{code}/places", queries.proposed, after=lambda row: row.rank)
offer(router, "POST", "/allocations/{code}/acceptance", actions.accept, JobView, status=202, keyed=True)
offer(router, "GET", "/trips", queries.trips, after=lambda row: row.id)
offer(router, "POST", "/trips", actions.plan_trip, TRIP, status=201, keyed=True, then=_trip)
offer(router, "GET", "/trips/{code}", queries.trip)
offer(router, "POST", "/trips/{trip}/passengers", actions.board, TRIP, keyed=True, then=_trip)
for name, drive in (
    ("start", actions.start_trip),
    ("end", actions.end_trip),
    ("cleaning", actions.cleaned),
    ("cancelling", actions.cancel_trip),
):
    offer(router, "POST", f"/trips/{{trip}}/{name}", drive, TRIP, keyed=True, then=_trip)
offer(router, "GET", "/trips/destinations", queries.destinations, without=("right",))
offer(router, "GET", "/vehicles", queries.vehicles, after=lambda row: row.id)
offer(router, "POST", "/vehicles", actions.add_vehicle, VEHICLE, status=201, keyed=True, then=_vehicle)
