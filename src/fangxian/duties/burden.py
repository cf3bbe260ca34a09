"""What is owed in a jurisdiction, by place and kind, at the end of a day: from the rollup down to counties, from open steps below.

Counts only, for stages that have checked the right. The rollup knows no outbreaks: a kind of duty is counted for all of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import Substr

from fangxian.core import clock
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


def burden(parts: Parts, period: Period) -> list[Burden]:
    """By part and kind, as coverage counts it. One query; two for a day in the past, whose later settlements are taken back.

    Of a jurisdiction below the county there is no rollup: the list is empty. A step that was called off or put to another time
    since then counts as it stands now.
    """
    if len(parts.code) > COUNTY:
        return []
    until, since = clock.hour(period.until), clock.hour(period.since)
    by_then, of_day = Q(hour__lt=until), Q(hour__gte=since, hour__lt=until)
    rows: Iterable[Mapping[str, Any]] = (
        CoverageCell.objects.filter(registry.in_any([one[:COUNTY] for one in parts.prefixes], "county"))
        .order_by()
        .values("county", "kind")
        .annotate(
            **{f"then_{name}": Sum(name, filter=by_then, default=0) for name in _COUNTED},
            **{f"day_{name}": Sum(name, filter=of_day, default=0) for name in _COUNTED},
            **{f"all_{name}": Sum(name, default=0) for name in _COUNTED},
        )
    )  # fmt: skip
    found: dict[tuple[str, str], Burden] = {}
    for row in rows:
        settled = row["all_in_time"] + row["all_late"] + row["all_waived"]
        due, in_time, late, waived = (row[f"then_{name}"] for name in _COUNTED)
        day_settled = row["day_in_time"] + row["day_late"] + row["day_waived"]
        ahead = max(0, row["all_due"] - settled - (due - in_time - late - waived))
        place = (parts.part(row["county"]), row["kind"])
        _add(found, Burden(*place, due, in_time, late, waived, row["day_due"], day_settled, ahead))
    if not period.live:
        for one in _settled_since(parts, period):
            _add(found, one)
    kept = (one for one in found.values() if one.due or one.ahead)
    return sorted(kept, key=lambda one: (-one.missing, one.part, one.kind))


def late_now(parts: Parts, kinds: Collection[str], period: Period) -> dict[tuple[str, str, str], int]:
    """Open steps past their time by (part, kind, key of the step); one query along the index of open steps."""
    rows = (
        Step.objects.filter(
            registry.in_any(parts.prefixes), kind__in=list(kinds), state=Step.OPEN, due_at__lte=period.until
        )
        .order_by()
        .annotate(part=Substr("area", 1, max(parts.depth, 1)))
        .values_list("part", "kind", "key")
        .annotate(n=Count("pk"))
    )
    found: dict[tuple[str, str, str], int] = {}
    for part, kind, key, number in rows:
        place = (parts.part(part), kind, key)
        found[place] = found.get(place, 0) + number
    return found


def _settled_since(parts: Parts, period: Period) -> list[Burden]:
    """What was settled only after the period, as a burden to be added: less in time, late or waived."""
    until, since = clock.hour(period.until), clock.hour(period.since)
    rows: Iterable[Mapping[str, Any]] = (
        Step.objects.filter(registry.in_any(parts.prefixes), state__in=Step.SETTLED, due_at__lt=until, done_at__gte=period.until)
        .order_by()
        .annotate(county=Substr("area", 1, COUNTY))
        .values("county", "kind", "state")
        .annotate(n=Count("pk"), of_day=Count("pk", filter=Q(due_at__gte=since)))
    )  # fmt: skip
    return [
        Burden(
            parts.part(row["county"]), row["kind"], late=-row["n"] if row["state"] == Step.DONE else 0,
            waived=-row["n"] if row["state"] == Step.WAIVED else 0, day_settled=-row["of_day"],
        )
        for row in rows
    ]  # fmt: skip


def _add(found: dict[tuple[str, str], Burden], one: Burden) -> None:
    place = (one.part, one.kind)
    was = found.get(place, Burden(one.part, one.kind))
    names = ("due", "in_time", "late", "waived", "day_due", "day_settled", "ahead")
    found[place] = replace(was, **{name: getattr(was, name) + getattr(one, name) for name in names})
