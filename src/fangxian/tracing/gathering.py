"""The stays that a search goes through: those of the lake in the time concerned, and what the cases told in their interviews."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from fangxian.analytics.copresence import Index, Stays
from fangxian.analytics.copresence.tickets import read_ticket
from fangxian.core import clock
from fangxian.lake import Window as Stretch
from fangxian.protocols import Window
from fangxian.registry import queries as registry
from fangxian.tracing import sources, staying
from fangxian.tracing.judging import Source
from fangxian.tracing.models import Search
from fangxian.tracing.schemas import Seen
from fangxian.tracing.telling import stays_of


@dataclass(frozen=True, slots=True)
class Seat:
    """A case among the persons of the stays: its number there, and its infectious window in their seconds."""

    number: int
    source: Source
    since: int
    until: int


@dataclass(frozen=True, eq=False)
class World:
    """The stays of the time concerned with the cases among them. Numbers of persons and places are those of the lake, and then some:
    of cases of whom the lake knows nothing, and of trips that they told of (`more`: their labels)."""

    lake: Stretch
    stays: Stays
    index: Index
    seats: Sequence[Seat]
    told: Mapping[int, Sequence[Seen]]
    more: Sequence[str]
    without_stays: int

    @cached_property
    def source_of(self) -> dict[int, Source]:
        """Number of a person → the case."""
        return {seat.number: seat.source for seat in self.seats}

    @cached_property
    def labels(self) -> pa.Array:
        """Number of a place → its code or label (string); null for one that was forgotten."""
        known = self.lake.place_codes
        return pa.concat_arrays([known, pa.array(self.more, known.type)])

    def key(self, person: int) -> int:
        """The pseudonym of a person in the lake, 0 for one that it does not know."""
        return self._keys[person] if person < len(self._keys) else 0

    @cached_property
    def _keys(self) -> list[int]:
        """The same as a list, quicker one by one."""
        keys: list[int] = self.lake.person_keys.tolist()
        return keys


def windows(case_ids: Sequence[int]) -> list[tuple[Source, Window]]:
    """The cases that can be searched around, each with its infectious window; one that is open ends now."""
    now = clock.now()
    found = [sources.of_case(case) for case in sources.facts_of(case_ids)]
    return [
        (one, Window(one.window.start, min(one.window.end or now, now), one.window.cited))
        for one in found
        if one.window is not None and not one.is_void and one.window.start < now
    ]


def gather(search: Search) -> World:
    """Stays of the lake, and of the cases' tracks as far as these name places that the lake knows, or trips."""
    of_cases = windows(list(search.cases.values_list("pk", flat=True)))
    return around(of_cases, stretch([search], of_cases), search.cases.count())


def stretch(searches: Sequence[Search], of_cases: Sequence[tuple[Source, Window]]) -> Stretch:
    """The stays of the lake that these searches go through."""
    since = min((window.start for _source, window in of_cases), default=clock.now())
    until = max((window.end or since for _source, window in of_cases), default=since)
    return staying.window(since, until, at_least=min(map(_shortest, searches)))


def _shortest(search: Search) -> int:
    """Seconds below which a stay counts for nothing by itself."""
    return 0 if search.within else round(60 * min(search.tau, search.onward if search.rings > 1 else search.tau))


def around(of_cases: Sequence[tuple[Source, Window]], lake: Stretch, cases: int) -> World:
    """The world of these cases, of so many that were asked for, in stays of the lake."""
    until = max((window.end or window.start for _source, window in of_cases), default=clock.now())
    people = {source.id: source.person_id for source, _window in of_cases}
    told = stays_of(people)
    heard = listen(lake, people, told)
    seats = [
        Seat(one, source, lake.second(window.start), lake.second(window.end or until))
        for source, window in of_cases
        for one in heard.numbers.get(source.id, ())
    ]
    index = Index.of(*([getattr(seat, name) for seat in seats] for name in ("number", "since", "until")))
    return World(lake, heard.stays, index, seats, told, heard.more, cases - len(heard.known))


@dataclass(frozen=True, slots=True)
class Heard:
    """Stays of the lake joined with what cases told. `numbers`: case → its numbers; `more`: labels of places that the lake does not
    know; `known`: the cases of whom there are stays at places."""

    stays: Stays
    numbers: Mapping[int, Sequence[int]]
    more: Sequence[str]
    known: frozenset[int]


def listen(
    lake: Stretch, people: Mapping[int, int], told: Mapping[int, Sequence[Seen]], *, anywhere: bool = False
) -> Heard:
    """Join what cases told to the stays. `people`: case → person. A place that the lake does not know counts where it is a ticket, or
    `anywhere`."""
    of_person = staying.numbers(lake, list(people.values()))
    label_of = dict(_labels(told))
    labels = sorted({label for one in label_of.values() for label in one.values()})
    at, known = lake.places_of(labels)
    place_of = {label: int(place) for label, place, there in zip(labels, at, known, strict=True) if there}
    more = [label for label in labels if label not in place_of and (anywhere or read_ticket(label) is not None)]
    place_of |= {label: len(lake.place_codes) + number for number, label in enumerate(more)}
    persons = lake.stays.persons
    extra: list[tuple[int, int, int, int]] = []
    numbers: dict[int, list[int]] = {}
    for case, person in people.items():
        mine, track = of_person.get(person, []), told.get(case, ())
        placed = [
            (place_of[label], lake.second(track[row].from_at), lake.second(track[row].to_at))
            for row, label in label_of.get(case, {}).items()
            if label in place_of
        ]
        if not mine and (placed or any(one.lon is not None for one in track)):
            mine, persons = [persons], persons + 1
        numbers[case] = mine
        extra += [(mine[0], *one) for one in placed]
    stays = lake.stays
    if extra:
        person_of, place, arrival, departure = (np.array(column) for column in zip(*extra, strict=True))
        instants_of = (arrival.astype(np.int32), departure.astype(np.int32))
        stays = stays.joined((person_of.astype(np.uint32), place.astype(np.uint32), *instants_of))
    met = {one for one, *_stay in extra}
    of_lake = {case for case, person in people.items() if person in of_person}
    return Heard(stays, numbers, more, frozenset(of_lake | {case for case, mine in numbers.items() if met & set(mine)}))


def _labels(told: Mapping[int, Sequence[Seen]]) -> Iterator[tuple[int, dict[int, str]]]:
    """Of each case the label of the place of each stay that it told of, by row: the code of one on record, or a ticket."""
    spots = registry.spots({one.place_id for rows in told.values() for one in rows if one.place_id is not None})
    for case, rows in told.items():
        found = {}
        for row, one in enumerate(rows):
            spot = spots.get(one.place_id or 0)
            words = spot.code if spot is not None else one.place_text.strip()
            if one.to_at > one.from_at and (spot is not None or read_ticket(words) is not None):
                found[row] = words
        yield case, found
