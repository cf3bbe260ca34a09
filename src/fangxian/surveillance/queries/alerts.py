"""Reading signals and alerts: what is open first by its clock, what each rests on, what was decided."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.duties import queries as duties
from fangxian.registry import queries as registry
from fangxian.surveillance import rules, subject
from fangxian.surveillance.kinds import kinds
from fangxian.surveillance.models import Alert, AlertNote, Signal
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
    return _rows(by, list(found.order_by("-pk")[:limit]))


def alert(by: Actor, code: str) -> AlertView:
    """One alert with its signals and its history. Raises NotFound outside of the actor's jurisdictions."""
    row = Alert.objects.filter(by.scope("surveillance.view"), code=ids.normalise_code(code)).first()
    if row is None:
        raise NotFound(_("There is no such alert."))
    told = [
        NoteView(one.at, one.what, one.by_name, Text(one.said_zh, one.said_en))
        for one in AlertNote.objects.filter(alert=row).order_by("at", "pk")
    ]
    mine = Signal.objects.filter(alert=row).select_related("source", "alert").order_by("-evidence", "pk")
    return AlertView(
        _rows(by, [row])[0], tuple(_signals(list(mine))), tuple(told), row.findings, row.label, row.reason, row.version,
        rules.weight(row.area, "prior"), row.quiet, rules.weight(row.area, "quiet"), _may(by, row),
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
    return _signals(list(found.select_related("source", "alert").order_by("-pk")[:limit]))


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


def _rows(by: Actor, found: Sequence[Alert]) -> list[AlertRow]:
    called = registry.short_area_names(row.area for row in found)
    waiting = duties.answering(by, subject.ALERT, [row.pk for row in found if row.state in Alert.OPEN])
    return [
        AlertRow(
            row.pk, row.code, row.area, called[row.area], row.origin, row.grade, row.probability, Text(row.why_zh, row.why_en),
            row.raised_at, row.state, row.ended_at, waiting[row.pk].due_at if row.pk in waiting else None,
            waiting[row.pk].holder if row.pk in waiting else "",
        )
        for row in found
    ]  # fmt: skip


def _signals(found: Iterable[Signal]) -> list[SignalView]:
    rows = list(found)
    called = registry.short_area_names(row.area for row in rows)
    views = []
    for row in rows:
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
