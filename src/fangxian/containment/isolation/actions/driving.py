"""Transport (转运): vehicles, trips of one class to one site, who rides, when it sets out, when the vehicle is clean again."""

from datetime import timedelta

from django.utils.translation import gettext as _

from fangxian.containment.isolation import apart, passing, rights, ruling
from fangxian.containment.isolation.actions.moving import GRID
from fangxian.containment.isolation.forms import TripForm, VehicleForm
from fangxian.containment.isolation.models import HandOver, Placement, Trip, Vehicle
from fangxian.core import accounts, clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotAllowed
from fangxian.registry import queries as registry

MOST_SEATS = 60
#: A trip is planned for now or later; so much earlier is a slip of the clock.
_SLIP = timedelta(minutes=15)


@action
def add_vehicle(by: Actor, form: VehicleForm) -> Vehicle:
    """Enter a vehicle of a transfer team."""
    area = registry.area(form.area).code
    by.must(rights.SITES, area)
    organisation = registry.organisation(form.organisation)
    plate = form.plate.strip().upper()
    if not 2 <= len(plate) <= 20:
        raise Invalid(_("A number plate is needed."), field="plate")
    if not 1 <= form.seats <= MOST_SEATS:
        raise Invalid(_("Give the seats for passengers, 1 to %(n)s.") % {"n": MOST_SEATS}, field="seats")
    if Vehicle.objects.filter(plate=plate, retired_at__isnull=True).exists():
        raise Conflict(_("A vehicle of this number plate is on record."), field="plate")
    made = Vehicle.objects.create(
        code=ids.new_code(), plate=plate, organisation=organisation, area=area, seats=form.seats
    )
    record(by, "isolation.vehicle_added", ("vehicle", made.pk), area=area, data={"plate": plate, "seats": form.seats})
    return made


@action
def plan_trip(by: Actor, form: TripForm) -> Trip:
    """Plan a trip: which vehicle, by whom, to which site, for which class of people."""
    vehicle, site = rights.vehicle(by, form.vehicle), rights.destination(form.site)
    if not by.may(rights.DRIVE, vehicle.area, vehicle.organisation_id):
        by.must(rights.DRIVE, vehicle.area)
    if site.closed_at is not None or site.ready_in:
        raise Conflict(
            _("This site does not take people in yet."), remedy=_("Choose another one."), code="not_open", field="site"
        )
    if ruling.of(form.pack, vehicle.area).of(form.cls) is None:
        raise Invalid(
            _("The protocol knows no such class of people."), remedy=_("Choose one from the list."), field="cls"
        )
    if form.leaves_at < clock.now() - _SLIP:
        raise Invalid(_("This lies in the past."), remedy=_("Give the time at which it sets out."), field="leaves_at")
    driver = accounts.of_id(form.driver) if form.driver is not None else None
    name = driver.name if driver else form.driver_name.strip()[:80]
    if not name:
        raise Invalid(_("Say who drives."), remedy=_("A person, by name."), field="driver_name")
    made = Trip.objects.create(
        code=ids.new_code(), vehicle=vehicle, driver=driver, driver_name=name, site=site, area=vehicle.area, cls=form.cls,
        pack=form.pack, leaves_at=form.leaves_at,
    )  # fmt: skip
    record(
        by, "isolation.trip_planned", ("trip", made.pk), area=made.area,
        data={"vehicle": vehicle.plate, "site": site.code, "cls": form.cls, "driver": name},
    )  # fmt: skip
    return made


@action
def board(by: Actor, trip: str, code: str) -> Trip:
    """Put somebody on the list of a trip: their grid hands them over to the driver. Full is full, and classes are kept apart."""
    found = _open_trip(by, trip, planning=True)
    row = rights.placement(by, code, lock=True)
    riders = list(Placement.objects.filter(trip=found, closed_at__isnull=True).exclude(pk=row.pk))
    apart.share_vehicle(
        apart.class_of(row), {(found.pack, found.cls), *(apart.class_of(one) for one in riders)}, found.area
    )
    if len(riders) >= found.vehicle.seats:
        raise Conflict(
            _("All %(n)s seats are taken.") % {"n": found.vehicle.seats},
            remedy=_("Plan another trip for them."),
            code="full",
        )
    if row.room is not None and row.room.floor.site_id != found.site_id:
        raise Conflict(_("A room of another site is kept for this person."), remedy=_("Choose a trip that goes there."))
    driver = passing.body(found.vehicle.organisation_id, found.driver_name)
    passing.arrange(by, row, Placement.ABOARD, passing.post(GRID, row.area), driver)
    row.trip, row.site = found, found.site
    row.save()
    return found


