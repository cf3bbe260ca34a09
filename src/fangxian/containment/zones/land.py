"""The pieces of land that zones are made of: places on record, jurisdictions, H3 cells, outlines drawn by hand.

Each has a key (`place:12`, `area:990101001001`, `cell:8a…`, `outline:…`) and lies within others: a building within its
compound, that within its community. Whether a zone covers a piece of land is whether any of these keys is the zone's.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import h3  # type: ignore[import-untyped]
from shapely.geometry import Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry

from fangxian.registry import outlines
from fangxian.registry import queries as registry
from fangxian.registry.levels import LENGTHS, at_level, level_of, upwards
from fangxian.registry.schemas import Spot
from fangxian.text import Text

PLACE, AREA, CELL, OUTLINE = "place", "area", "cell", "outline"
_KM_A_DEGREE = 111.32
#: Of places that are units by themselves, from the smallest.
_OF_PLACES = ("building", "compound", "street")


@dataclass(frozen=True, slots=True)
class Land:
    """A piece of land. `within`: the keys of itself and of everything that contains it; `what`: its kind of place, or level."""

    key: str
    kind: str
    code: str
    name: Text
    what: str
    area: str
    within: frozenset[str]
    spot: Spot | None = None
    above: tuple[Spot, ...] = ()
    outline: Mapping[str, Any] | None = None


def key(kind: str, ref: object) -> str:
    """The key of a piece of land."""
    return f"{kind}:{ref}"


def outline_key(outline: Mapping[str, Any]) -> str:
    """The key of an outline: the digest of its corners, so that the same drawing is the same land."""
    return key(OUTLINE, hashlib.sha256(json.dumps(outline, sort_keys=True).encode()).hexdigest()[:16])


def place_of(of: str) -> int | None:
    """The id of the place that a key names, None where it names none."""
    kind, _colon, ref = of.partition(":")
    return int(ref) if kind == PLACE else None


def known(
    keys: Iterable[str],
    drawn: Mapping[str, Mapping[str, Any]] | None = None,
    lying: str | Mapping[str, str] = "",
    *,
    named: bool = True,
) -> dict[str, Land]:
    """Pieces of land by their keys; `drawn` are the outlines of those that are drawn by hand.

    `lying` says in which jurisdiction cells and outlines lie: all of them, or each by its key. Places that are gone are left
    out. Some four queries, however many there are; fewer where neither names nor what a place is a part of is asked for.
    """
    wanted = list(dict.fromkeys(keys))
    area_of = {one: lying if isinstance(lying, str) else lying.get(one, "") for one in wanted}
    spots = registry.spots([pk for one in wanted if (pk := place_of(one)) is not None], with_parents=named)
    chains = {pk: _above(pk, spots) for pk in spots}
    areas = {one.area for one in spots.values()} | {*area_of.values()}
    areas |= {one.partition(":")[2] for one in wanted if one.startswith(f"{AREA}:")}
    called = registry.short_area_texts(areas) if named else dict.fromkeys(areas, Text("", ""))
    found: dict[str, Land] = {}
    for one, area in area_of.items():
        kind, _colon, ref = one.partition(":")
        if kind == PLACE and int(ref) in spots:
            found[one] = _place(chains[int(ref)], called)
        elif kind == AREA:
            inside = frozenset(key(AREA, code) for code in upwards(ref))
            found[one] = Land(one, kind, ref, called[ref], level_of(ref), ref, inside)
        elif kind == CELL:
            lat, lon = h3.cell_to_latlng(ref)
            name = Text(
                f"{called[area].zh}（{lon:.4f}, {lat:.4f}）附近", f"around {lon:.4f}, {lat:.4f} in {called[area].en}"
            )
            found[one] = Land(one, kind, ref, name, "cell", area, _shape_within(one, area))
        elif kind == OUTLINE:
            name = Text(f"{called[area].zh}图上划定区域", f"area drawn in {called[area].en}")
            found[one] = Land(
                one, kind, "", name, "outline", area, _shape_within(one, area), outline=(drawn or {}).get(one)
            )
    return found


def promoted(land: Land, unit: str | None) -> str:
    """The key of the unit that a piece of land belongs to, where zones are drawn by `unit` (a word of the pack).

    Without a word: the building, else the compound, else the place itself. What is not known that finely stays as it is.
    """
    if land.kind == AREA:
        finest = len(land.code)
        wanted = LENGTHS.get(unit or "", LENGTHS["village"])
        return key(AREA, land.code[: min(finest, max(wanted, LENGTHS["county"]))])
    if land.kind != PLACE or land.spot is None:
        return land.key
    if unit == "cell" and land.spot.cell:
        return key(CELL, land.spot.cell)
    if unit in ("grid", "village", "township", "county"):
        return key(AREA, at_level(land.area, unit))
    chain = {one.kind: one for one in reversed((land.spot, *land.above))}
    wanted_kinds = _OF_PLACES[_OF_PLACES.index(unit) :: -1] if unit in _OF_PLACES else ("building", "compound")
    for kind in wanted_kinds:
        if kind in chain:
            return key(PLACE, chain[kind].id)
    return land.key


def covers(units: Iterable[str], land: Land) -> bool:
    """Whether a zone of these units contains the piece of land."""
    return not land.within.isdisjoint(units)


def shapes(lands: Sequence[Land]) -> dict[str, dict[str, Any] | None]:
    """The GeoJSON geometry of each piece of land by its key: an outline where there is one, else a point; None where neither."""
    borders = registry.outlines_of([one.code for one in lands if one.kind == AREA])
    found: dict[str, dict[str, Any] | None] = {}
    for one in lands:
        if one.kind == AREA:
            found[one.key] = dict(borders[one.code]) if one.code in borders else None
        elif one.kind == CELL:
            found[one.key] = cell_outline(one.code)
        elif one.kind == OUTLINE:
            found[one.key] = dict(one.outline) if one.outline else None
        elif one.spot is not None and one.spot.outline:
            found[one.key] = dict(one.spot.outline)
        elif one.spot is not None and one.spot.lon is not None:
            found[one.key] = {"type": "Point", "coordinates": [one.spot.lon, one.spot.lat]}
        else:
            found[one.key] = None
    return found


def cell_outline(cell: str) -> dict[str, Any]:
    """An H3 cell as a GeoJSON polygon."""
    corners = [(lon, lat) for lat, lon in h3.cell_to_boundary(cell)]
    return outlines.written(Polygon([*corners, corners[0]]))


def is_cell(text: str) -> bool:
    """Whether this is an H3 cell of the resolution that places are kept at, or a finer or coarser one of use on a street."""
    return bool(h3.is_valid_cell(text)) and 7 <= h3.get_resolution(text) <= 11


def square_km(geometry: Mapping[str, Any]) -> float:
    """The area of a shape in km², to a few percent: degrees of longitude are shortened as in its middle."""
    drawn: BaseGeometry = shape(geometry)
    return float(drawn.area * _KM_A_DEGREE**2 * math.cos(math.radians(drawn.centroid.y)))


def cells_over(geometry: Mapping[str, Any], resolution: int = 9) -> set[str]:
    """The H3 cells that a shape lies in, with a ring around them, so that none at its edge is left out."""
    drawn: BaseGeometry = shape(geometry)
    if drawn.geom_type == "Point":
        inside = {h3.latlng_to_cell(drawn.y, drawn.x, resolution)}
    else:
        inside = set(h3.geo_to_cells(mapping(drawn), resolution))
        inside.add(h3.latlng_to_cell(drawn.representative_point().y, drawn.representative_point().x, resolution))
    return {near for one in inside for near in h3.grid_disk(one, 1)}


def places_in(geometry: Mapping[str, Any]) -> list[Spot]:
    """Places whose point lies in a shape."""
    drawn: BaseGeometry = shape(geometry)
    from shapely.geometry import Point

    return [
        one
        for one in registry.around(cells_over(geometry))
        if one.lon is not None and drawn.covers(Point(one.lon, one.lat))
    ]


def named(lands: Sequence[Land]) -> Text:
    """What several pieces of land are called together: three by name, the others by their number."""
    shown = lands[:3]
    more = len(lands) - len(shown)
    zh, en = "、".join(one.name.zh for one in shown), "; ".join(one.name.en for one in shown)
    return Text(f"{zh}等 {len(lands)} 处"[:200], f"{en} and {more} more"[:200]) if more else Text(zh[:200], en[:200])


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _above(pk: int, spots: Mapping[int, Spot]) -> tuple[Spot, ...]:
    chain = [spots[pk]]
    while (parent := chain[-1].parent_id) is not None and parent in spots and len(chain) < 6:
        chain.append(spots[parent])
    return tuple(chain)


def _place(chain: tuple[Spot, ...], called: Mapping[str, Text]) -> Land:
    spot, *above = chain
    inside = {key(PLACE, one.id) for one in chain} | {key(AREA, code) for code in upwards(spot.area)}
    if spot.cell:
        inside.add(key(CELL, spot.cell))
    where = called[spot.area]
    whole = (*(one for one in above if one.kind in _OF_PLACES), spot) if above else (spot,)
    zh = where.zh + "".join(one.name_zh for one in reversed(above) if one.kind in _OF_PLACES) + spot.name_zh
    en = ", ".join([one.name_en or one.name_zh for one in (spot, *whole[:-1])] + [where.en])
    return Land(
        key(PLACE, spot.id), PLACE, spot.code, Text(zh, en), spot.kind, spot.area, frozenset(inside), spot, tuple(above)
    )


def _shape_within(own: str, area: str) -> frozenset[str]:
    return frozenset({own, *(key(AREA, code) for code in upwards(area))})
