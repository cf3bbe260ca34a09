"""What becomes of somebody in isolation when their duties end: released, a case, lost; and clocks that moved meanwhile."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from fangxian.containment.isolation import passing, ruling, subject
from fangxian.containment.isolation.actions import returning
from fangxian.containment.isolation.actions.moving import refresh
from fangxian.containment.isolation.models import Placement
from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.duties import queries as duties
from fangxian.tracing import queries as tracing

#: What the end of a contact's watch means here.
_OUTCOMES = {"released": "released", "case": "became_case", "lost": "lost", "dismissed": "excluded"}


@action
def watch_ended(by: Actor, contact_id: int, state: str) -> None:
    """A contact is watched no longer: whoever is at home, or never set out, is out of the loop; whoever is on a site must be let go."""
    row = _open(subject.CONTACT, contact_id)
    if row is None:
        return
    if state == "merged":
        _follow(row)
        return
    over(by, row, _OUTCOMES.get(state, "released"))


@action
def watched_again(by: Actor, contact_id: int) -> None:
    """A contact's release did not hold: whoever has not left yet is not to be let go; who has left waits to be brought in again."""
    row = _open(subject.CONTACT, contact_id)
    if row is None:
        if Placement.objects.filter(subject_kind=subject.CONTACT, subject_id=contact_id).exists():
            returning.owed_again(by, contact_id, _("The release did not hold."))
        return
    if not row.outcome:
        return
    row.outcome = ""
    refresh(row)
    row.save(update_fields=["outcome", "leave_at"])
    record(by, "isolation.watched_again", ("placement", row.pk), area=row.area, data={"before": "released"})


@action
def duty_ended(by: Actor, kind: str, subject_id: int, duty_id: int) -> None:
    """The same for those who are no contacts, by the duty that closed."""
    row = _open(kind, subject_id)
    if row is None:
        return
    owed = duties.of_subject(kind, subject_id)
    closed = next((one for one in owed if one.pk == duty_id), None)
    if closed is not None and not any(one.state == one.OPEN for one in owed):
        over(by, row, closed.outcome or "released")


@action
def retime(by: Actor, kind: str, subject_ids: Sequence[int]) -> int:
    """Bring the time of these people's release to what the rule says now: a new exposure moves it. How many had moved.

    Whoever is at home after a site, and by the rule belongs on one again, leaves the loop and waits to be brought in.
    """
    rows = Placement.objects.select_for_update().filter(
        subject_kind=kind, subject_id__in=subject_ids, closed_at__isnull=True
    )
    return sum(_retimed(by, row) for row in rows.exclude(link=Placement.TOLD).order_by("pk"))


def over(by: Actor, row: Placement, outcome: str) -> None:
    """The isolation of somebody ends: at once where they are at home or never set out, on a site once they are let go.

    The caller holds the person locked.
    """
    now = clock.now()
    row.outcome = outcome
    waiting = passing.open_of(row, lock=True)
    if row.link in (Placement.TOLD, Placement.HOME) and (
        waiting is None or not (waiting.sent_at or waiting.received_at)
    ):
        if waiting is not None:
            passing.call_off(by, row, waiting, outcome)
        row.room = row.trip = None
        passing.move(by, row, Placement.CLOSED, now)
        return
    row.leave_at = min(row.leave_at or now, now)
    row.save()
    record(by, "isolation.ended", ("placement", row.pk), area=row.area, data={"outcome": outcome})


def _retimed(by: Actor, row: Placement) -> bool:
    before = row.leave_at
    stay = ruling.stay(row.subject_kind, row.subject_id)
    if row.subject_kind == subject.CONTACT and returning.belongs_on_a_site(row, stay):
        row.outcome = "again"
        passing.move(by, row, Placement.CLOSED, clock.now())
        returning.owed_again(by, row.subject_id, _("Exposed again after the time on the site."))
        return True
    refresh(row, stay)
    if row.leave_at == before:
        return False
    row.save(update_fields=["leave_at"])
    record(
        by, "isolation.retimed", ("placement", row.pk), area=row.area,
        data={"leave_at": row.leave_at.isoformat() if row.leave_at else None},
    )  # fmt: skip
    return True


def _open(kind: str, subject_id: int) -> Placement | None:
    rows = Placement.objects.select_for_update(of=("self",)).select_related("room")
    return rows.filter(subject_kind=kind, subject_id=subject_id, closed_at__isnull=True).first()


def _follow(row: Placement) -> None:
    """Two contacts turned out to be one human: the loop goes on under the one that is left."""
    code = tracing.contact(SYSTEM, row.subject_code).merged_into
    found = tracing.contact(SYSTEM, code).row if code else None
    if found is not None and _open(subject.CONTACT, found.id) is None:
        row.subject_id, row.subject_code = found.id, found.code
        row.save(update_fields=["subject_id", "subject_code"])
