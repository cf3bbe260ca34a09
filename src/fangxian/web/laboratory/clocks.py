"""The chain of clocks of a positive pool, drawn: one lane for each link, a mark for each person, the hour by which it was due."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fangxian.command.clocks import Lane, from_tube_to_rooms, span
from fangxian.core import clock
from fangxian.web.laboratory.words import shared
from fangxian.web.parts import actor_of

#: Size of the drawing in its own units, and where the time begins and ends in it.
WIDTH, ROW, TOP, LEFT, RIGHT = 960, 34, 30, 250, 20
#: Distances of the hours that are named, the first that leaves room for their names.
_STEPS = (1, 2, 3, 6, 12, 24, 48, 96)
_NAMES = 10


@dataclass(frozen=True, slots=True)
class Drawn:
    """A lane as it is drawn: its height, its marks, and the mark of its hour (None where there is none)."""

    lane: Lane
    y: int
    begin: float
    end: float
    marks: tuple[float, ...]
    due: float | None


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The chain of clocks of a pool."""
    by = actor_of(request)
    chain = from_tube_to_rooms(by, code)
    known = [lane for lane in chain.lanes if lane.times or lane.of]
    context: dict[str, Any] = shared(by, "samples") | {"chain": chain, "lanes": known} | _drawn(known)
    return render(request, "web/laboratory/clocks.html", context)


def _drawn(lanes: list[Lane]) -> dict[str, Any]:
    ends = span(lanes)
    if ends is None:
        return {"rows": ()}
    first, last = ends[0], max(ends[1], ends[0] + timedelta(hours=1))

    def x(at: datetime) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * ((at - first) / (last - first)), 1)

    rows = [
        Drawn(
            lane, TOP + ROW * place + ROW // 2, x(lane.times[0]) if lane.times else LEFT, x(lane.times[-1]) if lane.times else LEFT,
            tuple(map(x, lane.times)), x(lane.due_at) if lane.due_at and lane.times else None,
        )
        for place, lane in enumerate(lanes)
    ]  # fmt: skip
    return {
        "rows": rows, "hours": [(x(at), at) for at in _hours(first, last)], "width": WIDTH, "left": LEFT,
        "height": TOP + ROW * len(lanes) + 10, "top": TOP,
    }  # fmt: skip


def _hours(first: datetime, last: datetime) -> list[datetime]:
    """The full hours that are named along the top."""
    step = next((hours for hours in _STEPS if (last - first) / timedelta(hours=hours) <= _NAMES), _STEPS[-1])
    local = first.astimezone(clock.zone()).replace(minute=0, second=0, microsecond=0)
    at = local + timedelta(hours=step - local.hour % step)
    found = []
    while at <= last:
        found.append(at)
        at += timedelta(hours=step)
    return found
