"""Duties: what is mine to do, what is owed about a subject, who is late, what is missing."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Base64Bytes, Field

from fangxian.api.offering import offer
from fangxian.api.shapes import Area, Shown, shown
from fangxian.core import clock, pictures
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.duties import actions, queries, subjects
from fangxian.protocols import Text

router = Router(tags=["duties"])
Known = Mapping[str, Mapping[int, subjects.Described]]


class About(Shown):
    """What a duty is about, as a person reads it (masked)."""

    kind: str
    id: int
    code: str
    title: str


class StepView(Shown):
    """One thing to be done by one party by one time. `late` counts from the due time, while it is open."""

    id: int
    duty: int
    kind: str
    key: str
    name: str
    attempt: int
    state: str
    area: str
    role: str
    organisation_id: int
    organisation: str
    account_id: int | None
    account: str
    due_at: datetime | None
    late: bool
    escalated_to: str
    evidence_wanted: list[str]
    done_at: datetime | None
    evidence: dict[str, Any] | None
    reason: str
    about: About


class DutyView(Shown):
    """One subject going through the steps that a protocol names, until an outcome."""

    id: int
    kind: str
    name: str
    pack: str
    state: str
    outcome: str
    reason: str
    opened_at: datetime
    closed_at: datetime | None
    outcomes: list[str]
    steps: list[StepView]


class Numbers(Shown):
    """How many steps are late, due within a day, and open in all."""

    late: int
    today: int
    all: int


class Gap(Shown):
    """Somebody for whom a pack names a duty that does not exist. There must be none."""

    duty: str
    subject: str
    id: int
    area: str
    pack: str


#: Bytes as JSON carries them.
Encoded = Annotated[
    Base64Bytes,
    Field(description="A JPEG, PNG or WebP of up to 5 MB, as base64.", max_length=pictures.LARGEST * 2),
]


class PhotoKept(Shown):
    """A photograph that was kept: upright, at most 1600 pixels wide or high, without place, time or camera."""

    code: str
    size: int
    width: int
    height: int
    at: datetime


class PhotoShown(Shown):
    """A photograph (JPEG), as base64. That it was asked for is on record."""

    content: str


def steps_shown(_by: Actor, steps: Sequence[Any]) -> list[StepView]:
    """Steps as they are read; two queries for each kind of subject."""
    known = _described(step.duty for step in steps)
    return [_step(step, step.duty, known) for step in steps]


def step_shown(by: Actor, step: Any) -> StepView:
    """One step as it is read."""
    return steps_shown(by, [step])[0]


def duties_shown(_by: Actor, duties: Iterable[Any]) -> list[DutyView]:
    """Duties with their steps as they are read."""
    duties = list(duties)
    known = _described(duties)
    return [_duty(duty, known) for duty in duties]


def _described(duties: Iterable[Any]) -> Known:
    wanted: dict[str, set[int]] = {}
    for duty in duties:
        wanted.setdefault(duty.subject_kind, set()).add(duty.subject_id)
    return {kind: subjects.describe(kind, ids) for kind, ids in wanted.items()}


def _duty(duty: Any, known: Known) -> DutyView:
    rule = queries.rule(duty)
    steps = sorted(duty.steps.all(), key=lambda step: (step.attempt, step.number))
    return DutyView(
        id=duty.pk, kind=duty.kind, name=_said(rule.name), pack=duty.pack, state=duty.state, outcome=duty.outcome,
        reason=duty.reason, opened_at=duty.opened_at, closed_at=duty.closed_at, outcomes=list(rule.outcomes),
        steps=[_step(step, duty, known) for step in steps],
    )  # fmt: skip


def _step(step: Any, duty: Any, known: Known) -> StepView:
    rule = queries.rule(duty)
    described = known.get(duty.subject_kind, {}).get(duty.subject_id)
    chinese = (get_language() or "zh").startswith("zh")
    body = step.organisation
    return StepView(
        id=step.pk, duty=duty.pk, kind=step.kind, key=step.key, name=_said(queries.title(rule, step.key)),
        attempt=step.attempt, state=step.state, area=step.area, role=step.role, organisation_id=body.pk,
        organisation=body.name_zh if chinese else body.name_en or body.name_zh, account_id=step.account_id,
        account=step.account.name if step.account else "", due_at=step.due_at,
        late=step.state == step.OPEN and step.due_at is not None and step.due_at <= clock.now(),
        escalated_to=step.escalated_to, evidence_wanted=list(queries.evidence_wanted(rule, step.key)),
        done_at=step.done_at, evidence=step.evidence, reason=step.reason,
        about=About(
            kind=duty.subject_kind, id=duty.subject_id, code=described.code if described else "",
            title=described.title if described else "",
        ),
    )  # fmt: skip


def _said(text: Text) -> str:
    return text.in_(get_language() or "zh")


def _duty_shown(by: Actor, duty: Any) -> DutyView:
    (about,) = [one for one in queries.of_subject(duty.subject_kind, duty.subject_id) if one.pk == duty.pk]
    return duties_shown(by, [about])[0]


def _again(by: Actor, step: Any) -> StepView:
    """A step after it was changed."""
    return step_shown(by, queries.step(by, step.pk))


def _photo(_by: Actor, content: bytes) -> PhotoShown:
    return PhotoShown(content=b64encode(content).decode())


def _gap(_by: Actor, gaps: Sequence[tuple[str, subjects.Subject]]) -> list[Gap]:
    return [Gap(duty=kind, subject=one.kind, id=one.id, area=one.area, pack=one.pack) for kind, one in gaps]


def coverage_gaps(by: Actor, area: Area, subject: str) -> list[tuple[str, subjects.Subject]]:
    """Subjects of one kind in a jurisdiction for whom a pack names a duty that does not exist. It must be empty; this is how one knows."""
    by.must("coverage.view", area)
    if subject not in subjects.kinds():
        raise Invalid(
            _("There are no subjects of the kind “%(kind)s”.") % {"kind": subject[:40]},
            remedy=_("Ask for one of: %(kinds)s.") % {"kinds": ", ".join(subjects.kinds())}, field="subject",
        )  # fmt: skip
    return queries.gaps(area, subject)


def summary(by: Actor) -> dict[str, Any]:
    """Duties of the whole installation by kind: opened, done, late, open. For whoever answers for all of it."""
    by.must("coverage.view", "")
    return queries.summary()


Covered = shown(queries.Covered, "missing", "share", name="Coverage")


class CoverageHour(Shown):
    """Coverage of the steps that were due in one hour."""

    hour: datetime
    coverage: Covered  # type: ignore[valid-type]


def _hours(_by: Actor, rows: Sequence[tuple[datetime, queries.Covered]]) -> list[dict[str, Any]]:
    return [{"hour": hour, "coverage": covered} for hour, covered in rows]


IN_TIME: Any = {"after": lambda one: (one.due_at, one.pk), "then": steps_shown}
offer(router, "GET", "/steps/mine", queries.my_steps, StepView, **IN_TIME)
offer(router, "GET", "/steps/mine/numbers", queries.my_counts, Numbers)
offer(router, "GET", "/steps", queries.open_steps, StepView, **IN_TIME)
offer(router, "GET", "/steps/missing", queries.missing, StepView, **IN_TIME)
offer(router, "GET", "/steps/{step_id}", queries.step, StepView, then=step_shown)
offer(router, "POST", "/steps/{step_id}/completion", actions.complete, StepView, keyed=True, then=_again)
offer(router, "POST", "/steps/{step_id}/waiver", actions.waive, StepView, keyed=True, then=_again)
offer(router, "POST", "/steps/{step_id}/hand-over", actions.hand_over, StepView, keyed=True, then=_again)
offer(
    router, "POST", "/steps/{step_id}/photos", actions.attach, PhotoKept, status=201, keyed=True,
    given={"picture": Encoded},
)  # fmt: skip
offer(router, "GET", "/steps/{step_id}/photos/{photo}", actions.look, PhotoShown, then=_photo)
offer(router, "POST", "/duties/{duty_id}/closure", actions.close, DutyView, keyed=True, then=_duty_shown)
offer(router, "GET", "/duties/summary", summary, dict[str, dict[str, int]])
offer(router, "GET", "/coverage", queries.coverage)
offer(router, "GET", "/coverage/hours", queries.coverage_by_hour, CoverageHour, then=_hours)
offer(router, "GET", "/coverage/gaps", coverage_gaps, Gap, then=_gap)
