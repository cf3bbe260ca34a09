"""What there is to choose from for one person: rooms that could be theirs, trips with a seat, sites that take people in."""

from django.db.models import Count, F, Q

from fangxian.containment.isolation import apart, passing, rights
from fangxian.containment.isolation.models import Floor, Placement, Room, Site, Trip
from fangxian.containment.isolation.queries.rows import room_name
from fangxian.containment.isolation.queries.sites import destinations
from fangxian.containment.isolation.schemas import FreeRoom, FreeSeat, Options
from fangxian.core.access import Actor
from fangxian.text import Text

#: So many rooms are offered at once, and so many trips.
ROOMS, TRIPS = 300, 50


def options(by: Actor, code: str) -> Options:
    """What could be chosen for a person now; whatever is not for the actor to choose is left empty. Raises NotFound."""
    row = rights.placement(by, code)
    waiting = passing.open_of(row)
    told = row.link == Placement.TOLD and waiting is None and by.may(rights.TELL, row.area)
    room = row.link not in (Placement.HOME, Placement.CLOSED) and rights.at_site(by, rights.RECEIVE, row.site)
    return Options(
        row.code, room_name(row), tuple(_rooms(row, row.site)) if room and row.site else (), tuple(_trips(by, row)) if told else (),
        tuple(destinations(by, rights.TELL)) if told else (), room, told,
    )  # fmt: skip


def _rooms(row: Placement, site: Site) -> list[FreeRoom]:
    """Ready rooms of the site, on floors for the person's class or for none, with nobody inside but who stays together with them."""
    there = Q(placements__closed_at__isnull=True, placements__isnull=False)
    others = there & ~Q(placements__party=row.party) if row.party else there
    found = (
        Room.objects.filter(floor__site=site, floor__zone=Floor.OBSERVATION, state=Room.READY)
        .select_related("floor__site")
        .annotate(others=Count("placements", filter=others), inside=Count("placements", filter=there))
        .filter(others=0, inside__lt=F("beds"))
        .order_by("floor__building", "floor__level", "number")
    )
    own = apart.class_of(row)
    return [
        FreeRoom(one.pk, one.floor.building, one.number, one.floor.cls == "", tuple(one.suits))
        for one in found[:ROOMS]
        if not one.floor.cls or apart.may_mix(own, (one.floor.pack, one.floor.cls), one.floor.site.area)
    ]


def _trips(by: Actor, row: Placement) -> list[FreeSeat]:
    """Trips that have not ended, for the person's class, with a seat."""
    mine = Q(vehicle__organisation_id__isnull=False) & (
        by.scope(rights.DRIVE, organisation="vehicle__organisation_id")
        | by.scope(rights.TELL, organisation="vehicle__organisation_id")
    )
    found = (
        Trip.objects.filter(mine, state__in=(Trip.PLANNED, Trip.UNDER_WAY), cls=row.cls, pack=row.pack)
        .select_related("vehicle", "site")
        .annotate(riders=Count("passengers"))
        .filter(riders__lt=F("vehicle__seats"))
        .order_by("leaves_at", "pk")
    )
    return [
        FreeSeat(
            one.code,
            one.vehicle.plate,
            one.driver_name,
            one.leaves_at,
            Text(one.site.name_zh, one.site.name_en or one.site.name_zh),
        )
        for one in found[:TRIPS]
    ]
