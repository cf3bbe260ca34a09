"""Writers of people: entering them, one or a hundred thousand."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from django.db import IntegrityError
from django.utils.translation import gettext as _

from fangxian.core import accounts, bulk, clock, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, attempt, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import checking, matching
from fangxian.registry.checking import Checked, check
from fangxian.registry.models import Alias, Document, Household, MatchKey, Person, Phone
from fangxian.registry.schemas import PersonForm

_PERSON_COLUMNS = (
    "id code name name_latin pinyin sex birth_date birth_year nationality area address occupation household_id created_at version"
).split()


@action
def register_person(by: Actor, form: PersonForm) -> Person:
    """Enter a person, or find the one who holds the same document: theirs is returned as it stands, with nothing changed.

    Whoever may register at all may register people of any residence, as those who fall ill or are met live anywhere.
    Raises Invalid for a field that does not hold (an identity number must fit birth date and sex).
    """
    return Person.objects.get(pk=register_many(by, [form])[0])


@action
def register_many(by: Actor, forms: Sequence[PersonForm | Checked]) -> list[int]:
    """Enter many people at once; their ids in the order of the forms, of existing people where a document was known.

    Raises Invalid for the first form that does not hold (`detail["position"]`), and then nothing is entered; to sort out
    good rows from bad ones, run `checking.check` on each first.
    """
    by.must("persons.register")
    return enter(by, forms, by.areas("persons.register")[0])


@action
def withdraw_people(by: Actor, person_ids: Collection[int], reason: str) -> list[int]:
    """Delete people who were entered by mistake, with their numbers; the ids of those who went.

    Whoever an account, a household, another record or a case still points to stays. The caller has made sure that nobody has
    worked on their records since.
    """
    by.must("persons.register")
    wanted = set(person_ids)
    wanted -= set(Household.objects.filter(head__in=wanted).values_list("head_id", flat=True))
    wanted -= accounts.own_records(wanted)
    wanted -= set(Person.objects.filter(canonical__in=wanted).values_list("canonical_id", flat=True))
    wanted -= set(Person.objects.filter(pk__in=wanted, canonical__isnull=False).values_list("pk", flat=True))
    gone = list(Person.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))
    for person in gone:
        record(
            by, "person.withdrawn", ("person", person.pk), area=person.area,
            data={"code": person.code, "reason": reason},
        )  # fmt: skip
    Person.objects.filter(pk__in=[person.pk for person in gone]).delete()
    return [person.pk for person in gone]


def enter(by: Actor, forms: Sequence[PersonForm | Checked], home: str) -> list[int]:
    """`register_many` for actions that have checked a right of their own; `home`: the area of whoever has none in the form."""
    checked = [_placed(_checked(form, position), home) for position, form in enumerate(forms)]
    for last_try in (False, True):
        known = holders({number.index for one in checked for number in one.documents})
        plan = _plan(checked, known)
        try:
            with attempt():
                return _enter(by, plan, len(checked))
        except IntegrityError:  # somebody else registered one of these documents a moment ago: now it is known
            if last_try:
                raise
    raise AssertionError("unreachable")


def find(code: str, *, lock: bool = False) -> Person:
    """The person with this code. Raises NotFound."""
    people = Person.objects.select_for_update() if lock else Person.objects.all()
    person = people.filter(code=ids.normalise_code(code)).first()
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _checked(form: PersonForm | Checked, position: int) -> Checked:
    if isinstance(form, Checked):
        return form
    try:
        return check(form)
    except Invalid as fault:
        fault.detail["position"] = position
        raise


def _placed(checked: Checked, home: str) -> Checked:
    return checked if checked.area else replace(checked, area=home)


def holders(indexes: set[str]) -> dict[str, list[tuple[int, str]]]:
    """Who holds these numbers: index → (canonical id, nationality)."""
    found: dict[str, list[tuple[int, str]]] = {}
    wanted = list(indexes)
    for start in range(0, len(wanted), 10_000):
        rows = Document.objects.filter(number_index__in=wanted[start : start + 10_000]).order_by("person_id")
        for index, pk, canonical, nationality in rows.values_list(
            "number_index", "person_id", "person__canonical_id", "person__nationality"
        ):
            found.setdefault(index, []).append((canonical or pk, nationality))
    return found


def _plan(checked: Sequence[Checked], known: Mapping[str, list[tuple[int, str]]]) -> list[tuple[int | None, Checked]]:
    """For each form the person it is about: an id, a negative number for "as form −n−1", or None for a new one."""
    plan: list[tuple[int | None, Checked]] = []
    here: dict[str, list[tuple[int, str]]] = {}
    for position, one in enumerate(checked):
        held = [
            holder
            for number in one.documents
            for holder in (*known.get(number.index, ()), *here.get(number.index, ()))
            if number.kind in checking.UNIQUE or "" in (one.nationality, holder[1]) or one.nationality == holder[1]
        ]
        plan.append((held[0][0] if held else None, one))
        if not held:
            for number in one.documents:
                here.setdefault(number.index, []).append((-position - 1, one.nationality))
    return plan


def _enter(by: Actor, plan: Sequence[tuple[int | None, Checked]], count: int) -> list[int]:
    fresh = [position for position, (known, _one) in enumerate(plan) if known is None]
    now = clock.now()
    homes = _households({one.household for _known, one in plan if one.household})
    pks = dict(zip(fresh, bulk.reserve_ids(Person, len(fresh)), strict=True))
    people, documents, phones, aliases, keys = [], [], [], [], []
    for (position, pk), code in zip(pks.items(), ids.new_codes(len(fresh)), strict=True):
        one = plan[position][1]
        home = homes.get(one.household)
        people.append(
            (
                pk,
                code,
                one.name,
                one.name_latin,
                one.pinyin,
                one.sex,
                one.birth_date,
                one.birth_year,
                one.nationality,
                one.area,
            )
            + (one.address, one.occupation, home, now, 1)
        )
        documents += [(pk, number.kind, number.sealed, number.index, number.masked) for number in one.documents]
        phones += [(pk, number.sealed, number.index, number.masked) for number in one.phones]
        aliases += [(pk, name) for name in one.aliases]
        keys += [(pk, key) for key in checking.match_keys(matching.record_of(pk, one, home, one.area))]
        record(by, "person.registered", ("person", pk), area=one.area, data={"code": code})
    bulk.insert(Person, _PERSON_COLUMNS, people)
    bulk.insert(Document, ("person_id", "kind", "number_sealed", "number_index", "masked"), documents)
    bulk.insert(Phone, ("person_id", "number_sealed", "number_index", "masked"), phones)
    bulk.insert(Alias, ("person_id", "name"), aliases)
    bulk.insert(MatchKey, ("person_id", "key"), keys)
    found = [pks[position] if known is None else known for position, (known, _one) in enumerate(plan)]
    return [pks[-known - 1] if known < 0 else known for known in found]


def _households(codes: set[str]) -> dict[str, int]:
    found = dict(Household.objects.filter(code__in=codes).values_list("code", "id"))
    if missing := sorted(codes - set(found)):
        raise Invalid(_("There is no household %(code)s.") % {"code": missing[0]}, field="household")
    return found
