"""The life of a daily report (疫情日报): drafted, remarked on, signed, corrected by a new version. What is signed never changes."""

import hashlib
from collections.abc import Iterable
from datetime import date, timedelta

from django.conf import settings
from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.cases.queries.timeliness import OutbreakView
from fangxian.command.situation import figures, queries
from fangxian.command.situation.events import SitrepSigned
from fangxian.command.situation.frozen import canonical, freeze, thaw
from fangxian.command.situation.models import Sitrep
from fangxian.command.situation.schemas import Situation
from fangxian.core import access, clock, ids, periods
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, attempt, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.core.periods import Period

KIND = "sitrep"
#: The longest remark, in characters.
LONGEST = 10_000
#: How many days back the house still drafts what nobody drafted in time.
CATCH_UP = 3


@action
def draft(by: Actor, outbreak: str, area: str, day: date) -> Sitrep:
    """The report of a day, drafted from its figures; the one that there is, where it was drafted before.

    A day that is over is told as it was known at its end, the present one up to now.
    """
    by.must("sitreps.edit", area)
    found = _handled(by, outbreak, area, day)
    known = queries.newest(found.id, area, day)
    return known or _drafted(by, found, area, day, 1, "")


@action
def refresh(by: Actor, code: str, edition: int) -> Sitrep:
    """Count the figures of a draft anew: for a draft of the present day, or after entries were put right. Remarks stay."""
    row = _draft(by, code, "sitreps.edit", edition)
    told = thaw(row.figures)
    found = cases.outbreak(by, told.outbreak)
    row.figures = freeze(_told(found, row.area, _period(row.day, row.version)))
    row.edition += 1
    row.save(update_fields=["figures", "edition"])
    record(by, "sitrep.refreshed", (KIND, row.pk), area=row.area, data={"edition": row.edition})
    return row


@action
def remark(
    by: Actor, code: str, edition: int, *, remarks_zh: str = "", remarks_en: str = "", is_public: bool = False
) -> Sitrep:
    """Write the remarks of a draft, and whether its public figures may be told to everybody once it is signed.

    Raises Conflict where somebody else has written meanwhile, or signed.
    """
    row = _draft(by, code, "sitreps.edit", edition)
    given = {
        "remarks_zh": _text(remarks_zh, "remarks_zh"),
        "remarks_en": _text(remarks_en, "remarks_en"),
        "is_public": is_public,
    }
    differing = sorted(name for name, value in given.items() if getattr(row, name) != value)
    if not differing:
        return row
    for name, value in given.items():
        setattr(row, name, value)
    row.edition += 1
    row.save(update_fields=[*given, "edition"])
    record(by, "sitrep.edited", (KIND, row.pk), area=row.area, data={"edition": row.edition, "changed": differing})
    return row


@action
def sign(by: Actor, code: str, edition: int) -> Sitrep:
    """Sign a draft as it was read (`edition`): from then on neither figures nor remarks change. The journal keeps their digest.

    Of two who sign at once one does; the other is told who.
    """
    row = _draft(by, code, "sitreps.sign", edition)
    row.signed_at, row.signed_by_id, row.signed_name = clock.now(), by.account_id, by.name
    row.digest = digest(row)
    changed = Sitrep.objects.filter(pk=row.pk, signed_at__isnull=True, edition=edition).update(
        signed_at=row.signed_at, signed_by_id=row.signed_by_id, signed_name=row.signed_name, digest=row.digest
    )
    if not changed:
        raise _moved_on(Sitrep.objects.get(pk=row.pk))
    record(
        by, "sitrep.signed", (KIND, row.pk), area=row.area,
        data={"day": row.day.isoformat(), "version": row.version, "digest": row.digest, "public": row.is_public},
    )  # fmt: skip
    emit(SitrepSigned(row.pk, row.area, row.day.isoformat(), row.version))
    return row


