"""Exposures: entered and corrected by form; what the protocol would say of them is shown before anything is saved."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.cases import queries as cases
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Invalid, NotFound, Refusal
from fangxian.duties import packs
from fangxian.protocols import Pack
from fangxian.protocols.vocabulary import facts as known_facts
from fangxian.registry import queries as registry
from fangxian.tracing import actions, queries
from fangxian.tracing.desk import RIGHT
from fangxian.tracing.schemas import ExposureView, Proposal
from fangxian.web.cases.exposed import ExposedForm
from fangxian.web.cases.stays import differing, place_said, told
from fangxian.web.parts import actor_of
from fangxian.web.saying import SEX, said

#: A field of the record → the field of the form.
_FIELDS = {"documents": "document", "phones": "phone", "person": "known"}
_SUGGESTED = 8


@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, code: str) -> HttpResponse:
    """Enter an exposure to the case: somebody on record, or somebody new."""
    by = actor_of(request)
    case, pack = _case(by, code)
    form = ExposedForm(by, pack, request.POST or None, fresh=True)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _must_hold(form)
            judged = actions.expose(by, form.exposure(case.code))
        except Refusal as fault:
            refusal = _told(form, fault)
        else:
            words = _("Under watch: %(code)s.") % {"code": judged.contact} if judged.contact else said(judged.why)
            messages.success(request, _("Recorded. %(what)s") % {"what": words})
            messages.success(request, f"exposure-{code}-new", extra_tags="draft")
            return redirect("web:case_contacts", code)
    return _page(request, case.code, form, refusal)


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str, exposure_id: int) -> HttpResponse:
    """Correct an exposure; it is judged anew. Who it was stays: another person is another exposure."""
    by = actor_of(request)
    case, pack = _case(by, code)
    view = next((one for one in queries.exposures(by, case=code) if one.id == exposure_id), None)
    if view is None:
        raise NotFound(_("There is no such exposure."))
    now = _values(view)
    form = ExposedForm(by, pack, request.POST or None, fresh=False, initial=now)
    refusal: Refusal | None = None
    theirs: list[tuple[str, str, str]] = []
    if request.method == "POST":
        try:
            _must_hold(form)
            given = form.cleaned_data
            actions.amend_exposure(
                by, exposure_id, form.exposure(case.code, view.facts), given["reason"], given["version"]
            )
        except Refusal as fault:
            refusal = _told(form, fault)
            if isinstance(fault, Conflict) and fault.code == "stale":
                theirs = differing(form, now)
                form.data = form.data.copy()  # type: ignore[attr-defined]
                form.data["version"] = view.version  # type: ignore[index]
        else:
            messages.success(request, _("Saved, and judged anew."))
            messages.success(request, f"exposure-{code}-{exposure_id}", extra_tags="draft")
            return redirect("web:case_contacts", code)
    return _page(request, case.code, form, refusal, view, theirs)


@require_POST
def propose(request: HttpRequest, code: str) -> HttpResponse:
    """What the protocol would say of the form as it stands. Nothing is saved."""
    by = actor_of(request)
    case, pack = _case(by, code)
    form = ExposedForm(by, pack, request.POST, fresh="known" in request.POST)
    proposal, refusal = _proposal(by, form, case.code)
    return render(request, "web/cases/proposal.html", _judged(pack, proposal) | {"refusal": refusal})


@require_POST
def people(request: HttpRequest, code: str) -> HttpResponse:
    """People on record whom the reader may see, masked. Asked for in the body: names do not belong into addresses."""
    by = actor_of(request)
    _case(by, code)
    text = request.POST.get("known", "").strip()
    found = registry.search(by, text, limit=_SUGGESTED).people if len(text) > 1 else ()
    names = registry.short_area_names({one.area for one in found})
    options = [
        (
            f"{one.name} {one.code}",
            " · ".join(filter(None, [str(SEX.get(one.sex, "")), str(one.age or ""), names[one.area]])),
        )
        for one in found
    ]
    return render(request, "web/cases/options.html", {"options": options})


# ── parts ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _case(by: Actor, code: str) -> tuple[Any, Pack]:
    """The case with its pack, for whoever may record exposures to it."""
    pk = cases.id_of(code)
    case = cases.facts_of([pk])[pk] if pk is not None else None
    if case is None or not by.may("tracing.view", case.area) or not by.may("cases.view", case.area):
        raise NotFound(_("There is no such case."), remedy=_("Check the code; its last character is a check."))
    by.must(RIGHT, case.area)
    return case, packs.pack(case.pack, case.area)


def _proposal(by: Actor, form: ExposedForm, case: str) -> tuple[Proposal | None, Refusal | None]:
    """What the pack says so far. Who it is does not matter, nor is a form begun a moment ago at fault for being empty."""
    for name in ("reason", "known"):
        form.fields.pop(name, None)
    if not form.is_valid():
        return None, None
    try:
        return queries.propose(by, form.exposure(case)), None
    except Refusal as refusal:
        return None, refusal


def _judged(pack: Pack, proposal: Proposal | None) -> dict[str, Any]:
    known = {**known_facts(), **{fact.key: fact for fact in pack.facts}}
    missing = [said(known[key].name) for key in proposal.missing if key in known][:6] if proposal else []
    return {"proposal": proposal, "missing": missing}


def _must_hold(form: forms.Form) -> None:
    if not form.is_valid():
        raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))


def _told(form: ExposedForm, fault: Refusal) -> Refusal:
    field = fault.field.partition(".")[0]
    if (named := _FIELDS.get(field, field)) in form.fields and named not in form.errors and fault.code != "stale":
        form.add_error(named, f"{fault.message} {fault.remedy}".strip())
        return fault
    return told(form, fault)


def _values(view: ExposureView) -> dict[str, Any]:
    """An exposure as its form has it."""
    facts = view.facts
    return {
        "version": view.version, "setting": view.setting, "place": place_said(view.place, view.place_code),
        "from_at": view.from_at, "to_at": view.to_at, "minutes": view.minutes, "relation": view.relation, "source": view.source,
        "facts": [key for key, value in facts.items() if value is True],
        **{f"fact-{key}": value for key, value in facts.items() if not isinstance(value, bool)},
    }  # fmt: skip


def _page(
    request: HttpRequest, code: str, form: ExposedForm, refusal: Refusal | None, view: ExposureView | None = None,
    theirs: Any = (),
) -> HttpResponse:  # fmt: skip
    context = {"form": form, "refusal": refusal, "code": code, "exposure": view, "theirs": theirs}
    return render(request, "web/cases/exposure.html", context, status=refusal.status if refusal else 200)
