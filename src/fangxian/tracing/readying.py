"""Contacts made ready (预排密接): while the members of a positive pool wait for tubes of their own, whom each would have met.

A pool decides nobody. So these candidates are told to nobody and open nothing; they become candidates like others at the moment
when the own tube is positive, and are deleted when it is not. Only who met the member directly is looked for (ring 1): nine of
ten members are not the one.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from fangxian.core import bulk, clock, jobs
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.duties import packs
from fangxian.protocols import Window
from fangxian.registry import actions as registry_actions
from fangxian.registry import queries as registry
from fangxian.tracing import finding, gathering, judging, matching, searching, sources
from fangxian.tracing.events import ContactsProposed
from fangxian.tracing.filing import COLUMNS, PERSON, STATE, Filing
from fangxian.tracing.gathering import World
from fangxian.tracing.judging import CASE, TIMING, Source
from fangxian.tracing.meeting import HOME, RECORDED, Met
from fangxian.tracing.models import Candidate, Exposure, Search
from fangxian.tracing.reached import Reached

KIND = "contacts.ready"
#: Members for whom the stays are read once.
TOGETHER = 200
_KEY, _RANK, _MEETINGS, _OPENED = (COLUMNS.index(name) for name in ("key", "rank", "meetings", "case_id"))
#: The classes that somebody found by a test may have; the window that begins first is gone by.
_CLASSES = ("asymptomatic", "suspected", "confirmed")
_STANDING = ("state", "case_id", "contact_id", "reason")

Row = tuple[Any, ...]
Around = Sequence[tuple[Source, Window]]


@jobs.kind(KIND)
def run(job: jobs.Running) -> dict[str, Any]:
    """Find whom everybody met for whom that is not done yet. What ended the process, ends or begins again: each is done once."""
    people, last = int(job.row.result.get("people", 0)), 0
    while waiting := _waiting(last):
        last = waiting[-1].pk
        job.expect(job.cursor + len(waiting))
        around = {search.pk: _around(search) for search in waiting}
        lake = gathering.stretch(waiting, [pair for pairs in around.values() for pair in pairs])
        for search in waiting:
            world = gathering.around(around[search.pk], lake, len(around[search.pk]))
            met, reached = finding.traced(search, world)
            with transaction.atomic():
                people += _write(SYSTEM, search.pk, world, met, reached)
                job.advance(job.cursor + 1, people=people)
    return {"people": people}


def supposed(member: Any) -> tuple[Source, Window] | None:
    """A member of a positive pool as if they were the case, sampled when the pool was; None where the pack knows no window then."""
    pack, at = packs.pack(member.pack, member.area), member.pool.sampled_at
    anchors = dict.fromkeys(("sampled_at", "onset_at", "diagnosed_at", "identified_at", "reported_at"), at)
    facts: dict[str, Any] = {"pcr_positive": True}
    found = [pack.infectious_window(facts | {"case_class": one}, anchors, clock.zone()) for one in _CLASSES]
    window = min((one for one in found if one is not None), key=lambda one: one.start, default=None)
    if window is None:
        return None
    window = Window(window.start, None, window.cited)
    outbreak = member.pool.outbreak_id or 0
    source = Source(CASE, -member.pk, "", outbreak, member.person_id, member.area, member.pack, window=window)
    return source, Window(window.start, clock.now(), window.cited)


@action
def propose(by: Actor, search: Search) -> None:
    """The own tube of the member is positive, or they are a case: whoever was made ready is proposed now, as far as not known otherwise."""
    search.proposed_at = search.proposed_at or clock.now()
    search.save(update_fields=["proposed_at"])
    if search.finished_at is None:
        return  # it does so itself when it is done
    rows = list(Candidate.objects.filter(search=search, state=Candidate.READY).order_by("pk"))
    people = {row.pk: row.person_id for row in rows if row.person_id is not None}
    known = matching.known(search, people, {row.pk: row.meetings for row in rows})
    standing = {row.pk: known.get(row.pk) or matching.Standing(Candidate.PROPOSED) for row in rows}
    _stand(standing)
    proposed = [row for row in rows if standing[row.pk].state == Candidate.PROPOSED]
    matching.supersede(search, [row.person_id for row in proposed if row.person_id is not None])
    record(
        by, "contacts.proposed", (finding.SUBJECT, search.pk), area=search.area,
        data={"member": search.member_id, "people": len(rows), "proposed": len(proposed)},
    )  # fmt: skip
    emit(
        ContactsProposed(search.pk, search.outbreak_id or 0, search.area, tuple(sorted({row.area for row in proposed})))
    )


def wait_again(search: Search) -> None:
    """The own result did not hold: whoever nobody has decided about is only ready again."""
    search.proposed_at = None
    search.save(update_fields=["proposed_at"])
    _stand({row.pk: matching.Standing(Candidate.READY) for row in undecided(search)})


def undecided(search: Search) -> list[Candidate]:
    """Candidates with a name about whom nobody has decided."""
    decided = (Candidate.CONFIRMED, Candidate.STRUCK, Candidate.UNKNOWN)
    return list(Candidate.objects.filter(search=search).exclude(state__in=decided).order_by("pk"))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _stand(standing: Mapping[int, matching.Standing]) -> None:
    rows = [(one.state, one.case_id, one.contact_id, one.reason, pk) for pk, one in standing.items()]
    bulk.update(Candidate, _STANDING, rows)


def _waiting(after: int) -> list[Search]:
    rows = Search.objects.filter(member__isnull=False, finished_at__isnull=True, pk__gt=after)
    return list(rows.select_related("member__pool").order_by("pk")[:TOGETHER])


def _around(search: Search) -> Around:
    """The member as if they were the case, or the case that they have become meanwhile."""
    if of_cases := gathering.windows(list(search.cases.values_list("pk", flat=True))):
        return of_cases
    found = supposed(search.member)
    return [found] if found is not None else []


@action
def _write(by: Actor, search_id: int, world: World, met: Met, reached: Reached) -> int:
    """Write whom a member met; how many. Of a member who was told of meanwhile nobody is looked up any more."""
    locked = Search.objects.select_for_update(of=("self",)).select_related("member__pool")
    search = locked.filter(pk=search_id, finished_at__isnull=True).first()
    if search is None:
        return 0
    keys = [world.key(at) for at in reached.groups]
    person_of = registry_actions.open_keys(by, keys, finding.PURPOSE, search.why) if keys else {}
    filing = Filing(search, world, reached, person_of)
    rows = _rows(search, filing)
    bulk.insert(Candidate, COLUMNS, rows)
    finding.summed(search, met, world)
    record(
        by, "contacts.readied", (finding.SUBJECT, search.pk), area=search.area,
        data={"member": search.member_id, "people": len(rows)},
    )  # fmt: skip
    if search.proposed_at is not None:
        propose(by, search)
    return len(rows)


def _rows(search: Search, filing: Filing) -> list[Row]:
    """Who lives with the member first, then who was with them by stays, the first to be called first, then by what was told."""
    traced = list(filing.rows(filing.units()))
    taken = {row[PERSON] for row in traced if row[PERSON] is not None}
    around = _around(search)
    if not around:
        return []
    source, window = around[0]
    assert search.member is not None, "it is around a member"
    mine = set(registry.same_person(search.member.person_id))
    home = [_lives_with(source, window, pk) for pk in _household(mine) if pk not in taken]
    taken |= {person for person, _meetings in home} | mine
    told = [(person, met) for person, met in _recorded(search, source, window, mine).items() if person not in taken]
    areas = registry.traits([person for person, _meetings in (*home, *told)])
    besides = [_row(search, filing.area_of(areas[person].area), person, met) for person, met in (*home, *told)]
    found = [*besides[: len(home)], *traced, *besides[len(home) :]]
    return [_ready(row, rank) for rank, row in enumerate(found, 1)]


def _ready(row: Row, rank: int) -> Row:
    """A row as it is kept until the member is told of: its strictest time first, no case named, and what is known left open."""
    state = Candidate.READY if row[PERSON] is not None else Candidate.UNKNOWN
    cells = list(row)
    cells[STATE], cells[_RANK] = state, rank
    met = sorted(row[_MEETINGS], key=lambda one: int(one["rank"]))
    cells[_MEETINGS] = [one | {"case": one["case"] if (one["case"] or 0) > 0 else None} for one in met]
    cells[_OPENED:] = None, None, ""
    return tuple(cells)


def _household(mine: set[int]) -> Iterator[int]:
    homes = {one.household_id for one in registry.traits(mine).values() if one.household_id is not None}
    for members in registry.household_members(homes).values():
        yield from (pk for pk in members if pk not in mine)


def _lives_with(source: Source, window: Window, person: int) -> tuple[int, list[dict[str, Any]]]:
    facts = {"household": True, "setting": "home"}
    return person, [_meeting(source, facts, window.start, window.end or clock.now(), HOME)]


def _recorded(search: Search, source: Source, window: Window, mine: set[int]) -> dict[int, list[dict[str, Any]]]:
    """Who is on record as exposed to the member as a contact: they would be contacts of a case. Person → times."""
    rows = Exposure.objects.filter(
        outbreak_id=search.outbreak_id or 0, contact_of__person__in=mine, case__isnull=True
    ).order_by("pk")
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    human_of = sources.humans({row.person_id for row in rows})
    for row in rows:
        begin, end = row.from_at or row.to_at or window.start, row.to_at or row.from_at or window.end or clock.now()
        facts = {name: value for name, value in row.facts.items() if name not in TIMING}
        met = _meeting(source, facts, begin, end, RECORDED, row.place_text, row.place_id, round(row.minutes or 0))
        found[human_of[row.person_id]].append(met)
    return found


def _meeting(
    source: Source, facts: Mapping[str, Any], begin: datetime, end: datetime, how: str, label: str = "",
    place: int | None = None, minutes: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """A time together that no stays tell of, as candidates keep them; 0 minutes where nobody knows how long."""
    judged = judging.judge(source, facts, begin, end)
    return {
        "kind": CASE, "case": source.id, "via": source.person_id, "place": place, "how": how, "label": label,
        "minutes": minutes, "spans": [(int(begin.timestamp()), int(end.timestamp()))], "facts": dict(judged.facts),
        "category": judged.category, "basis": judged.basis, "rank": judged.rank, "missing": list(judged.missing),
    }  # fmt: skip


def _row(search: Search, area: str, person: int, meetings: list[dict[str, Any]]) -> Row:
    strictest = min(meetings, key=lambda one: int(one["rank"]))
    begin, end = min(one["spans"][0][0] for one in meetings), max(one["spans"][-1][1] for one in meetings)
    missing = list(dict.fromkeys(name for one in meetings for name in one["missing"]))
    return (
        search.pk, -person, person, area, 1, Candidate.READY, 0, None, [], strictest["category"], strictest["basis"], missing,
        sum(one["minutes"] for one in meetings), *searching.instants([begin, end]), meetings, None, None, "",
    )  # fmt: skip
