"""An activity track as a drawing: one row a local day, twenty-four hours wide, so that a week is read like a diary.

Positions are in percent of the day, which every width of screen can draw without a word being squeezed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from fangxian.core import clock
from fangxian.tracing.schemas import Stay, Track

#: A lane in pixels, and the air around it.
LANE, AIR = 34, 3
#: What a moment without an end is drawn as, in minutes.
MOMENT = 20
#: Days that are drawn at most; a longer track shows its newest.
LONGEST = 31
_DAY = 1440
_WALL = "%Y-%m-%dT%H:%M"


@dataclass(frozen=True, slots=True)
class Part:
    """What of a stay, a gap or a window falls on one day, in percent of the day; `y` and `height` in pixels."""

    x: str
    width: str
    y: int = 0
    height: int = 0
    stay: Stay | None = None
    number: int = 0
    doubtful: bool = False
    #: Where a gap begins and ends, as a form writes it.
    begin: str = ""
    end: str = ""


@dataclass(slots=True)
class Row:
    """A day of the track."""

    day: date
    height: int
    stays: list[Part] = field(default_factory=list)
    gaps: list[Part] = field(default_factory=list)
    window: Part | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A stay of the list beside the drawing: its number, its lane, its times on the wall."""

    stay: Stay
    number: int
    lane: int
    begin: str
    end: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class TrackDrawing:
    """The rows, oldest first, the stays by number, and how many days before were left out."""

    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    earlier: int
    hours: tuple[tuple[int, str], ...] = tuple((hour, f"{100 * hour / 24:.4g}%") for hour in (0, 6, 12, 18))
    lane: int = LANE
    air: int = AIR


def lay_out(track: Track) -> TrackDrawing:
    """Stays in lanes (those at the same time beside each other), hours that nobody knows of, the infectious window."""
    doubtful = {stay for doubt in track.doubts for stay in doubt.stays}
    lanes = _lanes(track.stays)
    first, last = _span(track)
    earlier = max(0, (last - first).days + 1 - LONGEST)
    days = [first + timedelta(days=offset) for offset in range(earlier, (last - first).days + 1)]
    deepest = max(lanes.values(), default=0) + 1
    rows = {day: Row(day, deepest * LANE + 2 * AIR) for day in days}
    lines = []
    for number, stay in enumerate(track.stays, 1):
        lane, odd = lanes[stay.id], stay.id in doubtful
        lines.append(Line(stay, number, lane, wall(stay.from_at), wall(stay.to_at), odd))
        for day, x, width in _parts(stay.from_at, _end(stay)):
            if day in rows:
                part = Part(x, width, AIR + lane * LANE, LANE - AIR, stay, number, odd)
                rows[day].stays.append(part)
    for begin, end in track.unaccounted:
        for day, x, width in _parts(begin, end):
            if day in rows:
                rows[day].gaps.append(Part(x, width, begin=wall(begin), end=wall(end)))
    if track.window is not None:
        for day, x, width in _parts(track.window[0], track.window[1] or clock.now()):
            if day in rows:
                rows[day].window = Part(x, width)
    return TrackDrawing(tuple(rows.values()), tuple(lines), earlier)


def wall(moment: datetime | None) -> str:
    """An instant as the clock on the wall shows it, the way a form writes it; empty for None."""
    return moment.astimezone(clock.zone()).strftime(_WALL) if moment else ""


def _end(stay: Stay) -> datetime:
    return max(stay.to_at or stay.from_at, stay.from_at + timedelta(minutes=MOMENT))


def _span(track: Track) -> tuple[date, date]:
    """The local days from the first thing known to the last, today where the window is still open."""
    moments = [moment for stay in track.stays for moment in (stay.from_at, stay.to_at) if moment]
    if track.window is not None:
        moments += [min(track.window[0], clock.now()), min(track.window[1] or clock.now(), clock.now())]
    days = [moment.astimezone(clock.zone()).date() for moment in moments] or [clock.today()]
    return min(days), max(days)


def _lanes(stays: Sequence[Stay]) -> Mapping[int, int]:
    """The lane of each stay: the first that is free when it begins. Stays are in order of their beginning."""
    free: list[datetime] = []
    lanes = {}
    for stay in stays:
        lane = next((place for place, until in enumerate(free) if until <= stay.from_at), len(free))
        free[lane : lane + 1] = [_end(stay)]
        lanes[stay.id] = lane
    return lanes


def _parts(begin: datetime, end: datetime) -> Iterator[tuple[date, str, str]]:
    """Cut a stretch of time at local midnights: day, beginning and length in percent of twenty-four hours on the wall."""
    start, stop = begin.astimezone(clock.zone()), end.astimezone(clock.zone())
    day = start.date()
    while day <= stop.date():
        a = _minutes(start.time()) if day == start.date() else 0
        b = _minutes(stop.time()) if day == stop.date() else _DAY
        if b > a:
            yield day, f"{100 * a / _DAY:.4f}%", f"{100 * (b - a) / _DAY:.4f}%"
        day += timedelta(days=1)


def _minutes(of_day: time) -> float:
    return of_day.hour * 60 + of_day.minute + of_day.second / 60
