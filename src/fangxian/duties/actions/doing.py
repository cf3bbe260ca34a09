"""What is done with a step: completed, waived, handed over, sent back; and given on when its holder's post falls vacant."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from fangxian.core import accounts, clock
from fangxian.core.access import Actor, within
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.duties import planning
from fangxian.duties.actions.ending import release
from fangxian.duties.actions.photographing import must_belong
from fangxian.duties.actions.writing import (
    already,
    checked_reason,
    checked_time,
    evidence_kept,
    mine,
    post_out,
    predecessor_settled,
    retime,
    rule_of,
    settle,
    write_end,
)
from fangxian.duties.events import StepsEscalated
from fangxian.duties.models import Step
from fangxian.protocols import DutyRule
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.registry.queries import Post, Responsibility


@action
def complete(
    by: Actor,
    step_id: int,
    evidence: Mapping[str, Any] | None = None,
    *,
    at: datetime | None = None,
    through: str = "",
    outcome: str = "",
) -> Step:
    """Mark a step as done, with the evidence that its rule asks for; `outcome` is how the duty ends if nothing is left open.

    Raises Conflict where somebody settled it first (saying who and when) or an earlier step is still open, Invalid where
    evidence is missing or the time lies in the future. Steps that a stage keeps to its own actions are settled `through` it.
    """
    step, rule = mine(by, "duties.do", step_id, through)
    at = checked_time(at)
    predecessor_settled(step, rule)
    kept = evidence_kept(rule, step, evidence)
    must_belong(step, kept)
    settle(by, step, Step.DONE, at, evidence=kept)
    _settled(by, "duty.step_done", step, rule, {"evidence": kept}, outcome)
    return step


@action
def waive(by: Actor, step_id: int, reason: str) -> Step:
    """Settle a step without doing it, for a reason that stays on record."""
    step, rule = mine(by, "duties.waive", step_id, "")
    reason = checked_reason(reason)
    predecessor_settled(step, rule)
    settle(by, step, Step.WAIVED, clock.now(), reason=reason)
    _settled(by, "duty.step_waived", step, rule, {"reason": reason})
    return step


@action
def hand_over(by: Actor, step_id: int, to: Post, reason: str) -> Step:
    """Give a step to another post. From its jurisdiction upwards the step's lateness is escalated from then on."""
    step, _rule = mine(by, "duties.hand_over", step_id)
    _must_exist(to)
    reason = checked_reason(reason)
    before = Post(step.post_area, step.organisation_id, step.account_id)
    changed = Step.objects.filter(pk=step.pk, state=Step.OPEN).update(
        organisation_id=to.organisation_id, account_id=to.account_id, post_area=to.area
    )
    if not changed:
        raise already(step.pk)
    record(
        by, "duty.handed_over", ("duty", step.duty_id), area=step.area,
        data={"step": step.key, "attempt": step.attempt, "from": post_out(before), "to": post_out(to), "reason": reason},
    )  # fmt: skip
    return Step.objects.get(pk=step.pk)


@action
def send_back(by: Actor, step_id: int, to: str, reason: str, *, through: str = "") -> Step:
    """Return the work to an earlier step, with the reason (退回): that step and all after it are to be done once more.

    The step that returns counts as done, with that decision as its evidence; what was done before stays on record, and the
    new round is attempt 2, 3 … with deadlines of its own. Returns the step that is open again.
    """
    step, rule = mine(by, "duties.do", step_id, through)
    reason, now = checked_reason(reason), clock.now()
    predecessor_settled(step, rule)
    rows = list(Step.objects.filter(duty=step.duty).select_related("duty"))
    newest = planning.latest(rows)
    target = newest.get(to)
    if target is None or target.number >= step.number or target.state not in Step.SETTLED:
        raise Invalid(_("There is no earlier step “%(step)s” to return this to.") % {"step": to}, field="to")
    settle(by, step, Step.DONE, now, evidence={"decision": "returned", "to": to, "reason": reason})
    again = [row for row in newest.values() if target.number <= row.number <= step.number]
    duty = step.duty
    duty.anchors = {**duty.anchors, f"again:{to}": now.isoformat()}
    duty.save(update_fields=["anchors"])
    fresh = [
        Step(
            duty=duty, kind=row.kind, area=row.area, key=row.key, attempt=row.attempt + 1, number=row.number,
            role=row.role, post_area=row.post_area, organisation_id=row.organisation_id, account_id=row.account_id,
            alarm_every=row.alarm_every,
        )
        for row in again
    ]  # fmt: skip
    Step.objects.bulk_create(fresh)
    owners = retime(duty, rule)
    record(
        by, "duty.sent_back", ("duty", duty.pk), area=step.area,
        data={
            "step": step.key, "attempt": step.attempt, "at": now.isoformat(), "to": to, "reason": reason, "owners": owners,
        },
    )  # fmt: skip
    return Step.objects.get(duty=duty, key=to, attempt=target.attempt + 1)


