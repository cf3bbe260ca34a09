"""The line list (个案一览表): filtered, in columns and an order of one's own, page by page, exported as it is seen."""

from pathlib import Path
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from fangxian.cases import actions, queries
from fangxian.cases.schemas import CasePage
from fangxian.core.access import Actor
from fangxian.core.errors import Refusal
from fangxian.registry import queries as registry
from fangxian.web.cases.columns import COLUMNS, USUAL
from fangxian.web.cases.forms import BulkForm, FilterForm
from fangxian.web.lists.saved import ViewForm
from fangxian.web.lists.tables import COUNTED, Table, arrange
from fangxian.web.lists.taking import purposes, taken
from fangxian.web.parts import actor_of, fragment

#: Lines at once; the next ones come when the last is scrolled to.
PAGE = 50


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The cases that the reader may see, as they have arranged them; newest report first, where they have not."""
    by = actor_of(request)
    by.must("cases.view")
    table = arranged(by, request.GET)
    form = filter_form(by, table.given)
    refusal: Refusal | None = None
    page = CasePage(())
    try:
        page = queries.line_list(
            by, form.filter(), order=table.order, cursor=request.GET.get("cursor", ""), limit=PAGE  # type: ignore[arg-type]
        )  # fmt: skip
    except Refusal as fault:
        refusal = fault
    may_edit = by.may("cases.edit")
    context: dict[str, Any] = {
        "table": table,
        "rows": page.rows,
        "lines": table.lines(page.rows),
        "cursor": page.cursor,
        "tick": "code" if may_edit else "",
    }
    if fragment(request, "more"):
        return render(request, "web/lists/lines.html", context)
    total = None if refusal else queries.total(by, form.filter(), most=COUNTED)
    context |= {
        "form": form,
        "bulk": BulkForm(auto_id="bulk_%s"),
        "refusal": refusal,
        "total": total,
        "more_than_counted": total is not None and total > COUNTED,
        "counted": COUNTED,
        "may_edit": may_edit,
        "may_export": by.may("exports.make"),
        "purposes": purposes(),
        "may_import": by.may("imports.make"),
        "may_report": by.may("cases.report"),
        "view_form": ViewForm(by, table),
    }
    return render(request, "web/cases/index.html", context, status=refusal.status if refusal else 200)


@require_POST
def export(request: HttpRequest) -> FileResponse:
    """The whole list as it is seen, as a file. That it was taken, by whom and what for, is on record; so it is asked for, not linked."""
    by = actor_of(request)
    table = arranged(by, QueryDict(request.POST.get("query", "")))
    wanted = filter_form(by, table.given).filter()

    def write(by: Actor, path: Path) -> int:
        return actions.export(by, wanted, path, order=table.order, sheet=table.sheet)  # type: ignore[arg-type]

    return taken(request, by, table, _("line-list"), write)


def filter_form(by: Actor, given: QueryDict) -> FilterForm:
    """What the list is narrowed by, as a form that has been read."""
    outbreaks = queries.outbreaks(by)
    own = by.areas("cases.view")
    areas = registry.children(own[0]) if len(own) == 1 else [registry.area(code) for code in own if code]
    form = FilterForm(outbreaks, areas, given)
    form.is_valid()
    return form


def arranged(by: Actor, asked: QueryDict) -> Table:
    """The line list as an address asks for it."""
    return arrange(by, "cases", asked, COLUMNS, USUAL, "-reported")
