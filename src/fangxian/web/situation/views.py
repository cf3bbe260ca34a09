"""The situation (态势): one page that is read in a minute, on a telephone, a desk and a wall."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.command.situation import narrative, queries
from fangxian.command.situation.schemas import Situation
from fangxian.containment.isolation import queries as isolation
from fangxian.core.access import Actor
from fangxian.core.errors import NotFound
from fangxian.duties.queries import Covered
from fangxian.laboratory.rounds import queries as rounds
from fangxian.laboratory.rounds.schemas import STATES
from fangxian.registry import queries as registry
from fangxian.registry.levels import upwards
from fangxian.web.duties.cards import cards as step_cards
from fangxian.web.maps import geojson
from fangxian.web.parts import actor_of, section
from fangxian.web.rounds.words import TONES
from fangxian.web.saying import chinese, said
from fangxian.web.situation import showing

#: Kinds of duty named on the page, the worst first.
MOST_KINDS = 8


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Numbers, curve and map first, then where, what changed, what is late, and how fast it was found and answered."""
    by = actor_of(request)
    area = request.GET.get("area")
    per = "report" if request.GET.get("per") == "report" else "onset"
    try:
        told, outbreaks = queries.picture(by, outbreak=request.GET.get("outbreak", ""), area=area)
    except NotFound as fault:
        if fault.code != "no_outbreak":
            raise
        return render(request, "web/situation/none.html", {})
    wall = request.GET.get("wall") == "1"
    query = f"&outbreak={told.outbreak}" if len(outbreaks) > 1 else ""
    above, others = _elsewhere(by, told)
    names, drawn = registry.named_and_drawn((*above, *others), (one.code for one in told.parts))
    context: dict[str, Any] = {
        "told": told,
        "title": said(told.area_name),
        "outbreak": said(told.outbreak_name),
        "outbreaks": outbreaks if len(outbreaks) > 1 else (),
        "headline": showing.sentence(narrative.headline(told, chinese())),
        "paragraphs": [showing.sentence(one) for one in narrative.paragraphs(told, chinese())],
        "cards": showing.cards(told),
        "per": per,
        "curve": showing.curve(told, per),
        "small_curve": showing.curve(told, per, "small", width=showing.WALL if wall else showing.NARROW),
        "days": showing.table_of_days(told, per),
        "classes": [said(text) for _key, text in told.classes],
        "parts": showing.parts(told, query),
        "board": showing.board(told, query) if drawn else None,
        "kinds": [(one, _covered(told.area, one)) for one in told.kinds[:MOST_KINDS]],
        "may_cover": by.may("coverage.view"),
        "lists": by.may("cases.view"),
        "above": [
            (names[code], f"{reverse('web:situation')}?area={code}{query}")
            for code in (*sorted(above, key=len), *others)
        ],
        "query": query,
        "worst": told.kinds[0].kind if told.kinds and told.kinds[0].missing else "",
        "reports": reverse("web:sitreps"),
        "rest": [one for one in told.figures if one.key not in showing.FIRST],
        "differs": showing.differs,
        "any_rounds": by.may("rounds.view", told.area) and rounds.any_running(by, told.area, outbreak=told.outbreak),
        "overdue": isolation.kept_too_long(by, told.area) if by.may("isolation.view", told.area) else 0,
    }
    return render(request, f"web/situation/{'wall' if wall else 'index'}.html", context)


@require_GET
def map_of_parts(request: HttpRequest) -> HttpResponse:
    """The parts with their outlines and numbers, as GeoJSON; those of which no outline is on record are left to the table."""
    by = actor_of(request)
    told, outbreaks = queries.picture(by, outbreak=request.GET.get("outbreak", ""), area=request.GET.get("area"))
    query = f"&outbreak={told.outbreak}" if len(outbreaks) > 1 else ""
    return geojson(showing.features(told, query, registry.outlines_of(one.code for one in told.parts)))


@require_GET
def missing(request: HttpRequest) -> HttpResponse:
    """The oldest missing steps of one kind by name, for whoever may act on them; for others how many there are."""
    by = actor_of(request)
    found = queries.missing_by_name(by, request.GET.get("area", ""), request.GET.get("kind", ""))
    called = registry.area_names({step.escalated_to for step in found.steps})
    context = {
        "by_name": found.by_name,
        "cards": [(one, called[one.step.escalated_to]) for one in step_cards(by, list(found.steps))],
        "kind": found.kind,
        "area": found.area,
    }
    back = (f"{reverse('web:situation')}?area={found.area}", _("Situation"))
    return section(request, "web/situation/missing.html", context, _("Missing, by name"), back)


@require_GET
def running_rounds(request: HttpRequest) -> HttpResponse:
    """Testing rounds that go on here: the goal's clock, who came, positive pools, and what the stop rule still asks."""
    by = actor_of(request)
    area = queries.seen(by, request.GET.get("area"))
    by.must("rounds.view", area)
    context = {
        "rows": rounds.running(by, area, outbreak=request.GET.get("outbreak", ""), limit=2 if "wall" in request.GET else 5),
        "states": STATES, "tones": TONES, "part_css": ["web/css/situation.css"],
    }  # fmt: skip
    back = (f"{reverse('web:situation')}?area={area}", _("Situation"))
    return section(request, "web/situation/rounds.html", context, _("Testing rounds"), back)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _covered(area: str, one: Any) -> Covered:
    return Covered(area, one.kind, one.due, one.in_time, one.late, one.waived)


def _elsewhere(by: Actor, told: Situation) -> tuple[list[str], list[str]]:
    """The places above this one, as far as the reader may look, and those of the reader's that it does not lie in."""
    above = [code for code in ("", *upwards(told.area)[1:]) if code != told.area and by.may("situation.view", code)]
    return above, [code for code in queries.places(by) if not told.area.startswith(code)]
