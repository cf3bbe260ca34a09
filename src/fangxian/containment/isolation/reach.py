"""How wide neighbours are told (邻里告知): the building, or what is wide enough that the notice points at no home.

Counted are homes with somebody living in them. A notice for a building of few homes would name somebody as surely as a name does.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from fangxian.containment.isolation import ruling
from fangxian.containment.isolation.models import Placement
from fangxian.core.errors import Conflict
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.text import Text

BUILDING, COMPOUND, COMMUNITY = "building", "compound", "community"


@dataclass(frozen=True, slots=True)
class Reach:
    """For whom a notice is: `place` (id) is the building or compound, None for the whole community of `area`. `homes` are in it."""

    scope: str
    place: int | None
    area: str
    name: Text
    homes: int
    wanted: int


def of(row: Placement) -> Reach:
    """The narrowest that has at least as many homes as the pack asks (`doors`); five queries at most.

    Raises Conflict where not even the community has as many on record.
    """
    wanted = int(ruling.of(row.pack, row.area).doors.number)
    building = registry.homes([row.person_id])[row.person_id].building_id
    if building is not None:
        spots = registry.spots([building], with_parents=True)
        own = spots[building]
        above = spots.get(own.parent_id or 0)
        for scope, spot in ((BUILDING, own), (COMPOUND, above)):
            if spot is None:
                continue
            homes = _homes([building] if scope == BUILDING else registry.parts_of([spot.id])[spot.id])
            if homes >= wanted:
                return Reach(scope, spot.id, spot.area, Text(spot.name_zh, spot.name_en or spot.name_zh), homes, wanted)
    community = levels.at_level(row.area, "village")
    homes = registry.living_counted((), [community])[1]
    if homes < wanted:
        raise Conflict(
            _("Fewer than %(n)s homes are on record here: any notice would point at one of them.") % {"n": wanted},
            remedy=_("Have the shared parts disinfected without a notice, or register the buildings first."), code="too_few_homes",
        )  # fmt: skip
    return Reach(COMMUNITY, None, community, registry.short_area_texts([community])[community], homes, wanted)


def _homes(buildings: Iterable[int]) -> int:
    return registry.living_counted(sorted(buildings))[1]
