"""What the lake holds: rows by day, until when, and what was deleted. Nothing about anybody."""

from dataclasses import dataclass
from datetime import date

from fangxian.core.access import Actor
from fangxian.lake import Day
from fangxian.tracing.lakes import first_day, kept, lake, refusing

VIEW = "stays.view"


@dataclass(frozen=True, slots=True)
class LakeView:
    """The lake: its days, how many persons and places it knows, batches since the first day, and what bounds the time.

    `kept_days` and `kept_by`: for how long stays may be kept, and by which rule; null where nothing bounds it. `overdue`: days that
    should be gone. `deletions`: how many there have been.
    """

    days: tuple[Day, ...]
    rows: int
    size: int
    persons: int
    places: int
    begins: date | None
    kept_days: int | None
    kept_by: str
    overdue: tuple[str, ...]
    deletions: int


def lake_view(by: Actor) -> LakeView:
    """What the lake holds, by day, and for how long. Raises Invalid where the lake is damaged."""
    by.must(VIEW)
    house = lake()
    longest, rule = kept()
    first = first_day()
    with refusing():
        state, days = house.state, tuple(house.days())
        return LakeView(
            days=days,
            rows=sum(day.rows for day in days),
            size=sum(day.size for day in days),
            persons=len(house.persons().values),
            places=len(house.places().values),
            begins=date.fromisoformat(state.begins) if state.begins else None,
            kept_days=longest.days if longest else None,
            kept_by=rule,
            overdue=tuple(day.day for day in days if first is not None and day.day < first.isoformat()),
            deletions=len(state.deletions),
        )
