"""What tracing reads of the stages below it, and how it finds its own rows by their codes: one place that knows how to ask."""

from collections.abc import Iterable, Mapping, Sequence

from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.cases.schemas import DISCARDED, CaseFacts
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound
from fangxian.duties import packs
from fangxian.duties import queries as duty_queries
from fangxian.protocols import Text, Window
from fangxian.registry import queries as registry
from fangxian.tracing.judging import CASE, CONTACT, Source
from fangxian.tracing.models import Contact, Exposure

NO_WORDS = Text("", "")


# ── cases ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def facts_of(case_ids: Iterable[int]) -> list[CaseFacts]:
    """Cases as a pack asks for them, in the order of their keys."""
    found = cases.facts_of(case_ids)
    return [found[pk] for pk in sorted(found)]


def of_case(case: CaseFacts) -> Source:
    """A case as somebody to be exposed to, with its infectious window by the pack."""
    window = packs.pack(case.pack, case.area).infectious_window(case.facts, case.anchors, clock.zone())
    return Source(
        CASE, case.id, case.code, case.outbreak_id, case.person_id, case.area, case.pack,
        case.onset_on, window, is_void=case.classification == DISCARDED,
    )  # fmt: skip


def of_contact(row: Contact) -> Source:
    """A contact as somebody to be exposed to: from its own first exposure on, until it was held."""
    window = Window(row.first_exposure_at, row.held_at, ())
    return Source(
        CONTACT, row.pk, row.code, row.outbreak_id, row.person_id, row.area, row.pack, window=window,
        is_void=row.state == Contact.DISMISSED,
    )  # fmt: skip


def of_exposure(row: Exposure) -> Source:
    """Whom an exposure was to; needs its `contact_of`."""
    if row.case_id is not None:
        return of_case(facts_of([row.case_id])[0])
    assert row.contact_of is not None, "an exposure is to somebody"
    return of_contact(row.contact_of)


def by_case_codes(codes: Iterable[str]) -> dict[str, Source]:
    """Cases by code, as the form wrote it; unknown ones are left out."""
    wanted = {code: ids.normalise_code(code) for code in codes}
    known = cases.ids_of(wanted.values()) if wanted else {}
    found = {case.code: of_case(case) for case in facts_of(known.values())}
    return {code: found[normal] for code, normal in wanted.items() if normal in found}


def by_contact_codes(codes: Iterable[str]) -> dict[str, Source]:
    """Contacts by code, as the form wrote it; unknown ones are left out."""
    wanted = {code: ids.normalise_code(code) for code in codes}
    rows = Contact.objects.filter(code__in=set(wanted.values())) if wanted else ()
    found = {row.code: of_contact(row) for row in rows}
    return {code: found[normal] for code, normal in wanted.items() if normal in found}


def case_id(by: Actor, code: str) -> int:
    """The key of a case that the actor may see. Raises NotFound."""
    return case(by, code).id


def case(by: Actor, code: str) -> CaseFacts:
    """A case that the actor may see, as a pack asks for it. Raises NotFound."""
    pk = cases.id_of(code)
    (found,) = facts_of([pk]) if pk is not None else (None,)
    if found is None or not by.may("cases.view", found.area):
        raise NotFound(_("There is no such case."), remedy=_("Check the code; its last character is a check."))
    return found


def outbreak_id(code: str) -> int:
    """The key of an outbreak. Raises NotFound."""
    pk = cases.outbreak_id(code)
    if pk is None:
        raise NotFound(_("There is no such outbreak."), remedy=_("Open it first."))
    return pk


def void(case_ids: Iterable[int]) -> set[int]:
    """Those of the cases that were ruled out."""
    return {case.id for case in facts_of(case_ids) if case.classification == DISCARDED}


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def humans(person_ids: Iterable[int]) -> dict[int, int]:
    """For each record the one that stands for the human."""
    return registry.canonical(person_ids)


def records(people: Iterable[int]) -> dict[int, int]:
    """Every record of these humans → the one that stands for the human."""
    wanted = set(people)
    return {pk: pk for pk in wanted} | registry.duplicates(wanted)


