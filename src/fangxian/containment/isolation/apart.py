"""Keeping classes of people apart (互不交叉): who may share a floor, a passage at the same time, a room, a vehicle.

Each question is asked with the row that is shared locked until the transaction ends, so that of two who ask at the same time the
second sees what the first has done. What does not hold is refused; nothing here merely warns.
"""

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.containment.isolation import ruling
from fangxian.containment.isolation.models import Floor, Passage, Placement, Room, Use
from fangxian.core import clock
from fangxian.core.errors import Conflict

#: A class of people: the pack, and the key in it. The same word in the rules of two diseases is two classes.
Class = tuple[str, str]


def may_mix(one: Class, other: Class, area: str) -> bool:
    """Whether people of two classes may share a floor, a passage at the same time, or a vehicle."""
    return one == other or (one[0] == other[0] and ruling.of(one[0], area).may_mix(one[1], other[1]))


def class_of(row: Placement) -> Class:
    """The class that somebody is kept in."""
    return row.pack, row.cls


def lock_floor(floor_id: int) -> Floor:
    """The floor, locked until the transaction ends."""
    return Floor.objects.select_for_update(of=("self",)).select_related("site", "passage").get(pk=floor_id)


def take_room(row: Placement, room: Room, floor: Floor) -> None:
    """Raise Conflict unless the person may have the room. The caller holds the floor locked."""
    if floor.zone != Floor.OBSERVATION:
        raise _mixed(
            _("Room %(room)s lies in the part of the staff or of supplies.") % {"room": room.number},
            _("Choose a room of the observation zone."),
        )
    if room.state != Room.READY:
        raise Conflict(
            _("Room %(room)s is not ready.") % {"room": room.number},
            remedy=_("Choose another, or have it cleaned and say so."), code="room_not_ready", field="room",
        )  # fmt: skip
    there = list(Placement.objects.filter(room__floor=floor, closed_at__isnull=True).exclude(pk=row.pk))
    own, area = class_of(row), floor.site.area
    for other in {class_of(one) for one in there} | ({(floor.pack, floor.cls)} if floor.cls else set()):
        if not may_mix(own, other, area):
            raise _mixed(
                _("This floor is for “%(there)s”; “%(cls)s” may not be put there.")
                % {"there": name_of(other, area), "cls": name_of(own, area)},
                _("Choose a floor of that class, or one that is for nobody yet."),
            )
    _share(row, room, [one for one in there if one.room_id == room.pk], int(ruling.of(row.pack, area).room.number))


def _share(row: Placement, room: Room, inside: list[Placement], usual: int) -> None:
    """One person has a room to themselves unless it was decided that they stay together, and never more than it has beds."""
    if not inside:
        return
    together = row.party != "" and all(one.party == row.party for one in inside)
    if not together and len(inside) + 1 > usual:
        raise Conflict(
            _("Room %(room)s is taken.") % {"room": room.number},
            remedy=_("Choose another. Who is to stay together is decided first, on their page."),
            code="room_taken", field="room",
        )  # fmt: skip
    if len(inside) + 1 > room.beds:
        raise Conflict(
            _("Room %(room)s has no free bed.") % {"room": room.number}, remedy=_("Choose a larger one."),
            code="room_full", field="room",
        )  # fmt: skip


def use_passage(row: Placement, passage_id: int, at: datetime) -> None:
    """Let somebody through a passage at a time that belongs to their class. Raises Conflict where it belongs to another."""
    passage = Passage.objects.select_for_update(of=("self",)).select_related("site").get(pk=passage_id)
    if passage.kind != Passage.ISOLATED:
        raise _mixed(_("This is the passage of the staff."), _("Give the floor a passage for the isolated."))
    area, own = passage.site.area, class_of(row)
    slot = ruling.of(row.pack, area).slot.delta
    near = Use.objects.filter(passage=passage, at__gt=at - slot, at__lt=at + slot)
    others = [one for one in near.order_by("-at") if not may_mix(own, (one.pack, one.cls), area)]
    if others:
        last = others[0]
        raise _mixed(
            _("“%(cls)s” used this passage at %(at)s.")
            % {"cls": name_of((last.pack, last.cls), area), "at": _hour(last.at)},
            _("It is free for others from %(at)s.") % {"at": _hour(last.at + slot)},
        )
    Use.objects.create(passage=passage, placement=row, cls=row.cls, pack=row.pack, at=at)


def share_vehicle(own: Class, others: Iterable[Class], area: str) -> None:
    """Raise Conflict unless people of a class may ride with the others."""
    for other in others:
        if not may_mix(own, other, area):
            raise _mixed(
                _("This trip is for “%(there)s”; “%(cls)s” may not ride with them.")
                % {"there": name_of(other, area), "cls": name_of(own, area)},
                _("Plan another trip for them."),
            )


def name_of(one: Class, area: str) -> str:
    """A class by name, in the reader's language."""
    return ruling.class_name(one[0], one[1], area).in_(get_language())


def _hour(at: datetime) -> str:
    return f"{at.astimezone(clock.zone()):%H:%M}"


def _mixed(message: str, remedy: str) -> Conflict:
    return Conflict(message, remedy=remedy, code="kept_apart")
