"""Signals: what is too much, what reaches a threshold, what is late or silent; each once, and none that is not in an alert or explained."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta

import numpy as np
from django.db.models import Max

from fangxian.analytics.detection import Alarm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action
from fangxian.duties import packs
from fangxian.registry.levels import at_level
from fangxian.surveillance import charting, judging, rules, trusting
from fangxian.surveillance.actions.alerting import gather
from fangxian.surveillance.fusing import METHOD, Fused, fused
from fangxian.surveillance.kinds import Measure, kind
from fangxian.surveillance.models import Break, Report, Signal, Source, Watch
from fangxian.surveillance.queries.series import of_sources
from fangxian.surveillance.queries.sources import chart_of
from fangxian.surveillance.schemas import Series

#: source, kind, measure, unit, day
Key = tuple[int, str, str, str, date]
#: Sources judged in one transaction.
PIECE = 200


@action
def detect(by: Actor, source_ids: Sequence[int]) -> int:
    """Judge the series of these sources as they now stand, and weigh what comes of it; how many signals are new.

    Looks at the days that are weighed together. A signal whose number was corrected away keeps its line, with the reason.
    """
    rows = list(Source.objects.select_for_update().filter(pk__in=source_ids).order_by("pk"))
    if not rows:
        return 0
    counties = {at_level(row.area, "county") for row in rows}
    together = {county: fused(county) for county in counties}
    covered = {pair for one in together.values() if one for pair in one.covered}
    broken, records = _broken(rows), trusting.records(rows)
    charts = {(one.source_id, one.measure): chart_of(one) for one in Watch.objects.filter(source__in=rows)}
    found: dict[Key, Signal] = {}
    alone = [
        row for row in rows if any(_judged_alone(row, one, covered, charts) for one in kind(row.kind).measures.values())
    ]
    for row, one in of_sources(alone):
        measure = kind(row.kind).measures[one.measure]
        chart = None if one.unit else charts.get((row.pk, one.measure))
        if chart or (measure.watch and not one.unit and (row.pk, one.measure) not in covered):
            began = [broken[row.pk, part] for part in {one.measure, *measure.parts} if (row.pk, part) in broken]
            told = _excess(row, one, max(began, default=None), records[row.pk].weight, chart)
            found |= {_key(signal): signal for signal in told}
        if measure.thresholds is not None:
            found |= {_key(signal): signal for signal in _reached(row, one)}
    by_rule = ("excess", "chart", "threshold")
    fresh = _written(
        rows, found, by_rule, lambda one: one.kind == "chart" or (one.source_id, one.measure) not in covered
    )
    spoken = {_key(signal): signal for one in together.values() if one for signal in _spoken(one)}
    judged = list(Source.objects.filter(pk__in={source for source, _measure in covered}))
    fresh += _written(judged, spoken, ("excess",), lambda one: (one.source_id, one.measure) in covered, "renewed")
    gather(by, counties, together)
    return fresh


@action
def notice_silence(by: Actor) -> int:
    """Signals of reports that are late, and of sources that have fallen silent; how many are new. Those that came are explained."""
    owed = Report.objects.filter(
        received_at__isnull=True, excused="", due_at__lte=clock.now(), source__until__isnull=True
    )
    missing: dict[int, list[Report]] = defaultdict(list)
    for report in owed.select_related("source").order_by("source_id", "day"):
        missing[report.source_id].append(report)
    last_told = dict(
        Report.objects.filter(source_id__in=list(missing), received_at__isnull=False)
        .order_by().values_list("source_id").annotate(Max("day"))
    )  # fmt: skip
    found: dict[Key, Signal] = {}
    rows = []
    for pk, reports in missing.items():
        source = reports[0].source
        rows.append(source)
        run = [one for one in reports if last_told.get(pk) is None or one.day > last_told[pk]]
        if run:
            signal = _silence(source, run)
            found[_key(signal)] = signal
    waiting = Signal.objects.filter(kind__in=("late", "silent"), reason__in=("", "weak"), evidence__gt=0)
    rows += list(Source.objects.filter(pk__in=waiting.values("source")).exclude(pk__in=[row.pk for row in rows]))
    fresh = _written(rows, found, ("late", "silent"))
    if fresh:
        gather(by, {row.area for row in rows})
    return fresh


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _broken(rows: Iterable[Source]) -> dict[tuple[int, str], date]:
    """The last day on which each series began to mean something else."""
    found = Break.objects.filter(source__in=rows).order_by().values_list("source_id", "measure").annotate(Max("day"))
    return {(source, measure): day for source, measure, day in found}


def _window(area: str) -> date:
    return clock.today() - timedelta(days=int(rules.weight(area, "together")))


def _judged_alone(
    row: Source, one: Measure, covered: Collection[tuple[int, str]], charts: Collection[tuple[int, str]]
) -> bool:
    """Whether a measure is judged by a chart, a threshold or a method of its own; the others need not be read again."""
    at = row.pk, one.key
    return at in charts or one.thresholds is not None or bool(one.watch and at not in covered)


def _excess(
    row: Source, one: Series, broken_on: date | None, weight: float, chart: charting.Chart | None
) -> Iterable[Signal]:
    """What is too much by the chart chosen for the series, else by the method of its kind."""
    measure = kind(row.kind).measures[one.measure]
    judged = charting.judged(one, chart, broken_on) if chart else judging.judge(one, measure, row.area, broken_on)
    recent = one.days > np.datetime64(_window(row.area))
    for at in np.flatnonzero(recent & (judged.alarm == Alarm.YES)).tolist():
        far = (
            charting.score(chart, float(one.values[at]), float(judged.expected[at]))
            if chart
            else judging.score(judged, at, row.area, measure)
        )
        bound = float(judged.upperbound[at])
        yield Signal(
            source=row, kind="chart" if chart else "excess", measure=one.measure, unit=one.unit, day=one.days[at].item(), area=row.area,
            method=judged.parameters, observed=float(one.values[at]), expected=float(judged.expected[at]),
            upperbound=bound if np.isfinite(bound) else None, score=far, evidence=_evidence(row.area, far * weight), at=clock.now(),
        )  # fmt: skip


def _spoken(of_all: Fused) -> Iterable[Signal]:
    for part in of_all.parts:
        yield Signal(
            source=part.source, kind="excess", measure=part.measure, day=part.day, area=part.source.area, method=METHOD,
            observed=part.observed, expected=part.expected if np.isfinite(part.expected) else None, upperbound=None,
            score=part.score if np.isfinite(part.score) else 0.0, evidence=part.evidence, at=clock.now(),
        )  # fmt: skip


def _evidence(area: str, score: float) -> float:
    return min(rules.weight(area, "most"), score * rules.weight(area, "per_sd"))


def _reached(row: Source, one: Series) -> Iterable[Signal]:
    """Cluster thresholds of the pack: those of a class on its own series, those of the place on the whole."""
    rule = kind(row.kind).measures[one.measure].thresholds
    assert rule is not None
    pack = packs.pack(rule.pack, row.area)
    wanted = rule.unit if one.unit else rule.whole
    known = ~np.isnan(one.values)
    counts = {day.item(): float(value) for day, value in zip(one.days[known], one.values[known], strict=True)}
    for threshold in pack.thresholds:
        if threshold.key not in wanted:
            continue
        within = threshold.within.delta.days if threshold.within else 1
        since = _window(row.area) - timedelta(days=within)
        days = [day for day in counts if day > since]
        for day, number in judging.clusters(counts, threshold.count.number, within, days):
            if day > _window(row.area):
                yield Signal(
                    source=row, kind="threshold", measure=one.measure, unit=one.unit, day=day, area=row.area,
                    method=f"{pack.id}@{pack.version} {threshold.key}", observed=number, expected=None,
                    upperbound=threshold.count.number - 1, evidence=rules.weight(row.area, "threshold"), at=clock.now(),
                )  # fmt: skip


def _silence(source: Source, run: Sequence[Report]) -> Signal:
    silent = len(run) >= rules.weight(source.area, "silent_after")
    return Signal(
        source=source, kind="silent" if silent else "late", day=run[0].day, area=source.area, method="report.due",
        observed=len(run), evidence=rules.weight(source.area, "silent" if silent else "late"), at=clock.now(),
    )  # fmt: skip


def _key(signal: Signal) -> Key:
    return signal.source_id, signal.kind, signal.measure, signal.unit, signal.day


def _written(
    rows: Sequence[Source], found: dict[Key, Signal], told: tuple[str, ...], among: Callable[[Signal], bool] = lambda _: True,
    gone: str = "corrected",
) -> int:  # fmt: skip
    """Write new signals, renew the numbers of those on record, and explain those among them that no longer hold as `gone`."""
    window = min((_window(row.area) for row in rows), default=clock.today())
    there = {_key(one): one for one in Signal.objects.filter(source__in=rows, kind__in=told, day__gt=window)}
    there |= {
        _key(one): one
        for one in Signal.objects.filter(
            source__in=rows, kind__in=("late", "silent"), reason__in=("", "weak"), evidence__gt=0
        )
        if one.kind in told
    }
    there = {key: one for key, one in there.items() if among(one) or key in found}
    Signal.objects.bulk_create([one for key, one in found.items() if key not in there])
    changed = []
    for key, old in there.items():
        new = found.get(key)
        if new is None and old.evidence:
            old.evidence, old.reason = 0, "received" if old.kind in ("late", "silent") else gone
        elif new is not None:
            old.observed, old.expected, old.upperbound = new.observed, new.expected, new.upperbound
            old.score, old.evidence, old.method = new.score, new.evidence, new.method
            old.reason = "" if old.reason in ("corrected", "received", "renewed") else old.reason
        changed.append(old)
    Signal.objects.bulk_update(
        changed, ["observed", "expected", "upperbound", "score", "evidence", "method", "reason"], batch_size=500
    )
    return len(set(found) - set(there))
