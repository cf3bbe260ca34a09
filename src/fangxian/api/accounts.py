"""Accounts: signing in and out, tokens for machines, and the grants from which all rights follow."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest
from django.middleware.csrf import get_token
from ninja import Router
from pydantic import Field

from fangxian.api.offering import offer
from fangxian.api.shapes import Closed, Shown, Word
from fangxian.api.signing import Asked, Session, speak
from fangxian.core import accounts, clock, factors, tokens
from fangxian.core.access import Actor, actor_for, roles

router = Router(tags=["accounts"])
#: A token cannot make another: what has leaked ends at its day.
IN_PERSON = [Session()]


class SigningIn(Closed):
    """Login and password, and a code where the account has a second factor."""

    login: Annotated[Word, Field(max_length=60)]
    password: Annotated[Word, Field(max_length=200)]
    code: Annotated[str, Field(max_length=20)] = ""


class GrantView(Shown):
    """A role in a jurisdiction, for an organisation where the role is bound to one."""

    role: str
    area: str
    organisation_id: int | None


class GrantKept(GrantView):
    """A grant with its times."""

    id: int
    begins_at: datetime
    ends_at: datetime | None


class Me(Shown):
    """Who is signed in, with the grants in force. `csrf_token` goes into X-CSRFToken of whatever changes something."""

    account_id: int
    name: str
    person_id: int | None
    grants: list[GrantView]
    csrf_token: str


class AccountKept(Shown):
    """An account, as its registrar sees it."""

    id: int
    login: str
    name: str
    phone: str
    language: str
    person_id: int | None
    is_active: bool


class TokenView(Shown):
    """A token that works: never its secret."""

    id: int
    label: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


class TokenIssued(TokenView):
    """A new token with its secret, which is shown this once."""

    secret: str


class RoleView(Shown):
    """A role and the actions it allows, as patterns."""

    key: str
    zh: str
    en: str
    scope: str
    level: str
    may: list[str]


@router.post("/session", auth=None, response=Me, operation_id="accounts_sign_in", summary="Sign in")
def sign_in(request: HttpRequest, sent: SigningIn) -> dict[str, Any]:
    """Begin a session of one shift; its cookie comes with the answer. Too many wrong passwords make a pause.

    An account with a second factor is refused with the code `second_factor` until the body has a `code` of it.
    """
    account = accounts.sign_in(sent.login, sent.password, sent.code)
    login(request, account)
    request.session["second_factor"] = factors.held(account.pk) is not None
    ends = clock.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    request.session["ends_at"] = ends.isoformat()
    speak(request, account.language)
    return _me(request, actor_for(account, "api"))


@router.get("/session", response=Me, operation_id="accounts_me", summary="Who is signed in")
def me(request: Asked) -> dict[str, Any]:
    """The account with its grants in force."""
    return _me(request, request.auth)


@router.delete("/session", auth=IN_PERSON, response={204: None}, operation_id="accounts_sign_out", summary="Sign out")
def sign_out(request: Asked) -> None:
    """End the session."""
    logout(request)


def _me(request: HttpRequest, by: Actor) -> dict[str, Any]:
    return {
        "account_id": by.account_id, "name": by.name, "person_id": by.person_id, "grants": by.grants,
        "csrf_token": get_token(request),
    }  # fmt: skip


def issue_token(by: Actor, label: str, days: int = 90, account_id: int | None = None) -> dict[str, Any]:
    """A token for a machine, of the own account or, for a registrar, of another. Its secret is shown this once."""
    token, secret = tokens.issue(by, account_id or _own(by), label, lasts=timedelta(days=days))
    return {**TokenView.model_validate(token).model_dump(), "secret": secret}


def my_tokens(by: Actor, account_id: int | None = None) -> list[Any]:
    """The tokens that still work, of the own account or, for a registrar, of another."""
    return tokens.tokens_of(by, account_id or _own(by))


def grants(by: Actor, account_id: int) -> list[Any]:
    """The grants of an account that are in force, for whoever may give or take some."""
    by.must("accounts.grant")
    return accounts.grants_of(account_id)


def roles_there_are() -> list[Any]:
    """Every role and what it may do."""
    return list(roles().values())


def _own(by: Actor) -> int:
    assert by.account_id is not None, "only accounts sign in"
    return by.account_id


DAYS = {"days": Annotated[int, Field(strict=True, ge=1, le=tokens.LONGEST.days)]}

offer(router, "GET", "/roles", roles_there_are, RoleView)
offer(router, "GET", "/tokens", my_tokens, TokenView, auth=IN_PERSON)
offer(router, "POST", "/tokens", issue_token, TokenIssued, status=201, given=DAYS, auth=IN_PERSON)
offer(router, "DELETE", "/tokens/{token_id}", tokens.revoke, None, name="revoke_token")
offer(router, "PUT", "/session/password", accounts.change_password, None, auth=IN_PERSON)
offer(router, "PUT", "/session/language", accounts.set_language, None)
offer(router, "POST", "/accounts", accounts.create_account, AccountKept, status=201, keyed=True, without=("is_demo",))
offer(router, "GET", "/accounts/{account_id}/grants", grants, GrantKept)
offer(router, "POST", "/accounts/{account_id}/grants", accounts.grant, GrantKept, status=201)
offer(router, "POST", "/grants/{grant_id}/revocation", accounts.revoke, None)
offer(router, "POST", "/accounts/{account_id}/end", accounts.deactivate, None)
offer(router, "PUT", "/accounts/{account_id}/password", accounts.set_password, None)
