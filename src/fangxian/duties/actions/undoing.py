"""A step that counted as done and was not: what its evidence rested on was corrected (结果更正). It is owed again, visibly."""

from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict
from fangxian.duties import planning
from fangxian.duties.actions.writing import checked_reason, retime, rule_of, write_end
from fangxian.duties.models import Duty, Step


@action
def reopen(by: Actor, step_id: int, reason: str, *, anew: bool = False) -> Step | None:
    """Have a step done again, for a reason: what was done stays on record, the next attempt is due when the first one was.

    With `anew` its clock starts now: what was done was right, and has to be done once more.

    A duty that ended by it is open again, with what had fallen away at its end. None where the step is open already, or is not
    the newest attempt. Raises Conflict where the subject has a newer duty of the kind. The caller has checked the right to
    change what the evidence came from.
    """
    step = Step.objects.select_related("duty").get(pk=step_id)
    step.duty = duty = Duty.objects.select_for_update().get(pk=step.duty_id)
    newest = planning.latest(list(Step.objects.filter(duty=duty)))
    if newest[step.key].pk != step.pk or newest[step.key].state == Step.OPEN:
        return None
    reason, now, rule, closed = checked_reason(reason), clock.now(), rule_of(duty), duty.state == Duty.CLOSED
    before = duty.outcome
    if closed:
        others = Duty.objects.filter(
            subject_kind=duty.subject_kind, subject_id=duty.subject_id, kind=duty.kind, state=Duty.OPEN
        )
        if others.exists():
            raise Conflict(_("There is a newer duty of this kind."), remedy=_("Go on with that one."))
        duty.state, duty.outcome, duty.reason, duty.closed_at = Duty.OPEN, "", "", None
        duty.save(update_fields=["state", "outcome", "reason", "closed_at"])
    if anew:
        duty.anchors = {**duty.anchors, f"again:{step.key}": now.isoformat()}
        duty.save(update_fields=["anchors"])
    Step.objects.bulk_create(
        Step(
            duty=duty, kind=row.kind, area=row.area, key=row.key, attempt=row.attempt + 1, number=row.number,
            role=row.role, post_area=row.post_area, organisation_id=row.organisation_id, account_id=row.account_id,
            alarm_every=row.alarm_every,
        )
        for row in newest.values() if row.pk == step.pk or (closed and fell_away(row.key, row.state))
    )  # fmt: skip
    owners = retime(duty, rule)
    record(
        by, "duty.reopened", ("duty", duty.pk), area=duty.area, basis=planning.basis(duty.pack, rule, step.key),
        data={"step": step.key, "attempt": step.attempt, "at": now.isoformat(), "reason": reason, "owners": owners, "anew": anew},
    )  # fmt: skip
    if not Step.objects.filter(duty=duty, state=Step.OPEN).exists():  # the plan has no such step any more
        write_end(by, [(duty, before or rule.outcomes[0], reason)])
    return Step.objects.filter(duty=duty, key=step.key, state=Step.OPEN).first()


def fell_away(key: str, state: str) -> bool:
    """Whether a step is as it is only because its duty had ended: never due any more, or the release itself."""
    return state == Step.VOID or (key == planning.RELEASE and state == Step.DONE)
