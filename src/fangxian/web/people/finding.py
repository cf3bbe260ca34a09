"""People found by name, pinyin, a whole number, or their code. What is searched for is sent, not written into an address."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.registry import queries
from fangxian.registry.schemas import Page

PAGE = 50


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The search, and, posted, who was found in the reader's jurisdictions, masked."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("registry.view")
    text = request.POST.get("text", "").strip()[:100]
    found = queries.search(by, text, after=_after(request.POST.get("after", "")), limit=PAGE) if text else Page(())
    if len(found.people) == 1 and not request.POST.get("after") and found.people[0].code == text.upper():
        return redirect("web:person", found.people[0].code)
    context: dict[str, Any] = {
        "text": text,
        "people": found.people,
        "places": queries.short_area_names({one.area for one in found.people}),
        "after": json.dumps(found.after) if found.after else "",
        "may_match": by.may("persons.match"),
    }
    answer = render(request, "web/people/index.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _after(text: str) -> tuple[str, int] | None:
    if not text:
        return None
    try:
        name, pk = json.loads(text)
        return str(name), int(pk)
    except (ValueError, TypeError):
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again.")) from None
