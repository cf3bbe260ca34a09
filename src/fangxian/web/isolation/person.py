"""One person in isolation: where they are, who has them, what comes next; every hand-over, decision and errand on one page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.containment.isolation import actions, queries, words
from fangxian.containment.isolation.forms import CheckForm as Look
from fangxian.containment.isolation.forms import PlacementErrandForm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.web.duties import sending
from fangxian.web.isolation import certificate as papers
from fangxian.web.isolation.forms import CheckForm, ErrandEntryForm, ExtendForm
from fangxian.web.parts import actor_of, problem, section, told, wants_json
from fangxian.web.reveals import person_card
from fangxian.web.reveals import reveal as revealed

Act = Callable[[Actor, str, HttpRequest], Any]


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The page of one person."""
    return _shown(request, code)


@require_POST
def act(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """Something done with the person, once however often a telephone sends it."""
    by = actor_of(request)
    if what not in _ACTS:
        raise NotFound(_("There is nothing to do of this kind."))

    def work() -> str:
        _ACTS[what](by, code, request)
        return _said(what)

    try:
        said = sending.once(request, by, work)
    except Refusal as refusal:
        if wants_json(request):
            return problem(refusal)
        return _shown(request, code, refusal)
    if wants_json(request):
        return told(said)
    messages.success(request, said)
    if request.POST.get("back", "").startswith("/"):
        return redirect(_inside(request.POST["back"]))
    return redirect("web:isolation_person", code)


@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, code: str) -> HttpResponse:
    """The person in full, for a purpose."""
    by = actor_of(request)
    person, area = queries.whose(by, code)
    url = reverse("web:isolation_reveal", args=[code])
    return revealed(request, actions.revealing(by, code), person_card(person), area, url)


@require_GET
def choose(request: HttpRequest, code: str) -> HttpResponse:
    """What there is to choose from: trips and sites for whoever was told, rooms for whoever is expected or there."""
    by = actor_of(request)
    context: dict[str, Any] = {"options": queries.options(by, code)}
    back = (reverse("web:isolation_person", args=[code]), code)
    return section(request, "web/isolation/choose.html", context, _("What comes next"), back)


@require_GET
def certificate(request: HttpRequest, code: str) -> HttpResponse:
    """The certificate of release as PDF, in the reader's language."""
    made = papers.as_pdf(actions.certify(actor_of(request), code), (get_language() or "zh").startswith("zh"))
    answer = HttpResponse(made, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{code}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


# ── what can be done ───────────────────────────────────────────────────────────────────────────────────────────────────


def check(by: Actor, code: str, request: HttpRequest) -> None:
    """A look at the person, as the round's form has it."""
    form = CheckForm(request.POST)
    if not form.is_valid():
        faults = "; ".join(str(fault) for field in form.errors.values() for fault in field)
        raise Invalid(_("Not complete yet."), remedy=faults)
    actions.check(by, code, Look(**form.cleaned_data), at=sending.done_at(request))


def _errand(by: Actor, code: str, request: HttpRequest) -> None:
    form = ErrandEntryForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
    actions.ask_errand(by, code, PlacementErrandForm(**form.cleaned_data))


def _extend(by: Actor, code: str, request: HttpRequest) -> None:
    form = ExtendForm(request.POST)
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
    actions.extend(by, code, form.cleaned_data["until"], form.cleaned_data["reason"])


def _together(by: Actor, code: str, request: HttpRequest) -> None:
    given = request.POST
    actions.stay_together(by, code, given.get("other", ""), given.get("granted") == "yes", given.get("reason", ""))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        raise Invalid(_("The form is damaged."), remedy=_("Reload the page and enter it again."), field=name)
    return int(text)


def _at(request: HttpRequest) -> datetime | None:
    return sending.done_at(request)


_ACTS: dict[str, Act] = {
    "check": check, "errand": _errand, "extend": _extend, "together": _together,
    "send": lambda by, code, request: actions.send(by, code, at=_at(request)),
    "receive": lambda by, code, request: actions.receive(by, code, at=_at(request)),
    "bring": lambda by, code, request: actions.bring(by, code, request.POST.get("site", "")),
    "home": lambda by, code, request: actions.keep_at_home(by, code),
    "board": lambda by, code, request: actions.board(by, request.POST.get("trip", ""), code),
    "assign": lambda by, code, request: actions.keep_room(by, code, _number(request, "room")),
    "house": lambda by, code, request: actions.settle_in(by, code, at=_at(request)),
    "let_go": lambda by, code, request: actions.let_go(by, code),
    "call_off": lambda by, code, request: actions.call_off(by, code, request.POST.get("reason", "")),
    "withdraw": lambda by, code, request: actions.take_out(by, code, request.POST.get("reason", "")),
    "early": lambda by, code, request: actions.release_early(by, code, request.POST.get("reason", "")),
    "dispute": lambda by, code, request: actions.dispute(by, _number(request, "decision"), request.POST.get("words", "")),
    "answer": lambda by, code, request: actions.answer(
        by, _number(request, "decision"), request.POST.get("upheld") == "yes", request.POST.get("words", "")
    ),
    "errand_done": lambda by, code, request: actions.finish_errand(by, _number(request, "errand"), request.POST.get("outcome", "")),
}  # fmt: skip


def _said(what: str) -> str:
    return {
        "check": _("Recorded."), "send": _("Handed over, as far as you are concerned."), "receive": _("Taken over."),
        "house": _("In the room."), "assign": _("The room is kept."), "let_go": _("Ready to go: confirm when they leave."),
    }.get(what, _("Recorded."))  # fmt: skip


def _shown(request: HttpRequest, code: str, refusal: Refusal | None = None) -> HttpResponse:
    by = actor_of(request)
    view = queries.placement(by, code)
    may = view.may
    context: dict[str, Any] = {
        "view": view, "row": view.row, "may": may, "refusal": refusal, "now": clock.now(), "links": words.LINKS,
        "needs": words.NEEDS, "decisions": words.DECISIONS, "moods": words.MOODS, "medicine": words.MEDICINE,
        "errand_kinds": words.ERRANDS, "outcomes": words.OUTCOMES, "typed": request.POST,
        "check_form": CheckForm(request.POST if refusal and "temperature" in request.POST else None) if "check" in may else None,
        "extend_form": ExtendForm() if "decide" in may else None, "errand_form": ErrandEntryForm() if "errand" in may else None,
    }  # fmt: skip
    return render(request, "web/isolation/person.html", context, status=refusal.status if refusal else 200)


def _inside(address: str) -> str:
    return address if address.startswith("/") and not address.startswith("//") else "/"
