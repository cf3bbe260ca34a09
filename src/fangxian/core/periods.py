"""A local day as its numbers are told: from when to when it counts, and by when something must have been known to be in them."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fangxian.core import clock


@dataclass(frozen=True, slots=True)
class Period:
    """`since` until before `until`, as known before `known`. A `live` one ends now: nothing can lie behind it.

    With `known` equal to `until` nothing that is entered afterwards changes the numbers; a later one takes in what came late.
    """

    since: datetime
    until: datetime
    known: datetime
    live: bool = False

    @property
    def day(self) -> date:
        """The local day that it tells of."""
        return self.since.astimezone(clock.zone()).date()


def today() -> Period:
    """The present day up to now."""
    now = clock.now()
    return Period(clock.local_midnight(clock.today()), now, now, live=True)


def whole(day: date, known: datetime | None = None) -> Period:
    """A whole local day, as it was known at its end, or by a later instant."""
    since, until = clock.local_midnight(day), clock.local_midnight(day + timedelta(days=1))
    return Period(since, until, max(until, known or until))
