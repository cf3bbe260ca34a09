"""Numbers come in: by a form in ten seconds, from a file, from a program; checked alike, corrected with their history kept (报数)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.surveillance import subject
from fangxian.surveillance.actions.registering import locked
from fangxian.surveillance.checking import Known, check, known, lacking, no_such_source
from fangxian.surveillance.events import NumbersReceived
from fangxian.surveillance.kinds import Measure
from fangxian.surveillance.models import Observation, Report, Source, Untested
from fangxian.surveillance.schemas import ObservationForm, ReportForm, Taken, UntestedForm

#: Numbers of one call; more are for the caller to cut into pieces.
MOST = 20_000


@action
def report(by: Actor, form: ReportForm) -> Report:
    """What one source says of one day, all of it or nothing.

    Raises Invalid naming the measure at fault; Conflict (`implausible`) where a number is far above what the source usually
    tells, until it is sent again with `confirmed`. The day's duty is done once every required number is there and every fever
    patient who was not tested is named.
    """
    rows = [
        ObservationForm(
            source=form.source, day=form.day, measure=key.partition(":")[0], unit=key.partition(":")[2], value=value,
            confirmed=form.confirmed, reason=form.reason,
        )
        for key, value in form.values.items()
    ]  # fmt: skip
    source = locked(by, form.source, "surveillance.report")
    if not rows:
        raise Invalid(_("There is no number here."), remedy=_("Enter one; zero counts too."), field="values")
    taken = _take(by, rows, {form.source: source})
    if taken.refused:
        raise taken.refused[0][1]
    _name_untested(source, form.day, form.untested)
    _settle(by, [(source, form.day)])
    return Report.objects.select_related("source").get(source=source, day=form.day)


@action
def report_many(by: Actor, rows: Sequence[ObservationForm]) -> Taken:
    """Many numbers of any of the caller's sources; those that are refused do not stop the others. The same number again changes nothing."""
    if len(rows) > MOST:
        raise Invalid(_("These are too many at once."), remedy=_("Send %(most)s at a time.") % {"most": MOST})
    taken = _take(by, rows, _sources(by, {row.source for row in rows}))
    left_out = {place for place, _refusal in taken.refused}
    told = {(row.source, row.day) for place, row in enumerate(rows) if place not in left_out}
    sources = _sources(by, {code for code, _day in told})
    _settle(by, [(sources[code], day) for code, day in sorted(told)])
    return taken


@action
def settle_untested(by: Actor, code: str, day: date, reference: str, what: str) -> Untested:
    """Say what became of a fever patient who was not tested: tested later, or why not."""
    source = locked(by, code, "surveillance.report")
    row = Untested.objects.select_for_update().filter(source=source, day=day, reference=reference).first()
    if row is None:
        raise NotFound(_("There is no such visit on the list."))
    if row.settled_at is not None:
        raise Conflict(_("This was settled already."))
    what = what.strip()[:300]
    if len(what) < 2:
        raise Invalid(_("Say what became of it."), remedy=_("“Tested on …” is enough."), field="what")
    row.settled, row.settled_at = what, clock.now()
    row.save(update_fields=["settled", "settled_at"])
    record(
        by, "untested.settled", ("source", source.pk), area=source.area,
        data={"code": source.code, "day": day.isoformat(), "reference": reference, "what": what},
    )  # fmt: skip
    return row


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sources(by: Actor, codes: Iterable[str]) -> dict[str, Source]:
    """The sources of these codes (as written) for which the actor may report; the others are left out."""
    written = {ids.normalise_code(code): code for code in codes}
    found = Source.objects.filter(
        by.scope("surveillance.report", organisation="organisation_id"), code__in=list(written)
    )
    return {written[source.code]: source for source in found}


def _take(by: Actor, rows: Sequence[ObservationForm], sources: Mapping[str, Source]) -> Taken:
    refused: dict[int, Refusal] = {}
    there = known(sources.values(), {row.day for row in rows})
    fresh: dict[tuple[Any, ...], tuple[int, ObservationForm]] = {}
    for place, row in enumerate(rows):
        source = sources.get(row.source)
        try:
            if source is None:
                raise no_such_source(row.source[:40])
            check(source, row, there)
            key = (source.pk, row.day, row.measure, row.unit)
            if key in fresh:
                raise Conflict(
                    _("This number stands twice in the same list."), remedy=_("Keep the row that is right."),
                    code="duplicate_in_list", field="day",
                )  # fmt: skip
            fresh[key] = place, row
        except Refusal as refusal:
            refused[place] = refusal
    for key in [
        key for key in fresh if (fault := _part_too_large(key, fresh, there)) and _refuse(refused, fresh[key], fault)
    ]:
        del fresh[key]
    return _written(by, {source.pk: source for source in sources.values()}, fresh, there, refused)


