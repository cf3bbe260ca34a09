"""The only readers of venue notices that others use."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from fangxian.containment.venues.models import VenueNotice
from fangxian.containment.venues.schemas import PublicVenue, VenueView
from fangxian.core import clock, ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.registry import queries as registry
from fangxian.text import Text


def notices(by: Actor, area: str = "", *, after: int | None = None, limit: int = 50) -> list[VenueView]:
    """Notices of the actor's jurisdictions, those withdrawn and expired among them, the newest first.

    `after` is the id of the last one read.
    """
    found = VenueNotice.objects.filter(by.scope("venues.view"), within(area))
    if after is not None:
        found = found.filter(pk__lt=after)
    rows = list(found.select_related("outbreak").order_by("-pk")[:limit])
    called = registry.full_area_names(row.area for row in rows)
    return [_view(by, row, called[row.area]) for row in rows]


def notice(by: Actor, code: str) -> VenueView:
    """One notice. Raises NotFound outside of the actor's jurisdictions."""
    found = VenueNotice.objects.filter(by.scope("venues.view"), code=ids.normalise_code(code))
    row = found.select_related("outbreak").first()
    if row is None:
        raise NotFound(_("There is no such notice."))
    return _view(by, row, registry.full_area_names([row.area])[row.area])


def public_venues(limit: int = 500) -> list[PublicVenue]:
    """What the public is shown now, by place. Neither who published it nor when is told: the order of publishing might be a way."""
    rows = list(
        VenueNotice.objects.filter(withdrawn_at__isnull=True, expires_on__gte=clock.today())
        .order_by("area", "name_zh", "from_at")[:limit]
    )  # fmt: skip
    zh, en = (registry.full_area_names((row.area for row in rows), lang) for lang in ("zh", "en"))
    return [
        PublicVenue(
            row.area, Text(zh[row.area], en[row.area]), row.kind, Text(row.name_zh, row.name_en or row.name_zh),
            row.from_at, row.to_at, Text(row.advice_zh, row.advice_en), row.expires_on,
        )
        for row in rows
    ]  # fmt: skip


def _view(by: Actor, row: VenueNotice, area_name: str) -> VenueView:
    state = _state(row.withdrawn_at, row.expires_on)
    return VenueView(
        row.pk, row.code, row.outbreak.code, row.area, area_name, row.kind, Text(row.name_zh, row.name_en or row.name_zh), row.from_at,
        row.to_at, Text(row.advice_zh, row.advice_en), row.basis, row.published_at, row.expires_on, row.by_name, state,
        row.withdrawn_reason, state == "shown" and by.may("venues.publish", row.area),
    )  # fmt: skip


def _state(withdrawn_at: datetime | None, expires_on: date) -> str:
    if withdrawn_at is not None:
        return "withdrawn"
    return "shown" if expires_on >= clock.today() else "expired"
