"""The letter of somebody in isolation (隔离告知书), ready for the printer: it shows its code this once."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from fangxian.containment.isolation import actions, queries, words
from fangxian.core import clock
from fangxian.web.laboratory.labels import square
from fangxian.web.parts import actor_of
from fangxian.web.saying import chinese


@require_http_methods(["GET", "POST"])
def letter(request: HttpRequest, code: str) -> HttpResponse:
    """A letter with a fresh code; asked for by its address alone there is none, so that reloading ends no letter."""
    if request.method == "GET":
        return redirect("web:isolation_person", code)
    by = actor_of(request)
    made = actions.hand_letter(by, code)
    address = request.build_absolute_uri(reverse("web:mine_in", args=["zh" if chinese() else "en"]))
    context = {
        "view": queries.placement(by, made.placement), "code": made.code, "address": address, "now": clock.now(),
        "square": square(f"{address}#{made.code}"), "links": words.LINKS, "office": queries.office(by, made.placement),
    }  # fmt: skip
    answer = render(request, "web/isolation/letter.html", context)
    answer["Cache-Control"] = "private, no-store"
    return answer
