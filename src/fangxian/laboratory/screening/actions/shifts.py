"""Closed-loop shifts of staff (闭环管理): who goes in, who comes out, and what is owed after it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.laboratory.screening import counting, finding, subject
from fangxian.laboratory.screening.models import Shift, Turn, Worker


@action
def begin_shift(by: Actor, worker: str, *, at: datetime | None = None) -> Worker:
    """Somebody goes into the closed loop. Their regular tests go on. Raises Conflict for whoever is in it, or watched after it."""
    row = finding.worker(by, worker, finding.KEEP, lock=True)
    finding.still_there(row)
    if row.state == Worker.LOOP:
        raise Conflict(_("They are in a closed-loop shift already."), code="in_the_loop")
    if row.state == Worker.WATCH:
        raise Conflict(
            _("They are still under watch after the last shift."),
            remedy=_("The next shift begins when it is over."), code="under_watch",
        )  # fmt: skip
    last = Shift.objects.filter(worker=row).order_by("-pk").first()
    begun = _past(at, last.ended_at if last else None)
    shift = Shift.objects.create(worker=row, begun_at=begun)
    _moved(by, row, Worker.LOOP, "shift.begun", shift)
    return row


@action
def end_shift(by: Actor, worker: str, *, at: datetime | None = None) -> Worker:
    """Somebody comes out of the closed loop. Where the pack asks for a watch after it, that begins, and its tests take the place
    of the regular ones until it is over."""
    row = finding.worker(by, worker, finding.KEEP, lock=True)
    shift = Shift.objects.filter(worker=row, ended_at__isnull=True).first()
    if shift is None:
        raise Conflict(_("They are in no closed-loop shift."), remedy=_("Begin one first."), code="not_in_the_loop")
    shift.ended_at = _past(at, shift.begun_at)
    shift.save(update_fields=["ended_at"])
    watched = duties.open_due(by, subject.ENDED, [subject.of_shift(shift, row.roster)])
    _moved(by, row, Worker.WATCH if watched else Worker.POST, "shift.ended", shift)
    if watched:
        ahead = Turn.objects.filter(worker=row, state=Turn.DUE, due_at__gt=clock.now())
        counting.end(ahead, Turn.EXCUSED, _("Under watch after a closed-loop shift."))
    return row


@action
def watch_ended(by: Actor, shift_ids: Sequence[int]) -> None:
    """The watch after these shifts is over: whoever was under it is at work again, and owes the tests of the periods to come."""
    waiting = Shift.objects.select_related("worker__roster").filter(pk__in=list(shift_ids), outcome="")
    for shift in waiting.order_by("pk"):
        owed = duty_queries.of_subject(subject.SHIFT, shift.pk)
        if not owed or any(duty.state == duty.OPEN for duty in owed):
            continue
        shift.outcome = owed[-1].outcome
        shift.save(update_fields=["outcome"])
        if shift.worker.state == Worker.WATCH:
            _moved(by, shift.worker, Worker.POST, "shift.watched", shift)


def _moved(by: Actor, row: Worker, state: str, name: str, shift: Shift) -> None:
    row.state = state
    row.save(update_fields=["state"])
    at = shift.ended_at or shift.begun_at
    data = {"code": row.code, "shift": shift.pk, "at": at.isoformat(), "state": state}
    record(by, name, ("worker", row.pk), area=row.roster.area, data=data)


def _past(at: datetime | None, before: datetime | None) -> datetime:
    now = clock.now()
    at = now if at is None else at
    if at.tzinfo is None:
        raise Invalid(_("This is not an instant with a time zone."), remedy=_("Give date, time and zone."), field="at")
    if at > now + timedelta(minutes=1):
        raise Invalid(_("This lies in the future."), remedy=_("Give the time at which it happened."), field="at")
    if before is not None and at < before:
        raise Invalid(_("This lies before what came before it."), remedy=_("Check the time."), field="at")
    return min(at, now)
