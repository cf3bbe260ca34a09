"""Gives every request its actor and its language, asks for a sign-in where a page needs one, and says refusals in words."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django_htmx.http import retarget

from fangxian.core import factors
from fangxian.core.access import NOBODY, actor_for
from fangxian.core.errors import NotAllowed, Refusal
from fangxian.web.parts import problem, wants_json


class SignedOut(Refusal):
    """Nobody has signed in, or the shift is over."""

    status, code = 401, "signed_out"


#: Pages that are the same for everybody: nobody is asked who they are, so that copies may be kept on the way.
FOR_EVERYBODY = ("/public/", "/api/v1/public/", "/robots.txt")


#: Pages that whoever still lacks a second factor may open.
WITHOUT_FACTOR = ("second_factor", "logout", "language")


def no_factor() -> NotAllowed:
    """Why nothing is shown or done for somebody whose role needs a second factor, in a session without one."""
    return NotAllowed(
        _("Your role needs a second factor."), remedy=_("Set it up under “Me”; it takes a minute."), code="second_factor_missing"
    )  # fmt: skip


class ActorMiddleware:
    """`request.actor`: who acts, with the grants in force at this moment; pages in the language of the account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(FOR_EVERYBODY):
            request.actor = NOBODY  # type: ignore[attr-defined]
            return self.get_response(request)
        account: Any = request.user
        request.actor = actor_for(account, "web") if account.is_authenticated else NOBODY  # type: ignore[attr-defined]
        if account.is_authenticated and not request.path.startswith("/api/"):
            translation.activate(account.language)
            request.LANGUAGE_CODE = account.language
        answer = self.get_response(request)
        if account.is_authenticated and answer.get("Content-Type", "").startswith("text/html"):
            # What a page shows of people stays in no cache: telephones pass from hand to hand.
            answer.setdefault("Cache-Control", "private, no-store")
        return answer

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        """Pages need somebody who has signed in, unless they say `login_not_required`."""
        match = request.resolver_match
        if match is None or match.app_name != "web" or not getattr(view, "login_required", True):
            return None
        if request.user.is_authenticated:
            return self._second_factor(request, match.url_name or "")
        if getattr(request, "htmx", False) or request.method == "POST":
            return ended(request)
        return redirect_to_login(request.get_full_path(), reverse("web:login"))

    def _second_factor(self, request: HttpRequest, page: str) -> HttpResponse | None:
        """Whoever's role needs a second factor gets nowhere without one, but to where it is set up."""
        actor = request.actor  # type: ignore[attr-defined]
        if page in WITHOUT_FACTOR or request.session.get("second_factor") or not factors.required(actor.grants):
            return None
        if getattr(request, "htmx", False) or request.method == "POST":
            return refused(request, no_factor())
        return redirect("web:second_factor")

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        if not isinstance(fault, Refusal) or request.path.startswith("/api/"):
            return None
        return refused(request, fault)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal as a page, or as a note above the page for htmx: what happened, what was kept, what to do."""
    if wants_json(request):
        return problem(refusal)
    if getattr(request, "htmx", False):
        answer = render(request, "web/errors/refusal_note.html", {"refusal": refusal}, status=refusal.status)
        answer["HX-Reswap"] = "innerHTML show:window:top"
        return retarget(answer, "#notices")
    return render(request, "web/errors/refusal.html", {"refusal": refusal}, status=refusal.status)


def ended(request: HttpRequest) -> HttpResponse:
    """The session ended while something was being typed: it stays in the browser, and nothing was saved here."""
    status = 401
    if wants_json(request):
        return problem(SignedOut(_("Your session has ended."), remedy=_("Sign in again; it is sent then.")))
    context = {"next": request.headers.get("HX-Current-URL") or request.headers.get("Referer") or "/"}
    if getattr(request, "htmx", False):
        answer = render(request, "web/errors/ended_note.html", context, status=status)
        answer["HX-Reswap"] = "innerHTML show:window:top"
        return retarget(answer, "#notices")
    return render(request, "web/errors/ended.html", context, status=status)
