"""Beginning a search for contacts around a case: what will be done, by which numbers and clauses, and why."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from fangxian.cases import queries as cases
from fangxian.core import ids
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, NotFound, Refusal
from fangxian.tracing import actions, queries
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.finds import Plan, SearchForm
from fangxian.web.parts import actor_of

AROUND = {"case": gettext_lazy("this case"), "outbreak": gettext_lazy("every case of the outbreak that I investigate")}


class BeginForm(forms.Form):
    """What a search goes by; what is left as it is follows the protocol."""

    around = forms.ChoiceField(
        label=gettext_lazy("Search around"), choices=list(AROUND.items()), widget=forms.RadioSelect
    )
    tau = forms.FloatField(
        label=gettext_lazy("Together with a case, minutes"), min_value=1, max_value=1440, required=False
    )
    rings = forms.ChoiceField(
        label=gettext_lazy("How far"),
        choices=[("1", gettext_lazy("contacts of cases")), ("2", gettext_lazy("their contacts as well"))],
    )
    onward = forms.FloatField(
        label=gettext_lazy("Together with a contact, minutes"), min_value=1, max_value=1440, required=False
    )
    within = forms.FloatField(
        label=gettext_lazy("Times together add up within, hours"), min_value=0, max_value=336, required=False,
        help_text=gettext_lazy("Empty or 0: each time must be long enough by itself."),
    )  # fmt: skip
    crowd = forms.IntegerField(
        label=gettext_lazy("A place is crowded from, visits a day"), min_value=1, max_value=1_000_000, required=False,
        help_text=gettext_lazy("Whoever was in a crowded place is told by a notice, not listed as a contact."),
    )  # fmt: skip
    why = forms.CharField(
        label=gettext_lazy("Why"), min_length=2, max_length=300,
        help_text=gettext_lazy("One sentence. Everybody whose identity is looked up can read it."),
    )  # fmt: skip

    @property
    def numbers(self) -> list[forms.BoundField]:
        """The fields that the protocol answers unless somebody changes them."""
        return [self[name] for name in ("tau", "rings", "onward", "within", "crowd")]


@require_http_methods(["GET", "POST"])
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """What a search around the case would do; with POST it is begun."""
    by = actor_of(request)
    code = ids.normalise_code(code)
    form = BeginForm(request.POST or None, initial={"around": "case", "rings": "2"})
    plan = queries.plan(by, SearchForm(cases=[code], why=""))
    if not by.may(RIGHT):
        raise NotFound(_("There is no such case."), remedy=_("Check the code; its last character is a check."))
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            given = form.cleaned_data
            around = [code] if given["around"] == "case" else _of_outbreak(by, plan, code)
            search = actions.find_contacts(
                by, SearchForm(
                    cases=around, why=given["why"], tau=given["tau"], onward=given["onward"], rings=int(given["rings"]),
                    within=given["within"], crowd=given["crowd"],
                ),
            )  # fmt: skip
            return redirect("web:search", search.code)
        except Refusal as fault:
            refusal = fault
            if fault.field in form.fields and fault.field not in form.errors:
                form.add_error(fault.field, str(fault))
    return render(
        request, "web/finding/begin.html", {"form": form, "plan": plan, "code": code, "refusal": refusal} | _told(plan),
        status=refusal.status if refusal else 200,
    )  # fmt: skip


def _told(plan: Plan) -> dict[str, Any]:
    return {
        "window": plan.cases[0], "first_day": plan.days[0] if plan.days else "", "last_day": plan.days[-1] if plan.days else "",
    }  # fmt: skip


def _of_outbreak(by: Actor, plan: Plan, code: str) -> list[str]:
    """The cases of the outbreak that the reader investigates and whose window is known; the case itself always."""
    found = cases.codes_in(by, plan.outbreak, RIGHT)
    return list(dict.fromkeys([code, *found]))
