"""A search for contacts at work: stays gathered, rings traced, people looked up once, judged by the pack, ranked, written.

Nothing is written before the end but progress, then candidates some thousand at a time. A search that was stopped or killed is
computed anew, and only what is not written yet is written: the same stays give the same candidates.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from django.db import transaction

from fangxian.analytics.copresence.crowds import band
from fangxian.analytics.copresence.ranking import Contacts, Hazard, Ranking, rank
from fangxian.core import accounts, bulk, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for, areas_with
from fangxian.core.actions import action, emit, record
from fangxian.duties import packs
from fangxian.protocols import Window
from fangxian.registry import actions as registry_actions
from fangxian.registry import queries as registry
from fangxian.tracing import besides, judging, matching, weighing
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.events import ContactsProposed
from fangxian.tracing.gathering import World, gather
from fangxian.tracing.judging import CASE, CONTACT, Source
from fangxian.tracing.meeting import CELL, Beside, Ground, Group, Met, Terms, grouped, joined, meet, numbered
from fangxian.tracing.models import Candidate, Search
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
    world = gather(search)
    job.advance(GATHERED, step="traced", stays=len(world.stays))
    edition = packs.pack(search.pack, search.area)
    ref = packs.reference(edition)
    rings: dict[str, int] = {}
    tickets = besides.tickets(world)
    aboard = besides.aboard(world, tickets, ref)
    met = meet(
        world.stays, world.index, _terms(search), aboard, np.array(sorted(tickets), np.uint32),
        lambda ring, reached: rings.update({str(ring): reached}),
    )  # fmt: skip
    companions = besides.companions(world, weighing.company(edition), ref)
    job.advance(TRACED, step="matched", rings=rings)
    people = _People(world, met, aboard, companions, *weighing.hazard(edition))
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


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _People:
    """Everybody reached: by position in the window, in the order of calling."""

    def __init__(
        self, world: World, met: Met, aboard: Beside, companions: Beside, hazard: Hazard, is_risk: bool
    ) -> None:
        self.world = world
        self.grounds = [*aboard.grounds, *companions.grounds]
        begin = world.stays.places + len(aboard.grounds)
        self.lines = joined([met.lines, numbered(companions.lines, begin)])
        self.groups = grouped(self.lines)
        self.times = list(zip(self.lines.t_in.tolist(), self.lines.t_out.tolist(), strict=True))
        self.ring = self.lines.ring.tolist()
        self.facts = self._facts(aboard, world.stays.places) | self._facts(companions, begin)
        concerned = np.unique(self.lines.place[self.lines.place < world.stays.places])
        self.labels = dict(zip(concerned.tolist(), world.labels.take(concerned).to_pylist(), strict=True))
        onset = np.full(max(world.stays.persons, 1), np.nan)
        for at, source in world.source_of.items():
            if source.onset is not None:
                onset[at] = world.lake.second(clock.local_midnight(source.onset))
        self.places = self._places()
        air = np.zeros(begin, np.int8)
        for at, spot in self.places.items():
            air[at] = weighing.air(spot.kind)
        metres = np.full(len(met.lines), np.nan)
        for row in np.flatnonzero(met.lines.place >= world.stays.places).tolist():
            told = self.facts[self._triple(row)]
            air[met.lines.place[row]], metres[row] = weighing.aboard(told)
        contacts = Contacts.of_lines(met.lines, incubation=hazard.incubation, onset=onset, air=air, metres=metres)
        self.ranking: Ranking = rank(contacts, hazard)
        self.share = self.ranking.share.tolist()
        ranked = self.ranking.person.tolist()
        self.risk = dict(zip(ranked, self.ranking.risk.tolist() if is_risk else [None] * len(ranked), strict=True))
        # companions met nobody: after all who did, those who were near for longer first
        minutes = {at: self.minutes(at) for at in self.groups if at not in self.risk}
        self.order = {
            at: number for number, at in enumerate([*ranked, *sorted(minutes, key=lambda at: -minutes[at])], 1)
        }

    def _triple(self, row: int) -> tuple[int, int, int]:
        return int(self.lines.person[row]), int(self.lines.via[row]), int(self.lines.place[row])

    @staticmethod
    def _facts(beside: Beside, begin: int) -> dict[tuple[int, int, int], Mapping[str, Any]]:
        """Person, infector and ground → what is known of their times together there."""
        lines = numbered(beside.lines, begin)
        columns = zip(lines.person.tolist(), lines.via.tolist(), lines.place.tolist(), strict=True)
        return dict(zip(columns, beside.facts, strict=True))

    def ground(self, place: int) -> Ground:
        """What a place is called, and whether it is one."""
        known = self.world.stays.places
        return self.grounds[place - known] if place >= known else Ground("", str(self.labels[place]))

    def minutes(self, at: int) -> int:
        """Minutes in all of somebody's lines."""
        rows = self.rows(at)
        return int((self.lines.t_out[rows].astype(np.int64) - self.lines.t_in[rows]).sum()) // 60

    def rows(self, at: int) -> list[int]:
        """The lines in which somebody met anybody."""
        return [row for group in self.groups[at] for row in group.rows]

    def met(self, at: int) -> list[int]:
        """Those of them in which it was more than being in the same cell."""
        rows = self.rows(at)
        return rows if len(self.share) == len(self.ring) else [row for row in rows if row < len(self.share)]

    def unwritten(self, search: Search) -> list[int]:
        """Keys of those not written yet: all of them, but for a search that goes on."""
        written = set(Candidate.objects.filter(search=search).values_list("key", flat=True))
        return [key for at in self.groups if (key := self.world.key(at)) not in written]

    def _places(self) -> dict[int, Any]:
        """What is on record of the places where people met."""
        concerned = list(self.labels)
        spots: dict[str, Any] = {}
        codes = [self.ground(at).label for at in concerned]
        for begin in range(0, len(codes), CHUNK):
            spots |= registry.spots_by_code(codes[begin : begin + CHUNK])
        return {at: spots[code] for at, code in zip(concerned, codes, strict=True) if code in spots}

    def why(self, at: int) -> list[list[str]]:
        """The times together that weigh most, in words (zh, en)."""
        rows = self.met(at)
        rows.sort(key=lambda row: -self.share[row])
        told = [self.ranking.said(row) for row in rows[:TOLD]]
        return [[one.zh, one.en] for one in told]


