"""Reading sources: mine, those of a place, what each has told and still owes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import get_language

from fangxian.core import clock, ids
from fangxian.core.access import Actor, within
from fangxian.registry import queries as registry
from fangxian.surveillance.calendars import closures
from fangxian.surveillance.charting import Chart
from fangxian.surveillance.checking import lacks, no_such_source, unnamed
from fangxian.surveillance.kinds import kind, kinds
from fangxian.surveillance.models import Break, Observation, Report, Source, Untested, Watch
from fangxian.surveillance.schemas import ReportView, SourceView
from fangxian.text import Text

_OWED = Q(received_at__isnull=True, excused="", due_at__isnull=False)


def visible(by: Actor) -> Q:
    """The sources that an actor may know of: those of the area that is watched, and one's own."""
    return by.scope("surveillance.view", organisation="organisation_id") | by.scope(
        "surveillance.report", organisation="organisation_id"
    )


def sources(
    by: Actor, area: str = "", *, kind: str = "", after: int = 0, limit: int = 100, ended: bool = False
) -> list[SourceView]:
    """Sources of a jurisdiction, by id from the one after `after`. Four queries."""
    found = Source.objects.filter(visible(by), within(area), pk__gt=after)
    if kind:
        found = found.filter(kind=kind)
    if not ended:
        found = found.filter(until__isnull=True)
    return _views(found.order_by("pk")[:limit])


def my_sources(
    by: Actor, *, late: bool | None = None, text: str = "", after: int = 0, limit: int = 60
) -> list[SourceView]:
    """The sources for which the actor reports: those of one's own organisation, or of one's area; by id from the one after `after`.

    With `late` only those of which a report is past its hour, or only the others; with `text` those that have it in their name, or
    that are the code. Four queries.
    """
    mine = by.scope("surveillance.report", organisation="organisation_id")
    found = Source.objects.filter(mine, until__isnull=True, pk__gt=after)
    if text:
        named = Q(name_zh__icontains=text) | Q(name_en__icontains=text)
        found = found.filter(named | Q(code=ids.normalise_code(text)))
    if late is not None:
        behind = Q(pk__in=Report.objects.filter(_OWED, due_at__lte=clock.now()).values("source"))
        found = found.filter(behind if late else ~behind)
    return _views(found.order_by("pk")[:limit])


def source(by: Actor, code: str) -> SourceView:
    """One source. Raises NotFound."""
    return _views([_one(by, code)])[0]


@dataclass(frozen=True, slots=True)
class LateReport:
    """A report that is past its hour."""

    id: int
    source: str
    source_name: Text
    kind: Text
    organisation: str
    area: str
    area_name: str
    day: date
    due_at: datetime


def late_reports(by: Actor, area: str = "", *, after: int = 0, limit: int = 100) -> list[LateReport]:
    """Reports past their hour that have not come, by id from the one after `after`."""
    found = Report.objects.filter(
        _OWED, within(area, "source__area"), source__in=Source.objects.filter(visible(by)), due_at__lte=clock.now(), pk__gt=after,
    )  # fmt: skip
    rows = list(found.select_related("source__organisation").order_by("pk")[:limit])
    called = registry.short_area_names(row.source.area for row in rows)
    return [
        LateReport(
            row.pk, row.source.code, name_of(row.source), kinds()[row.source.kind].name, _body(row.source), row.source.area,
            called[row.source.area], row.day, row.due_at,
        )
        for row in rows if row.due_at
    ]  # fmt: skip


def reports(by: Actor, code: str, first: date, last: date) -> list[ReportView]:
    """What a source has told and owes about the days from first to last, the newest first. Four queries."""
    return _reports(_one(by, code), first, last)


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the page of a source shows."""

    source: SourceView
    reports: list[ReportView]
    untested: "list[UntestedView]"
    breaks: "list[BreakView]"
    charts: "list[ChartView]"


def sheet(by: Actor, code: str, first: date, last: date) -> Sheet:
    """A source with its reports of these days, who was not tested, the notes on its series and its charts. Ten queries."""
    row = _one(by, code)
    return Sheet(_views([row])[0], _reports(row, first, last), _untested(row, 20), _breaks(row), _charts(row))


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a number: what it was held to be, from when, by whom, why it was changed."""

    measure: str
    unit: str
    value: float
    version: int
    known_at: datetime
    by_name: str
    channel: str
    reason: str


def versions(by: Actor, code: str, day: date) -> list[Version]:
    """Every version of every number of a day, the oldest first (订正留痕)."""
    rows = Observation.objects.filter(source=_one(by, code), day=day).order_by("measure", "unit", "version")
    return [
        Version(one.measure, one.unit, one.value, one.version, one.known_at, one.by_name, one.channel, one.reason)
        for one in rows
    ]


@dataclass(frozen=True, slots=True)
class UntestedView:
    """A fever patient who was not tested, and what became of it."""

    day: date
    reference: str
    reason: str
    settled: str
    settled_at: datetime | None


def untested(by: Actor, code: str, *, limit: int = 100) -> list[UntestedView]:
    """Who was not tested, those still open first, then the newest."""
    return _untested(_one(by, code), limit)


@dataclass(frozen=True, slots=True)
class BreakView:
    """From this day on a series means something else."""

    measure: str
    day: date
    note: str
    by_name: str


