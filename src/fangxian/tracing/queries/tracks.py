"""A case's investigation and activity track, with what is doubtful and what is not accounted for."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.protocols import Window
from fangxian.tracing import sources
from fangxian.tracing.models import Activity, Investigation
from fangxian.tracing.schemas import Doubt, InvestigationView, Stay, Track

#: Nobody travels faster than an airliner.
FASTEST_KM_H = 1000.0
_EARTH_KM = 6371.0


def track(by: Actor, case: str) -> Track:
    """The activity track (活动轨迹) of a case. Raises NotFound, and NotAllowed without the right to see tracks there."""
    facts = sources.case(by, case)
    by.must("tracing.view", facts.area)
    window = sources.of_case(facts).window
    rows = Activity.objects.filter(case_id=facts.id).select_related("place").order_by("from_at", "id")
    stays = tuple(_stay(row, window) for row in rows)
    return Track(
        facts.code,
        facts.area,
        stays,
        (window.start, window.end) if window else None,
        tuple(_doubts(stays)),
        tuple(_unaccounted(stays, window)),
    )


def investigation(by: Actor, case: str) -> InvestigationView | None:
    """Who investigates a case, None where it has not been opened yet."""
    facts = sources.case(by, case)
    found = Investigation.objects.filter(case_id=facts.id).select_related("team", "lead").first()
    if found is None:
        return None
    chinese = (get_language() or "zh").startswith("zh")
    return InvestigationView(
        case=facts.code,
        team_id=found.team_id,
        team=found.team.name_zh if chinese else found.team.name_en or found.team.name_zh,
        lead_id=found.lead_id,
        lead=found.lead.name if found.lead else "",
        opened_at=found.opened_at,
        closed_at=found.closed_at,
        summary=found.summary,
    )


def _stay(row: Activity, window: Window | None) -> Stay:
    within = None
    if window is not None:
        ends = row.to_at or row.from_at
        within = ends >= window.start and (window.end is None or row.from_at <= window.end)
    place = row.place
    return Stay(
        id=row.pk,
        from_at=row.from_at,
        to_at=row.to_at,
        place=place.code if place else "",
        place_name=place.name if place else row.place_text,
        place_kind=row.place_kind or (place.kind if place else ""),
        lon=row.lon if row.lon is not None or place is None else place.lon,
        lat=row.lat if row.lat is not None or place is None else place.lat,
        with_whom=row.with_whom,
        masked=row.masked,
        source=row.source,
        in_window=within,
        version=row.version,
    )


def _doubts(stays: Sequence[Stay]) -> Iterator[Doubt]:
    """Two places at once, and ways too long for the time between."""
    for place, one in enumerate(stays):
        end = one.to_at or one.from_at
        for other in stays[place + 1 :]:
            if other.from_at >= end:
                break
            if (one.place or one.place_name) != (other.place or other.place_name):
                yield Doubt(
                    "overlap", (one.id, other.id),
                    _("At %(one)s and at %(other)s at the same time.")
                    % {"one": one.place_name, "other": other.place_name},
                )  # fmt: skip
    for one, other in pairwise(stay for stay in stays if stay.lon is not None):
        hours = max(0.0, (other.from_at - (one.to_at or one.from_at)).total_seconds()) / 3600
        far = _kilometres(one, other)
        if far > 1 and far > hours * FASTEST_KM_H:
            yield Doubt(
                "too_fast", (one.id, other.id),
                _("%(km)d km from %(one)s to %(other)s cannot be made in that time.")
                % {"km": far, "one": one.place_name, "other": other.place_name},
            )  # fmt: skip


def _kilometres(one: Stay, other: Stay) -> float:
    """Great-circle distance (haversine)."""
    a, b = radians(one.lat or 0), radians(other.lat or 0)
    dx = radians((other.lon or 0) - (one.lon or 0))
    h = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(dx / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(h)))


def _unaccounted(stays: Sequence[Stay], window: Window | None) -> Iterator[tuple[datetime, datetime]]:
    """Stretches of the infectious window of which nobody knows where the case was."""
    if window is None:
        return
    at, end = window.start, min(window.end or clock.now(), clock.now())
    for stay in stays:
        if stay.from_at > at and at < end:
            yield at, min(stay.from_at, end)
        at = max(at, stay.to_at or stay.from_at)
    if at < end:
        yield at, end