@action
def start_trip(by: Actor, trip: str) -> Trip:
    """The vehicle sets out: clean since its last trip, and on no other."""
    found = _driven(by, trip)
    if found.state != Trip.PLANNED:
        raise Conflict(_("This trip has set out, or is over."), code="already_settled")
    Vehicle.objects.select_for_update().get(pk=found.vehicle_id)
    others = Trip.objects.filter(vehicle=found.vehicle).exclude(pk=found.pk)
    if others.filter(state=Trip.UNDER_WAY).exists():
        raise Conflict(_("The vehicle is on another trip."), remedy=_("End that one first."), code="under_way")
    if others.filter(state=Trip.DONE, cleaned_at__isnull=True).exists():
        raise Conflict(
            _("The vehicle was not cleaned after its last trip."),
            remedy=_("Clean it, and say so on that trip."),
            code="not_clean",
        )
    found.state, found.started_at = Trip.UNDER_WAY, clock.now()
    found.save()
    record(by, "isolation.trip_started", ("trip", found.pk), area=found.area, data={"code": found.code})
    return found


@action
def end_trip(by: Actor, trip: str) -> Trip:
    """The trip is over once everybody who got in was taken over by the site. Whoever was not met goes back to the list."""
    found = _driven(by, trip)
    if found.state != Trip.UNDER_WAY:
        raise Conflict(_("This trip is not under way."), code="already_settled")
    riders = list(Placement.objects.select_for_update().filter(trip=found).order_by("pk"))
    half = HandOver.objects.filter(placement__in=riders, to_link=Placement.ABOARD, ended_at__isnull=True).exclude(
        sent_at=None, received_at=None
    )
    waiting = [one for one in riders if one.link == Placement.ABOARD]
    if waiting or half.exists():
        raise Conflict(
            _("%(n)s people of this trip are still between two links.") % {"n": len(waiting) + half.count()},
            remedy=_("Have each of them confirmed by both sides first."), code="people_aboard",
        )  # fmt: skip
    for row in riders:
        if row.link == Placement.TOLD and (open_one := passing.open_of(row, lock=True)) is not None:
            passing.call_off(by, row, open_one, _("Not met on the trip."))
            row.trip = None
            row.save()
    found.state, found.ended_at = Trip.DONE, clock.now()
    found.save()
    record(by, "isolation.trip_ended", ("trip", found.pk), area=found.area, data={"code": found.code})
    return found


@action
def cleaned(by: Actor, trip: str) -> Trip:
    """The vehicle has been cleaned after this trip (终末消毒), for at least as long as the pack says."""
    found = _driven(by, trip)
    if found.state != Trip.DONE or found.cleaned_at is not None or found.ended_at is None:
        raise Conflict(_("There is nothing to clean after here."), code="already_settled")
    ready = found.ended_at + ruling.of(found.pack, found.area).clean.delta
    if clock.now() < ready:
        raise Conflict(
            _("Cleaning takes until %(at)s.") % {"at": f"{ready.astimezone(clock.zone()):%H:%M}"},
            remedy=_("Say so when it is done."), code="not_clean",
        )  # fmt: skip
    found.cleaned_at, found.cleaned_by = clock.now(), by.name
    found.save()
    record(by, "isolation.vehicle_cleaned", ("trip", found.pk), area=found.area, data={"vehicle": found.vehicle.plate})
    return found


@action
def cancel_trip(by: Actor, trip: str, reason: str) -> Trip:
    """A planned trip does not take place: whoever was on its list waits for another."""
    found = _open_trip(by, trip)
    if found.state != Trip.PLANNED:
        raise Conflict(_("This trip has set out."), remedy=_("End it when everybody has been handed over."))
    reason = passing.reasoned(reason)
    for row in Placement.objects.select_for_update().filter(trip=found).order_by("pk"):
        if (open_one := passing.open_of(row, lock=True)) is not None:
            passing.call_off(by, row, open_one, reason)
        row.trip = None
        row.save()
    found.state, found.ended_at = Trip.CANCELLED, clock.now()
    found.save()
    record(by, "isolation.trip_cancelled", ("trip", found.pk), area=found.area, data={"reason": reason})
    return found


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _driven(by: Actor, code: str, *, planning: bool = False) -> Trip:
    found = rights.trip(by, code, lock=True)
    if not (rights.may_drive(by, found) or (planning and by.may(rights.TELL, found.area))):
        raise NotAllowed(
            _("%(who)s may not do this here (%(action)s).") % {"who": by.name, "action": rights.DRIVE},
            remedy=_("The team of the vehicle does it."),
        )
    return found


def _open_trip(by: Actor, code: str, *, planning: bool = False) -> Trip:
    found = _driven(by, code, planning=planning)
    if found.state not in (Trip.PLANNED, Trip.UNDER_WAY):
        raise Conflict(_("This trip is over."), remedy=_("Plan another one."), code="ended")
    return found
