"""Boxes: sealed at the swab point, handed on, received in the laboratory."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.core.access import Actor
from fangxian.core.errors import Refusal
from fangxian.laboratory import actions, queries
from fangxian.laboratory.schemas import BoxForm
from fangxian.registry import queries as registry
from fangxian.web.laboratory.tubes import number
from fangxian.web.laboratory.words import shared
from fangxian.web.parts import actor_of

PAGE = 50
#: Tubes of one box that its page shows.
_SHOWN = 200


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The boxes, the newest first."""
    by = actor_of(request)
    by.must("samples.view")
    rows = queries.boxes(by, after=number(request.GET.get("after", "")), limit=PAGE + 1)
    context = shared(by, "sample_boxes") | {"rows": rows[:PAGE], "after": rows[PAGE - 1].id if len(rows) > PAGE else ""}
    return render(request, "web/laboratory/boxes.html", context)


@require_http_methods(["GET", "POST"])
def seal(request: HttpRequest) -> HttpResponse:
    """Which of the tubes taken at a swab point go into the box; all of them, unless somebody says otherwise."""
    by = actor_of(request)
    by.must("samples.collect")
    point, refusal = request.POST.get("point") or request.GET.get("point", ""), None
    if request.method == "POST":
        wanted = request.POST.get("laboratory", "")
        typed = request.POST.get("codes", "").split()
        try:
            form = BoxForm(
                tubes=[*request.POST.getlist("tube"), *typed], point=point, seal=request.POST.get("seal", ""),
                laboratory=int(wanted) if wanted.isdecimal() else None,
            )  # fmt: skip
            box = actions.seal_box(by, form)
        except Refusal as fault:
            refusal = fault
        else:
            messages.success(request, _("Sealed. Write the code on the box."))
            return redirect("web:sample_box", code=box.code)
    context = shared(by, "sample_boxes") | {
        "rows": queries.waiting_to_be_sealed(by, point), "point": queries.point(by, point) if point else None,
        "laboratories": registry.organisations(kind="laboratory", limit=200), "refusal": refusal, "posted": request.POST,
    }  # fmt: skip
    return render(request, "web/laboratory/seal.html", context, status=refusal.status if refusal else 200)


@require_GET
def one(request: HttpRequest, code: str) -> HttpResponse:
    """One box, its way, and what is in it."""
    return _page(request, actor_of(request), code, None)


@require_POST
def hand(request: HttpRequest, code: str) -> HttpResponse:
    """The box goes to another hand."""
    by = actor_of(request)
    try:
        actions.hand_over_box(by, code, request.POST.get("receiver", ""), note=request.POST.get("note", ""))
    except Refusal as refusal:
        return _page(request, by, code, refusal)
    messages.success(request, _("Handed over."))
    return redirect("web:sample_box", code=code)


@require_POST
def receive(request: HttpRequest, code: str) -> HttpResponse:
    """The laboratory takes the box in, complete or with the tubes that were found."""
    by = actor_of(request)
    found = request.POST.get("codes", "").split()
    try:
        box = actions.receive_box(by, code, found or None, note=request.POST.get("note", ""))
    except Refusal as refusal:
        return _page(request, by, code, refusal)
    if box.missing or box.surplus:
        messages.error(request, _("Received, but it does not hold what was sealed in. Both sides see the difference."))
    else:
        messages.success(request, _("Received. The clock of the results runs."))
    return redirect("web:sample_box", code=code)


def _page(request: HttpRequest, by: Actor, code: str, refusal: Refusal | None) -> HttpResponse:
    box = queries.box(by, code)
    after = number(request.GET.get("after", ""))
    rows = queries.tubes(by, box=box.code, after=after, limit=_SHOWN + 1)
    links = queries.custody(by, box.code)
    context = shared(by, "sample_boxes") | {
        "box": box, "rows": rows[:_SHOWN], "after": rows[_SHOWN - 1].id if len(rows) > _SHOWN else "", "links": links,
        "refusal": refusal, "told": box.tubes - len(box.missing) + len(box.surplus) - box.waiting if box.received_at else 0,
    }  # fmt: skip
    return render(request, "web/laboratory/box.html", context, status=refusal.status if refusal else 200)
