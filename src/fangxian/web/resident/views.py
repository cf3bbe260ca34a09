"""One's own isolation (本人隔离告知与异议): what, why, under which clause, until when, by which office; an objection, and its answer.

The code of the letter opens it for half an hour. It is sent in the body of a form and never stands in an address that a server sees:
the QR code of the letter has it behind the #.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, cast

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.containment.isolation import actions, queries, words
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.web.parts import number_of
from fangxian.web.saying import chinese

#: How long a code that was typed stays open on the telephone.
OPEN_FOR = timedelta(minutes=30)
LANGUAGES = {"zh": "zh-hans", "en": "en"}
_KEY = "letter"
View = Callable[[HttpRequest, str], HttpResponse]


def for_the_holder(view: View) -> View:
    """The page in the language of its address, kept nowhere."""

    @wraps(view)
    def answer(request: HttpRequest, language: str = "") -> HttpResponse:
        if language and language not in LANGUAGES:
            raise Http404
        with translation.override(LANGUAGES.get(language) or translation.get_language()):
            found = view(request, language or ("zh" if chinese() else "en"))
        found["Cache-Control"] = "private, no-store"
        return found

    return cast(View, login_not_required(answer))


@for_the_holder
@require_GET
def index(request: HttpRequest, language: str) -> HttpResponse:
    """One's own record, or the field for the code."""
    by = _holder(request)
    return _page(request, language, by) if by else _door(request, language)


@for_the_holder
@require_POST
def open_letter(request: HttpRequest, language: str) -> HttpResponse:
    """The code is typed. Wrong ones all get the same answer."""
    try:
        letter = actions.open_letter(request.POST.get("code", ""), request.META.get("REMOTE_ADDR", ""))
    except Refusal as refusal:
        return _door(request, language, refusal)
    request.session.cycle_key()
    request.session[_KEY] = {"id": letter, "until": (clock.now() + OPEN_FOR).isoformat()}
    return redirect("web:mine_in", language)


@for_the_holder
@require_POST
def close(request: HttpRequest, language: str) -> HttpResponse:
    """The telephone goes to somebody else."""
    request.session.pop(_KEY, None)
    return redirect("web:mine_in", language)


@for_the_holder
@require_POST
def objection(request: HttpRequest, language: str) -> HttpResponse:
    """The person does not agree with the isolation, its end, or a decision (by its number)."""
    by = _holder(request)
    if by is None:
        return _door(request, language, Invalid(_("Your time on this page is over."), remedy=_("Type the code again.")))
    what, said = request.POST.get("what", ""), request.POST.get("words", "")
    try:
        number = number_of(what)
        if number is not None:
            actions.dispute(by, number, said)
        else:
            actions.object_to(by, queries.own(by).code, what, said)
    except Refusal as refusal:
        return _page(request, language, by, refusal)
    return redirect(f"{reverse('web:mine_in', args=[language])}#decided")


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _holder(request: HttpRequest) -> Actor | None:
    """Whoever opened a letter on this telephone within the last half hour."""
    kept: Any = request.session.get(_KEY)
    if not kept or datetime.fromisoformat(kept["until"]) <= clock.now():
        return None
    try:
        return actions.holder_of(kept["id"])
    except Refusal:
        del request.session[_KEY]
        return None


def _door(request: HttpRequest, language: str, refusal: Refusal | None = None) -> HttpResponse:
    context = {"spoken": language, "refusal": refusal}
    return render(request, "web/resident/door.html", context, status=refusal.status if refusal else 200)


def _page(request: HttpRequest, language: str, by: Actor, refusal: Refusal | None = None) -> HttpResponse:
    context = {
        "spoken": language, "refusal": refusal, "own": queries.own(by), "links": words.LINKS, "outcomes": words.OUTCOMES,
        "kinds": words.DECISIONS, "typed": request.POST, "now": clock.now(),
    }  # fmt: skip
    return render(request, "web/resident/own.html", context, status=refusal.status if refusal else 200)
