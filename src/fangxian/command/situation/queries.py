"""What others may ask of the situation (态势) and of the daily reports (日报)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.cases.queries.timeliness import OutbreakView
from fangxian.command.situation import figures, keeping
from fangxian.command.situation.frozen import thaw
from fangxian.command.situation.models import Sitrep
from fangxian.command.situation.schemas import (
    Published,
    PublishedFigure,
    SitrepRow,
    SitrepView,
    Situation,
)
from fangxian.core import clock, ids, journal, periods
from fangxian.core.access import Actor, within
from fangxian.core.asking import Question
from fangxian.core.errors import Invalid, NotFound
from fangxian.duties import packs
from fangxian.duties import queries as duties
from fangxian.registry import queries as registry
from fangxian.registry.queries import Parts
from fangxian.text import Text

__all__ = [
    "keep_pictures", "missing_by_name", "picture", "places", "places_to_report", "published", "sitrep", "sitreps", "situation",
]  # fmt: skip

#: How long what was counted for somebody who asked is shown again, in seconds; it says itself until when it counts.
KEPT = 60
A_DAY = 86_400
#: Reports that the public is shown at once.
PUBLISHED = 50
#: Figures that count people.
_OF_PEOPLE = ("cases.", "contacts.")


def situation(by: Actor, *, outbreak: str = "", area: str | None = None, day: date | None = None) -> Situation:
    """How an outbreak stands in a jurisdiction: now, or at the end of a day as it was known then.

    Without `outbreak`, the newest in progress that touches the jurisdiction; without `area`, the reader's own. The present is
    counted minute by minute and says until when. Raises NotFound for what the reader may not see, Invalid for a day that has
    not come or on which the outbreak was not yet open.
    """
    if day is None:
        return picture(by, outbreak=outbreak, area=area)[0]
    area = seen(by, area)
    return _counted(chosen(by, outbreak), area, day)


def picture(by: Actor, *, outbreak: str = "", area: str | None = None) -> tuple[Situation, tuple[OutbreakView, ...]]:
    """The situation now, with the outbreaks in progress to choose from.

    It is the one that the worker keeps ready (`keeping`); of a place that nobody answers for it is counted when it is asked for,
    at most once a minute. In a drill, whose minutes are its own, it is counted anew as soon as anything was written.
    """
    area = seen(by, area)
    choices = tuple(cases.outbreaks(by, open_only=True))
    shown = next((one for one in choices if not outbreak or one.code == outbreak), None) or chosen(by, outbreak)
    return keeping.kept(shown, area) or _counted_lately(shown, area), choices


def keep_pictures(limit: int = keeping.AT_ONCE) -> int:
    """Bring the pictures of now up to the minute, at most `limit` of them: what a worker does in each round; how many were counted."""
    return keeping.keep(lambda outbreak, area: _counted(outbreak, area, clock.today()), limit)


def places(by: Actor) -> tuple[str, ...]:
    """The jurisdictions whose situation the reader may see, none within another."""
    return by.areas("situation.view")


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing most, by name where the reader may act on it."""

    kind: str
    area: str
    steps: tuple[Any, ...]
    by_name: bool


def missing_by_name(by: Actor, area: str, kind: str, *, limit: int = 10) -> Missing:
    """The oldest missing steps of a kind: the steps themselves for whoever may see duties there, else none. Raises NotFound."""
    area = seen(by, area)
    by_name = by.may("duties.view", area)
    return Missing(kind, area, tuple(duties.missing(by, kind, area, limit=limit)) if by_name else (), by_name)


def places_to_report(by: Actor) -> list[tuple[str, str]]:
    """Where the reader may draft reports: (code, name in the reader's language)."""
    codes = by.areas("sitreps.edit")
    names = registry.area_names(codes) if codes else {}
    return [(code, names[code]) for code in codes]


# ── daily reports ──────────────────────────────────────────────────────────────────────────────────────────────────────


