"""Writers of places: where people meet."""

from dataclasses import dataclass

import h3  # type: ignore[import-untyped]
from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import checking
from fangxian.registry.models import Place
from fangxian.registry.vocabulary import must_be, terms

#: Resolution of the cells (H3): about 0.1 km², a few streets.
RESOLUTION = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceForm:
    """A place as it is entered. `lon` and `lat` in degrees (WGS 84), both or neither; `capacity` in people at once."""

    kind: str
    name_zh: str
    area: str
    name_en: str = ""
    address: str = ""
    lon: float | None = None
    lat: float | None = None
    capacity: int | None = None
    indoor: bool | None = None


@action
def create_place(by: Actor, form: PlaceForm) -> Place:
    """Enter a place, or find the one of the same kind, name and area: what is already there is returned as it stands."""
    area = checking.area(form.area)
    by.must("places.edit", area)
    values = _checked(form) | {"area": area}
    known = Place.objects.filter(area=area, kind=form.kind, name_zh=values["name_zh"]).order_by("pk").first()
    if known is not None:
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
    for name, value in (_checked(form) | {"area": area}).items():
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
    cell = ""
    if form.lon is not None and form.lat is not None:
        if not (-180 <= form.lon <= 180 and -90 <= form.lat <= 90):
            raise Invalid(
                _("There is no such point."),
                remedy=_("Longitude from −180 to 180, latitude from −90 to 90, in degrees."),
                field="lon",
            )
        cell = h3.latlng_to_cell(form.lat, form.lon, RESOLUTION)
    if form.capacity is not None and not 0 <= form.capacity <= 1_000_000:
        raise Invalid(_("This capacity is not possible."), field="capacity")
    return {
        "kind": form.kind, "name_zh": name, "name_en": checking.clean(form.name_en)[:120],
        "address": checking.clean(form.address)[:200], "lon": form.lon, "lat": form.lat, "cell": cell,
        "capacity": form.capacity, "indoor": form.indoor,
    }  # fmt: skip
