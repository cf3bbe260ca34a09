"""Numbers by day: the epidemic curve, new cases a day, and the double-zero streak."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Literal

from django.db.models import Count, F, Max, Min, QuerySet
from django.db.models.functions import TruncDate

from fangxian.cases.models import Case, Judgement
from fangxian.cases.queries.timeliness import must_see
from fangxian.cases.schemas import OUTCOMES, Curve, DayCount, DoubleZero
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.registry import queries as registry

#: What double zero is about (新增确诊、新增疑似); a probable case is a suspected one with more reason.
COUNTED = ("confirmed", "probable", "suspected")


def epicurve(by: Actor, outbreak: str, per: Literal["onset", "report"] = "onset", area: str = "") -> Curve:
    """Cases a day by their present classification, by onset or by local day of report; discarded ones are left out.

    Days run from the first to the last that has a case, none left out.
    """
    cases = _visible(by, outbreak, area).exclude(classification=Case.DISCARDED)
    day = F("onset_on") if per == "onset" else TruncDate("reported_at", tzinfo=clock.zone())
    table: dict[date, dict[str, int]] = defaultdict(dict)
    undated = 0
    rows = cases.annotate(day=day).order_by().values("day", "classification").annotate(n=Count("pk"))
    for row in rows:
        if row["day"] is None:
            undated += row["n"]
        else:
            table[row["day"]][row["classification"]] = row["n"]
    return Curve(_days(table), undated)


def daily_numbers(by: Actor, outbreak: str, area: str = "") -> tuple[DayCount, ...]:
    """New cases a local day, as they were counted then: a case counts in a class on the day it was first held to be of it.

    So a suspected case that is confirmed later is a new suspected one on one day and a new confirmed one on another, and
    one that is discarded stays in the numbers of its day. Besides the classes there are the outcomes, by their days.
    """
    cases = _visible(by, outbreak, area)
    table: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for classification, at in _first_held(cases).values_list("classification", "first"):
        table[at.astimezone(clock.zone()).date()][classification] += 1
    ended = cases.filter(outcome__in=OUTCOMES).order_by().values_list("outcome_on", "outcome").annotate(n=Count("pk"))
    for day, outcome, number in ended:
        if day is not None:
            table[day][outcome] += number
    return _days(table)


def double_zero(by: Actor, outbreak: str, area: str = "") -> DoubleZero:
    """The double-zero streak (双零): whole local days without a new confirmed and without a new suspected case, up to now.

    A case is new on the local day on which it was first held to be confirmed, probable or suspected, imported ones
    included and whether or not it was discarded later; infections without symptoms are not counted, as in the published
    bulletins. The streak runs from the day after the newest one through yesterday: today is not over, so it is not
    counted, but a new case today makes the streak 0. Where there never was one it runs from the day after the opening
    of the outbreak.
    """
    found = must_see(by, outbreak)
    counted = _first_held(_visible(by, outbreak, area)).filter(classification__in=COUNTED)
    newest = counted.aggregate(newest=Max("first"))["newest"]
    today = clock.today()
    last = newest.astimezone(clock.zone()).date() if newest else None
    begin = last or found.opened_at.astimezone(clock.zone()).date()
    return DoubleZero(max(0, (today - begin).days - 1), last, last == today)


def _visible(by: Actor, outbreak: str, area: str) -> QuerySet[Case]:
    found = must_see(by, outbreak)
    return Case.objects.filter(
        by.scope("cases.view", organisation="organisation_id"),
        registry.in_any(registry.prefixes(area)),
        outbreak_id=found.id,
    )


def _first_held(cases: QuerySet[Case]) -> QuerySet[Any, Any]:
    """When each case was first held to be each thing that it ever was: `classification`, `first`."""
    return (
        Judgement.objects.filter(case__in=cases)
        .exclude(classification=Case.DISCARDED)
        .order_by()
        .values("case_id", "classification")
        .annotate(first=Min("at"))
    )


def _days(table: Mapping[date, Mapping[str, int]]) -> tuple[DayCount, ...]:
    """Every day from the first to the last, also those without any."""
    if not table:
        return ()
    first, last = min(table), max(table)
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return tuple(DayCount(day, dict(table.get(day, {}))) for day in days)
