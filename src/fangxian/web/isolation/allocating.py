"""Plans of rooms and trips: ask for one, watch it, look at each place with its reason, accept some or all of it."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from fangxian.containment.isolation import actions, queries, rights
from fangxian.containment.isolation.actions.allocating import MOST_HOURS
from fangxian.containment.isolation.allocations import AllocationForm
from fangxian.core import jobs
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import queries as registry
from fangxian.web.duties.evidence import instant
from fangxian.web.isolation.lists import _whole
from fangxian.web.parts import actor_of, fragment

PAGE = 40
_BUSY = (jobs.Job.WAITING, jobs.Job.RUNNING)


class AskForm(forms.Form):
    """For whom, and from when."""

    area = forms.ChoiceField(label=gettext_lazy("Place"))
    leaves_from = instant(gettext_lazy("First departure"), required=False)
    hours = forms.IntegerField(
        label=gettext_lazy("Trips within so many hours"), min_value=1, max_value=MOST_HOURS, initial=12
    )

    def __init__(self, areas: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["leaves_from"].help_text = _("Half an hour from now, unless you say when.")
        self.fields["area"].choices = areas  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """One's plans, the latest first, and the form that asks for another."""
    by = actor_of(request)
    by.must(rights.TELL)
    by.must(rights.DRIVE)
    areas = _areas(by)
    form = AskForm(areas, request.POST if request.method == "POST" else None)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            if not form.is_valid():
                raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
            return redirect("web:allocation", actions.allocate(by, AllocationForm(**form.cleaned_data)).code)
        except Refusal as fault:
            refusal = fault
            if fault.field in form.fields and fault.field not in form.errors:
                form.add_error(fault.field, str(fault))
    found = queries.allocations(by, after=_whole(request.GET.get("after", "")), limit=PAGE + 1)
    rows = found[:PAGE]
    context = {
        "form": form, "refusal": refusal, "plans": [(one, dict(areas).get(one.arguments["area"], "")) for one in rows],
        "after": rows[-1].pk if len(found) > PAGE else "",
    }  # fmt: skip
    template = "allocation_lines" if fragment(request, "more") else "allocations"
    return render(request, f"web/isolation/{template}.html", context, status=refusal.status if refusal else 200)


@require_GET
def page(request: HttpRequest, code: str) -> HttpResponse:
    """How far the plan is; then who goes where and why, on which trips, and what is short."""
    return _shown(request, code)


@require_POST
def accept(request: HttpRequest, code: str) -> HttpResponse:
    """Book what is proposed for those ticked, or for everybody."""
    by = actor_of(request)
    try:
        people = [] if "all" in request.POST else request.POST.getlist("person")
        if not people and "all" not in request.POST:
            raise Invalid(_("Nobody is chosen."), remedy=_("Tick people of the plan, or accept it as a whole."))
        actions.accept(by, code, people)
    except Refusal as refusal:
        return _shown(request, code, refusal)
    return redirect("web:allocation", code)


@require_POST
def stop(request: HttpRequest, code: str) -> HttpResponse:
    """Stop computing, or stop booking after the person it is at."""
    by = actor_of(request)
    view = queries.allocation(by, code)
    jobs.stop(by, view.accepting if view.accepting_state in _BUSY else view.code)
    return redirect("web:allocation", code)


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _areas(by: Actor) -> list[tuple[str, str]]:
    codes = [code for code in by.areas(rights.TELL) if by.may(rights.DRIVE, code)]
    names = registry.area_names(codes)
    return [(code, names[code]) for code in codes]


def _shown(request: HttpRequest, code: str, refusal: Refusal | None = None) -> HttpResponse:
    by = actor_of(request)
    view = queries.allocation(by, code)
    computing, booking = view.state in _BUSY, view.accepting_state in _BUSY
    context: dict[str, Any] = {"view": view, "computing": computing, "booking": booking, "busy": computing or booking}
    if fragment(request, "progress"):
        answer = render(request, "web/isolation/allocation_progress.html", context)
        if not context["busy"]:
            answer["HX-Refresh"] = "true"
        return answer
    found = queries.proposed(by, code, after=_whole(request.GET.get("after", "")) or 0, limit=PAGE + 1)
    rows = found[:PAGE]
    context |= {
        "rows": rows, "after": rows[-1].rank if len(found) > PAGE else "", "refusal": refusal,
        "area": registry.area_names([view.area])[view.area], "may_accept": view.placed and not context["busy"],
        "refused": dict(view.refused),
    }  # fmt: skip
    template = "proposed_lines" if fragment(request, "more") else "allocation"
    return render(request, f"web/isolation/{template}.html", context, status=refusal.status if refusal else 200)
