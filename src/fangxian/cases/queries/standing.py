"""How an outbreak stood at the end of a day, as it was known then: stocks, and what changed them during the day.

A card may come in late: the day that it counts for (`at`, its report) and the moment from which it was known here (`known_at`)
are two things. Everything in this module is told as of a `Period`, which names both; nothing entered afterwards changes it, so
a day's numbers can be worked out again next year and are the same. What came in late is told apart from what is new.

Counts only, for stages that have checked the right, as questions that are asked together (`core.asking`).
Rows carry the part of the jurisdiction (`registry.Parts`) they count for.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeVar

from django.db.models import (
    BooleanField,
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Substr, TruncDate

from fangxian.cases.models import Case, Ending, Judgement
from fangxian.cases.queries.curves import COUNTED
from fangxian.core import clock
from fangxian.core.asking import Question
from fangxian.core.periods import Period
from fangxian.registry import queries as registry
from fangxian.registry.queries import Parts


@dataclass(frozen=True, slots=True)
class Held:
    """What cases are at an instant: class (a case class or discarded), outcome (empty: in care) and origin."""

    part: str
    classification: str
    outcome: str
    origin: str


@dataclass(frozen=True, slots=True)
class Turn:
    """A change that became known in a period: from what (empty: not known at all before) to what.

    `late`: it counts for a day before the period, only its card came in during it. `first`: never held to be this before.
    """

    part: str
    before: str
    after: str
    late: bool
    first: bool = True


K = TypeVar("K", bound=Hashable)


def stock(outbreak: int, parts: Parts, period: Period) -> Question[Counter[Held]]:
    """All cases of an outbreak in a jurisdiction by what they are held to be at the end of a period."""
    found = _cases(outbreak, parts, period).order_by()
    (rows,) = yield [
        found.annotate(part=_part("area", parts), held=_held(period), ended=_ended(period))
        .values_list("part", "held", "ended", "origin")
        .annotate(n=Count("pk"))
    ]
    return _folded(rows, lambda part, *told: Held(parts.part(part), *told))


def turns(outbreak: int, parts: Parts, period: Period) -> Question[Counter[Turn]]:
    """Changes of class, discarding among them, that became known in a period and do not count for later days."""
    own = Judgement.objects.filter(case_id=OuterRef("case_id"), pk__lt=OuterRef("pk"))
    (rows,) = yield [
        _during(Judgement.objects.all(), outbreak, parts, period)
        .annotate(
            before=_or_empty(own.order_by("-pk").values("classification")[:1]),
            first=~Exists(own.filter(classification=OuterRef("classification"))),
        )
        .values_list("part", "before", "classification", "late", "first")
        .annotate(n=Count("pk"))
    ]
    return _folded(rows, lambda part, *told: Turn(parts.part(part), *told))


def endings(outbreak: int, parts: Parts, period: Period) -> Question[Counter[Turn]]:
    """Changes of outcome that became known in a period; `after` is empty where one was taken back."""
    own = Ending.objects.filter(case_id=OuterRef("case_id"), pk__lt=OuterRef("pk"))
    (rows,) = yield [
        _during(Ending.objects.all(), outbreak, parts, period)
        .annotate(before=_or_empty(own.order_by("-pk").values("outcome")[:1]))
        .values_list("part", "before", "outcome", "late")
        .annotate(n=Count("pk"))
    ]
    return _folded(rows, lambda part, *told: Turn(parts.part(part), *told))


def reported(outbreak: int, parts: Parts, period: Period) -> Question[Counter[tuple[str, str]]]:
    """Cases whose report lies in a period: (part, origin) → number, those discarded later too."""
    found = _cases(outbreak, parts, period).filter(reported_at__gte=period.since).order_by()
    (rows,) = yield [found.annotate(part=_part("area", parts)).values_list("part", "origin").annotate(n=Count("pk"))]
    return _folded(rows, lambda part, origin: (parts.part(part), origin))


def curve(
    outbreak: int, parts: Parts, period: Period, per: Literal["onset", "report"], first: date
) -> Question[dict[date, dict[str, int]]]:
    """Cases by day (of onset, or the local day of report) and class, from a day to the end of a period; days without are left out.

    Discarded cases are in none.
    """
    found = _cases(outbreak, parts, period).order_by()
    if per == "onset":
        found = found.filter(onset_on__gte=first, onset_on__lte=period.day).annotate(day=F("onset_on"))
    else:
        found = found.filter(reported_at__gte=clock.local_midnight(first))
        found = found.annotate(day=TruncDate("reported_at", tzinfo=clock.zone()))
    (rows,) = yield [
        found.annotate(held=_held(period))
        .exclude(held=Case.DISCARDED)
        .values_list("day", "held")
        .annotate(n=Count("pk"))
    ]
    table: dict[date, dict[str, int]] = {}
    for day, classification, number in rows:
        table.setdefault(day, {})[classification] = number
    return table


@dataclass(frozen=True, slots=True)
class Dates:
    """So many cases with the same day of onset (None: not known), local day of report, origin and division."""

    onset: date | None
    report: date
    imported: bool
    area: str
    number: int


def dates(outbreak: int, parts: Parts, period: Period, *, depth: int = 0) -> list[Dates]:
    """The days of onset and of report of all cases of an outbreak in a jurisdiction, discarded ones left out. One query.

    With `depth` also where, by so many characters of the division's code; else `area` is empty.
    """
    found = _cases(outbreak, parts, period).order_by()
    found = found.annotate(held=_held(period), day=TruncDate("reported_at", tzinfo=clock.zone()))
    found = found.annotate(place=Substr("area", 1, depth) if depth else Value("", CharField()))
    rows = found.exclude(held=Case.DISCARDED).values_list("onset_on", "day", "origin", "place").annotate(n=Count("pk"))
    return [Dates(onset, report, origin == "imported", place, n) for onset, report, origin, place, n in rows]


def newest(outbreak: int, parts: Parts, period: Period) -> Question[datetime | None]:
    """When the newest case that double zero counts (`curves.double_zero`) was first held to be one."""
    again = Judgement.objects.filter(
        case_id=OuterRef("case_id"), classification=OuterRef("classification"), pk__lt=OuterRef("pk")
    )
    found = Judgement.objects.filter(
        registry.in_any(parts.prefixes, "case__area"), ~Exists(again), case__outbreak=outbreak, classification__in=COUNTED,
        at__lt=period.until, known_at__lt=period.known,
    )  # fmt: skip
    (rows,) = yield [found.order_by("-at").values_list("at")[:1]]
    return rows[0][0] if rows else None


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _cases(outbreak: int, parts: Parts, period: Period) -> QuerySet[Any]:
    found = Case.objects.filter(registry.in_any(parts.prefixes), outbreak=outbreak)
    return found if period.live else found.filter(reported_at__lt=period.until, created_at__lt=period.known)


def _during(told: QuerySet[Any], outbreak: int, parts: Parts, period: Period) -> QuerySet[Any]:
    where = Q(registry.in_any(parts.prefixes, "case__area"), case__outbreak=outbreak)
    known = Q(known_at__gte=period.since, known_at__lt=period.known, at__lt=period.until)
    if period.live:
        known = Q(known_at__gte=period.since)
    late = ExpressionWrapper(Q(at__lt=period.since), output_field=BooleanField())
    found: QuerySet[Any] = told.filter(where, known).order_by().annotate(part=_part("case__area", parts), late=late)
    return found


def _held(period: Period) -> Any:
    return F("classification") if period.live else _newest(Judgement.objects.all(), "classification", period)


def _ended(period: Period) -> Any:
    return F("outcome") if period.live else _newest(Ending.objects.all(), "outcome", period)


def _newest(told: QuerySet[Any], column: str, period: Period) -> Coalesce:
    by_then = told.filter(case_id=OuterRef("pk"), known_at__lt=period.known, at__lt=period.until)
    return _or_empty(by_then.order_by("-pk").values(column)[:1])


def _or_empty(found: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(found), Value(""), output_field=CharField())


def _part(column: str, parts: Parts) -> Substr:
    return Substr(column, 1, parts.depth)


def _folded(rows: Iterable[tuple[Any, ...]], key: Callable[..., K]) -> Counter[K]:
    """Sums by key: codes that have ended count for the part that succeeded them."""
    sums: Counter[K] = Counter()
    for *told, number in rows:
        sums[key(*told)] += number
    return sums
