"""Notices: drafted from the facts, edited by a person, published once and never changed (公告)."""

from datetime import timedelta

from django.utils.translation import gettext as _

from fangxian.containment.zones import settling, wording, writing
from fangxian.containment.zones.events import NoticePublished
from fangxian.containment.zones.models import Ground, Notice, Zone
from fangxian.containment.zones.rights import DECIDE
from fangxian.containment.zones.schemas import NoticeForm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.core.errors import Invalid

#: As long as an investigation may lag behind the notices about its case.
LATELY = timedelta(days=3)
_LONGEST = {"title_zh": 200, "title_en": 200, "text_zh": 8000, "text_en": 8000}


@action
def publish(by: Actor, code: str, version: int, notice: NoticeForm | None = None) -> Notice:
    """Tell the public of a zone in force, in both languages: what is left empty is as it is drafted from the facts.

    A further notice of the same zone is another version; the ones before it stay as they were. Settles the duty to publish, and
    of every case behind the zone the step of drawing zones.
    """
    zone = writing.found(by, code, DECIDE, version)
    writing.must_be(zone, Zone.IN_FORCE)
    made = issue(by, zone, Notice.DOWNGRADED if zone.downgraded else Notice.DRAWN, notice)
    writing.saved(zone)
    return made


@action
def catch_up(by: Actor) -> None:
    """Settle the step of drawing zones for cases whose notices were out before the investigation had come that far.

    For the worker, again and again: of the notices of the last days, cases with that step still open.
    """
    by.must(DECIDE)
    recent = Notice.objects.filter(issued_at__gte=clock.now() - LATELY).values("zone_id")
    cases = set(Ground.objects.filter(zone_id__in=recent).values_list("case_id", flat=True))
    if cases:
        settling.drawn_since(cases)


def issue(by: Actor, zone: Zone, kind: str, form: NoticeForm | None) -> Notice:
    """Write a notice of a zone that is at hand, and settle what was waiting for it."""
    drafted = wording.draft(zone, writing.pack_of(zone), kind, writing.lands_of(zone))
    form = form or NoticeForm()
    said = {
        "title_zh": form.title_zh or drafted.title.zh, "title_en": form.title_en or drafted.title.en,
        "text_zh": form.text_zh or drafted.text.zh, "text_en": form.text_en or drafted.text.en,
    }  # fmt: skip
    for name, longest in _LONGEST.items():
        said[name] = said[name].strip()
        if len(said[name]) > longest or "\0" in said[name]:
            raise Invalid(
                _("Too long: %(n)s characters, at most %(max)s.") % {"n": len(said[name]), "max": longest},
                remedy=_("Shorten it."),
                field=name,
            )
    made = Notice.objects.create(
        zone=zone, kind=kind, version=zone.notices.count() + 1, level=zone.level, issued_at=clock.now(),
        by_id=by.account_id, by_name=by.name, **said,
    )  # fmt: skip
    number = f"{zone.code}-{made.version}"
    writing.log(by, zone, "notice", data={"number": number, "kind": kind})
    record(by, "notice.published", ("zone", zone.pk), area=zone.area, data={"number": number, "kind": kind, **said})
    emit(NoticePublished(zone.pk, number, zone.area))
    settling.noticed(zone, number)
    return made
