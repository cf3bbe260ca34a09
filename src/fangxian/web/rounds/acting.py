"""Starting a round, ending it, calling it off, and deciding what follows."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from fangxian.core.access import Actor
from fangxian.core.errors import NotFound, Refusal
from fangxian.laboratory.rounds import actions, queries
from fangxian.web.parts import actor_of
from fangxian.web.rounds.one import shown

_ACTS: Mapping[str, tuple[Callable[[Actor, str, str], Any], Any]] = {
    "start": (lambda by, code, _why: actions.start_round(by, code), gettext_lazy("The round has begun.")),
    "end": (actions.end_round, gettext_lazy("The round is over.")),
    "call-off": (actions.call_off_round, gettext_lazy("The round is called off.")),
    "go-on": (actions.another_round, gettext_lazy("The next round is planned. It begins when you start it.")),
    "stop": (actions.stop_rounds, gettext_lazy("Decided: no further round.")),
}


@require_POST
def act(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Do one of these to a round; what is refused stands on its page."""
    by = actor_of(request)
    if what not in _ACTS:
        raise NotFound("page")
    do, done = _ACTS[what]
    try:
        row = do(by, code, request.POST.get("reason", ""))
    except Refusal as refusal:
        return shown(request, queries.round_of(by, code), refusal)
    messages.success(request, done)
    return redirect("web:round", row.code)
