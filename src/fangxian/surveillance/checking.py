"""What a number must be to be taken: of this source, of a day it may speak of, whole where it counts, and not absurd unless confirmed."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Max
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.surveillance import kinds, rules
from fangxian.surveillance.kinds import Kind, Measure
from fangxian.surveillance.models import Observation, Source, Untested
from fangxian.surveillance.schemas import ObservationForm

#: source id, day, measure, unit
Key = tuple[int, date, str, str]
#: More than any count of one source and day.
LARGEST = 1e8
#: Concentrations go higher.
LARGEST_AMOUNT = 1e15
#: Days over which a source's recent maximum is taken, and a number below which nothing is absurd.
_RECENT, _SMALL = timedelta(days=56), 20


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of some sources: their current numbers of the days asked about, and their recent maxima."""

    kinds: Mapping[int, Kind]
    rows: Mapping[Key, Observation]
    values: Mapping[Key, float]
    most: Mapping[tuple[int, str, str], float]


def known(sources: Iterable[Source], days: Collection[date]) -> Known:
    """Two queries, however many sources and days."""
    by_id = {source.pk: source for source in sources}
    current = Observation.objects.filter(source_id__in=list(by_id), superseded_at__isnull=True)
    rows = {(row.source_id, row.day, row.measure, row.unit): row for row in current.filter(day__in=list(days))}
    most: dict[tuple[int, str, str], float] = {}
    if days:
        recent = current.filter(day__gte=min(days) - _RECENT, day__lte=max(days)).exclude(day__in=list(days))
        counted: Iterable[Any] = recent.order_by().values_list("source_id", "measure", "unit").annotate(Max("value"))
        most = {(source, measure, unit): value for source, measure, unit, value in counted}
    return Known(
        {pk: kinds.kind(source.kind) for pk, source in by_id.items()}, rows,
        {key: row.value for key, row in rows.items()}, most,
    )  # fmt: skip


def check(source: Source, row: ObservationForm, there: Known) -> None:
    """Raises Invalid naming what is wrong, Conflict (`implausible`) for what must be looked at twice."""
    measure = _measure(source, row.measure)
    if row.unit and row.unit not in source.units:
        raise Invalid(
            _("This source has no class or ward “%(unit)s”.") % {"unit": row.unit[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(source.units) or _("none")}, field="unit",
        )  # fmt: skip
    if row.day > clock.today():
        raise Invalid(_("This lies in the future."), remedy=_("Report what has been counted."), field="day")
    if row.day < source.since:
        raise Invalid(
            _("The series of this source begins on %(day)s.") % {"day": source.since.isoformat()},
            remedy=_("Correct the date, or have the beginning of the source changed."), field="day",
        )  # fmt: skip
    if source.until is not None and row.day > source.until:
        raise Invalid(
            _("This source ended on %(day)s.") % {"day": source.until.isoformat()},
            remedy=_("Report for the source that has taken its place."), field="day",
        )  # fmt: skip
    _number(measure, row.value)
    _plausible(source, measure, row, there)


def lacking(told: Sequence[tuple[Source, date]]) -> dict[tuple[int, date], tuple[str, ...]]:
    """What the reports of these days still lack: required measures (`measure:unit` of a class), or `untested` that nobody named.

    Two queries.
    """
    sources = [source.pk for source, _day in told]
    days = {day for _source, day in told}
    rows = Observation.objects.filter(source_id__in=sources, day__in=days, superseded_at__isnull=True)
    values = {
        (source, day, measure, unit): value
        for source, day, measure, unit, value in rows.values_list("source_id", "day", "measure", "unit", "value")
    }
    named = Counter(Untested.objects.filter(source_id__in=sources, day__in=days).values_list("source_id", "day"))
    return {(source.pk, day): lacks(source, day, values, named[source.pk, day]) for source, day in told}


def lacks(source: Source, day: date, values: Mapping[Key, float], named: int) -> tuple[str, ...]:
    """The same of one day, from its numbers and from how many are named who were not tested."""
    of = kinds.kind(source.kind)
    gaps: list[str] = []
    for measure in of.entered:
        if measure.key not in source.measures or measure.optional or (source.pk, day, measure.key, "") in values:
            continue
        missing = [unit for unit in source.units if (source.pk, day, measure.key, unit) not in values]
        gaps += [f"{measure.key}:{unit}" for unit in missing] if source.units else [measure.key]
    if unnamed(of, source.pk, day, values, named):
        gaps.append("untested")
    return tuple(gaps)


def unnamed(of: Kind, source: int, day: date, values: Mapping[Key, float], named: int) -> int:
    """How many who should have been tested were not, and are named nowhere."""
    for measure in of.entered:
        if measure.everyone_of:
            done, all_of = (values.get((source, day, key, "")) for key in (measure.key, measure.everyone_of))
            if done is not None and all_of is not None:
                return max(0, int(all_of - done) - named)
    return 0


def no_such_source(code: str = "") -> NotFound:
    """What is said of a source that is not there, or not for the caller to know of."""
    return NotFound(
        _("There is no source %(code)s.") % {"code": code} if code else _("There is no such source."),
        remedy=_("Choose one of your sources."), field="source",
    )  # fmt: skip


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _measure(source: Source, key: str) -> Measure:
    measure = kinds.kind(source.kind).measures.get(key)
    if measure is None or measure.key not in source.measures:
        derived = measure is not None and measure.derived
        raise Invalid(
            _("“%(measure)s” is computed, not reported.") % {"measure": key} if derived
            else _("This source does not report “%(measure)s”.") % {"measure": key[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(source.measures)}, field="measure",
        )  # fmt: skip
    return measure


def _number(measure: Measure, value: float) -> None:
    most = LARGEST if measure.unit == "count" else LARGEST_AMOUNT
    if not math.isfinite(value) or value > most:
        raise Invalid(_("This is no number that can be counted."), remedy=_("Check it."), field=measure.key)
    if value < 0:
        raise Invalid(
            _("%(value)s is negative.") % {"value": f"{value:g}"}, remedy=_("Nothing is 0."), field=measure.key
        )  # fmt: skip
    if measure.unit == "count" and value != int(value):
        raise Invalid(
            _("%(value)s is not a whole number.") % {"value": f"{value:g}"},
            remedy=_("Give a count, not a rate or an average."), field=measure.key,
        )  # fmt: skip


def _plausible(source: Source, measure: Measure, row: ObservationForm, there: Known) -> None:
    if row.confirmed or measure.unit != "count":
        return
    most = there.most.get((source.pk, measure.key, row.unit))
    before = there.values.get((source.pk, row.day, measure.key, row.unit))
    if most is None or row.value < _SMALL or row.value == before:
        return
    if row.value > most * rules.weight(source.area, "implausible"):
        raise Conflict(
            _("%(name)s: %(value)s. The most in the last eight weeks was %(most)s.")
            % {"name": measure.name.in_(get_language() or "zh"), "value": f"{row.value:g}", "most": f"{most:g}"},
            remedy=_("If it is right, send it again and confirm it."), code="implausible", field=measure.key,
        )  # fmt: skip
