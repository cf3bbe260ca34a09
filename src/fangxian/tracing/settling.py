"""From the exposures of people to who is a contact: one open contact a human, as strict as the strictest exposure.

Whatever changes (a new exposure, a corrected onset, two records found to be one person, a case ruled out), the same question is
asked again of the people concerned, and only what is different is written. So there is one place that decides.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext as _

from fangxian.cases.schemas import CaseFacts
from fangxian.core import bulk, clock, ids
from fangxian.core.access import SYSTEM, Actor
from fangxian.core.actions import action, emit, record
from fangxian.duties import actions as duties
from fangxian.duties import queries as duty_queries
from fangxian.tracing import infectors, judging, knowing, sources, subject
from fangxian.tracing.events import ContactEnded, ContactIdentified
from fangxian.tracing.judging import Source
from fangxian.tracing.knowing import Known
from fangxian.tracing.models import Contact, Exposure


@dataclass(slots=True)
class Settled:
    """What settling came to: the open contact of each human (None: not one), and the contacts that are new."""

    contact_of: dict[int, Contact | None] = field(default_factory=dict)
    case_of: dict[int, CaseFacts] = field(default_factory=dict)
    new: list[Contact] = field(default_factory=list)


@action
def settle(by: Actor, outbreak_id: int, people: Iterable[int], fresh: Sequence[Known] = ()) -> Settled:
    """Decide anew about these humans (ids of the records that stand for them) in an outbreak.

    The caller has checked the right to change the fact that makes it necessary. `fresh` exposures are not in the table yet: their
    `contact_id` is set, and the caller inserts them.
    """
    result = Settled()
    human_of = sources.humans([one.person_id for one in fresh]) | sources.records(people)
    result.case_of = sources.cases_of(outbreak_id, human_of)
    open_contacts = _open_contacts(outbreak_id, human_of)
    known: dict[int, list[Known]] = defaultdict(list)
    for one in (*knowing.on_record(outbreak_id, human_of), *fresh):
        known[human_of[one.person_id]].append(one)
    owned = _owned(open_contacts, known, human_of)
    created: list[tuple[int, list[Known]]] = []
    ill: list[tuple[Contact, CaseFacts]] = []
    moved: dict[int, dict[str, datetime]] = {}
    for human in dict.fromkeys(human_of.values()):
        case, mine = result.case_of.get(human), owned.get(human, [])
        result.contact_of[human] = None
        if case is not None:
            ill += [(contact, case) for contact in mine]
            continue
        counting = [one for one in known[human] if one.judgement.category]
        if not counting:
            for contact in mine:
                _let_go(by, contact, [one for one in known[human] if one.contact_id == contact.pk])
        elif not mine or _spent(mine, counting):
            for contact in mine:
                end(by, [Ending(contact, Contact.MERGED, "moved", _("Watched anew, as another category."))])
            created.append((human, counting))
        else:
            result.contact_of[human] = _keep(by, human, mine, known[human], counting, moved)
    duties.set_anchors(by, subject.KIND, moved)
    _become(by, ill)
    _create(by, outbreak_id, created, known, result)
    for human, _counting in created:
        for contact in owned.get(human, ()):
            Contact.objects.filter(pk=contact.pk).update(merged_into=result.contact_of[human])
    return result


def _open_contacts(outbreak_id: int, human_of: Mapping[int, int]) -> list[Contact]:
    found = Contact.objects.select_for_update().filter(
        outbreak_id=outbreak_id, person_id__in=list(human_of), state=Contact.UNDER_WATCH
    )
    return list(found.order_by("id"))


def _owned(
    contacts: Sequence[Contact], known: Mapping[int, Sequence[Known]], human_of: Mapping[int, int]
) -> dict[int, list[Contact]]:
    """Whose each open contact is: that of its person, or, where none of its exposures is that human's, that of its exposures.

    (Two records were merged while only one of them was watched, and are parted again: the watch goes with the exposures.)
    """
    humans: dict[int, set[int]] = defaultdict(set)
    for human, exposures in known.items():
        for one in exposures:
            if one.contact_id is not None:
                humans[one.contact_id].add(human)
    owned: dict[int, list[Contact]] = defaultdict(list)
    for contact in contacts:
        human, of = human_of[contact.person_id], humans[contact.pk]
        owned[human if human in of or not of else min(of)].append(contact)
    return owned


def _create(
    by: Actor,
    outbreak_id: int,
    wanted: Sequence[tuple[int, list[Known]]],
    known: Mapping[int, list[Known]],
    result: Settled,
) -> None:
    """Insert the new contacts in bulk and open every duty that their pack names."""
    if not wanted:
        return
    now, areas = clock.now(), sources.areas([human for human, _counting in wanted])
    codes = ids.new_codes(len(wanted))
    for pk, code, (human, counting) in zip(bulk.reserve_ids(Contact, len(wanted)), codes, wanted, strict=True):
        contact = Contact(
            id=pk, code=code, outbreak_id=outbreak_id, person_id=human, pack=counting[0].pack,
            area=knowing.place(counting, areas.get(human, "")), identified_at=now, created_at=now, **knowing.values(counting, now),
        )  # fmt: skip
        result.new.append(contact)
        result.contact_of[human] = contact
        _attach(contact.pk, known[human])
    bulk.insert(Contact, _COLUMNS, ([getattr(contact, name) for name in _COLUMNS] for contact in result.new))
    _move(known[human] for human, _counting in wanted)
    for contact in result.new:
        record(
            by, "contact.identified", (subject.KIND, contact.pk), area=contact.area, basis=contact.classified_by,
            data={
                "person": contact.person_id, "category": contact.category,
                "exposures": [one.id for one in known[contact.person_id]],
            },
        )  # fmt: skip
        emit(ContactIdentified(contact.pk, outbreak_id, contact.area, contact.category))
    duties.open_due(by, subject.IDENTIFIED, [subject.of(contact) for contact in result.new])


_COLUMNS = (
    "id code outbreak_id person_id pack area category classified_by facts ring state first_exposure_at last_exposure_at "
    "identified_at held created_at ended_why version"
).split()


def _keep(
    by: Actor,
    human: int,
    mine: Sequence[Contact],
    exposures: Sequence[Known],
    counting: Sequence[Known],
    moved: dict[int, dict[str, datetime]],
) -> Contact:
    """Bring the human's contact to what the exposures say; others of the same human are merged into it. Clocks that `moved` are noted."""
    contact = min(mine, key=lambda one: (one.person_id != human, one.pk))
    for other in mine:
        if other is not contact:
            _merge(by, other, contact)
    before = {name: getattr(contact, name) for name in ("category", "facts", "first_exposure_at", "last_exposure_at")}
    now = knowing.values(counting, contact.identified_at)
    added = [one.id for one in exposures if one.contact_id != contact.pk]
    _attach(contact.pk, exposures)
    _move([exposures])
    if added or contact.person_id != human or any(before[name] != now[name] for name in before):
        contact.person_id, contact.version = human, contact.version + 1
        for name, value in now.items():
            setattr(contact, name, value)
        contact.save()
        record(
            by, "contact.settled", (subject.KIND, contact.pk), area=contact.area, basis=contact.classified_by,
            data={"person": human, "category": contact.category, "exposures": added},
        )  # fmt: skip
    if any(before[name] != now[name] for name in ("first_exposure_at", "last_exposure_at")):
        moved[contact.pk] = subject.anchors(contact)
    if before["category"] != contact.category or before["facts"] != contact.facts:
        _change_duties(by, contact)
    return contact


