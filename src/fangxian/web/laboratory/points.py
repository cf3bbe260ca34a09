"""Swab points: the list, opening one, and the page on which one thumb records who is in which tube, connected or not."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
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
from fangxian.web.duties.sending import Kept, done_at, once, once_each
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


@require_POST
def swabs(request: HttpRequest, code: str) -> HttpResponse:
    """Tubes that a telephone kept, sent together: each is taken once, and each that cannot be is told why."""
    by = actor_of(request)
    by.must("samples.collect")
    try:
        answers = once_each(
            request, by, reverse("web:sample_point", args=[code]), lambda kept: _all_taken(by, code, kept)
        )
    except Refusal as refusal:
        return problem(refusal)
    told_of = [
        {"key": key, "code": answer.code, "message": str(answer.message), "remedy": str(answer.remedy)}
        if isinstance(answer, Refusal)
        else {"key": key, "said": answer}
        for key, answer in answers
    ]
    return JsonResponse({"answers": told_of}, json_dumps_params={"ensure_ascii": False})


def _taken(request: HttpRequest, by: Actor, point: str) -> str:
    tube = actions.collect(by, _form(request.POST, point, done_at(request)))
    return _said(tube.code, tube.people)


def _all_taken(by: Actor, point: str, kept: Sequence[Kept]) -> list[str | Refusal]:
    """All of them at once, but for those in which somebody is new: such a tube stands or falls with its person."""
    forms = [_form(one.fields, point, one.at) for one in kept]
    known = [place for place, form in enumerate(forms) if all(isinstance(one, str) for one in form.people)]
    done = actions.collect_many(by, [forms[place] for place in known])
    answers: dict[int, str | Refusal] = {known[index]: refusal for index, refusal in done.refused}
    for place, form in enumerate(forms):
        if place in answers:
            continue
        try:
            if place not in known:
                with transaction.atomic():
                    actions.collect(by, form)
            answers[place] = _said(form.code.strip().upper(), len(form.people))
        except Refusal as refusal:
            answers[place] = refusal
    return [answers[place] for place in range(len(forms))]


def _said(code: str, people: int) -> str:
    return _("%(code)s: %(n)s people.") % {"code": code, "n": people}


def _form(given: Mapping[str, str], point: str, at: datetime | None) -> TubeForm:
    kind, _mark, size = given.get("kind", "single").partition("-")
    people: list[str | PersonForm] = [*given.get("people", "").split()]
    name = given.get("name", "").strip()
    if name:
        number_of, phone = given.get("document", "").strip(), given.get("phone", "").strip()
        documents = (("", number_of),) if number_of else ()
        people.append(PersonForm(name=name, documents=documents, phones=(phone,) if phone else ()))
    return TubeForm(
        code=given.get("code", ""), kind=kind, capacity=int(size) if size.isdecimal() else None, people=people,
        reason=given.get("reason", "round"), point=point, outbreak=given.get("outbreak", ""), sampled_at=at,
        again=given.get("again", ""),
    )  # fmt: skip


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
