"""Rooms for people: kept for them, taken by them, changed and left; never one in which they would meet another class."""

from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.containment.isolation import apart, rights
from fangxian.containment.isolation.models import HandOver, Placement, Room
from fangxian.containment.isolation.passing import checked, move
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, NotFound

#: Links at which somebody may have a room.
_BEFORE_ROOM = (Placement.TOLD, Placement.ABOARD, Placement.ARRIVED)


@action
def keep_room(by: Actor, code: str, room_id: int) -> Placement:
    """Keep a room for somebody, or give them another one. The floor is for their class from then on.

    Raises Conflict (`kept_apart`) where people would meet who must not. The one they had waits to be cleaned if they were in it.
    """
    row = rights.placement(by, code, lock=True)
    room = Room.objects.select_related("floor__site").filter(pk=room_id).first()
    if room is None or not rights.at_site(by, rights.VIEW, room.floor.site):
        raise NotFound(_("There is no such room."), field="room_id")
    rights.must_at_site(by, rights.RECEIVE, room.floor.site)
    site = room.floor.site
    if row.link not in (*_BEFORE_ROOM, Placement.HOUSED):
        raise Conflict(_("The person has left the site."), remedy=_("Reload the page to see where they are."))
    if row.link != Placement.TOLD and row.site_id is not None and row.site_id != site.pk:
        raise Conflict(
            _("The person is on another site, or on the way there."), remedy=_("Choose a room of that site.")
        )
    if site.closed_at is not None or site.ready_in:
        raise Conflict(
            _("This site does not take people in yet."),
            remedy=_("Open it first: set its readiness to 0."),
            code="not_open",
        )
    floor = apart.lock_floor(room.floor_id)
    room.refresh_from_db()
    apart.take_room(row, room, floor)
    if not floor.cls:
        floor.cls, floor.pack = row.cls, row.pack
        floor.save(update_fields=["cls", "pack"])
    before = row.room
    if row.link == Placement.HOUSED and before is not None and before.pk != room.pk:
        if before.floor.passage_id != floor.passage_id:
            apart.use_passage(row, before.floor.passage_id, clock.now())
        apart.use_passage(row, floor.passage_id, clock.now())
    row.room, row.site, row.version = room, site, row.version + 1
    row.save()
    if row.link == Placement.HOUSED and before is not None and before.pk != room.pk:
        vacated(before)
    record(
        by, "isolation.room_kept", ("placement", row.pk), area=row.area,
        data={"site": site.code, "room": [floor.building, room.number], "cls": row.cls},
    )  # fmt: skip
    return row


@action
def settle_in(by: Actor, code: str, *, at: datetime | None = None) -> Placement:
    """The person is in the room that was kept for them (入住): handed over by the reception to the ward, both named."""
    row = rights.placement(by, code, lock=True)
    rights.must_at_site(by, rights.RECEIVE, row.site)
    if row.link != Placement.ARRIVED:
        raise Conflict(
            _("The person is not at the reception."), remedy=_("Confirm the arrival first."), code="out_of_order"
        )
    if row.room is None:
        raise Conflict(_("No room is kept for this person."), remedy=_("Choose a room first."), code="no_room")
    at = checked(at, row)
    floor = apart.lock_floor(row.room.floor_id)
    apart.take_room(row, row.room, floor)
    apart.use_passage(row, floor.passage_id, at)
    arrival = HandOver.objects.filter(placement=row, to_link=Placement.ARRIVED, ended_at__isnull=False).latest("pk")
    HandOver.objects.create(
        placement=row, from_link=Placement.ARRIVED, to_link=Placement.HOUSED, arranged_at=at, ended_at=at,
        sender_id=arrival.receiver_id, sender_name=arrival.received_by_name, sent_at=arrival.received_at,
        sent_by_id=arrival.received_by_id, sent_by_name=arrival.received_by_name, receiver_id=arrival.receiver_id,
        receiver_name=by.name, received_at=at, received_by_id=by.account_id, received_by_name=by.name,
    )  # fmt: skip
    move(by, row, Placement.HOUSED, at)
    return row


def leave_room(row: Placement, at: datetime) -> None:
    """The person goes through the passage; the room is cleaned before anybody else has it, unless somebody stays in it."""
    room = row.room
    if room is None:
        return
    apart.lock_floor(room.floor_id)
    apart.use_passage(row, room.floor.passage_id, at)


def vacated(room: Room) -> None:
    """The room waits to be cleaned where nobody has it any more."""
    if not Placement.objects.filter(room=room, closed_at__isnull=True).exists():
        Room.objects.filter(pk=room.pk).update(state=Room.CLEANING)
