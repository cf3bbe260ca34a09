"""What the results of samples mean for contacts: they do the test that is due, or take it back when they were wrong."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from fangxian.core.access import Actor
from fangxian.core.actions import action, emit, record
from fangxian.duties import actions as duties
from fangxian.laboratory import queries as laboratory
from fangxian.laboratory.schemas import Outcome
from fangxian.tracing import sources, subject
from fangxian.tracing.actions.following import suspect
from fangxian.tracing.events import ContactWatchedAgain
from fangxian.tracing.models import Contact


@action
def take_results(by: Actor, tube_ids: Iterable[int]) -> int:
    """Have the results of tubes do the tests owed about contacts under watch; how many steps that did. Repeating it changes nothing.

    A negative pool is a negative test of everybody in it. A positive pool decides nobody, and an indeterminate result is none.
    """
    outcomes = laboratory.outcomes(tube_ids, _people(Contact.UNDER_WATCH))
    watched = _contacts({outcome.person_id for outcome in outcomes}, Contact.UNDER_WATCH) if outcomes else {}
    told = [(contact, outcome) for outcome in outcomes for contact in watched.get(outcome.person_id, ())]
    done = 0
    while told:  # of one contact one after the other: what the first did decides what the second does
        first = {one[0].pk: one for one in reversed(told)}
        done += _told(by, list(first.values()))
        told = [one for one in told if one is not first[one[0].pk]]
    return done


@action
def watch_again(by: Actor, tube_ids: Iterable[int]) -> int:
    """Results of tubes did not hold: whoever was released on one of them is under watch again, with the reason; how many are.

    Not whoever is watched anew already, or is a case. What the result had done is taken back by `take_results`, which follows.
    """
    outcomes = laboratory.outcomes(tube_ids, _people(Contact.RELEASED))
    released = _contacts({outcome.person_id for outcome in outcomes}, Contact.RELEASED) if outcomes else {}
    back: dict[int, Contact] = {}
    for outcome in outcomes:
        for contact in released.get(outcome.person_id, ()):
            earlier = laboratory.told_by(laboratory.tests_owed(subject.KIND, contact.pk), outcome.code)
            stale = earlier is not None and (earlier.evidence or {}).get("result") != outcome.value
            if stale and contact.pk not in back and not _watched_or_ill(contact):
                back[contact.pk] = contact
                _return(by, contact, _("The result of tube %(code)s was changed.") % {"code": outcome.code})
    return len(back)


def _watched_or_ill(contact: Contact) -> bool:
    human = sources.humans([contact.person_id])[contact.person_id]
    record_of = sources.records([human])
    open_now = Contact.objects.filter(
        outbreak=contact.outbreak_id, state=Contact.UNDER_WATCH, person_id__in=list(record_of)
    )
    return open_now.exists() or human in sources.cases_of(contact.outbreak_id, record_of)


def _return(by: Actor, contact: Contact, reason: str) -> None:
    before = contact.ended_at
    contact.state, contact.ended_at, contact.ended_why = Contact.UNDER_WATCH, None, reason
    contact.version += 1
    contact.save(update_fields=["state", "ended_at", "ended_why", "version"])
    record(
        by, "contact.watched_again", (subject.KIND, contact.pk), area=contact.area, basis=contact.classified_by,
        data={"reason": reason, "released_at": before.isoformat() if before else None},
    )  # fmt: skip
    emit(ContactWatchedAgain(contact.pk, contact.outbreak_id, contact.area))


def _people(state: str) -> QuerySet[Any, Any]:
    """Every record of whoever is a contact in this state, as a condition: of a million people in tubes the database finds the few."""
    rows = Contact.objects.filter(state=state).order_by()
    found: QuerySet[Any, Any] = rows.values("person_id").union(
        rows.values("person__canonical_id"),
        rows.values("person__duplicates"),
        rows.values("person__canonical__duplicates"),
    )
    return found


def _contacts(people: Iterable[int], state: str) -> dict[int, list[Contact]]:
    """Contacts in this state by the record under which somebody was sampled, whichever of their records the contact has."""
    humans = sources.humans(people)
    record_of = sources.records(humans.values())
    rows = Contact.objects.filter(state=state, person_id__in=list(record_of)).order_by("pk")
    of_human: dict[int, list[Contact]] = {}
    for row in rows:
        of_human.setdefault(record_of[row.person_id], []).append(row)
    return {person: of_human[human] for person, human in humans.items() if human in of_human}


def _told(by: Actor, told: Sequence[tuple[Contact, Outcome]]) -> int:
    """Bring what is recorded of these tubes for contacts, each once, to what holds now."""
    owed = laboratory.tests_owed_by(subject.KIND, [contact.pk for contact, _outcome in told])
    done: list[duties.Done] = []
    counting: list[tuple[Contact, dict[str, Any]]] = []
    for contact, outcome in told:
        steps = owed[contact.pk]
        earlier = laboratory.told_by(steps, outcome.code)
        counts = outcome.value == "negative" or (outcome.value == "positive" and outcome.people == 1)
        if earlier is not None:
            if counts and (earlier.evidence or {}).get("result") == outcome.value:
                continue
            duties.reopen(by, earlier.pk, _("The result of tube %(code)s was changed.") % {"code": outcome.code})
            steps = laboratory.tests_owed(subject.KIND, contact.pk)
        if not counts:
            continue
        evidence: dict[str, Any] = {"result": outcome.value, "tube": outcome.code}
        if outcome.ct is not None:
            evidence["ct"] = outcome.ct
        counting.append((contact, evidence))
        chosen = laboratory.test_done_by(steps, outcome.sampled_at)
        if chosen is not None:
            done.append(duties.Done(chosen.pk, evidence, outcome.sampled_at))
    duties.complete_many(by, done, through=subject.KIND)
    for contact, evidence in counting:
        suspect(by, contact, evidence)
    return len(done)
