"""Writers of outlines: the borders of divisions and the ground plans of places, one by one or a file of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import bulk, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import NotFound
from fangxian.registry import checking, outlines
from fangxian.registry.actions.places import cell_of
from fangxian.registry.models import Jurisdiction, Place
from fangxian.registry.outlines import Outline
from fangxian.registry.schemas import OutlinesImport
from fangxian.standards import cn_ids
from fangxian.standards.errors import InputError, Where
from fangxian.text import Text

_CODE = "properties.code"


@action
def outline_division(by: Actor, code: str, outline: Outline) -> None:
    """Draw the border of a jurisdiction: a GeoJSON Polygon or MultiPolygon in degrees, WGS 84."""
    found = Jurisdiction.objects.select_for_update().filter(pk=checking.area(code)).first()
    if found is None:
        raise NotFound(_("There is no jurisdiction %(code)s.") % {"code": code})
    by.must("registry.divisions", found.pk)
    try:
        drawn = outlines.checked(outline)
    except InputError as fault:
        raise checking.invalid(fault, "outline") from None
    _keep(by, {found.pk: drawn}, {}, {})


@action
def import_outlines(by: Actor, source: Path | Mapping[str, Any]) -> OutlinesImport:
    """Take the outlines of a GeoJSON FeatureCollection: the property `code` of each feature names a division or a place.

    Either the whole file is taken or nothing of it: with a fault in any feature nothing is written, and all faults are told,
    each with file, feature and remedy. The same file twice changes nothing the second time.
    """
    by.must("places.edit")
    file = source.name if isinstance(source, Path) else ""
    try:
        given = list(outlines.features(source))
    except InputError as fault:
        raise checking.invalid(fault, "file") from None
    faults: list[InputError] = []
    divisions: dict[str, tuple[int, dict[str, Any]]] = {}
    places: dict[str, tuple[int, dict[str, Any]]] = {}
    for number, feature in given:
        where = Where(file, feature=number)
        try:
            code, is_place = _code(feature, file, number)
            mine = places if is_place else divisions
            if code in mine:
                raise InputError(
                    Text(
                        f"{code} 已由第 {mine[code][0]} 个要素给出",
                        f"{code} was given by feature {mine[code][0]} already",
                    ),
                    Text("请合并为一个 MultiPolygon", "Make them one MultiPolygon"),
                    Where(file, feature=number, field=_CODE),
                )
            mine[code] = number, outlines.checked(feature.get("geometry"), where)
        except InputError as fault:
            faults.append(fault)
    known = dict(Jurisdiction.objects.filter(pk__in=divisions).values_list("code", "outline"))
    there = {one.code: one for one in Place.objects.select_for_update().filter(code__in=places)}
    for right, mine, areas in (
        ("registry.divisions", divisions, {code: code for code in known}),
        ("places.edit", places, {code: one.area for code, one in there.items()}),
    ):
        for code, (number, _drawn) in mine.items():
            if code not in areas or not by.may(right, areas[code]):
                faults.append(_unknown(code, Where(file, feature=number, field=_CODE)))
    if faults:
        faults.sort(key=lambda fault: fault.where.feature or 0)
        return OutlinesImport(0, 0, 0, tuple(faults))
    borders = {code: drawn for code, (_number, drawn) in divisions.items() if drawn != known[code]}
    plans = {code: drawn for code, (_number, drawn) in places.items() if drawn != there[code].outline}
    _keep(by, borders, plans, there)
    return OutlinesImport(len(borders), len(plans), len(given) - len(borders) - len(plans))


def _keep(
    by: Actor, borders: Mapping[str, dict[str, Any]], plans: Mapping[str, dict[str, Any]], there: Mapping[str, Place]
) -> None:
    """Write outlines that are new. A place without a point of its own is put in the middle of its outline."""
    bulk.update(Jurisdiction, ("outline",), [(drawn, code) for code, drawn in borders.items()])
    rows = []
    for code, drawn in plans.items():
        place = there[code]
        lon, lat = (place.lon, place.lat) if place.lon is not None else outlines.point_in(drawn)
        cell = cell_of(lon, lat) if lon is not None and lat is not None else ""
        rows.append((drawn, lon, lat, cell, place.pk))
        record(by, "place.amended", ("place", place.pk), area=place.area, data={"fields": ["outline"]})
    bulk.update(Place, ("outline", "lon", "lat", "cell"), rows)
    for code in borders:
        record(by, "division.outlined", ("area", int(code)), area=code, data={"corners": _corners(borders[code])})


def _corners(outline: Mapping[str, Any]) -> int:
    parts = [outline["coordinates"]] if outline["type"] == "Polygon" else outline["coordinates"]
    return sum(len(ring) for part in parts for ring in part)


def _code(feature: Mapping[str, Any], file: str, number: int) -> tuple[str, bool]:
    """The code that a feature names, and whether it is a place's."""
    properties = feature.get("properties")
    given = properties.get("code") if isinstance(properties, Mapping) else None
    text = str(given if given is not None else "").strip()
    if ids.is_code(ids.normalise_code(text)):
        return ids.normalise_code(text), True
    try:
        return cn_ids.area_code(text), False
    except InputError:
        raise InputError(
            Text(
                f"“{text[:40]}”既不是区划代码，也不是场所代码",
                f"“{text[:40]}” is neither the code of a division nor of a place",
            ),
            Text("在要素属性 code 中写明代码", "Write the code into the property `code` of the feature"),
            Where(file, feature=number, field=_CODE),
        ) from None


def _unknown(code: str, where: Where) -> InputError:
    return InputError(
        Text(f"没有 {code}，或不在您的辖区内", f"there is no {code}, or it is outside your jurisdiction"),
        Text("请先登记，或由该地的台账管理员导入", "Enter it first, or leave it to the registrar of that place"),
        where,
    )
