"""The stays of the lake that a search goes through."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fangxian.lake import Window
from fangxian.registry import queries as registry
from fangxian.tracing.lakes import lake


def window(since: datetime, until: datetime, **only: Any) -> Window:
    """The stays that fall into a time; `only` those that last `at_least` seconds, of these `persons`, at these `places`."""
    return lake().stays(since, until, **only)


def days() -> tuple[str, ...]:
    """The days of which there are stays, as ISO dates."""
    return tuple(one.day for one in lake().days())


def numbers(lake: Window, people: Sequence[int]) -> dict[int, list[int]]:
    """Person of a case → numbers in the lake, under whichever keys they were recorded."""
    found: dict[int, list[int]] = {}
    for person, keys in registry.lake_keys_of(people).items():
        at, known = lake.persons_of(keys)
        if known.any():
            found[person] = at[known].tolist()
    return found
