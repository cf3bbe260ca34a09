"""The clocks of contacts on their way into rooms: told, arrived, housed, each class by itself, and whether two classes met."""

from collections.abc import Collection

from fangxian.containment.isolation import apart, rights, ruling
from fangxian.containment.isolation.models import HandOver, Placement
from fangxian.containment.isolation.schemas import ClassClocks
from fangxian.core.access import Actor


def clocks_of(by: Actor, contact_ids: Collection[int]) -> list[ClassClocks]:
    """When these contacts were told, arrived and were housed, by class, as far as the actor may know of them. Three queries."""
    found = Placement.objects.filter(rights.visible(by), subject_kind="contact", subject_id__in=list(contact_ids))
    people = list(found.select_related("room__floor").order_by("pk").distinct())
    passed = HandOver.objects.filter(placement__in=people, ended_at__isnull=False, called_off="")
    when = {(pk, link): at for pk, link, at in passed.values_list("placement_id", "to_link", "received_at")}
    shared = _shared({one.room.floor_id for one in people if one.room is not None})
    shown = []
    for pack, cls in sorted({(one.pack, one.cls) for one in people}):
        mine = [one for one in people if (one.pack, one.cls) == (pack, cls)]
        floors = {one.room.floor for one in mine if one.room is not None}
        shown.append(
            ClassClocks(
                cls=cls, name=ruling.class_name(pack, cls, mine[0].area), people=len(mine),
                told_at=tuple(sorted(one.begun_at for one in mine)),
                arrived_at=tuple(sorted(at for one in mine if (at := when.get((one.pk, Placement.ARRIVED))))),
                housed_at=tuple(sorted(at for one in mine if (at := when.get((one.pk, Placement.HOUSED))))),
                floors=tuple(sorted(f"{one.building}-{one.level}" for one in floors)),
                crossings=sum(one.pk in shared for one in floors),
            )
        )  # fmt: skip
    return shown


def _shared(floors: Collection[int]) -> set[int]:
    """The floors on which people of classes are together that the pack keeps apart. There are none, or something is wrong."""
    rows = Placement.objects.filter(room__floor__in=list(floors), closed_at__isnull=True).order_by()
    there: dict[int, list[tuple[apart.Class, str]]] = {}
    for floor, pack, cls, area in rows.values_list("room__floor", "pack", "cls", "site__area").distinct():
        there.setdefault(floor, []).append(((pack, cls), area or ""))
    return {
        floor for floor, classes in there.items()
        if any(not apart.may_mix(one, other, area) for one, area in classes for other, _area in classes)
    }  # fmt: skip
