"""Passenger lists (乘坐记录) that are imported: their rows as journeys of the lake.

A piece of a list is a batch of the lake named by its content: taken in again, after whatever ended the process, it changes nothing.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from fangxian.core.access import Actor
from fangxian.standards.linelist import Rejection, TripRow, moment_of
from fangxian.tracing.actions.boarding import send_journeys
from fangxian.tracing.actions.staying import LookUp
from fangxian.tracing.schemas import JourneyForm, Unfit

#: Journeys of one batch: as many as the lake names when all of them are at fault.
BATCH = 1000
#: Fields of a journey that the list calls otherwise.
_COLUMNS = {"number": "person_id"}


def board(
    by: Actor,
    outbreak: str,
    rows: Sequence[TripRow],
    zone: ZoneInfo,
    group: str = "",
    naming: LookUp | None = None,
) -> list[Rejection]:
    """Take journeys into the lake; those that were not taken as they were, by row and column.

    Numbers of passengers are those of this outbreak's lists. Needs the right to send stays; raises Conflict where another process
    holds the lake for too long.
    """
    told: list[Rejection] = []
    for begin in range(0, len(rows), BATCH):
        piece = rows[begin : begin + BATCH]
        sent = send_journeys(by, [_journey(row, zone) for row in piece], outbreak, group=group, naming=naming)
        told += [_rejection(piece[at], unfit, "not_taken", "dropped_row") for at, unfit in sent.refused.items()]
        told += [_rejection(piece[at], unfit, "unread_seat", "warning") for at, unfit in sent.doubtful.items()]
    return told


def _journey(row: TripRow, zone: ZoneInfo) -> JourneyForm:
    return JourneyForm(
        trip=row.trip, start=moment_of(row.start, zone), end=moment_of(row.end, zone, end=True), id_number=row.id_number or "",
        phone=row.phone or "", number=row.person_id or "", transport=row.transport or "", carriage=row.carriage or "",
        seat=row.seat or "",
    )  # fmt: skip


def _rejection(row: TripRow, unfit: Unfit, code: str, severity: str) -> Rejection:
    name = _COLUMNS.get(unfit.field, unfit.field)
    value = getattr(row, name)
    return Rejection(
        file=row.file, row=row.row, column=name, value="" if value is None else str(value), code=code, reason=unfit.what,
        remedy=unfit.remedy, severity=severity, field=name, person=row.person_id or "",  # type: ignore[arg-type]
    )  # fmt: skip
