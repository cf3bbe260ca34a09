"""The only writers of venue notices: publish and take back. What was published is never altered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.containment.venues.events import VenuePublished, VenueWithdrawn
from fangxian.containment.venues.models import VenueNotice
from fangxian.containment.venues.schemas import VenueForm
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.registry.vocabulary import must_be, terms

#: Where somebody lives is never named to the public.
PRIVATE = frozenset({"home", "building", "compound", "dormitory"})
#: What a pack calls the longest time for which such a notice is shown.
RETENTION = "venue_notices"
#: A window longer than this says nothing about when to remember having been there.
LONGEST = timedelta(days=7)
_STEP = timedelta(minutes=30)


@action
def publish(by: Actor, form: VenueForm) -> VenueNotice:
    """Publish a venue notice. Raises Invalid for a home, a time to come or the wrong way round, or advice that is missing; Conflict
    where the same place and time is already published."""
    venue = _venue(form)
    by.must("venues.publish", venue.area)
    outbreak = cases.outbreak(by, form.outbreak)
    begin, end = _window(form)
    advice_zh, advice_en = form.advice_zh.strip(), form.advice_en.strip()
    if not advice_zh or max(len(advice_zh), len(advice_en)) > 300:
        raise Invalid(
            _("Say in up to 300 characters what whoever was there is to do."),
            remedy=_("Whom to call, and whether to be tested."), field="advice_zh",
        )  # fmt: skip
    expires_on, basis = _expiry(form, outbreak.pack, venue.area, end)
    known = VenueNotice.objects.filter(
        area=venue.area, name_zh=venue.name_zh, from_at__lt=end, to_at__gt=begin, withdrawn_at__isnull=True,
        expires_on__gte=clock.today(),
    )  # fmt: skip
    if known.exists():
        raise Conflict(
            _("A notice for this place and time is already published."),
            remedy=_("Withdraw it first if it says something wrong."), field="from_at",
        )  # fmt: skip
    notice = VenueNotice.objects.create(
        code=ids.new_code(), outbreak_id=outbreak.id, area=venue.area, place_id=venue.place_id, kind=venue.kind,
        name_zh=venue.name_zh, name_en=venue.name_en, from_at=begin, to_at=end, advice_zh=advice_zh,
        advice_en=advice_en or advice_zh, basis=basis, published_at=clock.now(), expires_on=expires_on,
        by_id=by.account_id, by_name=by.name,
    )  # fmt: skip
    data = {"code": notice.code, "name": notice.name_zh, "from": begin.isoformat(), "to": end.isoformat()}
    record(by, "venue.published", ("venue", notice.pk), area=notice.area, basis=basis, data=data)
    emit(VenuePublished(notice.code, notice.area))
    return notice


@action
def take_back(by: Actor, code: str, reason: str) -> VenueNotice:
    """Take a notice back, for a reason. It is shown to the public no more, and stays on record."""
    notice = VenueNotice.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if notice is None or not by.may("venues.view", notice.area):
        raise NotFound(_("There is no such notice."))
    by.must("venues.publish", notice.area)
    if notice.withdrawn_at is not None:
        raise Conflict(_("This notice is already withdrawn."))
    if not reason.strip():
        raise Invalid(_("A reason is needed."), remedy=_("Say in a few words why it is taken back."), field="reason")
    notice.withdrawn_at, notice.withdrawn_reason = clock.now(), reason.strip()[:300]
    notice.save(update_fields=["withdrawn_at", "withdrawn_reason"])
    record(
        by, "venue.withdrawn", ("venue", notice.pk), area=notice.area,
        data={"code": notice.code, "reason": notice.withdrawn_reason},
    )  # fmt: skip
    emit(VenueWithdrawn(notice.code, notice.area))
    return notice


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Venue:
    place_id: int | None
    area: str
    kind: str
    name_zh: str
    name_en: str


def _venue(form: VenueForm) -> _Venue:
    """Which place: one on record, or one described."""
    if form.place.strip():
        place = registry.place(form.place)
        venue = _Venue(place.pk, place.area, place.kind, place.name_zh, place.name_en)
    else:
        name = form.name_zh.strip() or form.name_en.strip()
        if not name or max(len(name), len(form.name_en)) > 120:
            raise Invalid(_("A name of up to 120 characters is needed."), field="name_zh")
        venue = _Venue(None, registry.area(form.area).code, form.kind, name, form.name_en.strip())
        must_be(venue.kind, [key for key in terms("place_kinds") if key not in PRIVATE], "kind")
    if venue.kind in PRIVATE:
        raise Invalid(
            _("Where somebody lives is not named to the public."),
            remedy=_("Draw a zone there instead; its notice names a building only where the rule asks for it."), field="place",
        )  # fmt: skip
    return venue


def _window(form: VenueForm) -> tuple[datetime, datetime]:
    """The time in whole half hours, so that no minute points to one person."""
    if form.to_at <= form.from_at:
        raise Invalid(_("The end lies before the beginning."), remedy=_("Correct one of the two times."), field="to_at")
    if form.to_at > clock.now():
        raise Invalid(_("This lies in the future."), remedy=_("Name the time that has passed."), field="to_at")
    if form.to_at - form.from_at > LONGEST:
        raise Invalid(
            _("A notice covers seven days at most."),
            remedy=_("Publish one for each time somebody was there."),
            field="to_at",
        )
    begin = form.from_at.replace(minute=form.from_at.minute // 30 * 30, second=0, microsecond=0)
    end = form.to_at.replace(minute=form.to_at.minute // 30 * 30, second=0, microsecond=0)
    return begin, end if end == form.to_at else end + _STEP


def _expiry(form: VenueForm, pack_name: str, area: str, end: datetime) -> tuple[date, str]:
    """The last day on which it is shown, and the value of the pack that bounds it."""
    pack = packs.pack(pack_name, area)
    rule = next((one for one in pack.retention if one.key == RETENTION), None)
    last_day = end.astimezone(clock.zone()).date()
    if rule is None or rule.at_most is None:
        if form.expires_on is None:
            raise Invalid(
                _("The protocol names no time after which such a notice expires."),
                remedy=_("Give the last day on which it is to be shown."), field="expires_on",
            )  # fmt: skip
        longest, basis = last_day + timedelta(days=30), ""
    else:
        longest, basis = last_day + rule.at_most.delta, packs.reference(pack)
    expires_on = form.expires_on or longest
    if not clock.today() <= expires_on <= longest:
        raise Invalid(
            _("Such a notice can be shown from today until %(day)s.") % {"day": longest.isoformat()},
            remedy=_("Choose a day in this time. If it has passed, nobody who was there can still fall ill from it."),
            field="expires_on",
        )
    return expires_on, basis
