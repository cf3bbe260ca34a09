"""Places that cases share (共同暴露场所): where it may have been caught, ranked; a venue notice can be drawn up for each."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from fangxian.cases import queries as cases
from fangxian.registry.vocabulary import name
from fangxian.tracing import actions, queries
from fangxian.tracing.desk import RIGHT
from fangxian.web.parts import actor_of


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The places of an outbreak as the reader's latest search has them; with POST it is searched anew."""
    by = actor_of(request)
    by.must(RIGHT)
    outbreaks = cases.outbreaks(by)
    chosen = request.POST.get("outbreak") or request.GET.get("outbreak") or (outbreaks[0].code if outbreaks else "")
    if request.method == "POST":
        actions.find_shared_places(by, chosen)
        return redirect(f"{reverse('web:exposure_places')}?outbreak={chosen}")
    found = queries.shared_places(by, chosen) if chosen else None
    rows = found.rows if found else ()
    context: dict[str, Any] = {
        "outbreaks": outbreaks, "chosen": chosen, "found": found, "may_publish": by.may("venues.publish"),
        "busy": found is not None and found.state in ("waiting", "running"),
        "rows": [(number, one, name("place_kinds", one.kind) if one.kind else "") for number, one in enumerate(rows, 1)],
    }  # fmt: skip
    return render(request, "web/finding/places.html", context)
