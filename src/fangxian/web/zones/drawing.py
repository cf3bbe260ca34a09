"""Zones as features of a map: a mark by how strict the level is, dashed where the zone is not in force."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from fangxian.containment.zones.schemas import DrawnZone, PublicArea, UnitView
from fangxian.registry import queries as registry
from fangxian.registry.levels import at_level
from fangxian.registry.vocabulary import name as term_name
from fangxian.web.maps import Feature
from fangxian.web.saying import chinese, said

#: Pieces of a zone that are named on the map; the page of the zone has them all.
NAMED = 3


def mark(rank: int) -> str:
    """The mark of a level by its place in the pack, 0 being the strictest."""
    return f"zone-{min(rank, 2) + 1}"


def whole(collection: Mapping[str, Any], address: Callable[[str], str]) -> list[Feature]:
    """Zones, one feature each; the key is the zone's code."""
    pieces: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for one in collection["features"]:
        pieces[one["properties"]["zone"]].append(one)
    return [_whole(code, mine, address(code)) for code, mine in pieces.items()]


def parts(collection: Mapping[str, Any]) -> list[Feature]:
    """The pieces of one zone, one feature each; the key is that of the unit."""
    return [
        Feature(
            one["properties"]["unit"], mark(one["properties"]["rank"]), one["properties"]["name"], one["geometry"],
            _kind(one["properties"]), dashed=one["properties"]["state"] != "in_force",
        )
        for one in collection["features"]
    ]  # fmt: skip


def pickable(collection: Mapping[str, Any]) -> list[Feature]:
    """Pieces of land that a zone may be drawn by; the key is the value of the form (`value`)."""
    return [
        Feature(
            value(one["properties"]["kind"], one["properties"]["ref"]), "unit", one["properties"]["name"], one["geometry"],
            what_name(one["properties"]["what"]),
        )
        for one in collection["features"]
    ]  # fmt: skip


def units(zone: DrawnZone) -> list[Feature]:
    """The pieces that a zone has already, as `pickable` would have them."""
    return [Feature(value_of(one), "unit", said(one.name), shape, what_name(one.what)) for one, shape in zone.units]


def public(areas: Iterable[PublicArea]) -> list[Feature]:
    """Areas in force as the public sees them."""
    return [
        Feature(
            f"a{number}", mark(one.rank), said(one.name), _together(one.geometry), said(one.level_name),
            listed(map(said, one.measures)),
        )
        for number, one in enumerate(areas)
    ]  # fmt: skip


def borders(area: str) -> list[Feature]:
    """Where one is: the border of the county around, and of its townships, as far as they are drawn."""
    county = at_level(area, "county")
    if not county:
        return []
    drawn = registry.outlines_of([county]) | registry.outlines_within(county, "township", limit=60)
    called = registry.area_names(drawn)
    return [Feature(f"border:{code}", "outline", called[code], outline) for code, outline in drawn.items()]


def value(kind: str, code: str) -> str:
    """A piece of land as the form has it: `place:7K2M9QXTB4`, `area:990101001`, `cell:8a…`."""
    return f"{kind}:{code}"


def value_of(unit: UnitView) -> str:
    """The same for a unit of a zone; an outline drawn by hand goes by its key."""
    return unit.key if unit.kind == "outline" else value(unit.kind, unit.code)


def what_name(what: str) -> str:
    """A kind of place or a level of jurisdiction, in words."""
    words = {
        "cell": _("cell of the grid"), "outline": _("drawn by hand"), "grid": _("grid"), "village": _("community"),
        "township": _("township"), "county": _("county"),
    }  # fmt: skip
    return words.get(what) or term_name("place_kinds", what)


def listed(words: Iterable[str]) -> str:
    """Several words one after the other, with the stops of the reader's language."""
    return ("；" if chinese() else "; ").join(words)


def _whole(code: str, pieces: Sequence[Mapping[str, Any]], url: str) -> Feature:
    first = pieces[0]["properties"]
    names = list(dict.fromkeys(one["properties"]["name"] for one in pieces))
    name = listed(names[:NAMED]) + (_(" and %(n)s more") % {"n": len(names) - NAMED} if len(names) > NAMED else "")
    geometry = _together([one["geometry"] for one in pieces if one["geometry"]])
    return Feature(
        code, mark(first["rank"]), name, geometry, _kind(first), url=url, dashed=first["state"] != "in_force"
    )


def _together(geometries: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    if not geometries:
        return None
    return geometries[0] if len(geometries) == 1 else {"type": "GeometryCollection", "geometries": list(geometries)}


def _kind(properties: Mapping[str, Any]) -> str:
    level = properties["level_name"]
    return str(level) if properties["state"] == "in_force" else f"{level} · {state_name(properties['state'])}"


def state_name(state: str) -> str:
    """The state of a zone in words."""
    return {
        "proposed": _("proposed"), "declined": _("declined"), "in_force": _("in force"), "lifted": _("lifted"),
        "withdrawn": _("withdrawn"),
    }.get(state, state)  # fmt: skip
