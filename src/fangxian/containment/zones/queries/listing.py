"""Zones as a list: by state, level and place; those in force now or at any instant; those that may come down."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.containment.zones import measuring, standing, writing
from fangxian.containment.zones.models import Change, Zone
from fangxian.containment.zones.rights import visible
from fangxian.containment.zones.schemas import LiftStatus, StateAt, ZoneFilter, ZonePage, ZoneRow
from fangxian.core import clock, ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import Invalid
from fangxian.duties import packs
from fangxian.protocols import Pack
from fangxian.registry import queries as registry
from fangxian.text import Text

LONGEST_PAGE = 500
STATES = (Zone.PROPOSED, Zone.DECLINED, Zone.IN_FORCE, Zone.LIFTED, Zone.WITHDRAWN)


def zones(by: Actor, wanted: ZoneFilter | None = None, *, cursor: str = "", limit: int = 50) -> ZonePage:
    """The zones that the actor may see and that a filter wants, the newest first; ten queries at most.

    The same call with the page's `cursor` gives the next one. Proposals are for those who draw and decide.
    """
    found = _filtered(by, wanted or ZoneFilter())
    if cursor:
        if not cursor.isdecimal() or len(cursor) > 18:
            raise Invalid(
                _("This page mark does not fit."), remedy=_("Begin again with the first page."), field="cursor"
            )
        found = found.filter(pk__lt=int(cursor))
    limit = max(1, min(limit, LONGEST_PAGE))
    page = list(found.select_related("outbreak").order_by("-pk")[: limit + 1])
    more = str(page[limit - 1].pk) if len(page) > limit else ""
    return ZonePage(tuple(rows(page[:limit])), more)


def proposals(by: Actor, area: str = "") -> list[ZoneRow]:
    """What waits for a decision, the oldest first."""
    found = Zone.objects.filter(visible(by), within(area), state=Zone.PROPOSED).select_related("outbreak")
    return rows(list(found.order_by("proposed_at", "pk")[:LONGEST_PAGE]))


def in_force(by: Actor, at: datetime | None = None, area: str = "") -> list[ZoneRow] | list[StateAt]:
    """The zones in force now, the strictest first; or those that were at an instant, as they were then."""
    if at is not None:
        then = [one for one in zones_at(by, at, area) if one.state == Zone.IN_FORCE]
        return sorted(then, key=lambda one: (one.level, one.code))
    found = Zone.objects.filter(visible(by), within(area), state=Zone.IN_FORCE).select_related("outbreak")
    return sorted(rows(list(found.order_by("-pk")[:LONGEST_PAGE])), key=lambda one: (one.rank, -one.id))


def counted(by: Actor, area: str = "") -> list[tuple[Text, int]]:
    """How many zones of each level are in force in a place, by the level's name, the strictest first; one query."""
    found = Zone.objects.filter(visible(by), within(area), state=Zone.IN_FORCE).order_by()
    told: dict[str, list[Any]] = {}
    for pack, level, number in found.values_list("pack", "level").annotate(n=Count("pk")):
        name, rank = _level(packs.by_reference(pack), level)
        told.setdefault(level, [rank, name, 0])[2] += number
    return [(name, number) for _rank, name, number in sorted(told.values(), key=lambda one: one[0])]


def due_for_lift(by: Actor, day: date | None = None, area: str = "") -> list[ZoneRow]:
    """The zones in force whose rule of coming down is met on a day (today); nobody has to remember them."""
    found = Zone.objects.filter(visible(by), within(area), state=Zone.IN_FORCE).select_related("outbreak")
    return [one for one in rows(list(found.order_by("pk")), day) if one.due]


def zones_at(by: Actor, instant: datetime, area: str = "", *, limit: int = LONGEST_PAGE) -> list[StateAt]:
    """Every zone that the actor may see, as it was at an instant; those that were not there yet are left out."""
    last = Change.objects.filter(zone=OuterRef("pk"), at__lte=instant).order_by("-at", "-pk").values("pk")[:1]
    known = Zone.objects.filter(visible(by), within(area), proposed_at__lte=instant).annotate(last=Subquery(last))
    of_zone = dict(known.filter(last__isnull=False).order_by("-pk").values_list("last", "code")[:limit])
    changes = Change.objects.filter(pk__in=list(of_zone)).select_related("zone").order_by("zone_id")
    found = []
    for change in changes:
        rules = packs.by_reference(change.zone.pack).zones
        assert rules is not None, "a zone is under a guideline that has zones"
        found.append(
            StateAt(
                change.zone.code, change.state, change.level, rules.level(change.level).name, change.area,
                Text(change.name_zh, change.name_en), tuple(change.units), change.at,
            )
        )  # fmt: skip
    return found


def rows(found: Sequence[Zone], day: date | None = None) -> list[ZoneRow]:
    """Zones as lines, with how each in force stands against its rule; they need their outbreak at hand."""
    today = day or clock.today()
    infected = measuring.infected_in(found)
    ways = measuring.statuses([one for one in found if one.state == Zone.IN_FORCE], today, infected)
    names = registry.short_area_names({one.area for one in found}) if found else {}
    return [
        row(one, ways.get(one.pk, ()), infected[one.pk].cases if one.pk in infected else 0, names, today)
        for one in found
    ]


def row(one: Zone, ways: Sequence[LiftStatus], ill: int, names: Mapping[str, str], today: date) -> ZoneRow:
    """A zone as a line: the ways down that it has, its cases, the names of jurisdictions, the day."""
    way = standing.best(ways)
    level, rank = _level(writing.pack_of(one), one.level)
    since = one.level_since.astimezone(clock.zone()).date() if one.level_since else None
    return ZoneRow(
        id=one.pk, code=one.code, outbreak=one.outbreak.code, area=one.area, area_name=names[one.area], state=one.state,
        level=one.level, level_name=level, rank=rank, name=Text(one.name_zh, one.name_en), proposed_at=one.proposed_at,
        decided_at=one.decided_at, level_since=one.level_since, ended_at=one.ended_at,
        days_in_level=(today - since).days if since and one.state == Zone.IN_FORCE else None, cases=ill,
        due=way is not None and way.met, missing=way.missing if way else (), earliest=way.earliest if way else None,
        version=one.version,
    )  # fmt: skip


def _level(pack: Pack, key: str) -> tuple[Text, int]:
    assert pack.zones is not None, "a zone is under a guideline that has zones"
    return pack.zones.level(key).name, pack.zones.rank(key)


def _filtered(by: Actor, wanted: ZoneFilter) -> QuerySet[Zone]:
    unknown = [state for state in wanted.state if state not in STATES]
    if unknown:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": unknown[0]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(STATES)},
            field="state",
        )
    found = Zone.objects.filter(visible(by), registry.in_any(registry.prefixes(wanted.area)) if wanted.area else Q())
    if wanted.state:
        found = found.filter(state__in=tuple(wanted.state))
    if wanted.level:
        found = found.filter(level=wanted.level)
    if wanted.outbreak:
        found = found.filter(outbreak_id=cases.outbreak_id(ids.normalise_code(wanted.outbreak)) or 0)
    return found
