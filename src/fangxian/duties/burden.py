"""What is owed in a jurisdiction, by place and kind, at the end of a day: from the rollup down to counties, from open steps below.

Counts only, for stages that have checked the right, as questions that are asked together (`core.asking`).
The rollup knows no outbreaks: a kind of duty is counted for all of them.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Substr

from fangxian.core import clock
from fangxian.core.asking import Question
from fangxian.core.periods import Period
from fangxian.duties.coverage import COUNTY
from fangxian.duties.models import CoverageCell, Step
from fangxian.registry import queries as registry
from fangxian.registry.queries import Parts


@dataclass(frozen=True, slots=True)
class Burden:
    """One kind of duty in one part: steps due by the last full hour of a period, what became of them, and those still ahead.

    `day_due` and `day_settled` are those that fell due within the period.
    """

    part: str
    kind: str
    due: int = 0
    in_time: int = 0
    late: int = 0
    waived: int = 0
    day_due: int = 0
    day_settled: int = 0
    ahead: int = 0

    @property
    def missing(self) -> int:
        return max(0, self.due - self.in_time - self.late - self.waived)


_COUNTED = ("due", "in_time", "late", "waived")


def burden(parts: Parts, period: Period) -> Question[list[Burden]]:
    """By part and kind, as coverage counts it; of a day in the past later settlements are taken back.

    Of a jurisdiction below the county there is no rollup: the list is empty. A step that was called off or put to another time
    since then counts as it stands now.
    """
    if len(parts.code) > COUNTY:
        return []
    until, since = clock.hour(period.until), clock.hour(period.since)
    by_then, of_day = Q(hour__lt=until), Q(hour__gte=since, hour__lt=until)
    cells = (
        CoverageCell.objects.filter(registry.in_any([one[:COUNTY] for one in parts.prefixes], "county"))
        .order_by()
        .values_list("county", "kind")
        .annotate(
            **{f"then_{name}": Sum(name, filter=by_then, default=0) for name in _COUNTED},
            **{f"day_{name}": Sum(name, filter=of_day, default=0) for name in _COUNTED},
            **{f"all_{name}": Sum(name, default=0) for name in _COUNTED},
        )
    )
    rows, *later = yield [cells] if period.live else [cells, _settled_since(parts, period)]
    found: dict[tuple[str, str], Burden] = {}
    for county, kind, *told in rows:
        due, in_time, late, waived = told[:4]
        day_due, *day_settled = told[4:8]
        all_due, *all_settled = told[8:]
        ahead = max(0, all_due - sum(all_settled) - (due - in_time - late - waived))
        place = (parts.part(county), kind)
        _add(found, Burden(*place, due, in_time, late, waived, day_due, sum(day_settled), ahead))
    for county, kind, state, number, of_day_too in later[0] if later else ():
        done, dropped = (number if state == one else 0 for one in (Step.DONE, Step.WAIVED))
        _add(found, Burden(parts.part(county), kind, late=-done, waived=-dropped, day_settled=-of_day_too))
    kept = (one for one in found.values() if one.due or one.ahead)
    return sorted(kept, key=lambda one: (-one.missing, one.part, one.kind))


def late_now(parts: Parts, kinds: Collection[str], period: Period) -> Question[dict[tuple[str, str, str], int]]:
    """Open steps past their time by (part, kind, key of the step), along the index of open steps."""
    (rows,) = yield [
        Step.objects.filter(
            registry.in_any(parts.prefixes), kind__in=list(kinds), state=Step.OPEN, due_at__lte=period.until
        )
        .order_by()
        .annotate(part=Substr("area", 1, max(parts.depth, 1)))
        .values_list("part", "kind", "key")
        .annotate(n=Count("pk"))
    ]
    found: dict[tuple[str, str, str], int] = {}
    for part, kind, key, number in rows:
        place = (parts.part(part), kind, key)
        found[place] = found.get(place, 0) + number
    return found


def _settled_since(parts: Parts, period: Period) -> QuerySet[Any, Any]:
    """What was settled only after the period: county, kind, state, how many, and how many of them fell due within it."""
    until, since = clock.hour(period.until), clock.hour(period.since)
    settled = Step.objects.filter(
        registry.in_any(parts.prefixes), state__in=Step.SETTLED, due_at__lt=until, done_at__gte=period.until
    )
    by_county = settled.order_by().annotate(county=Substr("area", 1, COUNTY)).values_list("county", "kind", "state")
    return by_county.annotate(n=Count("pk"), of_day=Count("pk", filter=Q(due_at__gte=since)))


def _add(found: dict[tuple[str, str], Burden], one: Burden) -> None:
    place = (one.part, one.kind)
    was = found.get(place, Burden(one.part, one.kind))
    names = ("due", "in_time", "late", "waived", "day_due", "day_settled", "ahead")
    found[place] = replace(was, **{name: getattr(was, name) + getattr(one, name) for name in names})
