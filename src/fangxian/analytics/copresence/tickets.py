"""Tickets as places (车票、机票): a passenger list whose stays name a trip and a seat, `G1234/03车07F`, and who sat how near to a case.

A passenger's stay lasts from boarding to alighting; the place is the number of the trip, then the seat as tickets and notices
write it. What moves is told by the number of a train or flight, or by a word before it: `大巴 川A12345/5排`, `ferry 长江3号/舱12`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fangxian.analytics.copresence.crowds import PART
from fangxian.analytics.copresence.seats import Beside, Seat, beside, read_seat
from fangxian.analytics.copresence.stays import Stays
from fangxian.analytics.copresence.tracing import Index, Lines, trace
from fangxian.analytics.copresence.travel import WITH_CARRIAGES, WORDS, all_of, by_number, meant

#: Seconds aboard together that make two people fellow travellers: any.
ABOARD = 1
#: Numbers that are hardly anything but a train's or a flight's; labels that begin with a means of transport.
_LONG = re.compile(r"\d{3}")
_NAMED = rf"(?i)^\s*(?:{'|'.join(map(re.escape, WORDS))})\s"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A trip (its number), how it is made (a key of `travel.TRANSPORTS`), and the seat as far as it is known."""

    trip: str
    transport: str
    seat: Seat


def read_ticket(label: str) -> Ticket | None:
    """The ticket that a place's label is, None for any other place: D12/3 may well be the third flat of a house."""
    whole, parted, words = label.strip().partition(PART)
    trip, transport, named = _read(whole)
    seat = read_seat("", words)[0] if parted else Seat()
    sure = named or _LONG.search(trip) or seat != Seat()
    return Ticket(trip, transport, seat) if transport and sure else None


def ticket(trip: str, transport: str = "", carriage: str = "", seat: str = "") -> str:
    """The label of a seat of a trip, as `read_ticket` reads it; "" where nothing tells what it was that moved.

    `transport`: a word for it, needed only where the number of the trip does not tell.
    """
    number, how = "".join(trip.upper().split()), meant(transport)
    coach = f"{carriage.strip()}车" if carriage.strip().isdecimal() else carriage.strip()
    where = f"{coach}{seat.strip()}".replace(PART, "、")
    how = how or by_number(number)
    told = number if where and how == by_number(number) else f"{how} {number}"
    label = f"{told}{PART}{where}" if where else told
    read = read_ticket(label) if how and number else None
    return label if read is not None and read.trip == number else ""


def tickets_of(labels: pa.Array, places: Sequence[int]) -> dict[int, Ticket]:
    """Which of many labels (string, by number) are tickets of the trips that some of them, `places`, name: number → ticket.

    A number alone (`CA1646`) is a trip only where others of the labels name a seat on it, or its means of transport.
    """
    wholes = pc.utf8_trim_whitespace(pc.replace_substring_regex(labels, f"{PART}.*$", ""))
    seated = pc.or_(pc.match_substring(labels, PART), pc.match_substring_regex(labels, _NAMED))
    known = {_read(whole)[0] for whole in pc.unique(wholes.filter(seated)).to_pylist() if whole and _read(whole)[1]}
    wanted = {
        _read(whole)[0] for whole in pc.unique(wholes.take(pa.array(places, pa.int64()))).to_pylist() if whole
    } & known
    if not wanted:
        return {}
    of_trip = [whole for whole in pc.unique(wholes).to_pylist() if whole and _read(whole)[0] in wanted]
    rows = np.flatnonzero(pc.is_in(wholes, value_set=pa.array(of_trip, wholes.type)).to_numpy(zero_copy_only=False))
    read = {row: _ticket(labels[row].as_py()) for row in rows.tolist()}
    return {row: ticket for row, ticket in read.items() if ticket.transport}


def _ticket(label: str) -> Ticket:
    """The ticket that a label is, of which it is known that it is one."""
    whole, _parted, words = label.strip().partition(PART)
    trip, transport, _named = _read(whole)
    return Ticket(trip, transport, read_seat("", words)[0])


def _read(whole: str) -> tuple[str, str, bool]:
    """The number of a trip, how it is made ("" where nothing tells), and whether a word says so."""
    words = whole.split()
    transport = meant(words[0]) if len(words) > 1 else ""
    trip = "".join(words[1:] if transport else words).upper()
    return trip, transport or by_number(trip), bool(transport)


@dataclass(frozen=True, eq=False)
class Fellows:
    """Fellow travellers: `lines` whose places are numbers of `trips`, and for each line how near the two of it sat."""

    lines: Lines
    trips: list[Ticket]
    near: list[Beside]


def fellow_travellers(stays: Stays, index: Index, tickets: Mapping[int, Ticket]) -> Fellows:
    """Everybody aboard together with an index person. `tickets`: places of the stays that are seats of trips.

    Two trips of one number are two: people are aboard together only while both are.
    """
    trips = {ticket.trip: ticket for ticket in tickets.values()}
    number = {trip: at for at, trip in enumerate(trips)}
    places = np.array(sorted(tickets), np.int64)
    sizes = np.diff(stays.place_rows)[places] if len(places) else np.zeros(0, np.int64)
    rows = np.concatenate(
        [np.zeros(0, np.int64), *(np.arange(stays.place_rows[place], stays.place_rows[place + 1]) for place in places)]
    )
    seat = np.repeat(places, sizes)
    trip = np.array([number[tickets[place].trip] for place in places.tolist()], np.uint32)
    piece = (stays.person[rows], np.repeat(trip, sizes), stays.arrival[rows], stays.departure[rows])
    lines = trace(Stays.build(lambda: [piece], stays.persons, len(trips)), index, tau=ABOARD).lines
    assert lines is not None
    concerned = np.isin(piece[0], np.r_[lines.person, lines.via])
    columns = (column[concerned].tolist() for column in (*piece, seat))
    seats = _seats(
        (who, of, begin, end, tickets[place].seat) for who, of, begin, end, place in zip(*columns, strict=True)
    )
    known = list(trips.values())
    near = []
    for person, via, of, begin, end in zip(
        *(column.tolist() for column in (lines.person, lines.via, lines.place, lines.t_in, lines.t_out)), strict=True
    ):
        one, other = (
            all_of([where for since, until, where in seats[who, of] if since <= end and until >= begin])
            for who in (person, via)
        )
        near.append(beside(one, other, carriages=known[of].transport in WITH_CARRIAGES))
    return Fellows(lines, known, near)


def _seats(
    rows: Iterable[tuple[int, int, int, int, Seat]],
) -> dict[tuple[int, int], list[tuple[int, int, Seat]]]:
    """Person and trip → where they sat, from when to when."""
    found: dict[tuple[int, int], list[tuple[int, int, Seat]]] = defaultdict(list)
    for who, trip, begin, end, seat in rows:
        found[who, trip].append((begin, end, seat))
    return found
