"""Pages for what Django itself refuses: unknown addresses, forged or stale forms, faults of our own."""

import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext as _

from fangxian.web.middleware import ended
from fangxian.web.parts import wants_json

log = logging.getLogger(__name__)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same page for what is not there and for what is not for the reader."""
    return _page(
        request, 404, "soon", _("Not found"), _("There is no such page, or it is not for you to see."),
        _("Check the address, or begin at your duties."),
    )  # fmt: skip


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403 by Django."""
    return _page(
        request, 403, "late", _("Not allowed"), _("This is not open to your account."),
        _("Ask the duty officer of the jurisdiction, or sign in with the account of that post."),
    )  # fmt: skip


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: what was sent cannot be read."""
    return _page(
        request, 400, "late", _("This could not be read"), _("What was sent is damaged or too large. Nothing was saved."),
        _("Go back and send it again."),
    )  # fmt: skip


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token does not hold: it was open over a sign-out, or somebody else's page sent it."""
    signing_in = request.resolver_match is not None and request.resolver_match.view_name in (
        "web:login",
        "web:login_code",
    )
    if wants_json(request) or (not request.user.is_authenticated and not signing_in):
        return ended(request)
    return _page(
        request, 403, "soon", _("This form is out of date"), _("You signed in or out since it was opened. Nothing was saved."),
        _("Go back, reload the page and send it again; what you typed is kept in this window."),
    )  # fmt: skip


def fault(request: HttpRequest) -> HttpResponse:
    """500: ours. The page needs no database, which may be what failed."""
    try:
        body: str = loader.render_to_string("web/errors/fault.html")
    except Exception:
        log.exception("the page for faults cannot be shown")
        body = "Fangxian: 500"
    return HttpResponse(body, status=500)


def _page(request: HttpRequest, status: int, tone: str, title: str, what: str, remedy: str) -> HttpResponse:
    context = {"tone": tone, "title": title, "what": what, "remedy": remedy}
    return render(request, "web/errors/page.html", context, status=status)
