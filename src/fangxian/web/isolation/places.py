"""A site as a plan of floors and rooms, and its daily round on a telephone."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.containment.isolation import actions, queries, rights, words
from fangxian.containment.isolation.forms import FloorForm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.web.isolation.forms import CheckForm, FloorEntryForm
from fangxian.web.isolation.person import _number
from fangxian.web.parts import actor_of, fragment

#: So many people of a round are shown at once.
PAGE = 30
#: Stands in the form of a look for the code of whoever is looked at.
_WHOSE = "WHOSE"


@require_GET
def site(request: HttpRequest, code: str) -> HttpResponse:
    """The plan of a site."""
    return _plan(request, code)


@require_POST
def act(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Something done with the site, a floor of it or a room."""
    by = actor_of(request)
    if what not in _ACTS:
        raise NotFound(_("There is nothing to do of this kind."))
    try:
        _ACTS[what](by, code, request)
    except Refusal as refusal:
        return _plan(request, code, refusal)
    messages.success(request, _("Recorded."))
    return redirect("web:isolation_site", code)


@require_GET
def rounds(request: HttpRequest, code: str) -> HttpResponse:
    """The round: everybody in a room, with one form each; what is done without a connection is kept and sent later."""
    by = actor_of(request)
    plan = rights.site(by, code)
    rights.must_at_site(by, rights.CARE, plan)
    found = queries.rounds(by, code, after=_after(request.GET.get("after", "")), limit=PAGE + 1)
    rows = found[:PAGE]
    # Everybody's form is the same but for whose it is: it is rendered once.
    form = render_to_string("web/isolation/check_fields.html", {"form": CheckForm(auto_id=f"id_{_WHOSE}_%s")})
    context = {
        "code": plan.code, "site_zh": plan.name_zh, "site_en": plan.name_en or plan.name_zh, "needs": words.NEEDS,
        "cards": [(row, mark_safe(form.replace(_WHOSE, row.code))) for row in rows],
        "after": found[PAGE - 1].after if len(found) > PAGE else "", "now": clock.now(),
        "left": sum(row.done < row.wanted for row in rows),
    }  # fmt: skip
    template = "round_cards" if fragment(request, "more") else "round"
    return render(request, f"web/isolation/{template}.html", context)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _floor(by: Actor, code: str, request: HttpRequest) -> None:
    form = FloorEntryForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
    actions.add_floor(by, code, FloorForm(**form.cleaned_data))


def _designate(by: Actor, code: str, request: HttpRequest) -> None:
    pack, _colon, cls = request.POST.get("cls", "").partition(":")
    actions.designate(by, code, _number(request, "floor"), pack, cls)


_ACTS: dict[str, Callable[[Actor, str, HttpRequest], Any]] = {
    "floor": _floor, "designate": _designate,
    "room": lambda by, code, request: actions.mark_room(
        by, code, _number(request, "room"), request.POST.get("state", ""), request.POST.get("why", "")
    ),
    "ready": lambda by, code, request: actions.set_readiness(by, code, _number(request, "ready_in")),
    "close": lambda by, code, request: actions.close_site(by, code, request.POST.get("reason", "")),
}  # fmt: skip


def _plan(request: HttpRequest, code: str, refusal: Refusal | None = None) -> HttpResponse:
    by = actor_of(request)
    found = queries.site(by, code)
    context = {
        "site": found, "row": found.row, "may": found.may, "refusal": refusal, "zones": words.ZONES, "passages": words.PASSAGES,
        "room_states": words.ROOM_STATES, "links": words.LINKS, "now": clock.now(),
        "floor_form": FloorEntryForm(request.POST if refusal and "building" in request.POST else None) if "keep" in found.may else None,
    }  # fmt: skip
    return render(request, "web/isolation/site.html", context, status=refusal.status if refusal else 200)


def _after(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    room, _mark, person = text.partition("_")
    if not (room.isascii() and room.isdecimal() and person.isascii() and person.isdecimal() and len(text) < 40):
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again."))
    return int(room), int(person)
