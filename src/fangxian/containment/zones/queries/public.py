"""What the public is told: areas in force that a notice was published of, and the notices. No case, no person, no proposal."""

from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.containment.zones import land, writing
from fangxian.containment.zones.models import Notice, Zone
from fangxian.containment.zones.queries.one import notice_view
from fangxian.containment.zones.schemas import NoticeView, PublicArea
from fangxian.core import clock, ids
from fangxian.core.access import within
from fangxian.core.errors import NotFound
from fangxian.text import Text

#: Areas and notices on the public page.
MOST = 500


def public_areas(at: datetime | None = None, area: str = "") -> list[PublicArea]:
    """Areas in force of which a notice was published, the strictest first. With an instant: those told of by then."""
    until = at or clock.now()
    told = Notice.objects.filter(issued_at__lte=until, zone__state=Zone.IN_FORCE).order_by("zone_id", "-version")
    latest: dict[int, Notice] = {}
    for notice in told.filter(within(area, "zone__area")).select_related("zone")[: MOST * 4]:
        latest.setdefault(notice.zone_id, notice)
    zones = [notice.zone for notice in latest.values()][:MOST]
    lands = writing.lands_of_many(zones)
    shapes = land.shapes([one for mine in lands.values() for one in mine])
    found = []
    for zone in zones:
        rules = writing.pack_of(zone).zones
        assert rules is not None and zone.level_since is not None, (
            "a zone in force has a level, by a guideline that has zones"
        )
        level = rules.level(zone.level)
        drawn = [shape for one in lands[zone.pk] if (shape := shapes[one.key]) is not None]
        found.append(
            PublicArea(
                zone.code, zone.level, level.name, rules.rank(zone.level), Text(zone.name_zh, zone.name_en), zone.level_since,
                tuple(one.name for one in level.measures), f"{zone.code}-{latest[zone.pk].version}",
                tuple(drawn),
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.rank, one.code))


def public_notices(*, after: int = 0, limit: int = 50, area: str = "") -> list[NoticeView]:
    """The notices published, the latest first; `after` is how many to leave out of a list that is no longer than `MOST`."""
    found = Notice.objects.filter(within(area, "zone__area")).select_related("zone").order_by("-issued_at", "-pk")
    return [_anonymous(one) for one in found[:MOST][after : after + max(1, min(limit, MOST))]]


def public_notice(number: str) -> NoticeView:
    """One notice by its number. Raises NotFound."""
    code, _dash, version = number.partition("-")
    found = Notice.objects.filter(
        zone__code=ids.normalise_code(code), version=int(version) if version.isdecimal() and len(version) < 5 else 0
    )
    one = found.select_related("zone").first()
    if one is None:
        raise NotFound(_("There is no such notice."))
    return _anonymous(one)


def _anonymous(one: Notice) -> NoticeView:
    """A notice is signed by the headquarters, not by whoever pressed the button."""
    shown = notice_view(one, one.zone.code)
    return NoticeView(shown.number, shown.zone, shown.kind, shown.level, shown.title, shown.text, shown.issued_at, "")
