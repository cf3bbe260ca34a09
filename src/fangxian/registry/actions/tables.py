"""Writers of many organisations or places at once, from a table that somebody keeps."""

from collections.abc import Callable, Mapping

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.core.access import Actor
from fangxian.core.actions import action
from fangxian.core.errors import Conflict, Invalid, Refusal
from fangxian.registry import checking, tables
from fangxian.registry.actions.organisations import create_organisation
from fangxian.registry.actions.places import PlaceForm, create_place
from fangxian.registry.models import Jurisdiction, Place
from fangxian.registry.schemas import RowLeftOut, TableTaken
from fangxian.standards.errors import InputError


@action
def import_organisations(by: Actor, source: tables.Source) -> TableTaken:
    """Enter a table of organisations: kind, name, area (code); if wanted name_en, phone. Good rows are kept, bad ones told.

    The same table twice changes nothing the second time. Raises Invalid for a file that is no such table.
    """

    def entered(row: Mapping[str, str]) -> bool:
        try:
            create_organisation(
                by, tables.kind_of("organisation_kinds", row["kind"]), row["name_zh"], row["area"],
                name_en=row.get("name_en", ""), phone=row.get("phone", ""),
            )  # fmt: skip
        except Conflict:
            return False
        return True

    by.must("registry.organisations")
    return _taken(source, entered)


@action
def import_places(by: Actor, source: tables.Source) -> TableTaken:
    """Enter a table of places: kind, name, area (code); if wanted name_en, address, lon, lat (degrees, WGS 84), capacity.

    Good rows are kept, bad ones told; the same table twice changes nothing. Raises Invalid for a file that is no such table.
    """

    def entered(row: Mapping[str, str]) -> bool:
        form = PlaceForm(
            kind=tables.kind_of("place_kinds", row["kind"]), name_zh=row["name_zh"], area=row["area"],
            name_en=row.get("name_en", ""), address=row.get("address", ""), lon=_degrees(row, "lon"), lat=_degrees(row, "lat"),
            capacity=_people(row),
        )  # fmt: skip
        last = Place.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        return create_place(by, form).pk > last

    by.must("places.edit")
    return _taken(source, entered)


def _taken(source: tables.Source, enter: Callable[[Mapping[str, str]], bool]) -> TableTaken:
    """Every row by itself: entered, there already, or left out with the reason."""
    left: list[RowLeftOut] = []
    there: dict[str, bool] = {}
    created = same = 0
    try:
        for number, row in tables.read(source):
            try:
                _must_be_there(checking.area(row["area"]), there)
                done = enter(row)
            except Refusal as refusal:
                column = tables.header(refusal.field).in_(get_language() or "zh") if refusal.field else ""
                left.append(RowLeftOut(number, column, str(refusal.message), str(refusal.remedy)))
            else:
                created, same = created + done, same + (not done)
    except InputError as fault:
        raise checking.invalid(fault, "file") from None
    return TableTaken(created, 0, same, tuple(left))


def _must_be_there(code: str, there: dict[str, bool]) -> None:
    if code not in there:
        there[code] = Jurisdiction.objects.filter(pk=code).exists()
    if not there[code]:
        raise Invalid(
            _("There is no jurisdiction %(code)s.") % {"code": code},
            remedy=_("Enter the division first."),
            field="area",
        )


def _degrees(row: Mapping[str, str], field: str) -> float | None:
    text = row.get(field, "")
    try:
        return float(text) if text else None
    except ValueError:
        raise Invalid(
            _("“%(text)s” is not a number of degrees.") % {"text": text},
            remedy=_("Write it like 112.034."),
            field=field,
        ) from None


def _people(row: Mapping[str, str]) -> int | None:
    text = row.get("capacity", "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 8):
        raise Invalid(
            _("“%(text)s” is not a number of people.") % {"text": text},
            remedy=_("Write digits alone."),
            field="capacity",
        )
    return int(text) if text else None
