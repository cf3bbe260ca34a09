"""The line list (个案一览): filtered, in order, page by page by key."""

import base64
import binascii
import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from fangxian.cases.models import Case
from fangxian.cases.schemas import ORDERS, CasePage, CaseRow, Filter, Order
from fangxian.cases.subject import KIND, REVIEW
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.duties import queries as duties
from fangxian.registry import masking
from fangxian.registry import queries as registry

LONGEST_PAGE = 1000
#: What a line tells of the records around a case.
_AT_HAND = ("outbreak", "organisation", "hospital", "person")
#: Word of an order → column. Of those that may be empty the empty ones come last, whichever way the list runs.
_COLUMNS = {
    "reported": "reported_at", "onset": "onset_on", "diagnosed": "diagnosed_at", "outcome": "outcome_on", "area": "area",
}  # fmt: skip


def line_list(
    by: Actor, wanted: Filter | None = None, *, order: Order = "-reported", cursor: str = "", limit: int = 100
) -> CasePage:
    """The cases that the actor may see and that a filter wants; those without the date that they are ordered by come last.

    The same call with the page's `cursor` gives the next one; what is reported meanwhile moves no page.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    column, _down = _column(order)
    found = filtered(by, wanted or Filter())
    cases = _page(found, order, _read(cursor, column) if cursor else None, limit + 1)
    page, more = cases[:limit], len(cases) > limit
    return CasePage(tuple(rows(page)), _written(page[-1], column) if more else "")


def _page(found: QuerySet[Case], order: Order, after: tuple[Any, int] | None, limit: int) -> list[Case]:
    """So many cases after a mark. Those with a value and those without are asked for apart: so each walks along an index."""
    column, down = _column(order)
    further, step = ("lt", "-") if down else ("gt", "")
    with_rest = found.select_related(*_AT_HAND)
    value, pk = after or (None, None)
    page: list[Case] = []
    if after is None or value is not None:
        valued = with_rest.filter(**{f"{column}__isnull": False})
        if after is not None:
            beyond = Q(**{f"{column}__{further}": value}) | Q(**{f"pk__{further}": pk})
            valued = valued.filter(beyond, **{f"{column}__{further}e": value})
        page = list(valued.order_by(f"{step}{column}", f"{step}pk")[:limit])
    if len(page) < limit and Case._meta.get_field(column).null:
        rest = with_rest.filter(**{f"{column}__isnull": True})
        if after is not None and value is None:
            rest = rest.filter(**{f"pk__{further}": pk})
        page += rest.order_by(f"{step}pk")[: limit - len(page)]
    return page


def ordered(found: QuerySet[Case], order: Order) -> QuerySet[Case]:
    """Cases in an order, with what a line needs of them at hand. Raises Invalid for an order that there is not."""
    column, down = _column(order)
    last = Case._meta.get_field(column).null or None  # said only where it matters, or no index has this order
    key = F(column).desc(nulls_last=last) if down else F(column).asc(nulls_last=last)
    return found.select_related(*_AT_HAND).order_by(key, "-pk" if down else "pk")


def _column(order: str) -> tuple[str, bool]:
    """The column of an order, and whether it runs down."""
    name = order.removeprefix("-")
    if name not in _COLUMNS:
        raise Invalid(
            _("The line list cannot be ordered by “%(order)s”.") % {"order": order},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(ORDERS)},
            field="order",
        )
    return _COLUMNS[name], order.startswith("-")


def total(by: Actor, wanted: Filter | None = None, *, most: int | None = None) -> int:
    """How many lines there are in all; with `most` no more than that are counted, and the answer is at most one more."""
    found = filtered(by, wanted or Filter())
    return found.count() if most is None else found[: most + 1].count()


def of_people(by: Actor, person_ids: Iterable[int]) -> list[CaseRow]:
    """The cases of these records of people that the actor may see, in whatever outbreak, the newest first; two queries."""
    found = Case.objects.filter(by.scope("cases.view", organisation="organisation_id"), person_id__in=set(person_ids))
    return rows(list(ordered(found, "-reported")))


def count(by: Actor, outbreak: str) -> int:
    """How many cases an outbreak has, of those that the actor may see; discarded ones are none."""
    return filtered(by, Filter(outbreak=outbreak)).exclude(classification=Case.DISCARDED).count()


def filtered(by: Actor, wanted: Filter) -> QuerySet[Case]:
    """The cases of a filter among those that the actor may see. Raises Invalid for days in the wrong order."""
    given: dict[str, Any] = {
        "outbreak__code": ids.normalise_code(wanted.outbreak),
        "classification__in": tuple(wanted.classification),
        "origin": wanted.origin,
        "review": wanted.reviewed,
        "severity": wanted.severity,
        "onset_on__gte": wanted.onset_from,
        "onset_on__lte": wanted.onset_to,
        "reported_at__gte": wanted.reported_from and clock.local_midnight(wanted.reported_from),
        "reported_at__lt": wanted.reported_to and clock.local_midnight(wanted.reported_to + timedelta(days=1)),
    }
    for field, first, last in (
        ("onset_to", wanted.onset_from, wanted.onset_to),
        ("reported_to", wanted.reported_from, wanted.reported_to),
    ):
        if first and last and last < first:
            raise Invalid(_("The period ends before it begins."), remedy=_("Swap the two days."), field=field)
    found = Case.objects.filter(
        by.scope("cases.view", organisation="organisation_id"),
        registry.in_any(registry.prefixes(wanted.area)),
        **{name: value for name, value in given.items() if value},
    )
    if wanted.outcome:
        found = found.filter(outcome="" if wanted.outcome == "in_care" else wanted.outcome)
    if wanted.late:
        found = found.filter(pk__in=duties.late_subjects(by, KIND, wanted.area, kinds=(REVIEW,)))
    if text := wanted.text.strip():
        found = found.filter(_about(by, text))
    return found


def _about(by: Actor, text: str) -> Q:
    """A case code, a source number, or a name; names only for who may reveal them, as a search also tells who is there.

    Each is looked up by its own index: said as one condition over two tables it would mean reading both from end to end.
    """
    found = Case.objects.filter(source_ref=text).values("pk")
    if ids.is_code(code := ids.normalise_code(text)):
        found = found.union(Case.objects.filter(code=code).values("pk"))
    if by.may("persons.reveal") and len(text) >= 2:
        found = found.union(Case.objects.filter(person__in=registry.named(text)).values("pk"))
    return Q(pk__in=found)


def rows(cases: list[Case]) -> list[CaseRow]:
    """Cases as lines; needs their outbreak, person and organisations at hand."""
    names = registry.short_area_names({case.area for case in cases})
    return [
        CaseRow(
            id=case.pk,
            code=case.code,
            source_ref=case.source_ref,
            outbreak=case.outbreak.code,
            person=case.person.code,
            name=masking.name(case.person.name or case.person.name_latin) or _("name unknown"),
            sex=case.person.sex,
            age=age(case),
            area=case.area,
            area_name=names.get(case.area, ""),
            organisation=organisation_name(case.organisation),
            classification=case.classification,
            origin=case.origin,
            onset_on=case.onset_on,
            diagnosed_at=case.diagnosed_at,
            reported_at=case.reported_at,
            severity=case.severity,
            hospital=organisation_name(case.hospital),
            outcome=case.outcome,
            outcome_on=case.outcome_on,
            review=case.review,
            version=case.version,
        )
        for case in cases
    ]


def age(case: Case) -> int | None:
    """Completed years at onset, or at the report; by the year alone where only that is known."""
    day = case.onset_on or case.reported_at.astimezone(clock.zone()).date()
    born = case.person.birth_date
    if born is not None:
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
    return day.year - case.person.birth_year if case.person.birth_year is not None else None


def organisation_name(organisation: Any) -> str:
    """In the reader's language."""
    if organisation is None:
        return ""
    chinese = (get_language() or "zh").startswith("zh")
    return str(organisation.name_zh if chinese else organisation.name_en or organisation.name_zh)


def _written(case: Case, column: str) -> str:
    value = getattr(case, column)
    key = [value.isoformat() if isinstance(value, date) else value, case.pk]
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read(cursor: str, column: str) -> tuple[date | datetime | str | None, int]:
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if column.endswith("_at") and value is not None:
            value = datetime.fromisoformat(value)
            if value.tzinfo is None:
                raise ValueError(cursor)
        elif column.endswith("_on") and value is not None:
            value = date.fromisoformat(value)
        elif not isinstance(value, str) and (value is not None or column == "area"):
            raise ValueError(cursor)
        return value, int(pk)
    except (ValueError, TypeError, binascii.Error) as fault:
        raise Invalid(
            _("This page mark does not fit."), remedy=_("Begin again with the first page."), field="cursor"
        ) from fault
