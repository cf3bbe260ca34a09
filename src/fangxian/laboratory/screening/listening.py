"""What screening listens to: samples taken and set aside, results, duties that ended, people merged. Handled idempotently."""

from fangxian.core import outbox
from fangxian.core.access import SYSTEM
from fangxian.duties.events import DutiesClosed
from fangxian.laboratory.events import ResultsChanged, TubesCollected, TubesFailed
from fangxian.laboratory.screening import actions, subject
from fangxian.laboratory.screening.models import Worker
from fangxian.registry.events import PersonsMerged, PersonsUnmerged


@outbox.handles(TubesCollected)
def tubes_collected(event: TubesCollected) -> None:
    """Whoever of a high-risk post is in them was tested."""
    actions.count_swabs(SYSTEM, event.tube_ids)


@outbox.handles(TubesFailed)
def tubes_failed(event: TubesFailed) -> None:
    """Whoever is in them was not, after all."""
    actions.count_swabs(SYSTEM, event.tube_ids)


@outbox.handles(ResultsChanged)
def results_changed(event: ResultsChanged) -> None:
    """A result does the test that is owed after a closed-loop shift."""
    actions.take_results(SYSTEM, event.tube_ids)


@outbox.handles(DutiesClosed)
def duties_closed(event: DutiesClosed) -> None:
    """The watch after a shift is over."""
    if event.subject_kind == subject.SHIFT:
        actions.watch_ended(SYSTEM, event.subject_ids)


@outbox.handles(PersonsMerged)
def persons_merged(event: PersonsMerged) -> None:
    """The swabs of one record count for the other."""
    _recount(event.kept_id, event.other_id)


@outbox.handles(PersonsUnmerged)
def persons_unmerged(event: PersonsUnmerged) -> None:
    """Each is counted by their own swabs again."""
    _recount(event.kept_id, event.other_id)


def _recount(*people: int) -> None:
    found = list(Worker.objects.filter(person__in=people).order_by("pk").values_list("pk", flat=True))
    if found:
        actions.recount(SYSTEM, found)
