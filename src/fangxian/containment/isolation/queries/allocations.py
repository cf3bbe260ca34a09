"""Plans of rooms and trips: how far one is, what it proposes for whom, and what is missing."""

from datetime import datetime
from typing import Any

from fangxian.containment.isolation import rights
from fangxian.containment.isolation.actions.allocating import PLAN, own_plan
from fangxian.containment.isolation.allocations import (
    AllocationView,
    ProposedPlace,
    ProposedTrip,
    RoomShortage,
    text_of,
)
from fangxian.containment.isolation.models import Placement
from fangxian.core import jobs
from fangxian.core.access import Actor
from fangxian.registry import queries as registry
from fangxian.text import Text

_NOWHERE = Text("", "")


def allocations(by: Actor, *, after: int | None = None, limit: int = 20) -> list[jobs.Job]:
    """The plans that the actor asked for, the latest first, without their answers; one query."""
    found = jobs.Job.objects.filter(kind=PLAN, owner_id=by.account_id).defer("result")
    if after is not None:
        found = found.filter(pk__lt=after)
    return list(found.order_by("-pk")[:limit])


def allocation(by: Actor, code: str) -> AllocationView:
    """A plan of one's own: how far it is, its trips, what is short. Raises NotFound. Two queries."""
    row = own_plan(by, code)
    told = row.result
    booking = jobs.Job.objects.filter(code=told["accepting"]).first() if "accepting" in told else None
    cost, by_hand = told.get("cost", {}), told.get("by_hand", {})
    made = told.get("made", {})
    return AllocationView(
        row.code, row.arguments["area"], row.state, row.cursor, row.total, row.error, row.created_at, told.get("people", 0),
        len(told.get("places", ())), len(told.get("unplaced", ())), cost.get("late", 0.0), cost.get("km", 0.0), cost.get("gap", 0.0),
        by_hand.get("late", 0.0), by_hand.get("unplaced", 0), tuple(_trip(one, made) for one in told.get("trips", ())),
        tuple(
            RoomShortage(one["what"], one["missing"], _at(one["since"]), tuple(one["opens"]), text_of(one["text"]))
            for one in told.get("shortages", ())
        ),
        booking.code if booking else "", booking.state if booking else "", booking.cursor if booking else 0,
        booking.total if booking else 0,
        tuple((code, why) for code, why in booking.result.get("refused", ())) if booking else (),
    )  # fmt: skip


def proposed(by: Actor, code: str, *, after: int = 0, limit: int = 50) -> list[ProposedPlace]:
    """Where each person goes and why, in the order of the trips; then those without a place. Only those whom the actor may know of."""
    told = own_plan(by, code).result
    rows = [*told.get("places", ()), *told.get("unplaced", ())]
    part = list(enumerate(rows, 1))[after : after + limit]
    known = {
        one.code: one
        for one in Placement.objects.filter(rights.visible(by), code__in=[one["code"] for _rank, one in part])
    }
    names = registry.names(one.person_id for one in known.values())
    areas = registry.short_area_names({one.area for one in known.values()})
    return [
        _place(rank, one, row, names.get(row.person_id, ""), areas[row.area])
        for rank, one in part
        if (row := known.get(one["code"]))
    ]


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _trip(one: dict[str, Any], made: dict[str, str]) -> ProposedTrip:
    return ProposedTrip(
        one["key"], one["trip"] or made.get(one["key"], ""), one["plate"], text_of(one["site"]), text_of(one["class"]),
        _at(one["leaves_at"]), one["seats"], one["riders"],
    )  # fmt: skip


def _place(rank: int, one: dict[str, Any], row: Placement, name: str, area: str) -> ProposedPlace:
    taken = row.trip_id is not None or row.room_id is not None
    state = "done" if taken else "open" if row.link == Placement.TOLD else "past"
    if "trip" not in one:
        return ProposedPlace(
            rank, row.code, name, area, state, "", "", _NOWHERE, "", None, None, 0, 0.0, text_of(one["why"])
        )
    return ProposedPlace(
        rank, row.code, name, area, state, one["trip"], one["plate"], text_of(one["site"]), one["room"], _at(one["leaves_at"]),
        _at(one["arrives_at"]), one["late"], one["km"], text_of(one["why"]),
    )  # fmt: skip
