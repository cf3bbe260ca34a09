"""One person, masked: household, cases, contacts, the records that are theirs too, as far as the reader may see each."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from fangxian.cases import queries as cases
from fangxian.registry import actions, queries
from fangxian.tracing import queries as tracing
from fangxian.web import reveals
from fangxian.web.parts import actor_of


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The person and what they are part of."""
    by = actor_of(request)
    card, records, home = queries.person_with_kin(by, code)
    members = [pk for pk in queries.household_members([home])[home] if pk not in records] if home else []
    known = queries.cards(members).values() if members and by.may("registry.view", card.area) else ()
    context: dict[str, Any] = {
        "card": card,
        "place": queries.short_area_names({card.area}).get(card.area, card.area),
        "members": [one for one in known if by.may("registry.view", one.area)],
        "cases": cases.of_people(by, records) if by.may("cases.view") else (),
        "contacts": tracing.of_people(by, records) if by.may("contacts.view") else (),
        "may_reveal": by.may("persons.reveal", card.area),
        "reveal_url": reverse("web:person_reveal", args=[card.code]),
        "may_match": by.may("persons.match", card.area),
    }
    return render(request, "web/people/person.html", context)


def reveal(request: HttpRequest, code: str) -> HttpResponse:
    """The person in full, for a purpose."""
    by = actor_of(request)
    card = queries.person(by, code)
    by.must("persons.reveal", card.area)
    return reveals.reveal(request, by, card, card.area, reverse("web:person_reveal", args=[card.code]))


@require_POST
def look(request: HttpRequest, code: str) -> HttpResponse:
    """Look for records that may be the same person."""
    by = actor_of(request)
    card = queries.person(by, code)
    found = actions.find_matches(by, [card.id])
    if found.waiting or found.merged:
        said = ngettext("%(n)s pair was found.", "%(n)s pairs were found.", found.waiting + found.merged)
        messages.success(request, said % {"n": found.waiting + found.merged})
        return redirect("web:duplicates")
    messages.success(request, _("No other record is like this one."))
    return redirect("web:person", card.code)
