"""Writers of organisations: the bodies that hold duties."""

from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Conflict, Invalid, NotFound
from fangxian.registry import checking
from fangxian.registry.models import Appointment, Organisation
from fangxian.registry.vocabulary import must_be, terms


@action
def create_organisation(
    by: Actor, kind: str, name_zh: str, area: str, *, name_en: str = "", phone: str = ""
) -> Organisation:
    """A new organisation of a kind of the closed list. A headquarters comes with its jurisdiction and is not made here."""
    kinds = [key for key in terms("organisation_kinds") if key != "headquarters"]
    must_be(kind, kinds, "kind")
    area = checking.area(area)
    by.must("registry.organisations", area)
    name = _name(name_zh)
    if Organisation.objects.filter(kind=kind, area=area, name_zh=name, is_active=True).exists():
        raise Conflict(
            _("There is already an organisation “%(name)s” here.") % {"name": name},
            remedy=_("Use that one."),
            field="name_zh",
        )
    made = Organisation.objects.create(
        code=ids.new_code(), kind=kind, name_zh=name, name_en=checking.clean(name_en), area=area, phone=phone.strip()
    )
    record(by, "organisation.created", ("organisation", made.pk), area=area, data={"kind": kind, "name": name})
    return made


@action
def rename_organisation(by: Actor, organisation_id: int, name_zh: str, name_en: str = "") -> Organisation:
    """Give an organisation another name."""
    found = _organisation(by, organisation_id)
    before = found.name_zh
    found.name_zh, found.name_en = _name(name_zh), checking.clean(name_en)
    found.save(update_fields=["name_zh", "name_en"])
    record(
        by,
        "organisation.renamed",
        ("organisation", found.pk),
        area=found.area,
        data={"from": before, "to": found.name_zh},
    )
    return found


@action
def deactivate_organisation(by: Actor, organisation_id: int) -> Organisation:
    """Close an organisation; what it did stays. Its posts must have ended before, so that no duty is left with nobody."""
    found = _organisation(by, organisation_id)
    if found.kind == "headquarters":
        raise Invalid(
            _("A headquarters closes with its jurisdiction."),
            remedy=_("Abolish the jurisdiction instead."),
            field="kind",
        )
    if posts := Appointment.objects.filter(organisation=found, ends_at__isnull=True).count():
        raise Conflict(
            _("%(n)s people still hold a post for it.") % {"n": posts},
            remedy=_("End or move their appointments first."),
        )
    found.is_active = False
    found.save(update_fields=["is_active"])
    record(by, "organisation.deactivated", ("organisation", found.pk), area=found.area)
    return found


def _organisation(by: Actor, organisation_id: int) -> Organisation:
    found = Organisation.objects.select_for_update().filter(pk=organisation_id).first()
    if found is None:
        raise NotFound(_("There is no such organisation."))
    by.must("registry.organisations", found.area)
    return found


def _name(text: str) -> str:
    name = checking.clean(text)
    if not 2 <= len(name) <= 120:
        raise Invalid(_("A name of 2 to 120 characters is needed."), field="name_zh")
    return name
