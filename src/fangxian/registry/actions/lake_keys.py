"""Keys of persons in the lake: given out, opened for a purpose, forgotten."""

import secrets
from collections.abc import Collection, Iterable, Sequence

from django.utils.translation import gettext as _

from fangxian.core import bulk, ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid
from fangxian.registry import checking
from fangxian.registry.actions import people
from fangxian.registry.models import LakeKey, Person, Phone
from fangxian.registry.schemas import PersonForm

#: The right to send stays, and with it to have persons given keys; and the right to open the keys that a trace returned.
SEND, OPEN = "stays.send", "tracing.open_keys"
#: What a column of persons may hold, besides lake keys.
LABELS = ("code", "id_number", "phone", "source_record")
_DOCUMENTS = {"id_number": "citizen_id", "source_record": "source_record"}
_KEYS = 2**32


@action
def lake_keys(by: Actor, person_ids: Iterable[int]) -> dict[int, int]:
    """The lake keys of persons, by id, new ones where they had none. Merged records have the key of the one that stands for them."""
    by.must(SEND)
    roots = {
        pk: root or pk for pk, root in Person.objects.filter(pk__in=set(person_ids)).values_list("pk", "canonical_id")
    }
    known = dict(LakeKey.objects.filter(person_id__in=set(roots.values())).values_list("person_id", "key"))
    if fresh := sorted(set(roots.values()) - set(known)):
        given = dict(zip(fresh, _unused(len(fresh)), strict=True))
        bulk.insert(LakeKey, ("person_id", "key"), given.items())
        record(by, "lake.keys_given", ("lake", 0), data={"persons": len(given)})
        known |= given
    return {pk: known[root] for pk, root in roots.items()}


@action
def keys_of_labels(by: Actor, kind: str, labels: Sequence[str]) -> list[int]:
    """The lake keys of persons as a source names them, in its order; 0 for a label that names nobody, or several.

    `kind` is one of `LABELS`. A number (of identity, telephone, or of the source's own) that nobody has yet is entered as a person
    of whom nothing else is known; a code must be on record.
    """
    by.must(SEND)
    if kind not in LABELS:
        raise Invalid(
            _("Persons cannot be named by “%(kind)s”.") % {"kind": kind},
            remedy=_("Choose from: %(list)s.") % {"list": ", ".join(("keys", *LABELS))}, field="people",
        )  # fmt: skip
    found = _by_code(labels) if kind == "code" else _by_number(by, kind, labels)
    keys = lake_keys(by, {pk for pk in found.values() if pk})
    return [keys.get(found.get(label, 0), 0) for label in labels]


@action
def open_keys(by: Actor, keys: Iterable[int], purpose: str, reason: str = "") -> dict[int, int]:
    """Who the persons behind lake keys are: key → id of the record that stands for the person; unknown keys are left out.

    The one way back from the lake to people. It needs the right and a purpose, and leaves a line for each person, that they see.
    """
    by = by.with_purpose(purpose)
    by.must(OPEN)
    rows = LakeKey.objects.filter(key__in=set(keys)).values_list(
        "key", "person_id", "person__canonical_id", "person__area"
    )
    opened = {}
    data = {"fields": ["stays"], "reason": reason.strip()[:300]}
    for key, pk, root, area in rows.order_by("person_id"):
        opened[key] = root or pk
        record(by, "person.traced", ("person", root or pk), area=area, data=data)
    return opened


@action
def forget_keys(by: Actor, kept: Collection[int]) -> int:
    """Forget every lake key but those that are still in use; how many went. What was written under them is nobody's from now on."""
    by.must("stays.manage", "")  # of everybody: nobody's but the system's
    kept = set(kept)
    gone = [pk for pk, key in LakeKey.objects.values_list("pk", "key").iterator(100_000) if key not in kept]
    for start in range(0, len(gone), 10_000):
        LakeKey.objects.filter(pk__in=gone[start : start + 10_000]).delete()
    if gone:
        record(by, "lake.keys_forgotten", ("lake", 0), data={"persons": len(gone)})
    return len(gone)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _unused(count: int) -> list[int]:
    """Random keys that nobody has: they say nothing of whom they stand for, nor of the order in which people came."""
    keys: set[int] = set()
    while len(keys) < count:
        drawn = {secrets.randbelow(_KEYS - 1) + 1 for _one in range(count - len(keys))} - keys
        keys |= drawn - set(LakeKey.objects.filter(key__in=drawn).values_list("key", flat=True))
    return list(keys)


def _by_code(labels: Sequence[str]) -> dict[str, int]:
    codes = {label: ids.normalise_code(label) for label in labels}
    known = dict(Person.objects.filter(code__in=set(codes.values())).values_list("code", "pk"))
    return {label: known[code] for label, code in codes.items() if code in known}


def _by_number(by: Actor, kind: str, labels: Sequence[str]) -> dict[str, int]:
    """Persons by a number; who has none on record yet is entered. 0 for a number that is none, or that several people share."""
    index = {label: _index(kind, label) for label in dict.fromkeys(labels)}
    wanted = {one for one in index.values() if one}
    held = _owners(wanted) if kind == "phone" else _holders(wanted)
    fresh = {one: label for label, one in index.items() if one and one not in held}  # however often it is written
    entered = people.enter(by, [_form(kind, label) for label in fresh.values()], by.areas(SEND)[0])
    held |= {one: {pk} for one, pk in zip(fresh, entered, strict=True)}
    return {label: next(iter(held[one])) for label, one in index.items() if one and len(held[one]) == 1}


def _index(kind: str, label: str) -> str:
    if kind == "phone":
        return checking.phone_index(label)
    return checking.document_index(_DOCUMENTS[kind], label)


def _form(kind: str, label: str) -> PersonForm:
    return PersonForm(phones=(label,)) if kind == "phone" else PersonForm(documents=((_DOCUMENTS[kind], label),))


def _holders(indexes: set[str]) -> dict[str, set[int]]:
    return {index: {pk for pk, _nation in found} for index, found in people.holders(indexes).items()}


def _owners(indexes: set[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    wanted = list(indexes)
    for start in range(0, len(wanted), 10_000):
        rows = Phone.objects.filter(number_index__in=wanted[start : start + 10_000])
        for index, pk, root in rows.values_list("number_index", "person_id", "person__canonical_id"):
            found.setdefault(index, set()).add(root or pk)
    return found
