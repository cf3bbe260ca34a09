"""What rounds listen to: samples taken, told of, judged, rejected or lost; people found to be the same, or not. Idempotent."""

from collections.abc import Sequence

from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.laboratory.events import PositiveDeclined, ResultsChanged, TubesCollected, TubesFailed
from fangxian.laboratory.rounds.actions.following import people_joined, tubes_touched
from fangxian.laboratory.rounds.counting import CHUNK
from fangxian.registry.events import PersonsMerged, PersonsUnmerged


@outbox.handles(TubesCollected)
def collected(event: TubesCollected) -> None:
    """Whoever was swabbed has come."""
    _touched(event.tube_ids)


@outbox.handles(ResultsChanged)
def results_changed(event: ResultsChanged) -> None:
    """Who waits for a result, and who does not any more."""
    _touched(event.tube_ids)


@outbox.handles(PositiveDeclined)
def declined(event: PositiveDeclined) -> None:
    """Whom a round had found is found no more."""
    _touched((event.tube_id,))


@outbox.handles(TubesFailed)
def failed(event: TubesFailed) -> None:
    """Whoever was in a tube that came to nothing has to come again."""
    _touched(event.tube_ids)


@outbox.handles(PersonsMerged)
def merged(event: PersonsMerged) -> None:
    """Somebody was on the roll twice."""
    people_joined(SYSTEM, event.kept_id, event.other_id)


@outbox.handles(PersonsUnmerged)
def unmerged(event: PersonsUnmerged) -> None:
    """They are two people after all."""
    people_joined(SYSTEM, event.kept_id, event.other_id)


def _touched(tube_ids: Sequence[int]) -> None:
    for start in range(0, len(tube_ids), CHUNK):
        tubes_touched(SYSTEM, tube_ids[start : start + CHUNK])
