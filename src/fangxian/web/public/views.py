"""The public page (公众版): areas in force and what holds in them, notices, venues, the signed numbers of the day.

It is the same for everybody: no account, no cookie, nothing of any person. So it may be kept on the way and by the browser.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page, require_GET

from fangxian.command.situation import queries as situation
from fangxian.containment.isolation import queries as isolation
from fangxian.containment.venues import queries as venues
from fangxian.containment.zones import queries as zones
from fangxian.core import clock
from fangxian.registry.vocabulary import name as term_name
from fangxian.web import maps
from fangxian.web.saying import chinese
from fangxian.web.zones import drawing

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

#: How long a copy may be shown before it is asked for again.
FRESH = timedelta(minutes=1)
LANGUAGES = {"zh": "zh-hans", "en": "en"}
#: Notices on the page; all that were ever published can be had from the API.
NOTICES = 30
_ROBOTS = "User-agent: *\nAllow: /public/\nAllow: /static/\nDisallow: /\n"


def for_everybody(view: View[P]) -> View[P]:
    """The page in the language of its address, kept for a minute wherever it passes."""

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        language: Any = kwargs.get("language", "")
        if language and language not in LANGUAGES:
            raise Http404
        with translation.override(LANGUAGES.get(language) or translation.get_language()):
            found = view(request, *args, **kwargs)
        patch_cache_control(found, public=True, max_age=int(FRESH.total_seconds()))
        return found

    return cast(View[P], login_not_required(require_GET(conditional_page(answer))))


@for_everybody
def index(request: HttpRequest, language: str = "") -> HttpResponse:
    """Everything on one page, to be read without scripts."""
    areas = zones.public_areas()
    spoken = "zh" if chinese() else "en"
    context = {
        "areas": areas,
        "board": maps.Board(
            "public-map",
            _("Areas in force"),
            reverse("web:public_map", args=[spoken]),
            tuple(drawing.public(areas)),
            listed=False,
        ),
        "reports": situation.published(None),
        "notices": zones.public_notices(limit=NOTICES),
        "venues": [(one, term_name("place_kinds", one.kind)) for one in venues.public_venues()],
        "now": clock.now(),
        "spoken": spoken,
    }
    return render(request, "web/public/index.html", context)


@for_everybody
def features(request: HttpRequest, language: str) -> HttpResponse:
    """The areas in force as GeoJSON."""
    return maps.geojson(drawing.public(zones.public_areas()), public=True)


@for_everybody
def notice(request: HttpRequest, language: str, number: str) -> HttpResponse:
    """One notice, as it was published."""
    context = {"notice": zones.public_notice(number), "spoken": language}
    return render(request, "web/public/notice.html", context)


@for_everybody
def neighbours(request: HttpRequest, language: str, code: str) -> HttpResponse:
    """What the neighbours of home isolation are told, for whoever has the paper: no list leads here, and no search engine."""
    context = {"notice": isolation.public_neighbour_notice(code), "spoken": language}
    return render(request, "web/public/neighbours.html", context)


@for_everybody
def robots(request: HttpRequest) -> HttpResponse:
    """Crawlers may read what is public, and nothing else is for them."""
    return HttpResponse(_ROBOTS, content_type="text/plain")
