"""Whom to trust: how often what a source showed was true, as whoever triaged said, and what that makes of its weight (标注学习).

Every alert that ended is a label: confirmed, or dismissed with what it was instead. Records of one kind of source are drawn together
within a city, so that a new source begins with what its kind has earned there.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db.models import Count, Q

from fangxian.analytics import multipoint
from fangxian.core.access import within
from fangxian.registry.levels import at_level
from fangxian.surveillance.models import Alert, Signal, Source
from fangxian.surveillance.schemas import Record

#: Signals that say something of an illness; that a report is late says something of the post.
_SPEAKING = ("excess", "chart", "threshold")


def records(sources: Iterable[Source]) -> Mapping[int, Record]:
    """The record of each source, and the weight that it has earned beside the others of its city. One query a city."""
    cities: dict[str, dict[int, Source]] = {}
    for row in sources:
        cities.setdefault(at_level(row.area, "city"), {})[row.pk] = row
    found: dict[int, Record] = {}
    for city, mine in cities.items():
        known = {pk: (row.kind, Record()) for pk, row in mine.items()} | _told(city)
        kinds, told = zip(*known.values(), strict=True)
        weights = multipoint.trust([one.right for one in told], [one.ended for one in told], kinds)
        for pk, one, weight in zip(known, told, weights.tolist(), strict=True):
            if pk in mine:
                found[pk] = replace(one, weight=weight)
    return found


def _told(city: str) -> dict[int, tuple[str, Record]]:
    """Kind and record of every source of a city that spoke in an alert that has ended."""
    told = Signal.objects.filter(
        within(city), kind__in=_SPEAKING, alert__origin="signals", alert__state__in=(Alert.CONFIRMED, Alert.DISMISSED)
    )
    right, ended = Count("alert", distinct=True, filter=Q(alert__state=Alert.CONFIRMED)), Count("alert", distinct=True)
    counted = told.order_by().values_list("source_id", "source__kind").annotate(right=right, ended=ended)
    return {source: (kind, Record(good, all_of)) for source, kind, good, all_of in counted}
