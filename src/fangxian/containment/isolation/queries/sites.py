"""Sites with their free beds by class, and one of them as a plan of floors and rooms."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.actions.caring import turns
from fangxian.containment.isolation.models import Check, Floor, Placement, Room, Site
from fangxian.containment.isolation.schemas import (
    Destination,
    FloorView,
    FreeBeds,
    IsolationSiteRow,
    IsolationSiteView,
    Occupant,
    RoomView,
)
from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.duties import packs
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.text import Text

#: So many sites are offered to choose from.
MOST = 200


def sites(by: Actor, area: str = "", *, after: int | None = None, limit: int = 50) -> list[IsolationSiteRow]:
    """Isolation sites that the actor may know of, as they were entered, with their free beds by class; three queries."""
    found = Site.objects.filter(by.scope(rights.VIEW, organisation="organisation_id"), within(area))
    if after is not None:
        found = found.filter(pk__gt=after)
    return _rows(list(_numbered(found).order_by("pk")[:limit]))


def destinations(by: Actor, right: str = rights.DRIVE) -> list[Destination]:
    """The sites that take people in, within the cities where the actor drives (or has another right); their names alone."""
    found = Site.objects.none()
    for area in by.areas(right):
        found = found | Site.objects.filter(within(levels.at_level(area, "city") or area))
    rows = found.filter(closed_at__isnull=True, ready_in=0).order_by("pk")[:MOST]
    return [Destination(one.code, Text(one.name_zh, one.name_en or one.name_zh)) for one in rows]


def site(by: Actor, code: str) -> IsolationSiteView:
    """One site with its plan, floors top down. Raises NotFound."""
    row = rights.site(by, code)
    floors = list(Floor.objects.filter(site=row).select_related("passage").order_by("building", "-level"))
    rooms: dict[int, list[Room]] = defaultdict(list)
    for room in Room.objects.filter(floor__site=row).order_by("number", "pk"):
        rooms[room.floor_id].append(room)
    people = list(Placement.objects.filter(room__floor__site=row, closed_at__isnull=True).order_by("pk"))
    occupants = _occupants(people)
    may = {
        name for name, right in (("keep", rights.SITES), ("receive", rights.RECEIVE), ("care", rights.CARE))
        if rights.at_site(by, right, row) and row.closed_at is None
    }  # fmt: skip
    shown = [
        FloorView(
            floor.pk, floor.building, floor.level, floor.zone, Text(floor.passage.name_zh, floor.passage.name_en or floor.passage.name_zh),
            floor.passage.kind, floor.cls, floor.pack, _called(floor.pack, floor.cls, row.area),
            tuple(
                RoomView(one.pk, one.number, one.beds, one.state, one.why, tuple(one.suits), tuple(occupants.get(one.pk, ())))
                for one in rooms[floor.pk]
            ),
        )
        for floor in floors
    ]  # fmt: skip
    classes = tuple(
        (pack.id, one.key, one.name)
        for pack in packs.in_force(row.area)
        if pack.isolation
        for one in pack.isolation.classes
    )
    looks = next((int(one.isolation.checks.number) for one in packs.in_force(row.area) if one.isolation), 1)
    (head,) = _rows(list(_numbered(Site.objects.filter(pk=row.pk))))
    return IsolationSiteView(head, row.address, tuple(shown), classes, looks, frozenset(may), row.version)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _numbered(found: QuerySet[Site]) -> QuerySet[Any]:
    """Sites with how many people are expected, and how many are kept past their release."""
    here = Placement.objects.filter(site=OuterRef("pk"), closed_at__isnull=True).order_by().values("site")

    def counted(people: QuerySet[Any, Any]) -> Coalesce:
        return Coalesce(Subquery(people.annotate(n=Count("pk")).values("n")), 0)

    return found.annotate(
        expected=counted(here.filter(link__in=(Placement.TOLD, Placement.ABOARD))),
        overdue=counted(here.filter(link=Placement.HOUSED, leave_at__lte=clock.now())),
    )


def _rows(found: Sequence[Any]) -> list[IsolationSiteRow]:
    """Sites as `_numbered` has them."""
    beds = _beds(found)
    places = registry.short_area_names({one.area for one in found})
    shown = []
    for one in found:
        mine = beds.get(one.pk, ())
        shown.append(
            IsolationSiteRow(
                one.pk, one.code, Text(one.name_zh, one.name_en or one.name_zh), one.area, places[one.area], one.organisation_id,
                one.ready_in, one.closed_at is None, tuple(mine), sum(bed.free for bed in mine), sum(bed.all for bed in mine),
                one.expected, one.overdue,
            )
        )  # fmt: skip
    return shown


def _beds(found: Iterable[Site]) -> Mapping[int, list[FreeBeds]]:
    """Beds by site and class of floor. One person has a room: free beds are free rooms, whatever beds they hold."""
    areas = {one.pk: one.area for one in found}
    rooms = Room.objects.filter(floor__site__in=areas, floor__zone=Floor.OBSERVATION).exclude(state=Room.OUT)
    taken = Q(placements__closed_at__isnull=True, placements__isnull=False)
    told = (
        rooms.order_by()
        .values("floor__site_id", "floor__pack", "floor__cls")
        .annotate(
            everything=Count("pk", distinct=True),
            taken=Count("pk", filter=taken, distinct=True),
            cleaning=Count("pk", filter=Q(state=Room.CLEANING), distinct=True),
        )
    )
    beds: dict[int, list[FreeBeds]] = defaultdict(list)
    for one in told.order_by("floor__site_id", "floor__pack", "floor__cls"):
        site_id, pack, cls = one["floor__site_id"], one["floor__pack"], one["floor__cls"]
        free = one["everything"] - one["taken"] - one["cleaning"]
        beds[site_id].append(
            FreeBeds(
                cls,
                pack,
                _called(pack, cls, areas[site_id]),
                one["everything"],
                one["taken"],
                max(0, free),
                one["cleaning"],
            )
        )
    return beds


def _called(pack: str, cls: str, area: str) -> Text:
    return ruling.class_name(pack, cls, area) if cls else Text("未定类别", "for nobody yet")


def _occupants(people: Sequence[Placement]) -> Mapping[int, list[Occupant]]:
    names = registry.names(one.person_id for one in people)
    now, today = clock.now(), clock.today()
    begin = clock.local_midnight(today)
    looks: dict[int, list[object]] = defaultdict(list)
    for pk, at in Check.objects.filter(placement__in=people, at__gte=begin).values_list("placement_id", "at"):
        looks[pk].append(at)
    found: dict[int, list[Occupant]] = defaultdict(list)
    for one in people:
        each_day = int(ruling.of(one.pack, one.area).checks.number)
        late = one.link == Placement.HOUSED and one.leave_at is not None and one.leave_at <= now
        done = len(turns(looks[one.pk], today, each_day))  # type: ignore[arg-type]
        assert one.room_id is not None
        found[one.room_id].append(
            Occupant(one.code, names.get(one.person_id, ""), one.cls, one.link, late, done, one.party)
        )
    return found
