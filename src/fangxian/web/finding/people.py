"""One candidate: whom, where and when, hour by hour; why so high in the list; who it is, for a purpose."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.core.errors import NotFound
from fangxian.protocols.vocabulary import facts as known_facts
from fangxian.registry import queries as registry
from fangxian.tracing import queries
from fangxian.tracing.desk import RIGHT
from fangxian.web.finding.drawing import by_day, hours, numbered
from fangxian.web.finding.words import RINGS, STATES
from fangxian.web.parts import actor_of
from fangxian.web.reveals import person_card
from fangxian.web.reveals import reveal as reveal_person
from fangxian.web.saying import fact_name


@require_GET
def page(request: HttpRequest, code: str, candidate_id: int) -> HttpResponse:
    """The candidate with every time together, drawn and as a table, and the decision."""
    by = actor_of(request)
    view = queries.search(by, code)
    row, meetings = queries.candidate(by, code, candidate_id)
    asked = [(name, fact_name(name)) for name in row.missing if known_facts()[name].kind == "yes/no"]
    context = {
        "view": view, "row": row, "meetings": numbered(meetings), "days": by_day(meetings), "hours": hours(), "state": STATES[row.state],
        "ring": RINGS.get(row.ring, ""), "asked": asked, "area": registry.short_area_names([row.area]).get(row.area, ""),
        "card": person_card(row.person_id) if row.person_id else None,
        "may_reveal": row.person_id is not None and by.may("persons.reveal", row.area),
        "reveal_url": reverse("web:candidate_reveal", args=[view.code, row.id]),
        "may_decide": by.may(RIGHT, row.area) and row.state in ("proposed", "watched", "struck"),
    }  # fmt: skip
    return render(request, "web/finding/candidate.html", context)


@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, code: str, candidate_id: int) -> HttpResponse:
    """The person in full, for a purpose."""
    by = actor_of(request)
    row, _meetings = queries.candidate(by, code, candidate_id)
    if row.person_id is None:
        raise NotFound(_("There is no such person."))
    url = reverse("web:candidate_reveal", args=[code, row.id])
    return reveal_person(request, by, person_card(row.person_id), row.area, url)
