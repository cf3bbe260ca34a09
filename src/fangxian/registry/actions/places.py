"""Writers of places: where people meet and live."""

from dataclasses import dataclass
from typing import Any

import h3  # type: ignore[import-untyped]
from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import checking, outlines
from fangxian.registry.models import Place
from fangxian.registry.outlines import Outline
from fangxian.registry.vocabulary import must_be, terms
from fangxian.standards.errors import InputError

#: Resolution of the cells (H3): about 0.1 km², a few streets.
RESOLUTION = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceForm:
    """A place as it is entered. `lon` and `lat` in degrees (WGS 84), both or neither; `capacity` in people at once.

    `parent` is the code of the place that it is a part of (a building's compound, a shop's street), empty for none. `outline` is
    its ground plan as a GeoJSON Polygon or MultiPolygon; without a point of its own the place is put in its middle. Of a
    place that is amended, None leaves either as it is.
    """

    kind: str
    name_zh: str
    area: str
    name_en: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    capacity: int | None = None
    indoor: bool | None = None
    parent: str | None = None
    outline: Outline | None = None


@action
def create_place(by: Actor, form: PlaceForm) -> Place:
    """Enter a place, or find the one of the same kind, name and area (and whole, where one is named): that is returned as it stands.

    Every compound has its building 1.
    """
    area = checking.area(form.area)
    by.must("places.edit", area)
    whole = _within(form, area)
    values = _checked(form) | {"area": area} | whole
    same = Place.objects.filter(area=area, kind=form.kind, name_zh=values["name_zh"])
    if whole:
        same = same.filter(**whole)
    if (known := same.order_by("pk").first()) is not None:
        return known
    made = Place.objects.create(code=ids.new_code(), **values)
    record(by, "place.created", ("place", made.pk), area=area, data={"kind": form.kind, "name": made.name_zh})
    return made


@action
def amend_place(by: Actor, code: str, form: PlaceForm) -> Place:
    """Say anew what is known of a place."""
    place = Place.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if place is None:
        raise NotFound(_("There is no place %(code)s.") % {"code": code})
    by.must("places.edit", place.area)
    area = checking.area(form.area)
    by.must("places.edit", area)
    changed = []
    for name, value in (_checked(form) | {"area": area} | _within(form, area, place)).items():
        if getattr(place, name) != value:
            setattr(place, name, value)
            changed.append(name)
    if changed:
        place.save(update_fields=changed)
        record(by, "place.amended", ("place", place.pk), area=area, data={"fields": changed})
    return place


def _checked(form: PlaceForm) -> dict[str, object]:
    must_be(form.kind, terms("place_kinds"), "kind")
    name = checking.clean(form.name_zh)
    if not name or len(name) > 120:
        raise Invalid(_("A name of up to 120 characters is needed."), field="name_zh")
    if (form.lon is None) != (form.lat is None):
        raise Invalid(_("A point needs both longitude and latitude."), field="lat" if form.lat is None else "lon")
    outline = _outline(form)
    lon, lat, cell = form.lon, form.lat, ""
    if outline and lon is None:
        lon, lat = outlines.point_in(outline)
    if lon is not None and lat is not None:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise Invalid(
                _("There is no such point."),
                remedy=_("Longitude from −180 to 180, latitude from −90 to 90, in degrees."),
                field="lon",
            )
        cell = cell_of(lon, lat)
    if form.capacity is not None and not 0 <= form.capacity <= 1_000_000:
        raise Invalid(_("This capacity is not possible."), field="capacity")
    return {
        "kind": form.kind, "name_zh": name, "name_en": checking.clean(form.name_en)[:120],
        "address": checking.clean(form.address)[:200], "lon": lon, "lat": lat, "cell": cell,
        "capacity": form.capacity, "indoor": form.indoor,
    } | ({"outline": outline} if outline else {})  # fmt: skip


def cell_of(lon: float, lat: float) -> str:
    """The H3 cell of a point (degrees)."""
    return str(h3.latlng_to_cell(lat, lon, RESOLUTION))


def _outline(form: PlaceForm) -> dict[str, Any] | None:
    try:
        return outlines.checked(form.outline) if form.outline is not None else None
    except InputError as fault:
        raise checking.invalid(fault, "outline") from None


def _within(form: PlaceForm, area: str, place: Place | None = None) -> dict[str, Any]:
    """What the place is a part of, as the column of a row. Raises Invalid for a place of another county and for circles."""
    if form.parent is None:
        return {}
    if not form.parent:
        return {"parent_id": None}
    parent = Place.objects.filter(code=ids.normalise_code(form.parent)).first()
    if parent is None or parent.area[:6] != area[:6]:
        raise Invalid(
            _("There is no place %(code)s in this county.") % {"code": form.parent},
            remedy=_("Enter it first, or leave it empty."),
            field="parent",
        )
    above: Place | None = parent
    while above is not None and place is not None:
        if above.pk == place.pk:
            raise Invalid(
                _("%(a)s would be a part of itself.") % {"a": place.name_zh},
                remedy=_("Name the larger of the two as the one that holds the other."),
                field="parent",
            )
        above = above.parent
    return {"parent_id": parent.pk}
