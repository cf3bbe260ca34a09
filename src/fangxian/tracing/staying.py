"""The stays of the lake that a search goes through."""

from datetime import datetime

from fangxian.lake import Window
from fangxian.tracing.lakes import lake


def window(since: datetime, until: datetime, *, at_least: int = 0) -> Window:
    """The stays that fall into a time; `at_least`: seconds."""
    return lake().stays(since, until, at_least=at_least)


def days() -> tuple[str, ...]:
    """The days of which there are stays, as ISO dates."""
    return tuple(one.day for one in lake().days())
