"""Passenger lists (乘坐记录) into the lake: each journey a stay from boarding to alighting, whose place is the ticket.

A search finds fellow travellers by these places (`besides.aboard`). A piece of a list is a batch of the lake named by its content:
taken in again, after whatever ended the process, it changes nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pyarrow as pa

from fangxian.analytics.copresence.seats import read_seat
from fangxian.analytics.copresence.tickets import ticket
from fangxian.analytics.copresence.travel import TRANSPORTS, together
from fangxian.core.access import Actor
from fangxian.standards import cn_ids
from fangxian.standards.linelist import Rejection, TripRow, moment_of
from fangxian.text import Text
from fangxian.tracing.actions.staying import send_stays

#: Journeys of one batch: as many as the lake names when all of them are at fault.
BATCH = 1000
_INSTANT = pa.timestamp("s", "UTC")
_COLUMNS = {"person": "", "place": "trip", "t_in": "start", "t_out": "end"}
_NO_TICKET = (
    Text("车次看不出是什么交通工具", "the number does not tell what it was that moved"),
    Text("请填写交通工具：" + "、".join(TRANSPORTS), "Give the means of transport: " + ", ".join(TRANSPORTS)),
)
_NO_SEAT = (
    Text("看不出是哪个座位；按在车上、座位不明计", "is no seat; counted as aboard, seat unknown"),
    Text("请写成如“3号车厢”“12A”“15号中铺”“31-34排”“无座”", "Write as 3号车厢, 12A, 15号中铺, 31-34排 or 无座"),
)


def board(by: Actor, outbreak: str, rows: Sequence[TripRow], zone: ZoneInfo) -> list[Rejection]:
    """Take journeys into the lake; those that were not taken as they were, by row and column.

    A passenger is known by the document, else by the telephone, else by the number that this outbreak's lists give. Needs the right
    to send stays; raises Conflict where another process holds the lake for too long.
    """
    told: list[Rejection] = []
    by_kind: dict[str, list[tuple[str, str, TripRow]]] = {}
    for row, trip in zip(rows, together([row.trip for row in rows]), strict=True):
        label = ticket(trip, row.transport or "", row.carriage or "", row.seat or "")
        if not label:
            told.append(
                _rejection(row, "transport" if row.transport else "trip", "no_ticket", *_NO_TICKET, "dropped_row")
            )
            continue
        if read_seat(row.carriage or "", row.seat or "")[1]:
            column = "seat" if row.seat else "carriage"
            told.append(_rejection(row, column, "unread_seat", *_NO_SEAT, "warning"))
        kind, person = _passenger(row)
        by_kind.setdefault(kind, []).append((person, label, row))
    for kind, journeys in by_kind.items():
        for begin in range(0, len(journeys), BATCH):
            told += _sent(by, outbreak, kind, journeys[begin : begin + BATCH], zone)
    return told


def _sent(
    by: Actor, outbreak: str, kind: str, journeys: Sequence[tuple[str, str, TripRow]], zone: ZoneInfo
) -> Iterator[Rejection]:
    people, places, rows = zip(*journeys, strict=True)
    table = pa.table({
        "person": pa.array(people, pa.string()), "place": pa.array(places, pa.string()),
        "t_in": _instants(moment_of(row.start, zone) for row in rows),
        "t_out": _instants(moment_of(row.end, zone, end=True) for row in rows),
    })  # fmt: skip
    receipt = send_stays(by, table, outbreak, people=kind)
    for fault in receipt.faults:
        column = _COLUMNS[fault.column] or {"source_record": "person_id"}.get(kind, kind)
        yield _rejection(rows[fault.row - 2], column, "not_taken", fault.what, fault.remedy, "dropped_row")


def _instants(moments: Iterable[datetime]) -> pa.Array:
    return pa.array([moment.astimezone(UTC) for moment in moments], _INSTANT)


def _passenger(row: TripRow) -> tuple[str, str]:
    """By what a passenger is known, and that."""
    if row.id_number and (_is_citizen(row.id_number) or not (row.phone or row.person_id)):
        return "id_number", row.id_number
    return ("phone", row.phone) if row.phone else ("source_record", row.person_id or "")


def _is_citizen(number: str) -> bool:
    try:
        cn_ids.parse_citizen_id(number)
    except cn_ids.IdError:
        return False
    return True


def _rejection(row: TripRow, name: str, code: str, reason: Text, remedy: Text, severity: str) -> Rejection:
    value = getattr(row, name)
    return Rejection(
        file=row.file, row=row.row, column=name, value="" if value is None else str(value), code=code, reason=reason,
        remedy=remedy, severity=severity, field=name, person=row.person_id or "",  # type: ignore[arg-type]
    )  # fmt: skip
