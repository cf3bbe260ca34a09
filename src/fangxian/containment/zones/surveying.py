"""Reading the land that a person names or draws: each piece must be there, and all of it in one county."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from fangxian.containment.zones import land
from fangxian.containment.zones.land import Land
from fangxian.containment.zones.schemas import UnitForm
from fangxian.core import ids
from fangxian.core.errors import Invalid
from fangxian.registry import checking, outlines
from fangxian.registry import queries as registry
from fangxian.registry.levels import LENGTHS, common
from fangxian.standards.errors import InputError

#: Pieces of land of one zone. Whoever needs more names the community, the township or the county.
MOST = 500
#: The largest area drawn by hand. What lies in it is looked up by cells of 0.1 km².
LARGEST_KM2 = 2000
_COUNTY = LENGTHS["county"]


def read(forms: Sequence[UnitForm], county: str = "") -> list[Land]:
    """The land that the forms name, each piece once. `county` is where cells and outlines lie if nothing on record tells.

    Raises Invalid, naming the unit by its place in the list, for what is not there and for land in several counties.
    """
    if not 0 < len(forms) <= MOST:
        raise Invalid(
            _("A zone has from 1 to %(n)d pieces of land.") % {"n": MOST},
            remedy=_("Choose buildings, compounds, streets or cells; for more, choose the community."),
            field="units",
        )
    drawn: dict[str, dict[str, Any]] = {}
    keys = [_key(form, number, drawn) for number, form in enumerate(forms)]
    places = land.known([key for key in keys if key.startswith((land.PLACE, land.AREA))])
    seen = {one.area[:_COUNTY] for one in places.values()}
    for key in keys:
        if not key.startswith((land.PLACE, land.AREA)):
            geometry = drawn.get(key) or land.cell_outline(key.partition(":")[2])
            seen |= {spot.area[:_COUNTY] for spot in land.places_in(geometry)}
    if not seen and county:
        seen = {county[:_COUNTY]}
    if len(seen) != 1 or len(min(seen)) < _COUNTY:
        raise Invalid(
            _("A zone lies in one county (here: %(list)s).") % {"list": ", ".join(sorted(seen)) or _("not known")},
            remedy=_("Draw one zone for each county; with a free outline also name a place inside of it."),
            field="units",
        )
    rest = [key for key in keys if key not in places]
    return list(({**places, **land.known(rest, drawn, min(seen))}).values())


def area_of(lands: Sequence[Land]) -> str:
    """The smallest jurisdiction that holds all the land."""
    return common([one.area for one in lands])


def _key(form: UnitForm, number: int, drawn: dict[str, dict[str, Any]]) -> str:
    field = f"units.{number}"
    if form.kind == land.PLACE:
        code = ids.normalise_code(form.ref)
        spot = registry.spots_by_code([code]).get(code)
        if spot is not None:
            return land.key(land.PLACE, spot.id)
    elif form.kind == land.AREA:
        code = checking.area(form.ref)
        return land.key(land.AREA, registry.area(code).code)
    elif form.kind == land.CELL:
        if land.is_cell(form.ref):
            return land.key(land.CELL, form.ref)
    elif form.kind == land.OUTLINE:
        try:
            outline = outlines.checked(form.outline)
        except InputError as fault:
            raise checking.invalid(fault, field) from None
        if (size := land.square_km(outline)) > LARGEST_KM2:
            raise Invalid(
                _("What is drawn covers %(size)s km²; by hand at most %(most)s are drawn.")
                % {"size": f"{size:,.0f}", "most": f"{LARGEST_KM2:,}"},
                remedy=_("Draw it closer, or choose the townships or the county by name."),
                field=field,
            )
        key = land.outline_key(outline)
        drawn[key] = outline
        return key
    raise Invalid(
        _("There is no such piece of land: %(kind)s %(ref)s.") % {"kind": form.kind, "ref": form.ref},
        remedy=_("Name a place or a jurisdiction on record by its code, an H3 cell, or draw an outline."),
        field=field,
    )
