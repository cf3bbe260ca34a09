"""A pile of forms on the desk of whoever records exposures: each is checked, with what is looked up once for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from fangxian.cases.judgement import check_facts
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotAllowed, NotFound
from fangxian.protocols.vocabulary import facts as vocabulary
from fangxian.registry.checking import Checked, check
from fangxian.tracing import judging, sources
from fangxian.tracing.judging import Source
from fangxian.tracing.schemas import ExposureForm

RIGHT = "contacts.identify"
SOURCES = ("interview", "card", "camera", "ticket", "venue_code", "register", "linelist")


@dataclass(slots=True)
class Draft:
    """A form that was checked: whom to, when, which facts, where; `person_id` is 0 until the person is registered."""

    form: ExposureForm
    source: Source
    from_at: datetime | None
    to_at: datetime | None
    facts: dict[str, Any]
    place_id: int | None
    person_id: int = 0
    #: Who it is, checked, until the person is registered.
    person: Checked | None = None


class Desk:
    """What is looked up once for a pile of forms: sources, people, places.

    `found`: a search proposed these exposures, so whoever decides about the people need not investigate the case.
    """

    def __init__(
        self, by: Actor, outbreak_id: int | None, forms: Sequence[ExposureForm], *, found: bool = False
    ) -> None:
        self.by, self.outbreak_id, self.found = by, outbreak_id, found
        self.cases = sources.by_case_codes(form.case for form in forms if form.case)
        self.contacts = sources.by_contact_codes(form.contact_of for form in forms if form.contact_of)
        self.people = sources.people_by_codes(form.person for form in forms if isinstance(form.person, str))
        self.places = sources.places_by_codes(form.place for form in forms if form.place)
        self.known_good: set[tuple[Any, ...]] = set()

    def draft(self, form: ExposureForm) -> Draft:
        """The form as it will be stored, but for a person who is to be registered. Raises Refusal."""
        source = self.source(form)
        draft = self.checked(form, source)
        if isinstance(form.person, str):
            if form.person not in self.people:
                raise NotFound(_("There is no such person."), remedy=_("Register the person first."), field="person")
            draft.person_id = self.people[form.person]
        else:
            draft.person = check(form.person)
        return draft

    def checked(self, form: ExposureForm, source: Source) -> Draft:
        """Times, facts, place and words of a form."""
        from_at, to_at = judging.span(form.from_at, form.to_at, form.day)
        told = {
            key: value for key, value in form.facts.items() if value not in (None, "") and key not in judging.TIMING
        }
        if form.setting in vocabulary()["setting"].values:
            told.setdefault("setting", form.setting)
        minutes = form.minutes
        if minutes is None and form.from_at is not None and form.to_at is not None:
            minutes = (form.to_at - form.from_at).total_seconds() / 60
        if minutes is not None:
            if not 0 <= minutes < 1_000_000:
                raise Invalid(_("A duration cannot be negative."), remedy=_("Give it in minutes."), field="minutes")
            told.setdefault("minutes", minutes)
        key = (source.pack, source.area[:6], *sorted((name, repr(value)) for name, value in told.items()))
        if key not in self.known_good:
            check_facts(source.edition, told)
            self.known_good.add(key)
        if form.source not in SOURCES:
            raise Invalid(
                _("“%(value)s” is not known here.") % {"value": form.source},
                remedy=_("Choose one of: %(list)s.") % {"list": ", ".join(SOURCES)},
                field="source",
            )
        if form.place and form.place not in self.places:
            raise NotFound(_("There is no such place."), remedy=_("Register it first, or describe it."), field="place")
        for name, longest in (("setting", 30), ("place_text", 160), ("relation", 40)):
            sources.text(getattr(form, name), name, longest)
        return Draft(form, source, from_at, to_at, told, self.places.get(form.place))

    def source(self, form: ExposureForm) -> Source:
        """Whom the form says the exposure was to, if the actor investigates there. Raises Refusal."""
        if bool(form.case) == bool(form.contact_of):
            raise Invalid(_("Say to whom: either a case or a contact."), remedy=_("Give one code."), field="case")
        source = self.cases.get(form.case) if form.case else self.contacts.get(form.contact_of)
        if source is None or self.outbreak_id not in (None, source.outbreak_id):
            field = "case" if form.case else "contact_of"
            raise NotFound(
                _("This outbreak has no case or contact %(code)s.") % {"code": form.case or form.contact_of},
                remedy=_("Report the case first, or check the code."),
                field=field,
            )
        if not self.found and not self.by.may(RIGHT, source.area):
            raise NotAllowed(
                _("This case is investigated by another jurisdiction."),
                remedy=_("Tell the investigators of %(area)s.") % {"area": source.area},
            )
        return source
