"""The one place where tracing opens the lake."""

from datetime import datetime, timedelta

from django.conf import settings

from fangxian.core import clock
from fangxian.lake import Lake, Window


def lake() -> Lake:
    """The lake of this installation."""
    return Lake(settings.DATA_DIR / "lake")


def window(since: datetime, until: datetime, *, at_least: int = 0) -> Window:
    """The stays of the local days of a time, and of the day before: a night began there. `at_least`: seconds."""
    zone = clock.zone()
    first = since.astimezone(zone).date() - timedelta(days=1)
    return lake().stays(first, until.astimezone(zone).date(), at_least=at_least)


def days() -> tuple[str, ...]:
    """The days of which there are stays, as ISO dates."""
    return tuple(str(day) for day in lake().days())
