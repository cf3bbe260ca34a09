"""What the engine tells the rooms above it."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class DutyClosed(outbox.Event):
    """A duty reached its outcome."""

    kind = "duties.closed"
    duty_id: int
    duty_kind: str
    subject_kind: str
    subject_id: int
    outcome: str


@dataclass(frozen=True, slots=True)
class StepsEscalated(outbox.Event):
    """Steps became late, or stayed late for another interval: told to the duty officer of `area`."""

    kind = "duties.escalated"
    area: str
    step_ids: tuple[int, ...]
