"""The first step: files dropped, and the imports of before."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.tracing import actions, queries
from fangxian.tracing.actions.importing import MOST_BYTES


class DropForm(forms.Form):
    """Into which outbreak."""

    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"))

    def __init__(self, outbreaks: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outbreak"].choices = [(one.code, one.name) for one in outbreaks]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """One's imports; POST takes files in and goes on to their columns."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("imports.make")
    form = DropForm(cases.outbreaks(by, open_only=True), request.POST or None)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Which outbreak does the list belong to?"), remedy=_("Choose one."), field="outbreak")
            files = [(one.name or "", one.chunks()) for one in request.FILES.getlist("files")]
            if not files:
                raise Invalid(_("There is no file yet."), remedy=_("Drop one, or choose one."), field="files")
            row = actions.begin_import(by, form.cleaned_data["outbreak"], files)
            return redirect("web:import_columns", row.code)
        except Refusal as fault:
            refusal = fault
    context = {
        "form": form,
        "rows": queries.imports(by),
        "refusal": refusal,
        "most": MOST_BYTES >> 20,
        "days": settings.IMPORTS_KEPT,
    }
    return render(request, "web/imports/index.html", context, status=refusal.status if refusal else 200)
