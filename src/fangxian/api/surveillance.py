"""Early warning: sources and what they tell, late reports, series, signals, alerts from triage to their end."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from ninja import Router

from fangxian.api.batches import RowRefused, readable, rows_of, told
from fangxian.api.offering import offer
from fangxian.api.shapes import Shown, changes, shown
from fangxian.core.access import Actor
from fangxian.surveillance import actions, queries
from fangxian.surveillance.actions.registering import CHANGEABLE
from fangxian.surveillance.queries.sources import ChartView
from fangxian.surveillance.schemas import (
    AlertRow,
    AlertView,
    ObservationForm,
    ReportView,
    Series,
    SourceForm,
    SourceView,
)
from fangxian.text import Text

router = Router(tags=["surveillance"])


class SourceShown(Shown):
    """A source: what it is, who answers for it, what it tells and when. `late` counts the reports that are past their hour."""

    id: int
    code: str
    kind: str
    name: shown(Text)  # type: ignore[valid-type]
    organisation_id: int
    area: str
    measures: list[str]
    units: list[str]
    rhythm: str
    due: time
    lag: int
    weekday: int
    closures: list[list[date]]
    since: date
    owed_from: date
    until: date | None
    last_day: date | None
    late: int
    version: int


class NumbersTaken(Shown):
    """What became of a batch of numbers, and the rows left out."""

    new: int
    corrected: int
    unchanged: int
    refused: list[RowRefused]


class SeriesShown(Shown):
    """One measure of one source: `days` and their `values`, null where nothing was told."""

    source: str
    measure: str
    unit: str
    period: str
    days: list[date]
    values: list[float | None]


class UntestedSettled(Shown):
    """What became of a fever patient who was not tested."""

    day: date
    reference: str
    reason: str
    settled: str
    settled_at: datetime | None


class BreakNoted(Shown):
    """From this day on a series means something else."""

    measure: str
    day: date
    note: str
    by_name: str


def tell_numbers(by: Actor, observations: Sequence[Any]) -> Mapping[str, Any]:
    """Tell up to 5,000 numbers of any of one's sources; what is told twice is taken once, rows that are refused do not stop the others."""
    forms, refused = readable(observations)
    places = list(forms)
    done = actions.report_many(by, list(forms.values()))
    refused |= {places[place]: refusal for place, refusal in done.refused}
    return {"new": done.new, "corrected": done.corrected, "unchanged": done.unchanged, "refused": told(refused)}


def source_series(
    by: Actor, code: str, *, measure: str = "", first: date | None = None, last: date | None = None
) -> list[Series]:
    """The series of a source, entered and computed; of the last 400 days where nobody says which."""
    return queries.series(by, source=queries.source(by, code).code, measure=measure, first=first, last=last)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _source(by: Actor, row: Any) -> Mapping[str, Any]:
    return _shown_source(row if isinstance(row, SourceView) else queries.source(by, row.code))


def _sources(by: Actor, rows: Iterable[SourceView]) -> list[Mapping[str, Any]]:
    return [_shown_source(row) for row in rows]


def _shown_source(row: SourceView) -> Mapping[str, Any]:
    plain = {name: getattr(row, name) for name in SourceShown.model_fields if name not in ("kind", "measures")}
    return plain | {"kind": row.kind.key, "measures": [one.key for one in row.measures]}


def _series(by: Actor, rows: Iterable[Series]) -> list[Mapping[str, Any]]:
    return [
        {
            "source": one.source, "measure": one.measure, "unit": one.unit, "period": one.period, "days": one.days.tolist(),
            "values": [None if value != value else value for value in one.values.tolist()],
        }
        for one in rows
    ]  # fmt: skip


def _report(by: Actor, row: Any) -> ReportView:
    return queries.reports(by, row.source.code, row.day, row.day)[0]


def _chart(by: Actor, row: Any) -> ChartView:
    return next(one for one in queries.charts(by, row.source.code) if one.measure == row.measure)


def _alert(by: Actor, row: Any) -> AlertView:
    return queries.alert(by, row.code)


ALERT = shown(AlertView)
ROW = shown(AlertRow)
CHANGES = {"changes": changes(SourceForm, CHANGEABLE, name="SourceChanges")}
BATCH = {"observations": rows_of(ObservationForm, name="ObservationOfBatch")}

offer(router, "GET", "/sources", queries.sources, SourceShown, after=lambda row: row.id, then=_sources)
offer(router, "POST", "/sources", actions.register_source, SourceShown, status=201, keyed=True, then=_source)
offer(router, "GET", "/sources/mine", queries.my_sources, SourceShown, then=_sources)
offer(router, "GET", "/sources/{code}", queries.source, SourceShown, then=_source)
offer(router, "PATCH", "/sources/{code}", actions.change_source, SourceShown, given=CHANGES, then=_source)
offer(router, "POST", "/sources/{code}/end", actions.retire_source, SourceShown, keyed=True, then=_source)
offer(router, "GET", "/sources/{code}/reports", queries.reports)
offer(router, "GET", "/sources/{code}/versions", queries.versions)
offer(router, "GET", "/sources/{code}/untested", queries.untested)
offer(router, "POST", "/sources/{code}/untested", actions.settle_untested, UntestedSettled, keyed=True)
offer(router, "GET", "/sources/{code}/breaks", queries.breaks)
offer(router, "POST", "/sources/{code}/breaks", actions.note_break, BreakNoted, keyed=True)
offer(router, "GET", "/sources/{code}/charts", queries.charts)
offer(router, "POST", "/sources/{code}/charts", actions.choose_chart, shown(ChartView), keyed=True, then=_chart)
offer(router, "POST", "/sources/{code}/charts/end", actions.drop_chart, SourceShown, keyed=True, then=_source)
offer(router, "GET", "/sources/{code}/series", source_series, SeriesShown, then=_series)
offer(router, "POST", "/reports", actions.report, shown(ReportView), keyed=True, then=_report)
offer(router, "POST", "/observations", tell_numbers, NumbersTaken, keyed=True, given=BATCH)
offer(router, "GET", "/late-reports", queries.late_reports, after=lambda row: row.id)
offer(router, "GET", "/signals", queries.signals, after=lambda row: row.id)
offer(router, "GET", "/alerts", queries.alerts, ROW, after=lambda row: row.id)
offer(router, "POST", "/alerts", actions.report_rumour, ALERT, status=201, keyed=True, then=_alert)
offer(router, "GET", "/alerts/{code}", queries.alert, ALERT)
offer(router, "POST", "/alerts/{code}/triage", actions.triage_alert, ALERT, keyed=True, then=_alert)
offer(router, "POST", "/alerts/{code}/verification", actions.verify_alert, ALERT, keyed=True, then=_alert)
offer(router, "POST", "/alerts/{code}/confirmation", actions.confirm_alert, ALERT, keyed=True, then=_alert)
offer(router, "POST", "/alerts/{code}/dismissal", actions.dismiss_alert, ALERT, keyed=True, then=_alert)
