"""The points of a round: what was booked, what was done, and how long the queue is, as the swabs tell it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Max, Min, Q, Sum
from django.utils.translation import gettext as _

from fangxian.core import clock
from fangxian.core.access import Actor, within
from fangxian.laboratory.models import Point, Tube
from fangxian.laboratory.rounds import finding
from fangxian.laboratory.rounds.models import Booking, RoundPoint
from fangxian.laboratory.rounds.schemas import NoticeLine, RoundPointView
from fangxian.registry import queries as registry
from fangxian.registry.languages import said
from fangxian.text import Text

#: The pace of a point is that of its last half hour.
LATELY = timedelta(minutes=30)


def points(by: Actor, code: str) -> list[RoundPointView]:
    """The points of a round, the longest queue first. Four queries.

    The queue is whoever was expected up to now and has not been swabbed at the point; at its pace of the last half hour they
    would take so many minutes. Who comes without an appointment makes it shorter than it is: it is an estimate from what is known.
    """
    row = finding.found(by, code)
    now = clock.now()
    plans = list(RoundPoint.objects.filter(round=row).select_related("point").order_by("pk"))
    told: Iterable[Any] = Booking.objects.filter(point__in=plans).order_by().values("point")
    booked = {
        one["point"]: (one["all"], one["now"] or 0)
        for one in told.annotate(all=Sum("people"), now=Sum("people", filter=Q(at__lte=now - _HALF)))  # type: ignore[attr-defined]
    }
    since, until = row.started_at or now, row.ended_at or now
    tubes = Tube.objects.filter(point__in=[one.point_id for one in plans], sampled_at__range=(since, until)).order_by()
    swabs: Iterable[Any] = tubes.values("point").annotate(
        n=Sum("people"), lately=Sum("people", filter=Q(sampled_at__gt=now - LATELY), default=0), last=Max("sampled_at")
    )
    done = {one["point"]: (one["n"], one["lately"], one["last"]) for one in swabs}
    views = []
    for plan in plans:
        everybody, expected = booked.get(plan.pk, (0, 0))
        n, lately, last = done.get(plan.point_id, (0, 0, None))
        queue = max(0, expected - n) if row.ended_at is None else 0
        pace = lately / (LATELY / timedelta(minutes=1))
        point = plan.point
        views.append(
            RoundPointView(
                point.code, Text(point.name_zh, point.name_en or point.name_zh), point.area, plan.per_hour, plan.opens, plan.closes,
                everybody, n, lately, queue, round(queue / pace) if pace else None if queue else 0, last,
            )
        )  # fmt: skip
    return sorted(views, key=lambda one: (-one.queue, one.code))


#: Of those expected in an hour half are taken to be there at its half.
_HALF = timedelta(minutes=30)


def appointments(by: Actor, code: str, area: str = "", *, limit: int = 2000) -> list[NoticeLine]:
    """Appointments as residents read them: building by building, the hours and the point; nobody is named. Four queries."""
    row = finding.found(by, code)
    rows: Iterable[Any] = (
        Booking.objects.filter(within(area), round=row).order_by().values("area", "building", "point__point")
        .annotate(first=Min("at"), last=Max("at"), n=Sum("people")).order_by("area", "building", "first")[:limit]
    )  # fmt: skip
    told = list(rows)
    named = {one.pk: one for one in Point.objects.filter(pk__in={one["point__point"] for one in told})}
    buildings = registry.spots({one["building"] for one in told if one["building"]})
    areas = registry.short_area_names(one["area"] for one in told)
    lines = []
    for one in told:
        point, building = named[one["point__point"]], buildings.get(one["building"])
        place = said(building.name_zh, building.name_en) if building else _("other homes")
        lines.append(
            NoticeLine(
                f"{areas[one['area']]} · {place}", Text(point.name_zh, point.name_en or point.name_zh), one["first"],
                one["last"] + timedelta(hours=1), one["n"],
            )
        )  # fmt: skip
    return lines


def point_name(point: Point) -> str:
    """In the reader's language."""
    return said(point.name_zh, point.name_en)
