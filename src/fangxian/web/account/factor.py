"""One's own second factor: a QR code for the app, the recovery codes shown once, done without again."""

import io
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.core import accounts, factors
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.web.parts import actor_of


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """What there is, and the next step. Nothing of it is kept in a cache: a secret, or recovery codes, may stand on it."""
    by = actor_of(request)
    refusal: Refusal | None = None
    shown: dict[str, Any] = {}
    if request.method == "POST":
        try:
            answer = _do(request, by, request.POST.get("do", ""))
            if isinstance(answer, HttpResponse):
                return answer
            shown = answer
        except Refusal as fault:
            refusal = fault
    held = factors.held(by.account_id or 0)
    begun = None if held or request.method == "GET" else factors.begun(by)
    context = {
        "held": held,
        "begun": begun,
        "qr": _qr(begun.address) if begun else "",
        "required": factors.required(by.grants),
        "proven": bool(request.session.get("second_factor")),
        "refusal": refusal,
        **shown,
    }
    answer = render(request, "web/account/factor.html", context, status=refusal.status if refusal else 200)
    answer["Cache-Control"] = "no-store"
    return answer


def _do(request: HttpRequest, by: Actor, what: str) -> HttpResponse | dict[str, Any]:
    """One step: somewhere to go on to, or what is shown this once."""
    code, password = request.POST.get("code", ""), request.POST.get("password", "")
    if what == "begin":
        factors.begin(by, password)
        return {}
    if what in ("confirm", "renew"):
        told = factors.confirm(by, code) if what == "confirm" else factors.renew_recovery(by, password)
        request.session["second_factor"] = request.session.get("second_factor") or what == "confirm"
        return {"codes": told}
    if what == "prove":
        accounts.sign_in_with_code(by.account_id or 0, code)
        request.session["second_factor"] = True
        return redirect("web:home")
    if what == "remove":
        factors.remove(by, password)
        request.session["second_factor"] = False
        messages.success(request, _("The second factor is removed."))
        return redirect("web:second_factor")
    raise Invalid(_("Nothing was changed."), remedy=_("Choose what to do."))


def _qr(address: str) -> SafeString:
    """The address as an SVG without style, dark on light whatever the page's colours are: scanners need it so."""
    out = io.BytesIO()
    segno.make(address, error="m").save(
        out, kind="svg", scale=5, border=4, light="#fff", xmldecl=False, svgclass="qr", lineclass=None, omitsize=True,
        title=_("QR code for the app"),
    )  # fmt: skip
    return mark_safe(out.getvalue().decode())  # numbers and our own words
