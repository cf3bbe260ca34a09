"""Households (住户): who lives behind one door, as people say it, not as addresses suggest."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from fangxian.core.access import Actor
from fangxian.core.errors import Invalid, Refusal
from fangxian.registry import actions, queries
from fangxian.web.parts import actor_of, number_of
from fangxian.web.territory.searching import narrowed

PAGE = 100


@require_http_methods(["GET", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The households of a jurisdiction; POST enters one."""
    by = actor_of(request)
    by.must("registry.view")
    area = narrowed(request, by)
    refusal: Refusal | None = None
    if request.method == "POST":
        given = request.POST
        try:
            made = actions.create_household(
                by, given.get("area", ""), given.get("address", ""), given.get("building", "").strip()
            )
            messages.success(request, _("Entered. Now say who lives there."))
            return redirect("web:household", made.code)
        except Refusal as fault:
            refusal = fault
    rows = queries.households(by, area, after=number_of(request.GET.get("after", "")) or 0, limit=PAGE + 1)
    shown = rows[:PAGE]
    members = queries.household_members([one.pk for one in shown])
    context = {
        "rows": [(one, len(members[one.pk])) for one in shown],
        "areas": queries.short_area_names({one.area for one in shown}),
        "area": area, "after": shown[-1].pk if len(rows) > PAGE else "",
        "may_add": by.may("persons.register"), "refusal": refusal, "posted": request.POST if refusal else {},
    }  # fmt: skip
    return render(request, "web/territory/households.html", context, status=refusal.status if refusal else 200)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, code: str) -> HttpResponse:
    """Who lives in a household, masked; POST moves somebody in or out, or says who answers for it."""
    by = actor_of(request)
    by.must("registry.view")
    row = queries.household(by, code)
    refusal: Refusal | None = None
    if request.method == "POST":
        try:
            _change(by, row.code, request)
            return redirect("web:household", row.code)
        except Refusal as fault:
            refusal = fault
    cards = queries.cards(queries.household_members([row.pk])[row.pk])
    building = queries.spots([row.building_id]).get(row.building_id) if row.building_id else None
    context = {
        "row": row, "people": list(cards.values()), "building": building, "refusal": refusal,
        "place": queries.short_area_names({row.area}).get(row.area, row.area),
        "may_edit": by.may("persons.edit", row.area), "posted": request.POST if refusal else {},
    }  # fmt: skip
    return render(request, "web/territory/household.html", context, status=refusal.status if refusal else 200)


def _change(by: Actor, household: str, request: HttpRequest) -> None:
    person, what = request.POST.get("person", "").strip(), request.POST.get("do", "")
    if what == "in":
        actions.move_in(by, household, person)
        messages.success(request, _("Lives there from now on."))
    elif what == "out":
        actions.move_out(by, person)
        messages.success(request, _("Lives there no more."))
    elif what == "head":
        actions.set_head(by, household, person)
        messages.success(request, _("Answers for the household from now on."))
    elif what == "house":
        actions.house(by, household, request.POST.get("building", "").strip())
        messages.success(request, _("Corrected."))
    else:
        raise Invalid(_("This address does not lead on."), remedy=_("Begin the list again."))