def _spent(mine: Sequence[Contact], counting: Sequence[Known]) -> bool:
    """Whether a contact cannot be what its exposures now make of it, as the duty for that has been closed on it already.

    (It was made stricter once, and what made it so has gone.) A closed duty stays closed, so the watch begins anew.
    """
    contact = min(mine, key=lambda one: one.pk)
    judgement = min(counting, key=lambda one: (one.judgement.rank, one.id)).judgement
    if judgement.category == contact.category:
        return False
    facts = {**judgement.facts, "category": judgement.category}
    moments = subject.passed(contact)
    return any(
        duty.state != duty.OPEN and subject.owed(duty_queries.rule(duty), facts, moments)
        for duty in duty_queries.of_subject(subject.KIND, contact.pk)
    )


def _change_duties(by: Actor, contact: Contact) -> None:
    """After the category changed: end the duties that no longer apply, open those that now do."""
    about, moments = subject.of(contact), subject.passed(contact)
    for duty in duty_queries.of_subject(subject.KIND, contact.pk):
        rule = duty_queries.rule(duty)
        if duty.state == duty.OPEN and not subject.owed(rule, about.facts, moments):
            outcome = "upgraded" if "upgraded" in rule.outcomes else rule.outcomes[-1]
            duties.close(
                SYSTEM, duty.pk, outcome, _("The category is now %(category)s.") % {"category": contact.category}
            )
    for moment in moments:
        duties.open_due(by, moment, [about])


