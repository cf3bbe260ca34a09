"""Who waits, which rooms are free and which vehicles can run, as a problem of allocation; and its answer in the words of the house.

A zone of the problem is a county, whose people share vehicles; it lies where its places on the map lie on average. What a name in the
problem stands for is written as ⟦key⟧, and replaced where the answer is told.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import cos, radians
from typing import Any

from django.db.models import Q

from fangxian.analytics.allocation import Person, Problem, Room, Site, Trip
from fangxian.containment.isolation import models as tables
from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.words import ROOM_NEEDS
from fangxian.core.access import Actor, within
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.text import Text

#: So many people are allocated at once, the first due first.
MOST = 5000
#: So many places of a county say where it lies.
_SAMPLE = 200
#: Kilometres by hour on the way, hours that it takes to have everybody aboard.
SPEED, BOARDING = 30.0, 0.5
_KEY = re.compile("⟦[^⟧]*⟧")
_KM_PER_DEGREE = 111.32


@dataclass
class Run:
    """A run of a vehicle that the plan may use: one that is planned already has a code."""

    vehicle: tables.Vehicle
    leaves_at: datetime
    trip: str = ""


@dataclass
class Gathered:
    """The problem; what its keys are called; which runs and rooms they stand for."""

    start: datetime
    names: dict[str, Text] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    rooms: dict[str, tables.Room] = field(default_factory=dict)
    sites: dict[str, tables.Site] = field(default_factory=dict)
    kinds: dict[str, tuple[str, str]] = field(default_factory=dict)
    problem: Problem | None = None

    def key(self, kind: str, of: object, name: Text) -> str:
        """A key for something, and what it is called."""
        made = f"⟦{kind}:{of}⟧"
        self.names[made] = name
        return made

    def told(self, text: Text) -> Text:
        """A text of the plan with names for keys."""

        def named(words: str, language: str) -> str:
            return _KEY.sub(lambda found: self.names[found[0]].in_(language), words)

        return Text(named(text.zh, "zh"), named(text.en, "en"))

    def hours(self, at: datetime) -> float:
        return (at - self.start).total_seconds() / 3600

    def at(self, hours: float) -> datetime:
        return self.start + timedelta(hours=hours)


def gather(by: Actor, area: str, start: datetime, end: datetime) -> Gathered:
    """Everything that an allocation needs to know; some twelve queries and one for each county. `problem` is None if nobody waits."""
    found = Gathered(start)
    waiting = list(
        tables.Placement.objects.filter(rights.visible(by), within(area), link=tables.Placement.TOLD, trip=None, room=None)
        .exclude(hand_overs__ended_at__isnull=True, hand_overs__isnull=False)
        .order_by("deadline", "-risk", "pk")[:MOST]
    )  # fmt: skip
    if not waiting:
        return found
    counties = sorted({_county(one.area) for one in waiting})
    called = registry.short_area_texts(counties)
    zones = {code: found.key("zone", code, called[code]) for code in counties}
    sites = _sites(by, found, area)
    rooms, floors = _rooms(found, sites)
    people = [_person(found, zones, one) for one in waiting]
    demand = Counter(_county(one.area) for one in waiting)
    trips = _trips(by, found, area, end, zones, demand)
    places, plane = _places(sites, counties)
    found.problem = Problem(
        tuple(people), tuple(rooms), tuple(trips),
        tuple(Site(key, plane.get(one.pk, (0.0, 0.0)), open=not one.ready_in) for key, one in found.sites.items()),
        {zones[code]: places[code] for code in counties}, floors=floors, speed=SPEED, boarding=BOARDING,
    )  # fmt: skip
    return found


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _county(area: str) -> str:
    return levels.at_level(area, "county") or area


def _around(area: str) -> Any:
    """What serves an area: whatever lies in its city, or belongs to the city as a whole."""
    city = levels.at_level(area, "city") or area
    return within(city) | Q(area__in=levels.upwards(city))


def _kind(found: Gathered, pack: str, cls: str, area: str) -> str:
    key = found.key("class", f"{pack}:{cls}", ruling.class_name(pack, cls, area))
    found.kinds[key] = (pack, cls)
    return key


def _person(found: Gathered, zones: Mapping[str, str], row: tables.Placement) -> Person:
    kind, zone = _kind(found, row.pack, row.cls, row.area), zones[_county(row.area)]
    return Person(
        row.code, zone, kind, 0.0, found.hours(row.deadline) if row.deadline else found.hours(row.begun_at) + 24.0,
        f"{row.party} {zone} {kind}" if row.party else "", frozenset(row.needs) & ROOM_NEEDS, priority=3 - min(max(row.risk, 0), 2),
    )  # fmt: skip


def _sites(by: Actor, found: Gathered, area: str) -> list[tables.Site]:
    """Sites around where the actor may give rooms, those too that are not ready yet: they may be what is missing."""
    rows = tables.Site.objects.filter(_around(area), closed_at__isnull=True).order_by("pk")
    sites = [one for one in rows if rights.at_site(by, rights.RECEIVE, one)]
    for one in sites:
        found.sites[found.key("site", one.code, Text(one.name_zh, one.name_en or one.name_zh))] = one
    return sites


def _rooms(found: Gathered, sites: Iterable[tables.Site]) -> tuple[list[Room], dict[tuple[str, str], str]]:
    """Rooms that are ready with nobody in them, and which class each floor is for."""
    keys = {one.pk: key for key, one in found.sites.items()}
    rows = (
        tables.Room.objects.filter(floor__site__in=list(sites), floor__zone=tables.Floor.OBSERVATION, state=tables.Room.READY)
        .exclude(placements__closed_at__isnull=True, placements__isnull=False)
        .select_related("floor__site")
        .order_by("floor__site_id", "floor__building", "-floor__level", "number")
    )  # fmt: skip
    rooms: list[Room] = []
    floors: dict[tuple[str, str], str] = {}
    for row in rows:
        site, floor = keys[row.floor.site_id], str(row.floor_id)
        label = f"{row.floor.building}-{row.number}"
        key = found.key("room", row.pk, Text(label, label))
        found.rooms[key] = row
        rooms.append(Room(key, site, floor, row.beds, frozenset(row.suits)))
        if row.floor.cls:
            floors[site, floor] = _kind(found, row.floor.pack, row.floor.cls, row.floor.site.area)
    return rooms, floors


def _trips(
    by: Actor, found: Gathered, area: str, end: datetime, zones: Mapping[str, str], demand: Counter[str]
) -> list[Trip]:
    """Trips that are planned, with their free seats; and runs of the vehicles that have time for more, cleaned in between."""
    vehicles = [
        one for one in tables.Vehicle.objects.filter(_around(area), retired_at__isnull=True).order_by("pk")
        if by.may(rights.DRIVE, one.area, one.organisation_id)
    ]  # fmt: skip
    sites = {one.pk: key for key, one in found.sites.items()}
    planned: dict[int, list[tables.Trip]] = defaultdict(list)
    open_trips = tables.Trip.objects.filter(vehicle__in=vehicles).filter(
        Q(state__in=(tables.Trip.PLANNED, tables.Trip.UNDER_WAY)) | Q(state=tables.Trip.DONE, cleaned_at__isnull=True)
    )
    for trip in open_trips.order_by("leaves_at", "pk"):
        planned[trip.vehicle_id].append(trip)
    aboard = Counter(
        tables.Placement.objects.filter(trip__vehicle__in=vehicles, closed_at__isnull=True).values_list("trip_id", flat=True)
    )  # fmt: skip
    served: Counter[str] = Counter()
    made: list[Trip] = []
    for vehicle in vehicles:
        county = max(
            (code for code in zones if code.startswith(vehicle.area) or vehicle.area.startswith(code)),
            key=lambda code: demand[code] - served[code], default=None,
        )  # fmt: skip
        if county is None:
            continue
        free_from = found.start
        for trip in planned[vehicle.pk]:
            free_from = max(free_from, trip.leaves_at + _turn(found, area))
            free = vehicle.seats - aboard[trip.pk]
            if (
                trip.state != tables.Trip.PLANNED
                or trip.leaves_at < found.start
                or free < 1
                or trip.site_id not in sites
            ):
                continue
            run = Run(vehicle, trip.leaves_at, trip.code)
            kind = _kind(found, trip.pack, trip.cls, trip.area)
            made.append(_run(found, run, zones[county], free, sites[trip.site_id], kind))
        while free_from <= end:
            made.append(_run(found, Run(vehicle, free_from), zones[county], vehicle.seats))
            served[county] += vehicle.seats
            free_from += _turn(found, area)
    return made


def _run(found: Gathered, run: Run, zone: str, seats: int, site: str = "", kind: str = "") -> Trip:
    label = f"{run.vehicle.plate} {run.leaves_at.astimezone():%H:%M}"
    key = found.key("trip", run.trip or f"{run.vehicle.code} {run.leaves_at:%Y-%m-%dT%H:%M}", Text(label, label))
    found.runs[key] = run
    return Trip(key, zone, found.hours(run.leaves_at), seats, site, kind)


def _turn(found: Gathered, area: str) -> timedelta:
    """From one departure of a vehicle to the next: an hour's way at most there and back, boarding, and the cleaning that the pack asks."""
    clean = max((ruling.of(pack, area).clean.delta for pack, _cls in found.kinds.values()), default=timedelta())
    return timedelta(hours=1 + BOARDING) + clean


