"""The table of the four clear (四清): number, person, place and control of every contact."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_GET

from fangxian.core.access import Actor
from fangxian.protocols.vocabulary import facts
from fangxian.registry import queries as registry
from fangxian.tracing import queries
from fangxian.tracing.schemas import ContactFilter
from fangxian.web.cases.forms import ANY
from fangxian.web.parts import Cursor, fragment
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

    def __init__(self, outbreaks: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outbreak"].choices = [(one.code, one.name) for one in outbreaks]  # type: ignore[attr-defined]
        kinds = [(key, said(text)) for key, text in facts()["category"].values.items()]
        self.fields["category"].choices = [ANY, *kinds]  # type: ignore[attr-defined]

    @property
    def selects(self) -> list[forms.BoundField]:
        """The fields but for the ticks."""
        return [self[name] for name in self.fields if name not in ("late", "suspected")]

    def filter(self) -> ContactFilter:
        """The filter; a field that does not hold does not narrow."""
        given = {name: value for name, value in self.cleaned_data.items() if value and name != "outbreak"}
        return ContactFilter(**given)


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Counts of the four clear over the selection, and the contacts in it, the latest identified first."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("contacts.view")
    outbreaks = queries.watched_outbreaks(by)
    if not outbreaks:
        return render(request, "web/contacts/index.html", {"form": None})
    given = request.GET.copy()
    given.setdefault("outbreak", outbreaks[0].code)
    form = ContactFilterForm(outbreaks, given)
    form.is_valid()
    after = Cursor.read(request.GET.get("after", ""))
    key = (after[0], after[1]) if after and after[0] else None
    outbreak = form.cleaned_data.get("outbreak") or outbreaks[0].code
    going_on = fragment(request, "more")
    table = queries.four_clear(
        by, outbreak, wanted=form.filter(), after=key, limit=PAGE, watched_only=True, counted=not going_on
    )
    for name in ("after", "part"):
        given.pop(name, None)
    context: dict[str, Any] = {
        "rows": table.rows,
        "places": registry.short_area_names({row.area for row in table.rows}),
        "after": Cursor.write(*table.after) if table.after else "",
        "query": given.urlencode(),
    }
    if going_on:
        return render(request, "web/contacts/lines.html", context)
    clear = table.clear
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
    }
    return render(request, "web/contacts/index.html", context)