@action
def ask_for_help(by: Actor, subject: tuple[str, int]) -> int:
    """Tell the duty officer of the county of what is due about a subject within a day, before it is late; how many steps that were.

    The holder stays the same. Steps that the county, or somebody above it, knows of already are left alone. The caller has
    checked the right.
    """
    soon = Q(due_at__lte=clock.now() + clock.DAY)
    found = Step.objects.filter(soon, duty__subject_kind=subject[0], duty__subject_id=subject[1], state=Step.OPEN)
    told: dict[str, list[Step]] = {}
    for step in found.order_by("pk"):
        county = levels.at_level(step.area, "county")
        if not step.escalated_to or len(step.escalated_to) > len(county):
            told.setdefault(county, []).append(step)
    for county, steps in told.items():
        Step.objects.filter(pk__in=[step.pk for step in steps]).update(escalated_to=county)
        record(
            by, "duty.escalated", ("area", int(county or 0)), area=county,
            data={
                "steps": [[step.duty_id, step.key, step.attempt] for step in steps], "at": clock.now().isoformat(),
                "why": "help",
            },
        )  # fmt: skip
        emit(StepsEscalated(county, tuple(step.pk for step in steps)))
    return sum(map(len, told.values()))


@action
def reassign(by: Actor, role: str, area: str, account_id: int | None, organisation_id: int) -> int:
    """Give what the holder of a post that fell vacant had still open to whoever answers now; how many steps that were."""
    held = Step.objects.filter(
        within(area), Q(account_id=account_id), organisation_id=organisation_id, role=role, state=Step.OPEN
    )
    who, moved = Responsibility(), 0
    for step in held.filter(Q(post_area=area)).select_related("duty").order_by("pk"):
        level = rule_of(step.duty).step(step.key).level if step.key != planning.RELEASE else None
        before, after = Post(step.post_area, step.organisation_id, step.account_id), who.of(role, step.area, level)
        if after == before:
            continue
        Step.objects.filter(pk=step.pk, state=Step.OPEN).update(
            organisation_id=after.organisation_id, account_id=after.account_id, post_area=after.area
        )
        record(
            by, "duty.handed_over", ("duty", step.duty_id), area=step.area,
            data={
                "step": step.key, "attempt": step.attempt, "from": post_out(before), "to": post_out(after),
                "reason": _("The post fell vacant."),
            },
        )  # fmt: skip
        moved += 1
    return moved


def _must_exist(post: Post) -> None:
    """Nobody is handed work who is not there."""
    if post.organisation_id not in registry.organisation_ids([post.organisation_id]):
        raise NotFound(
            _("There is no such organisation."), remedy=_("Choose one from the list."), field="organisation_id"
        )
    if post.account_id is not None and not accounts.of_id(post.account_id).is_active:
        raise NotFound(_("This account is closed."), remedy=_("Choose another."), field="account_id")


def _settled(by: Actor, name: str, step: Step, rule: DutyRule, data: Mapping[str, Any], outcome: str = "") -> None:
    """After a step was settled: deadlines that counted from it, the journal's line, then the release, then the end."""
    duty = step.duty
    owners = retime(duty, rule)
    at = step.done_at.isoformat() if step.done_at else ""
    record(
        by, name, ("duty", duty.pk), area=step.area, basis=planning.basis(duty.pack, rule, step.key),
        data={"step": step.key, "attempt": step.attempt, "at": at, "owners": owners, **data},
    )  # fmt: skip
    if not release(by, [duty]) and not Step.objects.filter(duty=duty, state=Step.OPEN).exists():
        write_end(by, [(duty, outcome or rule.outcomes[0], "")])
