"""An import undone as a whole: what it brought in and nobody has worked on since is gone again; what somebody has is kept and listed.

What an import did stands in the journal between its lines `import.piece` and `import.taken`. Worked on is whatever the journal
has a later line about by a person (not by a job or by the system), and whatever something else hangs on: an exposure from an
interview, an attempt to reach somebody, a record that was found to be the same person.

Journeys that it brought into the lake are taken back there as a group of batches, with a signed record of it.

It is a job that commits in pieces: first people with all their exposures and contacts by this list, those furthest down the chain
first, then the cases, then whoever was entered for them. What is gone is found no more, so wherever it ended, going on goes on.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Q

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as case_queries
from fangxian.cases import rests
from fangxian.core import accounts, clock, jobs, journal
from fangxian.core.access import Actor, actor_for
from fangxian.core.actions import action, record
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.registry import actions as registry
from fangxian.registry import queries as registry_queries
from fangxian.tracing import infectors, settling, sources, subject
from fangxian.tracing.actions.staying import withdraw_stays
from fangxian.tracing.importing import PIECE, SUBJECT, TAKEN, group_of
from fangxian.tracing.models import Activity, Attempt, Contact, Exposure, Import, Investigation, UnlistedInfector

T = TypeVar("T")
CASE = "case"
UNDO = "import.undo"
_CHUNK = 2000
#: People, or cases, in one transaction.
PIECE_OF = 200
#: Of what was kept, so many are named; the rest is counted.
NAMED = 500


@dataclass(slots=True)
class Brought:
    """The keys of what an import brought in."""

    after: int = 0
    cases: set[int] = field(default_factory=set)
    contacts: set[int] = field(default_factory=set)
    exposures: set[int] = field(default_factory=set)
    stays: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)
    #: (person, the case that they are said to have infected)
    infectors: set[tuple[int, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that an undo left alone: `case` or `contact`, its code, and why (a word of `REASONS`)."""

    kind: str
    code: str
    why: str


@dataclass(frozen=True, slots=True)
class _Exposed:
    """A human of whom the list told, with their records and the contacts that it made of them; `ring` is the furthest of these."""

    ring: int
    people: frozenset[int]
    contacts: frozenset[int]


def brought(job_id: int) -> Brought:
    """What the journal says that an import brought in."""
    found = Brought()
    begin = 0
    for mark in journal.of(SUBJECT, job_id, actions=(PIECE, TAKEN)):
        if mark.action == PIECE:
            begin = mark.seq
            continue
        found.after = found.after or begin
        for first, last in mark.content["exposures"]:
            found.exposures |= set(range(first, last + 1))
        for entry in journal.between(begin, mark.seq):
            match entry.action:
                case "case.reported":
                    found.cases.add(entry.subject_id)
                case "contact.identified":
                    found.contacts.add(entry.subject_id)
                case "person.registered":
                    found.people.add(entry.subject_id)
                case "track.added":
                    found.stays.add(entry.content["stay"])
                case "case.infector" if "person" in entry.content:
                    found.infectors.add((entry.content["person"], entry.subject_id))
    return found


@jobs.kind(UNDO)
def undo(job: jobs.Running) -> dict[str, Any]:
    """Take out what an import brought in, piece by piece; each thing goes with a line in the journal. See `Kept` for the rest."""
    row = Import.objects.get(pk=job.arguments["import"])
    by = actor_for(accounts.of_id(row.owner_id), "job")
    reason = str(job.arguments["reason"])
    ours = brought(row.job_id or 0)
    kept = _kept(by, ours)
    exposed = _exposed(ours, kept[subject.KIND].keys())
    cases = [pk for chunk in _chunks(ours.cases - kept[CASE].keys()) for pk in case_queries.facts_of(chunk)]
    job.expect(job.cursor + len(exposed) + len(cases) + 1)
    _unlink(by, ours)
    for some in _batched(exposed, PIECE_OF):
        _take_out_exposed(by, job, row.outbreak_id, ours, some, reason)
    for few in _batched(cases, PIECE_OF):
        _take_out_cases(by, job, row.outbreak_id, ours, few, reason)
    _take_back_stays(by, job, row, reason)
    _finish(by, job, row, ours, reason)
    return {}


