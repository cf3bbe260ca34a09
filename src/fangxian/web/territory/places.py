"""Places (场所): where people meet or live, found by name and kind, entered one by one or by the table, corrected."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import actions, queries, vocabulary
from fangxian.registry.actions import PlaceForm as Place
from fangxian.web.maps import Board, Feature, geojson
from fangxian.web.parts import actor_of, number_of
from fangxian.web.territory.dropped import taken
from fangxian.web.territory.searching import narrowed

EDIT = "places.edit"
PAGE = 100


class PlaceForm(forms.Form):
    """A place as it is entered; its point in degrees (WGS 84)."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    name_zh = forms.CharField(label=pgettext_lazy("of a thing", "Name"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), required=False, max_length=120)
    area = forms.CharField(label=gettext_lazy("Code of the jurisdiction"), max_length=18)
    address = forms.CharField(label=gettext_lazy("Address"), required=False, max_length=200)
    lon = forms.FloatField(label=gettext_lazy("Longitude"), required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(label=gettext_lazy("Latitude"), required=False, min_value=-90, max_value=90)
    capacity = forms.IntegerField(
        label=gettext_lazy("People at once"), required=False, min_value=0, max_value=10_000_000
    )
    parent = forms.CharField(
        label=gettext_lazy("Part of"), required=False, max_length=10,
        help_text=gettext_lazy("The code of the place that it is a part of: a building's compound."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [(key, term.name) for key, term in vocabulary.terms("place_kinds").items()]  # type: ignore[attr-defined]

    def place(self) -> Place:
        """What was entered. Raises Invalid where it is not complete."""
        if not self.is_valid():
            raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
        return Place(**self.cleaned_data)


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The places of a jurisdiction; POST enters one, or a table of them."""
    by = actor_of(request)
    by.must("registry.view")
    kinds = vocabulary.terms("place_kinds")
    area, kind, text = narrowed(request, by), request.GET.get("kind", ""), request.GET.get("text", "").strip()[:120]
    kind = kind if kind in kinds else ""
    form = PlaceForm(request.POST if request.POST.get("do") == "add" else None, initial={"area": area, "kind": kind})
    refusal: Refusal | None = None
    told: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "table":
                told = taken(request, lambda path: actions.import_places(by, path))
            else:
                made = actions.create_place(by, form.place())
                messages.success(request, _("Entered."))
                return redirect("web:place", made.code)
        except Refusal as fault:
            refusal = fault
    after = number_of(request.GET.get("after", "")) or 0
    rows = queries.places(area, kind=kind, text=text, after=after, limit=PAGE + 1)
    shown = rows[:PAGE]
    context = {
        "rows": [(one, vocabulary.name("place_kinds", one.kind)) for one in shown],
        "areas": queries.short_area_names({one.area for one in shown}),
        "area": area, "kind": kind, "text": text, "kinds": [(key, term.name) for key, term in kinds.items()],
        "after": shown[-1].pk if len(rows) > PAGE else "",
        "form": form if by.may(EDIT) else None, "refusal": refusal, **told,
    }  # fmt: skip
    return render(request, "web/territory/places.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One place, on the map where its point is known; POST corrects it."""
    by: Actor = actor_of(request)
    by.must("registry.view")
    row = queries.place(code)
    edits = by.may(EDIT, row.area)
    whole = queries.spots([row.parent_id]).get(row.parent_id) if row.parent_id else None
    known = {name: getattr(row, name) for name in PlaceForm.base_fields if name != "parent"}
    form = PlaceForm(request.POST or None, initial=known | {"parent": whole.code if whole else ""})
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            actions.amend_place(by, code, form.place())
            messages.success(request, _("Corrected."))
            return redirect("web:place", code)
        except Refusal as fault:
            refusal = fault
    context = {
        "row": row, "kind": vocabulary.name("place_kinds", row.kind), "whole": whole, "board": _board(row),
        "place": queries.short_area_names({row.area}).get(row.area, row.area),
        "form": form if edits else None, "refusal": refusal,
    }  # fmt: skip
    return render(request, "web/territory/place.html", context, status=refusal.status if refusal else 200)


@require_GET
def on_the_map(request: HttpRequest, code: str) -> HttpResponse:
    """What the map of a place shows."""
    actor_of(request).must("registry.view")
    return geojson(_features(queries.place(code)))


def _board(row: Any) -> Board | None:
    if row.lon is None:
        return None
    return Board("place", row.name, reverse("web:place_map", args=[row.code]), _features(row), listed=False)


def _features(row: Any) -> tuple[Feature, ...]:
    shape = row.outline or {"type": "Point", "coordinates": [row.lon, row.lat]}
    return (Feature(row.code, "place", row.name, shape if row.lon is not None else None),)
