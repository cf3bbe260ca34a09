"""Who was beside a case otherwise than at a place: fellow travellers (同乘者) by their seats, and companions (时空伴随者) by the cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from itertools import compress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fangxian.analytics.copresence import Lines, Stays, cells
from fangxian.analytics.copresence.companions import companions as traced
from fangxian.analytics.copresence.companions import dwelt
from fangxian.analytics.copresence.grids import centres
from fangxian.analytics.copresence.tickets import Ticket, fellow_travellers, tickets_of
from fangxian.registry import queries as registry
from fangxian.tracing import judging, staying
from fangxian.tracing.gathering import World
from fangxian.tracing.meeting import ABOARD, CELL, Beside, Ground
from fangxian.tracing.weighing import Company

Array = NDArray[Any]
#: A place that is nothing but a position, as telephones are told of: longitude and latitude, degrees.
_POSITION = re.compile(r"(-?\d{1,3}\.\d+),(-?\d{1,2}\.\d+)")
#: Codes looked up in one question.
_MANY = 2000
DAY, HOUR = 86_400, 3600


# ── aboard ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def tickets(world: World) -> dict[int, Ticket]:
    """The places that are seats of trips which cases made while infectious: number → ticket."""
    own, own_rows = world.stays.by_person
    people = world.index.person[world.index.person < world.stays.persons]
    rows = np.concatenate([np.zeros(0, np.int64), *(own_rows[own[one] : own[one + 1]] for one in people.tolist())])
    places = np.unique(np.searchsorted(world.stays.place_rows, rows, side="right") - 1)
    return tickets_of(world.labels, places.tolist())


def aboard(world: World, seats: Mapping[int, Ticket], ref: str) -> Beside:
    """Everybody aboard together with a case, but for whoever sat in another carriage and is nothing to the edition `ref`.

    Those whom it puts into its strictest category by their seats are near.
    """
    if not seats:
        return Beside.nobody()
    found = fellow_travellers(world.stays, world.index, seats)
    facts = [
        {"setting": "transport", "transport": found.trips[trip].transport}
        | {name: value for name, value in asdict(beside).items() if value is not None}
        for trip, beside in zip(found.lines.place.tolist(), found.near, strict=True)
    ]
    keep = [judging.category_of(ref, one) or one.get("same_carriage", True) for one in facts]
    found, facts = replace(found, lines=found.lines.where(np.array(keep, bool))), list(compress(facts, keep))
    rides, at = np.unique(np.stack([found.lines.place, found.lines.t_in // DAY]), axis=1, return_inverse=True)
    lines = replace(
        found.lines, place=at.reshape(-1).astype(np.uint32)
    )  # the same number on another day is another trip
    grounds = [Ground(ABOARD, found.trips[trip].trip) for trip in rides[0].tolist()]
    return Beside(lines, grounds, facts, [judging.rank(ref, judging.category_of(ref, one)) == 0 for one in facts])


# ── in a cell ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def companions(world: World, company: Company | None, ref: str) -> Beside:
    """Everybody in the same cell as a case in its infectious window, for so long at a time, where either dwelt so long in all.

    Where stays lie is told by the place on record, or by the label itself where that is a position; by the track, for what a
    case told. A stay that names neither is in no cell.
    """
    until = max((seat.until for seat in world.seats), default=0)
    if company is None or not until:
        return Beside.nobody()
    since = until - round(company.days * DAY)
    numbers = np.array([seat.number for seat in world.seats], np.int64)
    infectious = min(seat.since for seat in world.seats)
    own = staying.window(world.lake.instant(infectious), world.lake.instant(until), persons=numbers)
    where = np.flatnonzero(np.diff(own.stays.place_rows))
    told = [
        (seat.number, one.lon, one.lat, world.lake.second(one.from_at), world.lake.second(one.to_at))
        for seat in world.seats
        for one in world.told.get(seat.source.id, ())
        if one.lon is not None and one.lat is not None and one.to_at > one.from_at
    ]
    heard = cells(np.array([one[1] for one in told], float), np.array([one[2] for one in told], float), company.side)
    wanted = np.unique(np.r_[_cells(own.place_codes.take(where).to_pylist(), company.side)[1], heard])
    known, cell = _cells(own.place_codes.to_pylist(), company.side) if len(wanted) else (wanted, wanted)
    inside = np.isin(cell, wanted)
    known, cell = known[inside], np.searchsorted(wanted, cell[inside])
    there = staying.window(world.lake.instant(since), world.lake.instant(until), places=known)
    cell_of = np.zeros(there.stays.places, np.uint32)
    cell_of[known] = cell
    shift = round((there.epoch - world.lake.epoch).total_seconds())
    place = np.repeat(cell_of, np.diff(there.stays.place_rows))
    arrival, departure = (
        np.clip(column + np.int32(shift), since, until) for column in (there.stays.arrival, there.stays.departure)
    )
    pieces = [(there.stays.person, place, arrival, departure)]
    if told:
        person, _lon, _lat, begin, end = (np.array(column) for column in zip(*told, strict=True))
        at = np.searchsorted(wanted, heard)
        pieces.append((person.astype(np.uint32), at.astype(np.uint32), begin.astype(np.int32), end.astype(np.int32)))
    stays = Stays.build(lambda: pieces, max(world.stays.persons, there.stays.persons), len(wanted))
    lines = traced(stays, world.index, minutes=company.minutes, hours=company.hours)
    hours = np.maximum(*(dwelt(stays, person, lines.place) for person in (lines.person, lines.via))) / HOUR
    facts = [
        {"grid_minutes": minutes, "stay_hours_14d": hour}
        for minutes, hour in zip(_longest(lines).tolist(), hours.round(2).tolist(), strict=True)
    ]
    keep = [
        bool(judging.category_of(ref, one)) for one in facts
    ]  # the rule may ask for more than so many, not at least
    lon, lat = centres(wanted, company.side)
    grounds = [Ground(CELL, f"{x:.5f},{y:.5f}") for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    lines = lines.where(np.array(keep, bool))
    return Beside(lines, grounds, list(compress(facts, keep)), [False] * len(lines))


def _cells(labels: Sequence[str | None], side: float) -> tuple[Array, Array]:
    """Which of the places lie in a cell (by number, ascending), and in which."""
    points: dict[str, tuple[float, float]] = {}
    codes = [label for label in labels if label and not _POSITION.fullmatch(label)]
    for begin in range(0, len(codes), _MANY):
        points |= registry.points(codes[begin : begin + _MANY])
    found = [
        (number, *point)
        for number, label in enumerate(labels)
        if label and (point := points.get(label) or _position(label)) is not None
    ]
    table = np.array(found, float).reshape(-1, 3)
    return table[:, 0].astype(np.int64), cells(table[:, 1], table[:, 2], side)


def _position(label: str) -> tuple[float, float] | None:
    read = _POSITION.fullmatch(label)
    lon, lat = (float(read[1]), float(read[2])) if read else (181.0, 91.0)
    return (lon, lat) if abs(lon) <= 180 and abs(lat) <= 90 else None


def _longest(lines: Lines) -> Array:
    """Minutes of the longest time together of each line's two people in its cell."""
    pairs, at = np.unique(np.stack([lines.person, lines.via, lines.place]), axis=1, return_inverse=True)
    longest = np.zeros(pairs.shape[1])
    np.maximum.at(longest, at.reshape(-1), (lines.t_out.astype(np.int64) - lines.t_in) / 60)
    minutes: Array = longest[at.reshape(-1)]
    return minutes
