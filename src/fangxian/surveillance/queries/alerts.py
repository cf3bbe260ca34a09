"""Reading signals and alerts: what is open first by its clock, what each rests on, what was decided."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.duties import queries as duties
from fangxian.registry import queries as registry
from fangxian.surveillance import rules, subject, trusting
from fangxian.surveillance.kinds import kinds
from fangxian.surveillance.models import Alert, AlertNote, Signal
from fangxian.surveillance.queries.overview import drawn
from fangxian.surveillance.queries.sources import name_of
from fangxian.surveillance.schemas import AlertRow, AlertView, NoteView, SignalView
from fangxian.text import Text

_NOTHING = Text("", "")


def alerts(
    by: Actor, area: str = "", *, state: str = "", grade: str = "", after: int | None = None, limit: int = 50
) -> list[AlertRow]:
    """Alerts of a jurisdiction, the newest first; `state` may also be `open`. `after` is the id of the last one read."""
    found = Alert.objects.filter(by.scope("surveillance.view"), within(area))
    if state:
        found = found.filter(state__in=Alert.OPEN if state == "open" else (state,))
    if grade:
        found = found.filter(grade=grade)
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.order_by("-pk")[:limit])
    return _rows(by, rows, registry.short_area_names(row.area for row in rows))


def alert(by: Actor, code: str) -> AlertView:
    """One alert with its signals and its history. Raises NotFound outside of the actor's jurisdictions."""
    row = Alert.objects.filter(by.scope("surveillance.view"), code=ids.normalise_code(code)).first()
    if row is None:
        raise NotFound(_("There is no such alert."))
    told = [
        NoteView(one.at, one.what, one.by_name, Text(one.said_zh, one.said_en))
        for one in AlertNote.objects.filter(alert=row).order_by("at", "pk")
    ]
    mine = list(Signal.objects.filter(alert=row).select_related("source", "alert").order_by("-evidence", "pk"))
    sources = {one.source_id: one.source for one in mine}
    records = {sources[pk].code: one for pk, one in trusting.records(sources.values()).items()}
    areas = {row.area, *(one.area for one in mine), *(one.area for one in sources.values())}
    called = registry.short_area_names(areas)
    marked: dict[tuple[int, str], set[date]] = defaultdict(set)
    for one in mine:
        if one.evidence > 0:
            marked[one.source_id, one.measure].add(one.day)
    return AlertView(
        _rows(by, [row], called)[0], tuple(_signals(mine, called)), tuple(told), row.findings, row.label, row.reason, row.version,
        rules.weight(row.area, "prior"), row.quiet, rules.weight(row.area, "quiet"), records,
        tuple(drawn(list(sources.values()), called, marked)), _may(by, row),
    )  # fmt: skip


def signals(
    by: Actor,
    area: str = "",
    *,
    source: str = "",
    kind: str = "",
    state: str = "",
    after: int | None = None,
    limit: int = 100,
) -> list[SignalView]:
    """Signals of a jurisdiction, the newest first. `state`: in_alert, or the reason why one is in none."""
    found = Signal.objects.filter(by.scope("surveillance.view"), within(area))
    if source:
        found = found.filter(source__code=ids.normalise_code(source))
    if kind:
        found = found.filter(kind=kind)
    if state:
        found = found.filter(alert__isnull=False, reason="") if state == "in_alert" else found.filter(reason=state)
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.select_related("source", "alert").order_by("-pk")[:limit])
    return _signals(rows, registry.short_area_names(row.area for row in rows))


def unexplained(area: str = "") -> list[int]:
    """Signals that are in no alert and say no reason. It must be empty: this is how one knows."""
    lost = Signal.objects.filter(within(area), alert__isnull=True, reason="")
    return list(lost.values_list("pk", flat=True)[:1000])


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _may(by: Actor, row: Alert) -> frozenset[str]:
    may = set()
    if row.state in Alert.OPEN and by.may("surveillance.triage", row.area):
        may |= {"dismiss"}
        if row.state == Alert.RAISED:
            may.add("triage")
        elif row.verified_at is not None:
            may.add("confirm")
    if row.state == Alert.VERIFYING and by.may("surveillance.verify", row.area):
        may.add("verify")
    return frozenset(may)


def _rows(by: Actor, found: Sequence[Alert], called: Mapping[str, str]) -> list[AlertRow]:
    waiting = duties.answering(by, subject.ALERT, [row.pk for row in found if row.state in Alert.OPEN])
    return [
        AlertRow(
            row.pk, row.code, row.area, called[row.area], row.origin, row.grade, row.probability, Text(row.why_zh, row.why_en),
            row.raised_at, row.state, row.ended_at, waiting[row.pk].due_at if row.pk in waiting else None,
            waiting[row.pk].holder if row.pk in waiting else "",
        )
        for row in found
    ]  # fmt: skip


def _signals(found: Iterable[Signal], called: Mapping[str, str]) -> list[SignalView]:
    views = []
    for row in found:
        measure = kinds()[row.source.kind].measures.get(row.measure)
        state = row.reason or ("in_alert" if row.alert_id else "")
        views.append(
            SignalView(
                row.pk, row.source.code, name_of(row.source), row.source.kind, row.kind, row.measure,
                measure.name if measure else _NOTHING, row.unit, row.day, row.area, called[row.area], row.method, row.observed,
                row.expected, row.upperbound, row.score, row.evidence, row.alert.code if row.alert else "", state,
            )
        )  # fmt: skip
    return views