def _become(by: Actor, ill: Sequence[tuple[Contact, CaseFacts]]) -> None:
    """The contacts are cases: their duties end so, those they met are contacts of a case now, and infectors are looked for."""
    if not ill:
        return
    for contact, case in ill:
        contact.case_id = case.id
    # Which case is on record; the reason does not say so, since whoever may read it may not know of the case.
    end(by, [Ending(contact, Contact.BECAME_CASE, "became_case", _("Became a case.")) for contact, _case in ill])
    onward: dict[int, list[Exposure]] = defaultdict(list)
    case_of = {contact.pk: case for contact, case in ill}
    for row in Exposure.objects.filter(contact_of__in=case_of, case__isnull=True).select_related("contact"):
        onward[row.contact_of_id or 0].append(row)
    for contact_id, rows in onward.items():
        rejudge(by, sources.of_case(case_of[contact_id]), rows)
    infectors.choose(by, ill[0][0].outbreak_id, case_of.values())


def rejudge(by: Actor, source: Source, rows: Sequence[Exposure]) -> None:
    """Judge exposures to this source anew (its dates changed, or a contact became a case) and settle whoever it makes different.

    An exposure through a contact keeps its judgement as such where the new case does not make it stricter.
    """
    changed: list[Exposure] = []
    for row in rows:
        judgement = judging.judge(source, row.facts, row.from_at, row.to_at)
        if source.kind == judging.CASE and row.case_id is None:
            if not judgement.category:
                continue
            row.case_id = source.id
        elif (row.category, row.classified_by, row.facts) == (judgement.category, judgement.basis, judgement.facts):
            continue
        row.category, row.classified_by, row.facts = judgement.category, judgement.basis, dict(judgement.facts)
        changed.append(row)
    Exposure.objects.bulk_update(changed, ["case", "category", "classified_by", "facts"], batch_size=500)
    if changed:
        record(
            by, "exposure.judged_anew", (source.kind, source.id), area=source.area,
            data={"exposures": [row.pk for row in changed]},
        )  # fmt: skip
        humans = set(sources.humans([row.person_id for row in changed]).values())
        settle(by, source.outbreak_id, sorted(humans))


@dataclass(frozen=True, slots=True)
class Ending:
    """How the watch over a contact ends: its state, the outcome of its duties, the reason, and when (now, if not said)."""

    contact: Contact
    state: str
    outcome: str
    reason: str
    at: datetime | None = None


def end(by: Actor, endings: Sequence[Ending]) -> None:
    """End watches: state, time and reason on each contact, an outcome on each of its duties."""
    now = clock.now()
    for one in endings:
        contact = one.contact
        contact.state, contact.ended_why, contact.ended_at = one.state, one.reason[:300], one.at or now
        contact.suspected_at, contact.version = None, contact.version + 1
        record(
            by, "contact.ended", (subject.KIND, contact.pk), area=contact.area, basis=contact.classified_by,
            data={"state": one.state, "reason": one.reason, "case": contact.case_id, "merged_into": contact.merged_into_id},
        )  # fmt: skip
        emit(ContactEnded(contact.pk, contact.outbreak_id, contact.area, one.state))
    rows = ([*(getattr(one.contact, name) for name in _ENDED), one.contact.pk] for one in endings)
    bulk.update(Contact, _ENDED, rows)
    duties.end_all(by, subject.KIND, {one.contact.pk: (one.outcome, one.reason) for one in endings})


_ENDED = "state ended_why ended_at suspected_at version case_id merged_into_id".split()


def _let_go(by: Actor, contact: Contact, exposures: Sequence[Known]) -> None:
    """No exposure makes this person a contact any more. The exposures stay, free to count again."""
    for one in exposures:
        one.contact_id = None
    Exposure.objects.filter(contact=contact).update(contact=None)
    end(by, [Ending(contact, Contact.DISMISSED, "excluded", _("No exposure counts any more."))])


def _merge(by: Actor, other: Contact, kept: Contact) -> None:
    other.merged_into = kept
    end(by, [Ending(other, Contact.MERGED, "moved", _("The same person as contact %(code)s.") % {"code": kept.code})])


def _attach(contact_id: int, exposures: Iterable[Known]) -> None:
    for one in exposures:
        one.contact_id = contact_id


def _move(groups: Iterable[Sequence[Known]]) -> None:
    """Write to which contact the exposures on record belong now."""
    moved: dict[int, list[int]] = defaultdict(list)
    for group in groups:
        for one in group:
            if not one.fresh and one.contact_id is not None:
                moved[one.contact_id].append(one.id)
    for contact_id, exposures in moved.items():
        Exposure.objects.filter(pk__in=exposures).exclude(contact_id=contact_id).update(contact_id=contact_id)
