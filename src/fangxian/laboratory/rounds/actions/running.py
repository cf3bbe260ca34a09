"""A round begins, ends, or is called off: by a person with the right."""

from datetime import timedelta

from django.utils.translation import gettext as _

from fangxian.core import clock, jobs
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid
from fangxian.duties import actions as duties
from fangxian.laboratory import finding as laboratory
from fangxian.laboratory.rounds import enrolling, finding, settling, standing, subject
from fangxian.laboratory.rounds.events import RoundEnded
from fangxian.laboratory.rounds.jobs import KIND
from fangxian.laboratory.rounds.models import Patch, Round
from fangxian.registry import queries as registry


@action
def start_round(by: Actor, code: str) -> Round:
    """Begin a round: the clock runs, and whoever lives there now is on its roll. A large roll is made by a job; swabs count meanwhile."""
    row = finding.to_run(by, code, [Round.PLANNED])
    row.started_at = clock.now()
    row.due_at = row.started_at + timedelta(hours=row.goal_hours)
    row.state = Round.ENROLLING
    row.save(update_fields=["started_at", "due_at", "state"])
    record(
        by, "round.started", (subject.ROUND, row.pk), area=row.area,
        data={"code": row.code, "due_at": row.due_at.isoformat()},
    )  # fmt: skip
    last, people = enrolling.last_tube(), _how_many(row)
    if people > enrolling.PIECE:
        jobs.start(by, KIND, {"round": row.pk, "last_tube": last, "people": people})
        return row
    enrolling.piece(SYSTEM, row, 0)
    return enrolling.opened(SYSTEM, row, last)


@action
def end_round(by: Actor, code: str, reason: str = "") -> Round:
    """End a round. Who is missing stays so by name; with anybody missing a reason is needed. Raises Invalid, Conflict."""
    row = finding.to_run(by, code, [Round.UNDER_WAY])
    told = standing.count(row)
    if told.missing and len(reason.strip()) < 2:
        raise Invalid(
            _("%(n)s people have not come.") % {"n": told.missing},
            remedy=_("Say why the round ends without them; it stays on record."), field="reason",
        )  # fmt: skip
    row.state, row.ended_at, row.reason = Round.ENDED, clock.now(), laboratory.plain(reason, 300)
    row.save(update_fields=["state", "ended_at", "reason"])
    record(
        by, "round.over", (subject.ROUND, row.pk), area=row.area,
        data={
            "code": row.code, "people": told.people, "tested": told.tested, "exempt": told.exempt, "missing": told.missing,
            "reason": row.reason,
        },
    )  # fmt: skip
    left = Patch.objects.filter(round=row, done=False).values_list("pk", flat=True)
    ending = row.reason or _("The round is over.")
    duties.end_all(SYSTEM, subject.PATCH, dict.fromkeys(left, (subject.CLOSED, ending)))
    duties.open_due(SYSTEM, subject.ENDED, [subject.of_round(row)])
    settling.proposed(row)
    emit(RoundEnded(row.pk))
    return row


@action
def call_off_round(by: Actor, code: str, reason: str) -> Round:
    """A planned round is not held after all."""
    row = finding.to_run(by, code, [Round.PLANNED])
    row.state, row.reason = Round.CALLED_OFF, laboratory.reason(reason)
    row.save(update_fields=["state", "reason"])
    record(by, "round.called_off", (subject.ROUND, row.pk), area=row.area, data={"reason": row.reason})
    return row


def _how_many(row: Round) -> int:
    """How many people there are about; beyond what is counted, the jurisdictions say."""
    if people := row.target.get("people"):
        return len(people)
    known = registry.living_counted(row.target["buildings"], row.target["areas"])[0]
    known += registry.living_counted((), row.target["roofless"], roofless=True)[0] if row.target["roofless"] else 0
    return known
