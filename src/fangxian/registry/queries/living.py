"""Who lives where: by the building, by the jurisdiction, and those of whom only an address is known."""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.core.access import within
from fangxian.registry import masking
from fangxian.registry.models import Household, Person
from fangxian.registry.schemas import Home, Resident

#: As far as people are counted: beyond it a count says “more than”, and costs no more.
COUNTED = 20_000


def homes(person_ids: Iterable[int]) -> dict[int, Home]:
    """Where people live, by id; one query."""
    rows = Person.objects.filter(pk__in=set(person_ids)).values_list(
        "pk", "area", "household__area", "household_id", "household__building_id"
    )
    return {pk: Home(home or area, household, building) for pk, area, home, household, building in rows}


def living_in(
    buildings: Sequence[int] = (),
    areas: Sequence[str] = (),
    *,
    roofless: bool = False,
    after: int = 0,
    limit: int = 100,
) -> list[int]:
    """People (ids) who live in any of the buildings (place ids) or jurisdictions, by id from the one after `after`.

    `roofless`: of the jurisdictions, only those of whom no building is known. Merged duplicates are left out.
    """
    found = _living(buildings, areas, roofless).filter(pk__gt=after)
    return list(found.order_by("pk").values_list("pk", flat=True)[:limit])


def roll(
    buildings: Sequence[int] = (),
    areas: Sequence[str] = (),
    roofless: Sequence[str] = (),
    *,
    after: int = 0,
    limit: int = 5000,
) -> list[tuple[int, str, int | None, date | None]]:
    """Whoever lives in any of the buildings or jurisdictions, or without a building on record in those of `roofless`: person,
    area, household, day of birth, by id from the one after `after`. Merged duplicates are left out. One query."""
    found = _living(buildings, areas, False)
    if roofless:
        found = found | _living((), roofless, True)
    rows = found.filter(pk__gt=after).order_by("pk").values_list("pk", "area", "household_id", "birth_date")
    return list(rows[:limit])


def buildings_of(household_ids: Iterable[int]) -> dict[int, int]:
    """The building (place id) behind whose door each household lives; those of which it is not known are left out. One query."""
    rows = Household.objects.filter(pk__in=set(household_ids), building__isnull=False)
    return {pk: building for pk, building in rows.values_list("pk", "building_id") if building is not None}


def residents(person_ids: Iterable[int]) -> dict[int, Resident]:
    """People as a list of who lives where shows them, masked, by id; one query."""
    rows = Person.objects.filter(pk__in=set(person_ids)).values_list(
        "pk", "code", "name", "name_latin", "area", "address", "household__code", "household__building_id"
    )
    return {
        row[0]: Resident(
            row[1],
            masking.name(row[2] or row[3]) or _("name unknown"),
            row[4],
            masking.address(row[5]),
            row[6] or "",
            row[7],
        )
        for row in rows
    }


def living_counted(
    buildings: Sequence[int] = (), areas: Sequence[str] = (), *, roofless: bool = False
) -> tuple[int, int]:
    """How many people that are, and how many households they live in; at most `COUNTED` + 1, which stands for more. One query."""
    some = _living(buildings, areas, roofless).order_by()[: COUNTED + 1]
    found = some.aggregate(people=Count("pk"), households=Count("household", distinct=True))
    return found["people"], found["households"]


def _living(buildings: Sequence[int], areas: Sequence[str], roofless: bool) -> QuerySet[Person]:
    people = Person.objects.filter(canonical__isnull=True)
    if roofless:
        return people.filter(_in_any(areas), Q(household__isnull=True) | Q(household__building__isnull=True))
    return people.filter(_in_any(areas) | Q(household__building_id__in=buildings))


def _in_any(areas: Sequence[str]) -> Q:
    found = Q(pk__in=())
    for code in areas:
        found |= within(code)
    return found
