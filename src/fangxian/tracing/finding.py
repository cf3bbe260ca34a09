"""A search for contacts at work: stays gathered, rings traced, people looked up once, judged by the pack, ranked, written.

Nothing is written before the end but progress, then candidates some thousand at a time. A search that was stopped or killed is
computed anew, and only what is not written yet is written: the same stays give the same candidates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import transaction

from fangxian.analytics.copresence import Index, Stays
from fangxian.analytics.copresence.crowds import band
from fangxian.analytics.copresence.ranking import Contacts, Hazard, Ranking, rank
from fangxian.core import accounts, bulk, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for, areas_with
from fangxian.core.actions import action, emit, record
from fangxian.duties import packs
from fangxian.lake import Window as Stretch
from fangxian.protocols import Window
from fangxian.registry import actions as registry_actions
from fangxian.registry import queries as registry
from fangxian.tracing import judging, matching, sources, staying, weighing
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.events import ContactsProposed
from fangxian.tracing.judging import CASE, CONTACT, Source
from fangxian.tracing.meeting import Group, Met, Terms, grouped, meet
from fangxian.tracing.models import Candidate, Search
from fangxian.tracing.queries.stays import stays_of
from fangxian.tracing.searching import instants

KIND = "contacts.find"
SUBJECT = "search"
#: People judged and written in one transaction.
CHUNK = 2000
#: How far along each part of the work is done, of 100.
GATHERED, TRACED, MATCHED, WRITTEN = 40, 60, 70, 100
#: What an identity is looked up for.
PURPOSE = "investigation"
#: Grounds told of each candidate: the times together that weigh most.
TOLD = 2


@jobs.kind(KIND)
def run(job: jobs.Running) -> dict[str, Any]:
    """Do a search, or do again one that did not come to its end."""
    search = Search.objects.select_related("outbreak").get(pk=job.arguments["search"])
    by = actor_for(accounts.of_id(job.row.owner_id), "job") if job.row.owner_id else SYSTEM
    job.expect(WRITTEN)
    world = _gather(by, search)
    job.advance(GATHERED, step="traced", stays=len(world.stays))
    rings: dict[str, int] = {}
    met = meet(world.stays, world.index, _terms(search), lambda ring, reached: rings.update({str(ring): reached}))
    job.advance(TRACED, step="matched", rings=rings)
    people = _People(world, met, *weighing.hazard(packs.pack(search.pack, search.area)))
    person_of = registry_actions.open_keys(by, people.unwritten(search), PURPOSE, search.why)
    job.advance(MATCHED, step="judged", matched=len(person_of))
    judge = _Judge(search, world, people, person_of)
    units = judge.units()
    written, total = 0, max(1, len(units))
    for chunk in (units[begin : begin + CHUNK] for begin in range(0, len(units), CHUNK)):
        with transaction.atomic():
            _write(by, search, judge.rows(chunk))
            written += len(chunk)
            job.advance(MATCHED + (WRITTEN - MATCHED - 1) * written // total, step="judged")
    returned = _finish(by, search, met, world)
    return {"step": "done", "people": returned}


def _terms(search: Search) -> Terms:
    return weighing.terms(search.tau, search.onward, search.rings, search.within, search.crowd)


# ── gathering ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _World:
    """The stays of the time concerned with the cases among them. `source_of`: number of a person → the case."""

    lake: Stretch
    stays: Stays
    index: Index
    source_of: Mapping[int, Source]
    without_stays: int

    def code(self, place: int) -> str:
        return str(self.lake.place_codes[place])


def windows(case_ids: Sequence[int]) -> list[tuple[Source, Window]]:
    """The cases that can be searched around, each with its infectious window; one that is open ends now."""
    now = clock.now()
    found = [sources.of_case(case) for case in sources.facts_of(case_ids)]
    return [
        (one, Window(one.window.start, min(one.window.end or now, now), one.window.cited))
        for one in found
        if one.window is not None and not one.is_void and one.window.start < now
    ]


def _gather(by: Actor, search: Search) -> _World:
    """Stays of the lake and of the cases' tracks, as far as these name places that the lake knows."""
    of_cases = windows(list(search.cases.values_list("pk", flat=True)))
    since = min((window.start for _source, window in of_cases), default=clock.now())
    until = max((window.end or since for _source, window in of_cases), default=since)
    shortest = 0 if search.within else round(60 * min(search.tau, search.onward if search.rings > 1 else search.tau))
    lake = staying.window(since, until, at_least=shortest)
    numbers = staying.numbers(lake, [source.person_id for source, _window in of_cases])
    told = stays_of([source.id for source, _window in of_cases])
    spots = registry.spots({one.place_id for rows in told.values() for one in rows if one.place_id is not None})
    codes = sorted(spot.code for spot in spots.values())
    at, known = lake.places_of(codes)
    place_of = {code: int(place) for code, place, there in zip(codes, at, known, strict=True) if there}
    persons = lake.stays.persons
    extra: list[tuple[int, int, int, int]] = []
    seats: list[tuple[int, Source, int, int]] = []
    for source, window in of_cases:
        mine = numbers.get(source.person_id, [])
        placed = [
            (place_of[spot.code], lake.second(one.from_at), lake.second(one.to_at))
            for one in told.get(source.id, ())
            if (spot := spots.get(one.place_id or 0)) is not None and spot.code in place_of and one.to_at > one.from_at
        ]
        if not mine and placed:
            mine, persons = [persons], persons + 1
        extra += [(mine[0], *one) for one in placed]
        seats += [(number, source, lake.second(window.start), lake.second(window.end or until)) for number in mine]
    stays = lake.stays
    if extra:
        person, place, arrival, departure = (np.array(column) for column in zip(*extra, strict=True))
        instants_of = (arrival.astype(np.int32), departure.astype(np.int32))
        stays = stays.joined((person.astype(np.uint32), place.astype(np.uint32), *instants_of))
    index = Index.of(*([seat[column] for seat in seats] for column in (0, 2, 3)))
    silent = search.cases.count() - len({source.id for _number, source, *_times in seats})
    return _World(lake, stays, index, {number: source for number, source, *_times in seats}, silent)


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _People:
    """Everybody reached: by position in the window, in the order of calling."""

    def __init__(self, world: _World, met: Met, hazard: Hazard, is_risk: bool) -> None:
        self.world, self.lines = world, met.lines
        self.groups = grouped(met.lines)
        onset = np.full(max(world.stays.persons, 1), np.nan)
        for at, source in world.source_of.items():
            if source.onset is not None:
                onset[at] = world.lake.second(clock.local_midnight(source.onset))
        self.places = self._places()
        air = np.zeros(max(world.stays.places, 1), np.int8)
        for at, spot in self.places.items():
            air[at] = weighing.air(spot.kind)
        contacts = Contacts.of_lines(met.lines, incubation=hazard.incubation, onset=onset, air=air)
        self.ranking: Ranking = rank(contacts, hazard)
        self.order = {int(at): number for number, at in enumerate(self.ranking.person.tolist(), 1)}
        risks = self.ranking.risk.tolist() if is_risk else [None] * len(self.order)
        self.risk = dict(zip(self.ranking.person.tolist(), risks, strict=True))

    def key(self, at: int) -> int:
        return int(self.world.lake.person_keys[at])

    def rows(self, at: int) -> list[int]:
        """The lines in which somebody met anybody."""
        return [row for group in self.groups[at] for row in group.rows]

    def unwritten(self, search: Search) -> list[int]:
        """Keys of those not written yet: all of them, but for a search that goes on."""
        written = set(Candidate.objects.filter(search=search).values_list("key", flat=True))
        return [key for at in self.groups if (key := self.key(at)) not in written]

    def _places(self) -> dict[int, Any]:
        """What is on record of the places where people met."""
        concerned = np.unique(self.lines.place).tolist()
        spots: dict[str, Any] = {}
        codes = [self.world.code(at) for at in concerned]
        for begin in range(0, len(codes), CHUNK):
            spots |= registry.spots_by_code(codes[begin : begin + CHUNK])
        return {at: spots[code] for at, code in zip(concerned, codes, strict=True) if code in spots}

    def grounds(self, at: int) -> list[list[str]]:
        """The times together that weigh most, in words (zh, en)."""
        rows = self.rows(at)
        rows.sort(key=lambda row: -self.ranking.share[row])
        told = [self.ranking.said(row) for row in rows[:TOLD]]
        return [[one.zh, one.en] for one in told]


