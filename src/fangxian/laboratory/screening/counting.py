"""Tests that are owed, counted from the swabs themselves: a swab on a day of the period does it, one that came to nothing does not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.utils.translation import gettext as _

from fangxian.core import bulk, clock
from fangxian.core.access import SYSTEM
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.laboratory import queries as laboratory
from fangxian.laboratory.schemas import Outcome
from fangxian.laboratory.screening import subject
from fangxian.laboratory.screening.models import Turn
from fangxian.registry import queries as registry


def count(turns: Sequence[Turn]) -> int:
    """Bring these tests to what the swabs say now; how many changed. Within an action; repeating it changes nothing."""
    if not turns:
        return 0
    taken = _taken(turns)
    undone: set[int] = set()
    done: list[tuple[Turn, Outcome]] = []
    for turn in sorted(turns, key=lambda one: (one.last, one.pk)):
        inside = [one for day, one in taken.get(turn.worker.person_id, ()) if turn.first <= day <= turn.last]
        if turn.state == Turn.DONE and not any(one.tube_id == turn.tube_id for one in inside):
            _undone(turn)
            undone.add(turn.pk)
        if turn.state in (Turn.DUE, Turn.MISSED) and inside:
            done.append((turn, inside[0]))
    _done(done)
    return len(undone) + len(done)


def _taken(turns: Sequence[Turn]) -> dict[int, list[tuple[date, Outcome]]]:
    """The swabs of these people under any of their records, with the local day of each, by the person on the roster."""
    human = registry.canonical({turn.worker.person_id for turn in turns})
    records = {pk: pk for pk in human.values()} | registry.duplicates(human.values())
    since = clock.local_midnight(min(turn.first for turn in turns))
    until = clock.local_midnight(max(turn.last for turn in turns) + clock.DAY)
    of_human: dict[int, list[tuple[date, Outcome]]] = {}
    for one in laboratory.swabs(records, since, until):
        day = one.sampled_at.astimezone(clock.zone()).date()
        of_human.setdefault(records[one.person_id], []).append((day, one))
    return {person: of_human[root] for person, root in human.items() if root in of_human}


def _done(done: Sequence[tuple[Turn, Outcome]]) -> None:
    """Swabs do these tests, all in a few statements, and show that whatever was owed before them was missed.

    Of a swab that is told of after that, the duty has ended: what was missing then stays so in coverage, as everywhere.
    """
    if not done:
        return
    for turn, swab in done:
        turn.state, turn.tube_id, turn.done_at = Turn.DONE, swab.tube_id, swab.sampled_at
    columns = ("state", "tube_id", "done_at")
    bulk.update(Turn, columns, [(*(getattr(turn, name) for name in columns), turn.pk) for turn, _swab in done])
    steps = duty_queries.open_steps_of(subject.TESTING, subject.TURN, [turn.pk for turn, _swab in done], subject.TEST)
    told = [
        duties.Done(steps[turn.pk], {"tube": swab.code}, swab.sampled_at) for turn, swab in done if turn.pk in steps
    ]
    duties.complete_many(SYSTEM, told, through=subject.STAGE)
    swabs: dict[int, list[Outcome]] = {}
    for turn, swab in done:
        swabs.setdefault(turn.worker_id, []).append(swab)
    missed: dict[int, str] = {}
    for one in Turn.objects.filter(worker__in=list(swabs), state=Turn.DUE):
        later = next((swab for swab in swabs[one.worker_id] if one.due_at < swab.sampled_at), None)
        if later is not None:
            missed[one.pk] = _("Not tested in its time; tested again by tube %(code)s.") % {"code": later.code}
    _end(missed, Turn.MISSED)


def _undone(turn: Turn) -> None:
    """The tube that did the test came to nothing: it is owed again, or was missed as it had been before."""
    owed = duty_queries.of_subject(subject.TURN, turn.pk)
    steps = [step for duty in owed for step in duty.steps.all() if step.key == subject.TEST]
    last = max(steps, key=lambda step: step.attempt, default=None)
    missed = last is not None and last.state == last.MISSED
    if last is not None and not missed:
        duties.reopen(SYSTEM, last.pk, _("The tube came to nothing: to be sampled again."))
    turn.state, turn.tube_id, turn.done_at = Turn.MISSED if missed else Turn.DUE, None, None
    turn.save(update_fields=["state", "tube", "done_at"])


def end(turns: Iterable[Turn], state: str, reason: str) -> None:
    """End what is owed by these tests otherwise than by a swab: missed, or not owed any more."""
    _end({one.pk: reason for one in turns}, state)


def _end(reasons: Mapping[int, str], state: str) -> None:
    Turn.objects.filter(pk__in=list(reasons)).update(state=state)
    outcome = "closed" if state == Turn.MISSED else "excluded"
    duties.end_all(SYSTEM, subject.TURN, {pk: (outcome, reason) for pk, reason in reasons.items()})
