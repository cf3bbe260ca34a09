"""One zone: why it is, where, what is done in it, what is missing for lifting it, who is inside, what was told, what became of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.containment.zones import queries
from fangxian.containment.zones.schemas import ZoneView
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound, Refusal
from fangxian.web import maps
from fangxian.web.parts import fragment, section
from fangxian.web.saying import said
from fangxian.web.zones import drawing

#: People shown at once.
PAGE = 50


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """The page of a zone."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    return shown(request, queries.zone(by, code))


def shown(
    request: HttpRequest, zone: ZoneView, refusal: Refusal | None = None, at: str = "", typed: Any = None
) -> HttpResponse:
    """The page, with what was refused of one of its forms (`at`) and what was typed there."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    row = zone.row
    pieces = tuple(
        maps.Feature(one.key, drawing.mark(row.rank), said(one.name), kind=drawing.what_name(one.what))
        for one in zone.units
    )
    context = {
        "zone": zone,
        "row": row,
        "tone": ("late", "soon", "accent")[min(row.rank, 2)],
        "board": maps.Board(
            "zone-map", _("The zone on the map"), f"{reverse('web:zone_map', args=[row.code])}?around={row.area}", pieces,
            legend_of=_legend(zone),
        ),
        "may": zone.may,
        "may_inside": by.may("registry.view", row.area),
        "may_rounds": by.may("rounds.view", row.area),
        "today": clock.today().isoformat(),
        "refusal": refusal,
        "at": at,
        "typed": typed or {},
        "draft": _draft(zone, typed if at == "publish" else None),
    }  # fmt: skip
    return render(request, "web/zones/zone.html", context, status=refusal.status if refusal else 200)


@require_GET
def features(request: HttpRequest, code: str) -> HttpResponse:
    """The pieces of the zone as GeoJSON, with the borders around it."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    found = queries.geojson(by, code=code)
    if not found["features"]:
        raise NotFound(_("There is no such zone."), remedy=_("Check the code; its last character is a check."))
    return maps.geojson([*drawing.borders(request.GET.get("around", "")), *drawing.parts(found)])


@require_GET
def inside(request: HttpRequest, code: str) -> HttpResponse:
    """Who is inside, masked, page by page: those of a known building first, then those of whom only an address is known."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    cursor = request.GET.get("cursor", "")
    found = queries.inside(by, code, cursor, PAGE)
    context = {"inside": found, "code": code, "housed": [card for card, roof in found.rows if roof],
               "roofless": [card for card, roof in found.rows if not roof], "first": not cursor}  # fmt: skip
    if fragment(request, "more"):
        return render(request, "web/zones/people.html", context)
    return section(request, "web/zones/inside.html", context, _("People and households inside"), _back(code))


@require_GET
def history(request: HttpRequest, code: str) -> HttpResponse:
    """What became of the zone, the latest first."""
    context = {"changes": queries.history(request.actor, code)}  # type: ignore[attr-defined]
    return section(request, "web/zones/history.html", context, _("History"), _back(code))


@require_GET
def notice(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """A notice as it was published, in both languages, made for paper."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("zones.view")
    found = queries.public_notice(f"{code}-{number}")
    return render(request, "web/zones/notice.html", {"notice": found, "code": found.zone})


def _draft(zone: ZoneView, typed: Any) -> dict[str, str]:
    """What the form of the notice holds: as it is drafted from the facts, or as it was typed."""
    if typed:
        return dict(typed)
    told = zone.draft
    if told is None:
        return {}
    return {"title_zh": told.title.zh, "title_en": told.title.en, "text_zh": told.text.zh, "text_en": told.text.en}


def _legend(zone: ZoneView) -> tuple[maps.Feature, ...]:
    name = said(zone.row.level_name)
    in_force = zone.row.state == "in_force"
    kind = name if in_force else f"{name} · {drawing.state_name(zone.row.state)}"
    return (maps.Feature("level", drawing.mark(zone.row.rank), name, kind=kind, dashed=not in_force),)


def _back(code: str) -> tuple[str, str]:
    return reverse("web:zone", args=[code]), code
