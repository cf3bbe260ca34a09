"""Zones on the map, and the pieces of land that one may be drawn by, as GeoJSON (WGS 84)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.containment.zones import land, writing
from fangxian.containment.zones.land import Land
from fangxian.containment.zones.models import Zone
from fangxian.containment.zones.queries.listing import zones_at
from fangxian.containment.zones.rights import visible
from fangxian.containment.zones.surveying import LARGEST_KM2
from fangxian.core.access import SYSTEM, Actor, within
from fangxian.core.errors import NotAllowed
from fangxian.registry import queries as registry
from fangxian.registry.levels import at_level
from fangxian.text import Text

#: Zones on one map, and pieces of land to choose from.
MOST, MOST_UNITS = 500, 3000
_SHOWN = (Zone.PROPOSED, Zone.IN_FORCE)
_KINDS = ("building", "compound", "street")


def geojson(by: Actor | None, at: datetime | None = None, area: str = "", code: str = "") -> dict[str, Any]:
    """Zones as a FeatureCollection: one feature for each piece of land, the loosest level first, so that the stricter lies above.

    Properties: `zone`, `unit`, `state`, `level`, `rank`, `level_name` and `name` in the reader's language, `since`. Without an
    actor only what was published; with an instant the zones as they were then; with a code one zone, in whatever state it is.
    """
    if at is not None:
        then = zones_at(by or SYSTEM, at, area)
        states = {one.code: one for one in then if one.state in _SHOWN or one.code == code}
        found = list(Zone.objects.filter(code__in=states))
        if by is None:
            found = [one for one in found if states[one.code].state == Zone.IN_FORCE and _told(one, at)]
        units = {one.pk: list(states[one.code].units) for one in found}
    else:
        shown = Zone.objects.filter(visible(by or SYSTEM), within(area))
        shown = shown.filter(code=code) if code else shown.filter(state__in=_SHOWN)
        if by is None:
            shown = shown.filter(state=Zone.IN_FORCE, notices__isnull=False).distinct()
        found = list(shown.order_by("-pk")[:MOST])
        states, units = {}, writing.units_of(found)
    lands = writing.lands_of_many(found, units)
    shapes = land.shapes([one for mine in lands.values() for one in mine])
    features = []
    for one in found:
        state = states.get(one.code)
        features += _features(
            one, lands[one.pk], shapes, state.level if state else one.level, state.state if state else one.state
        )
    features.sort(key=lambda feature: -feature["properties"]["rank"])
    return {"type": "FeatureCollection", "features": features}


def pickable(by: Actor, area: str, kind: str = "") -> dict[str, Any]:
    """What a zone may be drawn by in a jurisdiction: buildings, compounds, streets, cells or communities, as a FeatureCollection.

    `kind` chooses one of building, compound, street, cell, grid, village. Properties: `kind` and `ref` as a `UnitForm` has them,
    `what`, `name`. Raises NotAllowed where the actor neither draws nor decides.
    """
    if not (by.may("zones.edit", area) or by.may("zones.decide", area)):
        raise NotAllowed(_("You do not draw zones here."), remedy=_("Ask the duty officer of the jurisdiction."))
    features: list[dict[str, Any]] = []
    for spot in registry.spots_in(area, kinds=[kind] if kind in _KINDS else () if kind else _KINDS, limit=MOST_UNITS):
        if kind in ("cell", "grid", "village"):
            break
        geometry = dict(spot.outline) if spot.outline else {"type": "Point", "coordinates": [spot.lon, spot.lat]}
        name = Text(spot.name_zh, spot.name_en or spot.name_zh)
        features.append(_pick(land.PLACE, spot.code, spot.kind, name, geometry))
    for level in ("village", "grid"):
        if kind in ("", level):
            borders = registry.outlines_within(area, level)
            called = registry.short_area_texts(borders)
            features += [_pick(land.AREA, code, level, called[code], outline) for code, outline in borders.items()]
    if kind == "cell":
        features += _cells(area)
    return {"type": "FeatureCollection", "features": features[:MOST_UNITS]}


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _features(
    zone: Zone, lands: Sequence[Land], shapes: Mapping[str, Any], level: str, state: str
) -> list[dict[str, Any]]:
    rules = writing.pack_of(zone).zones
    assert rules is not None, "a zone is under a guideline that has zones"
    language = get_language() or "zh"
    named = rules.level(level).name.in_(language)
    return [
        {
            "type": "Feature",
            "geometry": shapes[one.key],
            "properties": {
                "zone": zone.code, "unit": one.key, "state": state, "level": level, "rank": rules.rank(level),
                "level_name": named, "name": one.name.in_(language),
                "since": zone.level_since.isoformat() if zone.level_since else None,
            },
        }
        for one in lands
    ]  # fmt: skip


def _told(zone: Zone, at: datetime) -> bool:
    return zone.notices.filter(issued_at__lte=at).exists()


def _pick(kind: str, ref: str, what: str, name: Text, geometry: Mapping[str, Any]) -> dict[str, Any]:
    shown = name.in_(get_language() or "zh")
    return {
        "type": "Feature", "geometry": dict(geometry),
        "properties": {"kind": kind, "ref": ref, "what": what, "name": shown},
    }  # fmt: skip


def _cells(area: str) -> list[dict[str, Any]]:
    """The H3 cells over a jurisdiction whose border is drawn, else around the places on record there."""
    border = registry.outlines_of([area]).get(area)
    if border is None:
        border = registry.outlines_of([at_level(area, "village")]).get(at_level(area, "village"))
    cells = (
        land.cells_over(border)
        if border is not None and land.square_km(border) <= LARGEST_KM2
        else {spot.cell for spot in registry.spots_in(area, limit=MOST_UNITS) if spot.cell}
    )
    return [
        _pick(land.CELL, cell, "cell", Text(f"网格 {cell}", f"cell {cell}"), land.cell_outline(cell))
        for cell in sorted(cells)[:MOST_UNITS]
    ]
