"""Who somebody is, shown to whoever needs it: a driver at a door, and the certificate of release. Each look is on record."""

from django.utils.translation import gettext as _

from fangxian.containment.isolation import rights, ruling
from fangxian.containment.isolation.models import HandOver, Placement
from fangxian.containment.isolation.queries.rows import site_name
from fangxian.containment.isolation.schemas import Certificate
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, NotAllowed
from fangxian.registry import actions as registry
from fangxian.registry import masking
from fangxian.registry import queries as people


def revealing(by: Actor, code: str) -> Actor:
    """The actor as somebody who may look at this person: because of their post, or as they drive, hold or watch them just now."""
    row = rights.placement(by, code)
    mine = (
        (row.trip is not None and row.link in (Placement.TOLD, Placement.ABOARD) and rights.may_drive(by, row.trip))
        or (
            row.link in (Placement.ABOARD, Placement.ARRIVED, Placement.HOUSED)
            and rights.at_site(by, rights.RECEIVE, row.site)
        )
        or by.may(rights.HOME, row.area)
    )
    return rights.trusted(by) if mine else by


@action
def certify(by: Actor, code: str) -> Certificate:
    """The certificate of somebody who was let go from the site, or released for good. The look at the name is on record."""
    row = rights.placement(by, code, lock=True)
    if not (
        rights.at_site(by, rights.RECEIVE, row.site) or by.may(rights.HOME, row.area) or by.may(rights.DECIDE, row.area)
    ):
        raise NotAllowed(
            _("%(who)s may not do this here (%(action)s).") % {"who": by.name, "action": rights.RECEIVE},
            remedy=_("The site or the grid worker gives it out."),
        )
    closed = row.link == Placement.CLOSED
    if row.link != Placement.HOME and not (closed and row.outcome == "released"):
        raise Conflict(
            _("The person has not been released."),
            remedy=_("It is given out once they have been let go."),
            code="not_yet",
        )
    person = people.cards([row.person_id])[row.person_id]
    shown = registry.reveal(
        rights.trusted(by), person.code, ("name", "documents"), "care", _("Certificate of release from isolation"), under=row.area
    )  # fmt: skip
    documents = shown["documents"]
    last = HandOver.objects.filter(placement=row, ended_at__isnull=False, called_off="").order_by("-pk").first()
    record(by, "isolation.certified", ("placement", row.pk), area=row.area, data={"closed": closed})
    return Certificate(
        row.code, str(shown["name"]), masking.document(documents[0][1]) if documents else "", row.arrived_at or row.begun_at,
        row.closed_at or (last.ended_at if last and last.ended_at else row.since), closed,
        None if closed and row.site is None else site_name(row.site), ruling.basis(row.pack, row.area), clock.now(), by.name,
    )  # fmt: skip
