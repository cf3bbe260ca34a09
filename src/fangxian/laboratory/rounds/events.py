"""What rounds tell the rooms above, after the commit."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class RoundStarted(outbox.Event):
    """The roll of a round is made: who is isolated can be told to it now."""

    kind = "laboratory.round_started"
    round_id: int


@dataclass(frozen=True, slots=True)
class RoundEnded(outbox.Event):
    """A round is over; some of its results may still be awaited."""

    kind = "laboratory.round_ended"
    round_id: int


@dataclass(frozen=True, slots=True)
class RoundCounted(outbox.Event):
    """A round that is over was counted anew: a result came in, or did not hold."""

    kind = "laboratory.round_counted"
    round_id: int
