"""What the neighbours of somebody isolated at home are told, by whoever decides on isolation; and when that ends."""

from django.utils.translation import gettext as _

from fangxian.containment.isolation import reach, rights, ruling
from fangxian.containment.isolation.models import NeighbourNotice, Placement
from fangxian.containment.isolation.papers import NeighbourForm
from fangxian.containment.isolation.passing import GRID, post, reasoned
from fangxian.containment.isolation.words import MEASURES
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import queries as registry


@action
def tell_neighbours(by: Actor, code: str, form: NeighbourForm) -> NeighbourNotice:
    """A notice for the building of somebody isolated at home, or for what is wider where that has too few homes.

    Where one holds there already it holds for this person too, and says the same as before: how many they are is nobody's business.
    Raises Conflict where the person is not at home, Invalid for a measure that is not known or where nobody can be called.
    """
    row = rights.placement(by, code, lock=True)
    if row.link != Placement.HOME:
        raise Conflict(
            _("The person is not isolated at home."), remedy=_("On a site there are no neighbours."), code="not_at_home"
        )
    where = reach.of(row)
    by.must(rights.DECIDE, row.area)
    _checked(form)
    holding = NeighbourNotice.objects.select_for_update().filter(withdrawn_at__isnull=True)
    known = (holding.filter(place=where.place) if where.place else holding.filter(place=None, area=where.area)).first()
    office = registry.organisation(post(GRID, row.area).organisation_id)
    phone = known.phone if known else form.phone.strip() or office.phone
    if not phone:
        raise Invalid(
            _("Whom can the neighbours call?"), remedy=_("Give a telephone number of the office."), field="phone"
        )
    made = known or NeighbourNotice.objects.create(
        code=ids.new_code(), area=where.area, place_id=where.place, measures=[one for one in MEASURES if one in form.measures],
        office_zh=office.name_zh, office_en=office.name_en or office.name_zh, phone=phone[:30],
        basis=ruling.basis(row.pack, row.area), issued_at=clock.now(), by_id=by.account_id, by_name=by.name,
    )  # fmt: skip
    made.placements.add(row)
    record(
        by, "isolation.neighbours", ("placement", row.pk), area=row.area, basis=made.basis,
        data={"notice": made.code, "scope": where.scope, "new": known is None, "measures": made.measures},
    )  # fmt: skip
    return made


@action
def withdraw_notice(by: Actor, code: str, reason: str) -> NeighbourNotice:
    """Take a notice to neighbours back before its time, for a reason. Raises NotFound, Conflict."""
    found = NeighbourNotice.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if found is None or not by.may(rights.VIEW, found.area):
        raise NotFound(_("There is no such notice."))
    by.must(rights.DECIDE, found.area)
    if found.withdrawn_at is not None:
        raise Conflict(_("This notice is already withdrawn."))
    _withdraw(by, found, reasoned(reason))
    return found


@action
def neighbours_freed(by: Actor, placement_id: int) -> int:
    """Somebody is at home in isolation no longer: notices that held because of them alone end; how many."""
    holding = NeighbourNotice.objects.select_for_update().filter(withdrawn_at__isnull=True, placements=placement_id)
    ended = [one for one in holding if not one.placements.filter(link=Placement.HOME).exists()]
    for one in ended:
        _withdraw(by, one, _("Nobody is isolated here any more."))
    return len(ended)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _withdraw(by: Actor, found: NeighbourNotice, reason: str) -> None:
    found.withdrawn_at, found.withdrawn_why = clock.now(), reason
    found.save(update_fields=["withdrawn_at", "withdrawn_why"])
    record(
        by, "isolation.neighbours_over", ("neighbour_notice", found.pk), area=found.area,
        data={"notice": found.code, "reason": reason},
    )  # fmt: skip


def _checked(form: NeighbourForm) -> None:
    if unknown := [one for one in form.measures if one not in MEASURES]:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": unknown[0]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(MEASURES)}, field="measures",
        )  # fmt: skip
    if not form.measures:
        raise Invalid(
            _("Say what is done in the building."), remedy=_("Choose at least one measure."), field="measures"
        )
    if "\0" in form.phone or len(form.phone) > 30:
        raise Invalid(_("This is no telephone number."), field="phone")
