"""Sources register themselves, change their calendar, note what their series means from a day on, and retire (来源登记)."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, attempt, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import actions as duties
from fangxian.registry import queries as registry
from fangxian.registry.levels import LEVELS
from fangxian.surveillance import charting, subject
from fangxian.surveillance.actions.owing import owe_for
from fangxian.surveillance.calendars import calendar_of, closures
from fangxian.surveillance.checking import no_such_source
from fangxian.surveillance.events import NumbersReceived
from fangxian.surveillance.kinds import RHYTHMS, Kind, kind
from fangxian.surveillance.models import Break, Report, Source, Watch
from fangxian.surveillance.queries.series import of_sources
from fangxian.surveillance.schemas import SourceForm

#: What a source may change of itself later: what it is and where stay as they are.
CHANGEABLE = frozenset(
    {"name_zh", "name_en", "measures", "units", "rhythm", "due", "lag", "weekday", "closures", "organisation"}
)
#: Classes or wards of one source.
MOST_UNITS = 120


@action
def register_source(by: Actor, form: SourceForm) -> Source:
    """Register a source; what it owes from today on is opened at once.

    Raises Invalid naming the field at fault, NotFound for an unknown organisation or place, Conflict for a source that is
    there already.
    """
    of = kind(form.kind)
    name = form.name_zh.strip() or form.name_en.strip()
    if not name or max(len(name), len(form.name_en)) > 120:
        raise Invalid(_("A name of up to 120 characters is needed."), field="name_zh")
    if len(form.area) not in LEVELS or not form.area:
        raise Invalid(_("“%(code)s” is not the code of a jurisdiction.") % {"code": form.area}, field="area")
    by.must("surveillance.edit", form.area)
    today = clock.today()
    since = form.since or form.owed_from or today
    source = Source(
        code=ids.new_code(), kind=of.key, name_zh=name, name_en=form.name_en.strip(), organisation_id=_known(form.organisation),
        place_id=registry.place(form.place).pk if form.place.strip() else None, area=form.area, since=since,
        owed_from=max(form.owed_from or today, since), created_at=clock.now(), **_calendar(of, form),
    )  # fmt: skip
    if source.since > today:
        raise Invalid(_("This lies in the future."), remedy=_("Leave it empty for today."), field="since")
    try:
        with attempt():
            source.save(force_insert=True)
    except IntegrityError:
        raise Conflict(
            _("This organisation has a source of this kind and name already."),
            remedy=_("Open that one, or give this one a name of its own."), field="name_zh",
        ) from None  # fmt: skip
    record(
        by, "source.registered", ("source", source.pk), area=source.area,
        data={"code": source.code, "kind": source.kind, "name": source.name_zh, "organisation": source.organisation_id},
    )  # fmt: skip
    owe_for(by, [source])
    return source


@action
def change_source(by: Actor, code: str, changes: Mapping[str, Any], version: int) -> Source:
    """Change how a source reports. `changes` has fields of `SourceForm`; reports that are no longer due are excused.

    Raises Conflict where somebody has changed it since `version`.
    """
    source = locked(by, code, "surveillance.edit")
    if source.version != version:
        raise Conflict(_("Somebody has changed this source meanwhile."), remedy=_("Reload it and change it again."))
    for name in changes:
        if name not in CHANGEABLE:
            raise Invalid(
                _("“%(name)s” of a source is not changed.") % {"name": name},
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(sorted(CHANGEABLE))}, field=name,
            )  # fmt: skip
    given: dict[str, Any] = {
        "kind": source.kind, "name_zh": source.name_zh, "name_en": source.name_en, "organisation": source.organisation_id,
        "area": source.area, "measures": tuple(source.measures), "units": tuple(source.units), "rhythm": source.rhythm,
        "due": source.due, "lag": source.lag, "weekday": source.weekday, "closures": closures(source),
    }  # fmt: skip
    form = SourceForm(**{**given, **changes})
    if not form.name_zh.strip():
        raise Invalid(_("A name of up to 120 characters is needed."), field="name_zh")
    before = {name: str(given[name]) for name in changes}
    source.name_zh, source.name_en = form.name_zh.strip()[:120], form.name_en.strip()[:120]
    source.organisation_id = _known(form.organisation)
    for name, value in _calendar(kind(source.kind), form).items():
        setattr(source, name, value)
    source.version += 1
    source.save()
    record(
        by, "source.changed", ("source", source.pk), area=source.area,
        data={"code": source.code, "before": before, "now": {name: str(changes[name]) for name in changes}},
    )  # fmt: skip
    _excuse(by, source)
    owe_for(by, [source])
    return source


@action
def note_break(by: Actor, code: str, measure: str, day: date, note: str) -> Break:
    """Note that a series means something else from a day on (口径变更): what lies before is no baseline for what comes after."""
    source = locked(by, code, "surveillance.edit")
    if measure not in source.measures:
        raise Invalid(
            _("This source does not report “%(measure)s”.") % {"measure": measure[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(source.measures)}, field="measure",
        )  # fmt: skip
    if not source.since <= day <= clock.today():
        raise Invalid(_("This day lies outside of the series."), remedy=_("Choose a day up to today."), field="day")
    note = note.strip()[:300]
    if len(note) < 2:
        raise Invalid(_("Say what has changed."), remedy=_("Write one sentence; it stays on record."), field="note")
    row, _new = Break.objects.update_or_create(
        source=source, measure=measure, day=day, defaults={"note": note, "by_name": by.name, "at": clock.now()}
    )
    record(
        by, "source.break", ("source", source.pk), area=source.area,
        data={"code": source.code, "measure": measure, "day": day.isoformat(), "note": note},
    )  # fmt: skip
    return row


@action
def choose_chart(by: Actor, code: str, measure: str, method: str, run_length: int) -> Watch:
    """Watch a series by a control chart that alarms by chance once in `run_length` reports.

    The chart learns now what is usual, and keeps it until it is chosen anew. Raises Invalid naming the field at fault.
    """
    source = locked(by, code, "surveillance.edit")
    of = kind(source.kind).measures.get(measure)
    if of is None or of.derived or of.unit != "count" or measure not in source.measures:
        counted = [one for one in source.measures if kind(source.kind).measures[one].unit == "count"]
        raise Invalid(
            _("“%(measure)s” is no number of cases that this source reports.") % {"measure": measure[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(counted)}, field="measure",
        )  # fmt: skip
    series = [one for _row, one in of_sources([source], measures=[measure]) if not one.unit]
    if not series:
        raise Invalid(_("Nothing was told of this yet."), remedy=_("Send the history of the source."), field="measure")
    began = Break.objects.filter(source=source, measure=measure).order_by("-day").first()
    chart, first, last = charting.learnt(series[0], method, run_length, began.day if began else None)
    kept = {
        "method": method, "run_length": run_length, "usual": list(chart.usual), "dispersion": chart.dispersion,
        "limit": chart.limit, "learnt_from": first, "learnt_until": last, "by_name": by.name, "at": clock.now(),
    }  # fmt: skip
    watch, _new = Watch.objects.update_or_create(source=source, measure=measure, defaults=kept)
    record(
        by, "source.chart", ("source", source.pk), area=source.area,
        data={"code": source.code, "measure": measure, "method": method, "run_length": run_length, "limit": round(chart.limit, 6)},
    )  # fmt: skip
    emit(NumbersReceived((source.pk,)))
    return watch


@action
def drop_chart(by: Actor, code: str, measure: str) -> Source:
    """Watch a series as is usual for its kind again. Raises NotFound where no chart was chosen."""
    source = locked(by, code, "surveillance.edit")
    gone, _rows = Watch.objects.filter(source=source, measure=measure).delete()
    if not gone:
        raise NotFound(_("No control chart was chosen for this series."), field="measure")
    data = {"code": source.code, "measure": measure, "method": ""}
    record(by, "source.chart", ("source", source.pk), area=source.area, data=data)
    emit(NumbersReceived((source.pk,)))
    return source


@action
def retire_source(by: Actor, code: str, reason: str) -> Source:
    """End a source: nothing more is owed from tomorrow on, and its series ends with words instead of silence."""
    source = locked(by, code, "surveillance.edit")
    if source.until is not None:
        raise Conflict(_("This source has ended already."))
    reason = reason.strip()[:300]
    if len(reason) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    source.until = clock.today()
    source.version += 1
    source.save(update_fields=["until", "version"])
    record(
        by, "source.retired", ("source", source.pk), area=source.area, data={"code": source.code, "reason": reason}
    )  # fmt: skip
    return source


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def locked(by: Actor, code: str, right: str) -> Source:
    """A source that the actor may know of, locked. Raises NotFound, or NotAllowed for the right itself."""
    source = Source.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if source is None or not any(
        by.may(known, source.area, source.organisation_id) for known in ("surveillance.view", "surveillance.report")
    ):
        raise no_such_source()
    by.must(right, source.area, source.organisation_id)
    return source


def _known(organisation: int) -> int:
    if organisation not in registry.organisation_ids([organisation]):
        raise NotFound(
            _("There is no such organisation."), remedy=_("Register it first."), field="organisation"
        )  # fmt: skip
    return organisation


def _calendar(of: Kind, form: SourceForm) -> dict[str, Any]:
    """The fields of a source that say what it reports and when. Raises Invalid."""
    entered = [one.key for one in of.entered]
    unknown = [key for key in form.measures if key not in entered]
    if unknown:
        raise Invalid(
            _("This kind of source does not report “%(measure)s”.") % {"measure": unknown[0][:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(entered)}, field="measures",
        )  # fmt: skip
    chosen = [key for key in entered if key in form.measures or (not form.measures and key in of.required)]
    units = [one.strip() for one in form.units if one.strip()]
    if len(set(units)) != len(units) or len(units) > MOST_UNITS or any(len(one) > 40 or ":" in one for one in units):
        raise Invalid(
            _("Classes or wards are up to %(most)s different names of up to 40 characters, without a colon.") % {"most": MOST_UNITS},
            field="units",
        )  # fmt: skip
    if units and of.by_unit is None:
        raise Invalid(_("This kind of source reports as a whole."), remedy=_("Leave the classes empty."), field="units")
    rhythm = form.rhythm or of.rhythm
    if rhythm not in RHYTHMS:
        raise Invalid(
            _("“%(value)s” is no rhythm of reporting.") % {"value": rhythm[:40]},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(RHYTHMS)}, field="rhythm",
        )  # fmt: skip
    lag = of.lag if form.lag is None else form.lag
    if not 0 <= lag <= 31 or not 0 <= form.weekday <= 6:
        raise Invalid(
            _("A report is due 0 to 31 days after its day, and a week has the days 0 to 6."), field="lag"
        )  # fmt: skip
    for first, last in form.closures:
        if last < first:
            raise Invalid(
                _("The end lies before the beginning."), remedy=_("Correct one of the two days."), field="closures"
            )
    return {
        "measures": chosen, "units": units, "rhythm": rhythm, "due": form.due or of.due, "lag": lag, "weekday": form.weekday,
        "closures": [[first.isoformat(), last.isoformat()] for first, last in form.closures],
    }  # fmt: skip


def _excuse(by: Actor, source: Source) -> None:
    """Reports that the calendar no longer asks for are excused, and their duties end."""
    calendar = calendar_of(source)
    open_reports = Report.objects.filter(source=source, received_at__isnull=True, excused="", due_at__isnull=False)
    gone = [one for one in open_reports if not calendar.owes(one.day)]
    if gone:
        why = _("The calendar of the source was changed.")
        Report.objects.filter(pk__in=[one.pk for one in gone]).update(excused=why)
        duties.end_all(by, subject.REPORT, {one.pk: ("closed", why) for one in gone})
