"""What the engine of duties is told of a contact: its facts, its clock anchors, the moments it has passed, whom it depends on."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from fangxian.core.access import within
from fangxian.duties import subjects
from fangxian.duties.subjects import Described, Subject
from fangxian.protocols import DutyRule
from fangxian.registry import queries as registry
from fangxian.tracing.models import Contact, Exposure

KIND = "contact"
IDENTIFIED, ISOLATED = "contact.identified", "contact.isolated"
_CHUNK = 2000


def anchors(contact: Contact) -> dict[str, datetime]:
    """The clock anchors of a contact that are known."""
    found = {
        "first_exposure_at": contact.first_exposure_at,
        "last_exposure_at": contact.last_exposure_at,
        "identified_at": contact.identified_at,
    }
    if contact.held_at is not None:
        found["isolated_at"] = contact.held_at
    return found


def of(contact: Contact) -> Subject:
    """A contact as the engine sees it. Where a body holds the person, its nurses answer for what nurses do."""
    return Subject(
        kind=KIND,
        id=contact.pk,
        area=contact.area,
        pack=contact.pack,
        facts={**contact.facts, "category": contact.category},
        anchors=anchors(contact),
        holders={"site_nurse": contact.held_by_id} if contact.held_by_id is not None else {},
    )


def passed(contact: Contact) -> tuple[str, ...]:
    """The moments of the protocol vocabulary that a contact has passed."""
    return (IDENTIFIED,) if contact.held_at is None else (IDENTIFIED, ISOLATED)


def owed(rule: DutyRule, facts: Mapping[str, Any], moments: Iterable[str]) -> bool:
    """Whether a rule orders its duty for a contact of these facts that passed these moments."""
    return any(rule.opens.matches(moment, facts) for moment in moments)


def _everything(area: str) -> Iterator[tuple[str, Subject]]:
    """All moments of all contacts within an area, by their keys, some at a time."""
    last = 0
    while chunk := list(Contact.objects.filter(within(area), pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        for contact in chunk:
            for moment in passed(contact):
                yield moment, of(contact)


def _described(wanted: Iterable[int]) -> Mapping[int, Described]:
    rows = list(Contact.objects.filter(pk__in=list(wanted)).values_list("pk", "code", "person_id"))
    doors = registry.doors(person for _pk, _code, person in rows)
    found = {}
    for pk, code, person in rows:
        name, door = doors.get(person, ("", ""))
        found[pk] = Described(name, code, f"/contacts/{code}/", door)
    return found


def _related(contact_id: int) -> Mapping[str, tuple[str, int]]:
    """The close contacts through whom a contact of contact was exposed; of several, each counts."""
    through = (
        Exposure.objects.filter(contact_id=contact_id, contact_of__isnull=False, case__isnull=True)
        .exclude(category="")
        .order_by("contact_of_id")
        .values_list("contact_of_id", flat=True)
        .distinct()
    )
    found = list(through)
    if len(found) == 1:
        return {KIND: (KIND, found[0])}
    return {f"{KIND}:{number}": (KIND, pk) for number, pk in enumerate(found, 1) if pk is not None}


subjects.register(KIND, provider=_everything, describer=_described, related=_related)
