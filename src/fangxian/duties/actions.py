"""The only writers of duties: open, complete, waive, hand over, send back, re-time, close. Each leaves its line in the journal."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import bulk, clock
from fangxian.core.access import SYSTEM, Actor, within
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import packs, planning, subjects
from fangxian.duties.coverage import Tally
from fangxian.duties.events import DutyClosed
from fangxian.duties.models import Duty, Step
from fangxian.duties.planning import Owned
from fangxian.duties.subjects import Subject
from fangxian.protocols import DutyRule, StepFact
from fangxian.registry.queries import Post, Responsibility

DUTY_COLUMNS = "id kind pack subject_kind subject_id area anchors state outcome reason opened_at".split()
Wanted = tuple[DutyRule, str, Subject]


@action
def open_due(
    by: Actor, moment: str, due: Sequence[Subject], *, responsibility: Responsibility | None = None
) -> list[int]:
    """Open every duty that the subjects' packs name for this moment; ids of those opened.

    The caller has checked the right to bring the moment about. A subject that already has (or had) a duty of the kind gets
    no second one, so the call may be repeated.
    """
    wanted = _without_duty(_matching(moment, due))
    if not wanted:
        return []
    who = responsibility or Responsibility()
    tally, now = Tally(), clock.now()
    ids = bulk.reserve_ids(Duty, len(wanted))
    duty_rows: list[tuple[Any, ...]] = []
    pending: list[tuple[int, DutyRule, Subject, Owned]] = []
    for pk, (rule, ref, subject) in zip(ids, wanted, strict=True):
        plan = planning.owned(planning.plan(rule, subject.anchors, subject.done), subject.area, subject.holders, who)
        anchors = planning.anchors_out(subject.anchors)
        duty_rows.append((pk, rule.kind, ref, subject.kind, subject.id, subject.area, anchors, Duty.OPEN, "", "", now))
        for one in plan:
            pending.append((pk, rule, subject, one))
            tally.due(subject.area, rule.kind, one.plan.due_at)
            if (at := subject.done.get(one.plan.key)) is not None:
                tally.settled(subject.area, rule.kind, one.plan.due_at, at)
        record(
            by, "duty.opened", ("duty", pk), area=subject.area, basis=planning.basis(ref),
            data={
                "kind": rule.kind, "pack": ref, "subject": [subject.kind, subject.id], "moment": moment,
                "anchors": anchors, "done": planning.anchors_out(subject.done), "owners": _owners(plan),
            },
        )  # fmt: skip
    step_ids = bulk.reserve_ids(Step, len(pending))
    bulk.insert(Duty, DUTY_COLUMNS, duty_rows)
    bulk.insert(
        Step,
        planning.STEP_COLUMNS,
        (
            planning.step_row(pk, duty, rule.kind, one.area, owned, _every(rule), done=one.done.get(owned.plan.key))
            for pk, (duty, rule, one, owned) in zip(step_ids, pending, strict=True)
        ),
    )
    tally.write()
    return list(ids)


@action
def complete(by: Actor, step_id: int, evidence: Mapping[str, Any] | None = None, *, at: datetime | None = None) -> Step:
    """Mark a step as done, with the evidence that its rule asks for.

    Raises Conflict where somebody settled it first (saying who and when) or an earlier step is still open, Invalid where
    evidence is missing or the time lies in the future.
    """
    step, rule = _mine(by, "duties.do", step_id)
    at = _past(at)
    _predecessor_settled(step, rule)
    kept = {name: value for name, value in (evidence or {}).items() if value not in (None, "")}
    missing = [name for name in planning.evidence_wanted(rule, step.key) if name not in kept]
    if missing:
        raise Invalid(
            _("Not complete yet: %(fields)s is missing.") % {"fields": ", ".join(missing)},
            remedy=_("Fill it in, or say why it cannot be known."),
            field=missing[0],
        )
    _settle(by, step, Step.DONE, at, evidence=kept)
    _settled(by, "duty.step_done", step, rule, {"evidence": kept})
    return step


@action
def waive(by: Actor, step_id: int, reason: str) -> Step:
    """Settle a step without doing it, for a reason that stays on record."""
    step, rule = _mine(by, "duties.waive", step_id)
    reason = _reason(reason)
    _predecessor_settled(step, rule)
    _settle(by, step, Step.WAIVED, clock.now(), reason=reason)
    _settled(by, "duty.step_waived", step, rule, {"reason": reason})
    return step


@action
def hand_over(by: Actor, step_id: int, to: Post, reason: str) -> Step:
    """Give a step to another post. From its jurisdiction upwards the step's lateness is escalated from then on."""
    step, _rule = _mine(by, "duties.hand_over", step_id)
    reason = _reason(reason)
    before = Post(step.post_area, step.organisation_id, step.account_id)
    changed = Step.objects.filter(pk=step.pk, state=Step.OPEN).update(
        organisation_id=to.organisation_id, account_id=to.account_id, post_area=to.area
    )
    if not changed:
        raise _already(step.pk)
    record(
        by, "duty.handed_over", ("duty", step.duty_id), area=step.area,
        data={"step": step.key, "attempt": step.attempt, "from": _post(before), "to": _post(to), "reason": reason},
    )  # fmt: skip
    return Step.objects.get(pk=step.pk)


