"""Following up contacts: visits, holding, the four clear (四清), symptoms, and the ends that a person decides."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid
from fangxian.duties import actions as duties
from fangxian.duties import planning
from fangxian.duties import queries as duty_queries
from fangxian.tracing import settling, sources, subject
from fangxian.tracing.events import CaseSuspected, ContactHeld
from fangxian.tracing.models import Attempt, Contact
from fangxian.tracing.queries.reaching import of_contacts
from fangxian.tracing.visiting import due_now

HELD = ("home", "site", "hospital", "elsewhere")
CLEAR = ("person", "place", "control")


@action
def visit(
    by: Actor, contact: str, evidence: Mapping[str, Any], *, at: datetime | None = None, step: str = ""
) -> list[str]:
    """Record what was found at a visit or a test: it completes the steps due today that ask for no more than what is given.

    `step` names one open step instead (that of a day before, done late). Evidence stays on the step. Symptoms, or a positive
    result, propose the contact as a case, whether a step was due or not. Returns the keys of the steps completed. The right
    is that of each step: whoever holds it, or may do duties in its area.
    """
    row = sources.contact(by, contact, lock=True)
    evidence = {name: value for name, value in evidence.items() if value not in (None, "")}
    if not evidence:
        raise Invalid(
            _("Nothing was recorded."),
            remedy=_("Give what was found, or record that nobody was reached."),
            field="evidence",
        )
    done = []
    for one in due_now(row, evidence, at or clock.now(), step):
        duties.complete(by, one.pk, evidence, at=at)
        done.append(one.key)
    suspect(by, row, evidence)
    return done


@action
def not_reached(by: Actor, contact: str, note: str, *, at: datetime | None = None) -> Attempt:
    """Record that the person could not be reached. The steps stay open: still due, and late when their time has come.

    After as many attempts as the pack names, the duty officer of the county is told of what is due within a day, late or not.
    """
    row = _watched(sources.contact(by, contact, lock=True))
    by.must("duties.do", row.area, row.held_by_id)
    at = at or clock.now()
    if at > clock.now():
        raise Invalid(_("This lies in the future."), remedy=_("Give the time at which it happened."), field="at")
    attempt = Attempt.objects.create(
        contact=row, at=at, note=sources.reason(note), by_id=by.account_id, by_name=by.name
    )
    record(
        by,
        "contact.not_reached",
        (subject.KIND, row.pk),
        area=row.area,
        data={"at": at.isoformat(), "note": attempt.note},
    )
    tried = of_contacts([row.pk]).get(row.pk)
    if tried is not None and tried.helped:
        duties.ask_for_help(by, (subject.KIND, row.pk))
    return attempt


@action
def hold(
    by: Actor, contact: str, where: str, *, place: str = "", organisation: int | None = None, at: datetime | None = None
) -> Contact:
    """The person is held: `where` is home, site, hospital or elsewhere, on a `place` on record, by an `organisation` (a site's).

    Makes control clear, starts the clocks that count from isolation, and lets the staff of the organisation see the contact.
    """
    row = _watched(sources.contact(by, contact, lock=True))
    by.must("contacts.hold", row.area)
    if where not in HELD:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": where},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(HELD)},
            field="where",
        )
    now = clock.now()
    at = at or now
    if at > now or at < row.first_exposure_at:
        raise Invalid(
            _("A contact is held after the first exposure, and not in the future."),
            remedy=_("Check the time."),
            field="at",
        )
    row.held, row.held_by_id = where, sources.organisation(organisation)
    row.held_at_place_id = sources.place(place)
    row.held_at = row.held_at or at
    row.control_clear_at = row.control_clear_at or now
    _save(row)
    record(
        by, "contact.held", (subject.KIND, row.pk), area=row.area,
        data={"where": where, "place": row.held_at_place_id, "organisation": row.held_by_id, "at": at.isoformat()},
    )  # fmt: skip
    duties.set_anchors(by, subject.KIND, {row.pk: subject.anchors(row)})
    duties.open_due(by, subject.ISOLATED, [subject.of(row)])
    emit(ContactHeld(row.pk, row.area, where))
    return row


@action
def clear(by: Actor, contact: str, which: str) -> Contact:
    """Tick one of the four clear: `person` (who it is is certain) or `place` (so is where); `control` also comes with `hold`.

    The fourth, the number, is clear by the contact being on record. Ticking twice changes nothing.
    """
    row = _watched(sources.contact(by, contact, lock=True))
    by.must("contacts.clear", row.area)
    if which not in CLEAR:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": which},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(CLEAR)},
            field="which",
        )
    if which == "control" and not row.held:
        raise Conflict(
            _("Control is not clear before the person is held."), remedy=_("Say where the person is held first.")
        )
    name = f"{which}_clear_at"
    if getattr(row, name) is None:
        setattr(row, name, clock.now())
        _save(row)
        record(by, "contact.cleared", (subject.KIND, row.pk), area=row.area, data={"which": which})
    return row


@action
def rule_out(by: Actor, contact: str, reason: str) -> Contact:
    """A contact who was proposed as a case is none: the proposal goes, the watch goes on."""
    row = _watched(sources.contact(by, contact, lock=True))
    by.must("contacts.convert", row.area)
    reason = sources.reason(reason)
    if row.suspected_at is None:
        raise Conflict(_("This contact is not proposed as a case."))
    row.suspected_at = None
    _save(row)
    record(by, "contact.ruled_out", (subject.KIND, row.pk), area=row.area, data={"reason": reason})
    return row


@action
def lose(by: Actor, contact: str, reason: str) -> Contact:
    """The person cannot be found any more (失访): the watch ends as lost, with the reason."""
    return _end(by, contact, Contact.LOST, "lost", reason)


@action
def dismiss(by: Actor, contact: str, reason: str) -> Contact:
    """The person is no contact after all, as a person decides: the watch ends, with the reason."""
    return _end(by, contact, Contact.DISMISSED, "excluded", reason)


@action
def release_if_over(by: Actor, closed: Sequence[tuple[int, int]]) -> None:
    """After duties of contacts closed (contact, duty): whose watch is over by that ends (解除).

    It is over when the observation that applies to a contact reached its regular outcome, or when no duty is left open.
    """
    ids = {contact_id for contact_id, _duty_id in closed}
    rows = Contact.objects.select_for_update().filter(pk__in=ids, state=Contact.UNDER_WATCH).order_by("pk")
    watched = {row.pk: row for row in rows}
    endings = []
    for contact_id, duty_id in closed:
        if contact_id in watched and (ending := _ending(watched[contact_id], duty_id)) is not None:
            endings.append(ending)
            del watched[contact_id]
    settling.end(by, endings)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def suspect(by: Actor, row: Contact, evidence: Mapping[str, Any]) -> None:
    """Symptoms or a positive test make a contact a possible case: said once, until somebody has decided. Part of an action."""
    ground = (
        "test" if evidence.get("result") == "positive" else "symptoms" if evidence.get("symptoms") == "some" else ""
    )
    if not ground or row.state != Contact.UNDER_WATCH or row.suspected_at is not None:
        return
    row.suspected_at = clock.now()
    _save(row)
    record(by, "contact.suspected", (subject.KIND, row.pk), area=row.area, data={"ground": ground})
    emit(CaseSuspected(row.pk, row.outbreak_id, row.area, ground))


def _ending(row: Contact, duty_id: int) -> settling.Ending | None:
    """How the watch over a contact ends by a duty that closed, if it does."""
    all_owed = duty_queries.of_subject(subject.KIND, row.pk)
    closed = next(duty for duty in all_owed if duty.pk == duty_id)
    rule = duty_queries.rule(closed)
    applies = subject.owed(rule, subject.of(row).facts, subject.passed(row))
    regular = applies and rule.release is not None and closed.outcome == rule.outcomes[0]
    if not regular and any(duty.state == duty.OPEN for duty in all_owed):
        return None
    state = {"lost": Contact.LOST, "excluded": Contact.DISMISSED}.get(closed.outcome, Contact.RELEASED)
    release = [step.done_at for step in closed.steps.all() if step.key == planning.RELEASE and step.state == step.DONE]
    at = release[0] if release else closed.closed_at
    return settling.Ending(row, state, closed.outcome, closed.reason, at)


def _end(by: Actor, contact: str, state: str, outcome: str, reason: str) -> Contact:
    row = _watched(sources.contact(by, contact, lock=True))
    by.must("contacts.end", row.area)
    settling.end(by, [settling.Ending(row, state, outcome, sources.reason(reason))])
    return row


def _watched(row: Contact) -> Contact:
    if row.state != Contact.UNDER_WATCH:
        raise Conflict(
            _("This contact is no longer under watch (%(why)s).") % {"why": row.ended_why or row.state},
            remedy=_("A new exposure starts a new watch."),
            code="ended",
        )
    return row


def _save(row: Contact) -> None:
    row.version += 1
    row.save()
