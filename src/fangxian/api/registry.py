"""Who and where: jurisdictions, organisations, places, households, and who answers for what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from django.utils.translation import get_language
from ninja import Router
from pydantic import Field

from fangxian.api.batches import MOST
from fangxian.api.offering import offer
from fangxian.api.shapes import Area, Shown, sent, shown
from fangxian.core.access import Actor
from fangxian.registry import actions, queries
from fangxian.registry.schemas import Division, ResponsibilityView

router = Router(tags=["registry"])


class OrganisationView(Shown):
    """A body that holds duties."""

    id: int
    code: str
    kind: str
    name_zh: str
    name_en: str
    area: str
    phone: str
    is_active: bool


class PlaceView(Shown):
    """Where people meet. `cell` is its H3 cell at resolution 9."""

    id: int
    code: str
    kind: str
    name_zh: str
    name_en: str
    area: str
    address: str
    lon: float | None
    lat: float | None
    cell: str
    capacity: int | None
    indoor: bool | None
    parent_id: int | None
    outline: dict[str, Any] | None


class OutlinesTaken(Shown):
    """What an import of outlines did: with any fault, nothing."""

    divisions: int
    places: int
    unchanged: int
    faults: list["RowFault"]


class Nearby(Shown):
    """A place, and how far away it is in metres."""

    place: PlaceView
    metres: float


class HouseholdView(Shown):
    """People who live behind one door: their number, not their names."""

    id: int
    code: str
    area: str
    building_id: int | None
    members: int


class AppointmentView(Shown):
    """A post held by a person for an organisation in a jurisdiction."""

    id: int
    role: str
    area: str
    organisation_id: int
    organisation: str
    account_id: int | None
    name: str
    phone: str
    household: str
    begins_at: datetime
    ends_at: datetime | None


class RowFault(Shown):
    """A row that was left out: where it stood, what is wrong, what to do."""

    where: str
    message: str
    remedy: str


class DivisionsTaken(Shown):
    """What an import of divisions did."""

    created: int
    changed: int
    unchanged: int
    faults: list[RowFault]


def _appointment(_by: Actor, row: Any) -> AppointmentView:
    return AppointmentView(
        id=row.pk, role=row.role, area=row.area, organisation_id=row.organisation_id, organisation=row.organisation.name_zh,
        account_id=row.account_id, name=row.name, phone=row.phone, household=row.household.code if row.household else "",
        begins_at=row.begins_at, ends_at=row.ends_at,
    )  # fmt: skip


def _appointments(by: Actor, rows: Sequence[Any]) -> list[AppointmentView]:
    return [_appointment(by, row) for row in rows]


def _households(_by: Actor, rows: Sequence[Any]) -> list[HouseholdView]:
    members = queries.household_members([row.pk for row in rows])
    return [
        HouseholdView(
            id=row.pk, code=row.code, area=row.area, building_id=row.building_id, members=len(members[row.pk])
        )
        for row in rows
    ]  # fmt: skip


def _household(by: Actor, row: Any) -> HouseholdView:
    return _households(by, [row])[0]


def _nearby(_by: Actor, found: Sequence[tuple[Any, float]]) -> list[Mapping[str, Any]]:
    return [{"place": place, "metres": round(metres, 1)} for place, metres in found]


def my_posts(by: Actor) -> list[Any]:
    """The posts that the account holds now."""
    return queries.posts_of(by.account_id) if by.account_id is not None else []


def import_divisions(by: Actor, divisions: Sequence[Division]) -> Any:
    """Enter a table of divisions (区划代码表). Good rows are kept, bad ones told; the same table twice changes nothing."""
    return actions.import_divisions(by, divisions)


def import_outlines(by: Actor, outlines: Mapping[str, Any]) -> Any:
    """Take the outlines of a GeoJSON FeatureCollection: the property `code` of each feature names a division or a place.

    Either all of it is taken or nothing: with a fault in any feature nothing is written, and all faults are told.
    """
    return actions.import_outlines(by, outlines)


def _outlined(_by: Actor, done: Any) -> OutlinesTaken:
    return OutlinesTaken(
        divisions=done.divisions, places=done.places, unchanged=done.unchanged, faults=_faults(done.faults)
    )


def _taken(_by: Actor, done: Any) -> DivisionsTaken:
    faults = _faults(done.faults)
    return DivisionsTaken(created=done.created, changed=done.changed, unchanged=done.unchanged, faults=faults)


def _faults(faults: Sequence[Any]) -> list[RowFault]:
    language = get_language() or "zh"
    return [
        RowFault(where=one.where.text.in_(language), message=one.what.in_(language), remedy=one.remedy.in_(language))
        for one in faults
    ]


AREA = {"code": Area}
TABLE = {"divisions": Annotated[list[sent(Division)], Field(max_length=MOST)]}  # type: ignore[misc]
AROUND = {
    "lon": Annotated[float, Field(ge=-180, le=180)],
    "lat": Annotated[float, Field(ge=-90, le=90)],
    "within_m": Annotated[float, Field(gt=0, le=20_000)],
}
shown(queries.Area)
shown(ResponsibilityView, "vacant")

offer(router, "POST", "/areas/import", import_divisions, DivisionsTaken, given=TABLE, then=_taken)
OUTLINES = {"outlines": dict[str, Any]}
offer(router, "POST", "/outlines/import", import_outlines, OutlinesTaken, given=OUTLINES, then=_outlined)
offer(router, "PUT", "/areas/{code}/outline", actions.outline_division, None, given=AREA)
offer(router, "GET", "/areas/{code}", queries.area, given=AREA)
offer(router, "GET", "/areas/{code}/children", queries.children, given=AREA)
offer(router, "GET", "/areas/{code}/below", queries.below, given=AREA, after=lambda row: row.code)
offer(router, "PATCH", "/areas/{code}", actions.rename_division, given=AREA)
offer(router, "POST", "/areas/{code}/end", actions.abolish_division, given=AREA)
offer(router, "GET", "/areas/{area}/responsibility", queries.responsibility)
offer(router, "GET", "/areas/{area}/headquarters", queries.headquarters, OrganisationView)
offer(router, "GET", "/posts/vacant", queries.vacant_posts)
offer(router, "GET", "/posts/mine", my_posts, AppointmentView, then=_appointments)
offer(
    router, "GET", "/appointments", queries.appointments, AppointmentView, after=lambda row: row.pk, then=_appointments
)
offer(router, "POST", "/appointments", actions.appoint, AppointmentView, status=201, keyed=True, then=_appointment)
offer(router, "POST", "/appointments/{appointment_id}/end", actions.end_appointment, AppointmentView, then=_appointment)
offer(
    router,
    "GET",
    "/organisations",
    queries.organisations,
    OrganisationView,
    after=lambda row: (row.kind, row.area, row.pk),
)
offer(
    router,
    "POST",
    "/appointments/{appointment_id}/hand-over",
    actions.hand_over_post,
    AppointmentView,
    then=_appointment,
)
offer(router, "POST", "/organisations", actions.create_organisation, OrganisationView, status=201, keyed=True)
offer(router, "GET", "/organisations/{organisation_id}", queries.organisation, OrganisationView)
offer(router, "PATCH", "/organisations/{organisation_id}", actions.rename_organisation, OrganisationView)
offer(router, "POST", "/organisations/{organisation_id}/end", actions.deactivate_organisation, OrganisationView)
offer(router, "GET", "/places", queries.places, PlaceView, after=lambda row: row.pk)
offer(router, "POST", "/places", actions.create_place, PlaceView, status=201, keyed=True)
offer(router, "GET", "/places/nearest", queries.nearest, Nearby, given=AROUND, then=_nearby)
offer(router, "GET", "/places/{code}", queries.place, PlaceView)
offer(router, "PUT", "/places/{code}", actions.amend_place, PlaceView)
offer(router, "GET", "/households", queries.households, HouseholdView, after=lambda row: row.pk, then=_households)
offer(router, "GET", "/households/{code}", queries.household, HouseholdView, then=_household)
offer(router, "POST", "/households", actions.create_household, HouseholdView, status=201, keyed=True, then=_household)
offer(router, "PUT", "/households/{household}/building", actions.house, HouseholdView, then=_household)
offer(router, "POST", "/households/{household}/members", actions.move_in, None)
offer(router, "PUT", "/households/{household}/head", actions.set_head, None)
