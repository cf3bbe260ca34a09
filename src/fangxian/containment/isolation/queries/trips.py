"""Trips with their stops in the order of picking up, and vehicles that can leave or must be cleaned."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.models import HandOver, Placement, Trip, Vehicle
from fangxian.containment.isolation.schemas import TripStop, TripView, VehicleView
from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.registry import queries as registry
from fangxian.text import Text

#: Whoever has no deadline comes after all who have one.
_FAR = datetime.max.replace(tzinfo=UTC)


def trips(by: Actor, area: str = "", *, state: str = "", after: int | None = None, limit: int = 30) -> list[TripView]:
    """Trips, the latest planned first, with their stops; those of one state alone; `open` is planned or under way."""
    found = Trip.objects.filter(_visible(by), within(area)).select_related("vehicle", "site", "driver")
    if state:
        found = found.filter(state__in=(Trip.PLANNED, Trip.UNDER_WAY) if state == "open" else (state,))
    if after is not None:
        found = found.filter(pk__lt=after)
    return _views(by, list(found.order_by("-pk")[:limit]))


def trip(by: Actor, code: str) -> TripView:
    """One trip with its stops. Raises NotFound."""
    return _views(by, [rights.trip(by, code)])[0]


def vehicles(by: Actor, area: str = "", *, after: int | None = None, limit: int = 100) -> list[VehicleView]:
    """Vehicles in service, as they were entered; two queries."""
    scope = by.scope(rights.DRIVE, organisation="organisation_id") | by.scope(
        rights.VIEW, organisation="organisation_id"
    )
    found = Vehicle.objects.filter(scope, within(area), retired_at__isnull=True).select_related("organisation")
    if after is not None:
        found = found.filter(pk__gt=after)
    rows = list(found.order_by("pk")[:limit])
    busy: dict[int, str] = {}
    dirty: set[int] = set()
    for one in Trip.objects.filter(vehicle__in=rows, state__in=(Trip.UNDER_WAY, Trip.DONE), cleaned_at__isnull=True):
        if one.state == Trip.UNDER_WAY:
            busy[one.vehicle_id] = one.code
        else:
            dirty.add(one.vehicle_id)
    return [
        VehicleView(one.pk, one.code, one.plate, one.area, one.organisation.name_zh, one.seats, busy.get(one.pk, ""), one.pk in dirty)
        for one in rows
    ]  # fmt: skip


def order(row: Placement) -> tuple[datetime, int, datetime, int]:
    """The order of picking up: by the hour of the deadline, then who is the greater risk, then who was told first."""
    deadline = clock.hour(row.deadline) if row.deadline else _FAR
    return deadline, -row.risk, row.begun_at, row.pk


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _visible(by: Actor) -> object:
    return (
        by.scope(rights.DRIVE, organisation="vehicle__organisation_id")
        | by.scope(rights.VIEW, organisation="site__organisation_id")
        | by.scope(rights.VIEW, area="site__area", organisation="site__organisation_id")
    )


def _views(by: Actor, found: Sequence[Trip]) -> list[TripView]:
    riders: dict[int, list[Placement]] = defaultdict(list)
    for one in Placement.objects.filter(trip__in=found):
        riders[one.trip_id or 0].append(one)
    everybody = [one for mine in riders.values() for one in mine]
    names = registry.names(one.person_id for one in everybody)
    places = registry.short_area_names({one.area for one in everybody})
    waiting = _waiting(everybody)
    return [_view(by, one, sorted(riders[one.pk], key=order), names, places, waiting) for one in found]


def _waiting(people: Iterable[Placement]) -> Mapping[int, HandOver]:
    return {one.placement_id: one for one in HandOver.objects.filter(placement__in=list(people), ended_at__isnull=True)}


def _view(
    by: Actor, one: Trip, riders: Sequence[Placement], names: Mapping[int, str], places: Mapping[str, str],
    waiting: Mapping[int, HandOver],
) -> TripView:  # fmt: skip
    may = set()
    if rights.may_drive(by, one):
        may = (
            {"board", "start", "cancel"}
            if one.state == Trip.PLANNED
            else {"board", "end"}
            if one.state == Trip.UNDER_WAY
            else set()
        )
        if one.state == Trip.DONE and one.cleaned_at is None:
            may.add("clean")
    clean_from = (
        one.ended_at + ruling.of(one.pack, one.area).clean.delta if one.state == Trip.DONE and one.ended_at else None
    )
    return TripView(
        one.pk, one.code, one.vehicle.plate, one.vehicle.seats, one.driver_name, one.site.code,
        Text(one.site.name_zh, one.site.name_en or one.site.name_zh), one.cls, ruling.class_name(one.pack, one.cls, one.area),
        one.pack, one.state, one.leaves_at, one.started_at, one.ended_at, one.cleaned_at, clean_from,
        tuple(_stop(row, names, places, waiting.get(row.pk)) for row in riders), frozenset(may),
    )  # fmt: skip


def _stop(row: Placement, names: Mapping[int, str], places: Mapping[str, str], open_one: HandOver | None) -> TripStop:
    return TripStop(
        row.code, names.get(row.person_id, ""), places[row.area], tuple(row.needs), row.guardian, row.deadline, row.link,
        open_one is not None and open_one.sent_at is not None, open_one is not None and open_one.received_at is not None,
        open_one.to_link if open_one else "",
    )  # fmt: skip
