"""Reading people: masked cards, what a protocol may ask, search, and who has looked."""

import json
from collections.abc import Collection, Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.analytics.linkage.chinese import is_han
from fangxian.core import clock, ids, journal
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.registry import checking, masking
from fangxian.registry.models import Document, LakeKey, Person, Phone
from fangxian.registry.schemas import Card, Look, Page, Traits

#: The last character there is: the end of a range of texts with the same beginning.
_LAST = "\U0010ffff"


def person(by: Actor, code: str, *, known: bool = False) -> Card:
    """One person, masked. Raises NotFound also where the actor may not know of them.

    `known`: the calling stage has shown the actor a case or contact that names the person, wherever they live. A person may
    always read their own card.
    """
    return _card(_seen(by, code, known))


def person_with_kin(by: Actor, code: str) -> tuple[Card, tuple[int, ...], int | None]:
    """One person as `person` gives them; the ids of all their records, the one that stands for them first; their household."""
    found = _seen(by, code)
    if found.canonical_id is None:
        records = (found.pk, *sorted(one.pk for one in found.duplicates.all()))
    else:
        records = _with_duplicates(found.canonical_id)
    return _card(found), records, found.household_id


def cards(person_ids: Iterable[int]) -> dict[int, Card]:
    """Many people, masked, by id. Whoever may see the record that names a person may see the card. Two to four queries."""
    return {row.pk: _card(row) for row in _with_all(Person.objects.filter(pk__in=set(person_ids)))}


def names(person_ids: Iterable[int]) -> dict[int, str]:
    """Masked names, by id; one query."""
    rows = Person.objects.filter(pk__in=set(person_ids)).values_list("pk", "name", "name_latin")
    return {pk: _title(name, latin) for pk, name, latin in rows}