def sitreps(by: Actor, *, area: str = "", day: date | None = None, limit: int = 60) -> list[SitrepRow]:
    """Reports of the reader's jurisdictions, the newest day first, each day's newest version first."""
    found = _visible(by).filter(within(area))
    if day is not None:
        found = found.filter(day=day)
    rows = list(_with_later(found).order_by("-day", "area", "-version", "-pk")[:limit])
    return [row_of(one) for one in rows]


def sitrep(by: Actor, code: str) -> SitrepView:
    """One report. Raises NotFound for an unknown code, and alike where the reader may not see it."""
    row = _with_later(_visible(by)).filter(code=ids.normalise_code(code)).first()
    if row is None:
        raise NotFound(_("There is no such report."), remedy=_("Choose one from the list of daily reports."))
    return view_of(by, row)


def published(area: str | None = "", day: date | None = None) -> list[Published]:
    """The public figures of signed, released reports of exactly this jurisdiction (None: of any): of a day, or the newest of each outbreak.

    Asked without a reader: only what a person has signed and released is in it, and nothing of any person.
    """
    later = Sitrep.objects.filter(
        outbreak=OuterRef("outbreak"), area=OuterRef("area"), signed_at__isnull=False, is_public=True
    )
    same_day = later.filter(day=OuterRef("day"), version__gt=OuterRef("version"))
    found = Sitrep.objects.filter(~Exists(same_day), signed_at__isnull=False, is_public=True)
    if area is not None:
        found = found.filter(area=area)
    found = found.filter(~Exists(later.filter(day__gt=OuterRef("day")))) if day is None else found.filter(day=day)
    return [_published(row) for row in found.order_by("-day", "area", "pk")[:PUBLISHED]]


def row_of(row: Any) -> SitrepRow:
    """A report as a line of a list."""
    told = thaw(row.figures)
    state = "draft" if row.signed_at is None else "replaced" if row.has_later else "signed"
    return SitrepRow(
        row.code, told.outbreak, told.outbreak_name, row.area, told.area_name, row.day, row.version, state, row.reason,
        row.is_public, row.drafted_at, row.drafted_by, row.signed_at, row.signed_name, row.digest, row.edition,
    )  # fmt: skip


def view_of(by: Actor, row: Any) -> SitrepView:
    """A report in full; `differs` are the figures that differ from the version before."""
    told = thaw(row.figures)
    earlier = Sitrep.objects.filter(
        outbreak_id=row.outbreak_id, area=row.area, day=row.day, version=row.version - 1
    ).first()
    differs: list[tuple[Text, int, int]] = []
    if earlier is not None:
        old = {one.key: one.value for one in thaw(earlier.figures).figures}
        differs = [
            (one.name, old.get(one.key, 0), one.value) for one in told.figures if old.get(one.key, 0) != one.value
        ]
    rights = {"edit": "sitreps.edit", "sign": "sitreps.sign", "correct": "sitreps.edit"}
    line = row_of(row)
    fits = {"edit": line.state == "draft", "sign": line.state == "draft", "correct": line.state == "signed"}
    may = frozenset(name for name, right in rights.items() if fits[name] and by.may(right, row.area))
    return SitrepView(line, told, row.remarks_zh, row.remarks_en, tuple(differs), may)


def newest(outbreak: int, area: str, day: date) -> Sitrep | None:
    """The report of a day that holds: its newest signed version, else its draft."""
    return _holding(_versions(outbreak, area, day))


def _versions(outbreak: int, area: str, day: date) -> list[Sitrep]:
    return list(Sitrep.objects.filter(outbreak_id=outbreak, area=area, day=day).order_by("-version"))


def _holding(versions: list[Sitrep]) -> Sitrep | None:
    return next((row for row in versions if row.signed_at), versions[0] if versions else None)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def seen(by: Actor, area: str | None) -> str:
    """The jurisdiction asked for, or the reader's own. What lies outside the reader's is not there."""
    own = by.areas("situation.view")
    if not own:
        by.must("situation.view")
    wanted = own[0] if area is None else area
    if not by.may("situation.view", wanted):
        raise NotFound(
            _("There is no jurisdiction %(code)s.") % {"code": wanted}, remedy=_("Choose a place within yours.")
        )
    return wanted