@action
def send_back(by: Actor, step_id: int, to: str, reason: str) -> Step:
    """Return the work to an earlier step, with the reason (退回): that step and all after it are to be done once more.

    The step that returns counts as done, with that decision as its evidence; what was done before stays on record, and the
    new round is attempt 2, 3 … with deadlines of its own. Returns the step that is open again.
    """
    step, rule = _mine(by, "duties.do", step_id)
    reason, now = _reason(reason), clock.now()
    _predecessor_settled(step, rule)
    rows = list(Step.objects.filter(duty=step.duty).select_related("duty"))
    newest = planning.latest(rows)
    target = newest.get(to)
    if target is None or target.number >= step.number or target.state not in Step.SETTLED:
        raise Invalid(_("There is no earlier step “%(step)s” to return this to.") % {"step": to}, field="to")
    _settle(by, step, Step.DONE, now, evidence={"decision": "returned", "to": to, "reason": reason})
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
    owners = _retime(duty, rule)
    record(
        by, "duty.sent_back", ("duty", duty.pk), area=step.area,
        data={
            "step": step.key, "attempt": step.attempt, "at": now.isoformat(), "to": to, "reason": reason, "owners": owners,
        },
    )  # fmt: skip
    return Step.objects.get(duty=duty, key=to, attempt=target.attempt + 1)


@action
def set_anchors(by: Actor, kind: str, anchors: Mapping[int, Mapping[str, datetime]]) -> None:
    """Tell the duties of subjects (by their ids) that clock anchors are known or have changed; open deadlines are computed anew.

    The caller has checked the right to change the facts that the anchors come from.
    """
    for duty in _open_duties(kind, anchors):
        changed = {
            name: value
            for name, value in planning.anchors_out(anchors[duty.subject_id]).items()
            if duty.anchors.get(name) != value
        }
        if not changed:
            continue
        duty.anchors = {**duty.anchors, **changed}
        duty.save(update_fields=["anchors"])
        rule = rule_of(duty)
        owners = _retime(duty, rule)
        record(
            by, "duty.retimed", ("duty", duty.pk), area=duty.area, basis=planning.basis(duty.pack),
            data={"anchors": changed, "owners": owners},
        )  # fmt: skip
        release(SYSTEM, [duty])


@action
def close(by: Actor, duty_id: int, outcome: str, reason: str = "") -> Duty:
    """End a duty with an outcome of its rule. Steps past their time stay as missed; those not yet due fall away."""
    duty = Duty.objects.select_for_update().filter(pk=duty_id).first()
    if duty is None:
        raise NotFound(_("There is no such duty."))
    by.must("duties.close", duty.area)
    rule = rule_of(duty)
    if outcome not in rule.outcomes:
        raise Invalid(
            _("“%(outcome)s” is not an outcome of this duty.") % {"outcome": outcome},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(rule.outcomes)},
            field="outcome",
        )
    if duty.state == Duty.CLOSED:
        raise Conflict(_("This duty was already closed: %(outcome)s.") % {"outcome": duty.outcome})
    if outcome != rule.outcomes[0]:
        _reason(reason)
    _close(by, [(duty, outcome, reason)])
    return duty