# ── judging and writing ────────────────────────────────────────────────────────────────────────────────────────────────

COLUMNS = (
    "search_id key person_id area ring state rank risk grounds category basis missing minutes first_at last_at meetings "
    "case_id contact_id reason"
).split()


class _Judge:
    def __init__(self, search: Search, world: _World, people: _People, person_of: Mapping[int, int]) -> None:
        self.search, self.world, self.people, self.person_of = search, world, people, person_of
        self.posts = areas_with(RIGHT)
        self.prolonged = weighing.prolonged(search.pack, search.area)
        self.ref = packs.reference(packs.pack(search.pack, search.area))
        self.traits: dict[int, Any] = {}

    def units(self) -> list[list[int]]:
        """Who is to be written, the first to be called first: each human once, under however many keys they were recorded."""
        kept = Candidate.objects.filter(search=self.search)
        keys, done = set(kept.values_list("key", flat=True)), set(kept.values_list("person_id", flat=True)) - {None}
        found: dict[int, list[int]] = {}
        for at in sorted(self.people.groups, key=self.people.order.__getitem__):
            key = self.people.key(at)
            person = self.person_of.get(key)
            if key not in keys and person not in done:
                found.setdefault(person or -key, []).append(at)
        return list(found.values())

    def rows(self, chunk: Sequence[Sequence[int]]) -> list[tuple[Any, ...]]:
        """Candidates as rows of their table."""
        mine = {unit[0]: self.person_of.get(self.people.key(unit[0])) for unit in chunk}
        vias = {group.via for unit in chunk for at in unit for group in self.people.groups[at]}
        infectors = {at: self._infector(at) for at in vias}
        wanted = {pk for pk in (*mine.values(), *(one.person_id for one in infectors.values())) if pk}
        self.traits |= registry.traits(wanted - set(self.traits))
        meetings = {unit[0]: self._meetings(unit, mine[unit[0]], infectors) for unit in chunk}
        known = matching.known(self.search, {at: pk for at, pk in mine.items() if pk is not None}, meetings)
        return [
            self._row(unit, mine[unit[0]], meetings[unit[0]], known.get(unit[0])) for unit in chunk if meetings[unit[0]]
        ]

    def _infector(self, at: int) -> Source:
        """Whom somebody met: a case, or a contact that this search proposes, infectious from its first exposure on."""
        if (case := self.world.source_of.get(at)) is not None:
            return case
        since = self.world.lake.instant(min(int(self.people.lines.t_in[row]) for row in self.people.rows(at)))
        pk = self.person_of.get(self.people.key(at)) or 0
        search = self.search
        window = Window(since, None, ())
        return Source(CONTACT, 0, "", search.outbreak_id, pk, search.area, search.pack, window=window)

    def _meetings(
        self, unit: Sequence[int], person: int | None, infectors: Mapping[int, Source]
    ) -> list[dict[str, Any]]:
        groups = [group for at in unit for group in self.people.groups[at]]
        return [
            self._meeting(group, person, infectors[group.via])
            for group in groups
            if person is None or infectors[group.via].person_id != person  # nobody meets themselves under another key
        ]

    def _meeting(self, group: Group, person: int | None, source: Source) -> dict[str, Any]:
        lines, epoch = self.people.lines, round(self.world.lake.epoch.timestamp())
        spans = [[epoch + int(lines.t_in[row]), epoch + int(lines.t_out[row])] for row in group.rows]
        minutes = sum(end - begin for begin, end in spans) // 60
        spot = self.people.places.get(group.place)
        known = weighing.facts(
            minutes, spot, self.traits.get(person or 0), self.traits.get(source.person_id), self.prolonged, self.ref
        )
        begin, end = instants([spans[0][0], spans[-1][1]])
        judged = judging.judge(source, known, begin, end)
        return {
            "kind": source.kind, "case": source.id if source.kind == CASE else None, "via": source.person_id or None,
            "place": spot.id if spot else None, "label": self.world.code(group.place), "minutes": minutes,
            "spans": spans, "facts": dict(judged.facts), "category": judged.category, "basis": judged.basis,
            "rank": judged.rank, "missing": list(judged.missing),
        }  # fmt: skip

    def _row(
        self, unit: Sequence[int], person: int | None, meetings: list[dict[str, Any]], known: matching.Standing | None
    ) -> tuple[Any, ...]:
        at, people = unit[0], self.people
        strictest = min(meetings, key=lambda one: one["rank"])
        home = self.traits[person].area if person in self.traits else ""
        known = known or matching.Standing(Candidate.PROPOSED if person else Candidate.UNKNOWN)
        ring = min(int(people.lines.ring[row]) for one in unit for row in people.rows(one))
        begin = min(one["spans"][0][0] for one in meetings)
        end = max(one["spans"][-1][1] for one in meetings)
        missing = dict.fromkeys(name for one in meetings for name in one["missing"])
        return (
            self.search.pk, people.key(at), person, self._area(home), ring, known.state, people.order[at], people.risk[at],
            people.grounds(at), strictest["category"], strictest["basis"], list(missing), _together(meetings),
            *instants([begin, end]), meetings, known.case_id, known.contact_id, known.reason,
        )  # fmt: skip

    def _area(self, home: str) -> str:
        """Whose it is to decide: where the person lives, if somebody there may; else who searched."""
        return home if home and any(home.startswith(post) for post in self.posts) else self.search.area


