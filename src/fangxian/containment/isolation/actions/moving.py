"""The way through the loop: sent and received, link by link, and what each link does to the duties of the person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.containment.isolation import passing, rights, ruling, subject
from fangxian.containment.isolation.actions import rooming
from fangxian.containment.isolation.actions.beginning import NOTIFICATION, TRANSFER
from fangxian.containment.isolation.models import HandOver, Placement
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action
from fangxian.core.errors import Conflict, NotAllowed
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.registry import queries as registry
from fangxian.tracing import actions as tracing

SENT, RECEIVED = "sent", "received"
#: The role whose steps are done by the nurses of the site, and by the grid once the person is at home.
NURSE, GRID = "site_nurse", passing.GRID


@action
def bring(by: Actor, code: str, site: str) -> Placement:
    """Arrange that somebody who was told comes to a site without a trip of this house: by the community, or by themselves."""
    row = rights.placement(by, code, lock=True)
    by.must(rights.TELL, row.area)
    row.site = rights.destination(site)
    if row.site.closed_at is not None or row.site.ready_in:
        raise Conflict(_("This site does not take people in yet."), remedy=_("Choose another one."), code="not_open")
    if row.room is not None and row.room.floor.site_id != row.site_id:
        row.room = None
    passing.arrange(by, row, Placement.ARRIVED, passing.post(GRID, row.area), passing.body(row.site.organisation_id))
    row.save()
    return row


@action
def keep_at_home(by: Actor, code: str) -> Placement:
    """Arrange that somebody who was told is isolated at home: whoever told them hands them over to their grid."""
    row = rights.placement(by, code, lock=True)
    by.must(rights.TELL, row.area)
    teller = passing.post("investigator", row.area)
    passing.arrange(by, row, Placement.HOME, teller, passing.post(GRID, row.area))
    return row


@action
def let_go(by: Actor, code: str) -> Placement:
    """Arrange that somebody leaves the site: to their grid for the time at home, or for good where the rule knows no such time.

    Raises Conflict (`not_yet`) before the day count is over and every test there is as the rule asks, unless a decision lets
    them go earlier. Whoever became a case is handed over to the hospital.
    """
    row = rights.placement(by, code, lock=True)
    rights.must_at_site(by, rights.RECEIVE, row.site)
    stay = ruling.stay(row.subject_kind, row.subject_id)
    ended = bool(row.outcome)
    if not (row.early or ended or stay.released):
        _must_be_over(row, stay)
    assert row.site is not None
    ward = passing.body(row.site.organisation_id)
    if row.outcome == "became_case":
        passing.arrange(by, row, Placement.CLOSED, ward, passing.post("hospital", row.area))
    else:
        to = Placement.CLOSED if ended or stay.released or not stay.goes_home else Placement.HOME
        passing.arrange(by, row, to, ward, passing.post(GRID, row.area))
    return row


@action
def send(by: Actor, code: str, *, at: datetime | None = None) -> Placement:
    """Confirm having given the person to whoever takes them next."""
    return _confirm(by, code, SENT, at)


@action
def receive(by: Actor, code: str, *, at: datetime | None = None) -> Placement:
    """Confirm having taken the person over."""
    return _confirm(by, code, RECEIVED, at)


@action
def call_off(by: Actor, code: str, reason: str) -> Placement:
    """A hand-over that nobody has confirmed does not take place; the person stays where they are."""
    row = rights.placement(by, code, lock=True)
    waiting = _waiting(row)
    if not (may_confirm(by, row, waiting, SENT) or may_confirm(by, row, waiting, RECEIVED)):
        raise _not_mine(by)
    passing.call_off(by, row, waiting, reason)
    if waiting.to_link == Placement.ABOARD:
        row.trip = None
        row.save()
    return row


def may_confirm(by: Actor, row: Placement, waiting: HandOver, side: str) -> bool:
    """Whether a side of a hand-over is the actor's to confirm."""
    to, sent = waiting.to_link, side == SENT
    if to == Placement.ABOARD or (to == Placement.ARRIVED and waiting.from_link == Placement.ABOARD):
        gives = to == Placement.ARRIVED
        if sent == gives:
            return row.trip is not None and rights.may_drive(by, row.trip)
        return (
            rights.at_site(by, rights.RECEIVE, row.site) if to == Placement.ARRIVED else by.may(rights.TELL, row.area)
        )
    if to == Placement.ARRIVED:
        return by.may(rights.TELL, row.area) if sent else rights.at_site(by, rights.RECEIVE, row.site)
    if sent:
        return (
            by.may(rights.TELL, row.area)
            if waiting.from_link == Placement.TOLD
            else rights.at_site(by, rights.RECEIVE, row.site)
        )
    return by.may(rights.HOME, row.area)


