"""The table of the four clear (四清): number, person, place and control of every contact."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET, require_POST

from fangxian.cases.queries import OutbreakName
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.protocols.vocabulary import facts
from fangxian.tracing import actions, queries
from fangxian.tracing.schemas import ContactFilter
from fangxian.web.cases.forms import ANY
from fangxian.web.contacts.columns import COLUMNS, USUAL
from fangxian.web.lists.saved import ViewForm
from fangxian.web.lists.tables import Table, arrange
from fangxian.web.lists.taking import purposes, taken
from fangxian.web.parts import Cursor, actor_of, fragment
from fangxian.web.saying import CONTACT_STATES, HELD, said

PAGE = 50
LACKING = {
    "any": gettext_lazy("anything"),
    "person": gettext_lazy("who it is"),
    "place": gettext_lazy("where the person is"),
    "control": gettext_lazy("control"),
}


class ContactFilterForm(forms.Form):
    """What the table is narrowed by."""

    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"), required=False)
    state = forms.ChoiceField(label=gettext_lazy("State"), required=False, choices=[ANY, *CONTACT_STATES.items()])
    category = forms.ChoiceField(label=gettext_lazy("Category"), required=False)
    lacking = forms.ChoiceField(label=gettext_lazy("Not clear yet"), required=False, choices=[ANY, *LACKING.items()])
    held = forms.ChoiceField(label=gettext_lazy("Held"), required=False, choices=[ANY, *HELD.items()])
    late = forms.BooleanField(label=gettext_lazy("Something is late"), required=False)
    suspected = forms.BooleanField(label=gettext_lazy("May be a case"), required=False)

    def __init__(self, outbreaks: Sequence[OutbreakName], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.outbreaks = outbreaks
        self.fields["outbreak"].choices = [(one.code, one.name) for one in outbreaks]  # type: ignore[attr-defined]
        kinds = [(key, said(text)) for key, text in facts()["category"].values.items()]
        self.fields["category"].choices = [ANY, *kinds]  # type: ignore[attr-defined]

    @property
    def selects(self) -> list[forms.BoundField]:
        """The fields but for the ticks."""
        return [self[name] for name in self.fields if name not in ("late", "suspected")]

    @property
    def shown(self) -> OutbreakName:
        """The outbreak asked for: the newest, where that is not there to be seen. Raises NotFound where there is none at all."""
        wanted = self.cleaned_data.get("outbreak")
        found = next((one for one in self.outbreaks if one.code == wanted), None) or next(iter(self.outbreaks), None)
        if found is None:
            raise NotFound(_("There is no such outbreak."))
        return found

    def filter(self) -> ContactFilter:
        """The filter; a field that does not hold does not narrow."""
        given = {name: value for name, value in self.cleaned_data.items() if value and name != "outbreak"}
        return ContactFilter(**given)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Counts of the four clear over the selection, and the contacts in it as the reader has arranged them."""
    by = actor_of(request)
    by.must("contacts.view")
    outbreaks = queries.watched_outbreaks(by)
    if not outbreaks:
        return render(request, "web/contacts/index.html", {"form": None})
    table = _table(by, request.GET)
    form = _form(outbreaks, table)
    after = Cursor.read(request.GET.get("cursor", ""))
    key = (after[0], after[1]) if after and after[0] else None
    going_on = fragment(request, "more")
    found = queries.four_clear(
        by, form.shown, wanted=form.filter(), order=table.order,  # type: ignore[arg-type]
        after=key, limit=PAGE, watched_only=True, counted=not going_on,
    )  # fmt: skip
    context: dict[str, Any] = {
        "table": table,
        "rows": found.rows,
        "lines": table.lines(found.rows),
        "cursor": Cursor.write(*found.after) if found.after else "",
    }
    if going_on:
        return render(request, "web/lists/lines.html", context)
    clear = found.clear
    context |= {
        "form": form,
        "narrowed": any(form.cleaned_data.get(name) for name in form.fields if name != "outbreak"),
        "numbers": [
            (pgettext("four clear", "Number"), clear.number, clear.number, _("contacts under watch")),
            (pgettext("four clear", "Person"), clear.person, clear.number, _("who it is, is certain")),
            (pgettext("four clear", "Place"), clear.place, clear.number, _("where they are, is certain")),
            (pgettext("four clear", "Control"), clear.control, clear.number, _("held")),
            (_("All four"), clear.all, clear.number, _("clear in every respect")),
        ],
        "may_export": by.may("exports.make"),
        "purposes": purposes(),
        "view_form": ViewForm(by, table),
    }
    return render(request, "web/contacts/index.html", context)


@require_POST
def export(request: HttpRequest) -> FileResponse:
    """All contacts of the selection as they are seen, as a file; that it was taken, by whom and what for, is on record."""
    by = actor_of(request)
    by.must("contacts.view")
    table = _table(by, QueryDict(request.POST.get("query", "")))
    form = _form(queries.watched_outbreaks(by), table)

    def write(by: Actor, path: Path) -> int:
        order: Any = table.order
        return actions.export_contacts(by, form.shown.code, form.filter(), path, table.sheet, order=order)

    return taken(request, by, table, _("contacts-list"), write)


def _table(by: Actor, asked: QueryDict) -> Table:
    return arrange(by, "contacts", asked, COLUMNS, USUAL, "-identified")


def _form(outbreaks: Sequence[OutbreakName], table: Table) -> ContactFilterForm:
    given = table.given.copy()
    if outbreaks:
        given.setdefault("outbreak", outbreaks[0].code)
    form = ContactFilterForm(outbreaks, given)
    form.is_valid()
    return form
