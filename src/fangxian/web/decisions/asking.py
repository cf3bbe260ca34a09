"""Asking a question: a form that begins with what the platform knows of a place."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.cases import queries as cases
from fangxian.command.decisions import actions, asking, packs, queries
from fangxian.command.decisions.schemas import Beginning, QuestionForm
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries as registry
from fangxian.web.decisions.words import COSTS, DETAILS, EFFECTS
from fangxian.web.parts import actor_of
from fangxian.web.saying import said

#: A city larger than this is asked for on purpose: the usual answer should not take an hour.
USUAL_PEOPLE = 50_000
#: Those infected whom nobody has found yet, for each case of the last days.
HIDDEN = 3


def _number(
    label: Any, bounds: tuple[float, float], *, required: bool = True, help_text: Any = ""
) -> forms.IntegerField:
    low, high = bounds
    return forms.IntegerField(
        label=label, min_value=int(low), max_value=int(high), required=required, help_text=help_text
    )


class AskForm(forms.Form):
    """The situation, the measures on the table, what counts, and what must be kept."""

    name = forms.CharField(
        label=gettext_lazy("What is to be decided"), max_length=120, widget=forms.TextInput(attrs={"data_wide": "1"})
    )
    area = forms.ChoiceField(label=gettext_lazy("Place"))
    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"), required=False)
    disease = forms.ChoiceField(label=gettext_lazy("Behaves like"))
    people = _number(
        gettext_lazy("People simulated"), asking.PEOPLE, help_text=gettext_lazy("More people, longer search.")
    )
    infected = _number(
        gettext_lazy("Infected now"), (1, 100_000), help_text=gettext_lazy("Also those whom nobody has found yet.")
    )
    lead = _number(gettext_lazy("Days until the measures are in force"), (0, 60))
    days = _number(gettext_lazy("Days to look ahead"), asking.DAYS)
    measures = forms.MultipleChoiceField(
        label=gettext_lazy("Measures on the table"), widget=forms.CheckboxSelectMultiple(attrs={"data_wide": "1"})
    )
    detail = forms.ChoiceField(label=gettext_lazy("How fine"), choices=list(DETAILS.items()))
    effect = forms.ChoiceField(label=gettext_lazy("To be kept small"), choices=list(EFFECTS.items()))
    cost = forms.ChoiceField(label=gettext_lazy("At the price of"), choices=list(COSTS.items()))
    beds = _number(gettext_lazy("Hospital beds"), (0, 1_000_000), required=False)
    tests = _number(gettext_lazy("Tests a day"), (0, 10_000_000), required=False)
    rooms = _number(gettext_lazy("Rooms for quarantine"), (0, 1_000_000), required=False)
    packs = forms.MultipleChoiceField(
        label=gettext_lazy("Protocols to compare"),
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"data_wide": "1"}),
    )
    runs = _number(gettext_lazy("Runs of each policy that remains"), asking.RUNS)
    harsher = forms.FloatField(
        label=gettext_lazy("What if transmission is so many times as strong"), min_value=1, max_value=3,
    )  # fmt: skip

    def __init__(self, by: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = queries.places(by)
        codes = [*own, *(one.code for area in own for one in registry.children(area))]
        names = registry.area_names(codes)
        choices: dict[str, list[tuple[str, Any]]] = {
            "area": [(code, names[code]) for code in codes],
            "outbreak": [("", _("none")), *((one.code, said(one)) for one in cases.outbreaks(by, open_only=True))],
            "disease": [(key, said(name)) for key, name in asking.diseases().items()],
            "measures": [(one.key, said(one.name)) for one in asking.measures().values()],
            "packs": [(key, said(name)) for key, name in packs.comparable()],
        }
        for name, listed in choices.items():
            self.fields[name].choices = listed  # type: ignore[attr-defined]

    @property
    def situation(self) -> list[forms.BoundField]:
        return [self[name] for name in ("area", "outbreak", "disease", "people", "infected", "lead", "days")]

    @property
    def table(self) -> list[forms.BoundField]:
        return [self[name] for name in ("measures", "effect", "cost", "detail")]

    @property
    def limits(self) -> list[forms.BoundField]:
        return [self[name] for name in ("beds", "tests", "rooms")]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in ("packs", "runs", "harsher")]


@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """The form, filled with the situation; with POST the search is begun."""
    by = actor_of(request)
    by.must(actions.ASK)
    begins = queries.beginning(by, request.GET.get("area"), request.GET.get("outbreak", ""))
    form = AskForm(by, request.POST or None, initial=_initial(begins))
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            made = actions.ask(by, _form(form.cleaned_data))
            return redirect("web:decision", made.code)
        except Invalid as fault:
            refusal = fault
            if fault.field in form.fields and fault.field not in form.errors:
                form.add_error(fault.field, str(fault))
    context = {"form": form, "begins": begins, "recent": _bars(begins), "refusal": refusal}
    return render(request, "web/decisions/ask.html", context, status=refusal.status if refusal else 200)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _initial(begins: Beginning) -> dict[str, Any]:
    usual = QuestionForm(name="", area=begins.area)
    people = max(asking.PEOPLE[0], min(begins.people or usual.people, USUAL_PEOPLE))
    return {one.name: getattr(usual, one.name) for one in fields(usual)} | {
        "name": _("Measures for %(place)s") % {"place": begins.area_name}, "outbreak": begins.outbreak, "people": people,
        "infected": max(10, min(people, HIDDEN * begins.cases)),
    }  # fmt: skip


def _form(given: dict[str, Any]) -> QuestionForm:
    return QuestionForm(**{**given, "measures": tuple(given["measures"]), "packs": tuple(given["packs"])})


def _bars(begins: Beginning) -> list[tuple[Any, int]]:
    """The last days with their cases, also those without."""
    if not begins.outbreak:
        return []
    today = clock.today()
    days = [today - timedelta(days=back) for back in range(queries.RECENT - 1, -1, -1)]
    return [(day, begins.recent.get(day, 0)) for day in days]
