"""Signing in and out, language, and what was looked at of oneself."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.command import city
from fangxian.core import access, accounts, clock, factors
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries as registry
from fangxian.web.context import beginning
from fangxian.web.saying import said

#: Where one is taken who asked for no page.
HOME = "/"
#: How long after the password the code may come.
CODE_WITHIN = timedelta(minutes=5)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The sign-in page. A session lasts one shift and is not prolonged by use, so its end can be announced."""
    refusal: Refusal | None = None
    onward = _safe(request, request.POST.get("next") or request.GET.get("next", ""))
    if request.method == "POST":
        try:
            account = accounts.sign_in(request.POST.get("login", ""), request.POST.get("password", ""))
        except accounts.CodeWanted as wanted:
            request.session.cycle_key()
            until = clock.now() + CODE_WITHIN
            request.session["signing_in"] = {"account": wanted.account_id, "until": until.isoformat(), "next": onward}
            return redirect("web:login_code")
        except Refusal as fault:
            refusal = fault
        else:
            return _begun(request, account, onward)
    context = {
        "refusal": refusal,
        "login": request.POST.get("login", ""),
        "next": onward,
        "hours": settings.SESSION_COOKIE_AGE // 3600,
        "demo_accounts": city.ACCOUNTS if settings.DEMO else (),
        "demo_password": city.PASSWORD if settings.DEMO else "",
    }
    return render(request, "web/account/login.html", context, status=refusal.status if refusal else 200)


@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    """The second half of a sign-in: the code of the app, within five minutes of the password."""
    waiting = request.session.get("signing_in")
    if not waiting or datetime.fromisoformat(waiting["until"]) < clock.now():
        return redirect("web:login")
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            account = accounts.sign_in_with_code(waiting["account"], request.POST.get("code", ""))
        except Refusal as fault:
            refusal = fault
        else:
            del request.session["signing_in"]
            return _begun(request, account, waiting["next"], factor=True)
    return render(request, "web/account/code.html", {"refusal": refusal}, status=refusal.status if refusal else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("web:login")


@login_not_required
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Switch the language, and keep it with the account."""
    wanted = request.POST.get("language", "")
    if wanted not in dict(settings.LANGUAGES):
        wanted = settings.LANGUAGE_CODE
    if request.user.is_authenticated:
        accounts.set_language(request.actor, wanted)  # type: ignore[attr-defined]
    return _with_language(redirect(_safe(request, request.POST.get("next", ""))), wanted)


@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """My posts, my session, and, for a resident, everybody who looked at their data and why."""
    by: access.Actor = request.actor  # type: ignore[attr-defined]
    roles = access.roles()
    areas = registry.full_area_names(grant.area for grant in by.grants)
    bodies = registry.organisation_names(grant.organisation_id for grant in by.grants if grant.organisation_id)
    posts = [
        (said(roles[grant.role]), areas[grant.area], bodies.get(grant.organisation_id or 0, ""))
        for grant in by.grants
        if grant.role in roles and grant.role != "resident"  # being oneself is no post
    ]
    card, looks = None, None
    if by.person_id is not None:
        card = registry.cards([by.person_id]).get(by.person_id)
        looks = registry.access_history(by, card.code) if card else None
    return render(
        request, "web/account/me.html", {"posts_held": posts, "card": card, "looks": looks, "factor": _factor(by)}
    )


def _factor(by: access.Actor) -> factors.Held | None:
    return factors.held(by.account_id) if by.account_id is not None else None


@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's own password."""
    refusal: Refusal | None = None
    if request.method == "POST":
        old, new, again = (request.POST.get(name, "") for name in ("old", "new", "again"))
        try:
            if new != again:
                raise Invalid(_("The two new passwords differ."), remedy=_("Type the new one twice."), field="again")
            accounts.change_password(request.actor, old, new)  # type: ignore[attr-defined]
        except Refusal as fault:
            refusal = fault
        else:
            account: Any = request.user
            account.refresh_from_db()
            update_session_auth_hash(request, account)
            messages.success(request, _("Your password was changed."))
            return redirect("web:me")
    return render(request, "web/account/password.html", {"refusal": refusal}, status=refusal.status if refusal else 200)


def _begun(request: HttpRequest, account: Any, onward: str, *, factor: bool = False) -> HttpResponse:
    """A session of one shift, and on to the page that was wanted, or else to what this account needs most."""
    login(request, account)
    if onward == HOME:
        onward = reverse(beginning(access.actor_for(account, "web")).view)
    ends = clock.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE)
    request.session["ends_at"] = ends.isoformat()
    request.session["second_factor"] = factor
    return _with_language(redirect(onward), account.language)


def _safe(request: HttpRequest, address: str) -> str:
    """An address of this site; `HOME` for any other."""
    hosts = {request.get_host()}
    if address and url_has_allowed_host_and_scheme(address, allowed_hosts=hosts, require_https=request.is_secure()):
        return address
    return HOME


def _with_language(answer: HttpResponseRedirect, wanted: str) -> HttpResponse:
    translation.activate(wanted)
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 3600,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    return answer
