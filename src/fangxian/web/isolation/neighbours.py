"""Notices to neighbours of home isolation (邻里告知): who is not told yet, issuing one, its page of A4, taking it back."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.containment.isolation import actions, queries, rights, words
from fangxian.containment.isolation.papers import NeighbourForm
from fangxian.core.errors import Invalid, Refusal
from fangxian.web.isolation.forms import choices
from fangxian.web.laboratory.labels import square
from fangxian.web.parts import actor_of, fragment, number_of
from fangxian.web.saying import chinese

PAGE = 40


class NoticeForm(forms.Form):
    """What the neighbours are told."""

    measures = forms.MultipleChoiceField(
        label=gettext_lazy("What is done in the building"), required=False, widget=forms.CheckboxSelectMultiple
    )
    phone = forms.CharField(
        label=gettext_lazy("Telephone for questions"), required=False, max_length=30,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["measures"].choices = choices(words.MEASURES)  # type: ignore[attr-defined]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Whose neighbours are told nothing yet, and the notices, the newest first."""
    by = actor_of(request)
    by.must(rights.VIEW)
    found = queries.neighbour_notices(by, after=number_of(request.GET.get("after", "")), limit=PAGE + 1)
    context: dict[str, Any] = {"notices": found[:PAGE], "after": found[PAGE - 1].id if len(found) > PAGE else ""}
    if fragment(request, "more"):
        return render(request, "web/isolation/neighbour_lines.html", context)
    waiting = queries.untold(by, after=number_of(request.GET.get("waiting", "")), limit=PAGE + 1)
    context |= {
        "rows": waiting[:PAGE], "later": waiting[PAGE - 1].id if len(waiting) > PAGE else "", "decides": by.may(rights.DECIDE),
    }  # fmt: skip
    return render(request, "web/isolation/neighbours.html", context)


@require_http_methods(["GET", "POST"])
def tell(request: HttpRequest, code: str) -> HttpResponse:
    """What a notice would say and for how wide a circle, and why; then it is issued."""
    by = actor_of(request)
    draft = queries.neighbour_draft(by, code)
    usual = {"measures": list(words.MEASURES), "phone": draft.phone}
    form = NoticeForm(request.POST) if request.method == "POST" else NoticeForm(initial=usual)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            given = NeighbourForm(measures=tuple(form.cleaned_data["measures"]), phone=form.cleaned_data["phone"])
            made = actions.tell_neighbours(by, code, given)
        except Refusal as fault:
            refusal = fault
            if fault.field in form.fields and fault.field not in form.errors:
                form.add_error(fault.field, str(fault))
        else:
            messages.success(request, _("Issued. Print it and put it up in the building."))
            return redirect("web:neighbour_notice", made.code)
    context = {"draft": draft, "form": form, "refusal": refusal}
    return render(request, "web/isolation/tell_neighbours.html", context, status=refusal.status if refusal else 200)


@require_GET
def notice(request: HttpRequest, code: str) -> HttpResponse:
    """The notice as it is put up, with the way to its public page."""
    view = queries.neighbour_notice(actor_of(request), code)
    spoken = "zh" if chinese() else "en"
    address = request.build_absolute_uri(reverse("web:public_neighbours", args=[spoken, view.code]))
    context = {"view": view, "measures": words.MEASURES, "address": address, "square": square(address)}
    return render(request, "web/isolation/neighbour_notice.html", context)


@require_POST
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take a notice back, for a reason."""
    actions.withdraw_notice(actor_of(request), code, request.POST.get("reason", ""))
    messages.success(request, _("Withdrawn. Take the paper down."))
    return redirect("web:neighbours")
