"""One round: how far it is, where the missing are, its points and their queues, what follows it, and what residents read."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.core.errors import Refusal
from fangxian.laboratory.rounds import queries
from fangxian.laboratory.rounds.schemas import STATES, RoundPart, TestingRound
from fangxian.registry import queries as registry
from fangxian.registry.levels import LENGTHS, upwards
from fangxian.web import maps
from fangxian.web.parts import actor_of, section
from fangxian.web.rounds.words import TONES
from fangxian.web.zones.drawing import borders

#: Coverage from which a place is drawn lighter, the least covered darkest.
_STEPS = ((1.0, "count-1"), (0.95, "count-2"), (0.8, "count-3"), (0.0, "count-4"))


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How far a round is, by place down to the grid (`?area=`)."""
    return shown(request, queries.round_of(actor_of(request), code, request.GET.get("area", "")))


def shown(request: HttpRequest, row: TestingRound, refusal: Refusal | None = None) -> HttpResponse:
    """The page, with what was refused of one of its forms."""
    by = actor_of(request)
    area = request.GET.get("area", "")
    parts = queries.split(by, row.code, area) if row.started_at else []
    context = {
        "row": row, "parts": parts, "area": area, "here": row.count, "states": STATES, "tones": TONES, "refusal": refusal,
        "grid": LENGTHS["grid"], "crumbs": _crumbs(area, row), "may_people": by.may("rounds.people"),
        "board": maps.Board(
            "round-map", _("Coverage on the map"), f"{reverse('web:round_map', args=[row.code])}?area={area}",
            tuple(_features(parts, {}, row.code)), listed=False,
        ) if parts else None,
    }  # fmt: skip
    return render(request, "web/rounds/round.html", context, status=refusal.status if refusal else 200)


@require_GET
def features(request: HttpRequest, code: str) -> HttpResponse:
    """The places of a round as GeoJSON, shaded by coverage."""
    by = actor_of(request)
    area = request.GET.get("area", "")
    parts = queries.split(by, code, area)
    drawn = registry.outlines_of(one.area for one in parts)
    around = borders(parts[0].area) if parts else []
    return maps.geojson([*around, *_features(parts, drawn, code)])


@require_GET
def points(request: HttpRequest, code: str) -> HttpResponse:
    """The points with their queues."""
    context = {"points": queries.points(actor_of(request), code), "code": code}
    return section(request, "web/rounds/points.html", context, _("Points and queues"), _back(code))


@require_GET
def workers(request: HttpRequest, code: str) -> HttpResponse:
    """By grid worker."""
    context = {"parts": queries.workers(actor_of(request), code, request.GET.get("area", ""))[:100], "code": code}
    return section(request, "web/rounds/workers.html", context, _("By grid worker"), _back(code))


@require_GET
def following(request: HttpRequest, code: str) -> HttpResponse:
    """What the rule makes of the rounds so far, and the decision."""
    context = {"told": queries.what_follows(actor_of(request), code), "code": code}
    return section(request, "web/rounds/next.html", context, _("What follows"), _back(code))


@require_GET
def notice(request: HttpRequest, code: str) -> HttpResponse:
    """What residents read, made for paper: where, when, and what to bring. Nobody is named."""
    by = actor_of(request)
    row = queries.round_of(by, code)
    lines = queries.appointments(by, code, request.GET.get("area", ""))
    return render(request, "web/rounds/notice.html", {"row": row, "lines": lines})


def _features(parts: list[RoundPart], shapes: Mapping[str, Any], code: str) -> list[maps.Feature]:
    found = []
    for one in parts:
        share = one.count.share if one.count.share is not None else 1.0
        least, mark = next((least, mark) for least, mark in _STEPS if share >= least)
        kind = _coverage(least)
        detail = _("%(missing)s of %(people)s missing") % {"missing": one.count.missing, "people": one.count.people}
        url = f"{reverse('web:round', args=[code])}?area={one.area}"
        found.append(
            maps.Feature(one.area, mark, one.name, shapes.get(one.area), kind=kind, detail=detail, url=url)
        )  # fmt: skip
    return found


def _coverage(least: float) -> str:
    """What a shade stands for."""
    if least == 1.0:
        return _("all covered")
    if least == 0.0:
        return _("less than %(n)s %% covered") % {"n": round(100 * _STEPS[-2][0])}
    return _("%(n)s %% or more covered") % {"n": round(100 * least)}


def _crumbs(area: str, row: TestingRound) -> list[tuple[str, str]]:
    """The places above the one looked at, the largest first."""
    above = [code for code in upwards(area) if len(code) > len(row.area)][1:]
    names = registry.short_area_names(above) if above else {}
    return [(code, names[code]) for code in reversed(above)]


def _back(code: str) -> tuple[str, str]:
    return reverse("web:round", args=[code]), code
