"""Reading organisations, households and places."""

from collections.abc import Iterable, Sequence

import h3  # type: ignore[import-untyped]
from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.registry.languages import said
from fangxian.registry.models import Household, Organisation, Person, Place


def organisation(organisation_id: int) -> Organisation:
    """One organisation. Raises NotFound."""
    found = Organisation.objects.filter(pk=organisation_id).first()
    if found is None:
        raise NotFound(_("There is no such organisation."))
    return found


def organisations(
    area: str = "",
    *,
    kind: str = "",
    with_closed: bool = False,
    after: tuple[str, str, int] | None = None,
    limit: int | None = None,
) -> list[Organisation]:
    """The organisations of a jurisdiction and all below it, by kind and code of area. They are no secret: anybody may read them.

    `after` is kind, area and id of the last one of the page before.
    """
    found = Organisation.objects.filter(within(area))
    if kind:
        found = found.filter(kind=kind)
    if not with_closed:
        found = found.filter(is_active=True)
    if after is not None:
        last, place, pk = after
        found = found.filter(
            Q(kind__gt=last) | Q(kind=last, area__gt=place) | Q(kind=last, area=place, pk__gt=pk), kind__gte=last
        )
    return list(found.order_by("kind", "area", "pk")[:limit])


def organisations_at(areas: Iterable[str]) -> list[Organisation]:
    """The organisations of these very jurisdictions, not of those below them; the smallest jurisdiction first."""
    found = Organisation.objects.filter(area__in=list(areas), is_active=True)
    return sorted(found, key=lambda one: (-len(one.area), one.kind, one.pk))


def headquarters(area: str) -> Organisation:
    """The headquarters (指挥部) of a jurisdiction. Raises NotFound."""
    found = Organisation.objects.filter(kind="headquarters", area=area).first()
    if found is None:
        raise NotFound(_("There is no jurisdiction %(code)s.") % {"code": area})
    return found


def organisation_names(organisation_ids: Iterable[int]) -> dict[int, str]:
    """Names of many organisations in the reader's language, one query."""
    rows = Organisation.objects.filter(pk__in=set(organisation_ids)).values_list("pk", "name_zh", "name_en")
    return {pk: said(zh, en) for pk, zh, en in rows}


def organisation_ids(organisation_ids: Iterable[int]) -> set[int]:
    """Those of the ids that are organisations in being."""
    wanted = set(organisation_ids)
    return (
        set(Organisation.objects.filter(pk__in=wanted, is_active=True).values_list("pk", flat=True))
        if wanted
        else set()
    )


def households(by: Actor, area: str = "", *, after: int = 0, limit: int = 100) -> list[Household]:
    """The households of a jurisdiction that the actor may see, by id from the one after `after`; one query."""
    found = Household.objects.filter(by.scope("registry.view"), within(area), pk__gt=after)
    return list(found.select_related("head").order_by("pk")[:limit])


def household(by: Actor, code: str) -> Household:
    """One household. Raises NotFound also where the actor may not know of it."""
    seen = Household.objects.filter(by.scope("registry.view"), code=ids.normalise_code(code)).select_related("head")
    if (found := seen.first()) is None:
        raise NotFound(_("There is no household %(code)s.") % {"code": code})
    return found


def household_members(household_ids: Iterable[int]) -> dict[int, list[int]]:
    """Who lives in each of these households: person ids, merged duplicates left out; one query."""
    found: dict[int, list[int]] = {pk: [] for pk in household_ids}
    rows = Person.objects.filter(household_id__in=list(found), canonical__isnull=True).order_by("pk")
    for home, pk in rows.values_list("household_id", "pk"):
        found[home].append(pk)
    return found


def place(code: str) -> Place:
    """One place. Raises NotFound."""
    found = Place.objects.filter(code=ids.normalise_code(code)).first()
    if found is None:
        raise NotFound(_("There is no place %(code)s.") % {"code": code})
    return found


def place_ids(codes: Iterable[str]) -> dict[str, int]:
    """Ids by code; unknown codes are left out."""
    wanted = {ids.normalise_code(code) for code in codes}
    return dict(Place.objects.filter(code__in=wanted).values_list("code", "pk")) if wanted else {}


def places(area: str = "", *, kind: str = "", text: str = "", after: int = 0, limit: int = 100) -> list[Place]:
    """Places of a jurisdiction, of a kind, whose name contains a text; by id from the one after `after`."""
    found = Place.objects.filter(within(area), pk__gt=after)
    if kind:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(name_zh__contains=text.strip()) | found.filter(name_en__icontains=text.strip())
    return list(found.order_by("pk")[:limit])


def nearest(
    lon: float, lat: float, *, kinds: Sequence[str] = (), within_m: float = 2000, limit: int = 20
) -> list[tuple[Place, float]]:
    """Places around a point (degrees, WGS 84), the nearest first, with their distance in metres; one query over the cells around."""
    edge = h3.average_hexagon_edge_length(9, unit="m")
    rings = min(60, int(within_m / (edge * 1.5)) + 1)
    cells = h3.grid_disk(h3.latlng_to_cell(lat, lon, 9), rings)
    found = Place.objects.filter(cell__in=cells)
    if kinds:
        found = found.filter(kind__in=kinds)
    measured = [(one, h3.great_circle_distance((lat, lon), (one.lat, one.lon), unit="m")) for one in found]
    return sorted(((one, far) for one, far in measured if far <= within_m), key=lambda pair: pair[1])[:limit]
