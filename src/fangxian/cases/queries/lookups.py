"""What the stages above ask about cases by key; the caller has checked the right. No names."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from fangxian.cases.judgement import known_facts
from fangxian.cases.models import Case, Outbreak
from fangxian.cases.schemas import CaseFacts
from fangxian.cases.subject import anchors_of
from fangxian.core import ids
from fangxian.core.access import Actor, within


def id_of(code: str) -> int | None:
    """The key of the case with this code."""
    return Case.objects.filter(code=ids.normalise_code(code)).values_list("pk", flat=True).first()


def ids_of(codes: Iterable[str]) -> dict[str, int]:
    """The keys of cases by their codes (normalised); unknown codes are left out."""
    return dict(Case.objects.filter(code__in=set(codes)).values_list("code", "pk"))


def outbreak_id(code: str) -> int | None:
    """The key of the outbreak with this code."""
    return Outbreak.objects.filter(code=ids.normalise_code(code)).values_list("pk", flat=True).first()


def facts_of(case_ids: Iterable[int]) -> Mapping[int, CaseFacts]:
    """Cases as a pack asks for them, by key."""
    return {
        case.pk: CaseFacts(
            id=case.pk,
            code=case.code,
            outbreak_id=case.outbreak_id,
            person_id=case.person_id,
            pack=case.pack,
            area=case.area,
            classification=case.classification,
            onset_on=case.onset_on,
            reported_at=case.reported_at,
            facts=known_facts(case),
            anchors=anchors_of(case),
        )
        for case in Case.objects.filter(pk__in=list(case_ids))
    }


def codes_by_source(outbreak: str, refs: Iterable[str]) -> dict[str, str]:
    """Codes of the cases of an outbreak by the numbers that their source gave them; discarded ones are left out."""
    found = Case.objects.filter(outbreak__code=ids.normalise_code(outbreak), source_ref__in=set(refs) - {""})
    return dict(found.exclude(classification=Case.DISCARDED).values_list("source_ref", "code"))


def by_person(outbreak_id: int, person_ids: Iterable[int]) -> dict[int, int]:
    """Ids of the cases of an outbreak by the person's id on the case; discarded ones are left out."""
    found = Case.objects.filter(outbreak_id=outbreak_id, person_id__in=set(person_ids))
    return dict(found.exclude(classification=Case.DISCARDED).values_list("person_id", "pk"))


def people_with_cases(person_ids: Iterable[int]) -> set[int]:
    """Those of the people (ids as they stand on cases) who have a case in any outbreak, ruled out or not."""
    return set(Case.objects.filter(person_id__in=set(person_ids)).values_list("person_id", flat=True))


def codes_in(by: Actor, outbreak: str, right: str, *, most: int = 2000) -> list[str]:
    """Codes of the cases of an outbreak in the jurisdictions where the actor has a right, the latest first; not those ruled out."""
    found = Case.objects.filter(by.scope(right), by.scope("cases.view"), outbreak__code=ids.normalise_code(outbreak))
    return list(found.exclude(classification=Case.DISCARDED).order_by("-pk").values_list("code", flat=True)[:most])


def outbreak_codes(outbreak_ids: Iterable[int]) -> dict[int, str]:
    """Codes of outbreaks by key; one query."""
    return dict(Outbreak.objects.filter(pk__in=set(outbreak_ids)).values_list("pk", "code"))


def outbreak_pack(outbreak_id: int) -> str:
    """The pack under which an outbreak is handled."""
    return Outbreak.objects.values_list("pack", flat=True).get(pk=outbreak_id)


def infected_since(outbreak_id: int, since: datetime, area: str = "") -> list[int]:
    """Keys of the cases of an outbreak reported from an instant on, handled in a jurisdiction; those ruled out are left out."""
    found = Case.objects.filter(within(area), outbreak_id=outbreak_id, reported_at__gte=since)
    return list(found.exclude(classification=Case.DISCARDED).order_by("pk").values_list("pk", flat=True))
