"""Accounts: entered with a password that is shown once, given roles and rid of them, closed."""

import secrets
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.core import accounts, factors, ids
from fangxian.core.access import Actor, Grant, roles
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries
from fangxian.web.parts import actor_of, number_of
from fangxian.web.saying import said

PAGE = 100


class GrantForm(forms.Form):
    """A role, where, and for which organisation if it is bound to one."""

    role = forms.ChoiceField(label=gettext_lazy("Role"))
    area = forms.CharField(label=gettext_lazy("Code of the jurisdiction"), required=False, max_length=18)
    organisation = forms.TypedChoiceField(
        label=gettext_lazy("Organisation (for roles that are bound to one)"),
        required=False,
        coerce=int,
        empty_value=None,
    )

    def __init__(self, area: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"area": area}, **kwargs})
        self.fields["role"].choices = [(key, said(role)) for key, role in roles().items()]  # type: ignore[attr-defined]
        bodies = queries.organisations(area)[:500]
        self.fields["organisation"].choices = [("", "–"), *((one.pk, said(one)) for one in bodies)]  # type: ignore[attr-defined]

    def grant(self) -> Grant:
        """What was chosen; an organisation counts only for a role that is bound to one."""
        given = self.cleaned_data
        bound = roles()[given["role"]].scope == "organisation"
        return Grant(given["role"], given["area"], given["organisation"] if bound else None)


class AccountForm(GrantForm):
    """Who is to sign in, with a first role."""

    login = forms.CharField(label=gettext_lazy("Login"), max_length=60)
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    phone = forms.CharField(label=gettext_lazy("Telephone"), required=False, max_length=30)
    field_order = ["login", "name", "phone", "role", "area", "organisation"]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The accounts of the reader's jurisdictions; POST enters one and shows its password this once."""
    by = actor_of(request)
    by.must("accounts.grant")
    area = next(iter(by.areas("accounts.grant")), "")
    form = AccountForm(area, request.POST or None)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _must_hold(form)
            given = form.cleaned_data
            password = _password()
            made = accounts.create_account(
                by, given["login"], given["name"], phone=given["phone"], grants=[form.grant()], password=password
            )
            return _shown(request, made, password)
        except Refusal as fault:
            refusal = fault
    text = request.GET.get("text", "")
    rows = accounts.accounts(by, text=text, after=request.GET.get("after", ""), limit=PAGE)
    context = {
        "form": form, "refusal": refusal, "rows": rows, "text": text,
        "after": rows[-1].login if len(rows) == PAGE else "",
    }  # fmt: skip
    return render(request, "web/registrar/accounts.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, account: int) -> HttpResponse:
    """One account with its roles: given, taken away, a new password, closed."""
    by = actor_of(request)
    row = accounts.account(by, account)
    area = next(iter(by.areas("accounts.grant")), "")
    what = request.POST.get("do", "")
    form = GrantForm(area, request.POST if what == "grant" else None)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if what == "password":
                password = _password()
                accounts.set_password(by, account, password)
                return _shown(request, row, password)
            _do(by, account, what, request, form)
            return redirect("web:account", account)
        except Refusal as fault:
            refusal = fault
    grants = accounts.grants_of(account)
    names = queries.organisation_names({one.organisation_id for one in grants if one.organisation_id})
    context = {
        "row": row,
        "form": form,
        "refusal": refusal,
        "mine": row.pk == by.account_id,
        "factor": factors.held(row.pk),
        "grants": [
            (one, said(roles()[one.role]), names.get(one.organisation_id or 0, ""))
            for one in grants
            if one.role in roles()
        ],
        "places": queries.short_area_names({one.area for one in grants if one.area}),
    }
    return render(request, "web/registrar/account.html", context, status=refusal.status if refusal else 200)


def _do(by: Actor, account: int, what: str, request: HttpRequest, form: GrantForm) -> None:
    reason = request.POST.get("reason", "").strip()
    if what == "grant":
        _must_hold(form)
        wanted = form.grant()
        accounts.grant(by, account, wanted.role, wanted.area, organisation_id=wanted.organisation_id)
        messages.success(request, _("The role is given from now on."))
    elif what == "factor":
        accounts.forget_factor(by, account, reason)
        messages.success(request, _("The second factor is removed."))
    elif what in ("revoke", "close"):
        if len(reason) < 2:
            raise Invalid(_("A reason is needed."), remedy=_("Write one sentence; it stays on record."), field="reason")
        if what == "close":
            accounts.deactivate(by, account, reason)
            messages.success(request, _("The account is closed."))
            return
        number = request.POST.get("grant", "")
        accounts.revoke(by, number_of(number) or 0, reason)
        messages.success(request, _("The role is taken away from now on."))
    else:
        raise Invalid(_("Nothing was changed."), remedy=_("Choose what to do with the account."))


def _must_hold(form: forms.Form) -> None:
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))


def _password() -> str:
    """Something to be read out once: four groups of letters that cannot be taken for each other."""
    return "-".join("".join(secrets.choice(ids.ALPHABET) for _letter in range(4)) for _group in range(4))


def _shown(request: HttpRequest, row: Any, password: str) -> HttpResponse:
    answer = render(request, "web/registrar/password.html", {"row": row, "password": password})
    answer["Cache-Control"] = "no-store"
    return answer