def breaks(by: Actor, code: str) -> list[BreakView]:
    """The notes on the series of a source, the newest first."""
    return _breaks(_one(by, code))


@dataclass(frozen=True, slots=True)
class ChartView:
    """A control chart chosen for a series: without any change it alarms once in `run_length` reports, when it reaches `limit`.

    `usual` is the mean it learnt, over all weekdays, between the two days; `dispersion` α of the variance μ + α·μ².
    """

    measure: str
    method: str
    run_length: int
    limit: float
    usual: float
    dispersion: float
    learnt_from: date
    learnt_until: date
    by_name: str
    at: datetime


def charts(by: Actor, code: str) -> list[ChartView]:
    """The control charts that were chosen for the series of a source."""
    return _charts(_one(by, code))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def name_of(row: Source) -> Text:
    """The name of a source in both languages."""
    return Text(row.name_zh, row.name_en or row.name_zh)


def _one(by: Actor, code: str) -> Source:
    row = Source.objects.filter(visible(by), code=ids.normalise_code(code)).select_related("organisation").first()
    if row is None:
        raise no_such_source()
    return row


def _body(row: Source) -> str:
    body = row.organisation
    return body.name_zh if (get_language() or "zh").startswith("zh") else body.name_en or body.name_zh


def _views(found: "QuerySet[Source] | Sequence[Source]") -> list[SourceView]:
    rows = list(found.select_related("organisation") if isinstance(found, QuerySet) else found)
    told, late = _standing([row.pk for row in rows])
    called = registry.short_area_names(row.area for row in rows)
    return [
        SourceView(
            row.pk, row.code, kind(row.kind), name_of(row), row.organisation_id, _body(row), row.area, called[row.area],
            tuple(kind(row.kind).measures[key] for key in row.measures), tuple(row.units), row.rhythm, row.due, row.lag,
            row.weekday, closures(row), row.since, row.owed_from, row.until, told.get(row.pk), late.get(row.pk, 0), row.version,
        )
        for row in rows
    ]  # fmt: skip


def _standing(pks: Iterable[int]) -> tuple[Mapping[int, date | None], Mapping[int, int]]:
    """The last day that each source has told of, and how many of its reports are late."""
    keys = list(pks)
    # The newest of each by the index of source and day: a maximum would read all that it ever told.
    newest = Report.objects.filter(source=OuterRef("pk"), received_at__isnull=False).order_by("-day").values("day")[:1]
    owed = Report.objects.filter(_OWED, due_at__lte=clock.now(), source=OuterRef("pk")).order_by().values("source")
    late = owed.annotate(n=Count("pk")).values("n")
    rows = Source.objects.filter(pk__in=keys).annotate(told=Subquery(newest), late=Subquery(late))
    found = list(rows.values_list("pk", "told", "late"))
    return {pk: told for pk, told, _late in found}, {pk: number or 0 for pk, _told, number in found}


def _reports(row: Source, first: date, last: date) -> list[ReportView]:
    written = Report.objects.filter(source=row, day__gte=first, day__lte=last).order_by("-day")
    values: dict[date, dict[tuple[str, str], float]] = defaultdict(dict)
    for one in Observation.objects.filter(source=row, day__gte=first, day__lte=last, superseded_at__isnull=True):
        values[one.day][one.measure, one.unit] = one.value
    named = Counter(Untested.objects.filter(source=row, day__gte=first, day__lte=last).values_list("day", flat=True))
    return [_report(row, one, values[one.day], named[one.day]) for one in written]


def _report(row: Source, one: Report, values: Mapping[tuple[str, str], float], named: int) -> ReportView:
    keyed = {(row.pk, one.day, measure, unit): value for (measure, unit), value in values.items()}
    gaps = lacks(row, one.day, keyed, named)
    if one.excused:
        state = "excused"
    elif one.received_at is not None and not gaps:
        state = "received"
    elif one.due_at is not None and one.due_at <= clock.now():
        state = "late"
    else:
        state = "partial" if values else "owed"
    told = {f"{measure}:{unit}" if unit else measure: value for (measure, unit), value in values.items()}
    nameless = unnamed(kind(row.kind), row.pk, one.day, keyed, named)
    return ReportView(row.code, one.day, one.due_at, one.received_at, state, told, gaps, named, nameless)


def _untested(row: Source, limit: int) -> list[UntestedView]:
    rows = Untested.objects.filter(source=row).order_by(F("settled_at").asc(nulls_first=True), "-day", "pk")[:limit]
    return [UntestedView(one.day, one.reference, one.reason, one.settled, one.settled_at) for one in rows]


def chart_of(row: Watch) -> Chart:
    """The chart as it is kept."""
    return Chart(row.method, row.run_length, tuple(row.usual), row.dispersion, row.limit)


def _charts(row: Source) -> list[ChartView]:
    return [
        ChartView(
            one.measure, one.method, one.run_length, one.limit, sum(one.usual) / len(one.usual), one.dispersion, one.learnt_from,
            one.learnt_until, one.by_name, one.at,
        )
        for one in Watch.objects.filter(source=row).order_by("measure")
    ]  # fmt: skip


def _breaks(row: Source) -> list[BreakView]:
    rows = Break.objects.filter(source=row).order_by("-day", "measure")
    return [BreakView(one.measure, one.day, one.note, one.by_name) for one in rows]
