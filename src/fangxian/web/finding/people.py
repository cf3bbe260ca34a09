"""One candidate: whom, where and when, hour by hour; why so high in the list; who it is, for a purpose."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.core.errors import NotFound
from fangxian.registry import queries as registry
from fangxian.registry.schemas import Card
from fangxian.tracing import queries
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.finds import CandidateRow
from fangxian.web.finding.drawing import by_day, hours, numbered
from fangxian.web.finding.one import risk
from fangxian.web.finding.words import RINGS, STATES
from fangxian.web.parts import actor_of, section
from fangxian.web.reveals import person_card
from fangxian.web.reveals import reveal as reveal_person
from fangxian.web.saying import fact_name


@require_GET
def page(request: HttpRequest, code: str, candidate_id: int) -> HttpResponse:
    """The candidate with every time together, drawn and as a table, and the decision."""
    by = actor_of(request)
    view = queries.search(by, code)
    row = queries.candidate(by, view, candidate_id)
    asked = [(name, fact_name(name)) for name in row.missing]
    context = {
        "view": view, "row": row, "meetings": numbered(row.meetings), "days": by_day(row.meetings),
        "hours": hours(), "state": STATES[row.state],
        "ring": RINGS.get(row.ring, ""), "asked": asked, "area": registry.short_area_names([row.area]).get(row.area, ""),
        "risk": risk(row.risk),
        "may_decide": by.may(RIGHT, row.area) and row.state in ("proposed", "watched", "struck"),
    }  # fmt: skip
    return render(request, "web/finding/candidate.html", context)


@require_GET
def person(request: HttpRequest, code: str, candidate_id: int) -> HttpResponse:
    """Who it is, masked."""
    by = actor_of(request)
    row = queries.candidate(by, queries.search(by, code), candidate_id)
    context = {
        "card": _card(row), "may_reveal": by.may("persons.reveal", row.area),
        "reveal_url": reverse("web:candidate_reveal", args=[code, row.id]),
    }  # fmt: skip
    return section(request, "web/components/person.html", context, _("Person"), _back(code, row.id))


@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, code: str, candidate_id: int) -> HttpResponse:
    """The person in full, for a purpose."""
    by = actor_of(request)
    row = queries.candidate(by, queries.search(by, code), candidate_id)
    return reveal_person(request, by, _card(row), row.area, reverse("web:candidate_reveal", args=[code, row.id]))


def _card(row: CandidateRow) -> Card:
    if row.person_id is None:
        raise NotFound(_("There is no such person."))
    return person_card(row.person_id)


def _back(code: str, candidate_id: int) -> tuple[str, str]:
    return reverse("web:candidate", args=[code, candidate_id]), code
