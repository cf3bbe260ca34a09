"""Reading the map: places with what they are a part of, and the outlines of places and divisions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fangxian.core.access import within
from fangxian.registry.models import Jurisdiction, Place
from fangxian.registry.schemas import Spot

_COLUMNS = "pk code kind name_zh name_en area lon lat cell parent_id outline".split()
#: A shop in a building in a compound in a street: nothing is nested deeper than this.
DEEPEST = 6


def spots(place_ids: Iterable[int], *, with_parents: bool = False) -> dict[int, Spot]:
    """Places on the map by id; with what they are parts of, on request (one query a step upwards)."""
    found: dict[int, Spot] = {}
    wanted = set(place_ids)
    for _step in range(DEEPEST):
        if not wanted:
            break
        found |= {row[0]: Spot(*row) for row in Place.objects.filter(pk__in=wanted).values_list(*_COLUMNS)}
        above = {one.parent_id for one in found.values() if one.parent_id is not None} if with_parents else set()
        wanted = above - set(found)
    return found


def spots_by_code(codes: Iterable[str]) -> dict[str, Spot]:
    """The same by code (normalised); unknown codes are left out. One query."""
    rows = Place.objects.filter(code__in=set(codes)).values_list(*_COLUMNS)
    return {row[1]: Spot(*row) for row in rows}


def points(codes: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Longitude and latitude (degrees) of places by code, of those that are on the map. One query."""
    rows = Place.objects.filter(code__in=set(codes)).values_list("code", "lon", "lat")
    return {code: (lon, lat) for code, lon, lat in rows if lon is not None and lat is not None}


def spots_in(area: str, *, kinds: Sequence[str] = (), after: int = 0, limit: int = 1000) -> list[Spot]:
    """Places of a jurisdiction that are on the map (a point or an outline), by id from the one after `after`."""
    found = Place.objects.filter(within(area), pk__gt=after, lon__isnull=False)
    if kinds:
        found = found.filter(kind__in=kinds)
    return [Spot(*row) for row in found.order_by("pk").values_list(*_COLUMNS)[:limit]]


def around(cells: Iterable[str], *, kinds: Sequence[str] = (), limit: int = 5000) -> list[Spot]:
    """Places whose point lies in these H3 cells (resolution 9), by id."""
    found = Place.objects.filter(cell__in=set(cells))
    if kinds:
        found = found.filter(kind__in=kinds)
    return [Spot(*row) for row in found.order_by("pk").values_list(*_COLUMNS)[:limit]]


def parts_of(place_ids: Iterable[int]) -> dict[int, set[int]]:
    """For each place the ids of all that is a part of it, at any depth, itself included; one query a step downwards."""
    whole: dict[int, set[int]] = {pk: {pk} for pk in place_ids}
    edge: Mapping[int, set[int]] = {pk: {pk} for pk in whole}  # part → the places asked for that it belongs to
    for _step in range(DEEPEST):
        if not edge:
            break
        below: dict[int, set[int]] = defaultdict(set)
        for pk, parent in Place.objects.filter(parent_id__in=list(edge)).values_list("pk", "parent_id"):
            for root in edge[parent or 0]:
                if pk not in whole[root]:
                    whole[root].add(pk)
                    below[pk].add(root)
        edge = below
    return whole


def outlines_of(codes: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """The borders of these jurisdictions, as GeoJSON; those that are not drawn are left out. One query."""
    rows: Any = Jurisdiction.objects.filter(pk__in=set(codes), outline__isnull=False)
    return dict(rows.values_list("code", "outline"))


def outlines_within(area: str, level: str, *, limit: int = 2000) -> dict[str, Mapping[str, Any]]:
    """The borders of every jurisdiction of a level within one, by code; those that are not drawn are left out."""
    rows: Any = Jurisdiction.objects.filter(within(area, "code"), level=level, outline__isnull=False)
    return dict(rows.order_by("code").values_list("code", "outline")[:limit])
