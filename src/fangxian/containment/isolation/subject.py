"""Whose duties the people in isolation are: contacts and cases have stages of their own; a traveller is told to the engine here."""

from collections.abc import Iterable, Iterator, Mapping

from fangxian.containment.isolation.models import Placement
from fangxian.core.access import within
from fangxian.duties import subjects
from fangxian.duties.subjects import Described, Subject
from fangxian.registry import queries as registry

CONTACT, CASE, TRAVELLER = "contact", "case", "traveller"
ARRIVED = "traveller.arrived"
_CHUNK = 2000


def of(row: Placement) -> Subject:
    """Somebody who came from abroad, as the engine sees them. The nurses of the site answer for what nurses do."""
    return Subject(
        kind=TRAVELLER,
        id=row.pk,
        area=row.area,
        pack=row.pack,
        facts={"stayed_in": "abroad"},
        anchors={"arrived_at": row.arrived_at or row.begun_at, "identified_at": row.begun_at},
    )


def _everything(area: str) -> Iterator[tuple[str, Subject]]:
    last = 0
    rows = Placement.objects.filter(within(area), subject_kind=TRAVELLER)
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:_CHUNK]):
        last = chunk[-1].pk
        for row in chunk:
            yield ARRIVED, of(row)


def _described(wanted: Iterable[int]) -> Mapping[int, Described]:
    rows = list(Placement.objects.filter(pk__in=list(wanted)).values_list("pk", "code", "person_id"))
    doors = registry.doors(person for _pk, _code, person in rows)
    found = {}
    for pk, code, person in rows:
        name, door = doors.get(person, ("", ""))
        found[pk] = Described(name, code, f"/isolation/people/{code}/", door)
    return found


subjects.register(TRAVELLER, provider=_everything, describer=_described)
