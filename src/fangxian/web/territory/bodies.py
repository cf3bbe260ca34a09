"""Organisations (机构): who answers for duties, entered one by one or by the table, renamed, closed."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import actions, queries, vocabulary
from fangxian.web.parts import actor_of, number_of
from fangxian.web.territory.dropped import taken
from fangxian.web.territory.searching import narrowed

EDIT = "registry.organisations"
PAGE = 100
KINDS = [(key, term) for key, term in vocabulary.terms("organisation_kinds").items() if key != "headquarters"]


class BodyForm(forms.Form):
    """An organisation as it is entered."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    name_zh = forms.CharField(label=pgettext_lazy("of a thing", "Name"), min_length=2, max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), required=False, max_length=120)
    area = forms.CharField(label=gettext_lazy("Code of the jurisdiction"), max_length=18)
    phone = forms.CharField(label=gettext_lazy("Telephone"), required=False, max_length=30)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(key, term.name) for key, term in KINDS]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The organisations of a jurisdiction and below, by kind; POST enters one, or a table of them."""
    by = actor_of(request)
    by.must("registry.view")
    area, kind = narrowed(request, by), request.GET.get("kind", "")
    kind = kind if kind in dict(KINDS) else ""
    form = BodyForm(request.POST if request.POST.get("do") == "add" else None, initial={"area": area, "kind": kind})
    refusal: Refusal | None = None
    told: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "table":
                told = taken(request, lambda path: actions.import_organisations(by, path))
            else:
                if not form.is_valid():
                    raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
                given = form.cleaned_data
                made = actions.create_organisation(
                    by, given["kind"], given["name_zh"], given["area"], name_en=given["name_en"], phone=given["phone"]
                )
                messages.success(request, _("Entered."))
                return redirect("web:organisation", made.pk)
        except Refusal as fault:
            refusal = fault
    rows = queries.organisations(area, kind=kind, after=_after(request), limit=PAGE + 1)
    shown = [one for one in rows[:PAGE] if one.kind != "headquarters"]
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    context = {
        "rows": [(one, vocabulary.name("organisation_kinds", one.kind)) for one in shown],
        "places": queries.short_area_names({one.area for one in shown}),
        "area": area, "kind": kind, "kinds": [(key, term.name) for key, term in KINDS],
        "after": f"{last.kind}_{last.area}_{last.pk}" if last else "",
        "form": form if by.may(EDIT) else None, "refusal": refusal, **told,
    }  # fmt: skip
    return render(request, "web/territory/organisations.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, organisation: int) -> HttpResponse:
    """One organisation with the posts that are held for it: renamed, closed."""
    by = actor_of(request)
    by.must("registry.view")
    row = queries.organisation(organisation)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if request.POST.get("do") == "close":
                actions.deactivate_organisation(by, organisation)
                messages.success(request, _("Closed; what it did stays."))
            else:
                actions.rename_organisation(
                    by, organisation, request.POST.get("name_zh", ""), request.POST.get("name_en", "")
                )
                messages.success(request, _("Renamed."))
            return redirect("web:organisation", organisation)
        except Refusal as fault:
            refusal = fault
    context = {
        "row": row, "kind": vocabulary.name("organisation_kinds", row.kind), "refusal": refusal,
        "place": queries.short_area_names({row.area}).get(row.area, row.area),
        "posted": request.POST if refusal else {},
        "may_edit": by.may(EDIT, row.area) and row.kind != "headquarters" and row.is_active,
    }  # fmt: skip
    return render(request, "web/territory/organisation.html", context, status=refusal.status if refusal else 200)


def _after(request: HttpRequest) -> tuple[str, str, int] | None:
    kind, _mark, rest = request.GET.get("after", "").rpartition("_")[0].rpartition("_")
    number = number_of(request.GET.get("after", "").rpartition("_")[2])
    return (kind, rest, number) if kind and number is not None else None
