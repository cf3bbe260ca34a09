"""The table of the four clear (四清): is every contact known by number, person, place and control?"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.core.access import Actor, within
from fangxian.core.errors import Invalid
from fangxian.duties import queries as duties
from fangxian.registry import masking
from fangxian.tracing import subject
from fangxian.tracing.models import Contact
from fangxian.tracing.schemas import Clearance, ContactFilter, ContactRow, FourClear

LONGEST_PAGE = 1000
_LACKING = {"person": "person_clear_at", "place": "place_clear_at", "control": "control_clear_at"}
_WATCHED = Q(state=Contact.UNDER_WATCH)
_CLEAR = {name: Q(**{f"{column}__isnull": False}) for name, column in _LACKING.items()}
_COUNTS = {
    "n_number": Count("pk", filter=_WATCHED),
    **{f"n_{name}": Count("pk", filter=_WATCHED & clear) for name, clear in _CLEAR.items()},
    "n_all": Count("pk", filter=_WATCHED & _CLEAR["person"] & _CLEAR["place"] & _CLEAR["control"]),
}
_NAMES = tuple(name.removeprefix("n_") for name in _COUNTS)


def four_clear(
    by: Actor,
    outbreak: str,
    area: str = "",
    wanted: ContactFilter | None = None,
    *,
    after: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> FourClear:
    """Contacts of an outbreak that the actor may see, with the counts of the whole selection; the latest identified first.

    `after` is what the page before said. Counts of the four clear are over those under watch. Five queries.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    found_outbreak = cases.outbreak(by, outbreak)
    late = duties.late(by, subject.KIND, area)
    found = _selected(by, found_outbreak.id, area, wanted or ContactFilter(), late)
    by_state: Counter[str] = Counter()
    by_category: Counter[str] = Counter()
    clear: Counter[str] = Counter()
    groups: Any = found.order_by().values("state", "category").annotate(rows=Count("pk"), **_COUNTS)
    for group in groups:
        by_state[group["state"]] += group["rows"]
        by_category[group["category"]] += group["rows"]
        clear += Counter({name: group[f"n_{name}"] for name in _NAMES})
    rows = _rows(found, after, limit, late)
    more = rows[-1] if len(rows) == limit else None
    return FourClear(
        Clearance(**{name: clear[name] for name in _NAMES}),
        dict(by_state),
        dict(by_category),
        tuple(rows),
        (more.identified_at, more.id) if more else None,
    )


def _selected(
    by: Actor, outbreak_id: int, area: str, wanted: ContactFilter, late: Mapping[int, int]
) -> QuerySet[Contact]:
    if wanted.lacking and wanted.lacking not in _LACKING:
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": wanted.lacking},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(_LACKING)},
            field="lacking",
        )
    given: dict[str, Any] = {"state": wanted.state, "category": wanted.category, "held": wanted.held}
    found = Contact.objects.filter(
        by.scope("contacts.view", organisation="held_by_id"),
        within(area),
        outbreak_id=outbreak_id,
        **{name: value for name, value in given.items() if value},
    )
    if wanted.lacking:
        found = found.filter(_WATCHED, **{f"{_LACKING[wanted.lacking]}__isnull": True})
    if wanted.suspected:
        found = found.filter(suspected_at__isnull=False)
    if wanted.late:
        found = found.filter(pk__in=list(late))
    return found


def _rows(
    found: QuerySet[Contact], after: tuple[datetime, int] | None, limit: int, late: Mapping[int, int]
) -> list[ContactRow]:
    if after is not None:
        at, pk = after
        found = found.filter(Q(identified_at__lt=at) | Q(identified_at=at, pk__lt=pk))
    page = found.select_related("person", "case").order_by("-identified_at", "-pk")[:limit]
    return [row_of(one, late.get(one.pk, 0)) for one in page]


def row_of(one: Contact, late: int) -> ContactRow:
    """A contact as a line, masked; needs its person and case at hand."""
    return ContactRow(
        id=one.pk,
        code=one.code,
        name=masking.name(one.person.name or one.person.name_latin),
        area=one.area,
        category=one.category,
        ring=one.ring,
        state=one.state,
        identified_at=one.identified_at,
        last_exposure_at=one.last_exposure_at,
        person_clear_at=one.person_clear_at,
        place_clear_at=one.place_clear_at,
        control_clear_at=one.control_clear_at,
        held=one.held,
        suspected_at=one.suspected_at,
        case=one.case.code if one.case else "",
        late=late,
    )