def _refuse(refused: dict[int, Refusal], one: tuple[int, ObservationForm], fault: Refusal) -> bool:
    refused[one[0]] = fault
    return True


def _part_too_large(
    key: tuple[Any, ...], fresh: Mapping[Any, tuple[int, ObservationForm]], there: Known
) -> Refusal | None:
    """Why a number cannot be: it counts a part of another that is smaller, or a part of it on record is larger."""
    source, day, name, unit = key
    measures = there.kinds[source].measures
    pairs = [(name, measures[name].within)] if measures[name].within else []
    pairs += [
        (part, name) for part, one in measures.items() if one.within == name and (source, day, part, unit) not in fresh
    ]
    for part, whole in pairs:
        small, large = (
            fresh[at][1].value if (at := (source, day, one, unit)) in fresh else there.values.get(at)
            for one in (part, whole)
        )
        if small is not None and large is not None and small > large:
            return Invalid(
                _("“%(part)s” is more than “%(whole)s”, of which it is a part.")
                % {one: _name(measures[key]) for one, key in (("part", part), ("whole", whole))},
                remedy=_("Correct the one that is wrong."), field=name,
            )  # fmt: skip
    return None


def _name(measure: Measure) -> str:
    return measure.name.in_(get_language() or "zh")


def _written(
    by: Actor, sources: Mapping[int, Source], fresh: Mapping[tuple[Any, ...], tuple[int, ObservationForm]], there: Known,
    refused: Mapping[int, Refusal],
) -> Taken:  # fmt: skip
    now = clock.now()
    rows: list[Observation] = []
    over: list[int] = []
    told: dict[tuple[int, date], dict[str, Any]] = {}
    for (source, day, measure, unit), (_place, row) in fresh.items():
        before = there.rows.get((source, day, measure, unit))
        if before is not None and before.value == row.value:
            continue
        if before is not None:
            over.append(before.pk)
        rows.append(
            Observation(
                source_id=source, day=day, measure=measure, unit=unit, value=row.value, known_at=now, channel=by.channel,
                version=before.version + 1 if before else 1, by_id=by.account_id, by_name=by.name, reason=row.reason.strip()[:300],
            )
        )  # fmt: skip
        name = f"{measure}:{unit}" if unit else measure
        told.setdefault((source, day), {})[name] = [before.value, row.value] if before else row.value
    Observation.objects.filter(pk__in=over).update(superseded_at=now)
    Observation.objects.bulk_create(rows, batch_size=1000)
    for (source, day), numbers in told.items():
        record(
            by, "report.numbers", ("source", source), area=sources[source].area,
            data={"code": sources[source].code, "day": day.isoformat(), "numbers": numbers},
        )  # fmt: skip
    days = {(source, day) for source, day, _measure, _unit in fresh}
    Report.objects.bulk_create(
        [Report(source_id=source, day=day) for source, day in sorted(days)], ignore_conflicts=True, batch_size=1000
    )
    if told:
        emit(NumbersReceived(tuple(sorted({source for source, _day in told}))))
    return Taken(len(rows) - len(over), len(over), len(fresh) - len(rows), tuple(sorted(refused.items())))


def _name_untested(source: Source, day: date, named: Sequence[UntestedForm]) -> None:
    for one in named:
        if not one.reference.strip() or len(one.reference) > 40 or len(one.reason.strip()) < 2:
            raise Invalid(
                _("Of everybody who was not tested a visit number and a reason are needed."),
                remedy=_("Use the clinic's own number, not a name."), field="untested",
            )  # fmt: skip
        Untested.objects.update_or_create(
            source=source, day=day, reference=one.reference.strip(), defaults={"reason": one.reason.strip()[:300]}
        )


def _settle(by: Actor, told: Sequence[tuple[Source, date]]) -> None:
    """Mark the reports that are complete now, and do the step of those that were owed."""
    incomplete = lacking(told)
    days = {(source.pk, day): source for source, day in told}
    found = Report.objects.filter(
        source__in=set(days.values()), day__in={day for _source, day in told}, received_at__isnull=True
    )
    done = [one for one in found if (one.source_id, one.day) in days and not incomplete.get((one.source_id, one.day))]
    Report.objects.filter(pk__in=[one.pk for one in done]).update(received_at=clock.now())
    for one in done:
        if one.due_at is None:
            continue
        step = duty_queries.open_step(subject.NUMBERS, (subject.REPORT, one.pk), "numbers")
        if step is not None:
            doer = by if by.may("duties.do", step.area, step.organisation_id) else SYSTEM
            duties.complete(doer, step.pk, {}, through=subject.STAGE)
