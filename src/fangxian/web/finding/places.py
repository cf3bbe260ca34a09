"""Places that cases share (共同暴露场所): where it may have been caught, ranked; a venue notice can be drawn up for each."""

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.cases import queries as cases
from fangxian.registry.vocabulary import name
from fangxian.tracing import actions, queries
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.finds import SharedPlaces
from fangxian.web.maps import Board, Feature, geojson
from fangxian.web.parts import actor_of

MAP = "places-map"


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The places of an outbreak as the reader's latest search has them; with POST it is searched anew."""
    by = actor_of(request)
    by.must(RIGHT)
    outbreaks = cases.outbreaks(by)
    chosen = request.POST.get("outbreak") or request.GET.get("outbreak") or (outbreaks[0].code if outbreaks else "")
    if request.method == "POST":
        actions.find_shared_places(by, chosen)
        return redirect(f"{reverse('web:exposure_places')}?outbreak={chosen}")
    found = queries.shared_places(by, chosen) if chosen else None
    rows = (
        [(number, one, name("place_kinds", one.kind) if one.kind else "") for number, one in enumerate(found.rows, 1)]
        if found
        else []
    )
    features = _features(found)
    source = f"{reverse('web:exposure_places_map')}?outbreak={chosen}"
    context: dict[str, Any] = {
        "outbreaks": outbreaks, "chosen": chosen, "found": found, "may_publish": by.may("venues.publish"),
        "busy": found is not None and found.state in ("waiting", "running"), "rows": rows,
        "recorded": [row for row in rows if row[1].lift is not None], "told": [row for row in rows if row[1].lift is None],
        "board": Board(MAP, _("Places that cases share"), source, features, listed=False) if features else None,
    }  # fmt: skip
    return render(request, "web/finding/places.html", context)


@require_GET
def features(request: HttpRequest) -> JsonResponse:
    """The places of an outbreak on the map, as GeoJSON."""
    by = actor_of(request)
    by.must(RIGHT)
    return geojson(_features(queries.shared_places(by, request.GET.get("outbreak", ""))))


def _features(found: SharedPlaces | None) -> tuple[Feature, ...]:
    """Each place with its number in the list, larger where more cases were; those only told of are dashed."""
    return tuple(
        Feature(
            str(number), "place", one.name, {"type": "Point", "coordinates": [one.lon, one.lat]},
            kind=_("shared, by records of stays") if one.lift is not None else _("shared, as cases told"),
            detail=ngettext("%(n)s case", "%(n)s cases", len(one.cases)) % {"n": len(one.cases)},
            label=str(number), count=len(one.cases), dashed=one.lift is None,
        )
        for number, one in enumerate(found.rows if found else (), 1)
        if one.lon is not None and one.lat is not None
    )  # fmt: skip
