"""One contact (密接、次密接): who, by which exposure, clear or not, and the calendar of the follow-up."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.core import clock
from fangxian.core.errors import Refusal
from fangxian.registry import queries as registry
from fangxian.tracing import queries, sources
from fangxian.tracing.queries.calendar import standing
from fangxian.tracing.schemas import FollowUp
from fangxian.tracing.subject import KIND
from fangxian.web.contacts.calendar import LEGEND, of_contact
from fangxian.web.contacts.forms import HoldForm
from fangxian.web.duties.cards import owed
from fangxian.web.parts import actor_of, section
from fangxian.web.reveals import person_card
from fangxian.web.reveals import reveal as reveal_person
from fangxian.web.saying import fact_value


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The page of a contact. Calendar and duties are fetched as they come into view."""
    return contact_page(request, code)


def contact_page(request: HttpRequest, code: str, refusal: Refusal | None = None, typed: Any = None) -> HttpResponse:
    """The same, also with what went wrong and what was typed."""
    by = actor_of(request)
    found = queries.contact(by, code)
    row = found.row
    context = {
        "contact": found,
        "row": row,
        "place": registry.short_area_names([row.area])[row.area],
        "clear": [
            ("number", pgettext("four clear", "Number"), row.identified_at, False),
            ("person", pgettext("four clear", "Person"), row.person_clear_at, True),
            ("place", pgettext("four clear", "Place"), row.place_clear_at, True),
            ("control", pgettext("four clear", "Control"), row.control_clear_at, False),
        ],
        "hold": HoldForm(row.area, typed) if "hold" in found.may else None,
        "refusal": refusal,
        "typed": typed or {},
    }
    return render(request, "web/contacts/contact.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, code: str) -> HttpResponse:
    """The person in full, for a purpose."""
    by = actor_of(request)
    found = sources.contact(by, code)
    url = reverse("web:contact_reveal", args=[code])
    return reveal_person(request, by, person_card(found.person_id), found.area, url)


@require_GET
def person(request: HttpRequest, code: str) -> HttpResponse:
    """Who it is, masked."""
    by = actor_of(request)
    found = sources.contact(by, code)
    context = {
        "card": person_card(found.person_id),
        "may_reveal": by.may("persons.reveal", found.area, found.held_by_id),
        "reveal_url": reverse("web:contact_reveal", args=[found.code]),
    }
    return section(
        request, "web/components/person.html", context, _("Person"), (reverse("web:contact", args=[code]), code)
    )


@require_GET
def duties(request: HttpRequest, code: str) -> HttpResponse:
    """What is owed to the contact."""
    by = actor_of(request)
    pk = sources.contact(by, code).pk
    back = (reverse("web:contact", args=[code]), code)
    return section(request, "web/duties/of_subject.html", {"duties": owed(by, KIND, pk)}, _("Duties"), back)


@require_GET
def calendar(request: HttpRequest, code: str) -> HttpResponse:
    """Day by day: what was due, what was found, and the days on which nobody came."""
    lines = queries.follow_up(actor_of(request), code)
    back = (reverse("web:contact", args=[code]), code)
    context = {
        "days": _days(lines), "grid": of_contact(lines), "calendar_states": LEGEND, "part_css": ["web/css/investigation.css"],
    }  # fmt: skip
    return section(request, "web/contacts/calendar.html", context, _("Follow-up"), back)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _days(lines: list[FollowUp]) -> list[dict[str, Any]]:
    """Every local day from the first to the last, also those without anything."""
    by_day: dict[date, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        moment = line.due_at or line.at
        if moment is not None and line.state != "void":
            by_day[_local(moment)].append(_entry(line))
    if not by_day:
        return []
    first, last, today = min(by_day), max(by_day), clock.today()
    days = (first + timedelta(days=offset) for offset in range((last - first).days + 1))
    return [{"day": one, "entries": by_day.get(one, []), "today": one == today, "past": one < today} for one in days]


def _entry(line: FollowUp) -> dict[str, Any]:
    state = standing(line.state, line.due_at, line.at)
    found = " · ".join(fact_value(key, value) for key, value in line.evidence.items())
    return {"line": line, "state": state, "found": found}


def _local(moment: datetime) -> date:
    return moment.astimezone(clock.zone()).date()
