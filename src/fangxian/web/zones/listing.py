"""Zones as a list beside a map: what waits for a decision first, then those in force, then those that are over."""

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from fangxian.containment.zones import queries
from fangxian.containment.zones.schemas import ZoneFilter
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.web import maps
from fangxian.web.cases.forms import ANY, DayField
from fangxian.web.parts import fragment
from fangxian.web.saying import said
from fangxian.web.zones import drawing

#: Lines of each part of the list at once.
PAGE = 50
#: The parts of the list in their order, by state.
PARTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("proposed", ("proposed",)),
    ("in_force", ("in_force",)),
    ("over", ("lifted", "declined", "withdrawn")),
)


class FilterForm(forms.Form):
    """What the list is narrowed by."""

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    level = forms.ChoiceField(label=gettext_lazy("Level"), required=False)
    area = forms.ChoiceField(label=gettext_lazy("Place"), required=False)
    on = DayField(label=gettext_lazy("As it was at the end of"), required=False)

    def __init__(self, by: Actor, given: QueryDict) -> None:
        super().__init__(given)
        own = by.areas("zones.view")
        around = registry.children(own[0]) if len(own) == 1 else [registry.area(code) for code in own if code]
        choices: dict[str, list[tuple[str, Any]]] = {
            "state": [(key, drawing.state_name(key)) for _part, states in PARTS for key in states],
            "level": _levels(),
            "area": [(one.code, one.name) for one in around],
        }
        for name, offered in choices.items():
            self.fields[name].choices = [ANY, *offered]  # type: ignore[attr-defined]

    def given(self, name: str) -> Any:
        """What was chosen, empty where it does not hold."""
        return self.cleaned_data.get(name) or ""


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The zones that the reader may know of, now; or as they were at the end of a day."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("zones.view")
    form = FilterForm(by, request.GET)
    form.is_valid()
    on: date | None = form.cleaned_data.get("on")
    query = request.GET.copy()
    for name in ("cursor", "part"):
        query.pop(name, None)
    context: dict[str, Any] = {
        "form": form,
        "query": query.urlencode(),
        "narrowed": any(form.given(name) for name in form.fields),
        "may_propose": by.may("zones.edit"),
        "may_venues": by.may("venues.view"),
        "on": on,
        "board": maps.Board(
            "zones-map", _("Zones on the map"), f"{reverse('web:zones_map')}?{query.urlencode()}",
            legend_of=_legend(), listed=False,
        ),
    }  # fmt: skip
    if on is not None:
        then = queries.zones_at(by, _end_of(on), form.given("area"))
        rows = [one for one in then if _fits(one, form)]
        order = {state: place for place, (_part, states) in enumerate(PARTS) for state in states}
        called = registry.short_area_names(one.area for one in rows)
        context["then"] = sorted(
            ((one, called[one.area]) for one in rows), key=lambda one: (order[one[0].state], one[0].since)
        )
        return render(request, "web/zones/index.html", context)
    cursor = request.GET.get("cursor", "")
    if fragment(request, "more") or cursor:
        page = queries.zones(by, _wanted(form, ("lifted", "declined", "withdrawn")), cursor=cursor, limit=PAGE)
        context |= {"rows": page.rows, "cursor": page.cursor, "part": "over"}
        if fragment(request, "more"):
            return render(request, "web/zones/lines.html", context)
        context["parts"] = [("over", page.rows, page.cursor)]
        return render(request, "web/zones/index.html", context)
    page = queries.zones(by, _wanted(form, ()), limit=4 * PAGE)
    context["parts"] = [
        (
            part,
            sorted((row for row in page.rows if row.state in states), key=_first(part)),
            page.cursor if part == "over" else "",
        )
        for part, states in PARTS
    ]
    return render(request, "web/zones/index.html", context)


@require_GET
def features(request: HttpRequest) -> HttpResponse:
    """The zones of the list as GeoJSON, with the borders around them."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("zones.view")
    form = FilterForm(by, request.GET)
    form.is_valid()
    on: date | None = form.cleaned_data.get("on")
    found = queries.geojson(by, _end_of(on) if on else None, form.given("area"))
    found["features"] = [one for one in found["features"] if _drawn(one["properties"], form)]
    own = form.given("area") or next(iter(by.areas("zones.view")), "")
    return maps.geojson([*drawing.borders(own), *drawing.whole(found, lambda code: reverse("web:zone", args=[code]))])


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _wanted(form: FilterForm, states: tuple[str, ...]) -> ZoneFilter:
    chosen = form.given("state")
    return ZoneFilter(state=(chosen,) if chosen else states, level=form.given("level"), area=form.given("area"))


def _fits(one: Any, form: FilterForm) -> bool:
    return form.given("state") in ("", one.state) and form.given("level") in ("", one.level)


def _drawn(properties: Any, form: FilterForm) -> bool:
    return form.given("state") in ("", properties["state"]) and form.given("level") in ("", properties["level"])


def _first(part: str) -> Any:
    """What stands first: the oldest proposal; the strictest zone, and among them the one that is due to come down."""
    if part == "proposed":
        return lambda row: (row.proposed_at, row.id)
    return (lambda row: (not row.due, row.rank, -row.id)) if part == "in_force" else (lambda row: -row.id)


def _levels() -> list[tuple[str, Any]]:
    """The levels of the packs in force here, the strictest first."""
    found = {level.key: said(level.name) for pack in packs.in_force() if pack.zones for level in pack.zones.levels}
    return list(found.items())


def _legend() -> tuple[maps.Feature, ...]:
    levels = [level for pack in packs.in_force() if pack.zones for level in enumerate(pack.zones.levels)]
    in_force = {drawing.mark(rank): said(level.name) for rank, level in reversed(levels)}
    told = [maps.Feature(mark, mark, name, kind=name) for mark, name in sorted(in_force.items())]
    return (*told, maps.Feature("p", "zone-1", "", kind=_("dashed: proposed, not in force"), dashed=True))


def _end_of(day: date) -> datetime:
    """The last instant of a local day; now, for today and later."""
    try:
        return min(clock.local_midnight(day + timedelta(days=1)), clock.now())
    except OverflowError:
        raise Invalid(_("This day lies too far away."), remedy=_("Choose another day."), field="on") from None
