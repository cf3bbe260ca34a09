"""Swab points: the list, opening one, and the page on which one thumb records who is in which tube, connected or not."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.duties import packs
from fangxian.laboratory import actions, queries, rules
from fangxian.laboratory.schemas import REASONS, PointForm, TubeForm
from fangxian.registry import queries as registry
from fangxian.registry.schemas import PersonForm
from fangxian.web.duties.sending import done_at, once
from fangxian.web.laboratory.tubes import number
from fangxian.web.laboratory.words import shared
from fangxian.web.parts import actor_of, problem, told, wants_json
from fangxian.web.saying import said
from fangxian.web.zones.places import areas_for

PAGE = 50


class OpenForm(forms.Form):
    """A swab point as it is typed."""

    area = forms.ChoiceField(label=gettext_lazy("Lies in"))
    name_zh = forms.CharField(label=gettext_lazy("Name, Chinese"), max_length=120)
    name_en = forms.CharField(label=gettext_lazy("Name, English"), max_length=120, required=False)
    organisation = forms.TypedChoiceField(label=gettext_lazy("Who takes the samples"), coerce=int)
    laboratory = forms.TypedChoiceField(
        label=gettext_lazy("Who tests them"), coerce=int, required=False, empty_value=None
    )

    def __init__(self, by: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        area = next(iter(by.areas("samples.points")), "")
        bodies = registry.organisations(area, limit=500)
        teams = [(one.pk, said(one)) for one in bodies if one.kind != "headquarters"]
        tests = [
            ("", _("as it is sent")),
            *((one.pk, said(one)) for one in bodies if one.kind in ("laboratory", "cdc")),
        ]
        choices = {"area": areas_for(by, "samples.points"), "organisation": teams, "laboratory": tests}
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The swab points of the reader, and the form of another one."""
    by = actor_of(request)
    by.must("samples.view")
    form, refusal = None, None
    if by.may("samples.points"):
        form = OpenForm(by, request.POST or None)
        if request.method == "POST":
            try:
                if not form.is_valid():
                    raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
                actions.open_point(by, PointForm(**form.cleaned_data))
            except Refusal as fault:
                refusal = fault
            else:
                messages.success(request, _("The swab point is open."))
                return redirect("web:sample_points")
    elif request.method == "POST":
        by.must("samples.points")
    rows = queries.points(by, after=number(request.GET.get("after", "")) or 0, limit=PAGE + 1)
    context = shared(by, "sample_points") | {
        "rows": rows[:PAGE], "after": rows[PAGE - 1].id if len(rows) > PAGE else "", "form": form, "refusal": refusal,
        "collects": by.may("samples.collect"),
    }  # fmt: skip
    return render(request, "web/laboratory/points.html", context, status=refusal.status if refusal else 200)


@require_POST
def close(request: HttpRequest, code: str) -> HttpResponse:
    """A swab point closes."""
    actions.close_point(actor_of(request), code, request.POST.get("reason", ""))
    messages.success(request, _("The swab point is closed."))
    return redirect("web:sample_points")


@require_http_methods(["GET", "POST"])
def swab(request: HttpRequest, code: str) -> HttpResponse:
    """Scan whoever was swabbed, then the tube. Without a connection it is kept and sent later, once."""
    by = actor_of(request)
    by.must("samples.collect")
    if request.method == "GET":
        return _page(request, by, code, None)
    try:
        done = once(request, by, lambda: _taken(request, by, code))
    except Refusal as refusal:
        return problem(refusal) if wants_json(request) else _page(request, by, code, refusal)
    if wants_json(request):
        return told(done)
    messages.success(request, done)
    return redirect(f"{request.path}?kind={request.POST.get('kind', '')}&reason={request.POST.get('reason', '')}")


def _taken(request: HttpRequest, by: Actor, point: str) -> str:
    kind, _mark, size = request.POST.get("kind", "single").partition("-")
    people: list[str | PersonForm] = [*request.POST.get("people", "").split()]
    name = request.POST.get("name", "").strip()
    if name:
        number_of = request.POST.get("document", "").strip()
        people.append(
            PersonForm(
                name=name,
                documents=(("", number_of),) if number_of else (),
                phones=(phone,) if (phone := request.POST.get("phone", "").strip()) else (),
            )
        )
    form = TubeForm(
        code=request.POST.get("code", ""), kind=kind, capacity=int(size) if size.isdecimal() else None, people=people,
        reason=request.POST.get("reason", "round"), point=point, outbreak=request.POST.get("outbreak", ""),
        sampled_at=done_at(request), again=request.POST.get("again", ""),
    )  # fmt: skip
    tube = actions.collect(by, form)
    return _("%(code)s: %(n)s people.") % {"code": tube.code, "n": tube.people}


def _page(request: HttpRequest, by: Actor, code: str, refusal: Refusal | None) -> HttpResponse:
    point = queries.point(by, code)
    pack = packs.in_force(point.area)[0]
    known = cases.outbreaks(by, open_only=True) if by.may("cases.view") else []
    asked = request.POST if refusal else request.GET
    kinds = [("single", _("Single"), 1)] + [(f"pool-{n}", _("Pool of %(n)s") % {"n": n}, n) for n in rules.sizes(pack)]
    kinds.append(("household", _("Household tube"), rules.capacity(pack, "household", None)))
    reasons = [(key, said(text)) for key, text in REASONS.items() if key not in ("monitoring",)]
    context = {
        "point": point, "sizes": kinds, "reasons": reasons, "outbreaks": known, "refusal": refusal, "typed": asked,
        "chosen": asked.get("kind") or "pool-10", "reason": asked.get("reason") or "round",
        "latest": queries.tubes(by, point=point.code, limit=8),
    }  # fmt: skip
    return render(
        request,
        "web/laboratory/swab.html",
        shared(by, "sample_points") | context,
        status=refusal.status if refusal else 200,
    )
