"""Drawing a zone: its pieces ticked in a list or on the map, an outline by hand, its level and its name. New, or once more."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from fangxian.cases import queries as cases
from fangxian.containment.zones import actions, queries
from fangxian.containment.zones.schemas import DrawnZone, UnitForm, ZoneForm
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Invalid, Refusal
from fangxian.duties import packs
from fangxian.registry import queries as registry
from fangxian.registry.levels import at_level, upwards
from fangxian.web import maps
from fangxian.web.maps import Feature
from fangxian.web.saying import said
from fangxian.web.zones import drawing
from fangxian.web.zones.places import areas_for

#: What a zone may be drawn by, in the order of the select.
KINDS = ("", "building", "compound", "street", "grid", "village", "cell")


class DrawForm(forms.Form):
    """A zone as it is drawn; the pieces and the outline are the map's (`_pieces`, `maps.corners`)."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    level = forms.ChoiceField(label=gettext_lazy("Level"))
    name_zh = forms.CharField(label=gettext_lazy("Name, Chinese"), max_length=200, required=False)
    name_en = forms.CharField(label=gettext_lazy("Name, English"), max_length=200, required=False)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "data_wide": True}),
    )

    def __init__(self, levels: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["level"].choices = [(key, said(name)) for key, name in levels]  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Draw a zone otherwise. Of one in force that is a decision, and only to make it larger or stricter."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    zone = queries.drawn(by, code)
    if not zone.may & {"edit", "redraw"}:
        by.must("zones.decide" if zone.state == "in_force" else "zones.edit", zone.area)
    there = drawing.units(zone)
    drawn = {one.key: one.geometry for one in there if one.key.startswith("outline:")}
    initial = {
        "version": zone.version,
        "level": zone.level,
        "name_zh": zone.name.zh,
        "name_en": zone.name.en,
    }
    chosen = [one.key for one in there]
    if request.method != "POST":
        return _page(request, zone, DrawForm(zone.levels, initial=initial), there, chosen)
    form, chosen = DrawForm(zone.levels, request.POST), request.POST.getlist("units")
    if "show" in request.POST:  # other pieces to choose from; nothing is saved
        return _page(request, zone, form, there, chosen)
    try:
        asked = _asked(form, request.POST, drawn)
        actions.edit(by, code, form.cleaned_data["version"] or 0, asked, form.cleaned_data["reason"])
    except Conflict as conflict:
        if conflict.code != "moved_on" or "changes" not in conflict.detail:
            return _page(request, zone, form, there, chosen, conflict)
        return _both(request, zone, form, there, chosen, conflict)
    except Refusal as refusal:
        return _page(request, zone, _marked(form, refusal), there, chosen, refusal)
    messages.success(request, _("Saved."))
    messages.success(request, f"zone-edit-{code}", extra_tags="draft")
    return redirect("web:zone", code)


@require_http_methods(["GET", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Propose a zone that the rule does not see: first the outbreak and the place, then the land."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("zones.edit")
    outbreaks = [one for one in cases.outbreaks(by, open_only=True) if packs.pack(one.pack, one.area).zones]
    given = request.POST if request.method == "POST" else request.GET
    outbreak = next((one for one in outbreaks if one.code == given.get("outbreak")), None)
    area = given.get("area", "")
    if outbreak is None or not area:
        context = {
            "outbreaks": [(one.code, one.name) for one in outbreaks], "areas": areas_for(by, "zones.edit"),
            "outbreak": given.get("outbreak", ""), "area": area,
        }  # fmt: skip
        return render(request, "web/zones/where.html", context)
    by.must("zones.edit", area)
    rules = packs.pack(outbreak.pack, area).zones
    levels = [(one.key, one.name) for one in rules.levels if one.is_on] if rules else []
    chosen = given.getlist("units")
    if request.method != "POST" or "show" in request.POST:
        form = DrawForm(levels, request.POST) if request.method == "POST" else DrawForm(levels)
        return _page(request, None, form, [], chosen, outbreak=outbreak, area=area)
    form = DrawForm(levels, request.POST)
    try:
        zone = actions.propose(by, outbreak.code, _asked(form, request.POST, {}), form.cleaned_data["reason"])
    except Refusal as refusal:
        return _page(request, None, _marked(form, refusal), [], chosen, refusal, outbreak=outbreak, area=area)
    messages.success(request, _("Proposed. It waits for a decision."))
    messages.success(request, "zone-new", extra_tags="draft")
    return redirect("web:zone", zone.code)


@require_GET
def pieces(request: HttpRequest) -> HttpResponse:
    """What a zone may be drawn by in a jurisdiction, and what the zone has already, as GeoJSON."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    area, kind, code = (request.GET.get(name, "") for name in ("area", "kind", "zone"))
    there = drawing.units(queries.drawn(by, code)) if code else []
    return maps.geojson(_offered(by, area, kind, there))


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _page(
    request: HttpRequest, zone: DrawnZone | None, form: DrawForm, there: list[Feature], chosen: list[str],
    refusal: Refusal | None = None, *, outbreak: Any = None, area: str = "", rows: Any = None,
) -> HttpResponse:  # fmt: skip
    by: Actor = request.actor  # type: ignore[attr-defined]
    posted: QueryDict = request.POST
    around = posted.get("around") or area or (at_level(zone.area, "village") if zone else "")
    kind = posted.get("kind", "") if posted.get("kind", "") in KINDS else ""
    by.must("zones.edit", around) if not by.may("zones.decide", around) else None
    offered = _offered(by, around, kind, there)
    source = urlencode({"area": around, "kind": kind, **({"zone": zone.code} if zone else {})})
    context = {
        "zone": zone, "row": zone, "form": form, "refusal": refusal, "rows": rows, "outbreak": outbreak,
        "area": area, "around": around, "kind": kind,
        "areas": _nearby(by, around), "kinds": [(key, drawing.what_name(key) if key else _("all")) for key in KINDS],
        "board": maps.Board(
            "zone-draw", _("Pieces of land"), f"{reverse('web:zone_pieces')}?{source}", tuple(offered), choose="units",
            chosen=frozenset(chosen), draw="outline", drawn=posted.get("outline", ""), centre=_centre(around, offered),
        ),
        "missing": [one for one in chosen if one not in {piece.key for piece in offered}],
    }  # fmt: skip
    template = "web/zones/conflict.html" if rows is not None else "web/zones/edit.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def _both(
    request: HttpRequest, before: DrawnZone, form: DrawForm, there: list[Feature], chosen: list[str], conflict: Conflict
) -> HttpResponse:
    """Somebody changed the zone meanwhile: theirs and yours side by side, ready to be saved on the newest version."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    zone = queries.drawn(by, before.code)
    names = {one.key: one.name for one in there}
    levels = {key: said(name) for key, name in zone.levels}
    mine = form.cleaned_data
    now: dict[str, tuple[str, str]] = {
        _("Level"): (said(zone.level_name), levels.get(mine["level"], "")),
        _("Name, Chinese"): (zone.name.zh, mine["name_zh"]),
        _("Name, English"): (zone.name.en, mine["name_en"]),
        _("Pieces of land"): (
            drawing.listed(said(one.name) for one, _shape in zone.units), drawing.listed(names.get(one, one) for one in chosen)
        ),
    }  # fmt: skip
    rows = [{"name": name, "now": theirs, "mine": own, "both": theirs != own} for name, (theirs, own) in now.items()]
    merged = DrawForm(zone.levels, {**{key: request.POST.get(key, "") for key in form.fields}, "version": zone.version})
    return _page(request, zone, merged, there, chosen, conflict, rows=rows)


def _asked(form: DrawForm, posted: QueryDict, drawn: Any) -> ZoneForm:
    """The zone as it was entered. Raises Invalid."""
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
    units = [_unit(one, drawn) for one in posted.getlist("units")]
    outline = maps.corners(posted.get("outline", ""))
    if outline is not None:
        units.append(UnitForm(kind="outline", outline=outline))
    given = form.cleaned_data
    return ZoneForm(level=given["level"], units=tuple(units), name_zh=given["name_zh"], name_en=given["name_en"])


def _unit(text: str, drawn: Any) -> UnitForm:
    kind, _colon, ref = text.partition(":")
    if kind == "outline":
        return UnitForm(kind=kind, outline=drawn.get(text))
    return UnitForm(kind=kind, ref=ref)


def _offered(by: Actor, area: str, kind: str, there: list[Feature]) -> list[Feature]:
    """The zone's own pieces first, then what else there is to choose from."""
    own = {one.key for one in there}
    found = drawing.pickable(queries.pickable(by, area, kind)) if area else []
    return [*there, *(one for one in found if one.key not in own)]


def _centre(around: str, offered: list[Feature]) -> tuple[float, float] | None:
    """Where the map opens if no piece of land is on it: at the nearest jurisdiction above whose place is known."""
    if any(one.geometry for one in offered):
        return None
    for code in upwards(around):
        found = registry.area(code)
        if found.lon is not None and found.lat is not None:
            return found.lon, found.lat
    return None


def _nearby(by: Actor, around: str) -> list[tuple[str, str]]:
    """The communities of the county, to look at the pieces of another one."""
    county = at_level(around, "county")
    return [(one.code, one.name) for one in registry.below(county, "village") if by.may("zones.edit", one.code)]


def _marked(form: DrawForm, refusal: Refusal) -> DrawForm:
    if refusal.field in form.fields and form.is_bound and refusal.field not in form.errors:
        form.add_error(refusal.field, str(refusal))
    return form
