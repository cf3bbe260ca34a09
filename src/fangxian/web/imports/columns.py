"""The second step: what each column is. It is kept as the recipe that the command line reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.registry import queries as registry
from fangxian.standards.linelist.mapping import Choice, ColumnOf, TableOf
from fangxian.standards.linelist.naming import KINDS, NAMES
from fangxian.standards.linelist.values import SYNONYMS
from fangxian.tracing import actions, queries
from fangxian.web import saying

WHY = {
    "name": gettext_lazy("it is called so"),
    "similar": gettext_lazy("it is called much like it"),
    "values": gettext_lazy("its values look like it"),
}
CONTACTS_ARE = {
    "contacts": gettext_lazy("people who were exposed to a case"),
    "infections": gettext_lazy("who infected whom"),
    "links": gettext_lazy("cases that are linked, direction unknown"),
}
DATES = {
    "dmy": gettext_lazy("day/month/year"),
    "mdy": gettext_lazy("month/day/year"),
    "ymd": gettext_lazy("year-month-day"),
}
_WORDS = {
    "sex": saying.SEX, "outcome": saying.OUTCOME, "classification": saying.CLASSES, "severity": saying.SEVERITY,
    "origin": saying.ORIGIN,
}  # fmt: skip
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Asked:
    """A table as the page asks about it: each control with the name under which it is sent."""

    key: str
    table: TableOf
    columns: list[tuple[str, ColumnOf, str, str]]
    fields: list[tuple[str, str]]
    words: list[tuple[str, str, str, list[tuple[str, str]]]]
    constants: list[tuple[str, str, str, list[tuple[str, str]]]]
    written: list[str]
    lacking: list[str]


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The columns of each file with what they are taken for, and why; POST keeps what was chosen and goes on."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    row = queries.import_of(by, code)
    if row.job is not None:
        return redirect("web:import", row.code)
    tables = queries.columns(by, code)
    if request.method == "POST":
        choices = {table.file: _choice(request.POST, f"t{place}", table) for place, table in enumerate(tables)}
        actions.choose_columns(by, code, choices)
        return redirect("web:import_columns" if "again" in request.POST else "web:import_look", row.code)
    context = {
        "row": row,
        "tables": [_asked(by, row, f"t{place}", table) for place, table in enumerate(tables)],
        "kinds": [(key, KINDS[key].in_(_language())) for key in ("cases", "contacts", "stops", "trips")],
        "contacts_are": CONTACTS_ARE.items(),
        "dates": DATES.items(),
    }
    return render(request, "web/imports/columns.html", context)


@require_GET
def recipe(request: HttpRequest, code: str) -> HttpResponse:
    """The recipe as the file that `fangxian import` reads."""
    row = queries.import_of(request.actor, code)  # type: ignore[attr-defined]
    answer = HttpResponse(row.recipe, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{row.code}.yaml"'
    return answer


@require_POST
def replace(request: HttpRequest, code: str) -> HttpResponse:
    """Take a recipe in place of the one that there is: as a file, or as text."""
    given = request.FILES.get("file")
    if given is not None and (given.size or 0) > 1 << 20:
        raise Invalid(_("This is too long for a recipe."), remedy=_("Give the YAML file itself."), field="file")
    try:
        text = given.read().decode("utf-8-sig") if given is not None else request.POST.get("text", "")
    except UnicodeDecodeError:
        raise Invalid(
            _("This is not text in UTF-8."), remedy=_("Give the YAML file of a recipe."), field="file"
        ) from None
    row = actions.set_recipe(request.actor, code, text)  # type: ignore[attr-defined]
    return redirect("web:import_columns", row.code)


def _asked(by: Actor, row: Any, key: str, table: TableOf) -> Asked:
    grounds: Mapping[str, Any] = row.grounds.get(table.file, {})
    columns = []
    for place, column in enumerate(table.columns):
        found = grounds.get(column.field) if column.field else None
        sure = found if found and found["column"] == column.name else None
        said = f"{WHY[sure['why']]} · {round(100 * sure['sure'])}%" if sure else ""
        columns.append(
            (f"{key}c{place}", column, said, "sure" if sure and sure["sure"] >= 0.9 else "unsure" if sure else "")
        )
    words = [
        (f"{key}w{table.fields.index(name)}.{place}", _named(name), word, _terms(name))
        for name, found in table.questions.items() for place, word in enumerate(found)
    ]  # fmt: skip
    given = {column.field for column in table.columns} | set(table.written)
    constants = []
    if table.rows == "cases" and "classification" not in given:
        classes = [(one, str(saying.CLASSES[one])) for one in ("confirmed", "probable", "suspected", "asymptomatic")]
        constants.append(
            (f"{key}kclassification", _named("classification"), table.constants.get("classification", ""), classes)
        )
    if "area" not in given:
        constants.append((f"{key}karea", _("Place"), table.constants.get("area", ""), _areas(by)))
    return Asked(
        key, table, columns, [(name, _named(name)) for name in table.fields], words, constants,
        [_named(name) for name in table.written], [_named(name) for name in table.lacking],
    )  # fmt: skip


def _choice(given: Any, key: str, table: TableOf) -> Choice:
    rows = given.get(f"{key}rows", table.rows)
    words: dict[str, dict[str, str]] = {}
    for name, found in table.questions.items():
        for place, word in enumerate(found):
            if term := given.get(f"{key}w{table.fields.index(name)}.{place}", ""):
                words.setdefault(name, {})[word] = term
    order = given.get(f"{key}dates", "")
    return Choice(
        rows=rows if rows in KINDS else table.rows,
        contacts_are=(are if (are := given.get(f"{key}are", "")) in CONTACTS_ARE else table.contacts_are),
        columns={
            column.name: given.get(f"{key}c{place}", column.field) for place, column in enumerate(table.columns)
        },
        words=words,
        constants={name: given.get(f"{key}k{name}", table.constants.get(name, "")) for name in ("classification", "area")},
        dates=(order, "excel") if order in DATES else table.dates,
    )  # fmt: skip


def _terms(name: str) -> list[tuple[str, str]]:
    """Our terms of a closed field, and that the word says nothing."""
    terms = dict.fromkeys(SYNONYMS[name].values())
    return [(term, str(_WORDS[name].get(term, term))) for term in terms] + [(NOTHING, _("not known"))]


def _areas(by: Actor) -> list[tuple[str, str]]:
    own = [code for code in by.areas("cases.report") if code]
    found = [registry.area(code) for code in own]
    if len(own) == 1:
        found += registry.children(own[0])
    return [(one.code, f"{one.name} {one.code}") for one in found]


def _named(name: str) -> str:
    return NAMES[name].in_(_language()) if name in NAMES else name


def _language() -> str:
    return get_language() or "zh"