def refresh(row: Placement, stay: ruling.Stay | None = None) -> None:
    """Bring the time by which the person must be let go to what the rule says now, or to what was decided."""
    if row.closed_at is not None or row.link == Placement.TOLD:
        return
    stay = stay or ruling.stay(row.subject_kind, row.subject_id)
    if row.link == Placement.HOME:
        row.leave_at = stay.home_until
    elif row.early or row.outcome or stay.released:
        row.leave_at = min(row.leave_at or clock.now(), clock.now())
    else:
        row.leave_at = stay.site_until
    if row.extended_until is not None and row.leave_at is not None:
        row.leave_at = max(row.leave_at, row.extended_until)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _confirm(by: Actor, code: str, side: str, at: datetime | None) -> Placement:
    row = rights.placement(by, code, lock=True)
    waiting = _waiting(row)
    if not may_confirm(by, row, waiting, side):
        raise _not_mine(by)
    if waiting.to_link == Placement.ABOARD and (row.trip is None or row.trip.state != "under_way"):
        raise Conflict(_("The trip has not set out."), remedy=_("Start it first."), code="not_started")
    if side == SENT and waiting.from_link == Placement.HOUSED:
        rooming.leave_room(row, passing.checked(at, row))
    left = row.room
    if passing.confirm(by, row, waiting, side, at):
        _AFTER[row.link](by, row)
        if waiting.from_link == Placement.HOUSED and left is not None:
            row.room = None
            row.save()
            rooming.vacated(left)
    return row


def _aboard(by: Actor, row: Placement) -> None:
    assert row.trip is not None and row.site is not None
    driver = passing.body(row.trip.vehicle.organisation_id, row.trip.driver_name)
    passing.arrange(by, row, Placement.ARRIVED, driver, passing.body(row.site.organisation_id))


def _arrived(by: Actor, row: Placement) -> None:
    """The transfer is done, the site holds the person, and its nurses answer for what nurses do."""
    assert row.site is not None
    trusted = rights.trusted(by)
    if row.arrived_at is None:
        row.arrived_at = row.since
    step = duty_queries.open_step(NOTIFICATION, (row.subject_kind, row.subject_id), TRANSFER)
    if step is not None:
        plate = row.trip.vehicle.plate if row.trip else _("brought by the community")
        duties.complete(trusted, step.pk, {"vehicle": plate, "site": row.site.name_zh}, at=row.since)
    if row.subject_kind == subject.CONTACT and not row.outcome:
        tracing.hold(trusted, row.subject_code, "site", organisation=row.site.organisation_id, at=row.since)
    _answer(by, row, NURSE, registry.Post(row.site.area, row.site.organisation_id, None))
    refresh(row)
    row.save()


def _home(by: Actor, row: Placement) -> None:
    """The grid has the person: the time at home is its to watch, and what the nurses had still open is too.

    Whoever never was on a site is not brought to one any more.
    """
    step = duty_queries.open_step(NOTIFICATION, (row.subject_kind, row.subject_id), TRANSFER)
    if step is not None:
        duties.waive(rights.trusted(by), step.pk, _("Isolated at home."))
    if row.subject_kind == subject.CONTACT and not row.outcome:
        tracing.hold(rights.trusted(by), row.subject_code, "home", at=row.since)
    _answer(by, row, NURSE, registry.Responsibility().of(GRID, row.area))
    row.extended_until, row.early = None, False
    refresh(row)
    row.save()


def _closed(by: Actor, row: Placement) -> None:
    """Nothing is left to do: the duties have ended by their rule, or end by what became of the person."""


_AFTER: dict[str, Any] = {
    Placement.ABOARD: _aboard, Placement.ARRIVED: _arrived, Placement.HOME: _home, Placement.CLOSED: _closed,
}  # fmt: skip


def _answer(by: Actor, row: Placement, role: str, post: registry.Post) -> None:
    """Open steps of a role go to whoever has the person now."""
    for duty in duty_queries.of_subject(row.subject_kind, row.subject_id):
        for step in duty.steps.all():
            theirs = (step.organisation_id, step.account_id) == (post.organisation_id, post.account_id)
            if step.state == step.OPEN and step.role == role and not theirs:
                duties.hand_over(rights.trusted(by), step.pk, post, _("The person is there now."))


def _must_be_over(row: Placement, stay: ruling.Stay) -> None:
    until = row.leave_at or stay.site_until
    if until is None or clock.now() < until:
        said = f"{until.astimezone(clock.zone()):%Y-%m-%d %H:%M}" if until else "–"
        raise Conflict(
            _("The time on the site is not over (%(until)s).") % {"until": said},
            remedy=_("An earlier release is a decision, with a reason."), code="not_yet",
        )  # fmt: skip
    if stay.missing:
        raise Conflict(
            _("Still missing: %(list)s.") % {"list": "; ".join(_said(stay.missing))},
            remedy=_("Have it done now: nobody stays for a test that somebody forgot."), code="not_yet",
        )  # fmt: skip


def _said(texts: Sequence[Any]) -> list[str]:
    return [text.in_(get_language()) for text in texts]


def _waiting(row: Placement) -> HandOver:
    found = passing.open_of(row, lock=True)
    if found is None:
        raise Conflict(
            _("No hand-over waits for this person."),
            remedy=_("Reload the page to see where they are."),
            code="out_of_order",
        )
    return found


def _not_mine(by: Actor) -> NotAllowed:
    return NotAllowed(
        _("This hand-over is not yours to confirm."),
        remedy=_("Whoever gives confirms giving, whoever takes confirms taking."),
    )
