"""How the loop begins: somebody is told that they are to be isolated (应隔尽隔), and by which class and until when they must be there."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.containment.isolation import rights, ruling, subject
from fangxian.containment.isolation.forms import PlacementForm
from fangxian.containment.isolation.models import Placement
from fangxian.containment.isolation.passing import move, open_of, reasoned
from fangxian.containment.isolation.words import NEEDS
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid
from fangxian.duties import actions as duties
from fangxian.duties import packs
from fangxian.duties import queries as duty_queries
from fangxian.registry import queries as registry
from fangxian.tracing import queries as tracing

#: Under this age somebody is a minor (未成年人保护法 第2条: under 18) and needs a guardian.
OF_AGE = 18
#: The duty of bringing a contact in, and its steps.
NOTIFICATION, REACH, TRANSFER = "contact.notification", "reach", "transfer"


@action
def tell(by: Actor, form: PlacementForm) -> Placement:
    """Somebody was told and is in the loop from now on. It completes the step of reaching them.

    Raises Invalid where the class is unknown or a minor has no guardian, Conflict where the person is in the loop already.
    """
    row = _named(by, form)
    by.must(rights.TELL, row.area)
    rules = ruling.of(row.pack, row.area)
    row.cls = form.cls or row.cls
    if rules.of(row.cls) is None:
        raise Invalid(
            _("The protocol knows no such class of people."),
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(one.key for one in rules.classes)}, field="cls",
        )  # fmt: skip
    _special(row, form)
    known = Placement.objects.filter(person_id=row.person_id, closed_at__isnull=True).first()
    if known is not None:
        raise Conflict(
            _("This person is in isolation already."), remedy=_("Open %(code)s.") % {"code": known.code},
            code="in_the_loop",
        )  # fmt: skip
    row.save()
    if row.subject_kind == subject.TRAVELLER:
        row.subject_id, row.subject_code = row.pk, row.code
        row.save(update_fields=["subject_id", "subject_code"])
        duties.open_due(by, subject.ARRIVED, [subject.of(row)])
    _reached(by, row)
    record(
        by, "isolation.told", ("placement", row.pk), area=row.area, basis=ruling.basis(row.pack, row.area),
        data={"subject": [row.subject_kind, row.subject_id], "cls": row.cls, "needs": row.needs},
    )  # fmt: skip
    return row


@action
def take_out(by: Actor, code: str, reason: str) -> Placement:
    """Take somebody out of the loop who never set out: told by mistake, or isolated elsewhere."""
    row = rights.placement(by, code, lock=True)
    by.must(rights.TELL, row.area)
    if row.link != Placement.TOLD or open_of(row) is not None:
        raise Conflict(
            _("The person is on the way already."),
            remedy=_("They leave by being handed over to their grid."),
            code="on_the_way",
        )
    row.outcome, row.room, row.trip = "called_off", None, None
    record(by, "isolation.withdrawn", ("placement", row.pk), area=row.area, data={"reason": reasoned(reason)})
    move(by, row, Placement.CLOSED, clock.now())
    return row


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _named(by: Actor, form: PlacementForm) -> Placement:
    """The row of whoever is named: a contact, a case, or a person from abroad; exactly one of them."""
    named = [name for name in ("contact", "case", "person") if getattr(form, name).strip()]
    if len(named) != 1:
        raise Invalid(_("Say whom: a contact, a case or a person."), remedy=_("Give one code."), field="contact")
    now = clock.now()
    row = Placement(code=ids.new_code(), link=Placement.TOLD, since=now, begun_at=now)
    fill: Any = {"contact": _contact, "case": _case, "person": _traveller}[named[0]]
    fill(by, form, row)
    return row


def _contact(by: Actor, form: PlacementForm, row: Placement) -> None:
    found = tracing.contact(by, form.contact)
    if found.row.state != "watched":
        raise Conflict(
            _("This contact is no longer under watch."), remedy=_("A new exposure starts a new watch."), code="ended"
        )
    row.subject_kind, row.subject_id, row.subject_code = subject.CONTACT, found.row.id, found.row.code
    row.person_id, row.pack, row.area = found.person_id, found.pack, found.row.area
    taking = ruling.of(row.pack, row.area).taking({"category": found.row.category})
    row.cls = taking.key if taking else ""
    row.risk = 2 if found.row.suspected_at else 1 if found.row.ring == 1 else 0
    step = duty_queries.open_step(NOTIFICATION, (subject.CONTACT, found.row.id), TRANSFER)
    row.deadline = step.due_at if step else None


def _case(by: Actor, form: PlacementForm, row: Placement) -> None:
    found = cases.facts_of([cases.case(by, form.case).row.id])
    (facts,) = found.values()
    row.subject_kind, row.subject_id, row.subject_code = subject.CASE, facts.id, facts.code
    row.person_id, row.pack, row.area, row.cls = facts.person_id, facts.pack, facts.area, "discharged"


def _traveller(by: Actor, form: PlacementForm, row: Placement) -> None:
    card = registry.person(by, form.person)
    row.person_id, row.area, row.cls = card.id, card.area, "arrival"
    row.pack = form.pack or next((one.id for one in packs.in_force(card.area) if one.isolation), packs.in_force()[0].id)
    row.subject_kind, row.subject_id, row.subject_code = subject.TRAVELLER, 0, row.code
    row.arrived_at = _past(form.arrived_at)


def _past(at: datetime | None) -> datetime | None:
    if at is not None and at > clock.now():
        raise Invalid(_("This lies in the future."), remedy=_("Give the time of arrival."), field="arrived_at")
    return at


def _special(row: Placement, form: PlacementForm) -> None:
    if unknown := [one for one in form.needs if one not in NEEDS]:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": unknown[0]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(NEEDS)}, field="needs",
        )  # fmt: skip
    age = registry.traits([row.person_id])[row.person_id].age_on(clock.today())
    needs = set(form.needs) | ({"minor"} if age is not None and age < OF_AGE else set())
    row.needs, row.guardian = [one for one in NEEDS if one in needs], form.guardian.strip()[:120]
    if "minor" in needs and not row.guardian:
        raise Invalid(
            _("A minor is not isolated alone."),
            remedy=_("Say who looks after the child: name and how they are related."), field="guardian",
        )  # fmt: skip


def _reached(by: Actor, row: Placement) -> None:
    """Being told is being reached: the step of the duty, not a second book."""
    step = duty_queries.open_step(NOTIFICATION, (row.subject_kind, row.subject_id), REACH)
    if step is not None:
        duties.complete(rights.trusted(by), step.pk, {"phone_reached": True})
