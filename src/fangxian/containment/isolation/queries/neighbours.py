"""Notices to neighbours: what one would say, which hold, and the public page of one. Nobody is named by any of them."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q
from django.utils.translation import gettext as _

from fangxian.containment.isolation import passing, reach, rights, ruling
from fangxian.containment.isolation.models import NeighbourNotice, Placement
from fangxian.containment.isolation.papers import NeighbourDraft, NeighbourNoticeView, PublicNeighbourNotice
from fangxian.containment.isolation.queries.rows import rows, visible_within
from fangxian.containment.isolation.schemas import PlacementRow
from fangxian.containment.isolation.words import MEASURES
from fangxian.core import ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.registry import queries as registry
from fangxian.text import Text

_AT_HOME = Q(placements__link=Placement.HOME)


def neighbour_draft(by: Actor, code: str) -> NeighbourDraft:
    """What a notice to the neighbours of somebody would say. Raises NotFound, Conflict where it would point at somebody."""
    row = rights.placement(by, code)
    by.must(rights.DECIDE, row.area)
    where = reach.of(row)
    holding = NeighbourNotice.objects.filter(withdrawn_at__isnull=True, place=where.place)
    known = (holding if where.place else holding.filter(area=where.area)).values_list("code", flat=True).first()
    office = registry.organisation(passing.post(passing.GRID, row.area).organisation_id)
    return NeighbourDraft(
        row.code, where.scope, where.name, where.homes, where.wanted, row.leave_at, Text(office.name_zh, office.name_en or office.name_zh),
        office.phone, ruling.basis(row.pack, row.area), known or "", row.link == Placement.HOME,
    )  # fmt: skip


def neighbour_notices(
    by: Actor, area: str = "", *, after: int | None = None, limit: int = 50
) -> list[NeighbourNoticeView]:
    """Notices to neighbours, those withdrawn among them, the newest first; four queries."""
    found = NeighbourNotice.objects.filter(by.scope(rights.VIEW), within(area))
    if after is not None:
        found = found.filter(pk__lt=after)
    return _views(by, _until(found).order_by("-pk")[:limit])


def neighbour_notice(by: Actor, code: str) -> NeighbourNoticeView:
    """One of them. Raises NotFound, alike where the actor may not know of it."""
    found = _until(NeighbourNotice.objects.filter(by.scope(rights.VIEW), code=ids.normalise_code(code)))
    for view in _views(by, found):
        return view
    raise NotFound(_("There is no such notice."))


def untold(by: Actor, area: str = "", *, after: int | None = None, limit: int = 50) -> list[PlacementRow]:
    """People isolated at home of whom no notice tells their neighbours, the latest first."""
    told = NeighbourNotice.objects.filter(withdrawn_at__isnull=True, placements=OuterRef("pk"))
    found = visible_within(by, area).filter(~Exists(told), link=Placement.HOME)
    if after is not None:
        found = found.filter(pk__lt=after)
    return rows(found.select_related("site", "room__floor").order_by("-pk")[:limit])


def public_neighbour_notice(code: str) -> PublicNeighbourNotice:
    """What the code on the paper leads to; of a notice that holds no more only that. Raises NotFound for an unknown code."""
    found = _until(NeighbourNotice.objects.filter(code=ids.normalise_code(code))).select_related("place").first()
    if found is None:
        raise NotFound(_("There is no such notice."))
    if found.withdrawn_at is not None or not found.placements.filter(link=Placement.HOME).exists():
        return PublicNeighbourNotice(found.code, False, Text("", ""), (), None, Text("", ""), "", found.issued_at)
    (name,) = _names([found]).values()
    return PublicNeighbourNotice(
        found.code, True, name, tuple(MEASURES[one] for one in found.measures), _last(found),
        Text(found.office_zh, found.office_en), found.phone, found.issued_at,
    )  # fmt: skip


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _until(found: Any) -> Any:
    return found.annotate(until=Max("placements__leave_at", filter=_AT_HOME))


def _last(one: NeighbourNotice) -> datetime | None:
    """By when the last of them is to be free, as it is known now."""
    return one.until  # type: ignore[attr-defined,no-any-return]


def _names(found: Iterable[NeighbourNotice]) -> dict[int, Text]:
    here = list(found)
    spots = registry.spots(one.place_id for one in here if one.place_id is not None)
    areas = registry.short_area_texts({one.area for one in here})
    return {
        one.pk: Text(spot.name_zh, spot.name_en or spot.name_zh) if (spot := spots.get(one.place_id or 0)) else areas[one.area]
        for one in here
    }  # fmt: skip


def _views(by: Actor, found: Iterable[NeighbourNotice]) -> list[NeighbourNoticeView]:
    here = list(found)
    names, areas = _names(here), registry.short_area_texts({one.area for one in here})
    return [
        NeighbourNoticeView(
            one.pk, one.code, one.area, areas[one.area], names[one.pk], tuple(one.measures), _last(one),
            Text(one.office_zh, one.office_en), one.phone, one.basis, one.issued_at, one.by_name, one.withdrawn_at, one.withdrawn_why,
            one.withdrawn_at is None and by.may(rights.DECIDE, one.area),
        )
        for one in here
    ]  # fmt: skip
