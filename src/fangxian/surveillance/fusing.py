"""What all sources of a county say together (多点触发): `analytics.multipoint` over the numbers on record, anew each time.

A column is a measure of a source that is judged day by day; rare events (the first after a quiet time, against earlier years) and
cluster thresholds stay rules of their own. Counts that are part of another count are held against it. The measures of one source
share its strength, so that many of them say no more than one. Which numbers a confirmed alert showed teaches the strengths, and
how often a source was right how much it counts (`trusting`).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from django.db.models import Max, Q
from numpy.typing import NDArray

from fangxian.analytics import multipoint
from fangxian.analytics.multipoint.learning import SHOWS
from fangxian.core import clock
from fangxian.core.access import within
from fangxian.registry.levels import LENGTHS
from fangxian.surveillance import rules, trusting
from fangxian.surveillance.kinds import Measure, kind
from fangxian.surveillance.models import Alert, Break, Source
from fangxian.surveillance.queries.series import USUAL, of_sources
from fangxian.surveillance.schemas import Series

#: The name under which its signals stand.
METHOD = "multipoint"
#: More columns than this are not fused; the others are judged one by one.
MOST = 60
#: Methods of series that are fused where their history is long enough.
_DAILY = frozenset(("ears-c2", "switch"))
#: A source speaks from this part of the score on.
_SPEAKS = 0.5
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Part:
    """What one source adds to the log odds, shown by the measure that says most, on the last day it told of; `score` in SDs."""

    source: Source
    measure: str
    day: date
    observed: float
    expected: float
    score: float
    evidence: float


@dataclass(frozen=True, slots=True)
class Fused:
    """A county on the day, of those weighed together, on which most spoke for an outbreak. `covered`: (source, measure) judged so."""

    covered: frozenset[tuple[int, str]]
    raised: bool
    log_odds: float
    parts: tuple[Part, ...]


def there(county: str, column: str = "area") -> Q:
    """What lies in the county; of a city or province only what belongs to it as a whole."""
    return within(county, column) if len(county) == LENGTHS["county"] else Q(**{column: county})


def fused(county: str) -> Fused | None:
    """All sources of a county fused; None where none has the history for it. Five queries."""
    rows = list(Source.objects.filter(there(county), until__isnull=True).order_by("pk"))
    begin = max(clock.today() - USUAL, min((row.since for row in rows), default=clock.today()))
    days = np.arange(np.datetime64(begin), np.datetime64(clock.today()) + 1)
    columns = [one for one in _columns(county, rows, days) if one.told_since(days) >= rules.weight(county, "history")]
    columns = columns[:MOST]
    if not columns:
        return None
    alerts = _alerts(county, columns, days)
    recent = int(rules.weight(county, "together"))
    first = len(days) - recent
    at = first + int(np.argmax(alerts.odds[0, first:]))
    raised = np.flatnonzero(alerts.alert[0, first:at]) + first  # an alert sets the score back
    added = alerts.contributions[0, :, at] + alerts.contributions[0][:, raised].sum(axis=1)
    judged = [one for i, one in enumerate(columns) if not np.isnan(alerts.z[0, i, one.last(len(days) - 1)])]
    return Fused(
        frozenset((one.source.pk, key) for one in judged for key in one.covers), bool(alerts.alert[0, first:].any()),
        math.log(alerts.odds[0, at]), tuple(_parts(columns, alerts, added, at, first)),
    )  # fmt: skip


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Column:
    """A measure of a source on every day: values, and what is behind them. `covers` are the measures that it stands for."""

    source: Source
    measure: Measure
    covers: tuple[str, ...]
    values: Values
    behind: Values

    def told_since(self, days: NDArray[np.datetime64]) -> int:
        """Days since the first that was told."""
        known = np.flatnonzero(~np.isnan(self.values))
        return int(len(days) - 1 - known[0]) if len(known) else -1

    def last(self, at: int) -> int:
        """The last day up to `at` that was told."""
        known = np.flatnonzero(~np.isnan(self.values[: at + 1]))
        return int(known[-1]) if len(known) else 0


def _columns(county: str, rows: Sequence[Source], days: NDArray[np.datetime64]) -> Iterator[_Column]:
    broken = {
        (source, measure): np.datetime64(day)
        for source, measure, day in Break.objects.filter(source__in=rows).order_by()
        .values_list("source_id", "measure").annotate(Max("day"))
    }  # fmt: skip
    told: dict[int, dict[str, Series]] = {row.pk: {} for row in rows}
    for row, one in of_sources(rows, days[0].item()):
        if not one.unit:
            told[row.pk][one.measure] = one
    for row in rows:
        series, measures = told[row.pk], kind(row.kind).measures
        shares = {
            one.ratio[0]: one for one in measures.values() if one.unit == "share" and one.watch and one.key in series
        }
        for key in series:
            measure = measures[key]
            if not measure.watch or not _DAILY.issuperset(measure.watch) or measure.unit == "share":
                continue
            share = shares.get(key)
            values = _on(days, series[key])
            behind = _on(days, series[share.ratio[1]]) if share else np.ones(len(days))
            values[~(behind > 0)] = np.nan
            began = max(
                (broken[row.pk, part] for part in {key, *measure.parts} if (row.pk, part) in broken), default=days[0]
            )
            values[days < began] = np.nan
            if measure.unit == "amount" and (values > 0).any():
                values = np.maximum(
                    values, np.min(values[values > 0]) / 2
                )  # nothing found is half of the least that ever was
            yield _Column(row, measure, (key, share.key) if share else (key,), values, behind)


def _on(days: NDArray[np.datetime64], series: Series) -> Values:
    values = np.full(len(days), np.nan)
    values[(series.days - days[0]).astype(int)] = series.values
    return values


def _alerts(county: str, columns: Sequence[_Column], days: NDArray[np.datetime64]) -> multipoint.Alerts:
    """Fused with the strengths assumed; with those that confirmed alerts taught, once there are enough of them."""
    of_each = [one.source.pk for one in columns]
    records = trusting.records(one.source for one in columns)
    sources = [
        multipoint.Source(
            f"{one.source.code}:{one.measure.key}", "level" if one.measure.unit == "amount" else "count",
            strength=multipoint.Source("").strength * records[one.source.pk].weight / math.sqrt(of_each.count(one.source.pk)),
        )
        for one in columns
    ]  # fmt: skip
    counts, behind = np.array([one.values for one in columns]), np.array([one.behind for one in columns])
    known = multipoint.panel([county], sources, days, counts[None], exposure=behind[None])
    false_alerts = rules.weight(county, "false_alerts") / 52
    # of a rise that lasts, one alert is always among the days weighed together
    rest = int(rules.weight(county, "together")) - 1
    found = multipoint.fuse(known, false_alerts=false_alerts, rest=rest)
    confirmed = Alert.objects.filter(there(county), origin="signals", state=Alert.CONFIRMED).values_list(
        "raised_at", flat=True
    )
    onsets = [at.astimezone(clock.zone()).date() - timedelta(days=SHOWS[0]) for at in confirmed]
    onsets = [day for day in onsets if np.datetime64(day) >= days[0]]
    if len(onsets) < rules.weight(county, "labels"):
        return found
    taught = multipoint.taught(found, [(county, np.datetime64(day)) for day in onsets])
    if not any(one.strength for one in taught):
        return found
    return multipoint.fuse(replace(known, sources=taught), false_alerts=false_alerts, rest=rest, judged=found)


def _parts(columns: Sequence[_Column], alerts: multipoint.Alerts, added: Values, at: int, first: int) -> Iterator[Part]:
    for source in dict.fromkeys(one.source for one in columns):
        mine = [i for i, one in enumerate(columns) if one.source == source]
        evidence = float(sum(added[i] for i in mine))
        i = max(mine, key=lambda one: added[one])
        day = columns[i].last(at)
        if evidence >= _SPEAKS and day >= first:
            yield Part(
                source, columns[i].measure.key, alerts.days[day].item(), float(columns[i].values[day]),
                float(alerts.expected[0, i, day]), float(alerts.z[0, i, day]), evidence,
            )  # fmt: skip