@action
def _take_out_exposed(
    by: Actor, job: jobs.Running, outbreak_id: int, ours: Brought, piece: Sequence[_Exposed], reason: str
) -> None:
    """People and everything that the list said of them, in one transaction: what is judged anew of them sees none of it any more."""
    contacts = {pk for one in piece for pk in one.contacts}
    contacts -= _kept(by, replace(ours, cases=set(), contacts=contacts))[
        subject.KIND
    ].keys()  # worked on in the meantime
    people = {pk for one in piece for pk in one.people}
    rows = Exposure.objects.filter(Q(person__in=people) | Q(contact_of__in=contacts))
    going, again, ill = set(), set(people), set()
    for pk, contact, person, infected in rows.values_list("pk", "contact_id", "person_id", "infected_id"):
        if pk in ours.exposures and (contact not in ours.contacts or contact in contacts):
            going.add(pk)
            again.add(person)
            ill |= {infected} if infected is not None else set()
    leaving = Contact.objects.filter(pk__in=contacts).order_by("pk")
    for pk, code, area, person_id in leaving.values_list("pk", "code", "area", "person_id"):
        record(
            by, "contact.withdrawn", (subject.KIND, pk), area=area,
            data={"code": code, "person": person_id, "reason": reason},
        )  # fmt: skip
    duties.withdraw(by, subject.KIND, contacts, reason)
    Exposure.objects.filter(pk__in=going).delete()
    Contact.objects.filter(pk__in=contacts).delete()
    _settle_again(by, outbreak_id, again, ill)
    _advance(job, len(piece), contacts=len(contacts), exposures=len(going))


@action
def _take_out_cases(
    by: Actor, job: jobs.Running, outbreak_id: int, ours: Brought, piece: Sequence[int], reason: str
) -> None:
    """Cases on which nothing hangs any more. Whoever became one by this list, and was under watch before, is so again."""
    cases = set(piece)
    cases -= _kept(by, replace(ours, cases=cases, contacts=set()))[CASE].keys()
    cases -= set(Exposure.objects.filter(case__in=cases).values_list("case_id", flat=True))
    people = {one.person_id for one in case_queries.facts_of(cases).values()}
    Investigation.objects.filter(case__in=cases).delete()
    Activity.objects.filter(case__in=cases).delete()
    gone = case_actions.withdraw_cases(by, cases, reason)
    _settle_again(by, outbreak_id, people, set())
    _advance(job, len(piece), cases=gone)


def _take_back_stays(by: Actor, job: jobs.Running, row: Import, reason: str) -> None:
    """Journeys of passengers leave the lake, which is no part of the transaction: what is gone already is not taken back twice."""
    if row.job is None or (gone := withdraw_stays(by, group_of(row.job.code), reason)) is None:
        return
    _advance(job, 0, stays=gone.rows)


@action
def _finish(by: Actor, job: jobs.Running, row: Import, ours: Brought, reason: str) -> None:
    """The people for whom nobody has any use are gone too; what stayed is listed."""
    left = sum(len(registry.withdraw_people(by, chunk, reason)) for chunk in _chunks(_free(ours)))
    kept = _codes(_kept(by, ours))
    row.undone_at = row.changed_at = clock.now()
    row.kept = [[one.kind, one.code, one.why] for one in kept[:NAMED]]
    row.save(update_fields=["undone_at", "changed_at", "kept"])
    _advance(job, 1, people=left, kept=len(kept))
    told = {name: job.row.result.get(name, 0) for name in ("cases", "contacts", "exposures", "stays", "people", "kept")}
    record(by, "import.undone", (SUBJECT, row.job_id or 0), data={**told, "reason": reason})


def _advance(job: jobs.Running, done: int, **counts: int) -> None:
    job.advance(job.cursor + done, **{name: job.row.result.get(name, 0) + number for name, number in counts.items()})


# ── what is kept ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _kept(by: Actor, ours: Brought) -> dict[str, dict[int, str]]:
    """Cases and contacts that stay, with why: worked on, or something that stays hangs on them."""
    kept: dict[str, dict[int, str]] = {CASE: {}, subject.KIND: {}}
    for kind, ids in ((CASE, ours.cases), (subject.KIND, ours.contacts)):
        for chunk in _chunks(ids):
            kept[kind] |= dict.fromkeys(_worked_on(kind, chunk, ours.after), "worked_on")
    for chunk in _chunks(ours.cases):
        facts = case_queries.facts_of(chunk)
        kept[CASE] |= dict.fromkeys(rests.kept(chunk), "hangs_on")
        kept[CASE] |= {pk: "elsewhere" for pk, one in facts.items() if not by.may("imports.undo", one.area)}
        stays = Activity.objects.filter(case__in=chunk).values_list("pk", "case_id")
        kept[CASE] |= {case: "hangs_on" for pk, case in stays if pk not in ours.stays}
        exposed = Exposure.objects.filter(case__in=chunk).values_list("pk", "case_id")
        kept[CASE] |= {case or 0: "hangs_on" for pk, case in exposed if pk not in ours.exposures}
    for chunk in _chunks(ours.contacts):
        rows = Exposure.objects.filter(Q(contact__in=chunk) | Q(contact_of__in=chunk))
        for pk, contact, of in rows.values_list("pk", "contact_id", "contact_of_id"):
            if pk not in ours.exposures:
                kept[subject.KIND] |= {one: "hangs_on" for one in (contact, of) if one in ours.contacts}
        tried = Attempt.objects.filter(contact__in=chunk).values_list("contact_id", flat=True)
        kept[subject.KIND] |= dict.fromkeys(tried, "worked_on")
    for chunk in _chunks(kept[subject.KIND]):  # a contact that stays keeps whom it was exposed to
        of_case = Exposure.objects.filter(contact__in=chunk, case__in=ours.cases).values_list("case_id", flat=True)
        for case in of_case:
            kept[CASE].setdefault(case or 0, "hangs_on")
    return kept


