"""Which files of the lake hold what is asked for: the days themselves, or the projections that stand for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from fangxian.lake import manifest
from fangxian.lake.manifest import File, Manifest


def bounds(state: Manifest, since: date | datetime, until: date | datetime) -> tuple[int, int]:
    """Lake seconds from…to (to not included)."""

    def second(at: date | datetime, days: int) -> int:
        if not isinstance(at, datetime):
            at = datetime.combine(at + timedelta(days=days), time(), state.epoch.tzinfo)
        return int((at - state.epoch).total_seconds())

    return second(since, 0), second(until, 1)


def seen_by(state: Manifest, day: str) -> Sequence[File]:
    """The files that the projection of a day depends on: its own, and those of earlier days that run into it."""
    start = manifest.day_second(day)
    return [one for one in state.stays if one.day == day or (one.day < day and one.latest >= start)]


def stands(state: Manifest, projection: File) -> bool:
    """Whether a projection was worked out from all that is there now (from more does no harm: it keeps what it need not)."""
    return {one.path for one in seen_by(state, projection.day)} <= set(projection.over)


def chosen(state: Manifest, first: int, last: int, at_least: int) -> list[File]:
    """The files that hold what falls into a window, when stays shorter than `at_least` are of no use."""
    inside = [one for one in state.stays if one.earliest < last and one.latest >= first]
    return shortened(state, inside) if at_least >= state.shortest else inside


def shortened(state: Manifest, files: Sequence[File]) -> list[File]:
    """Files of stays, or for the days whose projection stands, that instead."""
    standing = {one.day: one for one in state.eligible if stands(state, one)}
    whole = [one for one in files if one.day not in standing]
    instead = [standing[day] for day in sorted({one.day for one in files} & set(standing))]
    return whole + [one for one in instead if one.rows]
