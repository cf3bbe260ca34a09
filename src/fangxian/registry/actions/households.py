"""Writers of households (户): who lives behind one door."""

from django.utils.translation import gettext as _

from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.actions import action, record
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import checking
from fangxian.registry.actions.people import find
from fangxian.registry.matching import rekey
from fangxian.registry.models import Household, Place


@action
def create_household(by: Actor, area: str, address: str, building: str = "") -> Household:
    """A new household, empty as yet. `building` is the code of the building behind whose door it is, if that is known."""
    area = checking.area(area)
    by.must("persons.register", area)
    address = checking.clean(address)
    if not address or len(address) > 200:
        raise Invalid(_("An address of up to 200 characters is needed."), field="address")
    made = Household.objects.create(code=ids.new_code(), area=area, address=address, building=_building(building, area))
    record(by, "household.created", ("household", made.pk), area=area, data={"code": made.code})
    return made


@action
def house(by: Actor, household: str, building: str) -> Household:
    """Say in which building a household is (its code; empty: not known)."""
    home = _household(household)
    by.must("persons.edit", home.area)
    found = _building(building, home.area)
    if home.building_id != (found.pk if found else None):
        left, home.building = home.building_id, found
        home.save(update_fields=["building"])
        record(
            by, "household.housed", ("household", home.pk), area=home.area,
            data={"from": left, "to": home.building_id},
        )  # fmt: skip
    return home


@action
def move_in(by: Actor, household: str, person: str) -> None:
    """Make a person a member of a household, and so no longer of the one they lived in. Their area and address follow."""
    home, who = _household(household), find(person, lock=True)
    by.must("persons.edit", home.area)
    if who.household_id == home.pk:
        return
    left = who.household_id
    if left is not None:
        Household.objects.filter(pk=left, head=who).update(head=None)
    who.household, who.area, who.address, who.version = home, home.area, home.address, who.version + 1
    who.save(update_fields=["household", "area", "address", "version"])
    rekey(who.pk)
    record(
        by, "person.amended", ("person", who.pk), area=home.area,
        data={"fields": ["household", "area", "address"], "version": who.version, "from": left, "to": home.pk},
    )  # fmt: skip


@action
def move_out(by: Actor, person: str) -> None:
    """End a person's membership of their household; area and address stay until they are corrected."""
    who = find(person, lock=True)
    by.must("persons.edit", who.area)
    if who.household_id is None:
        return
    left = who.household_id
    Household.objects.filter(pk=left, head=who).update(head=None)
    who.household, who.version = None, who.version + 1
    who.save(update_fields=["household", "version"])
    rekey(who.pk)
    record(
        by, "person.amended", ("person", who.pk), area=who.area,
        data={"fields": ["household"], "version": who.version, "from": left, "to": None},
    )  # fmt: skip


@action
def set_head(by: Actor, household: str, person: str) -> None:
    """Name the head of a household (户主), who must live in it."""
    home, who = _household(household), find(person)
    by.must("persons.edit", home.area)
    if who.household_id != home.pk:
        raise Invalid(
            _("This person does not live in the household."), remedy=_("Let them move in first."), field="person"
        )
    home.head = who
    home.save(update_fields=["head"])
    record(by, "household.head_set", ("household", home.pk), area=home.area, data={"person": who.pk})


def _building(code: str, area: str) -> Place | None:
    if not code:
        return None
    found = Place.objects.filter(code=ids.normalise_code(code)).first()
    if found is None or found.area[:6] != area[:6]:
        raise Invalid(
            _("There is no place %(code)s in this county.") % {"code": code},
            remedy=_("Enter the building first, or leave it empty."),
            field="building",
        )
    return found


def _household(code: str) -> Household:
    found = Household.objects.select_for_update().filter(code=ids.normalise_code(code)).first()
    if found is None:
        raise NotFound(_("There is no household %(code)s.") % {"code": code})
    return found
