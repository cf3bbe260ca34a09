"""One contact in full, a contact's diary, the contacts of a case or a person, the numbers of an outbreak."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from fangxian.cases import queries as cases
from fangxian.core import clock, ids
from fangxian.core.access import Actor
from fangxian.duties import packs, planning
from fangxian.duties import queries as duties
from fangxian.protocols import Text
from fangxian.tracing import sources, subject
from fangxian.tracing.models import Contact, Exposure, UnlistedInfector
from fangxian.tracing.queries.exposures import views
from fangxian.tracing.queries.four_clear import row_of
from fangxian.tracing.schemas import ContactRow, Counts, ExposureView, FollowUp

#: What may be done to a contact under watch, and the right it takes.
_MAY = {
    "hold": "contacts.hold",
    "clear": "contacts.clear",
    "end": "contacts.end",
    "convert": "contacts.convert",
    "visit": "duties.do",
}


@dataclass(frozen=True, slots=True)
class ContactDetail:
    """A contact with all that is known of it. `person_id` is for asking the registry, which masks.

    Its duties are `duties.queries.of_subject("contact", row.id)`. `met` are the codes of contacts exposed to this one, and `may`
    is what the actor may do here and now: hold, clear, end, convert, visit.
    """

    row: ContactRow
    outbreak: str
    person_id: int
    pack: str
    category: Text
    basis: str
    first_exposure_at: datetime
    held_at: datetime | None
    held_by_id: int | None
    held_at_place: str
    ended_at: datetime | None
    ended_why: str
    merged_into: str
    merged: tuple[str, ...]
    exposures: tuple[ExposureView, ...]
    met: tuple[str, ...]
    version: int
    may: frozenset[str]


def contact(by: Actor, code: str) -> ContactDetail:
    """One contact. Raises NotFound for an unknown code, and alike where the actor may not see the contact."""
    found = sources.contact(by, code)
    now = clock.now()
    steps = duties.diary(subject.KIND, [found.pk])
    late = sum(step["state"] == "open" and step["due_at"] is not None and step["due_at"] <= now for step in steps)
    rule = packs.by_reference(found.classified_by.partition(" ")[0]).exposure
    names = {one.key: one.name for one in rule.categories} if rule else {}
    met = Contact.objects.filter(exposures__contact_of=found).order_by("code").values_list("code", flat=True)
    watched = found.state == Contact.UNDER_WATCH
    return ContactDetail(
        row=row_of(by, found, late),
        outbreak=found.outbreak.code,
        person_id=found.person_id,
        pack=found.pack,
        category=names.get(found.category, Text(found.category, found.category)),
        basis=found.classified_by,
        first_exposure_at=found.first_exposure_at,
        held_at=found.held_at,
        held_by_id=found.held_by_id,
        held_at_place=found.held_at_place.name if found.held_at_place else "",
        ended_at=found.ended_at,
        ended_why=found.ended_why,
        merged_into=found.merged_into.code if found.merged_into else "",
        merged=tuple(found.merged.order_by("code").values_list("code", flat=True)),
        exposures=tuple(views(by, found.exposures.order_by("from_at", "id"))),
        met=tuple(met.distinct()),
        version=found.version,
        may=frozenset(name for name, right in _MAY.items() if watched and by.may(right, found.area, found.held_by_id)),
    )


def follow_up(by: Actor, code: str) -> list[FollowUp]:
    """A contact's diary: every step of its duties with what was found, and every attempt to reach the person, in order of time."""
    found = sources.contact(by, code)
    lines = [
        FollowUp(one.at, None, "", "", Text("未联系到本人", "not reached"), "not_reached", {}, one.by_name, one.note)
        for one in found.attempts.all()
    ]
    for duty in duties.of_subject(subject.KIND, found.pk):
        rule = duties.rule(duty)
        for step in duty.steps.all():
            if step.key != planning.RELEASE or step.state in step.SETTLED:
                who, title = step.done_by.name if step.done_by else "", planning.title(rule, step.key)
                line = FollowUp(
                    step.done_at,
                    step.due_at,
                    duty.kind,
                    step.key,
                    title,
                    step.state,
                    step.evidence or {},
                    who,
                    step.reason,
                )
                lines.append(line)
    return sorted(lines, key=lambda line: (line.at or line.due_at or found.identified_at, line.step))


def of_case(by: Actor, case: str) -> list[ContactRow]:
    """The contacts who were exposed to a case, for whoever may see its tracing; the latest identified first."""
    facts = sources.case(by, case)
    by.must("tracing.view", facts.area)
    found = Contact.objects.filter(exposures__case_id=facts.id).select_related("person", "case").distinct()
    return [row_of(by, one, 0) for one in found.order_by("-identified_at", "-pk")]


def of_cases_and_after(by: Actor, codes: Iterable[str]) -> dict[int, datetime]:
    """The contacts of these cases and those who were exposed through them, with when each was identified: of cases whose tracing
    the actor may see, and contacts that they may know of. One query."""
    direct, through = "exposures__case", "exposures__contact_of__exposures__case"
    wanted = list(codes)
    exposed = Q(pk__in=())
    for way in (direct, through):
        exposed |= Q(**{f"{way}__code__in": wanted}) & by.scope("tracing.view", area=f"{way}__area")
    found = Contact.objects.filter(exposed, by.scope("contacts.view", organisation="held_by_id"))
    return dict(found.exclude(state=Contact.MERGED).values_list("pk", "identified_at").distinct())


def of_person(outbreak: str, person_id: int) -> str:
    """The code of a human's open contact in an outbreak; empty, where there is none. The caller has checked the right."""
    people = sources.records(sources.humans([person_id]).values())
    found = Contact.objects.filter(
        outbreak__code=ids.normalise_code(outbreak), person_id__in=list(people), state=Contact.UNDER_WATCH
    )
    return found.values_list("code", flat=True).first() or ""


def of_people(by: Actor, person_ids: Iterable[int]) -> list[ContactRow]:
    """The contacts that these records of people are or were, of those that the actor may see; the latest identified first."""
    found = Contact.objects.filter(by.scope("contacts.view", organisation="held_by_id"), person_id__in=set(person_ids))
    rows = found.select_related("person", "case").order_by("-identified_at", "-pk")[:100]
    return [row_of(by, one, 0) for one in rows]


def counts(by: Actor, outbreak: str) -> Counts:
    """Exposures of an outbreak, the people exposed, and those who were put under watch: numbers only, of the whole outbreak.

    Being infected by somebody who is no case on record is an exposure too.
    """
    outbreak_id = cases.outbreak(by, outbreak).id
    exposures = Exposure.objects.filter(outbreak_id=outbreak_id)
    unlisted = UnlistedInfector.objects.filter(outbreak_id=outbreak_id)
    rows = exposures.count() + unlisted.count()
    people = exposures.order_by().values("person_id").union(unlisted.order_by().values("infected__person_id")).count()
    watched = Contact.objects.filter(outbreak_id=outbreak_id).exclude(state=Contact.MERGED)
    return Counts(rows, people, watched.values("person_id").distinct().count())
