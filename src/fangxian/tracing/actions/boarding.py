"""Passenger lists (乘坐记录) into the lake: each journey a stay from boarding to alighting, whose place is the ticket.

A search finds fellow travellers by these places (`besides.aboard`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa

from fangxian.analytics.copresence.seats import read_seat
from fangxian.analytics.copresence.tickets import ticket
from fangxian.analytics.copresence.travel import TRANSPORTS, together
from fangxian.core.access import Actor
from fangxian.standards import cn_ids
from fangxian.text import Text
from fangxian.tracing.actions.staying import SEND, LookUp, look_up, send
from fangxian.tracing.schemas import Boarded, JourneyForm, Unfit

_INSTANT = pa.timestamp("s", "UTC")
#: Columns of the lake → fields of a journey; that of the person depends on what it is known by.
_FIELDS = {"place": "trip", "t_in": "start", "t_out": "end"}
_NAMED_BY = {"id_number": "id_number", "phone": "phone", "source_record": "number"}
#: A stay's first row in a table, as the lake counts.
_FIRST = 2
_NOBODY = (
    Text("没有说明是哪位旅客", "does not say who travelled"),
    Text("请填写证件号码、手机号或旅客编号之一", "Give an identity number, a telephone or a number of the passenger's"),
)
_NO_TICKET = (
    Text("车次看不出是什么交通工具", "the number does not tell what it was that moved"),
    Text("请填写交通工具：" + "、".join(TRANSPORTS), "Give the means of transport: " + ", ".join(TRANSPORTS)),
)
_NO_SEAT = (
    Text("看不出是哪个座位；按在车上、座位不明计", "is no seat; counted as aboard, seat unknown"),
    Text("请写成如“3号车厢”“12A”“15号中铺”“31-34排”“无座”", "Write as 3号车厢, 12A, 15号中铺, 31-34排 or 无座"),
)


def send_journeys(
    by: Actor,
    journeys: Sequence[JourneyForm],
    source: str,
    batch: str = "",
    *,
    digest: str = "",
    group: str = "",
    naming: LookUp | None = None,
) -> Boarded:
    """Take journeys into the lake as one batch, once: sent again under its name (its content, if it has none) it changes nothing.

    A passenger is known by the document, else by the telephone, else by the source's own number; whom nobody knows yet is
    entered as a person of whom nothing else is known (`naming` does it). Those that cannot be taken, and seats that nobody can
    read, are told, and the others taken. `group`: what the batch can be taken back with. Needs the right to send stays; raises
    Conflict where the batch had other content, or another process holds the lake for too long.
    """
    by.must(SEND)
    refused: dict[int, Unfit] = {}
    doubtful: dict[int, Unfit] = {}
    kept: list[tuple[int, str, str, str]] = []
    for at, (one, trip) in enumerate(zip(journeys, together([one.trip for one in journeys]), strict=True)):
        kind, person = _passenger(one)
        label = ticket(trip, one.transport, one.carriage, one.seat)
        if not person:
            refused[at] = Unfit("number", *_NOBODY)
        elif not label:
            refused[at] = Unfit("transport" if one.transport else "trip", *_NO_TICKET)
        else:
            kept.append((at, kind, person, label))
            if read_seat(one.carriage, one.seat)[1]:
                doubtful[at] = Unfit("seat" if one.seat else "carriage", *_NO_SEAT)
    table = pa.table({
        "person": pa.array([f"{kind}:{person}" for _at, kind, person, _label in kept], pa.string()),
        "place": pa.array([label for *_whom, label in kept], pa.string()),
        "t_in": _instants(journeys[at].start for at, *_rest in kept),
        "t_out": _instants(journeys[at].end for at, *_rest in kept),
    })  # fmt: skip
    receipt = send(by, table, source, batch, digest, group, lambda labels: _keys(by, source, labels, naming))
    for fault in receipt.faults:
        at, kind, _person, _label = kept[fault.row - _FIRST]
        refused[at] = Unfit(_FIELDS.get(fault.column) or _NAMED_BY[kind], fault.what, fault.remedy)
        doubtful.pop(at, None)
    return Boarded(replace(receipt, rows=len(journeys), faulty=len(journeys) - receipt.taken), refused, doubtful)


def _keys(by: Actor, source: str, labels: pa.Array, naming: LookUp | None) -> list[int]:
    """The lake keys of passengers, each by what it is known by."""
    found: dict[str, int] = {}
    parted = [(label, *label.partition(":")) for label in labels.to_pylist()]
    for kind in _NAMED_BY:
        mine = [(label, rest) for label, head, _colon, rest in parted if head == kind]
        words = [f"{source}:{rest}" if kind == "source_record" else rest for _label, rest in mine]
        found |= zip([label for label, _rest in mine], look_up(by, kind, words, naming), strict=True)
    return [found[label] for label, *_rest in parted]


def _instants(moments: Iterable[datetime]) -> pa.Array:
    return pa.array([moment.astimezone(UTC) for moment in moments], _INSTANT)


def _passenger(one: JourneyForm) -> tuple[str, str]:
    """By what a passenger is known, and that."""
    if one.id_number and (_is_citizen(one.id_number) or not (one.phone or one.number)):
        return "id_number", one.id_number
    return ("phone", one.phone) if one.phone else ("source_record", one.number)


def _is_citizen(number: str) -> bool:
    try:
        cn_ids.parse_citizen_id(number)
    except cn_ids.IdError:
        return False
    return True
