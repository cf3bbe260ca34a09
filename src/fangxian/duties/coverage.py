"""The rollup behind coverage: due set minus done set, counted as it changes (应检尽检、不漏一人).

`Tally` gathers the changes of one unit of work and writes them as rows to be added; `fold` sums rows of the same cell into
one. `recount` counts the steps themselves: the law that both agree is a test, and `fangxian doctor` checks it.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Substr, TruncHour

from fangxian.core import bulk, clock
from fangxian.duties.models import CoverageCell, Step

COUNTY = 6
Cell = tuple[str, str, datetime]


class Tally:
    """Changes of coverage within one transaction."""

    def __init__(self) -> None:
        self._cells: dict[Cell, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def due(self, area: str, kind: str, due_at: datetime | None, change: int = 1) -> None:
        """A step became due at an hour (or, with −1, no longer is)."""
        if due_at is not None:
            self._cells[area[:COUNTY], kind, clock.hour(due_at)][0] += change

    def settled(self, area: str, kind: str, due_at: datetime | None, at: datetime, *, waived: bool = False) -> None:
        """A step that was due at an hour was done, or waived, at an instant."""
        if due_at is not None:
            place = 3 if waived else (2 if at > due_at else 1)
            self._cells[area[:COUNTY], kind, clock.hour(due_at)][place] += 1

    def gone(self, step: Step) -> None:
        """A step was withdrawn, as if it had never been: what was counted of it is counted no more."""
        if step.due_at is None or step.state == Step.VOID:
            return
        counts = self._cells[step.area[:COUNTY], step.kind, clock.hour(step.due_at)]
        counts[0] -= 1
        if step.state == Step.WAIVED:
            counts[3] -= 1
        elif step.state == Step.DONE and step.done_at is not None:
            counts[2 if step.done_at > step.due_at else 1] -= 1

    def write(self) -> None:
        rows = [(*cell, *counts) for cell, counts in self._cells.items() if any(counts)]
        if rows:
            bulk.insert(CoverageCell, _COLUMNS, rows)
        self._cells.clear()


_COLUMNS = ("county", "kind", "hour", "due", "in_time", "late", "waived")


def fold() -> int:
    """Sum the rows of each cell into one; how many rows went. Safe beside writers: only rows that were there are folded."""
    with transaction.atomic():
        last = CoverageCell.objects.aggregate(last=Max("id"))["last"]
        if last is None:
            return 0
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:  # one folder at a time; a second one has nothing to do
                cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('coverage.fold'))")
                if not cursor.fetchone()[0]:
                    return 0
        with connection.cursor() as cursor:
            cursor.execute(_TAKE, {"last": last})
            taken = cursor.fetchall()
        sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0, 0])
        for county, kind, hour, due, in_time, late, waived in taken:
            counts = sums[county, kind, hour.replace(tzinfo=hour.tzinfo or UTC)]  # SQLite tells it without its zone
            for place, count in enumerate((due, in_time, late, waived)):
                counts[place] += count
        bulk.insert(CoverageCell, _COLUMNS, ((*cell, *counts) for cell, counts in sums.items()))
        return len(taken) - len(sums)


#: Takes away the rows of every cell that has several: what is summed is exactly what went, whoever writes meanwhile.
_TAKE = """
DELETE FROM duties_coveragecell WHERE id <= %(last)s AND (county, kind, hour) IN (
    SELECT county, kind, hour FROM duties_coveragecell WHERE id <= %(last)s GROUP BY county, kind, hour HAVING count(*) > 1
)
RETURNING county, kind, hour, due, in_time, late, waived
"""


def recount(area: str = "") -> dict[Cell, tuple[int, int, int, int]]:
    """The same cells, counted from the steps: slow and sure."""
    from fangxian.core.access import within

    rows: Iterable[Any] = (
        Step.objects.filter(within(area), due_at__isnull=False)
        .exclude(state=Step.VOID)
        .annotate(county=Substr("area", 1, COUNTY), hour=TruncHour("due_at", tzinfo=UTC))
        .values("county", "kind", "hour")
        .annotate(
            due=Count("id"),
            in_time=Count("id", filter=Q(state=Step.DONE, done_at__lte=F("due_at"))),
            late=Count("id", filter=Q(state=Step.DONE, done_at__gt=F("due_at"))),
            waived=Count("id", filter=Q(state=Step.WAIVED)),
        )
    )
    return {
        (row["county"], row["kind"], clock.hour(row["hour"])): (row["due"], row["in_time"], row["late"], row["waived"])
        for row in rows
    }


def cells(area: str = "") -> dict[Cell, tuple[int, int, int, int]]:
    """The cells as the rollup has them."""
    from fangxian.core.access import within

    rows: Iterable[Any] = (
        CoverageCell.objects.filter(within(area[:COUNTY], "county"))
        .values("county", "kind", "hour")
        .annotate(**{f"n_{name}": Sum(name) for name in _COLUMNS[3:]})
    )
    found = {
        (row["county"], row["kind"], clock.hour(row["hour"])): tuple(row[f"n_{name}"] for name in _COLUMNS[3:])
        for row in rows
    }
    return {cell: counts for cell, counts in found.items() if any(counts)}
