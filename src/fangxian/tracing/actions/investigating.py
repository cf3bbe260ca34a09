"""The field investigation of a case (快速流调): who is at it, and its end. Its clocks are the case's duty of investigation."""

from collections.abc import Iterable

from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _

from fangxian.core import bulk, clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.registry.queries import Post, Responsibility
from fangxian.tracing import sources
from fangxian.tracing.models import Investigation

DUTY = "case.investigation"
RIGHT = "tracing.investigate"


@action
def open_investigations(by: Actor, case_ids: Iterable[int]) -> int:
    """Open the investigation of each of these cases that has none yet, held by whoever answers for its place; how many."""
    wanted = set(case_ids)
    wanted -= set(Investigation.objects.filter(case_id__in=wanted).values_list("case_id", flat=True))
    if not wanted:
        return 0
    now, rows = clock.now(), []
    cases = sources.facts_of(wanted)
    who = Responsibility().about(case.area for case in cases)
    for pk, case in zip(bulk.reserve_ids(Investigation, len(cases)), cases, strict=True):
        post = who.of("investigator", case.area, "county")
        rows.append((pk, case.id, post.organisation_id, post.account_id, now, ""))
        record(
            by, "investigation.opened", ("case", case.id), area=case.area,
            data={"team": post.organisation_id, "lead": post.account_id},
        )  # fmt: skip
    bulk.insert(Investigation, ("id", "case_id", "team_id", "lead_id", "opened_at", "summary"), rows)
    return len(rows)


@action
def assign(by: Actor, case: str, team: int, lead: int | None = None, reason: str = "") -> Investigation:
    """Give the investigation to a team, led by an account; the open steps of its duty go with it.

    Raises Conflict where it is closed, Invalid for an unknown team or lead, NotAllowed outside the jurisdiction.
    """
    found = _mine(by, case)
    sources.organisation(team)
    if lead is not None and not get_user_model().objects.filter(pk=lead, is_active=True).exists():
        raise Invalid(_("There is no such account."), remedy=_("Choose who leads the team."), field="lead")
    if (found.team_id, found.lead_id) == (team, lead):
        return found
    reason = reason.strip() or _("Assigned to the team that investigates.")
    found.team_id, found.lead_id = team, lead
    found.save()
    record(
        by, "investigation.assigned", ("case", found.case_id), area=found.case.area,
        data={"team": team, "lead": lead, "reason": reason},
    )  # fmt: skip
    for duty in duty_queries.of_subject("case", found.case_id):
        for step in duty.steps.all():
            if duty.kind == DUTY and step.state == step.OPEN and step.role == "investigator":
                duties.hand_over(by, step.pk, Post(step.post_area, team, lead), reason)
    return found


@action
def close_investigation(by: Actor, case: str, summary: str) -> Investigation:
    """End the investigation with what was found. Raises Conflict while a step of its duty is still open: nothing is forgotten."""
    found = _mine(by, case)
    for duty in duty_queries.of_subject("case", found.case_id):
        waiting = [step.key for step in duty.steps.all() if step.state == step.OPEN]
        if duty.kind == DUTY and waiting:
            raise Conflict(
                _("The investigation still owes: %(steps)s.") % {"steps": ", ".join(waiting)},
                remedy=_("Complete these steps, or have them waived with a reason."),
                code="steps_open",
            )
    found.summary, found.closed_at = sources.text(summary, "summary", 10_000), clock.now()
    if len(found.summary.strip()) < 2:
        raise Invalid(_("A summary is needed."), remedy=_("Write what was found."), field="summary")
    found.save()
    record(
        by, "investigation.closed", ("case", found.case_id), area=found.case.area, data={"summary": found.summary[:300]}
    )
    return found


def _mine(by: Actor, case: str) -> Investigation:
    case_id = sources.case_id(by, case)
    found = Investigation.objects.select_for_update(of=("self",)).select_related("case").filter(case_id=case_id).first()
    if found is None:
        raise NotFound(_("This case has no investigation."))
    by.must(RIGHT, found.case.area)
    if found.closed_at is not None:
        raise Conflict(
            _("This investigation is closed."), remedy=_("What came later is recorded on the case."), code="closed"
        )
    return found
