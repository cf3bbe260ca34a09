"""Who has not come, by name: for those who go and ask. A street of a city is a range of one index."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.core.access import Actor, within
from fangxian.core.errors import NotFound
from fangxian.laboratory.rounds import finding
from fangxian.laboratory.rounds.models import Booking, Listed, Patch, Round
from fangxian.laboratory.rounds.queries.points import point_name
from fangxian.laboratory.rounds.schemas import ExemptRow, MissingRow, Newcomer
from fangxian.registry import queries as registry
from fangxian.registry.levels import at_level

#: Households are counted up to here; whoever has more knows enough.
MOST = 5000


def missing(
    by: Actor, code: str, area: str = "", *, answer: str = "", after: tuple[str, int, int] | None = None, limit: int = 100
) -> list[MissingRow]:  # fmt: skip
    """Who has not come and need not be excused, household by household; `after` is (area, household, id) of the last one read.

    `answer` narrows it to what they said ("none": nobody has asked yet). Six queries, whatever the size of the round.
    """
    row = finding.found(by, code)
    found = _missing(by, row, area)
    if answer:
        found = found.filter(answer="" if answer == "none" else answer)
    if after is not None:
        place, door, pk = after
        further = Q(area__gt=place) | Q(door__gt=door) | Q(door=door, pk__gt=pk)
        found = found.filter(further, area__gte=place)
    return _shown(row, list(found.order_by("area", "door", "pk")[:limit]))


def households_missing(by: Actor, code: str, area: str = "") -> int:
    """Behind how many doors somebody is missing, at most `MOST`. Two queries."""
    found = _missing(by, finding.found(by, code), area)
    doors = found.order_by().values("area", "door").distinct()[:MOST]
    return doors.count()


def exempt(by: Actor, code: str, area: str = "", *, after: int = 0, limit: int = 100) -> list[ExemptRow]:
    """Who need not come, and why, by id from the one after `after`. Four queries."""
    row = finding.found(by, code)
    found = Listed.objects.filter(by.scope(finding.PEOPLE), within(area), round=row, tube__isnull=True, pk__gt=after)
    rows = list(found.exclude(exempt="").order_by("pk")[:limit])
    known = registry.residents(one.person_id for one in rows)
    areas = registry.short_area_names(one.area for one in rows)
    return [
        ExemptRow(
            one.pk, known[one.person_id].code, known[one.person_id].name, one.area, areas[one.area], one.exempt, one.note, one.by_name
        )
        for one in rows
    ]  # fmt: skip


def newcomers(by: Actor, code: str, area: str, *, limit: int = 50) -> list[Newcomer]:
    """Who lives in a grid now and is not on the roll (masked): they came after it began, and are to be asked.

    Five queries. Raises NotFound for what is no grid of the round.
    """
    row = finding.found(by, code)
    by.must(finding.PEOPLE, area)
    if not Patch.objects.filter(round=row, area=area).exists():
        raise NotFound(_("This grid is not in the round."))
    here = registry.living_in(areas=[area], limit=MOST)
    listed = set(Listed.objects.filter(round=row, person__in=here).values_list("person", flat=True))
    fresh = [one for one in here if one not in listed][:limit]
    known = registry.residents(fresh)
    return [Newcomer(known[one].code, known[one].name) for one in fresh]


def on_roll(by: Actor, code: str, person_ids: Sequence[int]) -> dict[int, str]:
    """What these people are in a round: tested, exempt or missing; whoever is not on its roll is left out. Two queries."""
    row = finding.found(by, code)
    rows = Listed.objects.filter(by.scope(finding.PEOPLE), round=row, person__in=list(person_ids))
    return {
        person: "tested" if tube else "exempt" if why else "missing"
        for person, tube, why in rows.values_list("person", "tube", "exempt")
    }


def _missing(by: Actor, row: Round, area: str) -> QuerySet[Listed]:
    return Listed.objects.filter(finding.MISSING, by.scope(finding.PEOPLE), within(area), round=row)


def _shown(row: Round, rows: Sequence[Listed]) -> list[MissingRow]:
    people = [one.person_id for one in rows]
    known = registry.residents(people)
    areas = registry.short_area_names(one.area for one in rows)
    slots = _slots(row, rows)
    shown = []
    for one in rows:
        person = known[one.person_id]
        at, point = slots.get((one.area, one.door), (None, ""))
        here = at_level(one.area, "grid")
        shown.append(
            MissingRow(
                one.pk, person.code, person.name, person.address, one.area, areas[one.area], person.household, one.door,
                one.answer, one.note, one.answered_at, not person.area.startswith(here), at, point,
            )
        )  # fmt: skip
    return shown


def _slots(row: Round, rows: Sequence[Listed]) -> dict[tuple[str, int], tuple[datetime, str]]:
    doors = {one.door for one in rows}
    areas = {one.area for one in rows}
    found = Booking.objects.filter(round=row, area__in=areas, door__in=doors).select_related("point__point")
    return {(one.area, one.door): (one.at, point_name(one.point.point)) for one in found}
