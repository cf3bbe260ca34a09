"""Allocation (分流转运与房间分配): a plan for all who wait, computed as a job; what is accepted of it is booked.

The plan proposes, a person accepts, and the same actions book as by hand: what they refuse stays refused, and is told by name.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from fangxian.analytics.allocation import AllocationError, Plan, Reasons, plan
from fangxian.containment.isolation import rights
from fangxian.containment.isolation.actions.driving import board, plan_trip
from fangxian.containment.isolation.actions.rooming import keep_room
from fangxian.containment.isolation.allocations import AllocationForm
from fangxian.containment.isolation.forms import TripForm
from fangxian.containment.isolation.gathering import Gathered, gather
from fangxian.core import accounts, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.registry import queries as registry
from fangxian.text import Text

PLAN, ACCEPT = "isolation.allocate", "isolation.accept"
#: So long a plan looks ahead, at most (hours); so long it is computed, at most (seconds).
MOST_HOURS, SECONDS = 48, 45.0
#: Trips leave so much after the plan was asked for, unless somebody says when.
_SOON = timedelta(minutes=30)
#: Shares of the bar: before and after the computing.
_GATHERED, _PLANNED, _WHOLE = 5, 95, 100


@action
def allocate(by: Actor, form: AllocationForm) -> jobs.Job:
    """Have rooms and trips proposed for everybody of an area who was told and waits. Nothing is booked by it.

    Raises NotAllowed without the rights to send and to drive there, Invalid for hours out of bounds or a time in the past.
    """
    area = registry.area(form.area).code
    by.must(rights.TELL, area)
    by.must(rights.DRIVE, area)
    now = clock.now()
    start = form.leaves_from or now + _SOON
    if start < now - timedelta(minutes=1):
        raise Invalid(_("This lies in the past."), remedy=_("Give the time at which it sets out."), field="leaves_from")
    if not 1 <= form.hours <= MOST_HOURS:
        raise Invalid(
            _("This number is out of bounds."),
            remedy=_("Give a number from %(low)s to %(high)s.") % {"low": 1, "high": MOST_HOURS}, field="hours",
        )  # fmt: skip
    job = jobs.start(by, PLAN, {"area": area, "start": start.isoformat(), "hours": form.hours})
    record(by, "isolation.allocation_asked", ("job", job.pk), area=area, data={"hours": form.hours})
    return job


@action
def accept(by: Actor, code: str, people: Sequence[str] = ()) -> jobs.Job:
    """Book what a plan of one's own proposes: for these people, or for all. Each booking is made, or refused with the reason, by itself."""
    row = own_plan(by, code)
    if row.state != jobs.Job.DONE:
        raise Conflict(_("The plan is not finished."), remedy=_("Wait for it, or ask for another one."))
    places = row.result.get("places", [])
    known = {one["code"] for one in places}
    wanted = [one for one in dict.fromkeys(people) if one in known] if people else [one["code"] for one in places]
    if not wanted:
        raise Invalid(
            _("Nobody is chosen."), remedy=_("Tick people of the plan, or accept it as a whole."), field="people"
        )
    before = row.result.get("accepting")
    if before and jobs.Job.objects.filter(code=before, state__in=(jobs.Job.WAITING, jobs.Job.RUNNING)).exists():
        raise Conflict(_("Bookings of this plan are being made."), remedy=_("Wait until they are done."), code="busy")
    job = jobs.start(by, ACCEPT, {"plan": row.code, "people": wanted})
    row.result = {**row.result, "accepting": job.code}
    row.save(update_fields=["result"])
    record(
        by, "isolation.allocation_accepted", ("job", row.pk), area=row.arguments["area"], data={"people": len(wanted)}
    )
    return job


def own_plan(by: Actor, code: str) -> jobs.Job:
    """A plan that the actor asked for. Raises NotFound."""
    row = jobs.by_code(by, code)
    if row.kind != PLAN:
        raise NotFound(_("There is no such plan."))
    return row


# ── the jobs ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _owner(job: jobs.Running) -> Actor:
    return actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM


@jobs.kind(PLAN)
def _allocating(job: jobs.Running) -> dict[str, Any]:
    """Reads, computes, and keeps the answer with the job; begun again it computes again."""
    start = datetime.fromisoformat(job.arguments["start"])
    job.expect(_WHOLE)
    found = gather(_owner(job), job.arguments["area"], start, start + timedelta(hours=job.arguments["hours"]))
    job.advance(max(job.cursor, _GATHERED), people=len(found.problem.people) if found.problem else 0)
    if found.problem is None:
        job.advance(_WHOLE)
        return {"places": [], "trips": [], "shortages": [], "unplaced": []}

    stopped = Event()

    def told(share: float) -> None:
        try:
            job.advance(max(job.cursor, round(_GATHERED + share * (_PLANNED - _GATHERED))))
        except jobs.Stopped:  # the best plan so far is kept, with how far it is from the best there is
            stopped.set()

    try:
        done = plan(found.problem, seconds=SECONDS, on_progress=told, stop=stopped.is_set)
    except AllocationError as fault:
        raise Conflict(str(found.told(fault.text))) from None
    kept = _kept(found, done)
    with suppress(jobs.Stopped):
        job.advance(_WHOLE)
    return kept


