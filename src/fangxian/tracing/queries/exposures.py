"""Exposures as they are read, each with the clause that decided and whom it is held to have infected."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from fangxian.core import journal
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.protocols import Text
from fangxian.registry import masking
from fangxian.tracing import infectors, judging, sources
from fangxian.tracing.models import Exposure
from fangxian.tracing.schemas import ExposureView


def exposures(by: Actor, *, contact: str = "", case: str = "", infected: str = "") -> list[ExposureView]:
    """The exposures of a contact, to a case, or that may have infected a case (the candidates too): one of the three codes."""
    if sum(map(bool, (contact, case, infected))) != 1:
        raise Invalid(_("Ask by one code."), remedy=_("Give a contact, a case, or an infected case."), field="contact")
    if contact:
        wanted = Q(contact=sources.contact(by, contact))
    elif case:
        wanted = Q(case_id=sources.case_id(by, case))
    else:
        facts = sources.case(by, infected)
        people = sources.records(sources.humans([facts.person_id]).values())
        wanted = Q(outbreak_id=facts.outbreak_id, person_id__in=list(people), case__isnull=False)
    return views(by, Exposure.objects.filter(wanted).order_by("from_at", "id"))


def views(by: Actor, rows: QuerySet[Exposure]) -> list[ExposureView]:
    """Rows as they are read; three queries. Cases that the actor may not know of are not named."""
    at_hand = list(rows.select_related("case", "contact_of", "contact", "person", "place", "infected"))
    loose = [row.pk for row in at_hand if row.contact_id is None]
    watched = {row.contact_id for row in at_hand if row.contact_id is not None}
    entries = journal.numbers("exposure", loose, "exposure.recorded") if loose else {}
    by_contact = journal.numbers(judging.CONTACT, watched, "contact.identified") if watched else {}
    return [_view(by, row, entries.get(row.pk) or by_contact.get(row.contact_id or 0)) for row in at_hand]


def may_know(by: Actor, case: Any) -> bool:
    """Whether a case (or None) may be named to the actor."""
    return case is not None and by.may("cases.view", case.area, case.organisation_id)


def _may_name(by: Actor, row: Exposure) -> bool:
    """Whether the actor may know to whom the exposure was."""
    if row.contact_of is not None:
        return by.may("contacts.view", row.contact_of.area, row.contact_of.held_by_id)
    return may_know(by, row.case)


def _view(by: Actor, row: Exposure, entry: int | None) -> ExposureView:
    source = row.case or row.contact_of
    assert source is not None, "an exposure is to somebody"
    infected = row.infected if may_know(by, row.infected) and (row.case is None or may_know(by, row.case)) else None
    ref, ring = row.classified_by.partition(" ")[0], 1 if row.case_id else 2
    verdict = judging.verdict_of(ref, ring, tuple(sorted(row.facts.items())))
    outside = not row.category and row.facts.get("in_window") is False
    why = Text("不在传染期内", "outside the infectious window") if outside else verdict.why
    cited = verdict.cited[0] if verdict.cited and row.category else None
    clause = Text(cited.explain("zh"), cited.explain("en")) if cited else sources.NO_WORDS
    return ExposureView(
        id=row.pk,
        of=source.code if _may_name(by, row) else "",
        of_kind=judging.CASE if row.case_id else judging.CONTACT,
        person=masking.name(row.person.name or row.person.name_latin),
        setting=row.setting,
        place=row.place.name if row.place else row.place_text,
        place_code=row.place.code if row.place else "",
        from_at=row.from_at,
        to_at=row.to_at,
        minutes=row.minutes,
        facts=dict(row.facts),
        category=row.category,
        basis=row.classified_by,
        why=why,
        clause=clause,
        missing=() if outside else verdict.missing,
        infected=infected.code if infected else "",
        infected_how=row.infected_how if infected else "",
        infected_why=why_infected(row.infected_how, row.infected_why) if infected else "",
        contact=row.contact.code if row.contact else "",
        relation=row.relation,
        source=row.source,
        version=row.version,
        entry=entry,
    )


def why_infected(how: str, why: str) -> str:
    """Why an exposure is held to be the transmission, in the reader's language."""
    if how == infectors.PERSON:
        return why
    if how == infectors.SOURCE:
        return _("The source says so.")
    return _("The latest exposure before the onset, in the infectious window.")
