"""Times together drawn: as a strip of days in a line of the list, and hour by hour on the page of one person."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from fangxian.core import clock
from fangxian.tracing.finds import Meeting

#: A strip is so many units wide, one for each hour of its days, and so high.
DAYS, HIGH = 7, 18
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Bar:
    """A time together: from where, how wide (percent of the row), which meeting, and in words."""

    x: str
    width: str
    number: int
    counts: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A local day with its bars."""

    day: date
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """The last days in which they met, side by side: bars over all of them, and the lines between the days."""

    bars: tuple[Bar, ...]
    days: tuple[str, ...]
    first: date
    last: date


def strip(meetings: Sequence[Meeting]) -> Strip | None:
    """The times together of one candidate on a strip of at most `DAYS` days, the latest last."""
    rows = by_day(meetings)
    if not rows:
        return None
    last = rows[-1].day
    first = max(rows[0].day, last - timedelta(days=DAYS - 1))
    count = (last - first).days + 1
    bars = tuple(
        Bar(
            f"{((row.day - first).days * 100 + float(bar.x)) / count:.2f}", f"{max(0.8, float(bar.width) / count):.2f}",
            bar.number, bar.counts,
        )
        for row in rows
        if row.day >= first
        for bar in row.bars
    )  # fmt: skip
    return Strip(bars, tuple(f"{100 * day / count:.2f}" for day in range(1, count)), first, last)


def by_day(meetings: Iterable[Meeting]) -> list[Row]:
    """Every time together by local day; one across midnight has a bar in each."""
    zone = clock.zone()
    days: dict[date, list[Bar]] = {}
    for number, meeting in enumerate(meetings, 1):
        for span in meeting.spans:
            begin, end = span.from_at.astimezone(zone), span.to_at.astimezone(zone)
            day = begin.date()
            while day <= end.date():
                midnight = clock.local_midnight(day)
                x = max(0.0, (begin - midnight).total_seconds()) / _DAY
                until = min(1.0, (end - midnight).total_seconds() / _DAY)
                if until > x:
                    bar = Bar(f"{100 * x:.2f}", f"{max(0.5, 100 * (until - x)):.2f}", number, bool(meeting.category))
                    days.setdefault(day, []).append(bar)
                day += timedelta(days=1)
    return [Row(day, tuple(bars)) for day, bars in sorted(days.items())]


def hours() -> list[tuple[int, str]]:
    """Every sixth hour of a day and where it stands, in percent."""
    return [(hour, f"{100 * hour / 24:.2f}") for hour in (0, 6, 12, 18)]


def numbered(meetings: Sequence[Meeting]) -> list[tuple[int, Meeting]]:
    """The meetings with the numbers that they have in the drawing."""
    return list(enumerate(meetings, 1))
