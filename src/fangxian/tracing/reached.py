"""Everybody whom a search reached: their times together by infector and place, and the order in which they are to be called."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fangxian.analytics.copresence.ranking import Contacts, Hazard, Ranking, rank
from fangxian.core import clock
from fangxian.registry import queries as registry
from fangxian.registry.schemas import Spot
from fangxian.tracing import weighing
from fangxian.tracing.gathering import World
from fangxian.tracing.meeting import Beside, Ground, Group, Met, grouped, joined, numbered, ordered

#: Grounds told of each candidate: the times together that weigh most.
TOLD = 2
#: Places looked up in one question.
_MANY = 2000


class Reached:
    """Persons are named by their number in the window. `groups`: person → times together; those of companions are among them.

    `since`, `ring`: of whoever met somebody otherwise than in a cell alone, when first (Unix seconds), and in which ring.
    `order`, `risk`: place in the order of calling, 1 first, and the risk behind it (none where the pack has no numbers for it).
    """

    def __init__(
        self, world: World, met: Met, aboard: Beside, companions: Beside, hazard: Hazard, is_risk: bool
    ) -> None:
        self.world = world
        begin = world.stays.places + len(aboard.grounds)
        lines = joined([met.lines, numbered(companions.lines, begin)])
        order = ordered(lines)
        sorted_lines = lines.where(order)
        self.groups = grouped(sorted_lines)
        epoch = round(world.lake.epoch.timestamp())
        self._from: list[int] = (sorted_lines.t_in.astype(np.int64) + epoch).tolist()
        self._to: list[int] = (sorted_lines.t_out.astype(np.int64) + epoch).tolist()
        first = met.lines.people()
        since = (first.exposed_at.astype(np.int64) + epoch).tolist()
        self.since: dict[int, int] = dict(zip(first.person.tolist(), since, strict=True))
        self.ring: dict[int, int] = dict(zip(first.person.tolist(), first.ring.tolist(), strict=True))
        self.facts = _facts(aboard, world.stays.places) | _facts(companions, begin)
        self.grounds = self._grounds(lines.place, [*aboard.grounds, *companions.grounds])
        self.places = self._places()
        self.ranking = self._ranked(met, hazard, begin)
        self._telling = _weightiest(self.ranking, order)
        ranked = self.ranking.person.tolist()
        self.risk = dict(zip(ranked, self.ranking.risk.tolist() if is_risk else [None] * len(ranked), strict=True))
        # companions met nobody: after all who did, those who were near for longer first
        minutes = {at: self._minutes(at) for at in self.groups if at not in self.risk}
        called = [*ranked, *sorted(minutes, key=lambda at: -minutes[at])]
        self.order: dict[int, int] = {at: number for number, at in enumerate(called, 1)}

    def spans(self, group: Group) -> list[tuple[int, int]]:
        """From when to when, each time: Unix seconds."""
        rows = slice(group.first, group.last)
        return list(zip(self._from[rows], self._to[rows], strict=True))

    def why(self, at: int) -> list[list[str]]:
        """The times together that weigh most, in words (zh, en)."""
        told = [self.ranking.said(row) for row in self._telling.get(at, ())]
        return [[one.zh, one.en] for one in told]

    # ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _minutes(self, at: int) -> int:
        return sum(end - begin for group in self.groups[at] for begin, end in self.spans(group)) // 60

    def _grounds(self, place: Any, besides: list[Ground]) -> dict[int, Ground]:
        """What each place is called, and whether it is one."""
        known = self.world.stays.places
        concerned = np.unique(place[place < known])
        labels = self.world.labels.take(concerned).to_pylist()
        found = {at: Ground("", str(label)) for at, label in zip(concerned.tolist(), labels, strict=True)}
        return found | dict(enumerate(besides, known))

    def _places(self) -> dict[int, Spot]:
        """What is on record of the places where people met."""
        codes = {at: ground.label for at, ground in self.grounds.items() if at < self.world.stays.places}
        wanted = list(codes.values())
        spots: dict[str, Spot] = {}
        for begin in range(0, len(wanted), _MANY):
            spots |= registry.spots_by_code(wanted[begin : begin + _MANY])
        return {at: spots[code] for at, code in codes.items() if code in spots}

    def _ranked(self, met: Met, hazard: Hazard, places: int) -> Ranking:
        world, lines = self.world, met.lines
        onset = np.full(max(world.stays.persons, 1), np.nan)
        for at, source in world.source_of.items():
            if source.onset is not None:
                onset[at] = world.lake.second(clock.local_midnight(source.onset))
        air = np.zeros(places, np.int8)
        for at, spot in self.places.items():
            air[at] = weighing.air(spot.kind)
        metres = np.full(len(lines), np.nan)
        for row in np.flatnonzero(lines.place >= world.stays.places).tolist():
            triple = int(lines.person[row]), int(lines.via[row]), int(lines.place[row])
            air[lines.place[row]], metres[row] = weighing.aboard(self.facts[triple])
        return rank(Contacts.of_lines(lines, incubation=hazard.incubation, onset=onset, air=air, metres=metres), hazard)


def _facts(beside: Beside, begin: int) -> dict[tuple[int, int, int], Mapping[str, Any]]:
    """Person, infector and ground → what is known of their times together there."""
    lines = numbered(beside.lines, begin)
    columns = zip(lines.person.tolist(), lines.via.tolist(), lines.place.tolist(), strict=True)
    return dict(zip(columns, beside.facts, strict=True))


def _weightiest(ranking: Ranking, order: Any) -> dict[int, list[int]]:
    """Person → rows of the ranking that make up most of the risk; `order`: the rows by person, infector, place and time."""
    rows = order[order < len(ranking.share)]
    rows = rows[np.lexsort((-ranking.share[rows], ranking.contacts.person[rows]))]  # stable: equal ones as they were
    person = ranking.contacts.person[rows]
    starts = np.flatnonzero(np.diff(person, prepend=-1))
    place = np.arange(len(rows)) - np.repeat(starts, np.diff(np.r_[starts, len(rows)]))
    told: dict[int, list[int]] = {}
    for at, row in zip(person[place < TOLD].tolist(), rows[place < TOLD].tolist(), strict=True):
        told.setdefault(at, []).append(row)
    return told
