"""One search for contacts: a live bar while it works, then whom it proposes, in the order of calling, on a map and with every ground."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.core import jobs
from fangxian.core.access import PURPOSES, Actor, purpose_name
from fangxian.core.errors import NotFound
from fangxian.registry import queries as registry
from fangxian.tracing import queries
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.finds import CandidateFilter, CandidateRow, Meeting, SearchView
from fangxian.web.finding.drawing import strip
from fangxian.web.finding.words import RINGS, STATES, STEPS
from fangxian.web.maps import Board, Feature, geojson
from fangxian.web.parts import actor_of, fragment, number_of, section
from fangxian.web.saying import fact_name
from fangxian.web.watched import stop_and_resume

PAGE = 50
#: Whose places the map shows: the first to be called.
DRAWN = 500
#: What a list of people to be called may be taken away for.
EXPORTED_FOR = ("investigation", "follow_up", "quality")
#: Yes-or-no questions that are offered at once for everybody ticked: those open for most.
ASKED = 6


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How far it is, or what it found."""
    by = actor_of(request)
    view = queries.search(by, code)
    busy = view.whole and view.finished_at is None
    context: dict[str, Any] = {
        "view": view,
        "busy": busy and view.job is not None and view.job.state in ("waiting", "running"),
    }
    if busy:
        context |= _progress(by, view)
        if fragment(request, "progress"):
            return render(request, "web/finding/progress.html", context)
        return render(request, "web/finding/search.html", context)
    if fragment(request, "progress"):
        answer = render(request, "web/finding/progress.html", context | _progress(by, view))
        answer["HX-Refresh"] = "true"
        return answer
    wanted = filter_of(request.GET, "ready" if view.ready else "proposed")
    after = request.GET.get("after", "")
    rows = queries.found(by, view, wanted, after=number_of(after) or 0, limit=PAGE + 1)
    more, rows = len(rows) > PAGE, rows[:PAGE]
    context |= {
        "lines": _lines(rows), "after": rows[-1].rank if more else "", "wanted": wanted, "query": query_of(wanted),
        "may_decide": view.stands and by.may(RIGHT) and wanted.state in ("proposed", "watched", "struck"),
    }  # fmt: skip
    if fragment(request, "more"):
        return render(request, "web/finding/lines.html", context)
    summed = queries.sums(by, view)
    context |= {
        "sums": summed,
        "states": [(key, name, tone, summed.mine.get(key, 0)) for key, (name, tone, _icon) in STATES.items()],
        "rings": [(RINGS.get(ring, str(ring)), number) for ring, number in sorted(summed.rings.items())],
        "categories": sorted(summed.categories.items(), key=lambda one: -one[1]),
        "asked": [(name, fact_name(name), number) for name, number in Counter(_asked(rows)).most_common(ASKED)],
        "crowds": [(one, one.place) for one in view.crowds],
        "purposes": [(key, purpose_name(key)) for key in EXPORTED_FOR if key in PURPOSES],
        "may_export": by.may("exports.make") and not view.ready,
    }
    return render(request, "web/finding/search.html", context)


@require_GET
def features(request: HttpRequest, code: str) -> JsonResponse:
    """The places where those to be called first met the cases, as GeoJSON."""
    by = actor_of(request)
    return geojson(_features(by, queries.search(by, code)))


@require_GET
def where(request: HttpRequest, code: str) -> HttpResponse:
    """The places on the map, and as a list."""
    by = actor_of(request)
    view = queries.search(by, code)
    context = {"board": _board(view, _features(by, view)), "part_map": True}
    back = (reverse("web:search", args=[view.code]), view.code)
    return section(request, "web/finding/where.html", context, _("Where they met"), back)


def filter_of(given: Any, usual: str = "proposed") -> CandidateFilter:
    """What the address narrows the list by; `usual` is the state where it says none."""
    ring = given.get("ring", "")
    state = given.get("state", usual)
    return CandidateFilter(
        state=state if state in STATES or state == "" else usual,
        ring=int(ring) if ring in ("1", "2", "3") else 0, category=given.get("category", "")[:20],
    )  # fmt: skip


def query_of(wanted: CandidateFilter) -> str:
    """The same as an address says it."""
    parts = {"state": wanted.state, "ring": wanted.ring or "", "category": wanted.category}
    return "&".join(f"{name}={value}" for name, value in parts.items() if value or name == "state")


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _progress(by: Actor, view: SearchView) -> dict[str, Any]:
    job = view.job
    result = job.result if job is not None else {}
    return {
        "job": job, "step": STEPS.get(result.get("step", ""), STEPS["gathered"]), "rings": sorted((result.get("rings") or {}).items()),
        "stays": result.get("stays"), "may_resume": job is not None and job.state in ("stopped", "failed"),
        "mine": job is not None and job.owner_id == by.account_id,
    }  # fmt: skip


def _lines(rows: list[CandidateRow]) -> list[dict[str, Any]]:
    areas = registry.short_area_names({row.area for row in rows})
    return [
        {
            "row": row, "risk": risk(row.risk), "area": areas.get(row.area, ""), "state": STATES[row.state],
            "strip": strip(row.meetings), "vias": _vias(row.meetings),
        }
        for row in rows
    ]  # fmt: skip


def _vias(meetings: tuple[Meeting, ...]) -> list[tuple[str, str, str]]:
    """Whom the person met: kind, code, masked name."""
    return list(dict.fromkeys((one.via_kind, one.via, one.via_name) for one in meetings))


def _features(by: Actor, view: SearchView) -> tuple[Feature, ...]:
    """Places where somebody was met, larger where more were; homes stay off the map."""
    rows = queries.found(by, view, CandidateFilter(state=""), limit=DRAWN)
    people: dict[str, set[int]] = {}
    spot: dict[str, Meeting] = {}
    for row in rows:
        for one in row.meetings:
            if one.lon is not None:
                at = one.place or one.place_name
                people.setdefault(at, set()).add(row.id)
                spot[at] = one
    order = sorted(people, key=lambda place: -len(people[place]))
    return tuple(
        Feature(
            place, "place", spot[place].place_name, {"type": "Point", "coordinates": [spot[place].lon, spot[place].lat]},
            kind=_("place of contact"), detail=_("%(n)s people") % {"n": len(people[place])}, count=len(people[place]),
        )
        for place in order
    )  # fmt: skip


def _board(view: SearchView, features: tuple[Feature, ...]) -> Board | None:
    source = reverse("web:search_map", args=[view.code])
    return Board("search-map", _("Where they met"), source, features) if features else None


def _asked(rows: Iterable[CandidateRow]) -> Iterator[str]:
    """The questions whose answer would make contacts of those listed, or stricter ones; each as often as it would."""
    return (name for row in rows for name in row.missing)


def risk(value: float | None) -> str:
    """A risk in percent, with a decimal where that is all there is; nothing where the protocol has no numbers for it."""
    if value is None:
        return ""
    return f"{100 * value:.1f}%" if value < 0.0995 else f"{100 * value:.0f}%"


def _job(by: Actor, code: str) -> jobs.Job:
    view = queries.search(by, code)
    if view.job is None:
        raise NotFound(_("There is no such job."))
    return view.job  # type: ignore[no-any-return]


stop, resume = stop_and_resume(_job, "web:search")
