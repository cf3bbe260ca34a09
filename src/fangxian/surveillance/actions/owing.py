"""What is due is written down as the days come, each report with its duty: whoever does not report is missed by name (应报尽报)."""

from collections.abc import Sequence

from django.db.models import F, Q, QuerySet

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action
from fangxian.duties import actions as duties
from fangxian.surveillance import subject
from fangxian.surveillance.calendars import calendar_of
from fangxian.surveillance.models import Report, Source

#: Sources brought up to date in one transaction.
_PIECE = 500


def owe(by: Actor) -> int:
    """Write down what has come due, for every source; how many reports. Safe to repeat: the worker does, every few minutes."""
    opened, last = 0, 0
    while rows := list(_behind().filter(pk__gt=last).order_by("pk")[:_PIECE]):
        last = rows[-1].pk
        opened += owe_for(by, rows)
    return opened


@action
def owe_for(by: Actor, sources: Sequence[Source]) -> int:
    """The same for these sources."""
    today = clock.today()
    fresh: list[Report] = []
    for source in sources:
        begun = source.owed_from if source.owed_until is None else source.owed_until + clock.DAY
        first = max(source.owed_from, begun)
        calendar = calendar_of(source)
        ended = min(today, source.until) if source.until else today
        fresh += [Report(source=source, day=day, due_at=calendar.due_at(day)) for day in calendar.days(first, ended)]
    Report.objects.bulk_create(fresh, ignore_conflicts=True)
    Source.objects.filter(pk__in=[source.pk for source in sources]).update(owed_until=today)
    if not fresh:
        return 0
    days = [one.day for one in fresh]
    written = Report.objects.filter(
        source__in=sources, day__gte=min(days), day__lte=max(days), received_at__isnull=True, due_at__isnull=False, excused=""
    ).select_related("source")  # fmt: skip
    duties.open_due(by, subject.OWED, [subject.of_report(one) for one in written])
    return len(fresh)


def _behind() -> QuerySet[Source]:
    today = clock.today()
    standing = Q(until__isnull=True) | Q(until__gt=F("owed_until"))
    return Source.objects.filter(standing & (Q(owed_until__isnull=True) | Q(owed_until__lt=today))).exclude(
        rhythm="none"
    )
