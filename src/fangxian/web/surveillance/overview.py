"""The overview of early warning: alerts by their clocks, places by kind of source, what changed since yesterday, what is late."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fangxian.core.access import Actor
from fangxian.registry.levels import LEVELS
from fangxian.surveillance import queries
from fangxian.web.parts import actor_of

#: Alerts and late reports shown at once.
_ALERTS, _LATE = 20, 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """What is unusual, where, since when."""
    by = actor_of(request)
    by.must("surveillance.view")
    area = place(request, by)
    board = queries.board(by, area)
    rows = [
        (code, name, [(key, kind, board.cells.get((code, key))) for key, kind in board.kinds])
        for code, name in board.places
    ]
    context = {
        "area": area, "board": board, "rows": rows, "changes": queries.changes(by, area),
        "alerts": queries.alerts(by, area, state="open", limit=_ALERTS), "up": _above(by, area),
        "may_hear": by.may("surveillance.verify"), "may_register": by.may("surveillance.edit"),
    }  # fmt: skip
    return render(request, "web/surveillance/index.html", context)


@require_GET
def late(request: HttpRequest) -> HttpResponse:
    """Reports that are past their hour, by name."""
    by = actor_of(request)
    by.must("surveillance.view")
    area, after = place(request, by), _whole(request.GET.get("after", ""))
    rows = queries.late_reports(by, area, after=after, limit=_LATE + 1)
    context: dict[str, Any] = {
        "area": area,
        "rows": rows[:_LATE],
        "after": rows[_LATE - 1].id if len(rows) > _LATE else "",
    }
    return render(request, "web/surveillance/late.html", context)


def place(request: HttpRequest, by: Actor) -> str:
    """The jurisdiction asked for, or the reader's own."""
    asked = request.GET.get("area", "")
    if asked.isascii() and asked.isdecimal() and len(asked) in LEVELS and by.may("surveillance.view", asked):
        return asked
    return next(iter(by.areas("surveillance.view")), "")


def _above(by: Actor, area: str) -> str:
    """The jurisdiction that contains this one, where the reader may look at it."""
    wider = area[: {15: 12, 12: 9, 9: 6, 6: 4, 4: 2}.get(len(area), 0)]
    return wider if wider and by.may("surveillance.view", wider) else ""


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0
