"""Correcting a case, with the version that was read; and ruling one out."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from fangxian.cases import actions, queries
from fangxian.cases.queries import CaseDetail
from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Conflict, Invalid, Refusal
from fangxian.duties import packs
from fangxian.web.cases.forms import CaseEditForm
from fangxian.web.parts import number_of
from fangxian.web.saying import CLASSES, field_name, field_value, said


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Correct a case. After a return, saving hands it in again (退回后重报)."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    case = queries.case(by, code)
    if not case.may & {"edit", "correct"}:
        by.must("cases.edit", case.row.area, case.organisation_id)
    classes, returned = _classes(case), "correct" in case.may
    if request.method != "POST":
        return _page(request, case, CaseEditForm(classes, initial=_values(case), returned=returned))
    form = CaseEditForm(classes, request.POST, returned=returned)
    refusal: Refusal
    try:
        if not form.is_valid():
            raise Invalid(_("Not complete yet."), remedy=_("Look at the marked fields."))
        version = form.cleaned_data["version"]
        if returned:
            actions.correct(by, code, form.changes(), version)
            messages.success(request, _("Corrected and handed in again."))
        else:
            actions.amend(by, code, form.changes(), version, reason=form.cleaned_data["reason"])
            messages.success(request, _("Saved."))
    except Conflict as conflict:
        if conflict.code != "stale":
            refusal = conflict
        else:
            return _both(request, by, code, form, conflict)
    except Refusal as fault:
        refusal = fault
        if fault.field in form.fields and fault.field not in form.errors:
            form.add_error(fault.field, str(fault.message))
    else:
        messages.success(request, f"edit-{code}", extra_tags="draft")
        return redirect("web:case", code)
    return _page(request, case, form, refusal)


@require_POST
def discard(request: HttpRequest, code: str) -> HttpResponse:
    """Rule a case out, for a reason."""
    by: Actor = request.actor  # type: ignore[attr-defined]
    version = request.POST.get("version", "")
    actions.discard(by, code, request.POST.get("reason", ""), version=number_of(version))
    messages.success(request, _("Ruled out. Its duties have ended."))
    messages.success(request, f"discard-{code}", extra_tags="draft")
    return redirect("web:case", code)


def _both(request: HttpRequest, by: Actor, code: str, form: CaseEditForm, conflict: Conflict) -> HttpResponse:
    """Somebody changed the case meanwhile: theirs and yours side by side, ready to be saved on the newest version.

    What only they changed is theirs in the new form; what you changed stays yours, with their value beside it.
    """
    case = queries.case(by, code)
    now, mine = _values(case), form.changes()
    theirs: Any = conflict.detail.get("changed", {})
    values = {**now, **mine, "version": case.version, "reason": form.cleaned_data.get("reason")}
    data = {name: _posted(value) for name, value in values.items()}
    merged = CaseEditForm(_classes(case), data, returned="correct" in case.may)
    for name, value in now.items():
        merged.data[f"initial-{name}"] = _posted(value)  # type: ignore[index]
    rows = [
        {
            "name": field_name(name),
            "now": field_value(name, now.get(name)),
            "who": theirs.get(name, ""),
            "mine": field_value(name, mine[name]) if name in mine else "",
            "both": name in mine and name in theirs,
        }
        for name in dict.fromkeys([*theirs, *mine])
        if name in now
    ]
    return _page(request, case, merged, conflict, rows)


def _page(
    request: HttpRequest, case: CaseDetail, form: CaseEditForm, refusal: Refusal | None = None, rows: Any = None
) -> HttpResponse:
    context = {
        "case": case,
        "row": case.row,
        "form": form,
        "refusal": refusal,
        "rows": rows,
        "returned": "correct" in case.may,
    }
    template = "web/cases/conflict.html" if rows is not None else "web/cases/edit.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def _values(case: CaseDetail) -> dict[str, Any]:
    """The fields of the form as the case has them."""
    row = case.row
    return {
        "version": case.version, "classification": row.classification, "origin": row.origin, "severity": row.severity,
        "onset_on": row.onset_on, "sampled_at": case.sampled_at, "diagnosed_at": row.diagnosed_at,
        "isolated_at": case.isolated_at, "last_negative_at": case.last_negative_at, "hospital": case.hospital_id,
        "admitted_at": case.admitted_at, "outcome": row.outcome, "outcome_on": row.outcome_on, "note": case.note,
    }  # fmt: skip


def _posted(value: Any) -> str:
    """A value as the browser would send it."""
    if value is None:
        return ""
    return value.astimezone(clock.zone()).strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else str(value)


def _classes(case: CaseDetail) -> list[tuple[str, str]]:
    """The classes that the pack of the case knows."""
    pack = packs.pack(case.pack, case.row.area)
    known = [(one.key, said(one.name)) for one in pack.cases]
    if case.row.classification not in dict(known):
        known.append((case.row.classification, str(CLASSES.get(case.row.classification, case.row.classification))))
    return known
