"""Series of numbers by day, as long arrays that `fangxian.analytics.detection` reads: what was entered, and what is computed from it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from fangxian.analytics.normalising import per_person, ratio
from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.surveillance import rules
from fangxian.surveillance.calendars import closures
from fangxian.surveillance.kinds import Measure, kind
from fangxian.surveillance.models import Observation, Source
from fangxian.surveillance.queries.sources import visible
from fangxian.surveillance.schemas import Series

#: So much of a series is read where nobody says how much, and no method of its measures looks back further (`rules.looks_back`).
USUAL = timedelta(days=400)
Values = NDArray[np.float64]
#: What was told of one measure: (day, counted from 1970, value).
Pairs = Sequence[tuple[int, float]]
_EPOCH = date(1970, 1, 1).toordinal()


def series(
    by: Actor,
    area: str = "",
    *,
    source: str = "",
    measure: str = "",
    kind: str = "",
    first: date | None = None,
    last: date | None = None,
    after: int = 0,
    limit: int = 500,
) -> list[Series]:
    """The series of a jurisdiction, of one source, of one measure; sources by id from the one after `after`. Two queries.

    Every period from the first day asked for to the last is there; NaN where nothing was told.
    """
    found = Source.objects.filter(visible(by), within(area), pk__gt=after)
    if source:
        found = found.filter(code=source)
    if kind:
        found = found.filter(kind=kind)
    rows = list(found.order_by("pk")[:limit])
    return [one for _row, one in of_sources(rows, first, last, (measure,) if measure else ())]


def of_sources(
    rows: Sequence[Source], first: date | None = None, last: date | None = None, measures: Sequence[str] = ()
) -> Iterator[tuple[Source, Series]]:
    """The series of these sources, entered and computed, whole and by class. One query. The caller has checked the right.

    Without `first`, each as far back as the methods that watch it look.
    """
    last = last or clock.today()
    begins = {row.pk: first or last - _needed(row, measures) for row in rows}
    told = _told(begins, last)
    for row in rows:
        of = told.get(row.pk, {})
        days = _days(row, max(begins[row.pk], row.since), last, of)
        if not len(days):
            continue
        for one in kind(row.kind).measures.values():
            if measures and one.key not in measures:
                continue
            if not one.derived and one.key not in row.measures:
                continue
            for unit in _units(one, row):
                values = _values(one, unit, of, days, row)
                if values is not None:
                    period = "week" if row.rhythm == "weekly" else "day"
                    yield row, Series(row.code, one.key, unit, period, days, values)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _needed(row: Source, measures: Sequence[str]) -> timedelta:
    """How far back the methods look that watch these measures of a source (all of them where none is named)."""
    wanted = [one for one in kind(row.kind).measures.values() if not measures or one.key in measures]
    return max([USUAL, *(rules.looks_back(row.area, name) for one in wanted for name in one.watch)])


def _told(begins: Mapping[int, date], last: date) -> Mapping[int, Mapping[tuple[str, str], Pairs]]:
    """source id → (measure, unit) → days and values, from the day on which each begins."""
    found: dict[int, dict[tuple[str, str], list[tuple[int, float]]]] = defaultdict(lambda: defaultdict(list))
    alike: dict[date, list[int]] = defaultdict(list)
    for source, first in begins.items():
        alike[first].append(source)
    wanted = Q(pk__in=[])
    for first, sources in alike.items():
        wanted |= Q(source_id__in=sources, day__gte=first)
    current = Observation.objects.filter(wanted, superseded_at__isnull=True, day__lte=last)
    for source, measure, unit, day, value in current.values_list("source_id", "measure", "unit", "day", "value"):
        found[source][measure, unit].append((day.toordinal() - _EPOCH, value))
    return found


def _days(row: Source, first: date, last: date, told: Mapping[tuple[str, str], Pairs]) -> NDArray[np.datetime64]:
    """The periods of a source: its rhythm without its closures, and any other day of which it has told all the same."""
    if row.rhythm == "weekly":
        first += timedelta(days=(row.weekday - first.weekday()) % 7)
        return np.arange(np.datetime64(first), np.datetime64(last) + 1, 7)
    days = np.arange(np.datetime64(first), np.datetime64(last) + 1)
    open_on = np.is_busday(days) if row.rhythm == "workdays" else np.ones(len(days), np.bool_)
    for begin, end in closures(row):
        open_on &= ~((days >= np.datetime64(begin)) & (days <= np.datetime64(end)))
    if not open_on.all():
        open_on |= np.isin(days.astype(np.int64), sorted({day for pairs in told.values() for day, _value in pairs}))
    return np.asarray(days[open_on])


def _units(measure: Measure, row: Source) -> tuple[str, ...]:
    return ("",) if measure.derived else ("", *row.units)


def _values(
    measure: Measure, unit: str, told: Mapping[tuple[str, str], Pairs], days: NDArray[np.datetime64], row: Source
) -> Values | None:
    """The values on these days; None for a series that was never told."""
    if measure.derived:
        parts = [_filled(_entered(key, "", told, days, row), constant=key == "population") for key in measure.parts]
        if any(one is None for one in parts):
            return None
        return ratio(*parts) if measure.ratio else per_person(*parts)  # type: ignore[arg-type]
    return _entered(measure.key, unit, told, days, row)


def _entered(
    key: str, unit: str, told: Mapping[tuple[str, str], Pairs], days: NDArray[np.datetime64], row: Source
) -> Values | None:
    own = told.get((key, unit), [])
    if not own and not unit:  # told by class only: the source as a whole is their sum, on days on which all have told
        parts = [_spread(told[key, one], days) for one in row.units if (key, one) in told]
        return np.sum(parts, axis=0) if len(parts) == len(row.units) and parts else None
    return _spread(own, days) if own else None


def _spread(pairs: Pairs, days: NDArray[np.datetime64]) -> Values:
    """Values on their periods. Of a weekly series a number belongs to the week that ends on or after its day; the latest one counts."""
    values = np.full(len(days), np.nan)
    told, what = np.array(sorted(pairs)).T
    place = np.searchsorted(days.astype(np.int64), told)
    kept = place < len(days)
    values[place[kept]] = what[kept]
    return values


def _filled(values: Values | None, *, constant: bool) -> Values | None:
    """What changes rarely, such as the people served, holds until it is told anew."""
    if values is None or not constant or np.isnan(values).all():
        return values
    known = np.where(~np.isnan(values), np.arange(len(values)), 0)
    held = values[np.maximum.accumulate(known)]
    return np.where(np.isnan(held), values[~np.isnan(values)][0], held)
