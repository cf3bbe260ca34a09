"""The pages as an application on a telephone: its manifest, its service worker, and the duties that it takes along."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from fangxian.core.access import NOBODY, Actor
from fangxian.duties import queries
from fangxian.web.duties.cards import cards, visits

#: Duties that are taken along: more than anybody does between two places with a connection.
CARRIED = 60


@login_not_required
@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What a telephone needs to put the product on its home screen."""
    icons = [
        {"src": static("web/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
        *(
            {"src": static(f"web/icon-{side}.png"), "sizes": f"{side}x{side}", "type": "image/png", "purpose": "any maskable"}
            for side in (192, 512)
        ),
    ]  # fmt: skip
    told = {
        "name": _("Fangxian"), "short_name": _("Fangxian"), "description": _("My duties, also without a connection."),
        "lang": "en" if get_language() == "en" else "zh-CN", "id": "/", "start_url": "/", "scope": "/",
        "display": "standalone", "background_color": "#f4f6f8", "theme_color": "#0a5a8c", "icons": icons,
    }  # fmt: skip
    return JsonResponse(told, content_type="application/manifest+json")


@login_not_required
@never_cache
@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker. It must lie at the root to serve every page, and names the edition of the static files it keeps."""
    return render(request, "web/worker.js", content_type="text/javascript; charset=utf-8")


@login_not_required
@require_GET
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown instead of a page that cannot be reached. It is kept on the telephone, so it names nobody."""
    request.actor = NOBODY  # type: ignore[attr-defined]
    return render(request, "web/phone/offline.html")


@require_GET
def carry(request: HttpRequest) -> HttpResponse:
    """My duties as they are now, all that is needed on one page, to be kept for when there is no connection."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    by.must("duties.view")
    found = cards(by, queries.my_steps(by, limit=CARRIED))
    answer = render(request, "web/phone/carried.html", {"cards": found, "visits": visits(found)})
    answer["X-Account"] = str(by.account_id)
    return answer
