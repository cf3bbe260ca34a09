"""Coverage (覆盖率): due minus done by county and kind, down to the names of what is missing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.duties import queries
from fangxian.duties.queries import Covered
from fangxian.registry import levels
from fangxian.registry import queries as registry
from fangxian.web.duties.cards import cards, kind_names
from fangxian.web.parts import number_of

#: How far back, in hours; 0 is from the beginning.
PERIODS = (24, 72, 0)
#: Names shown at once; a board with more missing than this needs a smaller place.
MOST = 200
#: Counties shown with all their kinds of duty; of more than these each is one line, which leads on to its own board.
FEW = 12


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The board: a block for each county, a line for each kind of duty, what is missing first; a line a county where there are many."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("coverage.view")
    hours = _hours(request)
    since = clock.now() - timedelta(hours=hours) if hours else None
    area = request.GET.get("area", "")
    rows = queries.coverage(by, area, since=since)
    every = rows if not area else queries.coverage(by, since=since)
    codes = sorted({one.area for one in every})
    names = registry.area_names([*codes, area])
    called = kind_names(by)
    by_county: dict[str, list[Covered]] = defaultdict(list)
    for one in rows:
        by_county[one.area].append(one)
    sums = sorted((_sum(code, mine) for code, mine in by_county.items()), key=lambda one: (-one.missing, one.area))
    many = len(sums) > FEW
    context = {
        "many": [(one, names[one.area]) for one in sums] if many else [],
        "whole": [(one, called(one.kind)) for one in _by_kind(rows)] if many else [],
        "counties": [
            (one.area, names[one.area], one, [(each, called(each.kind)) for each in by_county[one.area]])
            for one in sums
        ]
        if not many
        else [],
        "total": _sum("", rows),
        "areas": [(code, names[code], code == area) for code in codes] if len(codes) <= FEW else [],
        "place": names[area] if area and len(codes) > FEW else "",
        "area": area,
        "periods": [(period, _period(period), period == hours) for period in PERIODS],
        "hours": hours,
        "until": clock.hour(clock.now()),
        "see_situation": by.may("situation.view"),
    }
    return render(request, "web/coverage/index.html", context)


@require_GET
def missing(request: HttpRequest, kind: str) -> HttpResponse:
    """The very steps that are missing, by name, for whoever may act on them."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    area = request.GET.get("area", "")
    by.must("coverage.view", area or None)
    by_name = by.may("duties.view", area or None)
    steps = queries.missing(by, kind, area, limit=MOST + 1) if by_name else []
    called = registry.area_names({area, *(step.escalated_to for step in steps)})
    context = {
        "kind": kind_names(by)(kind),
        "area": area,
        "place": called[area],
        "cards": [(one, called[one.step.escalated_to]) for one in cards(by, steps[:MOST])],
        "more": len(steps) > MOST,
        "by_name": by_name,
    }
    return render(request, "web/coverage/missing.html", context)


def _sum(area: str, rows: Sequence[Covered]) -> Covered:
    def plus(one: Covered, other: Covered) -> Covered:
        return replace(
            one, due=one.due + other.due, in_time=one.in_time + other.in_time, late=one.late + other.late,
            waived=one.waived + other.waived,
        )  # fmt: skip

    return reduce(plus, rows, Covered(levels.at_level(area, "county"), "", 0, 0, 0, 0))


def _by_kind(rows: Sequence[Covered]) -> list[Covered]:
    """The same rows over all places, a kind of duty each."""
    found: dict[str, list[Covered]] = defaultdict(list)
    for one in rows:
        found[one.kind].append(one)
    sums = [replace(_sum("", mine), kind=kind) for kind, mine in found.items()]
    return sorted(sums, key=lambda one: (-one.missing, one.kind))


def _hours(request: HttpRequest) -> int:
    wanted = request.GET.get("hours", "")
    return days if (days := number_of(wanted)) in PERIODS else PERIODS[0]


def _period(hours: int) -> str:
    return _("last %(n)s h") % {"n": hours} if hours else _("from the beginning")
