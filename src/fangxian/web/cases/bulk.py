"""The same change to many cases: first what would change, line by line, then, with a reason, the change itself."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fangxian.cases import actions
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.web.cases.forms import BulkForm

#: Cases in one go: as many as a person can still look through.
MOST = 500


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """What would change, for a person to look at; with `confirmed` it is done, and the lines that refuse are told one by one."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    form = BulkForm(request.POST)
    codes = list(dict.fromkeys(request.POST.getlist("code")))
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Give the date as year, month, day."), field="outcome_on")
    changes = form.changes()
    if not codes or not changes:
        raise Invalid(
            _("Nothing was changed: no line was ticked, or no value chosen."),
            remedy=_("Tick the lines, choose what to change, then go on."),
        )
    if len(codes) > MOST:
        raise Invalid(
            _("%(n)s lines are ticked, more than can be looked through.") % {"n": len(codes)},
            remedy=_("Tick at most %(n)s.") % {"n": MOST},
        )
    reason = form.cleaned_data["reason"].strip()
    if "confirmed" not in request.POST or len(reason) < 2:
        return _preview(request, by, form, codes, changes, asked="confirmed" in request.POST)
    versions = {code: int(given) for code in codes if (given := request.POST.get(f"version-{code}", "")).isdecimal()}
    edited = actions.bulk_edit(by, codes, changes, reason, versions)
    refused = [one for one in edited if one.refusal]
    if done := len(edited) - len(refused):
        messages.success(request, ngettext("%(n)s case changed.", "%(n)s cases changed.", done) % {"n": done})
    for one in refused:
        messages.error(request, f"{one.code}: {one.refusal}")
    return redirect(f"{reverse('web:cases')}?{request.POST.get('query', '')}")


def _preview(
    request: HttpRequest, by: Actor, form: BulkForm, codes: list[str], changes: dict[str, Any], *, asked: bool
) -> HttpResponse:
    planned = actions.preview_edit(by, codes, changes)
    context = {
        "query": request.POST.get("query", ""),
        "form": form,
        "changing": [one for one in planned if one.changes],
        "same": [one for one in planned if not one.changes and not one.refusal],
        "refused": [one for one in planned if one.refusal],
        "given": [(name, value) for name in changes if (value := form.data.get(name))],
        "reason_missing": asked,
    }
    return render(request, "web/cases/bulk.html", context, status=422 if asked else 200)
