"""What the engine of duties is told of high-risk posts: a test that is owed, and the end of a closed-loop shift."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from fangxian.core.access import within
from fangxian.duties import subjects
from fangxian.duties.subjects import Described, Subject
from fangxian.laboratory.screening.models import Roster, Shift, Turn
from fangxian.registry import queries as registry

#: The name under which the room keeps these duties to its own actions.
STAGE = "screening"
TURN, SHIFT = "turn", "shift"
OWED, ENDED = "post.owed", "shift.ended"
TESTING, TEST, LEAVING = "post.testing", "test", "post.leaving"
_CHUNK = 2000


def of_turn(turn: Turn, roster: Roster) -> Subject:
    """A test owed: the employer answers for it."""
    anchors = {"test_due_at": turn.due_at}
    return Subject(
        TURN, turn.pk, roster.area, roster.pack, anchors=anchors, holders={"employer": roster.organisation_id}
    )


def of_shift(shift: Shift, roster: Roster) -> Subject:
    """A shift that ended."""
    assert shift.ended_at is not None, "a shift that goes on has nothing after it"
    anchors = {"left_loop_at": shift.ended_at}
    return Subject(
        SHIFT, shift.pk, roster.area, roster.pack, anchors=anchors, holders={"employer": roster.organisation_id}
    )


def _turns(area: str) -> Iterator[tuple[str, Subject]]:
    for turn in _all(Turn.objects.filter(within(area, "roster__area")).select_related("roster")):
        yield OWED, of_turn(turn, turn.roster)


def _shifts(area: str) -> Iterator[tuple[str, Subject]]:
    rows = Shift.objects.filter(within(area, "worker__roster__area"), ended_at__isnull=False)
    for shift in _all(rows.select_related("worker__roster")):
        yield ENDED, of_shift(shift, shift.worker.roster)


def _all(rows: QuerySet[Any]) -> Iterator[Any]:
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        yield from chunk


def _described_turns(ids: Iterable[int]) -> Mapping[int, Described]:
    return _described(Turn.objects.filter(pk__in=list(ids)))


def _described_shifts(ids: Iterable[int]) -> Mapping[int, Described]:
    return _described(Shift.objects.filter(pk__in=list(ids)))


def _described(found: QuerySet[Any]) -> Mapping[int, Described]:
    """By the worker: the door stays unknown, as an employer is not to learn who lives with whom."""
    rows = list(found.values_list("pk", "worker__code", "worker__person_id"))
    doors = registry.doors(person for _pk, _code, person in rows)
    return {pk: Described(doors[person][0], code, f"/screening/workers/{code}/") for pk, code, person in rows}


subjects.register(TURN, provider=_turns, describer=_described_turns, right="screening.view")
subjects.register(SHIFT, provider=_shifts, describer=_described_shifts, right="screening.view")
subjects.reserve(TESTING, STAGE)
subjects.reserve(LEAVING, STAGE)
