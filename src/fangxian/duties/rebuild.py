"""The state of every duty, worked out from the journal alone.

If the tables and the journal ever disagree, one of them was written past the actions. `differences` says where; a test holds
the law, and `fangxian doctor --deep` asks it of a real installation.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Prefetch

from fangxian.core import journal
from fangxian.duties import packs, planning
from fangxian.duties.actions.undoing import fell_away
from fangxian.duties.models import Duty, Step
from fangxian.protocols import DutyRule, PlannedStep


@dataclass(slots=True)
class ShadowStep:
    """A step as the journal tells it; it answers to the names that `planning` asks a step for."""

    key: str
    attempt: int
    number: int
    due_at: datetime | None
    post: list[Any]
    state: str = Step.OPEN
    done_at: datetime | None = None
    escalated_to: str = ""

    @property
    def told(self) -> tuple[Any, ...]:
        """What is compared with the table."""
        return (self.state, self.due_at, self.post, self.escalated_to)


@dataclass(slots=True)
class Shadow:
    """A duty as the journal tells it."""

    rule: DutyRule
    area: str
    anchors: dict[str, str]
    state: str = Duty.OPEN
    outcome: str = ""
    steps: dict[tuple[str, int], ShadowStep] = field(default_factory=dict)

    def _instants(self) -> dict[str, datetime]:
        return {name: datetime.fromisoformat(value) for name, value in self.anchors.items()}

    def add(self, planned: Iterable[PlannedStep], owners: dict[str, list[Any]]) -> None:
        """Steps that came into being, with the posts that hold them."""
        for one in planned:
            post = owners[planning.holder_out(planning.holder(one))]
            self.steps[one.key, 1] = ShadowStep(one.key, 1, one.number, one.due_at, post)

    def retime(self, owners: dict[str, list[Any]]) -> None:
        """Bring open steps to the plan, as the engine does."""
        rows: Any = list(self.steps.values())
        newest = planning.latest(rows)
        planned = planning.replan(self.rule, self._instants(), rows)
        for key, row in newest.items():
            if row.state != Step.OPEN:
                continue
            if key not in planned:
                row.state = Step.VOID
            elif row.due_at != planned[key].due_at:
                row.due_at, row.escalated_to = planned[key].due_at, ""
        self.add([step for key, step in planned.items() if key not in newest], owners)

    def settle(self, data: dict[str, Any], state: str) -> None:
        step = self.steps[data["step"], data["attempt"]]
        step.state, step.done_at = state, datetime.fromisoformat(data["at"])

    def close(self, data: dict[str, Any]) -> None:
        at = datetime.fromisoformat(data["at"])
        for step in self.steps.values():
            if step.state == Step.OPEN:
                step.state = Step.MISSED if step.due_at is not None and step.due_at <= at else Step.VOID
        self.state, self.outcome = Duty.CLOSED, data["outcome"]


def rebuild() -> dict[int, Shadow]:
    """Read the journal from its beginning: duty id → its state."""
    duties: dict[int, Shadow] = {}
    for entry in journal.read(prefix="duty."):
        data, what = entry.content, entry.action.removeprefix("duty.")
        if what == "opened":
            duties[entry.subject_id] = _opened(entry.area, data)
        elif what == "escalated":
            for duty_id, key, attempt in data["steps"]:
                duties[duty_id].steps[key, attempt].escalated_to = entry.area
        elif what == "withdrawn":
            del duties[entry.subject_id]
        else:
            _apply(duties[entry.subject_id], what, data)
    return duties


def _opened(area: str, data: dict[str, Any]) -> Shadow:
    shadow = Shadow(packs.by_reference(data["pack"]).duty(data["kind"]), area, dict(data["anchors"]))
    done = {key: datetime.fromisoformat(value) for key, value in data["done"].items()}
    shadow.add(planning.plan(shadow.rule, shadow._instants(), done), data["owners"])
    for key, at in done.items():
        if (key, 1) in shadow.steps:
            shadow.steps[key, 1].state, shadow.steps[key, 1].done_at = Step.DONE, at
    return shadow


def _apply(duty: Shadow, what: str, data: dict[str, Any]) -> None:
    if what in ("step_done", "step_waived"):
        duty.settle(data, Step.DONE if what == "step_done" else Step.WAIVED)
        duty.retime(data["owners"])
    elif what == "released":
        duty.settle(data, Step.DONE)
    elif what == "handed_over":
        duty.steps[data["step"], data["attempt"]].post = data["to"]
    elif what == "retimed":
        duty.anchors |= data["anchors"]
        duty.retime(data["owners"])
    elif what == "sent_back":
        duty.settle(data, Step.DONE)
        rows: Any = list(duty.steps.values())
        newest: dict[str, Any] = planning.latest(rows)
        first, last = newest[data["to"]].number, newest[data["step"]].number
        for row in newest.values():
            if first <= row.number <= last:
                again = ShadowStep(row.key, row.attempt + 1, row.number, None, row.post)
                duty.steps[again.key, again.attempt] = again
        duty.anchors[f"again:{data['to']}"] = data["at"]
        duty.retime(data["owners"])
    elif what == "reopened":
        told: Any = list(duty.steps.values())
        closed = duty.state == Duty.CLOSED
        for row in planning.latest(told).values():
            if row.key == data["step"] or (closed and fell_away(row.key, row.state)):
                duty.steps[row.key, row.attempt + 1] = ShadowStep(row.key, row.attempt + 1, row.number, None, row.post)  # type: ignore[attr-defined]
        duty.state, duty.outcome = Duty.OPEN, ""
        if data.get("anew"):
            duty.anchors[f"again:{data['step']}"] = data["at"]
        duty.retime(data["owners"])
    elif what == "closed":
        duty.close(data)


def differences() -> Iterator[str]:
    """Every duty on which the tables and the journal do not agree, with what each says."""
    told = rebuild()
    rows = Duty.objects.prefetch_related(Prefetch("steps", queryset=Step.objects.order_by("number", "attempt")))
    for duty in rows.iterator(chunk_size=2000):
        shadow = told.pop(duty.pk, None)
        if shadow is None:
            yield f"duty {duty.pk}: not in the journal"
            continue
        if (shadow.state, shadow.outcome) != (duty.state, duty.outcome):
            yield f"duty {duty.pk}: {duty.state} {duty.outcome}, the journal says {shadow.state} {shadow.outcome}"
        stored = {(step.key, step.attempt): _stored(step) for step in duty.steps.all()}
        for name in stored.keys() | shadow.steps.keys():
            ours = shadow.steps[name].told if name in shadow.steps else None
            if stored.get(name) != ours:
                yield f"duty {duty.pk} step {name}: {stored.get(name)}, the journal says {ours}"
    for duty_id in told:
        yield f"duty {duty_id}: in the journal, not in the tables"


def _stored(step: Step) -> tuple[Any, ...]:
    return (step.state, step.due_at, [step.post_area, step.organisation_id, step.account_id], step.escalated_to)