def _worked_on(kind: str, ids: Collection[int], after: int) -> set[int]:
    """Those about whom, or about whose duties, a person has left a line in the journal after an entry."""
    found = {entry.subject_id for entry in journal.of(kind, ids) if entry.seq > after and entry.channel != "job"}
    owed = duty_queries.ids_of_subjects(kind, ids)
    done = {entry.subject_id for entry in journal.of("duty", owed) if entry.seq > after and entry.channel != "job"}
    return found | {owed[duty] for duty in done}


def _codes(kept: dict[str, dict[int, str]]) -> tuple[Kept, ...]:
    found: list[Kept] = []
    for chunk in _chunks(kept[CASE]):
        found += [Kept(CASE, one.code, kept[CASE][pk]) for pk, one in sorted(case_queries.facts_of(chunk).items())]
    for chunk in _chunks(kept[subject.KIND]):
        rows = Contact.objects.filter(pk__in=chunk).order_by("pk").values_list("pk", "code")
        found += [Kept(subject.KIND, code, kept[subject.KIND][pk]) for pk, code in rows]
    return tuple(found)


# ── what goes ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def _exposed(ours: Brought, kept: Collection[int]) -> list[_Exposed]:
    """The humans of whom the list told, but for what it said of contacts that stay; those furthest down the chain first.

    An exposure to a contact goes before the contact does.
    """
    people: set[int] = set()
    contact_of: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for chunk in _chunks(ours.exposures):
        rows = Exposure.objects.filter(pk__in=chunk).exclude(contact__in=kept)
        people |= set(rows.values_list("person_id", flat=True))
    for chunk in _chunks(ours.contacts - set(kept)):
        for pk, person, ring in Contact.objects.filter(pk__in=chunk).values_list("pk", "person_id", "ring"):
            people.add(person)
            contact_of[person].append((pk, ring))
    records: dict[int, set[int]] = defaultdict(set)
    for chunk in _chunks(people):
        for person, human in sources.humans(chunk).items():
            records[human].add(person)
    found = []
    for mine in records.values():
        contacts = [one for person in mine for one in contact_of[person]]
        furthest = max((ring for _pk, ring in contacts), default=0)
        found.append(_Exposed(furthest, frozenset(mine), frozenset(pk for pk, _ring in contacts)))
    return sorted(found, key=lambda one: (-one.ring, min(one.people)))


@action
def _unlink(_by: Actor, ours: Brought) -> None:
    """Named infectors of cases that were there before are no longer theirs by this list."""
    by_case: dict[int, set[int]] = defaultdict(set)
    for person, infected in ours.infectors:
        if infected not in ours.cases:
            by_case[infected].add(person)
    for infected, persons in by_case.items():
        UnlistedInfector.objects.filter(infected=infected, person__in=persons).delete()


def _settle_again(by: Actor, outbreak_id: int, persons: set[int], ill: set[int]) -> None:
    for chunk in _chunks(persons):
        humans = sources.humans(chunk)
        settling.settle(by, outbreak_id, sorted(set(humans.values())))
    Exposure.objects.filter(outbreak_id=outbreak_id, infected__isnull=True).exclude(infected_how="").update(
        infected_how=""
    )
    if ill:
        infectors.choose(by, outbreak_id, sources.facts_of(ill))


def _free(ours: Brought) -> set[int]:
    """The people whom nothing needs any more and about whom nobody has done anything."""
    free: set[int] = set()
    for chunk in _chunks(ours.people):
        used = set(case_queries.people_with_cases(chunk))
        for rows in (Contact.objects, Exposure.objects, UnlistedInfector.objects):
            used |= set(rows.filter(person__in=chunk).values_list("person_id", flat=True))
        entries = journal.of("person", chunk)
        used |= {
            pk for pk, keys in registry_queries.lake_keys_of(chunk).items() if keys
        }  # the lake has stays of them yet
        used |= {entry.subject_id for entry in entries if entry.seq > ours.after and entry.channel != "job"}
        free |= set(chunk) - used
    return free


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    return _batched(sorted(ids), _CHUNK)


def _batched(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(rows)
    while chunk := list(islice(rest, size)):
        yield chunk