def cases_of(outbreak: int, record_of: Mapping[int, int]) -> dict[int, CaseFacts]:
    """The humans among these who are cases of the outbreak, with the case (the first, where records were merged late)."""
    known = cases.by_person(outbreak, record_of)
    facts = cases.facts_of(known.values())
    found: dict[int, CaseFacts] = {}
    for person, pk in sorted(known.items(), key=lambda one: one[1]):
        found.setdefault(record_of[person], facts[pk])
    return found


def areas(person_ids: Iterable[int]) -> dict[int, str]:
    """Where people live."""
    return {pk: one.area for pk, one in registry.traits(person_ids).items()}


def people_by_codes(codes: Iterable[str]) -> dict[str, int]:
    """People by code, as the form wrote it; unknown ones are left out."""
    wanted = {code: ids.normalise_code(code) for code in codes}
    found = registry.by_codes(wanted.values()) if wanted else {}
    return {code: found[normal].id for code, normal in wanted.items() if normal in found}


def exposed(outbreak: int, people: Iterable[int]) -> set[int]:
    """Those of these humans of whom an exposure is on record."""
    record_of = records(people)
    rows = Exposure.objects.filter(outbreak_id=outbreak, person_id__in=list(record_of))
    return {record_of[person] for person in rows.values_list("person_id", flat=True).distinct()}


def outbreaks_of(people: Iterable[int]) -> list[int]:
    """The outbreaks in which these humans were exposed."""
    rows = Exposure.objects.filter(person_id__in=list(records(people)))
    return sorted(rows.values_list("outbreak_id", flat=True).distinct())


# ── places, organisations, words ───────────────────────────────────────────────────────────────────────────────────────


def place(code: str) -> int | None:
    """The key of a place, None without a code. Raises NotFound."""
    if not code:
        return None
    found = places_by_codes([code])
    if code not in found:
        raise NotFound(_("There is no such place."), remedy=_("Register it first, or describe it."), field="place")
    return found[code]


def places_by_codes(codes: Iterable[str]) -> dict[str, int]:
    """Places by code, as the form wrote it; unknown ones are left out."""
    wanted = {code: ids.normalise_code(code) for code in codes}
    found = registry.place_ids(wanted.values()) if wanted else {}
    return {code: found[normal] for code, normal in wanted.items() if normal in found}


def organisation(pk: int | None) -> int | None:
    """The key itself, if there is such an organisation. Raises NotFound."""
    return registry.organisation(pk).pk if pk is not None else None


def text(value: str, name: str, longest: int) -> str:
    """A text that fits. Raises Invalid."""
    if len(value) > longest or "\0" in value:
        raise Invalid(
            _("This text is too long, or not text."),
            remedy=_("Write at most %(n)s characters.") % {"n": longest},
            field=name,
        )
    return value


def reason(value: str) -> str:
    """A reason of at least two characters. Raises Invalid."""
    value = (value or "").strip()
    if len(value) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    return text(value, "reason", 300)


# ── contacts ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def contact(by: Actor, code: str, *, lock: bool = False) -> Contact:
    """The contact with this code, if the actor may see it. Raises NotFound alike for both.

    Seen by whoever looks after it, answers for something owed to it, or investigates a case that it was exposed to.
    """
    rows = Contact.objects.select_related("person", "outbreak", "case")
    found = (rows.select_for_update(of=("self",)) if lock else rows).filter(code=ids.normalise_code(code)).first()
    if found is None or not (
        by.may("contacts.view", found.area, found.held_by_id)
        or duty_queries.holds(by, CONTACT, found.pk)
        or _investigates(by, [found])
    ):
        raise NotFound(_("There is no such contact."), remedy=_("Check the code; its last character is a check."))
    return found


def _investigates(by: Actor, rows: Sequence[Contact]) -> bool:
    return Exposure.objects.filter(by.scope("tracing.view", area="case__area"), contact__in=rows).exists()
