"""Writers of people: correcting what is known of them, without overwriting what somebody else has just corrected."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from fangxian.core import clock, journal, secrets
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import checking
from fangxian.registry.actions.people import find, holders
from fangxian.registry.checking import Checked, check
from fangxian.registry.matching import rekey
from fangxian.registry.models import Alias, Document, Person, Phone
from fangxian.registry.schemas import PersonForm

_PLAIN = ("name", "name_latin", "sex", "birth_date", "birth_year", "nationality", "area", "address", "occupation")
_ADDED = ("documents", "phones", "aliases")


@action
def amend_person(
    by: Actor, code: str, version: int, changes: Mapping[str, Any], reason: str = "", *, under: str | None = None
) -> Person:
    """Correct what is known of a person. `changes` maps fields of `PersonForm` to values; numbers and aliases are added.

    `version` is the one that was read: if somebody has written since, Conflict says who changed what and nothing is saved.
    `under` is the area of the case or contact through which the person is known, where it is not that of residence; the
    calling stage has checked that the person belongs to it.
    """
    person = find(code, lock=True)
    by.must("persons.edit", person.area if under is None else under)
    if person.version != version:
        raise _moved_on(person, version)
    unknown = sorted(set(changes) - {*_PLAIN, *_ADDED})
    if unknown:
        raise Invalid(_("A person has no field “%(field)s”.") % {"field": unknown[0]}, field=unknown[0])
    now = _form_of(person)
    plain = {key: value for key, value in changes.items() if key in _PLAIN}
    if "birth_date" in plain:
        plain.setdefault("birth_year", None)
    form = replace(now, **plain)
    _still_agrees(person, form)
    added: dict[str, Any] = {key: tuple(changes.get(key, ())) for key in _ADDED}
    checked = check(replace(form, **added))
    old = {name: getattr(person, name) for name in _PLAIN}
    for name in (*_PLAIN, "pinyin"):
        setattr(person, name, getattr(checked, name))
    person.area = checked.area or old["area"]
    changed = [name for name in _PLAIN if getattr(person, name) != old[name]]
    changed += _add(person, checked)
    if not changed:
        return person
    person.version = version + 1
    person.save()
    rekey(person.pk)
    record(
        by, "person.amended", ("person", person.pk), area=person.area,
        data={"fields": changed, "version": person.version, "reason": reason[:300]},
    )  # fmt: skip
    return person


@action
def withdraw(by: Actor, code: str, kind: str, item_id: int, reason: str) -> None:
    """Take away a document, phone or alias that was entered wrongly (`kind` says which of the three)."""
    person = find(code, lock=True)
    by.must("persons.edit", person.area)
    if len(reason.strip()) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    tables: dict[str, Any] = {"document": Document, "phone": Phone, "alias": Alias}
    gone, _rows = tables[kind].objects.filter(pk=item_id, person=person).delete() if kind in tables else (0, {})
    if not gone:
        raise NotFound(_("This person has no such entry."))
    Person.objects.filter(pk=person.pk).update(version=F("version") + 1)
    rekey(person.pk)
    record(
        by, "person.amended", ("person", person.pk), area=person.area,
        data={"fields": [f"-{kind}"], "version": person.version + 1, "reason": reason[:300]},
    )  # fmt: skip


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _form_of(person: Person) -> PersonForm:
    return PersonForm(**{name: getattr(person, name) for name in _PLAIN})


def _still_agrees(person: Person, form: PersonForm) -> None:
    """Birth date and sex must go on fitting the identity numbers that the person already has."""
    if (form.sex, form.birth_date, form.birth_year) == (person.sex, person.birth_date, person.birth_year):
        return
    for document in Document.objects.filter(person=person, kind__in=("citizen_id", "residence_permit")):
        check(replace(form, documents=((document.kind, secrets.unseal(document.number_sealed)),)))


def _add(person: Person, checked: Checked) -> list[str]:
    """Add numbers and aliases that the person does not have yet; which fields that changed. Raises Conflict for a document of another."""
    added = []
    for number in checked.documents:
        held_by = {pk for pk, _nationality in holders({number.index}).get(number.index, ())}
        root = person.canonical_id or person.pk
        if number.kind in checking.UNIQUE and held_by - {root}:
            other = Person.objects.get(pk=min(held_by - {root}))
            raise Conflict(
                _("This document already belongs to person %(code)s. Nothing was saved.") % {"code": other.code},
                remedy=_("If the two are one person, merge them; if not, one number is wrong."),
                code="document_taken",
                field="documents",
            )
        if root not in held_by:
            Document.objects.create(
                person=person,
                kind=number.kind,
                number_sealed=number.sealed,
                number_index=number.index,
                masked=number.masked,
            )
            added.append("documents")
    for number in checked.phones:
        if not Phone.objects.filter(person=person, number_index=number.index).exists():
            Phone.objects.create(
                person=person, number_sealed=number.sealed, number_index=number.index, masked=number.masked
            )
            added.append("phones")
    for name in checked.aliases:
        _alias, new = Alias.objects.get_or_create(person=person, name=name)
        added += ["aliases"] if new else []
    return list(dict.fromkeys(added))


def _moved_on(person: Person, version: int) -> Conflict:
    """Who changed what since that version."""
    told = []
    for entry in journal.of("person", person.pk, actions=("person.amended",)):
        data = json.loads(entry.data)
        if data.get("version", 0) > version:
            when = entry.at.astimezone(clock.zone()).strftime("%Y-%m-%d %H:%M")
            told.append(f"{entry.actor}, {when}: {', '.join(data['fields'])}")
    changes = "; ".join(told)
    return Conflict(
        ngettext(
            "This person was changed since you read it (%(changes)s).",
            "This person was changed %(count)d times since you read it (%(changes)s).",
            len(told),
        )
        % {"count": len(told), "changes": changes},
        remedy=_("Nothing of yours was saved. Reload, look at what changed, and enter yours again if it still holds."),
        code="moved_on",
        detail={"version": person.version, "changes": told},
    )