def doors(person_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Masked names and doors, by id; one query. A door is the household, or the person's own where they belong to none."""
    rows = Person.objects.filter(pk__in=set(person_ids)).values_list(
        "pk", "name", "name_latin", "household_id", "canonical_id"
    )
    return {pk: (_title(name, latin), f"h{home}" if home else f"p{root or pk}") for pk, name, latin, home, root in rows}


def traits(person_ids: Iterable[int]) -> dict[int, Traits]:
    """What a protocol may ask of people, by id; one query."""
    rows = Person.objects.filter(pk__in=set(person_ids)).values_list(
        "pk", "sex", "birth_date", "birth_year", "nationality", "occupation", "area", "household_id"
    )
    return {row[0]: Traits(*row) for row in rows}


def canonical(person_ids: Iterable[int]) -> dict[int, int]:
    """For each record the one that stands for the person; itself, where it was not merged. One query."""
    rows = Person.objects.filter(pk__in=set(person_ids)).values_list("pk", "canonical_id")
    return {pk: root or pk for pk, root in rows}


def duplicates(person_ids: Iterable[int]) -> dict[int, int]:
    """The records that were merged into these → the one that stands for the person. One query."""
    rows = Person.objects.filter(canonical_id__in=set(person_ids)).values_list("pk", "canonical_id")
    return {pk: root or pk for pk, root in rows}


def same_person(person_id: int) -> tuple[int, ...]:
    """The ids of every record of the same person, the one that stands for them first."""
    root = canonical([person_id]).get(person_id)
    if root is None:
        raise NotFound(_("There is no such person."))
    return _with_duplicates(root)


def _with_duplicates(root: int) -> tuple[int, ...]:
    return (root, *Person.objects.filter(canonical_id=root).order_by("pk").values_list("pk", flat=True))


def lake_keys_of(person_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Every lake key of these people, by id: those of merged duplicates are theirs too. Two queries."""
    roots = canonical(person_ids)
    rows = LakeKey.objects.filter(
        Q(person_id__in=set(roots.values())) | Q(person__canonical_id__in=set(roots.values()))
    ).values_list("person_id", "person__canonical_id", "key")
    keys: dict[int, tuple[int, ...]] = {}
    for pk, root, key in rows.order_by("person_id"):
        keys[root or pk] = (*keys.get(root or pk, ()), key)
    return {pk: keys.get(root, ()) for pk, root in roots.items()}


def by_codes(codes: Iterable[str]) -> dict[str, Traits]:
    """The same by code, however the codes were typed; unknown ones are left out."""
    wanted = {ids.normalise_code(code) for code in codes}
    found = dict(Person.objects.filter(code__in=wanted).values_list("pk", "code")) if wanted else {}
    return {found[pk]: one for pk, one in traits(found).items()}


def identified(labels: Collection[str]) -> dict[str, tuple[int, str]]:
    """People by what names them, a code or a whole document number: the record that stands for each, and its area.

    A label that names nobody, or more than one person, is left out. Five queries at most, whatever the number.
    """
    code_of = {label: ids.normalise_code(label) for label in labels}
    coded = {code for code in code_of.values() if ids.is_code(code)}
    rows = Person.objects.filter(code__in=coded).values_list("code", "pk", "canonical_id") if coded else ()
    roots = {code: root or pk for code, pk, root in rows}
    found = {label: {roots[code]} for label, code in code_of.items() if code in roots}
    indexes: dict[str, set[str]] = {}
    for label in code_of.keys() - found.keys():
        for _kind, index in checking.document_indexes(label):
            indexes.setdefault(index, set()).add(label)
    if indexes:
        held = Document.objects.filter(number_index__in=list(indexes))
        for index, pk, root in held.values_list("number_index", "person_id", "person__canonical_id"):
            for label in indexes[index]:
                found.setdefault(label, set()).add(root or pk)
    sure = {label: next(iter(people)) for label, people in found.items() if len(people) == 1}
    areas = dict(Person.objects.filter(pk__in=set(sure.values())).values_list("pk", "area")) if sure else {}
    return {label: (pk, areas[pk]) for label, pk in sure.items()}


def codes_of(person_ids: Iterable[int]) -> dict[int, str]:
    """Codes of people, by id; one query."""
    return dict(Person.objects.filter(pk__in=set(person_ids)).values_list("pk", "code"))


def search(by: Actor, text: str, *, after: tuple[str, int] | None = None, limit: int = 50) -> Page:
    """People in the actor's areas: by the beginning of a name or of its pinyin, by a whole document or telephone number, by code.

    Ordered by the name as it is read; `after` is what the page before said. Eight queries at most, whatever is found. Merged
    duplicates are found by their own name and lead to the record that stands for the person.
    """
    text = checking.clean(text)
    if not text:
        return Page(())
    column, found = _matching(text)
    found = found.filter(by.scope("registry.view"))
    if after is not None:
        name, pk = after
        found = found.filter(Q(**{f"{column}__gt": name}) | Q(**{column: name, "pk__gt": pk}))
    rows = list(found.order_by(column, "pk").values_list(column, "pk", "canonical_id")[: limit + 1])
    shown = cards(root or pk for _name, pk, root in rows[:limit])
    people = dict.fromkeys(root or pk for _name, pk, root in rows[:limit])
    more = rows[limit - 1][:2] if len(rows) > limit else None
    return Page(tuple(shown[pk] for pk in people), more)


def named(text: str) -> QuerySet[Any, Any]:
    """The ids of people whose name, or how it is read, begins with a text: a condition for the query of another stage."""
    read = text.lower().replace(" ", "")
    by_name = Person.objects.filter(_beginning("name", text)).values("pk")
    return by_name.union(Person.objects.filter(_beginning("pinyin", read)).values("pk"))


def access_history(by: Actor, code: str) -> list[Look]:
    """Every look at a person's fields in full, under whichever of their records, the latest first.

    For the person, and for those whose task it is to watch over it.
    """
    found = Person.objects.filter(code=ids.normalise_code(code)).first()
    if found is None or not (_is_own(by, found) or by.may("persons.history", found.area)):
        raise NotFound(_("There is no such person."))
    looks = []
    for entry in journal.of(
        "person", _with_duplicates(found.canonical_id or found.pk), actions=("person.revealed", "person.traced")
    ):
        data = json.loads(entry.data)
        looks.append(
            Look(entry.at, entry.actor, entry.channel, entry.area, entry.purpose, data["reason"], tuple(data["fields"]))
        )
    return sorted(looks, key=lambda look: look.at, reverse=True)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _seen(by: Actor, code: str, known: bool = False) -> Person:
    found = _with_all(Person.objects.filter(code=ids.normalise_code(code))).first()
    if found is None or not (known or _is_own(by, found) or by.may("registry.view", found.area)):
        raise NotFound(_("There is no such person."))
    return found


def _with_all(rows: QuerySet[Person]) -> QuerySet[Person]:
    """With everything that a card shows at hand."""
    found = rows.select_related("canonical", "household")
    return found.prefetch_related("documents", "phones", "aliases", "duplicates")


def _is_own(by: Actor, found: Person) -> bool:
    if by.person_id is None:
        return False
    return found.pk == by.person_id or found.pk in same_person(by.person_id)


def _matching(text: str) -> tuple[str, QuerySet[Person]]:
    """The column that the text speaks of, and who has it."""
    people = Person.objects.all()
    code = ids.normalise_code(text)
    if ids.is_code(code) and people.filter(code=code).exists():  # one code in thirty has no digit in it
        return "pinyin", people.filter(code=code)
    if any(map(str.isdigit, text)):
        owners = Q(pk__in=())
        if indexes := [index for _kind, index in checking.document_indexes(text)]:
            owners |= Q(pk__in=Document.objects.filter(number_index__in=indexes).values("person_id"))
        if index := checking.phone_index(text):
            owners |= Q(pk__in=Phone.objects.filter(number_index=index).values("person_id"))
        return "pinyin", people.filter(owners)
    if any(map(is_han, text)):
        return "name", people.filter(_beginning("name", text))
    return "pinyin", people.filter(_beginning("pinyin", checking.reading(text) or text))


def _beginning(column: str, text: str) -> Q:
    """As a range, so that the index serves it on every database."""
    return Q(**{f"{column}__gte": text, f"{column}__lt": text + _LAST})


def _title(name: str, latin: str) -> str:
    return masking.name(name or latin) or _("name unknown")


def _card(row: Person) -> Card:
    traits = Traits(
        row.pk, row.sex, row.birth_date, row.birth_year, row.nationality, row.occupation, row.area, row.household_id
    )
    return Card(
        id=row.pk,
        code=row.code,
        name=_title(row.name, row.name_latin),
        sex=row.sex,
        age=traits.age_on(clock.today()),
        nationality=row.nationality,
        documents=tuple((one.kind, one.masked) for one in row.documents.all()),
        phones=tuple(one.masked for one in row.phones.all()),
        area=row.area,
        address=masking.address(row.address),
        occupation=row.occupation,
        household=row.household.code if row.household else "",
        aliases=tuple(masking.name(one.name) for one in row.aliases.all()),
        version=row.version,
        canonical=row.canonical.code if row.canonical else "",
        duplicates=tuple(sorted(one.code for one in row.duplicates.all())),
    )
