"""Who asks: a page's own session, or a machine's token; and in which language the answer is."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest
from django.utils import translation
from django.utils.translation import gettext as _
from ninja.security import HttpBearer, SessionAuth
from ninja.utils import check_csrf

from fangxian.core import factors, tokens
from fangxian.core.access import Actor, actor_for
from fangxian.core.errors import NotAllowed


class Asked(HttpRequest):
    """A request of somebody who is known."""

    auth: Actor


class Token(HttpBearer):
    """`Authorization: Bearer fxt_…`"""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        account = tokens.account_of(token)
        return _acting(request, account) if account is not None else None


class Session(SessionAuth):
    """The cookie of the pages. What changes something also carries the token against forgery (`X-CSRFToken`)."""

    def __init__(self) -> None:
        super().__init__(csrf=False)  # asked below: whoever has no session is told to sign in first

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        account: Any = request.user
        if key is None or not account.is_authenticated:
            return None
        if check_csrf(request) is not None:
            raise NotAllowed(
                _("The token against forged requests is missing or wrong."),
                remedy=_("Send the value of “csrf_token” from GET /api/v1/session in the header X-CSRFToken."),
                code="csrf",
            )
        found = _acting(request, account)
        if factors.required(found.grants) and not request.session.get("second_factor"):
            raise NotAllowed(
                _("Your role needs a second factor."),
                remedy=_("Set it up on the page /me/second-factor/, then sign in with a code."),
                code="second_factor_missing",
            )
        return found


def _acting(request: HttpRequest, account: Any) -> Actor:
    speak(request, account.language)
    known: Actor | None = getattr(request, "actor", None)  # whoever has a session was looked up with it
    if known is not None and known.account_id == account.pk:
        return replace(known, channel="api")
    return actor_for(account, "api")


def speak(request: HttpRequest, language: str) -> None:
    """Answer in the language that the request asks for, else in that of the account."""
    if "Accept-Language" not in request.headers:
        translation.activate(language)


ANYBODY_SIGNED_IN = (Token(), Session())
