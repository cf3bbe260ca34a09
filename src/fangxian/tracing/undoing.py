"""An import undone as a whole: what it brought in and nobody has worked on since is gone again; what somebody has is kept and listed.

What an import did stands in the journal between its lines `import.piece` and `import.taken`. Worked on is whatever the journal
has a later line about by a person (not by a job or by the system), and whatever something else hangs on: an exposure from an
interview, an attempt to reach somebody, a record that was found to be the same person.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import Q

from fangxian.cases import actions as case_actions
from fangxian.cases import queries as case_queries
from fangxian.cases import rests
from fangxian.core import journal
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.registry import actions as registry
from fangxian.tracing import infectors, settling, sources, subject
from fangxian.tracing.importing import PIECE, SUBJECT, TAKEN
from fangxian.tracing.models import Activity, Attempt, Contact, Exposure, Investigation, UnlistedInfector

CASE = "case"
_CHUNK = 2000
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
class Undone:
    """What an undo came to."""

    cases: int
    contacts: int
    exposures: int
    people: int
    kept: tuple[Kept, ...]


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


@action
def undo(by: Actor, job_id: int, outbreak_id: int, reason: str) -> Undone:
    """Take out what an import brought in, all of it or nothing; each goes with a line in the journal. See `Kept` for the rest."""
    ours = brought(job_id)
    kept = _kept(by, ours)
    cases = ours.cases - kept[CASE].keys()
    contacts = ours.contacts - kept[subject.KIND].keys()
    exposures, again, ill = _exposures(ours, cases, contacts)
    _links(ours, cases)
    codes = _codes(kept)
    for chunk in _chunks(contacts):
        rows = Contact.objects.filter(pk__in=chunk).order_by("pk").values_list("pk", "code", "area", "person_id")
        for pk, code, area, person_id in rows:
            record(
                by, "contact.withdrawn", (subject.KIND, pk), area=area,
                data={"code": code, "person": person_id, "reason": reason},
            )  # fmt: skip
        duties.withdraw(by, subject.KIND, chunk, reason)
    _taken_out(exposures)
    for chunk in _chunks(contacts):
        Contact.objects.filter(pk__in=chunk).delete()
    gone = 0
    for chunk in _chunks(cases):
        Investigation.objects.filter(case__in=chunk).delete()
        Activity.objects.filter(case__in=chunk).delete()
        gone += case_actions.withdraw_cases(by, chunk, reason)
    _settle_again(by, outbreak_id, again, ill - cases)
    left = sum(len(registry.withdraw_people(by, chunk, reason)) for chunk in _chunks(_free(ours)))
    done = Undone(gone, len(contacts), len(exposures), left, codes)
    told = {"cases": gone, "contacts": len(contacts), "exposures": len(exposures), "people": left}
    record(by, "import.undone", (SUBJECT, job_id), data={**told, "kept": len(codes), "reason": reason})
    return done


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


def _exposures(ours: Brought, cases: set[int], contacts: set[int]) -> tuple[set[int], set[int], set[int]]:
    """The exposures that go (not those of a contact that stays); who is to be settled anew; whose infector is to be found anew."""
    going: set[int] = set()
    again: set[int] = set()
    ill: set[int] = set()
    for chunk in _chunks(ours.exposures):
        rows = Exposure.objects.filter(pk__in=chunk)
        for pk, contact, person, infected in rows.values_list("pk", "contact_id", "person_id", "infected_id"):
            if contact in ours.contacts and contact not in contacts:
                continue
            going.add(pk)
            again.add(person)
            ill |= {infected} if infected is not None else set()
    for chunk in _chunks(cases):  # whoever became a case by this list, and was under watch before, is so again
        again |= {one.person_id for one in case_queries.facts_of(chunk).values()}
    return going, again, ill


def _links(ours: Brought, cases: set[int]) -> None:
    """Named infectors of cases that stay are no longer theirs by this list."""
    by_case: dict[int, set[int]] = defaultdict(set)
    for person, infected in ours.infectors:
        if infected not in cases:
            by_case[infected].add(person)
    for infected, persons in by_case.items():
        if infected not in ours.cases:
            UnlistedInfector.objects.filter(infected=infected, person__in=persons).delete()


def _taken_out(exposures: set[int]) -> None:
    for chunk in _chunks(exposures):
        Exposure.objects.filter(pk__in=chunk).delete()


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
        used |= {entry.subject_id for entry in entries if entry.seq > ours.after and entry.channel != "job"}
        free |= set(chunk) - used
    return free


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(sorted(ids))
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk
