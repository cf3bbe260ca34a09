"""How the watch over contacts stood at the end of a day, as it was known then.

Counts only, for stages that have checked the right, as questions that are asked together (`core.asking`).
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import BooleanField, Case, Count, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.db.models.functions import Substr

from fangxian.core.asking import Question
from fangxian.core.periods import Period
from fangxian.registry import queries as registry
from fangxian.registry.queries import Parts
from fangxian.tracing.models import Contact

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Watched:
    """Contacts under watch of a category, held already or not yet."""

    part: str
    category: str
    held: bool


@dataclass(frozen=True, slots=True)
class WatchTurn:
    """Watches that began (`state` is "new") or ended (the state they ended in) in a period; `late`: identified before it."""

    part: str
    state: str
    late: bool = False


def watched(outbreak: int, parts: Parts, period: Period) -> Question[Counter[Watched]]:
    """Contacts under watch at the end of a period. The category is the one they have now."""
    if period.live:
        found = _contacts(outbreak, parts).filter(state=Contact.UNDER_WATCH)
        held = ~Q(held="")
    else:
        lasting = Q(state=Contact.UNDER_WATCH) | Q(ended_at__gte=period.until)
        found = _contacts(outbreak, parts).filter(lasting, created_at__lt=period.known, identified_at__lt=period.until)
        held = Q(held_at__lt=period.until)
    (rows,) = yield [
        found.annotate(is_held=_truth(held)).values_list("part", "category", "is_held").annotate(n=Count("pk"))
    ]
    return _folded(rows, lambda part, *told: Watched(parts.part(part), *told))


def turns(outbreak: int, parts: Parts, period: Period) -> Question[Counter[WatchTurn]]:
    """Watches that began and that ended in a period."""
    began = _contacts(outbreak, parts).filter(created_at__gte=period.since, identified_at__lt=period.until)
    ended = _contacts(outbreak, parts).filter(ended_at__gte=period.since)
    if not period.live:
        began = began.filter(created_at__lt=period.known)
        ended = ended.filter(ended_at__lt=period.until)
    late = _truth(Q(identified_at__lt=period.since))
    fresh, over = yield [
        began.annotate(late=late).values_list("part", "late").annotate(n=Count("pk")),
        ended.values_list("part", "state").annotate(n=Count("pk")),
    ]
    found = _folded(fresh, lambda part, late: WatchTurn(parts.part(part), "new", late))
    return found + _folded(over, lambda part, state: WatchTurn(parts.part(part), state))


def found_among_contacts(outbreak: int, parts: Parts, period: Period) -> Question[Counter[tuple[str, bool]]]:
    """Cases reported in a period who were contacts before, by whether they were held by then (管控中发现).

    (part of the case, held) → number. Imported cases are not among them, whoever they had met.
    """
    found = Contact.objects.filter(
        registry.in_any(parts.prefixes, "case__area"), case__outbreak=outbreak, case__reported_at__gte=period.since
    )
    found = found.exclude(case__origin="imported").order_by()
    if not period.live:
        found = found.filter(
            case__reported_at__lt=period.until, case__created_at__lt=period.known, ended_at__lt=period.known
        )
    held = Case(When(held_at__lte=F("case__reported_at"), then=Value(True)), default=Value(False))
    (rows,) = yield [
        found.annotate(part=Substr("case__area", 1, parts.depth), was_held=held)
        .values_list("part", "was_held")
        .annotate(n=Count("pk"))
    ]
    return _folded(rows, lambda part, was_held: (parts.part(part), was_held))


def _contacts(outbreak: int, parts: Parts) -> QuerySet[Any]:
    found = Contact.objects.filter(registry.in_any(parts.prefixes), outbreak=outbreak).order_by()
    return found.annotate(part=Substr("area", 1, parts.depth))


def _truth(what: Q) -> Any:
    return ExpressionWrapper(what, output_field=BooleanField())


def _folded(rows: Iterable[tuple[Any, ...]], key: Callable[..., K]) -> Counter[K]:
    sums: Counter[K] = Counter()
    for *told, number in rows:
        sums[key(*told)] += number
    return sums