@action
def reassign(by: Actor, role: str, area: str, account_id: int | None, organisation_id: int) -> int:
    """Give what the holder of a post that fell vacant had still open to whoever answers now; how many steps that were."""
    held = Step.objects.filter(
        within(area), state=Step.OPEN, role=role, account_id=account_id, organisation_id=organisation_id
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
                "step": step.key, "attempt": step.attempt, "from": _post(before), "to": _post(after),
                "reason": _("The post fell vacant."),
            },
        )  # fmt: skip
        moved += 1
    return moved


@action
def end_all(by: Actor, kind: str, ends: Mapping[int, tuple[str, str]], *, only_known: bool = False) -> None:
    """Close whatever is open about subjects, because of what became of them: id → outcome and reason.

    (A contact became a case, a case was ruled out.) The outcome is the one named where the rule knows it, else the rule's last
    (its exceptional one); with `only_known` the duty then stays open instead.
    """
    closing = []
    for duty in _open_duties(kind, ends):
        outcome, reason = ends[duty.subject_id]
        outcomes = rule_of(duty).outcomes
        if outcome in outcomes or not only_known:
            closing.append((duty, outcome if outcome in outcomes else outcomes[-1], reason))
    _close(by, closing)


@action
def release(by: Actor, duties: Sequence[Duty]) -> int:
    """Do the release step of each of these duties whose rule for it is met now, which closes the duty; how many were.

    The caller holds the duties locked.
    """
    steps_of = _steps_of(duties)
    released: list[tuple[Duty, Step, datetime]] = []
    for duty in duties:
        steps, rule = steps_of[duty.pk], rule_of(duty)
        gate = planning.latest(steps).get(planning.RELEASE)
        if duty.state == Duty.CLOSED or gate is None or gate.state != Step.OPEN:
            continue
        verdict = planning.verdict(rule, duty, steps, _related(duty, rule))
        if verdict is not None and verdict.met:
            # The rule released the subject at the moment it was met, not when the sweep came round.
            settled = [step.done_at for step in steps if step.state in Step.SETTLED and step.done_at]
            released.append((duty, gate, min(clock.now(), max([gate.due_at or duty.opened_at, *settled]))))
    tally = Tally()
    bulk.update(
        Step, ("state", "done_at", "done_by_id", "evidence", "alarm_at"),
        [(Step.DONE, at, by.account_id, {"rule_met": True}, None, gate.pk) for _duty, gate, at in released],
    )  # fmt: skip
    for duty, gate, at in released:
        tally.settled(gate.area, gate.kind, gate.due_at, at)
        record(
            by, "duty.released", ("duty", duty.pk), area=duty.area, basis=planning.basis(duty.pack),
            data={"step": gate.key, "attempt": gate.attempt, "at": at.isoformat()},
        )  # fmt: skip
    tally.write()
    _close(by, [(duty, rule_of(duty).outcomes[0], "") for duty, _gate, _at in released])
    return len(released)


def rule_of(duty: Duty) -> DutyRule:
    """The rule that a duty was opened under, in the edition of that day."""
    return packs.by_reference(duty.pack).duty(duty.kind)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _open_duties(kind: str, subjects_of: Collection[int]) -> list[Duty]:
    """The open duties about these subjects, locked until the transaction ends."""
    found = Duty.objects.select_for_update().filter(
        subject_kind=kind, subject_id__in=list(subjects_of), state=Duty.OPEN
    )
    return list(found.order_by("id"))


def _steps_of(duties: Collection[Duty]) -> dict[int, list[Step]]:
    """All steps of these duties, by duty."""
    found: dict[int, list[Step]] = {duty.pk: [] for duty in duties}
    for step in Step.objects.filter(duty_id__in=list(found)):
        found[step.duty_id].append(step)
    return found


def _related(duty: Duty, rule: DutyRule) -> dict[str, list[StepFact]]:
    """The steps of those on whose tests the release depends; nobody is asked for where the rule depends on nobody."""
    if rule.release is None or all(need.of is None for need in rule.release.needs):
        return {}
    return {
        name: planning.facts(
            list(
                Step.objects.filter(duty__subject_kind=kind, duty__subject_id=pk).order_by(
                    "duty_id", "number", "attempt"
                )
            )
        )
        for name, (kind, pk) in subjects.related(duty.subject_kind, duty.subject_id).items()
    }


