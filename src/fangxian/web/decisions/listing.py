"""The questions that the reader may see, the newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from fangxian.command.decisions import queries
from fangxian.registry import queries as registry
from fangxian.web.decisions.words import STATES
from fangxian.web.parts import actor_of

PAGE = 30


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The list, and where to ask."""
    by = actor_of(request)
    by.must(queries.RIGHT)
    after = request.GET.get("after", "")
    rows = queries.questions(
        by, after=int(after) if after.isascii() and after.isdecimal() and len(after) < 18 else None, limit=PAGE + 1
    )
    more, rows = len(rows) > PAGE, rows[:PAGE]
    names = registry.area_names({row.area for row in rows})
    context = {
        "rows": [(row, names[row.area], STATES[row.state]) for row in rows],
        "after": rows[-1].id if more else "",
        "may_ask": bool(queries.places(by)),
    }
    return render(request, "web/decisions/index.html", context)