@action
def reissue(by: Actor, code: str, reason: str) -> Sitrep:
    """Begin a new version of a signed report, as its day is known now; it says why, and which figures differ.

    The signed version stays as it is, and holds until the new one is signed.
    """
    row = _locked(by, code, "sitreps.edit")
    reason = reason.strip()
    if not 2 <= len(reason) <= 300 or "\0" in reason:
        raise Invalid(
            _("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason"
        )  # fmt: skip
    if row.signed_at is None:
        raise Conflict(_("This report is still a draft."), remedy=_("Edit it instead."), code="draft")
    later = Sitrep.objects.filter(outbreak_id=row.outbreak_id, area=row.area, day=row.day, version__gt=row.version)
    if (other := later.order_by("-version").first()) is not None:
        raise Conflict(
            _("There is a later version already: %(code)s.") % {"code": other.code}, remedy=_("Go on with that one."),
            code="later_version", detail={"sitrep": other.code},
        )  # fmt: skip
    found = cases.outbreak(by, thaw(row.figures).outbreak)
    made = _drafted(by, found, row.area, row.day, row.version + 1, reason)
    made.remarks_zh, made.remarks_en, made.is_public = row.remarks_zh, row.remarks_en, row.is_public
    made.save(update_fields=["remarks_zh", "remarks_en", "is_public"])
    return made


def draft_due() -> int:
    """Draft what the set hour (FANGXIAN_SITREP_HOUR) asks for: yesterday's report for each place that writes one; how many.

    Those are the jurisdiction of each outbreak in progress, and every one within it where somebody may edit reports. May be
    called as often as one likes, by any number of workers: what is drafted stays as it is. Days missed while nobody worked
    are made up for, as they were known then.
    """
    hour = settings.SITREP_HOUR
    if hour < 0 or clock.now().astimezone(clock.zone()).hour < hour:
        return 0
    yesterday = clock.today() - timedelta(days=1)
    held = access.areas_with("sitreps.edit")
    made = 0
    for outbreak in cases.outbreaks(SYSTEM, open_only=True):
        opened = outbreak.opened_at.astimezone(clock.zone()).date()
        first = max(opened, yesterday - timedelta(days=CATCH_UP - 1))
        days = [first + timedelta(days=place) for place in range((yesterday - first).days + 1)]
        places = {outbreak.area, *(area for area in held if area.startswith(outbreak.area))}
        made += sum(_draft_missing(outbreak, places, day) for day in days)
    return made


def _draft_missing(outbreak: OutbreakView, places: Iterable[str], day: date) -> int:
    there = set(Sitrep.objects.filter(outbreak_id=outbreak.id, day=day).values_list("area", flat=True))
    made = 0
    for area in sorted(set(places) - there):
        try:
            draft(SYSTEM, outbreak.code, area, day)
            made += 1
        except NotFound:  # a right held in a place that is not in the register
            continue
    return made


def digest(row: Sitrep) -> str:
    """SHA-256 over everything that a signature covers."""
    content = canonical(
        {
            "code": row.code, "area": row.area, "day": row.day.isoformat(), "version": row.version, "figures": row.figures,
            "remarks_zh": row.remarks_zh, "remarks_en": row.remarks_en, "reason": row.reason, "public": row.is_public,
        }
    )  # fmt: skip
    return hashlib.sha256(content.encode()).hexdigest()


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _handled(by: Actor, code: str, area: str, day: date) -> OutbreakView:
    found = cases.outbreak(by, code)
    queries.must_have_come(found, day)
    return found


def _period(day: date, version: int) -> Period:
    if day == clock.today():
        return periods.today()
    return periods.whole(day, clock.now() if version > 1 else None)


def _told(outbreak: OutbreakView, area: str, period: Period) -> Situation:
    return figures.situation(
        outbreak, area, period, lambda parts: queries.before(outbreak, parts, period.day - timedelta(days=1))
    )


def _drafted(by: Actor, outbreak: OutbreakView, area: str, day: date, version: int, reason: str) -> Sitrep:
    row = Sitrep(
        code=ids.new_code(), outbreak_id=outbreak.id, area=area, day=day, version=version, reason=reason,
        figures=freeze(_told(outbreak, area, _period(day, version))), drafted_at=clock.now(), drafted_by=by.name,
    )  # fmt: skip
    try:
        with attempt():
            row.save(force_insert=True)
    except IntegrityError:  # somebody else was a moment earlier
        known = queries.newest(outbreak.id, area, day)
        if known is None or version > 1:
            raise Conflict(
                _("Somebody else has begun this version."), remedy=_("Open the list of daily reports again.")
            ) from None
        return known
    record(
        by, "sitrep.drafted", (KIND, row.pk), area=area,
        data={"code": row.code, "outbreak": outbreak.code, "day": day.isoformat(), "version": version, "reason": reason},
    )  # fmt: skip
    return row


def _locked(by: Actor, code: str, right: str) -> Sitrep:
    row = Sitrep.objects.select_for_update(of=("self",)).filter(code=ids.normalise_code(code)).first()
    if row is None or not by.may("situation.view", row.area):
        raise NotFound(_("There is no such report."), remedy=_("Choose one from the list of daily reports."))
    by.must(right, row.area)
    return row


def _draft(by: Actor, code: str, right: str, edition: int) -> Sitrep:
    """A draft as it was read. Raises Conflict where it was signed or edited meanwhile."""
    row = _locked(by, code, right)
    if row.signed_at is not None or row.edition != edition:
        raise _moved_on(row)
    return row


def _moved_on(row: Sitrep) -> Conflict:
    if row.signed_at is not None:
        return Conflict(
            _("This report was signed by %(who)s. It does not change any more.") % {"who": row.signed_name},
            remedy=_("To put something right, begin a correction: a new version that says what it changes."), code="signed",
        )  # fmt: skip
    return Conflict(
        _("Somebody else has changed this draft meanwhile."),
        remedy=_("Nothing was saved. Read it as it is now, then save or sign again."), code="stale", field="edition",
    )  # fmt: skip


def _text(text: str, field: str) -> str:
    text = text.replace("\r\n", "\n").strip()
    if len(text) > LONGEST or "\0" in text:
        raise Invalid(
            _("This text is too long, or not text."), remedy=_("Write at most %(n)s characters.") % {"n": LONGEST}, field=field
        )  # fmt: skip
    return text