def _places(
    sites: Iterable[tables.Site], counties: Iterable[str]
) -> tuple[dict[str, tuple[float, float]], dict[int, tuple[float, float]]]:
    """Counties and sites in a plane of kilometres. What is not on the map lies in the middle of what is."""
    degrees: dict[str | int, tuple[float, float]] = {
        one.pk: (one.lon, one.lat) for one in sites if one.lon is not None and one.lat is not None
    }
    wanted: list[str | int] = [one.pk for one in sites]
    for code in counties:
        wanted.append(code)
        spots = registry.spots_in(code, limit=_SAMPLE)
        if spots:
            degrees[code] = (
                sum(one.lon or 0.0 for one in spots) / len(spots), sum(one.lat or 0.0 for one in spots) / len(spots)
            )  # fmt: skip
    lon = sum(one[0] for one in degrees.values()) / len(degrees) if degrees else 0.0
    lat = sum(one[1] for one in degrees.values()) / len(degrees) if degrees else 0.0
    plane = {
        one: ((x - lon) * _KM_PER_DEGREE * cos(radians(lat)), (y - lat) * _KM_PER_DEGREE)
        for one in wanted
        for x, y in [degrees.get(one, (lon, lat))]
    }
    return (
        {one: at for one, at in plane.items() if isinstance(one, str)},
        {one: at for one, at in plane.items() if isinstance(one, int)},
    )
