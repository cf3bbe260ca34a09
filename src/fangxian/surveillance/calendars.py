"""When a source owes a report: its rhythm, the days on which it is closed, and the hour by which a day's report is due (报送日历)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fangxian.core import clock
from fangxian.surveillance.models import Source

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Calendar:
    """What is due when. `weekday` (0 is Monday) is that of a weekly report; `closures` are first and last days, both counted.

    The report about a day is due `lag` days after it, at the local hour `due`.
    """

    rhythm: str
    due: time
    lag: int
    weekday: int = 0
    closures: Sequence[tuple[date, date]] = ()

    def owes(self, day: date) -> bool:
        """Whether a report about this day is due at all."""
        if self.rhythm == "none" or any(first <= day <= last for first, last in self.closures):
            return False
        if self.rhythm == "workdays":
            return day.weekday() < 5
        return self.rhythm != "weekly" or day.weekday() == self.weekday

    def days(self, first: date, last: date) -> Iterator[date]:
        """The days from first to last about which a report is due."""
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if self.owes(day):
                yield day

    def due_at(self, day: date) -> datetime:
        """The instant by which the report about a day must be in."""
        at = self.due
        return clock.local_midnight(day + self.lag * _DAY) + timedelta(hours=at.hour, minutes=at.minute)


def calendar_of(source: Source) -> Calendar:
    """The calendar of a source."""
    return Calendar(source.rhythm, source.due, source.lag, source.weekday, closures(source))


def closures(source: Source) -> tuple[tuple[date, date], ...]:
    """The closures of a source as days."""
    return tuple((date.fromisoformat(first), date.fromisoformat(last)) for first, last in source.closures)
