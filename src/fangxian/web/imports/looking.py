"""The third step: what would come of it. Faults stand with file, row and column, and are put right in place or sent back."""

from typing import Any

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.standards.linelist import Rejection
from fangxian.standards.tables import Cell
from fangxian.tracing import actions, queries
from fangxian.tracing.importing import REJECTION_COLUMNS, rejection_cells
from fangxian.tracing.queries.importing import SHOWN
from fangxian.web.imports.files import sent

SEVERITIES = {
    "dropped_row": (gettext_lazy("row left out"), "late", "missed"),
    "dropped_value": (gettext_lazy("value left out"), "soon", "late"),
    "warning": (gettext_lazy("to be checked"), "calm", "info"),
}
#: Faults of a file that goes back to whoever sent the list.
_MOST = 100_000


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    """What would come of the list, fault by fault; POST puts values right and looks again."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    row = queries.import_of(by, code)
    if row.job is not None:
        return redirect("web:import", row.code)
    if request.method == "POST":
        values = dict(_typed(request.POST))
        if values:
            actions.correct_import(by, code, values)
            messages.success(request, _("Put right: %(n)s. The file itself is as it was.") % {"n": len(values)})
        return redirect("web:import_look", row.code)
    found = queries.preview(by, code)
    columns = {table.file: {column.name for column in table.columns} for table in queries.columns(by, code)}
    language = get_language() or "zh"
    context = {
        "row": row,
        "found": found,
        "mistakes": [one.text.in_(language) for one in found.mistakes],
        "faults": [_fault(place, one, columns, language) for place, one in enumerate(found.faults)],
        "severities": [
            (*SEVERITIES[key][:2], SEVERITIES[key][2], number) for key, number in sorted(found.severities.items())
        ],
        "corrected": sum(len(cells) for rows in queries.corrections(by, code).values() for cells in rows.values()),
        "fits": sum(found.rows.values()),
    }
    return render(request, "web/imports/look.html", context)


@require_GET
def faults(request: HttpRequest, code: str) -> FileResponse:
    """The faulty rows with what is wrong and what to do, as a table for whoever sent the list."""
    found = queries.preview(request.actor, code, most=_MOST, shown=_MOST)  # type: ignore[attr-defined]
    rows: list[tuple[Cell, ...]] = [rejection_cells(one) for one in found.faults]
    return sent(f"{code}-faults.csv", REJECTION_COLUMNS, rows)


@require_POST
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Hand it to the worker."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.preview(by, code)
    if found.mistakes:
        raise Invalid(str(found.mistakes[0].text.in_(get_language() or "zh")), field="recipe")
    row = actions.start_import(by, code, found.total)
    return redirect("web:import", row.code)


def _fault(place: int, one: Rejection, columns: dict[str, set[str]], language: str) -> dict[str, Any]:
    words, tone, picture = SEVERITIES[one.severity]
    return {
        "place": place,
        "file": one.file,
        "row": one.row,
        "column": one.column,
        "value": one.value,
        "reason": one.reason.in_(language),
        "remedy": one.remedy.in_(language),
        "words": words,
        "tone": tone,
        "picture": picture,
        "may_fix": one.code != "row_fault" and one.column in columns.get(one.file, ()),
    }


def _typed(given: Any) -> Any:
    """What was typed, where it differs from what stood there."""
    for place in range(SHOWN):
        value = given.get(f"value{place}")
        if value is None or value == given.get(f"was{place}", ""):
            continue
        row = given.get(f"row{place}", "")
        if row.isdecimal():
            yield (given.get(f"file{place}", ""), int(row), given.get(f"column{place}", "")), value