def _matching(moment: str, due: Sequence[Subject]) -> list[Wanted]:
    refs: dict[int, str] = {}
    rules: dict[tuple[str, str], list[tuple[DutyRule, str]]] = {}
    wanted: list[Wanted] = []
    for one in due:
        if (found := rules.get((one.pack, one.area))) is None:
            pack = packs.pack(one.pack, one.area)
            candidates = [rule for rule in pack.duties.values() if moment in rule.opens.moments]
            if candidates and id(pack) not in refs:
                refs[id(pack)] = packs.reference(pack)
            found = rules[one.pack, one.area] = [(rule, refs[id(pack)]) for rule in candidates]
        wanted += [
            (rule, ref, one)
            for rule, ref in found
            if one.kind == rule.subject and rule.opens.matches(moment, one.facts)
        ]
    return wanted


def _without_duty(wanted: list[Wanted]) -> list[Wanted]:
    """Leave out those that have, or had, a duty of the kind."""
    ids: dict[str, set[int]] = {}
    for _rule, _ref, subject in wanted:
        ids.setdefault(subject.kind, set()).add(subject.id)
    known = {
        row
        for kind, members in ids.items()
        for row in Duty.objects.filter(subject_kind=kind, subject_id__in=members).values_list(
            "subject_kind", "subject_id", "kind"
        )
    }
    return [one for one in wanted if (one[2].kind, one[2].id, one[0].kind) not in known]


def _mine(by: Actor, right: str, step_id: int) -> tuple[Step, DutyRule]:
    """The step, if the actor holds it or may do so in its area; its duty is locked until the transaction ends."""
    step = Step.objects.filter(pk=step_id).first()
    visible = step is not None and (
        by.may("duties.view", step.area, step.organisation_id)
        or (by.account_id is not None and by.account_id == step.account_id)
    )
    if step is None or not visible:
        raise NotFound(_("There is no such step among your duties."))
    if by.account_id is None or by.account_id != step.account_id or right != "duties.do":
        by.must(right, step.area, step.organisation_id)
    step.duty = Duty.objects.select_for_update().get(pk=step.duty_id)
    return step, rule_of(step.duty)


def _predecessor_settled(step: Step, rule: DutyRule) -> None:
    """No step may be skipped: the one it comes after must be settled."""
    if (after := planning.predecessor(rule, step.key)) is None:
        return
    newest = planning.latest(list(Step.objects.filter(duty=step.duty, key=after)))
    if after in newest and newest[after].state not in Step.SETTLED:
        raise Conflict(
            _("“%(step)s” comes first and is still open.") % {"step": planning.title(rule, after).in_(get_language())},
            remedy=_("It is held by another post; remind it, or have it handed over."),
            code="out_of_order",
        )


def _settle(by: Actor, step: Step, state: str, at: datetime, *, evidence: Any = None, reason: str = "") -> None:
    """Move a step from open to settled, once: the database decides who was first."""
    changed = Step.objects.filter(pk=step.pk, state=Step.OPEN).update(
        state=state, done_at=at, done_by_id=by.account_id, evidence=evidence, reason=reason, alarm_at=None
    )
    if not changed:
        raise _already(step.pk)
    step.state, step.done_at, step.evidence, step.reason = state, at, evidence, reason
    tally = Tally()
    tally.settled(step.area, step.kind, step.due_at, at, waived=state == Step.WAIVED)
    tally.write()


def _already(step_id: int) -> Conflict:
    step = Step.objects.select_related("done_by").get(pk=step_id)
    who = step.done_by.name if step.done_by else _("the system")
    when = step.done_at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M") if step.done_at else ""
    return Conflict(
        _("Already settled by %(who)s at %(when)s.") % {"who": who, "when": when},
        remedy=_("Nothing of yours was lost; reload to see what was entered."),
        code="already_settled",
    )


def _settled(by: Actor, name: str, step: Step, rule: DutyRule, data: Mapping[str, Any]) -> None:
    """After a step was settled: deadlines that counted from it, the journal's line, then the release, then the end."""
    duty = step.duty
    owners = _retime(duty, rule)
    at = step.done_at.isoformat() if step.done_at else ""
    record(
        by, name, ("duty", duty.pk), area=step.area, basis=planning.basis(duty.pack, rule, step.key),
        data={"step": step.key, "attempt": step.attempt, "at": at, "owners": owners, **data},
    )  # fmt: skip
    if not release(by, [duty]) and not Step.objects.filter(duty=duty, state=Step.OPEN).exists():
        _close(by, [(duty, rule.outcomes[0], "")])