@jobs.kind(ACCEPT)
def _accepting(job: jobs.Running) -> dict[str, Any]:
    """One person after the other, each in a transaction with the mark of how far it is."""
    by = _owner(job)
    people = job.arguments["people"]
    job.expect(len(people))
    for number in range(job.cursor, len(people)):
        with transaction.atomic():
            result = dict(job.row.result)
            try:
                _book(by, job.arguments["plan"], people[number])
                result["booked"] = result.get("booked", 0) + 1
            except Refusal as refusal:
                result["refused"] = [*result.get("refused", []), [people[number], str(refusal)]]
            job.advance(number + 1, **result)
    return {}


@action
def _book(by: Actor, code: str, person: str) -> None:
    """The room kept and the seat taken that a plan proposes for somebody; its trip is planned with the first who rides it."""
    row = jobs.Job.objects.select_for_update().get(code=code)
    place = next(one for one in row.result["places"] if one["code"] == person)
    made: dict[str, str] = row.result.get("made", {})
    run = next(one for one in row.result["trips"] if one["key"] == place["trip"])
    trip = run["trip"] or made.get(run["key"])
    keep_room(by, person, place["room_id"])
    if not trip:
        form = TripForm(
            vehicle=run["vehicle"], site=run["site_code"], pack=run["pack"], cls=run["cls"],
            leaves_at=datetime.fromisoformat(run["leaves_at"]), driver_name=run["team"],
        )  # fmt: skip
        trip = plan_trip(by, form).code
        row.result = {**row.result, "made": {**made, run["key"]: trip}}
        row.save(update_fields=["result"])
    board(by, trip, person)


# ── the answer as it is kept ───────────────────────────────────────────────────────────────────────────────────────────


def _both(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


def _kept(found: Gathered, done: Plan) -> dict[str, Any]:
    """A plan as JSON: places in the order of the list, trips that somebody rides, what is missing."""
    assert found.problem is not None
    why = Reasons(found.problem, done)
    riders: dict[str, int] = {}
    for one in done.assignments:
        riders[one.trip] = riders.get(one.trip, 0) + 1
    teams = registry.organisation_names({found.runs[key].vehicle.organisation_id for key in riders})
    trips = []
    for key in sorted(riders, key=lambda key: found.runs[key].leaves_at):
        run, (kind, site) = found.runs[key], done.trips[key]
        pack, cls = found.kinds[kind]
        trips.append({
            "key": key, "trip": run.trip, "vehicle": run.vehicle.code, "plate": run.vehicle.plate, "site": _both(found.names[site]),
            "site_code": found.sites[site].code, "pack": pack, "cls": cls, "class": _both(found.names[kind]),
            "leaves_at": run.leaves_at.isoformat(), "seats": run.vehicle.seats, "riders": riders[key],
            "team": teams[run.vehicle.organisation_id],
        })  # fmt: skip
    places = [
        {
            "code": one.person, "trip": one.trip, "plate": found.runs[one.trip].vehicle.plate, "site": _both(found.names[one.site]),
            "room": found.names[one.room].zh, "room_id": found.rooms[one.room].pk, "leaves_at": found.at(one.departs).isoformat(),
            "arrives_at": found.at(one.arrives).isoformat(), "late": round(one.late * 60), "km": round(one.kilometres, 1),
            "why": _both(found.told(why.of(one.person))),
        }
        for one in sorted(done.assignments, key=lambda one: (one.departs, one.trip, one.person))
    ]  # fmt: skip
    return {
        "places": places, "trips": trips,
        "unplaced": [{"code": one.person, "why": _both(found.told(one.why))} for one in done.unplaced],
        "shortages": [
            {
                "what": one.what, "missing": one.missing, "since": found.at(one.since).isoformat(),
                "opens": [found.sites[key].code for key in one.opens], "text": _both(found.told(one.text)),
            }
            for one in done.shortages
        ],
        "cost": {"late": done.cost.late, "km": done.cost.kilometres, "gap": done.gap},
        "by_hand": {"late": done.greedy.late, "unplaced": done.greedy.unplaced},
    }  # fmt: skip
