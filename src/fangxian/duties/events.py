"""What the engine tells the rooms above it."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class DutiesClosed(outbox.Event):
    """Duties about subjects of one kind reached their outcomes together: `duty_ids` and whom each was about."""

    kind = "duties.closed"
    subject_kind: str
    duty_ids: tuple[int, ...]
    subject_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DutiesRetimed(outbox.Event):
    """Clock anchors of these subjects became known or changed, and with them when what is owed to them is due, and ends."""

    kind = "duties.retimed"
    subject_kind: str
    subject_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class StepsEscalated(outbox.Event):
    """Steps became late, or stayed late for another interval: told to the duty officer of `area`."""

    kind = "duties.escalated"
    area: str
    step_ids: tuple[int, ...]