def _retime(duty: Duty, rule: DutyRule) -> dict[str, list[Any]]:
    """Bring the open steps of a duty to the plan as it now is; the owners of steps that were added."""
    steps = list(Step.objects.filter(duty=duty))
    newest = planning.latest(steps)
    planned = planning.replan(rule, planning.anchors_in(duty), steps)
    tally = Tally()
    for key, row in newest.items():
        if row.state != Step.OPEN:
            continue
        if key not in planned:
            tally.due(row.area, row.kind, row.due_at, -1)
            Step.objects.filter(pk=row.pk).update(state=Step.VOID, alarm_at=None, done_at=clock.now())
        elif row.due_at != (due_at := planned[key].due_at):
            tally.due(row.area, row.kind, row.due_at, -1)
            tally.due(row.area, row.kind, due_at)
            Step.objects.filter(pk=row.pk).update(due_at=due_at, alarm_at=due_at, escalated_to="")
    added = [step for key, step in planned.items() if key not in newest]
    owned = planning.owned(added, duty.area, {}, Responsibility()) if added else []
    if owned:
        rows = [
            planning.step_row(pk, duty.pk, duty.kind, duty.area, one, _every(rule))
            for pk, one in zip(bulk.reserve_ids(Step, len(owned)), owned, strict=True)
        ]
        bulk.insert(Step, planning.STEP_COLUMNS, rows)
        for one in owned:
            tally.due(duty.area, duty.kind, one.plan.due_at)
    tally.write()
    return _owners(owned)


def _close(by: Actor, closing: Sequence[tuple[Duty, str, str]]) -> None:
    """Write the end of duties, each with its outcome and reason: late steps stay as missed for ever, those not yet due are void."""
    now, tally = clock.now(), Tally()
    still = Step.objects.filter(duty_id__in=[duty.pk for duty, _outcome, _reason in closing], state=Step.OPEN)
    ahead = still.filter(Q(due_at__isnull=True) | Q(due_at__gt=now))
    for area, kind, due_at in ahead.values_list("area", "kind", "due_at"):
        tally.due(area, kind, due_at, -1)
    tally.write()
    ahead.update(state=Step.VOID, alarm_at=None, done_at=now)
    still.update(state=Step.MISSED, alarm_at=None, done_at=None)
    for duty, outcome, reason in closing:
        duty.state, duty.outcome, duty.reason, duty.closed_at = Duty.CLOSED, outcome, reason[:300], now
        record(
            by, "duty.closed", ("duty", duty.pk), area=duty.area, basis=planning.basis(duty.pack),
            data={"outcome": outcome, "reason": reason, "at": now.isoformat()},
        )  # fmt: skip
        emit(DutyClosed(duty.pk, duty.kind, duty.subject_kind, duty.subject_id, outcome))
    ended = [(duty.state, duty.outcome, duty.reason, now, duty.pk) for duty, _outcome, _reason in closing]
    bulk.update(Duty, ("state", "outcome", "reason", "closed_at"), ended)


def _reason(text: str) -> str:
    text = (text or "").strip()
    if len(text) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    return text[:300]


def _past(at: datetime | None) -> datetime:
    now = clock.now()
    if at is None:
        return now
    if at > now + timedelta(minutes=1):
        raise Invalid(_("This lies in the future."), remedy=_("Give the time at which it was done."), field="at")
    return at


def _every(rule: DutyRule) -> int:
    return int(rule.escalate.delta.total_seconds())


def _post(post: Post) -> list[Any]:
    return [post.area, post.organisation_id, post.account_id]


def _owners(plan: Sequence[Owned]) -> dict[str, list[Any]]:
    """Who holds what, for the journal: one entry a post, with the steps it holds."""
    posts: dict[str, list[Any]] = {}
    for one in plan:
        entry = posts.setdefault("/".join(map(str, _post(one.post))), [*_post(one.post), []])
        entry[3].append(one.plan.key)
    return posts
