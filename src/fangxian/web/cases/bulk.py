"""The same change to many cases: first what would change, line by line, then, with a reason, the change itself.

Of all that a filter finds, however many, the first lines are shown and the rest is counted; the change is a job then.
"""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from fangxian.cases import actions, queries
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.web.cases.forms import BulkForm
from fangxian.web.cases.listing import arranged, filter_form
from fangxian.web.parts import number_of

#: Cases in one go: as many as a person can still look through.
MOST = 500
#: Of all that a filter finds, so many are shown beforehand, and so many are counted.
SHOWN, ALL = 50, 100_000


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """What would change, for a person to look at; with `confirmed` it is done, and the lines that refuse are told one by one."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    form = BulkForm(request.POST, auto_id="bulk_%s")
    codes = list(dict.fromkeys(request.POST.getlist("code")))
    if "all" in request.POST:
        return _all(request, by, form)
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
    versions = {
        code: given for code in codes if (given := number_of(request.POST.get(f"version-{code}", ""))) is not None
    }
    edited = actions.bulk_edit(by, codes, changes, reason, versions)
    refused = [one for one in edited if one.refusal]
    if done := len(edited) - len(refused):
        messages.success(request, ngettext("%(n)s case changed.", "%(n)s cases changed.", done) % {"n": done})
    for one in refused:
        messages.error(request, f"{one.code}: {one.refusal}")
    return redirect(f"{reverse('web:cases')}?{request.POST.get('query', '')}")


def _all(request: HttpRequest, by: Actor, form: BulkForm) -> HttpResponse:
    """The same for all that the list finds: a look at the first of them, then the job."""
    by.must("cases.edit")
    if not form.is_valid() or not form.changes():
        raise Invalid(
            _("Nothing was changed: no value was chosen."), remedy=_("Choose what to change; give a date as year, month, day.")
        )  # fmt: skip
    table = arranged(by, QueryDict(request.POST.get("query", "")))
    wanted = filter_form(by, table.given).filter()
    reason = form.cleaned_data["reason"].strip()
    if "confirmed" in request.POST and len(reason) >= 2:
        expected = request.POST.get("total", "")
        job = actions.start_edit_all(by, wanted, form.changes(), reason, number_of(expected))
        return redirect("web:job", job.code)
    first = queries.line_list(by, wanted, order=table.order, limit=SHOWN)  # type: ignore[arg-type]
    total = queries.total(by, wanted, most=ALL)
    codes = [row.code for row in first.rows]
    return _preview(request, by, form, codes, form.changes(), asked="confirmed" in request.POST, total=total)


def _preview(
    request: HttpRequest,
    by: Actor,
    form: BulkForm,
    codes: list[str],
    changes: dict[str, Any],
    *,
    asked: bool,
    total: int = 0,
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
        "total": total,
        "unseen": max(0, total - len(codes)),
    }
    return render(request, "web/cases/bulk.html", context, status=422 if asked else 200)
