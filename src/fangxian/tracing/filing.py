"""Candidates as rows of their table: whom they met, what the pack says of each time, who they are already, whose it is to decide."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from fangxian.core.access import areas_with
from fangxian.duties import packs
from fangxian.protocols import Window
from fangxian.registry import queries as registry
from fangxian.registry.schemas import Spot, Traits
from fangxian.tracing import judging, matching, weighing
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.gathering import World
from fangxian.tracing.judging import CASE, CONTACT, Judgement, Source
from fangxian.tracing.meeting import CELL, Group
from fangxian.tracing.models import Candidate, Search
from fangxian.tracing.reached import Reached
from fangxian.tracing.searching import instants

COLUMNS = (
    "search_id key person_id area ring state rank risk grounds category basis missing minutes first_at last_at meetings "
    "case_id contact_id reason"
).split()
PERSON, STATE = COLUMNS.index("person_id"), COLUMNS.index("state")
#: Before and after all that stays can name, in Unix seconds.
_ALWAYS, _NEVER = float("-inf"), float("inf")


class _Infector(NamedTuple):
    """Whom somebody met, by which edition that is judged, and the Unix seconds between which it counts, and from which it is of one ill."""

    source: Source
    edition: str
    since: float
    until: float
    ill: float


class Filing:
    """Files whoever was reached. `person_of`: lake key → person."""

    def __init__(self, search: Search, world: World, reached: Reached, person_of: Mapping[int, int]) -> None:
        self.search, self.world, self.reached, self.person_of = search, world, reached, person_of
        self.posts = areas_with(RIGHT)
        self.prolonged = weighing.prolonged(search.pack, search.area)
        self.ref = packs.reference(packs.pack(search.pack, search.area))
        self.asks_minutes = judging.asks(self.ref, judging.MINUTES)
        self.traits: dict[int, Traits] = {}
        self.areas: dict[str, str] = {}
        self.infectors: dict[int, _Infector] = {}
        self.stories: dict[tuple[Any, ...], Judgement] = {}

    def units(self) -> list[list[int]]:
        """Who is to be written, the first to be called first: each human once, under however many keys they were recorded."""
        kept = Candidate.objects.filter(search=self.search)
        keys, done = set(kept.values_list("key", flat=True)), set(kept.values_list("person_id", flat=True)) - {None}
        found: dict[int, list[int]] = {}
        for at in sorted(self.reached.groups, key=self.reached.order.__getitem__):
            key = self.world.key(at)
            person = self.person_of.get(key)
            if key not in keys and person not in done:
                found.setdefault(person or -key, []).append(at)
        return list(found.values())

    def rows(self, chunk: Sequence[Sequence[int]]) -> Iterator[tuple[Any, ...]]:
        """Candidates as rows of their table. Everything is looked up before the first of them is given."""
        mine = {unit[0]: self.person_of.get(self.world.key(unit[0])) for unit in chunk}
        vias = {group.via for unit in chunk for at in unit for group in self.reached.groups[at]}
        self.infectors |= {at: self._infector(at) for at in vias - self.infectors.keys()}
        wanted = {pk for pk in (*mine.values(), *(self.infectors[at].source.person_id for at in vias)) if pk}
        self.traits |= registry.traits(wanted - self.traits.keys())
        meetings = {unit[0]: self._meetings(unit, mine[unit[0]]) for unit in chunk}
        known = matching.known(self.search, {at: pk for at, pk in mine.items() if pk is not None}, meetings)
        return (
            self._row(unit, mine[unit[0]], meetings[unit[0]], known.get(unit[0])) for unit in chunk if meetings[unit[0]]
        )

    # ── whom they met ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _infector(self, at: int) -> _Infector:
        """A case, or a contact that this search proposes, infectious from its first exposure on."""
        source = self.world.source_of.get(at) or self._contact(at)
        window, ill = source.window, judging.ill_from(source)
        return _Infector(
            source, packs.reference(source.edition),
            window.start.timestamp() if window else _ALWAYS, window.end.timestamp() if window and window.end else _NEVER,
            ill.timestamp() if ill else _NEVER,
        )  # fmt: skip

    def _contact(self, at: int) -> Source:
        (since,) = instants([self.reached.since[at]])
        pk, search = self.person_of.get(self.world.key(at)) or 0, self.search
        window = Window(since, None, ())
        return Source(CONTACT, 0, "", search.outbreak_id or 0, pk, search.area, search.pack, window=window)

    def _meetings(self, unit: Sequence[int], person: int | None) -> list[dict[str, Any]]:
        met = [
            self._meeting(at, group, person, infector)
            for at in unit
            for group in self.reached.groups[at]
            # nobody meets themselves under another key
            if (infector := self.infectors[group.via]).source.person_id != person or person is None
        ]
        return [one for one in met if _counts(one, met)] if len(met) > 1 else met

    def _meeting(self, at: int, group: Group, person: int | None, infector: _Infector) -> dict[str, Any]:
        reached, source = self.reached, infector.source
        spans = reached.spans(group)
        minutes = sum([end - begin for begin, end in spans]) // 60
        spot, ground = reached.places.get(group.place), reached.grounds[group.place]
        told = reached.facts.get((at, group.via, group.place), {}) if reached.facts else {}
        judged = self._judged(infector, spans, minutes, person, spot, told, ground.how == CELL)
        return {
            "kind": source.kind, "case": source.id if source.kind == CASE else None, "via": source.person_id or None,
            "place": spot.id if spot else None, "how": ground.how, "label": ground.label, "minutes": minutes,
            "spans": spans, "facts": judged.facts, "category": judged.category, "basis": judged.basis,
            "rank": judged.rank, "missing": judged.missing,
        }  # fmt: skip

    def _judged(
        self,
        infector: _Infector,
        spans: Sequence[tuple[int, int]],
        minutes: int,
        person: int | None,
        spot: Spot | None,
        told: Mapping[str, Any],
        is_cell: bool,
    ) -> Judgement:
        """What the pack says. Times of which the same is known, as far as it asks, are one story, and are judged once."""
        source, (begin, end) = infector.source, (spans[0][0], spans[-1][1])
        one, other = self.traits.get(person or 0), self.traits.get(source.person_id)
        story = (
            source.kind, infector.edition, source.window is None, end >= infector.since and begin <= infector.until,
            end >= infector.ill, is_cell, minutes if self.asks_minutes else minutes >= self.prolonged,
            spot.kind if spot else "", weighing.share_home(one, other), tuple(told.items()),
        )  # fmt: skip
        if (judged := self.stories.get(story)) is None:
            known = dict(told)
            if not is_cell:
                known |= weighing.facts(minutes, spot, one, other, self.prolonged, self.ref)
            since, until = instants([begin, end])
            judged = self.stories[story] = judging.judge(source, known, since, until, infector.edition)
        return judged

    # ── rows ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    def _row(
        self, unit: Sequence[int], person: int | None, meetings: list[dict[str, Any]], known: matching.Standing | None
    ) -> tuple[Any, ...]:
        at, reached = unit[0], self.reached
        strictest = min(meetings, key=_rank)
        home = self.traits[person].area if person in self.traits else ""
        known = known or matching.Standing(Candidate.PROPOSED if person else Candidate.UNKNOWN)
        to_case = any(one["kind"] == CASE for one in meetings)
        ring = 1 if to_case else min(reached.ring[one] for one in unit if one in reached.ring)
        begin = min([one["spans"][0][0] for one in meetings])
        end = max([one["spans"][-1][1] for one in meetings])
        missing = dict.fromkeys([name for one in meetings for name in one["missing"]])
        return (
            self.search.pk, self.world.key(at), person, self.area_of(home), ring, known.state, reached.order[at], reached.risk.get(at),
            reached.why(at), strictest["category"], strictest["basis"], list(missing), _together(meetings),
            *instants([begin, end]), meetings, known.case_id, known.contact_id, known.reason,
        )  # fmt: skip

    def area_of(self, home: str) -> str:
        """Whose it is to decide: where the person lives, if somebody there may; else who searched."""
        if home not in self.areas:
            there = home and any(home.startswith(post) for post in self.posts)
            self.areas[home] = home if there else self.search.area
        return self.areas[home]


def proposed(rows: Iterable[tuple[Any, ...]], people: list[int]) -> Iterator[tuple[Any, ...]]:
    """The same rows; who is proposed in them is added to `people` on the way."""
    for row in rows:
        if row[STATE] == Candidate.PROPOSED:
            people.append(row[PERSON])
        yield row


def _rank(meeting: Mapping[str, Any]) -> int:
    return int(meeting["rank"])


def _counts(one: Mapping[str, Any], met: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a time tells of more than the others do: to have been in one cell is nothing beside a stricter reason."""
    return one["how"] != CELL or all(one["rank"] < other["rank"] for other in met if other["how"] != CELL)


def _together(meetings: Sequence[Mapping[str, Any]]) -> int:
    """Minutes with anybody: of two infectors at one table, the time counts once."""
    total, reached = 0, 0
    for begin, end in sorted([span for one in meetings for span in one["spans"]]):
        total += max(0, end - max(begin, reached))
        reached = max(reached, end)
    return total // 60
