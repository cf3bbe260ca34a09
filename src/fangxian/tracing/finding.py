"""A search for contacts at work: stays gathered, rings traced, people looked up once, judged by the pack, ranked, written.

Nothing is written before the end but progress, then candidates some thousand at a time. A search that was stopped or killed is
computed anew, and only what is not written yet is written: the same stays give the same candidates.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from fangxian.analytics.copresence import Index, Stays
from fangxian.analytics.copresence.crowds import band
from fangxian.analytics.copresence.ranking import Contacts, Ranking, rank
from fangxian.core import accounts, bulk, clock, jobs
from fangxian.core.access import SYSTEM, Actor, actor_for, areas_with
from fangxian.core.actions import action, emit, record
from fangxian.duties import packs
from fangxian.protocols import Window
from fangxian.registry import actions as registry_actions
from fangxian.registry import queries as registry
from fangxian.tracing import judging, matching, sources, staying, weighing
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.events import ContactsProposed
from fangxian.tracing.judging import CASE, CONTACT, Source
from fangxian.tracing.meeting import Group, Met, Terms, grouped, joined, meet
from fangxian.tracing.models import Candidate, Search
from fangxian.tracing.queries.stays import stays_of

KIND = "contacts.find"
SUBJECT = "search"
#: People judged and written in one transaction.
CHUNK = 2000
#: How far along each part of the work is done, of 100.
GATHERED, TRACED, MATCHED, WRITTEN = 40, 60, 70, 100
#: What an identity is looked up for.
PURPOSE = "investigation"
#: Grounds told of each candidate: the times together that weigh most.
TOLD = 3
_LAST = np.iinfo(np.int32).max


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
    people = _People(world, met, _hazard(search))
    person_of = registry_actions.open_keys(by, people.unwritten(search), PURPOSE)
    job.advance(MATCHED, step="judged", matched=len(person_of))
    written, total = 0, max(1, len(people.groups))
    judge = _Judge(search, world, people, person_of)
    for chunk in people.chunks(search):
        with transaction.atomic():
            _write(by, search, judge.rows(chunk))
            written += len(chunk)
            job.advance(MATCHED + (WRITTEN - MATCHED - 1) * written // total, step="judged")
    _finish(by, search, met, world, people)
    return {"step": "done", "people": len(people.groups)}


def _terms(search: Search) -> Terms:
    return weighing.terms(search.tau, search.onward, search.rings, search.within, search.crowd)


def _hazard(search: Search) -> Any:
    return weighing.hazard(packs.pack(search.pack, search.area))


# ── gathering ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _World:
    """The stays of the days concerned with the cases among them. `source_of`: position of a person → the case; `codes`: of places."""

    stays: Stays
    index: Index
    epoch: datetime
    keys: NDArray[Any]
    codes: Sequence[str]
    source_of: Mapping[int, Source]
    without_stays: int

    def at(self, second: int) -> datetime:
        return self.epoch + timedelta(seconds=int(second))


def windows(case_ids: Sequence[int]) -> list[tuple[Source, Window]]:
    """The cases that can be searched around, each with its infectious window."""
    found = [sources.of_case(case) for case in sources.facts_of(case_ids)]
    return [(one, one.window) for one in found if one.window is not None and not one.is_void]


def _gather(by: Actor, search: Search) -> _World:
    open_to = windows(list(search.cases.values_list("pk", flat=True)))
    now = clock.now()
    since = min((window.start for _source, window in open_to), default=now)
    until = max((min(window.end or now, now) for _source, window in open_to), default=now)
    record_of = sources.records(sources.humans([source.person_id for source, _window in open_to]).values())
    key_of = registry_actions.lake_keys(by, list(record_of))
    shortest = 0 if search.within else round(60 * min(search.tau, search.onward if search.rings > 1 else search.tau))
    lake = staying.window(since, until, at_least=shortest)
    place_of = {str(code): at for at, code in enumerate(lake.place_codes)}
    positions = _positions(lake.person_keys, key_of)
    seats: list[tuple[int, Source, Window]] = []
    newest = len(lake.person_keys)
    told = stays_of([source.id for source, _window in open_to])
    codes = registry.spots({one.place_id for rows in told.values() for one in rows if one.place_id is not None})
    extra: list[tuple[int, int, int, int]] = []
    silent = 0
    for source, window in open_to:
        human = record_of[source.person_id]
        mine = [positions[pk] for pk, of in record_of.items() if of == human and pk in positions]
        placed = [
            (place_of[spot.code], _second(lake.epoch, one.from_at), _second(lake.epoch, one.to_at))
            for one in told.get(source.id, ())
            if (spot := codes.get(one.place_id or 0)) is not None and spot.code in place_of and one.to_at > one.from_at
        ]
        if not mine and placed:
            mine, newest = [newest], newest + 1
        silent += not mine
        seats += [(at, source, window) for at in mine]
        extra += [(mine[0], *one) for one in placed]
    table = np.array(extra, np.int64).reshape(-1, 4)
    stays = joined(
        lake.stays, table[:, 0].astype(np.uint32), table[:, 1].astype(np.uint32), table[:, 2].astype(np.int32),
        table[:, 3].astype(np.int32), newest,
    )  # fmt: skip
    index = Index.of(
        [at for at, _source, _window in seats], [_second(lake.epoch, window.start) for _at, _source, window in seats],
        [_second(lake.epoch, min(window.end or now, now)) for _at, _source, window in seats],
    )  # fmt: skip
    without = silent + search.cases.count() - len(open_to)
    return _World(
        stays, index, lake.epoch, lake.person_keys, lake.place_codes, {at: source for at, source, _window in seats}, without
    )  # fmt: skip


def _positions(keys: NDArray[Any], key_of: Mapping[int, int]) -> dict[int, int]:
    """Person → where their key is in the window of the lake; those without stays are left out."""
    wanted = set(key_of.values())
    at = np.nonzero(np.isin(keys, np.array(sorted(wanted), np.uint32)))[0]
    where = {int(keys[one]): int(one) for one in at.tolist()}
    return {person: where[key] for person, key in key_of.items() if key in where}


def _second(epoch: datetime, moment: datetime) -> int:
    return int(np.clip((moment - epoch).total_seconds(), -_LAST, _LAST))


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


class _People:
    """Everybody reached: by position in the window, in the order of calling."""

    def __init__(self, world: _World, met: Met, hazard: Any) -> None:
        self.world, self.lines = world, met.lines
        self.groups = grouped(met.lines)
        onset = np.full(max(world.stays.persons, 1), np.nan)
        for at, source in world.source_of.items():
            if source.onset is not None:
                onset[at] = _second(world.epoch, clock.local_midnight(source.onset))
        self.places = self._places()
        air = np.zeros(max(world.stays.places, 1), np.int8)
        for at, spot in self.places.items():
            air[at] = weighing.air(spot.kind)
        contacts = Contacts.of_lines(met.lines, incubation=hazard.incubation, onset=onset, air=air)
        self.ranking: Ranking = rank(contacts, hazard)
        self.order = {int(at): number for number, at in enumerate(self.ranking.person.tolist(), 1)}
        self.risk = dict(zip(self.ranking.person.tolist(), self.ranking.risk.tolist(), strict=True))
        self._written: set[int] | None = None

    def key(self, at: int) -> int:
        return int(self.world.keys[at])

    def unwritten(self, search: Search) -> list[int]:
        """Keys of those not written yet: all of them, but for a search that goes on."""
        written = self._already(search)
        return [key for at in self.groups if (key := self.key(at)) not in written]

    def chunks(self, search: Search) -> Iterator[list[int]]:
        """Positions to be written, the first to be called first."""
        written = self._already(search)
        wanted = sorted((at for at in self.groups if self.key(at) not in written), key=self.order.__getitem__)
        for begin in range(0, len(wanted), CHUNK):
            yield wanted[begin : begin + CHUNK]

    def _already(self, search: Search) -> set[int]:
        if self._written is None:
            self._written = set(Candidate.objects.filter(search=search).values_list("key", flat=True))
        return self._written

    def _places(self) -> dict[int, Any]:
        """What is on record of the places where people met."""
        concerned = np.unique(self.lines.place).tolist()
        spots: dict[str, Any] = {}
        codes = [str(self.world.codes[at]) for at in concerned]
        for begin in range(0, len(codes), CHUNK):
            spots |= registry.spots_by_code(codes[begin : begin + CHUNK])
        return {at: spots[code] for at, code in zip(concerned, codes, strict=True) if code in spots}

    def grounds(self, at: int) -> list[list[str]]:
        """The times together that weigh most, in words (zh, en)."""
        rows = [row for group in self.groups[at] for row in group.rows]
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
        self.traits: dict[int, Any] = {}

    def rows(self, chunk: Sequence[int]) -> list[tuple[Any, ...]]:
        """Candidates as rows of their table."""
        mine = {at: self.person_of.get(self.people.key(at)) for at in chunk}
        vias = {group.via for at in chunk for group in self.people.groups[at]}
        infectors = {at: self._infector(at) for at in vias}
        wanted = {pk for pk in (*mine.values(), *(one.person_id for one in infectors.values())) if pk}
        self.traits |= registry.traits(wanted - set(self.traits))
        meetings = {at: self._meetings(at, mine[at], infectors) for at in chunk}
        known = matching.known(self.search, {at: pk for at, pk in mine.items() if pk is not None}, meetings)
        return [self._row(at, mine[at], meetings[at], known.get(at)) for at in chunk]

    def _infector(self, at: int) -> Source:
        """Whom somebody met: a case, or a contact that this search proposes, infectious from its first exposure on."""
        if (case := self.world.source_of.get(at)) is not None:
            return case
        rows = [row for group in self.people.groups[at] for row in group.rows]
        since = self.world.at(min(int(self.people.lines.t_in[row]) for row in rows))
        pk = self.person_of.get(self.people.key(at)) or 0
        search = self.search
        window = Window(since, None, ())
        return Source(CONTACT, 0, "", search.outbreak_id, pk, search.area, search.pack, window=window)

    def _meetings(self, at: int, person: int | None, infectors: Mapping[int, Source]) -> list[dict[str, Any]]:
        return [self._meeting(group, person, infectors[group.via]) for group in self.people.groups[at]]

    def _meeting(self, group: Group, person: int | None, source: Source) -> dict[str, Any]:
        lines, epoch = self.people.lines, round(self.world.epoch.timestamp())
        spans = [[epoch + int(lines.t_in[row]), epoch + int(lines.t_out[row])] for row in group.rows]
        minutes = sum(end - begin for begin, end in spans) // 60
        spot = self.people.places.get(group.place)
        known = weighing.facts(
            minutes, spot, self.traits.get(person or 0), self.traits.get(source.person_id), self.prolonged
        )
        begin, end = self.world.at(spans[0][0] - epoch), self.world.at(spans[-1][1] - epoch)
        judged = judging.judge(source, known, begin, end)
        return {
            "kind": source.kind, "case": source.id if source.kind == CASE else None, "via": source.person_id or None,
            "place": spot.id if spot else None, "label": str(self.world.codes[group.place]), "minutes": minutes,
            "spans": spans, "facts": dict(judged.facts), "category": judged.category, "basis": judged.basis,
            "rank": judged.rank, "missing": list(judged.missing),
        }  # fmt: skip

    def _row(self, at: int, person: int | None, meetings: list[dict[str, Any]], known: Any) -> tuple[Any, ...]:
        strictest = min(meetings, key=lambda one: one["rank"])
        home = self.traits[person].area if person in self.traits else ""
        state = known.state if known else Candidate.PROPOSED if person else Candidate.UNKNOWN
        begin = min(one["spans"][0][0] for one in meetings)
        end = max(one["spans"][-1][1] for one in meetings)
        missing = dict.fromkeys(name for one in meetings for name in one["missing"])
        zone = clock.now().tzinfo
        return (
            self.search.pk, self.people.key(at), person, self._area(home), int(self.people.lines.ring[self.people.groups[at][0].rows[0]]),
            state, self.people.order[at], self.people.risk[at], self.people.grounds(at), strictest["category"], strictest["basis"],
            list(missing), _together(meetings), datetime.fromtimestamp(begin, zone),
            datetime.fromtimestamp(end, zone), meetings, known.case_id if known else None, known.contact_id if known else None,
            known.reason if known else "",
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
def _finish(by: Actor, search: Search, met: Met, world: _World, people: _People) -> None:
    notices = met.notices
    search.notices = [
        {
            "place": str(world.codes[place]), "from": world.at(since).isoformat(), "to": world.at(until).isoformat(),
            "visitors": list(band(visitors)),
        }
        for place, since, until, visitors in zip(
            notices.place.tolist(), notices.since.tolist(), notices.until.tolist(), notices.visitors.tolist(), strict=True
        )
    ]  # fmt: skip
    search.counts = {
        "returned": len(people.groups), "noticed": list(band(met.noticed)) if len(notices) else [],
        "without_stays": world.without_stays, "stays": len(world.stays),
    }  # fmt: skip
    search.finished_at = clock.now()
    search.save(update_fields=["notices", "counts", "finished_at"])
    areas = sorted(set(Candidate.objects.filter(search=search, state=Candidate.PROPOSED).values_list("area", flat=True)))
    record(
        by, "contacts.found", (SUBJECT, search.pk), area=search.area,
        data={"people": len(people.groups), "notices": len(notices), "stays": len(world.stays)},
    )  # fmt: skip
    emit(ContactsProposed(search.pk, search.outbreak_id, search.area, tuple(areas)))