# ── judging and writing ────────────────────────────────────────────────────────────────────────────────────────────────

COLUMNS = (
    "search_id key person_id area ring state rank risk grounds category basis missing minutes first_at last_at meetings "
    "case_id contact_id reason"
).split()


class _Judge:
    def __init__(self, search: Search, world: World, people: _People, person_of: Mapping[int, int]) -> None:
        self.search, self.world, self.people, self.person_of = search, world, people, person_of
        self.epoch = round(world.lake.epoch.timestamp())
        self.posts = areas_with(RIGHT)
        self.prolonged = weighing.prolonged(search.pack, search.area)
        self.ref = packs.reference(packs.pack(search.pack, search.area))
        self.traits: dict[int, Any] = {}
        self.areas: dict[str, str] = {}
        self.infectors: dict[int, Source] = {}
        self.editions: dict[tuple[str, str], str] = {}

    def units(self) -> list[list[int]]:
        """Who is to be written, the first to be called first: each human once, under however many keys they were recorded."""
        kept = Candidate.objects.filter(search=self.search)
        keys, done = set(kept.values_list("key", flat=True)), set(kept.values_list("person_id", flat=True)) - {None}
        found: dict[int, list[int]] = {}
        for at in sorted(self.people.groups, key=self.people.order.__getitem__):
            key = self.world.key(at)
            person = self.person_of.get(key)
            if key not in keys and person not in done:
                found.setdefault(person or -key, []).append(at)
        return list(found.values())

    def rows(self, chunk: Sequence[Sequence[int]]) -> list[tuple[Any, ...]]:
        """Candidates as rows of their table."""
        mine = {unit[0]: self.person_of.get(self.world.key(unit[0])) for unit in chunk}
        vias = {group.via for unit in chunk for at in unit for group in self.people.groups[at]}
        self.infectors |= {at: self._infector(at) for at in vias - self.infectors.keys()}
        infectors = self.infectors
        wanted = {pk for pk in (*mine.values(), *(infectors[at].person_id for at in vias)) if pk}
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
        since = self.world.lake.instant(min(self.people.times[row][0] for row in self.people.met(at)))
        pk = self.person_of.get(self.world.key(at)) or 0
        search = self.search
        window = Window(since, None, ())
        return Source(CONTACT, 0, "", search.outbreak_id, pk, search.area, search.pack, window=window)

    def _meetings(
        self, unit: Sequence[int], person: int | None, infectors: Mapping[int, Source]
    ) -> list[dict[str, Any]]:
        groups = [(at, group) for at in unit for group in self.people.groups[at]]
        met = [
            self._meeting(at, group, person, infectors[group.via])
            for at, group in groups
            if person is None or infectors[group.via].person_id != person  # nobody meets themselves under another key
        ]
        return [one for one in met if _counts(one, met)]

    def _meeting(self, at: int, group: Group, person: int | None, source: Source) -> dict[str, Any]:
        spans = [
            [self.epoch + begin, self.epoch + end] for begin, end in (self.people.times[row] for row in group.rows)
        ]
        minutes = sum(end - begin for begin, end in spans) // 60
        spot, ground = self.people.places.get(group.place), self.people.ground(group.place)
        known = dict(self.people.facts.get((at, group.via, group.place), {}))
        if ground.how != CELL:
            known |= weighing.facts(
                minutes, spot, self.traits.get(person or 0), self.traits.get(source.person_id), self.prolonged, self.ref
            )
        begin, end = instants([spans[0][0], spans[-1][1]])
        judged = judging.judge(source, known, begin, end, self._edition(source))
        return {
            "kind": source.kind, "case": source.id if source.kind == CASE else None, "via": source.person_id or None,
            "place": spot.id if spot else None, "how": ground.how, "label": ground.label, "minutes": minutes,
            "spans": spans, "facts": dict(judged.facts), "category": judged.category, "basis": judged.basis,
            "rank": judged.rank, "missing": list(judged.missing),
        }  # fmt: skip

    def _edition(self, source: Source) -> str:
        """The edition by which exposures to somebody are judged."""
        of = source.pack, source.area
        if of not in self.editions:
            self.editions[of] = packs.reference(source.edition)
        return self.editions[of]

    def _row(
        self, unit: Sequence[int], person: int | None, meetings: list[dict[str, Any]], known: matching.Standing | None
    ) -> tuple[Any, ...]:
        at, people = unit[0], self.people
        strictest = min(meetings, key=lambda one: one["rank"])
        home = self.traits[person].area if person in self.traits else ""
        known = known or matching.Standing(Candidate.PROPOSED if person else Candidate.UNKNOWN)
        to_case = any(one["kind"] == CASE for one in meetings)
        ring = 1 if to_case else min(people.ring[row] for one in unit for row in people.met(one))
        begin = min(one["spans"][0][0] for one in meetings)
        end = max(one["spans"][-1][1] for one in meetings)
        missing = dict.fromkeys(name for one in meetings for name in one["missing"])
        return (
            self.search.pk, self.world.key(at), person, self._area(home), ring, known.state, people.order[at], people.risk.get(at),
            people.why(at), strictest["category"], strictest["basis"], list(missing), _together(meetings),
            *instants([begin, end]), meetings, known.case_id, known.contact_id, known.reason,
        )  # fmt: skip

    def _area(self, home: str) -> str:
        """Whose it is to decide: where the person lives, if somebody there may; else who searched."""
        if home not in self.areas:
            there = home and any(home.startswith(post) for post in self.posts)
            self.areas[home] = home if there else self.search.area
        return self.areas[home]


def _counts(one: Mapping[str, Any], met: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a time tells of more than the others do: to have been in one cell is nothing beside a stricter reason."""
    return one["how"] != CELL or all(one["rank"] < other["rank"] for other in met if other["how"] != CELL)


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
def _finish(by: Actor, search: Search, met: Met, world: World) -> int:
    notices, labels = met.notices, world.labels
    rows = zip(*(getattr(notices, name).tolist() for name in ("place", "since", "until", "visitors")), strict=True)
    search.notices = [
        {
            "place": labels[place].as_py(), "from": world.lake.instant(since).isoformat(),
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
