"""The one source of time. Everything asks here, so that a drill or a replay can run weeks in minutes (演练)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

_virtual: ContextVar[datetime | None] = ContextVar("fangxian_virtual_time", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC: the wall clock, or the virtual clock inside `at(...)`."""
    return _virtual.get() or datetime.now(UTC)


def zone() -> ZoneInfo:
    """The deployment's time zone: days of observation begin and end at its midnight."""
    return ZoneInfo(settings.TIME_ZONE)


def today() -> date:
    """The local calendar day."""
    return now().astimezone(zone()).date()


def is_virtual() -> bool:
    return _virtual.get() is not None


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Run a block at a virtual instant (must be aware). Nested blocks and other threads keep their own time."""
    if moment.tzinfo is None:
        raise ValueError("a virtual clock needs an instant with a time zone")
    token = _virtual.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _virtual.reset(token)


def hour(moment: datetime) -> datetime:
    """The start of the UTC hour that contains the instant."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def local_noon(day: date) -> datetime:
    """Noon of a local day: the instant used where a source gives only a date (never a day off in any zone)."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=zone()).astimezone(UTC)


def local_midnight(day: date) -> datetime:
    """The instant at which a local day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=zone()).astimezone(UTC)


HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
