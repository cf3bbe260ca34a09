"""One worker: what was owed day by day, the shifts, and what can be done."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from fangxian.core import clock
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.laboratory.screening import actions, finding, queries
from fangxian.laboratory.screening.schemas import STATES, TURNS
from fangxian.web.parts import actor_of

_SAID = {
    "begin": gettext_lazy("The shift has begun."), "end": gettext_lazy("The shift has ended."),
    "leave": gettext_lazy("They have left the post."),
}  # fmt: skip
#: Picture of what became of a test owed, or of a step of the watch after a shift.
PICTURES = {
    "due": "clock",
    "open": "clock",
    "done": "check",
    "missed": "missed",
    "excused": "waived",
    "waived": "waived",
}


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The worker's page."""
    return _page(request, code)


@require_POST
def act(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """A shift begins or ends, or somebody leaves the post."""
    by = actor_of(request)
    if what not in _SAID:
        raise NotFound(_("There is no such page."))
    try:
        if what == "leave":
            actions.leave(by, code, request.POST.get("reason", ""))
        else:
            move = actions.begin_shift if what == "begin" else actions.end_shift
            move(by, code, at=_instant(request.POST.get("at", "")))
    except NotFound:
        raise
    except Refusal as refusal:
        return _page(request, code, refusal)
    messages.success(request, str(_SAID[what]))
    return redirect("web:screening_worker", code)


def _page(request: HttpRequest, code: str, refusal: Refusal | None = None) -> HttpResponse:
    by = actor_of(request)
    by.must(finding.VIEW)
    context: dict[str, Any] = {
        "worker": queries.worker(by, code), "states": STATES, "turns": TURNS, "pictures": PICTURES, "now": clock.now(),
        "refusal": refusal,
    }  # fmt: skip
    return render(request, "web/screening/worker.html", context, status=refusal.status if refusal else 200)


def _instant(text: str) -> datetime | None:
    """A local time as a browser sends it; None where nothing was given, which is now."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=clock.zone())
    except ValueError:
        raise Invalid(_("This is no time."), remedy=_("Give date and time."), field="at") from None
