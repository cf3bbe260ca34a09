"""Tests are written down as their periods begin, each with its duty: whoever is not tested is missed by name (应检尽检)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db.models import Q

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action
from fangxian.duties import actions as duties
from fangxian.laboratory.screening import counting, finding, subject
from fangxian.laboratory.screening.models import Roster, Turn, Worker
from fangxian.laboratory.screening.periods import Period, current, periods

#: Rosters read at a time, and people of one roster brought up to date in one transaction.
_ROSTERS, _PEOPLE = 200, 2000


def owe(by: Actor) -> int:
    """Write down what has come due for every roster; how many tests. Safe to repeat: the worker does, every few minutes."""
    opened, last, today = 0, 0, clock.today()
    behind = Roster.objects.filter(Q(owed_until__isnull=True) | Q(owed_until__lt=today))
    while rows := list(behind.filter(pk__gt=last).order_by("pk")[:_ROSTERS]):
        last = rows[-1].pk
        for roster in rows:
            opened += _owe_for(by, roster, today)
    return opened


def _owe_for(by: Actor, roster: Roster, today: date) -> int:
    """The periods that have begun since the last time, for everybody on the roster, some people at a time; then the roster's mark."""
    post = finding.post_of(roster)
    if post is None:
        return 0
    now = current(post, today)
    begun = [now] if roster.owed_until is None else list(periods(post, roster.owed_until + clock.DAY, today))
    opened = last = 0
    if begun:
        there = Q(until__isnull=True) | Q(until__gte=begun[0].first)
        staff = Worker.objects.filter(there, roster=roster).exclude(state=Worker.WATCH)
        while workers := list(staff.filter(pk__gt=last).order_by("pk")[:_PEOPLE]):
            last = workers[-1].pk
            opened += owe_for(by, roster, workers, begun)
    Roster.objects.filter(pk=roster.pk).update(owed_until=now.last)
    return opened


@action
def owe_for(by: Actor, roster: Roster, workers: Sequence[Worker], begun: Sequence[Period]) -> int:
    """Write down the tests of these periods for these people of a roster; what they were swabbed for already is done at once."""
    fresh = [
        Turn(worker=one, roster=roster, first=period.first, last=period.last, due_at=_due_at(period))
        for period in begun for one in workers
        if one.since <= period.last and (one.until is None or period.last <= one.until)
    ]  # fmt: skip
    Turn.objects.bulk_create(fresh, ignore_conflicts=True)
    written = Turn.objects.filter(
        worker__in=[one.pk for one in workers], last__in=[one.last for one in begun], state=Turn.DUE
    )
    turns = list(written.select_related("worker").order_by("pk"))
    duties.open_due(by, subject.OWED, [subject.of_turn(one, roster) for one in turns])
    counting.count(turns)
    return len(fresh)


def _due_at(period: Period) -> datetime:
    """The last second of the period."""
    return clock.local_midnight(period.last + clock.DAY) - timedelta(seconds=1)
