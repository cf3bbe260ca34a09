"""Tests that are owed, counted from the swabs themselves: a swab on a day of the period does it, one that came to nothing does not."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.utils.translation import gettext as _

from fangxian.core import clock
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
    changed = 0
    for turn in sorted(turns, key=lambda one: (one.last, one.pk)):
        inside = [one for day, one in taken.get(turn.worker.person_id, ()) if turn.first <= day <= turn.last]
        if turn.state == Turn.DONE and not any(one.tube_id == turn.tube_id for one in inside):
            _undone(turn)
            changed += 1
        if turn.state in (Turn.DUE, Turn.MISSED) and inside:
            _done(turn, inside[0])
            changed += 1
    return changed


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


def _done(turn: Turn, swab: Outcome) -> None:
    """A swab does the test, and shows that whatever was owed before it was missed.

    Of a swab that is told of after that, the duty has ended: what was missing then stays so in coverage, as everywhere.
    """
    turn.state, turn.tube_id, turn.done_at = Turn.DONE, swab.tube_id, swab.sampled_at
    turn.save(update_fields=["state", "tube", "done_at"])
    if (step := duty_queries.open_step(subject.TESTING, (subject.TURN, turn.pk), subject.TEST)) is not None:
        duties.complete(SYSTEM, step.pk, {"tube": swab.code}, at=swab.sampled_at, through=subject.STAGE)
    passed = Turn.objects.filter(worker=turn.worker_id, state=Turn.DUE, due_at__lt=swab.sampled_at)
    end(passed, Turn.MISSED, _("Not tested in its time; tested again by tube %(code)s.") % {"code": swab.code})


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
    found = list(turns)
    Turn.objects.filter(pk__in=[one.pk for one in found]).update(state=state)
    outcome = "closed" if state == Turn.MISSED else "excluded"
    duties.end_all(SYSTEM, subject.TURN, {one.pk: (outcome, reason) for one in found})
