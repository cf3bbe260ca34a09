"""The line list (个案一览表): filtered, page by page, edited in bulk, exported as it is seen."""

import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from fangxian.cases import actions, queries
from fangxian.cases.schemas import CasePage
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries as registry
from fangxian.web.cases.forms import BulkForm, FilterForm
from fangxian.web.parts import fragment

#: Lines at once; the next ones come when the last is scrolled to.
PAGE = 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The cases that the reader may see, newest report first."""
    by = _actor(request)
    by.must("cases.view")
    form = _form(by, request.GET)
    refusal: Refusal | None = None
    page = CasePage(())
    try:
        page = queries.line_list(by, form.filter(), cursor=request.GET.get("cursor", ""), limit=PAGE)
    except Refusal as fault:
        refusal = fault
    context: dict[str, Any] = {
        "rows": page.rows,
        "cursor": page.cursor,
        "query": _without_cursor(request.GET),
        "may_edit": by.may("cases.edit"),
    }
    if fragment(request, "more"):
        return render(request, "web/cases/lines.html", context)
    narrowed = bool(_without_cursor(request.GET))
    context |= {
        "form": form,
        "bulk": BulkForm(),
        "refusal": refusal,
        "narrowed": narrowed,
        "total": None if refusal else queries.total(by, form.filter()),
        "may_export": by.may("exports.make"),
        "may_report": by.may("cases.report"),
    }
    return render(request, "web/cases/index.html", context, status=refusal.status if refusal else 200)


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """The same change to every line that was ticked; the lines that refuse are told one by one."""
    by = _actor(request)
    form = BulkForm(request.POST)
    codes = request.POST.getlist("code")
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Give the date as year, month, day."), field="outcome_on")
    changes = {name: value for name, value in form.cleaned_data.items() if value not in ("", None)}
    if not codes or not changes:
        raise Invalid(
            _("Nothing was changed: no line was ticked, or no value chosen."),
            remedy=_("Tick the lines, choose what to change, then save."),
        )
    edited = actions.bulk_edit(by, codes, changes)
    refused = [one for one in edited if one.refusal]
    done = len(edited) - len(refused)
    if done:
        messages.success(request, ngettext("%(n)s case changed.", "%(n)s cases changed.", done) % {"n": done})
    for one in refused:
        messages.error(request, f"{one.code}: {one.refusal}")
    return redirect(f"{reverse('web:cases')}?{request.POST.get('query', '')}")


@require_POST
def export(request: HttpRequest) -> FileResponse:
    """The whole filtered list as a file. That it was taken, and by whom, is on record; so it is asked for, not linked."""
    by = _actor(request)
    kind = "xlsx" if request.POST.get("kind") == "xlsx" else "csv"
    form = _form(by, QueryDict(request.POST.get("query", "")))
    name = f"fangxian-{_('line-list')}-{clock.today():%Y%m%d}.{kind}"
    with tempfile.TemporaryDirectory(prefix="fangxian-export-") as folder:
        path = Path(folder) / name
        actions.export(by, form.filter(), path)
        return FileResponse(path.open("rb"), as_attachment=True, filename=name)


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


def _form(by: Actor, given: QueryDict) -> FilterForm:
    outbreaks = queries.outbreaks(by)
    own = by.areas("cases.view")
    areas = registry.children(own[0]) if len(own) == 1 else [registry.area(code) for code in own if code]
    form = FilterForm(outbreaks, areas, given)
    form.is_valid()
    return form


def _without_cursor(given: QueryDict) -> str:
    kept = given.copy()
    for name in ("cursor", "part"):
        kept.pop(name, None)
    for name in [name for name, values in kept.lists() if not any(values)]:
        kept.pop(name)
    return kept.urlencode()
