"""The list of rounds, and planning another one: of jurisdictions, of a zone, or of people by name."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.cases import queries as cases
from fangxian.containment.zones import queries as zones
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.laboratory import queries as laboratory
from fangxian.laboratory.rounds import actions, queries
from fangxian.laboratory.rounds.schemas import STATES, Homes, PointPlan, RoundForm
from fangxian.web.parts import actor_of, number_of
from fangxian.web.rounds.words import TONES
from fangxian.web.saying import said
from fangxian.web.zones.places import areas_for

PAGE = 30
#: What a point takes in an hour, until somebody says otherwise: two tables, a swab a minute.
USUAL = 120


class PlanForm(forms.Form):
    """A round as it is typed."""

    name_zh = forms.CharField(label=gettext_lazy("Name, Chinese"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name, English"), max_length=120, required=False)
    area = forms.ChoiceField(label=gettext_lazy("Place"), required=False)
    people = forms.CharField(
        label=gettext_lazy("Or people: code or identity number, one a line"), required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )  # fmt: skip
    outbreak = forms.ChoiceField(label=gettext_lazy("Outbreak"), required=False)
    goal = forms.ChoiceField(label=gettext_lazy("Complete within"), required=False)
    points = forms.MultipleChoiceField(
        label=gettext_lazy("Swab points"), required=False, widget=forms.CheckboxSelectMultiple
    )
    per_hour = forms.IntegerField(label=gettext_lazy("People an hour and point"), min_value=1, initial=USUAL)
    opens = forms.IntegerField(label=gettext_lazy("From (hour)"), min_value=0, max_value=23, initial=7)
    closes = forms.IntegerField(label=gettext_lazy("To (hour)"), min_value=1, max_value=24, initial=22)

    def __init__(self, by: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = next(iter(by.areas("rounds.run")), "")
        goals = queries.goals(area)
        known = cases.outbreaks(by, open_only=True) if by.may("cases.view") else []
        choices: dict[str, list[tuple[str, Any]]] = {
            "area": areas_for(by, "rounds.run"),
            "outbreak": [("", _("none")), *((one.code, one.name) for one in known)],
            "goal": [(one.key, _("%(n)s h: %(name)s") % {"n": one.hours, "name": said(one.name)}) for one in goals],
            "points": [(one.code, f"{said(one.name)} · {one.area_name}") for one in laboratory.points(by)],
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Rounds, the newest first, each with how far it is."""
    by = actor_of(request)
    by.must("rounds.view")
    rows = queries.rounds(by, after=number_of(request.GET.get("after", "")), limit=PAGE + 1)
    context = {
        "rows": rows[:PAGE], "after": rows[PAGE - 1].id if len(rows) > PAGE else "", "may_plan": by.may("rounds.run"),
        "states": STATES, "tones": TONES,
    }  # fmt: skip
    return render(request, "web/rounds/index.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Plan a round; `?zone=` plans it for whoever lives in a zone."""
    by = actor_of(request)
    by.must("rounds.run")
    zone = request.GET.get("zone", "")
    row = zones.zone(by, zone).row if zone else None
    told = {"name_zh": row.name.zh[:120], "name_en": row.name.en[:120]} if row else {}
    form, refusal = PlanForm(by, request.POST or None, initial=told), None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            made = actions.plan_round(by, _read(form.cleaned_data, zone), _homes(by, zone), zone)
        except Refusal as fault:
            refusal = fault
        else:
            messages.success(request, _("The round is planned. It begins when you start it."))
            return redirect("web:round", made.code)
    context = {"form": form, "zone": row, "refusal": refusal}
    return render(request, "web/rounds/new.html", context, status=refusal.status if refusal else 200)


def _read(typed: dict[str, Any], zone: str) -> RoundForm:
    plans = [
        PointPlan(point=code, per_hour=typed["per_hour"], opens=typed["opens"], closes=typed["closes"])
        for code in typed["points"]
    ]
    return RoundForm(
        name_zh=typed["name_zh"], name_en=typed["name_en"], areas=[typed["area"]] if typed["area"] and not zone else [],
        people=typed["people"].split(), outbreak=typed["outbreak"], goal=typed["goal"], points=plans,
    )  # fmt: skip


def _homes(by: Actor, zone: str) -> Homes | None:
    """Whose homes a zone is."""
    if not zone:
        return None
    buildings, areas, communities = zones.membership(by, zone)
    return Homes(tuple(buildings), tuple(areas), tuple(communities))
