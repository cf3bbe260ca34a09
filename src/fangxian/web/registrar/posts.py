"""Posts (责任到人): who holds which in a jurisdiction, appointed, ended, handed over."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.core import accounts
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.registry import actions, queries, vocabulary
from fangxian.web.parts import actor_of, number_of
from fangxian.web.saying import said

PAGE = 100


class PostForm(forms.Form):
    """Who is to hold which post, where, for whom."""

    role = forms.ChoiceField(label=gettext_lazy("Post"))
    area = forms.CharField(label=gettext_lazy("Code of the jurisdiction"), max_length=18)
    organisation = forms.TypedChoiceField(label=gettext_lazy("For which organisation"), coerce=int)
    account = forms.TypedChoiceField(label=gettext_lazy("Account"), required=False, coerce=int, empty_value=None)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        required=False,
        max_length=80,
        help_text=gettext_lazy("Where there is no account yet."),
    )
    phone = forms.CharField(label=gettext_lazy("Telephone"), required=False, max_length=30)

    def __init__(self, by: Actor, area: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(key, term.name) for key, term in vocabulary.post_names().items()]  # type: ignore[attr-defined]
        bodies = queries.organisations(area)[:500]
        self.fields["organisation"].choices = [(one.pk, said(one)) for one in bodies]  # type: ignore[attr-defined]
        self.fields["account"].choices = [("", "–"), *holders(by)]  # type: ignore[attr-defined]


def holders(by: Actor) -> list[tuple[int, str]]:
    """Accounts to choose from, for whoever may know of them."""
    found = accounts.accounts(by, limit=500) if by.may("accounts.grant") else []
    return [(one.pk, f"{one.name} ({one.login})") for one in found if one.is_active]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The posts of the reader's jurisdictions and those that are vacant; POST appoints."""
    by = actor_of(request)
    by.must("registry.appoint")
    area = next(iter(by.areas("registry.appoint")), "")
    form = PostForm(by, area, request.POST or None, initial={"area": area})
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            given = form.cleaned_data
            made = actions.appoint(
                by, given["role"], given["area"], given["organisation"], account_id=given["account"],
                name=given["name"], phone=given["phone"],
            )  # fmt: skip
            messages.success(request, _("%(name)s holds the post from now on.") % {"name": made.name})
            return redirect("web:posts")
        except Refusal as fault:
            refusal = fault
    after = request.GET.get("after", "")
    rows = queries.appointments(by, area, after=number_of(after) or 0, limit=PAGE)
    context = {
        "form": form,
        "refusal": refusal,
        "rows": [(row, vocabulary.post_names()[row.role].name) for row in rows if row.role in vocabulary.post_names()],
        "places": queries.short_area_names({row.area for row in rows}),
        "after": rows[-1].pk if len(rows) == PAGE else "",
        "vacant": queries.vacant_posts(by, area, limit=50),
    }
    return render(request, "web/registrar/posts.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, appointment: int) -> HttpResponse:
    """A post held by somebody: ended, or handed over without a gap."""
    by = actor_of(request)
    by.must("registry.appoint")
    row = next(iter(queries.appointments(by, after=appointment - 1, limit=1)), None)
    if row is None or row.pk != appointment:
        raise NotFound(_("There is no such appointment."))
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            reason = request.POST.get("reason", "")
            if request.POST.get("do") == "end":
                actions.end_appointment(by, appointment, reason)
                messages.success(request, _("The post has ended; what was open goes to whoever answers next."))
            else:
                to = request.POST.get("account", "")
                made = actions.hand_over_post(
                    by, appointment, account_id=number_of(to), name=request.POST.get("name", ""),
                    phone=request.POST.get("phone", ""), reason=reason,
                )  # fmt: skip
                messages.success(request, _("%(name)s holds the post from now on.") % {"name": made.name})
            return redirect("web:posts")
        except Refusal as fault:
            refusal = fault
    names = vocabulary.post_names()
    context = {
        "row": row,
        "role": names[row.role].name if row.role in names else row.role,
        "place": queries.short_area_names({row.area}).get(row.area, row.area),
        "holders": [one for one in holders(by) if one[0] != row.account_id],
        "refusal": refusal,
        "given": request.POST,
    }
    return render(request, "web/registrar/post.html", context, status=refusal.status if refusal else 200)
