"""What the laboratory tells the rooms above it, after the commit."""

from dataclasses import dataclass

from fangxian.core import outbox


@dataclass(frozen=True, slots=True)
class TubesCollected(outbox.Event):
    """Samples were taken: the keys of their tubes, in order."""

    kind = "laboratory.tubes_collected"
    tube_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ResultsChanged(outbox.Event):
    """Tubes have a result now, or another one, or none any more: `laboratory.queries.outcomes` says which.

    `corrected`: what was told before does not hold.
    """

    kind = "laboratory.results_changed"
    tube_ids: tuple[int, ...]
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class TubesFailed(outbox.Event):
    """Tubes were rejected or lost: whoever is in them must be sampled again."""

    kind = "laboratory.tubes_failed"
    tube_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PoolPositive(outbox.Event):
    """A pool is positive: its members wait for a tube of their own. It decides nobody."""

    kind = "laboratory.pool_positive"
    tube_id: int
    area: str
    people: int


@dataclass(frozen=True, slots=True)
class MembersChanged(outbox.Event):
    """Members of positive pools were told of, set free, or are held again: `laboratory.queries.pool_members` says how they stand."""

    kind = "laboratory.members_changed"
    member_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PositiveDeclined(outbox.Event):
    """A person decided that somebody's own positive makes them no case."""

    kind = "laboratory.positive_declined"
    tube_id: int