def _together(meetings: Sequence[Mapping[str, Any]]) -> int:
    """Minutes with anybody: of two infectors at one table, the time counts once."""
    total, reached = 0, 0
    for begin, end in sorted(tuple(span) for one in meetings for span in one["spans"]):
        total += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return total // 60


@action
def _write(by: Actor, search: Search, rows: Sequence[tuple[Any, ...]]) -> None:
    """Candidates of one chunk; whoever was proposed with less before is proposed here now, and only here."""
    bulk.insert(Candidate, COLUMNS, rows)
    matching.supersede(search, [row[2] for row in rows if row[5] == Candidate.PROPOSED])


@action
def _finish(by: Actor, search: Search, met: Met, world: _World) -> int:
    notices = met.notices
    rows = zip(*(getattr(notices, name).tolist() for name in ("place", "since", "until", "visitors")), strict=True)
    search.notices = [
        {
            "place": world.code(place), "from": world.lake.instant(since).isoformat(),
            "to": world.lake.instant(until).isoformat(), "visitors": list(band(visitors)),
        }
        for place, since, until, visitors in rows
    ]  # fmt: skip
    written = Candidate.objects.filter(search=search)
    search.counts = {
        "returned": written.count(), "noticed": list(band(met.noticed)) if len(notices) else [],
        "without_stays": world.without_stays, "stays": len(world.stays),
    }  # fmt: skip
    search.finished_at = clock.now()
    search.save(update_fields=["notices", "counts", "finished_at"])
    areas = sorted(set(written.filter(state=Candidate.PROPOSED).values_list("area", flat=True)))
    told = {"people": search.counts["returned"], "notices": len(notices), "stays": len(world.stays)}
    record(by, "contacts.found", (SUBJECT, search.pk), area=search.area, data=told)
    emit(ContactsProposed(search.pk, search.outbreak_id, search.area, tuple(areas)))
    return int(search.counts["returned"])
