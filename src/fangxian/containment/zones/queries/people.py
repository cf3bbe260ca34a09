"""Who is inside of a zone: by the buildings and jurisdictions that it is made of; and whose building nobody knows."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from fangxian.containment.zones import land, writing
from fangxian.containment.zones.land import Land
from fangxian.containment.zones.models import Zone
from fangxian.containment.zones.schemas import Inside
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.registry import queries as registry
from fangxian.registry.levels import LENGTHS, at_level

LONGEST_PAGE = 500
_HOUSED, _ROOFLESS = "h", "r"


def inside(by: Actor, code: str, cursor: str = "", limit: int = 100) -> Inside:
    """The people and households of a zone, masked, a page at a time; twelve queries at most.

    First those who live in its buildings or jurisdictions. Then, where it is drawn smaller than a community, those of its
    communities of whom no building is on record: somebody has to ask them, so that nobody is missed. Raises NotAllowed
    without the right to see people there.
    """
    zone = writing.seen_by(by, code)
    by.must("registry.view", zone.area)
    limit = max(1, min(limit, LONGEST_PAGE))
    buildings, areas, communities = _membership(zone)
    group, after = _read(cursor)
    found: list[tuple[int, bool]] = []
    if group == _HOUSED:
        housed = registry.living_in(buildings, areas, after=after, limit=limit + 1)
        found = [(pk, True) for pk in housed]
        after = 0
    if len(found) <= limit and communities:
        rest = registry.living_in((), communities, roofless=True, after=after, limit=limit + 1 - len(found))
        found += [(pk, False) for pk in rest]
    page, more = found[:limit], len(found) > limit
    known = registry.residents([pk for pk, _roof in page])
    people, households = registry.living_counted(buildings, areas) if buildings or areas else (0, 0)
    last = f"{_HOUSED if page[-1][1] else _ROOFLESS}{page[-1][0]}" if more else ""
    return Inside(
        households=households,
        people=people,
        roofless=registry.living_counted((), communities, roofless=True)[0] if communities else 0,
        rows=tuple((known[pk], roof) for pk, roof in page if pk in known),
        cursor=last,
    )


def membership(by: Actor, code: str) -> tuple[list[int], list[str], list[str]]:
    """Whose homes a zone is: ids of buildings, codes of jurisdictions, and those of communities in which some people have no
    building on record. Raises NotFound, and NotAllowed without the right to see people there."""
    zone = writing.seen_by(by, code)
    by.must("registry.view", zone.area)
    return _membership(zone)


def _membership(zone: Zone) -> tuple[list[int], list[str], list[str]]:
    """The buildings (place ids) and jurisdictions whose people are inside, and the communities where some have no building on record."""
    lands = writing.lands_of_many([zone], named=False)[zone.pk]
    areas = [one.code for one in lands if one.kind == land.AREA]
    roots = [one.spot.id for one in lands if one.spot is not None] + [spot for one in lands for spot in _drawn(one)]
    buildings = sorted({pk for parts in registry.parts_of(roots).values() for pk in parts}) if roots else []
    communities = {
        at_level(one.area, "village")
        for one in lands
        if one.kind != land.AREA
        and len(one.area) >= LENGTHS["village"]
        and not one.area.startswith(tuple(areas) or ("-",))
    }
    if not communities and any(one.kind in (land.CELL, land.OUTLINE) for one in lands):
        communities = {spot[:12] for spot in _areas_of(lands) if len(spot) >= LENGTHS["village"]}
    return buildings, areas, sorted(communities)


def _drawn(one: Land) -> list[int]:
    """The places in a cell or in an outline drawn by hand."""
    if one.kind not in (land.CELL, land.OUTLINE):
        return []
    geometry = land.shapes([one])[one.key]
    return [spot.id for spot in land.places_in(geometry)] if geometry else []


def _areas_of(lands: Sequence[Land]) -> set[str]:
    spots = registry.spots([pk for one in lands for pk in _drawn(one)])
    return {spot.area for spot in spots.values()}


def _read(cursor: str) -> tuple[str, int]:
    if not cursor:
        return _HOUSED, 0
    if cursor[0] not in (_HOUSED, _ROOFLESS) or not cursor[1:].isdecimal() or len(cursor) > 18:
        raise Invalid(_("This page mark does not fit."), remedy=_("Begin again with the first page."), field="cursor")
    return cursor[0], int(cursor[1:])
