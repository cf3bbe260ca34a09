"""The one place where tracing opens the lake."""

from datetime import datetime

from django.conf import settings

from fangxian.lake import Lake, Window


def lake() -> Lake:
    """The lake of this installation."""
    return Lake(settings.DATA_DIR / "lake")


def window(since: datetime, until: datetime, *, at_least: int = 0) -> Window:
    """The stays that fall into a time; `at_least`: seconds."""
    return lake().stays(since, until, at_least=at_least)


def days() -> tuple[str, ...]:
    """The days of which there are stays, as ISO dates."""
    return tuple(one.day for one in lake().days())
