"""What samples and their results mean for whoever is in a high-risk post."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action
from fangxian.duties import actions as duties
from fangxian.laboratory import queries as laboratory
from fangxian.laboratory.schemas import Outcome
from fangxian.laboratory.screening import counting, subject
from fangxian.laboratory.screening.models import Shift, Turn, Worker
from fangxian.registry import queries as registry


@action
def count_swabs(by: Actor, tube_ids: Iterable[int]) -> int:
    """Tubes were taken or came to nothing: the tests owed that they do, or do no more; how many changed. Repeating it changes nothing."""
    told = laboratory.outcomes(tube_ids, _records(Worker.objects.filter(_there())))
    if not told:
        return 0
    whose = _workers({one.person_id for one in told}, Worker.objects.filter(_there()))
    near = Q(pk__in=())
    for one in told:
        day = one.sampled_at.astimezone(clock.zone()).date()
        near |= Q(worker__in=whose.get(one.person_id, ()), first__lte=day, last__gte=day)
    return counting.count(list(Turn.objects.filter(near).select_related("worker")))


@action
def recount(by: Actor, worker_ids: Sequence[int]) -> int:
    """Count what these workers owe now anew: their records of a person were merged or parted."""
    open_now = Turn.objects.filter(worker__in=list(worker_ids), last__gte=clock.today() - 14 * clock.DAY)
    return counting.count(list(open_now.exclude(state=Turn.EXCUSED).select_related("worker")))


@action
def take_results(by: Actor, tube_ids: Iterable[int]) -> int:
    """Have results do the tests owed after a closed-loop shift; how many steps that did. A positive pool decides nobody."""
    watched = Worker.objects.filter(state=Worker.WATCH)
    told = laboratory.outcomes(tube_ids, _records(watched))
    whose = _workers({one.person_id for one in told}, watched) if told else {}
    return sum(_told(worker, one) for one in told for worker in whose.get(one.person_id, ()))


def _told(worker: int, outcome: Outcome) -> int:
    shift = Shift.objects.filter(worker=worker).order_by("-pk").first()
    if shift is None or shift.ended_at is None or outcome.sampled_at < shift.ended_at:
        return 0
    steps = laboratory.tests_owed(subject.SHIFT, shift.pk)
    counts = outcome.value == "negative" or (outcome.value == "positive" and outcome.people == 1)
    if (earlier := laboratory.told_by(steps, outcome.code)) is not None:
        if counts and earlier.evidence["result"] == outcome.value:
            return 0
        duties.reopen(SYSTEM, earlier.pk, _("The result of tube %(code)s was changed.") % {"code": outcome.code})
        steps = laboratory.tests_owed(subject.SHIFT, shift.pk)
    chosen = laboratory.test_done_by(steps, outcome.sampled_at) if counts else None
    if chosen is None:
        return 0
    evidence = {"result": outcome.value, "tube": outcome.code}
    duties.complete(SYSTEM, chosen.pk, evidence, at=outcome.sampled_at, through=subject.STAGE)
    return 1


def _there() -> Q:
    """Whoever is in a post, or left it within the days of which a swab may still be told."""
    return Q(until__isnull=True) | Q(until__gte=clock.today() - 14 * clock.DAY)


def _records(workers: QuerySet[Worker]) -> QuerySet[Any, Any]:
    """Every record of these people, as a condition: of a million people in tubes the database finds the few."""
    rows = workers.order_by()
    found: QuerySet[Any, Any] = rows.values("person_id").union(
        rows.values("person__canonical_id"),
        rows.values("person__duplicates"),
        rows.values("person__canonical__duplicates"),
    )
    return found


def _workers(people: Iterable[int], workers: QuerySet[Worker]) -> dict[int, list[int]]:
    """The workers (ids) by the record under which somebody was sampled, whichever of their records the roster has."""
    humans = registry.canonical(people)
    record_of = {pk: pk for pk in humans.values()} | registry.duplicates(humans.values())
    of_human: dict[int, list[int]] = {}
    for pk, person in workers.filter(person__in=list(record_of)).order_by("pk").values_list("pk", "person_id"):
        of_human.setdefault(record_of[person], []).append(pk)
    return {person: of_human[human] for person, human in humans.items() if human in of_human}
