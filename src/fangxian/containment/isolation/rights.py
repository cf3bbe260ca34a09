"""Who sees and does what: the place where somebody lives, the site that holds them, the team that drives them."""

from dataclasses import replace

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.containment.isolation.models import Placement, Site, Trip, Vehicle
from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import NotAllowed, NotFound

VIEW, SITES, TELL, HOME = "isolation.view", "isolation.sites", "isolation.tell", "isolation.home"
RECEIVE, CARE, DRIVE, DECIDE = "isolation.receive", "isolation.care", "isolation.drive", "isolation.decide"


def visible(by: Actor) -> Q:
    """The people that the actor may know of: those who live there, those whom a site there or of theirs has, those whom they drive."""
    own = by.scope(VIEW, area="area", organisation="site__organisation_id")
    return (
        own
        | by.scope(VIEW, area="site__area", organisation="site__organisation_id")
        | by.scope(DRIVE, area="trip__area", organisation="trip__vehicle__organisation_id")
    )


def may_see(by: Actor, row: Placement) -> bool:
    """The same for one person, who has site and trip at hand."""
    held = row.site is not None and by.may(VIEW, row.site.area, row.site.organisation_id)
    return held or by.may(VIEW, row.area, -1) or (row.trip is not None and may_drive(by, row.trip))


def may_drive(by: Actor, trip: Trip) -> bool:
    """Whether the trip is one of the actor's: of their team, or in their jurisdiction."""
    return by.may(DRIVE, trip.area, trip.vehicle.organisation_id)


def at_site(by: Actor, right: str, site: Site | None) -> bool:
    """Whether the actor may do so at a site."""
    return site is not None and by.may(right, site.area, site.organisation_id)


def must_at_site(by: Actor, right: str, site: Site | None) -> None:
    """Raise NotAllowed unless `at_site`."""
    if not at_site(by, right, site):
        raise NotAllowed(
            _("%(who)s may not do this here (%(action)s).") % {"who": by.name, "action": right},
            remedy=_("Ask the duty officer of the jurisdiction, or sign in with the account of that post."),
        )


def trusted(by: Actor) -> Actor:
    """The same person, acting in a stage below on a right that this stage has checked."""
    return replace(by, is_system=True)


def placement(by: Actor, code: str, *, lock: bool = False) -> Placement:
    """Somebody in isolation whom the actor may know of. Raises NotFound alike for an unknown code."""
    rows = Placement.objects.select_related("site", "room__floor", "trip__vehicle")
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(code=ids.normalise_code(code)).first()
    if found is None or not may_see(by, found):
        raise NotFound(
            _("There is nobody of this code in isolation."), remedy=_("Check the code; its last character is a check.")
        )
    return found


def site(by: Actor, code: str, *, lock: bool = False) -> Site:
    """A site that the actor may know of. Raises NotFound."""
    rows = Site.objects.select_for_update() if lock else Site.objects.all()
    found = rows.filter(code=ids.normalise_code(code)).first()
    if found is None or not by.may(VIEW, found.area, found.organisation_id):
        raise NotFound(_("There is no such isolation site."), remedy=_("Choose one from the list."), field="site")
    return found


def destination(code: str) -> Site:
    """A site that people are to be brought to, wherever it lies. Raises NotFound."""
    found = Site.objects.filter(code=ids.normalise_code(code)).first()
    if found is None:
        raise NotFound(_("There is no such isolation site."), remedy=_("Choose one from the list."), field="site")
    return found


def trip(by: Actor, code: str, *, lock: bool = False) -> Trip:
    """A trip that the actor may know of. Raises NotFound."""
    rows = Trip.objects.select_related("vehicle", "site", "driver")
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(code=ids.normalise_code(code)).first()
    if found is None or not (may_drive(by, found) or by.may(VIEW, found.area, -1) or at_site(by, VIEW, found.site)):
        raise NotFound(_("There is no such trip."))
    return found


def vehicle(by: Actor, code: str) -> Vehicle:
    """A vehicle in service that the actor may use. Raises NotFound."""
    found = Vehicle.objects.filter(code=ids.normalise_code(code), retired_at__isnull=True).first()
    if found is None or not (by.may(DRIVE, found.area, found.organisation_id) or by.may(VIEW, found.area, -1)):
        raise NotFound(_("There is no such vehicle in service."), field="vehicle")
    return found
