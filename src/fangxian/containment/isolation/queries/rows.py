"""People in isolation as rows of a list: many at once, masked, in a handful of queries."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import get_language

from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.models import HandOver, Placement, Site
from fangxian.containment.isolation.schemas import PlacementRow
from fangxian.core.access import Actor, within
from fangxian.registry import queries as registry
from fangxian.text import Text


def visible_within(by: Actor, area: str) -> Any:
    """People whom the actor may know of, who live in an area or are on a site there; all of them without one."""
    found = Placement.objects.filter(rights.visible(by))
    return found.filter(within(area) | within(area, "site__area")) if area else found


def in_the_loop(kind: str) -> Any:
    """The ids of all subjects of a kind that are in the loop, as a query."""
    return Placement.objects.filter(subject_kind=kind, closed_at__isnull=True).values("subject_id")


def rows(found: Iterable[Placement], told: Iterable[HandOver] | None = None) -> list[PlacementRow]:
    """Rows of people who have site, room and floor at hand; three queries, or two where their hand-overs are `told`."""
    people = list(found)
    names = registry.names(one.person_id for one in people)
    places = registry.short_area_names({one.area for one in people})
    holders = _holders(told if told is not None else HandOver.objects.filter(placement__in=people).order_by("pk"))
    return [
        PlacementRow(
            one.pk, one.code, names.get(one.person_id, ""), one.area, places[one.area], one.cls,
            ruling.class_name(one.pack, one.cls, one.area), one.link, one.since, one.site.code if one.site else "",
            site_name(one.site), room_name(one), tuple(one.needs), one.deadline, one.passing_since, one.passing_until,
            one.leave_at, one.extended_until is not None, one.outcome, holders.get(one.pk, ""),
        )
        for one in people
    ]  # fmt: skip


def site_name(site: Site | None) -> Text | None:
    """A site in both languages."""
    return Text(site.name_zh, site.name_en or site.name_zh) if site else None


def room_name(row: Placement) -> str:
    """Building and number of somebody's room."""
    return f"{row.room.floor.building}-{row.room.number}" if row.room else ""


def said(text: Text) -> str:
    """In the reader's language."""
    return text.in_(get_language())


def _holders(told: Iterable[HandOver]) -> Mapping[int, str]:
    """Who has each of them, by name: whoever took them last; of whom is just handed over, both."""
    found: dict[int, str] = {}
    for one in told:
        if not one.called_off:
            both = f"{one.sender_name} → {one.receiver_name}"
            found[one.placement_id] = one.receiver_name if one.ended_at else both
    return found
