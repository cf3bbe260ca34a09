"""After a round a person decides: one more, or enough. The pack's rule proposes; who decides otherwise says why."""

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.laboratory import finding as laboratory
from fangxian.laboratory.rounds import finding, standing, subject
from fangxian.laboratory.rounds.actions.planning import repeat
from fangxian.laboratory.rounds.models import Round


@action
def another_round(by: Actor, code: str, reason: str = "") -> Round:
    """Decide that another round is held: it is planned as the last one was, and begins when a person starts it."""
    row = _to_decide(by, code)
    if standing.proposal(row).what == "stop":
        laboratory.reason(reason)  # against the rule
    _decided(by, row, Round.NEXT, reason)
    return repeat(by, row)


@action
def stop_rounds(by: Actor, code: str, reason: str) -> Round:
    """Decide that there is no further round. Raises Conflict while the pack's rule is not met, saying what is missing."""
    row = _to_decide(by, code)
    told = standing.proposal(row)
    if told.what != "stop":
        language = get_language() or "zh"
        raise Conflict(
            _("Not yet: %(missing)s.") % {"missing": " ".join(one.in_(language) for one in told.why)},
            remedy=_("Hold another round, or wait for the results."), code="not_due",
        )  # fmt: skip
    laboratory.reason(reason)
    _decided(by, row, Round.STOP, reason)
    return row


def _to_decide(by: Actor, code: str) -> Round:
    row = finding.to_run(by, code, [Round.ENDED])
    if row.decided:
        raise Conflict(
            _("%(who)s has decided already.") % {"who": row.decided_by}, remedy=_("Look at it again."), code="decided"
        )
    return row


def _decided(by: Actor, row: Round, what: str, reason: str) -> None:
    row.decided, row.decided_at, row.decided_by = what, clock.now(), by.name
    row.decided_why = laboratory.plain(reason, 300)
    row.save(update_fields=["decided", "decided_at", "decided_by", "decided_why"])
    told = standing.proposal(row)
    record(
        by, "round.decided", (subject.ROUND, row.pk), area=row.area, basis=f"{told.source} {told.grade}",
        data={"code": row.code, "decided": what, "proposed": told.what, "why": [one.zh for one in told.why], "reason": row.decided_why},
    )  # fmt: skip
    if (step := duty_queries.open_step(subject.FOLLOWING, (subject.ROUND, row.pk), subject.DECIDE)) is not None:
        duties.complete(SYSTEM, step.pk, {"decided": what}, through=subject.STAGE)
