"""Every search for contacts that the reader sees: their own area's, and those that propose somebody to them."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fangxian.registry import queries as registry
from fangxian.tracing import queries
from fangxian.web.parts import actor_of, number_of

PAGE = 30


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The searches, newest first."""
    by = actor_of(request)
    after = request.GET.get("after", "")
    case = request.GET.get("case", "")
    rows = queries.searches(by, case=case, after=number_of(after), limit=PAGE + 1)
    context = {
        "rows": rows[:PAGE],
        "after": rows[PAGE - 1].id if len(rows) > PAGE else "",
        "areas": registry.short_area_names({row.area for row in rows}),
        "waiting": queries.proposed_to(by),
        "case": case,
    }
    return render(request, "web/finding/index.html", context)
