"""Looking at personal fields in full: for a purpose, on record, visible to the person (PIPL Art. 44, 45)."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _

from fangxian.core import secrets
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotAllowed
from fangxian.registry.actions.people import find
from fangxian.registry.models import Person

#: Fields of a person that are personal, and so masked until they are revealed.
PERSONAL = ("name", "name_latin", "birth_date", "documents", "phones", "address", "aliases")


@action
def reveal(
    by: Actor, code: str, fields: Iterable[str], purpose: str, reason: str, *, under: str | None = None
) -> dict[str, Any]:
    """Personal fields in full, for a purpose of the closed list. The look is on record, and the person can see it.

    `fields` are of `PERSONAL`; the answer has the same keys. A person may look at their own record without the right.
    `under`: see `amend_person`.
    """
    return next(iter(reveal_many(by, [find(code).pk], fields, purpose, reason, under=under).values()))


@action
def reveal_many(
    by: Actor, person_ids: Sequence[int], fields: Iterable[str], purpose: str, reason: str, *, under: str | None = None
) -> dict[int, dict[str, Any]]:
    """The same for many people at once (a line list to be exported): one line on record for each of them."""
    by = by.with_purpose(purpose)
    wanted = tuple(dict.fromkeys(fields))
    if not wanted or not set(wanted) <= set(PERSONAL):
        raise Invalid(
            _("Say which fields are needed."),
            remedy=_("Choose from: %(list)s.") % {"list": ", ".join(PERSONAL)},
            field="fields",
        )
    if len(reason.strip()) < 2:
        raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
    people = Person.objects.filter(pk__in=person_ids).prefetch_related("documents", "phones", "aliases")
    own = (
        {by.person_id, *Person.objects.filter(canonical_id=by.person_id).values_list("pk", flat=True)}
        if by.person_id
        else set()
    )
    shown: dict[int, dict[str, Any]] = {}
    for person in people:
        place = person.area if under is None else under
        if person.pk not in own and not by.may("persons.reveal", place):
            raise NotAllowed(
                _("%(who)s may not see this person's data.") % {"who": by.name},
                remedy=_("Ask those who answer for the person's place of residence."),
            )
        shown[person.pk] = {name: _open(person, name) for name in wanted}
        record(
            by, "person.revealed", ("person", person.pk), area=place,
            data={"fields": list(wanted), "reason": reason.strip()[:300]},
        )  # fmt: skip
    return shown


def _open(person: Person, name: str) -> Any:
    match name:
        case "documents":
            return [(one.kind, secrets.unseal(one.number_sealed)) for one in person.documents.all()]
        case "phones":
            return [secrets.unseal(one.number_sealed) for one in person.phones.all()]
        case "aliases":
            return [one.name for one in person.aliases.all()]
        case _:
            return getattr(person, name)
