"""The table of the four clear (四清): is every contact known by number, person, place and control?"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.cases import queries as cases
from fangxian.cases.queries import OutbreakName
from fangxian.core import clock, ids
from fangxian.core.access import Actor, within
from fangxian.core.errors import Invalid, NotFound
from fangxian.duties import queries as duties
from fangxian.registry import masking
from fangxian.registry import queries as registry
from fangxian.tracing import subject
from fangxian.tracing.models import Contact
from fangxian.tracing.queries.exposures import may_know
from fangxian.tracing.schemas import Clearance, ContactFilter, ContactOrder, ContactRow, FourClear

LONGEST_PAGE = 1000
#: The party that moves contacts, by the vocabulary of the protocols.
TRANSPORT = "transfer_team"
#: Not clear in one respect or another.
ANYTHING = "any"
_LACKING = {"person": "person_clear_at", "place": "place_clear_at", "control": "control_clear_at"}
_WATCHED = Q(state=Contact.UNDER_WATCH)
_CLEAR = {name: Q(**{f"{column}__isnull": False}) for name, column in _LACKING.items()}
#: Of whoever is under watch. Every column that it names is in one index, which is all that is read for it.
_COUNTS = {
    "n_number": Count("*"),
    **{f"n_{name}": Count("category", filter=clear) for name, clear in _CLEAR.items()},
    "n_all": Count("category", filter=_CLEAR["person"] & _CLEAR["place"] & _CLEAR["control"]),
}
_NAMES = tuple(name.removeprefix("n_") for name in _COUNTS)


def watched_outbreaks(by: Actor) -> list[OutbreakName]:
    """The outbreaks in which the actor sees contacts, or might: also for those who see no case. Newest first; one query."""
    return cases.outbreak_names(by, Contact.objects.filter(_visible(by)))


def four_clear(
    by: Actor,
    outbreak: str | OutbreakName,
    area: str = "",
    wanted: ContactFilter | None = None,
    *,
    order: ContactOrder = "-identified",
    after: tuple[datetime, int] | None = None,
    limit: int = 100,
    watched_only: bool = False,
    counted: bool = True,
) -> FourClear:
    """Contacts of an outbreak that the actor may see, with the counts of the whole selection; by default the latest identified first.

    `after` is what the page before said. Counts of the four clear are over those under watch; with `watched_only` nobody else is
    counted at all, which costs less in an outbreak of long standing. Without `counted` there are rows alone, for the pages that follow.
    An outbreak that came from `watched_outbreaks` is not looked up again.
    """
    limit = max(1, min(limit, LONGEST_PAGE))
    found = _selected(by, _outbreak_id(by, outbreak), area, wanted or ContactFilter())
    by_state: Counter[str] = Counter()
    by_category: Counter[str] = Counter()
    clear: Counter[str] = Counter()
    watched: Any = found.filter(_WATCHED).order_by().values("category").annotate(**_COUNTS) if counted else ()
    for group in watched:
        clear += Counter({name: group[f"n_{name}"] for name in _NAMES})
        if watched_only:
            by_state[Contact.UNDER_WATCH] += group["n_number"]
            by_category[group["category"]] += group["n_number"]
    groups: Any = (
        found.order_by().values("state", "category").annotate(rows=Count("*")) if counted and not watched_only else ()
    )
    for group in groups:
        by_state[group["state"]] += group["rows"]
        by_category[group["category"]] += group["rows"]
    rows = _rows(by, found, order, after, limit)
    more = rows[-1] if len(rows) == limit else None
    return FourClear(
        Clearance(**{name: clear[name] for name in _NAMES}),
        dict(by_state),
        dict(by_category),
        tuple(rows),
        (more.identified_at, more.id) if more else None,
    )


def every(
    by: Actor, outbreak: str, wanted: ContactFilter | None = None, *, order: ContactOrder = "-identified"
) -> Iterator[ContactRow]:
    """All rows of a selection, one after the other; read in pieces."""
    found = _selected(by, _outbreak_id(by, outbreak), "", wanted or ContactFilter())
    after: tuple[datetime, int] | None = None
    while rows := _rows(by, found, order, after, LONGEST_PAGE):
        yield from rows
        after = (rows[-1].identified_at, rows[-1].id)


def counted(by: Actor, outbreak: str, wanted: ContactFilter | None = None) -> tuple[int, int]:
    """The key of the outbreak, and how many rows a selection has."""
    outbreak_id = _outbreak_id(by, outbreak)
    return outbreak_id, _selected(by, outbreak_id, "", wanted or ContactFilter()).count()


def clearance(by: Actor, outbreak: str) -> Clearance:
    """The counts of the four clear alone, over those under watch whom the actor may see; two queries."""
    found = Contact.objects.filter(_visible(by), _WATCHED, outbreak_id=_outbreak_id(by, outbreak))
    counted: Any = found.order_by().aggregate(**_COUNTS)
    return Clearance(**{name: counted[f"n_{name}"] for name in _NAMES})


def _visible(by: Actor) -> Q:
    return by.scope("contacts.view", organisation="held_by_id")


def _outbreak_id(by: Actor, code: str | OutbreakName) -> int:
    """The key of one of those outbreaks. Raises NotFound."""
    if isinstance(code, OutbreakName):
        return code.id
    wanted = ids.normalise_code(code)
    found = next((one.id for one in watched_outbreaks(by) if one.code == wanted), None)
    if found is None:
        raise NotFound(_("There is no such outbreak."))
    return found


def _selected(by: Actor, outbreak_id: int, area: str, wanted: ContactFilter) -> QuerySet[Contact]:
    if wanted.lacking and wanted.lacking not in (*_LACKING, ANYTHING):
        raise Invalid(
            _("“%(value)s” is not known here.") % {"value": wanted.lacking},
            remedy=_("Choose one of: %(list)s.") % {"list": ", ".join((*_LACKING, ANYTHING))},
            field="lacking",
        )
    given: dict[str, Any] = {"state": wanted.state, "category": wanted.category, "held": wanted.held}
    found = Contact.objects.filter(
        _visible(by),
        within(area),
        outbreak_id=outbreak_id,
        **{name: value for name, value in given.items() if value},
    )
    if wanted.lacking == ANYTHING:
        found = found.filter(_WATCHED, ~(_CLEAR["person"] & _CLEAR["place"] & _CLEAR["control"]))
    elif wanted.lacking:
        found = found.filter(_WATCHED, **{f"{_LACKING[wanted.lacking]}__isnull": True})
    if wanted.suspected:
        found = found.filter(suspected_at__isnull=False)
    if wanted.late:
        found = found.filter(pk__in=duties.late_subjects(by, subject.KIND, area))
    return found


def _rows(
    by: Actor, found: QuerySet[Contact], order: ContactOrder, after: tuple[datetime, int] | None, limit: int
) -> list[ContactRow]:
    down = order == "-identified"
    if after is not None:
        at, pk = after
        side = "lt" if down else "gt"
        beyond = Q(**{f"identified_at__{side}": at}) | Q(**{f"pk__{side}": pk})
        found = found.filter(beyond, **{f"identified_at__{side}e": at})
    by_key = ("-identified_at", "-pk") if down else ("identified_at", "pk")
    return rows_of(by, list(found.select_related("person", "case").order_by(*by_key)[:limit]))


def rows_of(by: Actor, page: Sequence[Contact]) -> list[ContactRow]:
    """Contacts as lines, with where they are, who answers, what is late, and whether they were moved: three queries, however many."""
    wanted = [one.pk for one in page]
    answers = duties.answering(by, subject.KIND, wanted)
    moved = duties.of_role(subject.KIND, wanted, TRANSPORT)
    called = registry.short_area_names({one.area for one in page})
    rows = []
    for one in page:
        answer = answers.get(one.pk)
        state, at = moved.get(one.pk, ("", None))
        behind = state == "open" and at is not None and at <= clock.now()
        rows.append(
            replace(
                row_of(by, one, answer.late if answer else 0),
                area_name=called[one.area],
                holder=answer.holder if answer else "",
                transport="late" if behind else state,
            )
        )
    return rows


def row_of(by: Actor, one: Contact, late: int) -> ContactRow:
    """A contact as a line, masked; needs its person and case at hand. The case is named to whoever may know of it."""
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
        case=one.case.code if one.case and may_know(by, one.case) else "",
        late=late,
    )