def _counted_lately(outbreak: OutbreakView, area: str) -> Situation:
    key = f"situation:{area}:{outbreak.code}:{clock.today()}"
    mark = journal.tip() if clock.is_virtual() else ""
    found = cache.get(key)
    if found is not None and found[0] == mark and timedelta() <= clock.now() - found[1].until < timedelta(seconds=KEPT):
        told: Situation = found[1]
        return told
    told = _counted(outbreak, area, clock.today())
    cache.set(key, (mark, told), KEPT)
    return told


def _counted(outbreak: OutbreakView, area: str, day: date) -> Situation:
    period = periods.today() if day == clock.today() else periods.whole(day)
    must_have_come(outbreak, period.day)
    return figures.situation(outbreak, area, period, lambda parts: before(outbreak, parts, day - timedelta(days=1)))


def chosen(by: Actor, code: str) -> OutbreakView:
    if code:
        return cases.outbreak(by, code)
    found = cases.outbreaks(by, open_only=True) or cases.outbreaks(by)
    if not found:
        raise NotFound(_("There is no outbreak here."), remedy=_("Open one first."), code="no_outbreak")
    return found[0]


def must_have_come(outbreak: OutbreakView, day: date) -> None:
    if day > clock.today():
        raise Invalid(_("This day has not come yet."), remedy=_("Choose today or a day before."), field="day")
    opened = outbreak.opened_at.astimezone(clock.zone()).date()
    if day < opened:
        raise Invalid(
            _("The outbreak was opened on %(day)s: there are no numbers of days before.") % {"day": opened.isoformat()},
            remedy=_("Choose that day or a later one."),
            field="day",
        )


def before(outbreak: OutbreakView, parts: Parts, day: date) -> Question[Mapping[str, int]]:
    """The figures of the day before: cases and contacts as they were known at its end, duties from its report if there is one.

    The report that drafted itself in the morning has counted the day already; without it, it is counted once.
    """
    versions = _versions(outbreak.id, parts.code, day)
    holds = _holding(versions)
    told = {one.key: one.value for one in thaw(holds.figures).figures} if holds else {}
    whole = next((found for row in versions if (found := figures.told_of_day(thaw(row.figures)))), None)
    return {**told, **(whole or (yield from _totals(outbreak, parts, day)))}


def _totals(outbreak: OutbreakView, parts: Parts, day: date) -> Question[Mapping[str, int]]:
    key = f"situation:day:{outbreak.code}:{parts.code}:{day}"
    kept: Mapping[str, int] | None = cache.get(key)
    if kept is None:
        kept = yield from figures.totals_of_day(outbreak, parts, day)
        if not clock.is_virtual():
            cache.set(key, kept, A_DAY)
    return kept


def _visible(by: Actor) -> QuerySet[Sitrep]:
    return Sitrep.objects.filter(by.scope("situation.view"))


def _with_later(found: QuerySet[Sitrep]) -> QuerySet[Any]:
    later = Sitrep.objects.filter(
        outbreak=OuterRef("outbreak"), area=OuterRef("area"), day=OuterRef("day"), version__gt=OuterRef("version"),
        signed_at__isnull=False,
    )  # fmt: skip
    return found.annotate(has_later=Exists(later))


def _published(row: Sitrep) -> Published:
    told = thaw(row.figures)
    assert row.signed_at is not None
    return Published(
        told.outbreak_name, row.area, told.area_name, row.day, row.version, row.signed_at,
        tuple(_told(one, _least_count(row.area)) for one in told.figures if one.is_public),
        Text(row.remarks_zh, row.remarks_en),
    )  # fmt: skip


def _told(one: Any, least: int) -> PublishedFigure:
    """A figure as the public reads it: of very few people only that there are fewer than so many."""
    few = one.key.startswith(_OF_PEOPLE) and 0 < one.value < least
    return PublishedFigure(one.key, one.name, one.means, None if few else one.value, least if few else 0)


def _least_count(area: str) -> int:
    """The smallest number of people that a pack in force lets be told; 0 where none says so."""
    for pack in packs.in_force(area):
        try:
            return int(pack.parameter("publication", "least_count").number)
        except KeyError:
            continue
    return 0
