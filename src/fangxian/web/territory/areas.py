"""A jurisdiction (辖区): what lies above and below it, who and what is in it; divisions entered one by one or by the table."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.core import clock
from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import actions, queries, vocabulary
from fangxian.registry.levels import upwards
from fangxian.registry.queries import Area
from fangxian.registry.schemas import Division
from fangxian.web.parts import actor_of
from fangxian.web.territory.dropped import taken

EDIT = "registry.divisions"


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, code: str = "") -> HttpResponse:
    """One jurisdiction, or the country; POST enters, renames or ends divisions."""
    by = actor_of(request)
    by.must("registry.view")
    own = by.areas("registry.view")
    if not code and request.method == "GET" and len(own) == 1 and own[0]:
        return redirect("web:area", own[0])
    here = queries.area(code) if code else None
    refusal: Refusal | None = None
    told: dict[str, Any] = {}
    if request.method == "POST":
        try:
            if request.POST.get("do") == "table":
                told = taken(request, lambda path: actions.import_divisions(by, path))
            else:
                _change(by, request, here)
                return redirect("web:area", code) if code else redirect("web:areas")
        except Refusal as fault:
            refusal = fault
    above = [one for one in upwards(code) if one and one != code]
    names = queries.area_names(above)
    context = {
        "here": here,
        "above": [(one, names[one]) for one in sorted(above, key=len)],
        "below": queries.children(code, with_abolished=True),
        "bodies": [(one, vocabulary.name("organisation_kinds", one.kind)) for one in queries.organisations_at([code])],
        "may": {key for key, right in _RIGHTS.items() if by.may(right, code)},
        "refusal": refusal,
        "posted": request.POST if refusal else {},
        "today": clock.today(),
        **told,
    }
    return render(request, "web/territory/area.html", context, status=refusal.status if refusal else 200)


_RIGHTS = {"edit": EDIT, "bodies": "registry.organisations", "places": "places.edit", "homes": "registry.view"}


def _change(by: Actor, request: HttpRequest, here: Area | None) -> None:
    given = {key: str(value).strip() for key, value in request.POST.items()}
    what = given.get("do", "")
    if what == "add":
        row = Division(code=given.get("code", ""), name=given.get("name", ""), name_en=given.get("name_en", ""))
        done = actions.import_divisions(by, [row])
        if done.faults:
            fault = done.left[0]
            raise Invalid(fault.message, remedy=fault.remedy, field=fault.column or "code")
        messages.success(request, _("Entered.") if done.created else _("It stood there already."))
    elif what == "rename" and here is not None:
        actions.rename_division(by, here.code, given.get("name", ""), given.get("name_en", ""))
        messages.success(request, _("Renamed; its code and everything counted under it stay."))
    elif what == "end" and here is not None:
        actions.abolish_division(by, here.code, _day(given.get("on", "")), given.get("successor", ""))
        messages.success(request, _("The code ends; its past is counted with what follows it."))
    else:
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again."))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(_("Not complete yet."), remedy=_("Give the date as year, month, day."), field="on") from None
