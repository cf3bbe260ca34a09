"""Transmission chains (传播链) of an outbreak: a picture over time, the same as a list, and one case of it at a time."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from fangxian.cases import queries as cases
from fangxian.core import ids
from fangxian.core.errors import Invalid, NotFound
from fangxian.registry import queries as registry
from fangxian.tracing import queries
from fangxian.tracing.schemas import ChainGraph, ChainNode
from fangxian.web.cases.chains import NAMELESS
from fangxian.web.chains.picture import columns
from fangxian.web.parts import actor_of, fragment

#: Cases in one picture; beyond that the largest chains are drawn and the rest is counted.
MOST = 6000
#: Lines of the list at once.
PAGE = 100


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The page: which outbreak, how it is coloured, the picture, and the list for whoever reads instead of looking."""
    by = actor_of(request)
    by.must("tracing.view")
    found = cases.outbreaks(by)
    if not found:
        return render(request, "web/chains/index.html", {"outbreak": None})
    focus = ids.normalise_code(request.GET.get("case", ""))
    if wanted := ids.normalise_code(request.GET.get("outbreak", "")):
        outbreak = next((one for one in found if one.code == wanted), None)
    else:
        outbreak = next((one for one in found if one.id == _outbreak_of(focus)), found[0])
    if outbreak is None:
        raise NotFound(_("There is no such outbreak."))
    words = {
        "generation": _("generation %s") % "%s", "unknown": _("place not known"), "days": _("%(from)s to %(to)s"),
        "shown": _("%(shown)s of %(all)s cases"), "none": _("This code is not in the picture."),
        "failed": _("The picture could not be fetched. Try again when you are connected."),
        "selected": _("%(code)s, %(class)s, onset %(onset)s, infected %(n)s others"), "elsewhere": str(NAMELESS["elsewhere"]),
        "unlisted": str(NAMELESS["unlisted"]), "undated": _("onset unknown"),
    }  # fmt: skip
    context = {
        "outbreaks": found, "outbreak": outbreak, "focus": focus,
        "words": json.dumps(words, ensure_ascii=False),
    }  # fmt: skip
    return render(request, "web/chains/index.html", context)


@require_GET
def data(request: HttpRequest) -> HttpResponse:
    """The picture in numbers. Cases elsewhere are in it without code, place or person."""
    by = actor_of(request)
    picture = queries.chain_picture(by, request.GET.get("outbreak", ""), MOST)
    answer = JsonResponse(columns(picture), json_dumps_params={"ensure_ascii": False, "separators": (",", ":")})
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_GET
def listed(request: HttpRequest) -> HttpResponse:
    """The same as a list: chain by chain, infectors before those they infected."""
    by = actor_of(request)
    code = request.GET.get("outbreak", "")
    picture = queries.chain_picture(by, code, MOST)
    begin = _whole(request.GET.get("after", "0"))
    nodes = picture.graph.nodes[begin : begin + PAGE]
    number = {node.code: node for node in picture.graph.nodes}
    context = {
        "rows": [{"node": node, "name": _name(node), "by": _named(number.get(node.infector))} for node in nodes],
        "places": registry.short_area_names({node.area for node in nodes if node.area}),
        "after": begin + PAGE if begin + PAGE < len(picture.graph.nodes) else None,
        "outbreak": code,
        "left_out": picture.left_out,
        "loops": picture.graph.loops,
    }
    if fragment(request, "more"):
        return render(request, "web/chains/lines.html", context)
    return render(request, "web/chains/list.html" if fragment(request) else "web/chains/list_page.html", context)


@require_GET
def node(request: HttpRequest, code: str) -> HttpResponse:
    """One case of the picture: who it is, masked, by whom it was infected and why that is held, and how many it infected."""
    by = actor_of(request)
    graph = queries.chain_around(by, code)
    wanted = ids.normalise_code(code)
    one = next(node for node in graph.nodes if node.code == wanted)
    context: dict[str, Any] = {
        "node": one,
        "place": registry.short_area_names([one.area])[one.area],
        "link": next((link for link in graph.links if link.infectee == wanted and link.tree), None),
        "infector": _named(_node(graph, one.infector)),
        "infected": [_named(_node(graph, link.infectee)) for link in graph.links if link.infector == wanted][:20],
    }
    return render(request, "web/chains/node.html" if fragment(request) else "web/chains/node_page.html", context)


def _outbreak_of(case: str) -> int | None:
    """The outbreak of a case; None where there is no such case."""
    pk = cases.id_of(case) if ids.is_code(case) else None
    return cases.facts_of([pk])[pk].outbreak_id if pk is not None else None


def _node(graph: ChainGraph, code: str) -> ChainNode | None:
    return next((node for node in graph.nodes if node.code == code), None)


def _name(node: ChainNode) -> str:
    return node.code if node.kind == "case" else str(NAMELESS[node.kind])


def _named(node: ChainNode | None) -> dict[str, Any] | None:
    """A case as others refer to it: its name, and its code where it has a page for the reader."""
    if node is None:
        return None
    return {"name": _name(node), "label": node.label, "code": node.code if node.kind == "case" else ""}


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again."))
    return int(text)
