"""Trips and vehicles: what is planned, and the driver's page, stop by stop, for one thumb."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.containment.isolation import actions, queries, rights, words
from fangxian.containment.isolation.forms import TripForm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.duties import packs
from fangxian.web.duties import sending
from fangxian.web.isolation.forms import TripEntryForm
from fangxian.web.isolation.lists import _whole
from fangxian.web.parts import actor_of, fragment, problem, told, wants_json
from fangxian.web.saying import said

PAGE = 20


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Trips, the latest planned first, and the vehicles."""
    by = actor_of(request)
    _must(by)
    found = queries.trips(by, after=_whole(request.GET.get("after", "")), limit=PAGE + 1)
    rows = found[:PAGE]
    context: dict[str, Any] = {"trips": rows, "after": rows[-1].id if len(found) > PAGE else "", "now": clock.now()}
    if fragment(request, "more"):
        return render(request, "web/isolation/trip_lines.html", context)
    context |= {"vehicles": queries.vehicles(by), "may_plan": by.may(rights.DRIVE)}
    return render(request, "web/isolation/trips.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Plan a trip."""
    by = actor_of(request)
    by.must(rights.DRIVE)
    area = next(iter(by.areas(rights.DRIVE)), "")
    vehicles = [(one.code, f"{one.plate} · {one.seats}") for one in queries.vehicles(by)]
    classes = [
        (f"{pack.id}:{one.key}", said(one.name))
        for pack in packs.in_force(area)
        if pack.isolation
        for one in pack.isolation.classes
    ]
    form = TripEntryForm(
        vehicles, [(one.code, said(one.name)) for one in queries.destinations(by)], classes,
        request.POST if request.method == "POST" else None, initial={"driver_name": by.name},
    )  # fmt: skip
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            given = dict(form.cleaned_data)
            pack, _colon, given["cls"] = given["cls"].partition(":")
            mine = by.account_id if given["driver_name"] == by.name else None
            return redirect("web:trip", actions.plan_trip(by, TripForm(**given, pack=pack, driver=mine)).code)
        except Refusal as fault:
            refusal = fault
    context = {"form": form, "refusal": refusal, "title": _("Plan a trip"), "go": _("Plan")}
    return render(request, "web/isolation/form.html", context, status=refusal.status if refusal else 200)


@require_GET
def trip(request: HttpRequest, code: str) -> HttpResponse:
    """One trip, stop by stop."""
    return _shown(request, code)


@require_POST
def act(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Something done with the trip."""
    by = actor_of(request)
    if what not in _ACTS:
        raise NotFound(_("There is nothing to do of this kind."))

    def work() -> str:
        _ACTS[what](by, code, request)
        return _("Recorded.")

    try:
        done = sending.once(request, by, work)
    except Refusal as refusal:
        return problem(refusal) if wants_json(request) else _shown(request, code, refusal)
    if wants_json(request):
        return told(done)
    messages.success(request, done)
    return redirect("web:trip", code)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

_ACTS: dict[str, Callable[[Actor, str, HttpRequest], Any]] = {
    "start": lambda by, code, request: actions.start_trip(by, code),
    "end": lambda by, code, request: actions.end_trip(by, code),
    "clean": lambda by, code, request: actions.cleaned(by, code),
    "cancel": lambda by, code, request: actions.cancel_trip(by, code, request.POST.get("reason", "")),
}


def _must(by: Actor) -> None:
    if not by.may(rights.DRIVE):
        by.must(rights.VIEW)


def _shown(request: HttpRequest, code: str, refusal: Refusal | None = None) -> HttpResponse:
    by = actor_of(request)
    found = queries.trip(by, code)
    context = {
        "trip": found, "may": found.may, "refusal": refusal, "needs": words.NEEDS, "links": words.LINKS, "now": clock.now(),
        "drives": bool(found.may & {"end", "start"}),
    }  # fmt: skip
    return render(request, "web/isolation/trip.html", context, status=refusal.status if refusal else 200)
